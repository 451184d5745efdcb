"""What is remembered of a sign-up is what acting it leaves."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from db.engine import FILE_NAME, Database, open_database
from db.schema import metadata
from tests.conftest import KEY
from tests.conversation import Conversation, Talker, paris
from tests.signing_up import Rows, rows_of

DRAWN = {"pseudonym", "friend_code"}
"""Columns that chance fills."""


async def a_copy(template: Path, folder: Path) -> Database:
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 -- nothing else runs in this loop
    shutil.copyfile(template, folder / FILE_NAME)
    return await open_database(None, folder=folder, key=KEY, here=True)


async def after_two_signed_up(template: Path, folder: Path, *, is_acted: bool) -> tuple[Rows, list[Any]]:
    """One after the other, in a database of their own: what is there then, what they see and sent then and next."""
    database = await a_copy(template, folder)
    conversation = Conversation(database, paris("2016-11-16T10:00"))
    talkers = [conversation.person(7), conversation.person(8, language="fr")]
    for talker, place in zip(talkers, ("Lyon", "Paris 15"), strict=True):
        await (talker._sign_up(place) if is_acted else talker.sign_up(place))
    held = await rows_of(database)
    await talkers[0].send("/menu")
    seen = [(talker.screen, talker.sent) for talker in talkers]
    await database.close()
    return held, [*seen, conversation.number()]


def without_chance(rows: Rows) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [
            {
                column.name: value
                for column, value in zip(metadata.tables[name].c, row, strict=True)
                if column.name not in DRAWN
            }
            for row in found
        ]
        for name, found in rows.items()
        if name in metadata.tables
    }


async def test_who_is_remembered_is_as_who_signed_up(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acted, seen = await after_two_signed_up(sqlite_template, tmp_path / "acted", is_acted=True)
    first, _ = await after_two_signed_up(sqlite_template, tmp_path / "first", is_acted=False)

    async def not_again(talker: Talker, place: str) -> None:
        raise AssertionError(f"{talker.telegram_id} is not remembered")

    monkeypatch.setattr(Talker, "_sign_up", not_again)
    again, seen_again = await after_two_signed_up(sqlite_template, tmp_path / "again", is_acted=False)
    assert again == first
    assert seen_again == seen
    assert without_chance(again) == without_chance(acted)
    assert again["sqlite_sequence"] == acted["sqlite_sequence"]


async def test_who_comes_after_anything_else_signs_up_by_hand(sqlite_template: Path, tmp_path: Path) -> None:
    database = await a_copy(sqlite_template, tmp_path)
    conversation = Conversation(database, paris("2016-11-16T10:00"))
    await conversation.add_event("lyon1")
    await conversation.person(7).sign_up()
    reopened = await open_database(None, folder=tmp_path, key=KEY, here=True)
    later = Conversation(reopened, paris("2016-11-16T10:00"))
    await later.person(9).sign_up()
    people = (await rows_of(database))["people"]
    assert [row[1] for row in people] == [7, 9]
    assert later.begun.signed_up == conversation.begun.signed_up == ()
    for each in (reopened, database):
        await each.close()
