"""The last look before a message leaves, on the rows of a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

import db.broadcast_accounts
import db.broadcasts
from bot import communes
from bot.actions.forecasts import forecast_of
from bot.actions.planning import plan
from bot.campaign.campaign import Campaign
from bot.clock import MovableClock
from bot.delivery.calls import Call
from bot.delivery.outcomes import Wait
from bot.departure.compose import Composer
from bot.departure.decide import Departure
from bot.rules.courtesy import CapReason
from bot.rules.small_counts import Reader
from bot.words.texts import Texts
from db import deliveries
from db.deliveries import Leased
from db.engine import Database
from db.schema import broadcasts, people
from db.schema import deliveries as delivered
from tests.campaigning import supporter
from tests.conversation import BOT, CAMPAIGN, Conversation, paris

NOW = paris("2016-11-16T10:00")


def a_departure(campaign: Campaign = CAMPAIGN, clock: MovableClock | None = None) -> Departure:
    texts = Texts({"campaign": campaign})
    composer = Composer(texts=texts, campaign=campaign, gazetteer=communes.load(), bot_username=BOT)
    clock = clock or MovableClock(NOW, speed=1.0)
    return Departure(campaign=campaign, texts=texts, composer=composer, clock=clock, bot_username=BOT)


async def taken(database: Database, key: str, **texts: str) -> list[Leased]:
    """A broadcast to everybody, whose deliveries the sender has just leased. `texts` by language."""
    values = {
        "key": key,
        "kind": "persuasion",
        "audience": {},
        "area": "FR",
        "starts_at": NOW,
        "created_at": NOW,
        "state": "active",
    }
    async with database.write() as tx:
        broadcast = await db.broadcasts.create(tx, values, texts or {"fr": "Bonjour", "en": "Hello"})
        assert broadcast is not None
        everybody = sa.select(people.c.id)
        expires = NOW + timedelta(days=2)
        await db.broadcasts.queue_deliveries(
            tx, broadcast=broadcast, people=everybody, due_at=NOW, expires_at=expires, now=NOW
        )
        return await deliveries.lease(tx, [(broadcast, 10)], owner="sender", now=NOW)


async def test_those_who_are_alike_get_their_own_words_and_the_others_what_is_right_for_them(
    database: Database,
) -> None:
    """One batch: what is found for one of many is told to nobody whom it does not fit."""
    conversation = Conversation(database, NOW)
    readers: list[tuple[dict[str, Any], str]] = [
        ({"first_name": "Awa <3", "commune": "69123"}, "Awa &lt;3 de Lyon, 8\xa0h\xa0–\xa019\xa0h"),
        ({"first_name": "Zoé", "commune": "69123"}, "Zoé de Lyon, 8\xa0h\xa0–\xa019\xa0h"),
        ({"first_name": "Éloi", "commune": "13055"}, "Éloi de Marseille, 8\xa0h\xa0–\xa019\xa0h"),
        ({"first_name": None, "commune": "69123"}, " de Lyon, 8\xa0h\xa0–\xa019\xa0h"),
        ({"first_name": "Ann", "commune": "69123", "language": "en"}, "Ann of Lyon, 08:00"),
        ({"first_name": "Tea", "commune": "98735"}, "courtesy_hours"),
        ({"commune": "69123", "mutes_news": True}, "muted"),
        ({"commune": "69123", "state": "stopped"}, "not_a_supporter"),
        ({"commune": "69123", "unreachable_at": NOW}, "blocked"),
        ({"commune": "69123", "undisturbed_until": NOW + timedelta(minutes=9)}, "undisturbed"),
    ]
    for number, (values, _expected) in enumerate(readers, 1):
        commune = values.pop("commune")
        await supporter(conversation, number, commune, **values)
    rows = await taken(
        database,
        "staff:1",
        fr="{{ first_name }} de {{ commune }}, {{ polling_hours }}",
        en="{{ first_name }} of {{ commune }}, {{ polling_hours }}",
    )
    async with database.read() as tx:
        decisions = await a_departure().prepare(tx, rows)
    for row, decision in zip(rows, decisions, strict=True):
        assert row.person is not None
        expected = readers[row.person - 1][1]
        if isinstance(decision, Call):
            assert decision.chat == row.person
            assert str(decision.payload["text"]).startswith(expected)
        else:
            assert decision.reason == expected


async def test_two_broadcasts_in_close_batches_keep_to_one_a_day(database: Database) -> None:
    """The first was let go and has not left yet when the second is looked at."""
    await supporter(Conversation(database, NOW), 1, "69123")
    departure = a_departure()
    decisions = []
    for key in ("staff:1", "staff:2"):
        rows = await taken(database, key)
        async with database.read() as tx:
            decisions += await departure.prepare(tx, rows)
    first, second = decisions
    assert isinstance(first, Call)
    assert isinstance(second, Wait)
    assert second.reason == CapReason.DAY


@pytest.mark.parametrize(("hours", "first"), [(48, 0), (5, 1)])
async def test_of_two_to_one_person_the_urgent_leaves_first_and_else_the_older(
    database: Database, hours: int, first: int
) -> None:
    """Whichever the sender comes to before, and however far behind in its own queue the other one stands."""
    await supporter(Conversation(database, NOW), 1, "69123")
    rows = [*await taken(database, "staff:1"), *await taken(database, "staff:2")]
    expires = NOW + timedelta(hours=hours)
    async with database.write() as tx:
        mine = sa.update(delivered).where(delivered.c.id == rows[1].id)
        await tx.execute(mine.values(expires_at=expires))
        await tx.execute(sa.update(delivered).values(state="queued"))
    rows[1] = rows[1]._replace(expires_at=expires)
    async with database.read() as tx:
        (waits,) = await a_departure().prepare(tx, [rows[1 - first]])
        (leaves,) = await a_departure().prepare(tx, [rows[first]])
    assert isinstance(leaves, Call)
    assert isinstance(waits, Wait)
    assert waits.reason == CapReason.DAY


async def test_nothing_waits_for_what_is_due_and_does_not_leave(database: Database) -> None:
    await supporter(Conversation(database, NOW), 1, "69123", mutes_events=True)
    (older,), (newer,) = await taken(database, "staff:1"), await taken(database, "staff:2")
    of = sa.update(broadcasts).where(broadcasts.c.id == older.broadcast)
    for values in (
        {"state": "paused"},
        {"state": "active", "kind": "event_invite"},
        {"kind": "civic_neutral"},
    ):
        async with database.write() as tx:
            await tx.execute(of.values(**values))
        async with database.read() as tx:
            (leaves,) = await a_departure().prepare(tx, [newer])
        assert isinstance(leaves, Call), values


async def test_a_step_that_the_file_has_no_more_holds_no_other_message(database: Database) -> None:
    """It cannot be decided itself; what else its people are to get leaves, and is foreseen."""
    await supporter(Conversation(database, NOW), 1, "69123")
    (older,), (newer,) = await taken(database, "staff:1"), await taken(database, "staff:2")
    values = {"kind": "gotv", "step": "renamed", "ballot": 1}
    async with database.write() as tx:
        await tx.execute(sa.update(broadcasts).where(broadcasts.c.id == older.broadcast).values(**values))
    async with database.read() as tx:
        (leaves,) = await a_departure().prepare(tx, [newer])
        message = await db.broadcast_accounts.get(tx, newer.broadcast)
        assert message is not None
        foreseen = await forecast_of(tx, message, CAMPAIGN, Reader(known_in=None), now=NOW)
    assert isinstance(leaves, Call)
    assert foreseen.at_once.total == 1


async def test_what_a_step_left_that_the_file_has_no_more_waits_for_it_and_is_told_of_once(
    database: Database,
) -> None:
    """A step, or a ballot, may go from the file while everybody has its message queued: nothing fails over each."""
    for number in range(3):
        await supporter(Conversation(database, NOW), number, "69123")
    departure = a_departure(clock=MovableClock(NOW, speed=0))
    for step, ballot, words in (("renamed", 1, ["renamed"]), ("renamed", 1, []), ("plan", 7, ["plan"])):
        rows = await taken(database, f"staff:{step}{ballot}{len(words)}")
        values = {"kind": "gotv", "step": step, "ballot": ballot}
        async with database.write() as tx:
            await tx.execute(
                sa.update(broadcasts).where(broadcasts.c.id == rows[0].broadcast).values(**values)
            )
        with capture_logs() as logs:
            async with database.read() as tx:
                decisions = await departure.prepare(tx, rows)
        waits = Wait(until=NOW + timedelta(minutes=10), reason=deliveries.PREPARE_FAILED, state="queued")
        assert decisions == [waits] * 3
        assert [each["step"] for each in logs if each["event"] == "step_gone"] == words


async def test_minutes_of_a_fast_clock_are_moments(database: Database) -> None:
    """In a demonstration an hour passes in a minute: the first has not left yet, though the clock has gone on."""
    await supporter(Conversation(database, NOW), 1, "69123")
    clock = MovableClock(NOW, speed=60.0)
    departure = a_departure(clock=clock)
    for key, expected in (("staff:1", Call), ("staff:2", Wait)):
        rows = await taken(database, key)
        async with database.read() as tx:
            (decision,) = await departure.prepare(tx, rows)
        assert isinstance(decision, expected)
        clock.move(NOW + timedelta(minutes=2))


async def test_a_message_looked_at_again_does_not_stand_in_its_own_way(database: Database) -> None:
    await supporter(Conversation(database, NOW), 1, "69123")
    departure = a_departure()
    rows = await taken(database, "staff:1")
    async with database.read() as tx:
        for _ in range(2):
            (decision,) = await departure.prepare(tx, rows)
            assert isinstance(decision, Call)


@pytest.mark.parametrize(
    ("before", "step_leaves", "news_leave"),
    [
        (1, True, True),
        # The most in a week for somebody silent; but not for what remains for the silent.
        (2, True, False),
        # The general cap holds for both.
        (3, False, False),
    ],
)
async def test_what_remains_for_the_silent_gives_way_to_the_general_caps_alone(
    database: Database, before: int, *, step_leaves: bool, news_leave: bool
) -> None:
    """The second round's `echo`, two days before it, to somebody who has answered nothing since the first."""
    assert CAMPAIGN.step("echo").when_silent
    now = paris("2016-11-25T18:00")
    await supporter(Conversation(database, NOW), 1, "69123", unanswered=5)
    for days in range(1, before + 1):
        for row in await taken(database, f"staff:{days}"):
            async with database.write() as tx:
                gone = {"state": "sent", "sent_at": now - timedelta(days=days)}
                await tx.execute(sa.update(delivered).where(delivered.c.id == row.id).values(gone))
    async with database.write() as tx:
        assert await plan(tx, CAMPAIGN, now) == 1
        step = await tx.scalar(sa.select(broadcasts.c.id).where(broadcasts.c.key == "step:2:echo"))
        assert step is not None
        echo = await deliveries.lease(tx, [(step, 10)], owner="sender", now=now)
    for rows, leaves in ((echo, step_leaves), (await taken(database, "staff:news"), news_leave)):
        async with database.read() as tx:
            (decision,) = await a_departure(clock=MovableClock(now, speed=0)).prepare(tx, rows)
        assert isinstance(decision, Call) == leaves
        assert leaves or decision.reason == CapReason.WEEK


