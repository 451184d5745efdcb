"""What was answered another way is asked no more; and which message stands last in a chat. On both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

import db.people
from bot.actions import people, questions
from bot.actions.responses import Origin
from bot.rules.kinds import Kind
from bot.rules.steps import StepQuestion, settled_by
from bot.rules.vote_plans import Turnout
from db.engine import Database
from db.people import Person
from db.schema import broadcasts, deliveries
from db.schema import people as people_rows
from tests.conversation import CAMPAIGN, paris

NOW = paris("2016-11-20T10:00")


async def person_with(database: Database, *steps: str) -> Person:
    """Somebody to whom these steps of the first round were sent, under the numbers 100, 101 … an hour apart."""
    async with database.write() as tx:
        row = {"telegram_id": 7, "pseudonym": "p7", "state": "registered", "unanswered": 2}
        await tx.execute(sa.insert(people_rows).values(row | {"created_at": NOW, "seen_at": NOW}))
        person = await db.people.find(tx, 7)
        assert person is not None
        for number, step in enumerate(steps):
            at = NOW - timedelta(hours=len(steps) - number)
            values = {"key": f"step:1:{step}", "kind": Kind.GOTV, "ballot": 1, "step": step, "audience": {}}
            values |= {"area": "FR", "starts_at": at, "created_at": at}
            inserted = sa.insert(broadcasts).values(values).returning(broadcasts.c.id)
            sent = {
                "broadcast": (await tx.execute(inserted)).scalar_one(),
                "person": person.id,
                "state": "sent",
            }
            sent |= {"message_id": 100 + number, "sent_at": at, "due_at": at, "changed_at": at}
            await tx.execute(sa.insert(deliveries).values(sent))
    return person


@pytest.mark.parametrize(
    ("question", "answer", "settled"),
    [
        (StepQuestion.TURNOUT, Turnout.VOTED, [100, 101, 103]),
        (StepQuestion.TURNOUT, Turnout.LATER, [103]),
        (StepQuestion.PLAN, "midday", [100, 101]),
        (StepQuestion.PLAN, "open", []),
        ("places", "0", []),
    ],
)
async def test_what_an_answer_settles(
    database: Database, question: str, answer: str, settled: list[int]
) -> None:
    person = await person_with(database, "pledge", "plan", "echo", "go")
    async with database.write() as tx:
        found = await questions.settle_vote(
            tx,
            person,
            Origin(update_id=1, message_id=102, at=NOW),  # the echo is what was tapped
            CAMPAIGN,
            ballot=1,
            question=question,
            answer=answer,
        )
        after = await db.people.get(tx, person.id)
    assert found == settled
    assert after is not None
    assert after.unanswered == (0 if settled else 2)
    async with database.read() as tx:
        answered = sa.select(deliveries.c.message_id).where(deliveries.c.answered_at == NOW)
        assert sorted((await tx.scalars(answered)).all()) == settled


def test_an_answer_settles_its_own_question() -> None:
    for question in StepQuestion:
        assert question in settled_by(question, "yes")


async def test_what_stands_last(database: Database) -> None:
    person = await person_with(database, "pledge", "plan")
    async with database.write() as tx:
        assert [await people.stands_last(tx, person, number) for number in (100, 101, 102)] == [
            False,
            True,
            True,
        ]
        await db.people.note_newest(tx, [(7, 105), (8, 900)])
    async with database.read() as tx:
        person = await people.refreshed(tx, person)
        assert [await people.stands_last(tx, person, number) for number in (104, 105)] == [False, True]
