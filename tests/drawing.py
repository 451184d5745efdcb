"""Versions that were drawn, in tests: a crowd that has them, what of them left, and what is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

import db.people
from bot.actions import broadcasts, effects
from bot.actions.broadcasts import NewBroadcast
from bot.rules.experiments import COUNTED_FOR, Experiment, Outcome
from bot.rules.suppression import SuppressionKey
from db.engine import Database
from db.schema import broadcasts as broadcast_rows
from db.schema import deliveries, responses
from tests.acting import ACTOR, NEWS, NOW, author_in
from tests.conversation import CAMPAIGN

MANY = 120


FIRST = 1_000


BOTH = Experiment(versions=2, holdout=20, goal=Outcome.RSVP)


COMPARED = replace(NEWS, others=({"fr": "Salut"},), experiment=BOTH)


EVENT = "ab12"


NAMING = replace(COMPARED, texts={"fr": f"https://t.me/portevoix_bot?start=ev_{EVENT}"})


LATER = NOW + COUNTED_FOR


KEY = SuppressionKey(links=(b"k" * 32,))


async def send(database: Database, new: NewBroadcast = COMPARED) -> int:
    async with database.write() as tx:
        actor = await db.people.find(tx, ACTOR)
        assert actor is not None
        return (await broadcasts.send(tx, await author_in(tx, actor), new)).broadcast


async def drawn(database: Database) -> dict[int, Any]:
    """Each person's delivery of the first message."""
    async with database.read() as tx:
        rows = (await tx.execute(sa.select(deliveries).where(deliveries.c.broadcast == 1))).all()
    return {row.person: row for row in rows}


async def groups(database: Database) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for person, row in (await drawn(database)).items():
        found.setdefault(row.variant, []).append(person)
    return found


async def everything_left(database: Database, at: datetime = NOW) -> None:
    async with database.write() as tx:
        queued = deliveries.c.state == "queued"
        await tx.execute(sa.update(deliveries).where(queued).values(state="sent", sent_at=at, message_id=1))
        await tx.execute(sa.update(broadcast_rows).values(finished_at=at))


async def told(database: Database, now: datetime, broadcast: int = 1) -> effects.MessageEffects:
    async with database.read() as tx:
        return await effects.effects_of(tx, broadcast, CAMPAIGN, now)


async def say(database: Database, person: int, question: str, answer: str, at: datetime = NOW) -> None:
    """One answer in the log, about the event or about the vote."""
    subject = EVENT if question in ("rsvp", "opened", "came") else "1"
    row = {"person": person, "question": question, "subject": subject, "answer": answer, "at": at}
    async with database.write() as tx:
        number = await tx.scalar(sa.select(sa.func.count()).select_from(responses))
        await tx.execute(sa.insert(responses).values(update_id=1_000 + (number or 0), **row))