@pytest.mark.parametrize("paid", [False, True])
async def test_each_message_says_whether_the_campaign_pays(database: Database, paid: bool) -> None:
    await supporter(Conversation(database, NOW), 1, "69123")
    departure = a_departure(replace(CAMPAIGN, paid_broadcasts=paid))
    rows = await taken(database, "staff:1")
    async with database.read() as tx:
        (decision,) = await departure.prepare(tx, rows)
    assert isinstance(decision, Call)
    assert decision.payload.get("allow_paid_broadcast") is (True if paid else None)


async def leased_on(database: Database, now: datetime) -> list[Leased]:
    """What the planner queues at an instant, as the sender has just leased it."""
    async with database.write() as tx:
        await plan(tx, CAMPAIGN, now)
        due = await db.broadcasts.active(tx)
        return await deliveries.lease(tx, [(each.id, 100) for each in due], owner="sender", now=now)


async def test_who_answered_nothing_gets_the_last_call(database: Database) -> None:
    """They never said a word about this vote: there is no plan of theirs to look at."""
    await supporter(Conversation(database, NOW), 1, None)
    for now in (paris("2016-11-20T11:00"), paris("2016-11-20T16:30")):  # `go`, and `last` which follows it
        rows = await leased_on(database, now)
        async with database.write() as tx:
            (decision,) = await a_departure(clock=MovableClock(now, speed=0)).prepare(tx, rows)
            sent = sa.update(delivered).values(state="sent", sent_at=now)
            await tx.execute(sent.where(delivered.c.id == rows[0].id))
        assert isinstance(decision, Call), decision
