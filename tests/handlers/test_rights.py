"""What is never dropped from a flood: every right that somebody makes use of, in each of its forms."""

from __future__ import annotations

from typing import Any

import pytest

from handlers import COMMANDS, privacy, restriction
from handlers.rights import COMMANDS as RIGHTS
from handlers.rights import asked_in


def said(text: str) -> dict[str, Any]:
    return {"update_id": 1, "message": {"text": text}}


def tapped(data: object) -> dict[str, Any]:
    return {"update_id": 1, "callback_query": {"data": data}}


ASKED = (
    (said("/stop"), "stop"),
    (said("STOP"), "stop"),
    (said("arrêt !"), "stop"),
    (said("/DELETE@portevoix_bot please"), "delete"),
    (said("/mydata"), "mydata"),
    (tapped("1:delete:yes"), "1:delete:yes"),
    (tapped("1:stopped:erase"), "1:stopped:erase"),
    (said("/restrict"), "restrict"),
    (tapped("1:restriction:ask"), "1:restriction:ask"),
    (tapped("1:restriction:accuracy"), "1:restriction:accuracy"),
    (tapped("1:restriction:end"), "1:restriction:end"),
    (tapped("1:choice:contact:no"), "1:choice:contact:no"),
    (tapped("1:consent:keep:no"), "1:consent:keep:no"),
    (tapped("1:messages:events:off"), "1:messages:events:off"),
    (tapped("1:choices"), "1:choices"),
    ({"update_id": 1, "my_chat_member": {}}, "my_chat_member"),
    (said("/start"), None),
    (said("/stopped"), None),
    (said("/"), None),
    (said(""), None),
    (tapped("1:rsvp:lyon1:yes"), None),
    (tapped("1:choice:forged:no"), None),
    (tapped("1:choice:contact:no:no"), None),
    (tapped("1:choice:contact:no:=0123456789abcdef"), "1:choice:contact:no"),
    (tapped("1:choice:forged:no:=0123456789abcdef"), None),
    (tapped("2:delete:yes"), None),
    (tapped("1"), None),
    (tapped(7), None),
    ({"update_id": 1, "message": "x", "callback_query": 7}, None),
    ({"update_id": 1}, None),
)


@pytest.mark.parametrize(("update", "asked"), ASKED, ids=str)
def test_a_right_is_known_by_how_it_is_asked(update: dict[str, Any], asked: str | None) -> None:
    assert asked_in(update) == asked


def test_every_command_about_ones_data_is_a_right() -> None:
    rooms = {privacy.__name__, restriction.__name__}
    assert {command.name for command in COMMANDS if command.handler.__module__ in rooms} <= RIGHTS
