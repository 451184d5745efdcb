"""The conversation on each engine, on 16 November 2016 at 10:00 in Paris, and three who signed up in it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.engine import FILE_NAME, Database, prepared
from db.key import DatabaseKey
from tests.conversation import Conversation, Talker, paris


@pytest.fixture
def conversation(sqlite_database: Database) -> Conversation:
    return Conversation(sqlite_database, paris("2016-11-16T10:00"))


@pytest.fixture
async def alone(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, database_key: DatabaseKey
) -> AsyncIterator[Database]:
    """A second database beside the one of the test: what was done together there is done one by one in it."""
    folder = tmp_path_factory.mktemp("alone")
    shutil.copyfile(sqlite_template, folder / FILE_NAME)
    database = prepared(folder / FILE_NAME, database_key, here=True)
    yield database
    await database.close()


@pytest.fixture
async def supporters(conversation: Conversation) -> list[Talker]:
    people = [conversation.person(number) for number in range(1, 4)]
    for each in people:
        await each.sign_up()
    return people
