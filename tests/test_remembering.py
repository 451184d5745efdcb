"""What is remembered is what acting it leaves."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from db.engine import FILE_NAME, Database, open_database
from db.schema import metadata
from tests import remembering
from tests.campaigning import staff
from tests.conftest import KEY
from tests.conversation import Conversation, paris
from tests.drafting import send_broadcast, write_event
from tests.remembering import Rows, rows_of

DRAWN = {"pseudonym", "friend_code", "code"}
"""Columns that chance fills."""


async def a_copy(template: Path, folder: Path) -> Database:
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 -- nothing else runs in this loop
    shutil.copyfile(template, folder / FILE_NAME)
    return await open_database(None, folder=folder, key=KEY, here=True)


async def a_story(template: Path, folder: Path) -> tuple[Rows, list[Any]]:
    """Two sign up, and somebody of the team writes: what is there then, what they see and sent then and next."""
    database = await a_copy(template, folder)
    conversation = Conversation(database, paris("2016-11-16T10:00"))
    talkers = [conversation.person(7), conversation.person(8, language="fr")]
    for talker, place in zip(talkers, ("Lyon", "Paris 15"), strict=True):
        await talker.sign_up(place)
    author = await staff(conversation, 9, "admin", "FR")
    await write_event(author)
    await send_broadcast(author)
    held = await rows_of(database)
    for talker in (*talkers, author):
        await talker.send("/menu")
    seen = [(talker.screen, talker.sent, talker.calls) for talker in (*talkers, author)]
    await database.close()
    return held, [*seen, conversation.number()]


def without_chance(rows: Rows) -> dict[str, list[list[Any]]]:
    found = {}
    for name, held in rows.items():
        columns = metadata.tables[name].c if name in metadata.tables else ()
        drawn = {place for place, column in enumerate(columns) if column.name in DRAWN}
        found[name] = [
            [value for place, value in enumerate(row) if place not in drawn] for row in held.values()
        ]
    return found


@pytest.fixture
def nothing_is_known() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remembering, "_kept", {})
        yield patch


async def test_what_is_remembered_is_what_was_acted(
    sqlite_template: Path, tmp_path: Path, nothing_is_known: pytest.MonkeyPatch
) -> None:
    first, seen = await a_story(sqlite_template, tmp_path / "first")

    kept = dict(remembering._kept)
    again, seen_again = await a_story(sqlite_template, tmp_path / "again")
    assert again == first
    assert seen_again == seen
    assert remembering._kept.keys() == kept.keys(), "Nothing had to be acted."
    nothing_is_known.setattr(remembering, "_is_changed", True)
    acted, _seen = await a_story(sqlite_template, tmp_path / "acted")
    assert without_chance(acted) == without_chance(first)
    assert remembering._kept.keys() == kept.keys(), "What is acted by hand is not kept."


async def test_whatever_is_different_has_it_acted(
    sqlite_template: Path, tmp_path: Path, nothing_is_known: pytest.MonkeyPatch
) -> None:
    databases, acted = [], []

    async def begun(name: str, *, hour: str = "2016-11-16T10:00") -> Conversation:
        databases.append(await a_copy(sqlite_template, tmp_path / name))
        return Conversation(databases[-1], paris(hour))

    async def counted(conversation: Conversation, **somebody: Any) -> None:
        await conversation.person(7, **somebody).sign_up()
        acted.append(len(remembering._kept))

    await counted(await begun("one"))
    await counted(await begun("the same"))
    await counted(await begun("later", hour="2016-11-16T11:00"))
    await counted(await begun("another language"), language="fr")
    stored = await begun("something stored")
    await stored.add_event("lyon1")
    await counted(stored)
    seen = await begun("something seen")
    await seen.person(8).send("/start")
    await counted(seen)
    assert acted == [1, 1, 2, 3, 4, 5]
    for each in databases:
        await each.close()


def test_a_test_that_changes_the_program_acts_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert remembering._is_changed
