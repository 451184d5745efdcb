"""Retention: each thing is erased when it is due and not before, and answers still add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.actions import audit, retention
from bot.campaign.campaign import Campaign
from bot.rules.suppression import SuppressionKey, proof_of
from db.engine import Database
from db.schema import (
    answer_counts,
    answer_remainders,
    broadcast_texts,
    broadcasts,
    consents,
    deliveries,
    dialogs,
    events,
    people,
    responses,
    rsvps,
    staff,
    staff_links,
    suppressions,
    updates,
    volunteering,
    vote_plans,
)
from db.schema import (
    audit as audit_rows,
)
from tests.conversation import CAMPAIGN, paris

START = paris("2016-11-01T10:00")
END = max(ballot.ends_at for ballot in CAMPAIGN.ballots)
DAY = timedelta(days=1)
KEY = SuppressionKey(links=(b"k" * 32,))


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


async def purged(
    database: Database, now: datetime, *, dry_run: bool = False, campaign: Campaign = CAMPAIGN
) -> dict[str, int]:
    """What was erased, by name, where there was anything."""
    erased = await retention.purge(database, campaign, key=KEY, actor="retention", now=now, dry_run=dry_run)
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


async def test_answers_are_gone_only_together_with_the_note_of_it(filled: Database) -> None:
    """Whoever is killed between the two has erased nothing."""

    class Killed(BaseException):
        pass

    def executing(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO facts"):
            raise Killed

    later, engine = END + 31 * DAY, filled._writer.sync_engine
    assert (await purged(filled, later, dry_run=True))["vote plans and votes"] == 2
    async with filled.write() as tx:
        await tx.execute(sa.delete(vote_plans))
        await tx.execute(sa.delete(rsvps))
        await tx.execute(sa.delete(people).where(people.c.id == 3))
    before = await column(filled, responses.c.id)
    sa.event.listen(engine, "before_cursor_execute", executing)
    with pytest.raises(Killed):
        await purged(filled, later)
    sa.event.remove(engine, "before_cursor_execute", executing)
    assert await column(filled, responses.c.id) == before


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


async def test_offers_to_help_go_a_week_after_the_last_ballot(filled: Database) -> None:
    async with filled.write() as tx:
        await tx.execute(sa.insert(volunteering).values(person=1, doors=True, contact=True, at=START))
        said = {"question": "help", "subject": "doors", "answer": "yes", "at": START}
        await tx.execute(sa.insert(responses).values(person=1, **said))
    assert "offers to help" not in await purged(filled, END + 6 * DAY, dry_run=True)
    assert (await purged(filled, END + 7 * DAY))["offers to help"] == 2
    assert await column(filled, volunteering.c.person) == []
    assert "help" not in await column(filled, responses.c.question)


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


async def test_what_was_answered_leaves_no_row(filled: Database) -> None:
    """Of whoever is kept, what they said of themselves stays."""
    await purged(filled, END + 30 * DAY)
    assert await column(filled, responses.c.question) == ["consent"]
    assert await column(filled, answer_counts.c.count) == []


async def test_answers_of_an_older_version_that_lead_to_nobody_are_counted(filled: Database) -> None:
    said = {"at": START, "question": "turnout", "subject": "1", "answer": "voted", "department": "69"}
    async with filled.write() as tx:
        await tx.execute(sa.insert(responses), [{**said, "person": None} for _ in range(20)])
    assert (await purged(filled, START + 2 * DAY))["answers that lead to nobody"] == 20
    assert await column(filled, answer_counts.c.count) == [20] * 6


# -- what is kept of people who left, and of the team --


async def test_the_terms_of_what_is_kept_of_people_who_left(filled: Database) -> None:
    """The mark three years, the proof five, each to the day."""
    left = START.date()
    async with filled.write() as tx:
        await tx.execute(sa.insert(suppressions).values(hash="h", day=left))
        proof = {"pseudonym": "sealed", "sealed": "s", "sealed_on": left, "purpose": "contact", "given": True}
        text = {"text_version": "1", "text_hash": "0", "language": "fr", "at": START}
        await tx.execute(sa.insert(consents).values(**proof, **text))
    assert "marks of people who left" not in await purged(filled, START + 1094 * DAY)
    assert (await purged(filled, START + 1095 * DAY, dry_run=True))["marks of people who left"] == 1
    assert (await purged(filled, START + 1095 * DAY))["marks of people who left"] == 1
    assert await column(filled, suppressions.c.hash) == []
    assert "proofs of consent" not in await purged(filled, START + 1825 * DAY)
    assert (await purged(filled, START + 1826 * DAY))["proofs of consent"] == 1
    assert await column(filled, consents.c.sealed) == []


async def test_a_campaign_that_wants_no_proof_keeps_none(filled: Database) -> None:
    without = replace(CAMPAIGN, retention=replace(CAMPAIGN.retention, proof_days=0))
    text = {"text_version": "1", "text_hash": "0", "language": "fr", "at": START, "given": True}
    async with filled.write() as tx:
        rows = [{"pseudonym": name, "purpose": "contact", **text} for name in ("a", "b")]
        await tx.execute(sa.insert(consents), rows)
    await purged(filled, END + 30 * DAY, campaign=without)
    assert await column(filled, consents.c.pseudonym) == ["a"]
    await purged(filled, START + 365 * DAY)
    assert await column(filled, consents.c.sealed) == [proof_of(KEY, 1)]
    assert (await purged(filled, START + 366 * DAY, campaign=without))["proofs of consent"] == 1


async def test_a_role_is_kept_for_a_year_after_it_ended(filled: Database) -> None:
    link = {"role": "admin", "area": "FR", "created_at": START, "expires_at": START + 2 * DAY}
    async with filled.write() as tx:
        await tx.execute(sa.update(staff).values(revoked_at=START))
        links = [
            {**link, "token_hash": "used", "used_at": START},
            {**link, "token_hash": "over", "used_at": None},
        ]
        await tx.execute(sa.insert(staff_links), links)
    ended = "roles and invitations that are over"
    assert ended not in await purged(filled, START + 364 * DAY)
    assert (await purged(filled, START + 365 * DAY))[ended] == 2
    assert (await purged(filled, START + 367 * DAY))[ended] == 1
    assert await column(filled, staff.c.telegram_id) == []


async def test_events_and_messages_go_a_year_after_the_last_ballot(filled: Database) -> None:
    async with filled.write() as tx:
        message = {"key": "staff:1", "kind": "persuasion", "audience": {}, "area": "FR", "event": 1}
        await tx.execute(sa.insert(broadcasts).values(id=1, **message, starts_at=START, created_at=START))
        await tx.execute(sa.insert(broadcast_texts).values(broadcast=1, language="fr", text="x"))
        sent = {"state": "sent", "due_at": START, "changed_at": START}
        await tx.execute(sa.insert(deliveries), [{"broadcast": 1, "person": 1, **sent}])
        await tx.execute(sa.insert(answer_remainders).values(cell="c", count=3))
    what = "events and messages of the campaign"
    assert what not in await purged(filled, END + 364 * DAY)
    assert (await purged(filled, END + 365 * DAY, dry_run=True))[what] == 3
    erased = await purged(filled, END + 365 * DAY)
    assert erased[what] == 3
    assert erased["counts of answers under ten"] > 0
    for gone in (
        broadcasts.c.key,
        broadcast_texts.c.text,
        deliveries.c.state,
        events.c.code,
        answer_remainders.c.cell,
    ):
        assert await column(filled, gone) == []


async def test_the_log_of_the_team_is_kept_for_three_years_and_stays_whole(filled: Database) -> None:
    async with filled.write() as tx:
        for number in range(3):
            noted = START + number * DAY
            await audit.note(tx, actor="staff:4", action="broadcast", details={"number": number}, now=noted)
    log = "entries of the team’s log"
    last = START + (1095 + 1) * DAY
    assert log not in await purged(filled, START + 1094 * DAY)
    assert (await purged(filled, last, dry_run=True))[log] == 2
    assert (await purged(filled, last))[log] == 2
    async with filled.read() as tx:
        verified = await audit.verify(tx)
        kept = (await tx.execute(sa.select(audit_rows).order_by(audit_rows.c.id))).all()
    assert verified.faults == ()
    assert [row.details.get("number") for row in kept if row.action == "broadcast"] == [2]
    (noted_row,) = [row for row in kept if row.action == "forget_log"]
    assert (noted_row.actor, noted_row.details["entries"]) == ("retention", 2)
    assert (await purged(filled, last + DAY))[log] == 1
    async with filled.read() as tx:
        assert (await audit.verify(tx)).faults == ()


@pytest.mark.parametrize("removed", ["first", "all"])
async def test_whoever_removes_more_than_is_due_is_found(filled: Database, removed: str) -> None:
    async with filled.write() as tx:
        for number in range(4):
            await audit.note(
                tx, actor="staff:4", action="broadcast", details={}, now=START + 400 * number * DAY
            )
    await purged(filled, START + 1500 * DAY)
    async with filled.write() as tx:
        first = sa.select(sa.func.min(audit_rows.c.id)).scalar_subquery()
        doomed = (
            sa.delete(audit_rows)
            if removed == "all"
            else sa.delete(audit_rows).where(audit_rows.c.id == first)
        )
        await tx.execute(doomed)
    async with filled.read() as tx:
        assert (await audit.verify(tx)).faults != ()


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
