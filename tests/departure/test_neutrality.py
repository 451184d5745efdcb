"""What leaves while nothing partisan may: on the rows of a real database, whoever put them there and however."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import db.broadcast_accounts
import db.broadcasts
from bot.actions.forecasts import Forecast, forecast_again, forecast_of
from bot.actions.planning import plan, step_key
from bot.campaign.campaign import Campaign
from bot.clock import MovableClock
from bot.delivery.calls import Call
from bot.delivery.outcomes import Stop, Wait
from bot.rules.candidacy import LAST_CHOICE
from bot.rules.courtesy import CapReason
from bot.rules.neutrality import NOT_NEUTRAL, REMINDER
from bot.rules.quiet import PROFILES, Narrowing, narrowed
from bot.rules.reaching import Held
from bot.rules.sending import CANCELLATION, INVITATION
from bot.rules.small_counts import Reader
from bot.words.telegram_html import parse_html
from db import deliveries
from db.engine import Database
from db.renewals import TEMPLATE as RENEWAL
from db.schema import broadcasts, people
from db.schema import deliveries as delivered
from simulator.reading import as_read
from tests.campaigning import answer, supporter
from tests.conversation import CAMPAIGN, Conversation, paris
from tests.departure.test_decide import a_departure
from tests.planned import changed_file

EVE = paris("2016-11-19T10:00")
PARTISAN_TEXT = {"fr": "Votez Camille Durand dimanche ! https://exemple.fr", "en": "Vote for Camille Durand!"}
LYON = "69123"


async def queued(
    database: Database, *, texts: Mapping[str, str] | None = None, now: datetime = EVE, **values: Any
) -> int:
    """A broadcast to everybody, as any program may have written it into the database; its number."""
    row = {
        "key": "staff:1",
        "kind": "civic_neutral",
        "audience": {},
        "area": "FR",
        "starts_at": now,
        "created_at": now,
        "state": "active",
        **values,
    }
    async with database.write() as tx:
        broadcast = await db.broadcasts.create(tx, row, texts)
        assert broadcast is not None
        everybody = sa.select(people.c.id)
        expires = now + timedelta(days=2)
        await db.broadcasts.queue_deliveries(
            tx, broadcast=broadcast, people=everybody, due_at=now, expires_at=expires, now=now
        )
    return broadcast


async def looked_at(
    database: Database, broadcast: int, *, now: datetime = EVE, campaign: Campaign = CAMPAIGN
) -> list[Call | Wait | Stop]:
    """The last look at all deliveries of a broadcast."""
    async with database.write() as tx:
        rows = await deliveries.lease(tx, [(broadcast, 100)], owner="sender", now=now)
    async with database.read() as tx:
        return await a_departure(campaign, MovableClock(now, speed=0)).prepare(tx, rows)


NOT_NEUTRAL_MADE: tuple[dict[str, Any], ...] = (
    # A message of an older version: typed, and approved by a second person, perhaps.
    {"texts": PARTISAN_TEXT},
    {"texts": PARTISAN_TEXT, "template": REMINDER, "details": {"fields": ["place"]}, "ballot": 1},
    {"template": REMINDER, "details": {"fields": ["place"]}, "ballot": 1, "photo": "file"},
    {"template": REMINDER, "details": {"fields": ["slogan"]}, "ballot": 1},
    {"template": REMINDER, "ballot": 1},
    {"template": REMINDER, "details": {"fields": []}},
    {"template": "broadcasts/event_invitation", "ballot": 1},
    {"kind": "service", "texts": PARTISAN_TEXT},
    # A step of a campaign file that has changed since.
    {"key": "step:1:go", "step": "go", "ballot": 1, "template": "echo"},
)


async def test_what_is_called_neutral_and_is_not_never_leaves(database: Database) -> None:
    await supporter(Conversation(database, EVE), 1, LYON)
    for number, made in enumerate(NOT_NEUTRAL_MADE):
        broadcast = await queued(database, **{"key": f"staff:{number}", **made})
        mine = sa.update(delivered).where(delivered.c.broadcast == broadcast)
        for now in (EVE, paris("2016-11-21T10:00")):  # nor when partisan messages may
            (decision,) = await looked_at(database, broadcast, now=now)
            assert decision == Stop(state="cancelled", reason=NOT_NEUTRAL), made
            async with database.write() as tx:
                await tx.execute(mine.values(state="queued"))
        async with database.write() as tx:
            await tx.execute(mine.values(state="cancelled", reason=NOT_NEUTRAL))
        async with database.read() as tx:
            row = await db.broadcast_accounts.get(tx, broadcast)
            assert row is not None
            progress = await db.broadcast_accounts.progress(tx, row, None)
        assert progress.not_neutral.total == (row.kind == "civic_neutral"), made


async def test_the_programs_own_reminder_leaves_on_the_eve(database: Database) -> None:
    conversation = Conversation(database, EVE)
    for number, vote in enumerate((None, "voted", "cannot", "later"), 1):
        person = await supporter(conversation, number, LYON)
        if vote is not None:
            async with database.write() as tx:
                await db.vote_plans.change(tx, person=person, ballot=1, at=EVE, vote=vote)
    await supporter(conversation, 9, LYON, mutes_reminders=True)
    broadcast = await queued(database, template=REMINDER, details={"fields": ["place", "identity"]}, ballot=1)
    decisions = await looked_at(database, broadcast)
    assert [each.reason if isinstance(each, Stop) else "leaves" for each in decisions] == [
        "leaves",
        "voted",
        "cannot",
        "leaves",
        "muted",
    ]
    closed = paris("2016-11-20T19:00")
    async with database.write() as tx:
        await tx.execute(sa.update(delivered).values(state="queued"))
    (first, *_) = await looked_at(database, broadcast, now=closed)
    assert first == Stop(state="expired", reason="expired")


async def test_where_the_file_does_not_allow_them_they_wait(database: Database) -> None:
    await supporter(Conversation(database, EVE), 1, LYON)
    law = narrowed(PROFILES["fr-primary-2016"], Narrowing())
    broadcast = await queued(database, template=REMINDER, details={"fields": []}, ballot=1)
    (decision,) = await looked_at(database, broadcast, campaign=replace(CAMPAIGN, law=law))
    assert isinstance(decision, Wait)
    assert decision.reason == "civic_neutral_not_allowed"


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ([], None),
        # One that left on the same day, of a step or of staff, and two of staff within a week.
        ([("staff", EVE - timedelta(hours=3))], CapReason.DAY),
        ([("step", EVE - timedelta(hours=3))], CapReason.DAY),
        ([("staff", EVE - timedelta(days=1))], None),
        ([("staff", EVE - timedelta(days=1)), ("staff", EVE - timedelta(days=6))], CapReason.WEEK),
        ([("staff", EVE - timedelta(days=1)), ("step", EVE - timedelta(days=6))], None),
        ([("staff", EVE - timedelta(days=1)), ("staff", EVE - timedelta(days=7))], None),
    ],
)
async def test_neutral_reminders_of_staff_have_caps_of_their_own(
    database: Database, before: Sequence[tuple[str, datetime]], reason: CapReason | None
) -> None:
    await supporter(Conversation(database, EVE), 1, LYON)
    for number, (whose, at) in enumerate(before):
        of_a_step = (
            {"step": "go", "template": "go"}
            if whose == "step"
            else {"template": REMINDER, "details": {"fields": []}}
        )
        broadcast = await queued(database, key=f"before:{number}", ballot=1, **of_a_step)
        async with database.write() as tx:
            mine = delivered.c.broadcast == broadcast
            await tx.execute(sa.update(delivered).where(mine).values(state="sent", sent_at=at))
    broadcast = await queued(database, template=REMINDER, details={"fields": []}, ballot=1)
    foreseen = await forecast_of_all(database, broadcast)
    (decision,) = await looked_at(database, broadcast)
    assert (decision.reason if isinstance(decision, Wait) else None) == reason
    # Before it leaves, what is foreseen is what then happens, to the minute in which others left.
    if not isinstance(decision, Wait):
        assert (foreseen.at_once.total, foreseen.later, foreseen.lost) == (1, (), ())
    else:
        (held,) = (*foreseen.later, *foreseen.lost)
        assert (held.people.total, held.reason, foreseen.at_once.total) == (1, Held.CAP, 0)
        assert timedelta() <= held.until - decision.until <= timedelta(minutes=1)


async def forecast_of_all(database: Database, broadcast: int) -> Forecast:
    """What is told of a message before it leaves."""
    async with database.read() as tx:
        row = await db.broadcast_accounts.get(tx, broadcast)
        assert row is not None
        return await forecast_of(tx, row, CAMPAIGN, Reader(known_in=None), now=EVE)


async def test_who_answered_before_their_invitation_came_is_not_counted(database: Database) -> None:
    conversation = Conversation(database, EVE)
    event = await conversation.add_event("lyon1", starts="2016-11-24T19:00", titles={"fr": "Réunion"})
    for number, said in ((1, "no"), (2, None), (3, None)):
        person = await supporter(conversation, number, LYON)
        if said is not None:
            await answer(conversation, person, event, said)
    broadcast = await queued(database, kind="event_invite", template=INVITATION, event=event, now=EVE)
    assert (await forecast_of_all(database, broadcast)).people.total == 2
    async with database.write() as tx:
        await tx.execute(sa.update(delivered).values(state="expired"))
    async with database.read() as tx:
        row = await db.broadcast_accounts.get(tx, broadcast)
        assert row is not None
        again = await forecast_again(tx, row, ["69"], CAMPAIGN, Reader(known_in=None), now=EVE)
    assert again.people.total == 2


async def test_a_reminder_of_staff_never_keeps_that_of_a_step_from_leaving(database: Database) -> None:
    noon = paris("2016-11-20T12:00")
    await supporter(Conversation(database, EVE), 1, LYON)
    broadcast = await queued(database, template=REMINDER, details={"fields": []}, ballot=1)
    async with database.write() as tx:
        await tx.execute(sa.update(delivered).values(state="sent", sent_at=noon - timedelta(hours=1)))
        assert await plan(tx, CAMPAIGN, noon) == 1
        go = await tx.scalar(sa.select(broadcasts.c.id).where(broadcasts.c.key == step_key(1, "go")))
    assert go is not None
    (decision,) = await looked_at(database, go, now=noon)
    assert isinstance(decision, Call)
    assert broadcast != go


async def test_a_step_of_which_the_file_says_otherwise_leaves_as_it_says_from_the_next_tick_on(
    database: Database,
) -> None:
    """Until then it waits: neither its kind nor its words are those of the file."""
    evening = paris("2016-11-16T18:30")
    await supporter(Conversation(database, EVE), 1, LYON)
    otherwise = changed_file("plan", template="echo")
    number = sa.select(broadcasts.c.id).where(broadcasts.c.key == step_key(1, "plan"))
    async with database.write() as tx:
        assert await plan(tx, CAMPAIGN, evening) == 1
        before = await tx.scalar(number)
    assert before is not None
    (waits,) = await looked_at(database, before, now=evening, campaign=otherwise)
    assert isinstance(waits, Wait)
    assert waits.state == "queued"
    async with database.write() as tx:
        await plan(tx, otherwise, evening)
        after = await tx.scalar(number)
        assert after not in (None, before)
        await tx.execute(sa.update(delivered).values(state="queued"))
    assert after is not None
    (leaves,) = await looked_at(database, after, now=evening, campaign=otherwise)
    assert isinstance(leaves, Call)


async def test_a_step_of_which_the_file_says_otherwise_since_it_was_leased_waits_for_a_moment(
    database: Database,
) -> None:
    """Nobody has it yet: of its former version nothing is left when it is looked at."""
    evening = paris("2016-11-16T18:30")
    await supporter(Conversation(database, EVE), 1, LYON)
    otherwise = changed_file("plan", template="echo")
    async with database.write() as tx:
        await plan(tx, CAMPAIGN, evening)
        before = await tx.scalar(sa.select(broadcasts.c.id).where(broadcasts.c.key == step_key(1, "plan")))
        assert before is not None
        rows = await deliveries.lease(tx, [(before, 100)], owner="sender", now=evening)
        assert len(rows) == 1
        await plan(tx, otherwise, evening)
    async with database.read() as tx:
        (waits,) = await a_departure(otherwise, MovableClock(evening, speed=0)).prepare(tx, rows)
    assert isinstance(waits, Wait)
    assert waits.state == "queued"


@pytest.mark.parametrize("about", [LAST_CHOICE, RENEWAL])
async def test_what_we_ask_by_ourselves_waits_for_the_end_of_a_quiet_period(
    database: Database, about: str
) -> None:
    """It bears the campaign's name, and loses nothing by waiting; it wakes nobody up either."""
    renews = {"renew_contact": True} if about == RENEWAL else {}
    await supporter(Conversation(database, EVE), 1, LYON, **renews)
    out = replace(CAMPAIGN, out_after=1) if about == LAST_CHOICE else CAMPAIGN
    saturday, sunday = paris("2016-11-26T10:00"), paris("2016-11-27T19:00")
    values = {"step": LAST_CHOICE, "template": LAST_CHOICE} if about == LAST_CHOICE else {"template": RENEWAL}
    broadcast = await queued(database, kind="service", ballot=1, now=saturday, **values)
    (decision,) = await looked_at(database, broadcast, now=saturday, campaign=out)
    assert decision == Wait(until=sunday, reason="quiet_period", state="withheld")
    async with database.write() as tx:
        await tx.execute(sa.update(delivered).values(state="queued", due_at=saturday))
    (decision,) = await looked_at(database, broadcast, now=sunday, campaign=out)
    assert isinstance(decision, Call)


async def test_that_an_event_is_cancelled_is_told_without_its_name(database: Database) -> None:
    """What it was called was typed: from the first second of the quiet period it is told by day, hour and commune."""
    conversation = Conversation(database, EVE)
    person = await supporter(conversation, 1, LYON, language="en")
    event = await conversation.add_event(
        "lyon1", starts="2016-11-24T19:00", titles={"fr": "Votez Camille Durand !"}
    )
    await answer(conversation, person, event, "yes")
    midnight = paris("2016-11-19T00:00")
    for now, is_named in ((midnight - timedelta(seconds=1), True), (midnight, False)):
        broadcast = await queued(
            database, key=f"event:{now}", kind="event_service", event=event, template=CANCELLATION, now=now
        )
        (decision,) = await looked_at(database, broadcast, now=now)
        assert isinstance(decision, Call)
        said = as_read(parse_html(decision.payload["text"]))
        assert ("Votez Camille Durand" in said) == ("Équipe Camille Durand" in said) == is_named
        assert "Thursday 24 November" in said
        assert "Lyon" in said
        # Worded before, it must not leave once the quiet period has begun.
        assert decision.leave_before == (midnight if is_named else None)
