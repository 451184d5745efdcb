"""Many walkers at doors in one batch: the rows, cards and words are those of one tap after the other."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from telegram import Update

from bot.actions import canvass, canvass_imports
from bot.delivery.intake import received
from bot.errors import PortevoixError
from bot.rules.canvass.visits import DoorOutcome
from db import updates
from db.engine import Database
from db.schema import addresses, people, responses, rsvps, visits, walkers, walks
from handlers.context import Context
from handlers.gathering import locked
from tests.campaigning import supporter
from tests.conversation import Conversation, paris
from tests.ground import STATION, houses
from tests.handlers.test_batches import Kept, processing_by, update_of

CHATS = range(301, 317)
ON_A_WALK = 14
"""The others are on none, and tap all the same; the last of them never signed up."""
ROUNDS = 32
EVENING = "2016-11-16T19:30"
"""Nobody knocks from eight o’clock on: the last rounds are refused."""
STREETS, DOORS = 4, 14


async def planted(conversation: Conversation) -> dict[int, list[int]]:
    """Walkers, two on each walk but the last; the doors of each walk."""
    database, now = conversation.database, conversation.clock.now()
    given = {"file": "ground.csv", "actor": "test", "now": now}
    rows = [
        each
        for street in range(STREETS)
        for each in houses("69123", f"Rue {street}", DOORS, north=45.76 + street / 500)
    ]
    await canvass_imports.import_addresses(database, rows, **given)
    station = {"code": STATION, "commune": "69123", "latitude": 45.76, "longitude": 4.84}
    await canvass_imports.import_stations(database, [station], [], **given)
    await canvass.cut_area(database, "69", doors=7, actor="test", now=now)
    numbers = [await supporter(conversation, chat, "69123") for chat in CHATS[:-1]]
    async with database.write() as tx:
        await tx.execute(sa.update(walks).values(state="under_way", outing=1))
        found = list(await tx.scalars(sa.select(walks.c.id).order_by(walks.c.id)))
        taken = [
            {"walk": found[place // 2], "outing": 1, "person": person, "taken_at": now}
            for place, person in enumerate(numbers[:ON_A_WALK])
        ]
        await tx.execute(sa.insert(walkers), taken)
        await tx.execute(sa.update(walks).where(walks.c.id == found[1]).values(state="done"))
        doors: dict[int, list[int]] = {number: [] for number in found}
        for row in await tx.execute(sa.select(addresses.c.id, addresses.c.walk).order_by(addresses.c.place)):
            doors[row.walk].append(row.id)
    return doors


def what_they_tap(dice: random.Random, own: int, doors: dict[int, list[int]]) -> str:
    """A tap at one of the first doors of their walk, where the other one taps too; now and then a forged one."""
    walk = own if dice.random() < 0.9 else dice.choice(list(doors))
    here = doors[own if dice.random() < 0.95 else dice.choice(list(doors))]
    door, other = dice.choice(here[:4]), dice.choice(here)
    mode = "p" if dice.random() < 0.1 else "d"
    noting = [f"knock:{walk}:{door}:{dice.choice(list(DoorOutcome)).value}:{mode}" for _ in range(5)]
    return "1:" + dice.choice(
        [
            *noting,
            *(f"undo_door:{walk}:{door}:{mode}", f"nobody_until:{walk}:{door}:{other}:{mode}"),
            *(f"dwellings_are:{walk}:{door}:{dice.randrange(1, 4)}:{mode}", f"at_door:{walk}:{door}:{mode}"),
            *(
                f"leg:{walk}:{door}:{mode}",
                f"nobody_from:{walk}:{door}:{mode}",
                f"dwellings:{walk}:{door}:{mode}",
            ),
            *(f"knock:{walk}:{door}:eaten:d", f"knock:{walk}::{door}:d", f"knock:{walk}:{door}:opened:x"),
            *(f"knock:{'9' * 15}:{door}:opened:d", "rsvp:lyon1:yes"),
        ]
    )


BESIDES = ("FAIL", "walk:end_sure", "/stop", "walk:leave", "walk:end_sure", "walk:take", "/delete")
"""What makes everybody of a round read for themselves: it may change what the next one finds."""


def rounds(doors: dict[int, list[int]]) -> Iterator[list[dict[str, Any]]]:
    """Of each round one update of everybody, in the order in which a batch handles them."""
    dice, number, found = random.Random(5), 0, list(doors)
    for count in range(ROUNDS):
        sent = []
        for place, chat in enumerate(CHATS):
            walk = found[min(place // 2, len(found) - 1)]
            said = what_they_tap(dice, walk, doors)
            if count % 4 == 3:
                said = f"1:knock:{walk}:{doors[walk][0]}:again:d"
                if place == count % ON_A_WALK:
                    besides = BESIDES[count // 4 % len(BESIDES)]
                    said = f"1:{besides}:{walk}" if ":" in besides else besides
            sent.append((chat, said))
        sent.sort(key=lambda each: locked(orjson.dumps(update_of(1, *each))))
        yield [update_of(number := number + 1, chat, said) for chat, said in sent]


async def play(
    database: Database, monkeypatch: pytest.MonkeyPatch, *, together: bool
) -> tuple[dict[str, Any], dict[int, list[Any]], int]:
    """What is stored then, the replies, and how many found what stands at their door together."""
    conversation = Conversation(database, paris(EVENING))
    await conversation.add_event("lyon1")
    doors = await planted(conversation)
    dispatcher, kept, gathered = conversation._dispatcher, Kept(), 0
    handle = dispatcher._handle

    async def stumbling(update: Update, context: Context) -> None:
        nonlocal gathered
        gathered += context.at_door is not None
        await handle(update, context)
        # After everything was done: what was noted meanwhile is undone with it.
        if update.update_id % 11 == 0:
            raise RuntimeError
        if update.update_id % 13 == 0:
            raise PortevoixError("no")

    monkeypatch.setattr(dispatcher, "_handle", stumbling)
    processing = processing_by(conversation, kept, together=together, in_turn=locked)
    for sent in rounds(doors):
        async with database.write() as tx:
            await updates.store(tx, map(received, sent), conversation.clock.now())
        while await processing.handle_batch():
            async with database.write() as tx:
                await updates.finish(tx, kept.answered, "me")
        conversation.clock.move(conversation.clock.now() + timedelta(minutes=1))
    return await contents(database), dict(kept.by_chat), gathered


async def contents(database: Database) -> dict[str, list[str]]:
    """What stands at the doors, of each walk in the order in which it was noted; who is on it; what was answered."""
    own = [column for column in visits.c if column.name not in ("id", "person")]
    who = visits.outerjoin(people, people.c.id == visits.c.person)
    queries = {
        "visits": sa.select(*own, people.c.telegram_id).select_from(who).order_by(visits.c.walk, visits.c.id),
        "doors": sa.select(addresses.c.id, addresses.c.dwellings).order_by(addresses.c.id),
        "walks": sa.select(walks.c.id, walks.c.state, walks.c.done_at).order_by(walks.c.id),
        "walkers": sa.select(walkers.c.walk, walkers.c.left_at, people.c.telegram_id)
        .join(people, people.c.id == walkers.c.person)
        .order_by(walkers.c.walk, people.c.telegram_id),
        "rsvps": sa.select(people.c.telegram_id, rsvps.c.answer).join(people).order_by(people.c.telegram_id),
        "responses": sa.select(responses.c.update_id, responses.c.answer).order_by(responses.c.update_id),
    }
    async with database.read() as tx:
        return {name: [repr(tuple(row)) for row in await tx.execute(each)] for name, each in queries.items()}


async def test_taps_at_doors_in_one_batch_do_what_one_after_the_other_does(
    sqlite_database: Database,
    postgresql_database: Database,
    alone: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On both engines: what one after the other does is found out once."""
    stored_alone, replies_alone, _gathered = await play(alone, monkeypatch, together=False)
    for database in (sqlite_database, postgresql_database):
        stored, replies, gathered = await play(database, monkeypatch, together=True)
        for name, rows in stored.items():
            assert rows == stored_alone[name], name
        assert replies == replies_alone
        assert gathered > 100
    assert len(stored_alone["visits"]) > 50
    assert sum(", None, " not in row for row in stored_alone["visits"]) > 5, "Some took the place of others."
