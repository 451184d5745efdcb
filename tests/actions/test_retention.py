"""Retention: each thing is erased when it is due and not before, and answers still add up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.actions import audit, retention
from db.engine import Database
from db.schema import (
    audit as audit_rows,
)
from db.schema import dialogs, events, people, responses, rsvps, staff, updates, vote_plans
from tests.conversation import CAMPAIGN, paris

START = paris("2016-11-01T10:00")
END = max(ballot.ends_at for ballot in CAMPAIGN.ballots)
DAY = timedelta(days=1)


@pytest.fixture
async def filled(database: Database) -> Database:
    """1 was kept at their wish, 2 not, 3 never finished; 4 never either, but is of the team."""
    moments = {"created_at": START, "seen_at": START}
    known = {"state": "registered", "registered_at": START, "commune": "69123", "department": "69"}
    rows: list[dict[str, Any]] = [
        {"id": 1, "telegram_id": 1, "pseudonym": "a", "consent_keep": True, **known, **moments},
        {"id": 2, "telegram_id": 2, "pseudonym": "b", **known, "recruiter": 1, **moments},
        {"id": 3, "telegram_id": 3, "pseudonym": "c", **moments},
        {"id": 4, "telegram_id": 4, "pseudonym": "d", **moments},
    ]
    async with database.write() as tx:
        for row in rows:
            await tx.execute(sa.insert(people).values(**row))
        await tx.execute(sa.insert(staff).values(telegram_id=4, role="admin", area="FR", added_at=START))
        place = {
            "zone": "Europe/Paris",
            "commune": "69123",
            "department": "69",
            "region": "84",
            "territory": "FR",
        }
        event = {
            "id": 1,
            "code": "abc",
            "starts_at": START,
            "ends_at": START + DAY,
            "address": "x",
            "created_at": START,
        }
        await tx.execute(sa.insert(events).values(**event, **place))
        await tx.execute(sa.insert(rsvps).values(event=1, person=2, answer="yes", at=START))
        await tx.execute(sa.insert(vote_plans).values(person=2, ballot=1, vote="voted", at=START))
        said = {"at": START, "commune": "69123", "department": "69", "message_id": 5}
        for number, (person, question, subject) in enumerate(
            [(1, "consent", "contact"), (2, "rsvp", "abc"), (2, "turnout", "1"), (3, "language", None)]
        ):
            row = {
                "person": person,
                "question": question,
                "subject": subject,
                "answer": "x",
                "update_id": number,
            }
            await tx.execute(sa.insert(responses).values(**row, **said))
        await tx.execute(sa.insert(dialogs).values(person=1, flow="f", step="s", data={}, updated_at=START))
        for number, state in enumerate(("done", "received")):
            await tx.execute(sa.insert(updates).values(update_id=number, state=state, received_at=START))
    return database


async def purged(database: Database, now: datetime, *, dry_run: bool = False) -> dict[str, int]:
    """What was erased, by name, where there was anything."""
    erased = await retention.purge(database, CAMPAIGN, actor="retention", now=now, dry_run=dry_run)
    return {what: count for what, count in erased.items() if count}


async def column(database: Database, wanted: sa.ColumnElement[Any]) -> list[Any]:
    async with database.read() as tx:
        return list((await tx.execute(sa.select(wanted).order_by(wanted))).scalars())


async def test_nothing_is_erased_before_it_is_due(filled: Database) -> None:
    assert await purged(filled, START + 1.9 * DAY) == {}
    assert await column(filled, audit_rows.c.id) == []


async def test_processed_updates_go_first_and_waiting_ones_stay(filled: Database) -> None:
    assert await purged(filled, START + 2 * DAY) == {"processed updates": 1}
    assert await column(filled, updates.c.state) == ["received"]


async def test_an_unfinished_sign_up_lasts_a_week(filled: Database) -> None:
    assert await purged(filled, START + 7 * DAY) == {
        "unfinished sign-ups": 1,
        "unfinished dialogs": 1,
        "processed updates": 1,
    }
    assert await column(filled, people.c.id) == [1, 2, 4]


async def test_votes_go_a_week_after_the_last_ballot(filled: Database) -> None:
    await purged(filled, END + 6 * DAY)
    assert await column(filled, vote_plans.c.vote) == ["voted"]
    assert await purged(filled, END + 7 * DAY) == {"vote plans and votes": 2}
    assert await column(filled, vote_plans.c.vote) == []


async def test_answers_to_an_event_go_30_days_after_it(filled: Database) -> None:
    assert "answers to past events" not in await purged(filled, START + 30.9 * DAY)
    assert (await purged(filled, START + 31 * DAY))["answers to past events"] == 2
    assert await column(filled, rsvps.c.answer) == []


async def test_profiles_go_30_days_after_the_last_ballot_unless_wished_otherwise(filled: Database) -> None:
    await purged(filled, END + 29 * DAY)
    assert await column(filled, people.c.id) == [1, 2, 4]
    assert await purged(filled, END + 30 * DAY) == {"profiles": 1}
    assert await column(filled, people.c.id) == [1, 4]
    assert await purged(filled, START + 365 * DAY) == {"profiles": 1}
    assert await column(filled, people.c.id) == [4]


async def test_what_was_answered_still_counts(filled: Database) -> None:
    await purged(filled, END + 30 * DAY)
    assert await column(filled, responses.c.question) == ["consent", "language", "rsvp", "turnout"]
    async with filled.read() as tx:
        loose = (await tx.execute(sa.select(responses).where(responses.c.person.is_(None)))).all()
    assert {(row.message_id, row.update_id, row.commune) for row in loose} == {(None, None, None)}
    assert {row.department for row in loose} == {"69"}


async def test_a_dry_run_tells_and_erases_nothing(filled: Database) -> None:
    told = await purged(filled, END + 30 * DAY, dry_run=True)
    assert await column(filled, people.c.id) == [1, 2, 3, 4]
    assert await column(filled, audit_rows.c.id) == []
    assert await purged(filled, END + 30 * DAY) == told


async def test_a_purge_is_noted(filled: Database) -> None:
    await purged(filled, START + 2 * DAY)
    async with filled.read() as tx:
        (noted,) = (await tx.execute(sa.select(audit_rows))).all()
        assert (await audit.verify(tx)).faults == ()
    assert (noted.action, noted.details["processed updates"]) == ("purge", 1)
