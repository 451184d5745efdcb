"""What people took back in the chat since a backup was made does not come back with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from db.backup import backup
from db.engine import Database
from db.schema import conversations, messages, people, responses, survey_answers
from db.suppression_key import open_suppression_key, write_suppression_key
from db.unfinished import NOTES
from tests import surveying, talking
from tests.backups import file_of, put_back, reopened
from tests.conversation import Conversation, paris

NOW = paris(talking.NOW)
ZOE, STOPPED, BEGUN, KARIM = 7, 8, 9, 10


async def test_what_was_taken_back_since_stays_so(sqlite_database: Database, tmp_path: Path) -> None:
    conversation = Conversation(sqlite_database, NOW)
    sophie = await talking.on_duty(conversation, 77, "Sophie")
    zoe, stopped, begun, karim = (conversation.person(n) for n in (ZOE, STOPPED, BEGUN, KARIM))
    for each in (zoe, stopped, karim):
        await each.sign_up()
    await begun.send("/start")
    await talking.talked(conversation, zoe, sophie)
    await surveying.ask(conversation, zoe, karim)
    for each in (zoe, karim):
        await each.tap("Yes")
    keys = file_of(sqlite_database).with_name("suppression.key")
    write_suppression_key(keys, conversation.services.suppression_key)
    await open_suppression_key(sqlite_database, keys)
    await backup(sqlite_database, tmp_path / "copy.db", notes=tmp_path / NOTES, now=NOW)
    await zoe.tap_data("1:talk_erase:yes")
    await zoe.tap_data("1:survey_mine:trains:yes")
    await stopped.send("/stop")
    await stopped.send("/start")
    for each in (stopped, begun):
        await each.tap_data("1:consent:contact:no")
        assert await each.stored() is None
    await sqlite_database.close()
    done = await put_back(tmp_path / "copy.db", sqlite_database)
    assert (done.erased, done.carried) == (2, True)
    restored = await reopened(file_of(sqlite_database), sqlite_database.key)
    async with restored.read() as tx:

        async def found(column: sa.Column[Any], *conditions: sa.ColumnElement[bool]) -> list[Any]:
            return list(await tx.scalars(sa.select(column).where(*conditions).order_by(column)))

        assert await found(people.c.telegram_id) == sorted(each.telegram_id for each in (sophie, zoe, karim))
        assert await found(messages.c.text) == await found(conversations.c.id) == []
        [answerer] = await found(survey_answers.c.person)
        assert await found(people.c.telegram_id, people.c.id == answerer) == [karim.telegram_id]
        assert await found(responses.c.person, responses.c.question == "survey") == [answerer]
    await restored.close()
