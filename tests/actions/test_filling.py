"""A message for many is queued for them after its transaction; meanwhile all that is told and done of it is true."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_accounts
import db.broadcasts
import db.delivery_accounts
import db.filling
import db.mends
import db.people
import db.planning
from bot.actions import (
    broadcast_approvals,
    broadcast_changes,
    broadcast_control,
    broadcasts,
    forecasts,
    mends,
)
from bot.actions.broadcast_approvals import ApprovalDecision
from bot.actions.broadcasts import NewBroadcast
from bot.clock import MovableClock
from bot.rules.experiments import Experiment, Outcome
from bot.rules.expression_text import expression_in
from bot.rules.leaves import read_leaf
from bot.rules.sending import USEFUL_FOR, each_at
from bot.rules.small_counts import Headcount, Reader
from bot.ticking import Ticker
from db.engine import Database
from db.schema import broadcasts as table
from db.schema import deliveries, fillings, people
from tests.conversation import CAMPAIGN
from tests.filling import HOUR, MANY, NEWS, NOW, author, fill, is_filling, rows, sent, the_author
from tests.places import place_of
from tests.thorough import IS_THOROUGH


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db.planning, "PORTION", 2)


async def test_the_transaction_queues_the_first_and_a_tick_the_others(database: Database) -> None:
    told: list[None] = []
    queued = await sent(database)
    assert queued.people == MANY
    assert len(await rows(database, "person")) == 2
    clock = MovableClock(NOW, speed=0)
    await Ticker(database=database, campaign=CAMPAIGN, clock=clock, queued=lambda: told.append(None)).tick()
    assert await rows(database, "due_at", "expires_at", "state") == [(NOW, NOW + USEFUL_FOR, "queued")] * MANY
    assert len(told) == 3, "the sender hears of each portion"
    assert not await is_filling(database)


async def test_what_else_is_due_has_its_turn_while_it_is_filled(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each beat fills for a time, and the next one fills on, though nobody asks it to."""
    monkeypatch.setattr("bot.ticking.FILLING_SECONDS", 0)
    looked = []

    async def look(_tx: AsyncConnection) -> None:
        looked.append(await is_filling(database))

    await sent(database)
    ticker = Ticker(
        database=database,
        campaign=CAMPAIGN,
        clock=MovableClock(NOW, speed=0),
        queued=lambda: None,
        looks=(look,),
    )
    while not ticker.is_current:
        await ticker.tick(patient=True)
    assert looked == [True, True, True, False]
    assert len(await rows(database, "person")) == MANY


async def test_for_few_all_is_in_the_transaction(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db.planning, "PORTION", MANY)
    await sent(database)
    assert len(await rows(database, "person")) == MANY
    assert not await is_filling(database)


async def test_it_is_not_over_before_it_is_filled(database: Database) -> None:
    """All who have it in their queue got it, and nobody else has it yet."""
    queued = await sent(database)
    left = sa.update(deliveries).values(state="sent", sent_at=NOW)
    async with database.write() as tx:
        await tx.execute(left)
        assert not await db.broadcasts.needs_sender(tx, NOW)
        assert await db.broadcasts.finish_complete(tx, NOW) == []
        progress = await broadcast_control.followed(tx, await the_author(tx), queued.broadcast)
        assert (progress.account.people.total, progress.count("sent").total) == (MANY, 2)
        assert progress.waiting.total == MANY - 2
        assert not progress.is_over
    await fill(database)
    async with database.write() as tx:
        assert await db.broadcasts.needs_sender(tx, NOW)
        await tx.execute(left)
        assert await db.broadcasts.finish_complete(tx, NOW) == [queued.broadcast]


async def test_it_is_not_over_where_more_came_than_it_was_ordered_for(database: Database) -> None:
    queued = await sent(database)
    async with database.write() as tx:
        await tx.execute(sa.update(fillings).values(people=2))
        await tx.execute(sa.update(deliveries).values(state="sent"))
        progress = await broadcast_control.followed(tx, await the_author(tx), queued.broadcast)
        assert not progress.is_over


async def test_its_progress_is_another_with_each_portion(database: Database) -> None:
    """Also where nobody is left of those who are next."""
    queued = await sent(database)
    seen: list[object] = []
    async with database.write() as tx:
        await tx.execute(sa.delete(people).where(people.c.telegram_id > 1003))
    for _ in range(3):
        async with database.write() as tx:
            seen.append((await db.broadcast_accounts.marks(tx, [queued.broadcast]))[queued.broadcast])
            await db.filling.fill_some(tx, queued.broadcast, NOW)
    assert all(one != other for one, other in pairwise(seen))


async def test_what_is_cancelled_is_filled_no_more(database: Database) -> None:
    queued = await sent(database)
    async with database.write() as tx:
        await broadcast_control.control(tx, await the_author(tx), queued.broadcast, "cancel")
        progress = await broadcast_control.followed(tx, await the_author(tx), queued.broadcast)
        assert progress.is_over
        assert progress.cancelled.total == 2
    await fill(database)
    assert len(await rows(database, "person")) == 2
    async with database.write() as tx:
        assert await db.broadcasts.close_some(tx, NOW) == 2
        assert await db.broadcasts.finish_complete(tx, NOW) == [queued.broadcast]


async def test_what_was_called_off_elsewhere_is_filled_no_more(database: Database) -> None:
    """As by the restore of a backup, which takes its state from another database."""
    await sent(database)
    async with database.write() as tx:
        await tx.execute(sa.update(table).values(state="cancelled"))
    await fill(database)
    assert len(await rows(database, "person")) == 2
    assert not await is_filling(database)


async def test_what_is_paused_is_filled_and_leaves_when_it_goes_on(database: Database) -> None:
    queued = await sent(database)
    async with database.write() as tx:
        await broadcast_control.control(tx, await the_author(tx), queued.broadcast, "pause")
    await fill(database)
    assert len(await rows(database, "person")) == MANY
    async with database.write() as tx:
        assert await db.broadcasts.active(tx) == []
        await broadcast_control.control(tx, await the_author(tx), queued.broadcast, "resume")
        assert len(await db.broadcasts.active(tx)) == 1


async def test_whether_a_second_person_looks_is_asked_of_all_of_them(database: Database) -> None:
    assert (await sent(database, approval_above=MANY - 1)).awaits_approval


async def approval_of(database: Database, *, at: datetime) -> None:
    async with database.write() as tx:
        second = replace(await the_author(tx, 9, approval_above=MANY - 1), now=at)
        broadcast = await tx.scalar(sa.select(table.c.id))
        approval = await broadcast_approvals.open_for(tx, second, broadcast)
        assert approval is not None
        view = await broadcast_approvals.shown_to(tx, second, approval, "fr")
        assert view.people.total == MANY
        assert view.forecast is not None
        assert view.forecast.people.total == MANY
        await broadcast_approvals.decide(tx, second, approval, ApprovalDecision.YES)


async def test_what_is_let_go_while_it_is_filled_leaves_for_all_from_then_on(database: Database) -> None:
    await sent(database, approval_above=MANY - 1)
    await approval_of(database, at=NOW + HOUR)
    await fill(database, at=NOW + HOUR)
    let_go = (NOW + HOUR, NOW + HOUR + USEFUL_FOR)
    assert await rows(database, "due_at", "expires_at") == [let_go] * MANY


async def test_what_is_put_off_while_it_is_filled_is_put_off_for_all(database: Database) -> None:
    queued, later = await sent(database), NOW + HOUR
    async with database.write() as tx:
        await db.broadcasts.put_off(tx, queued.broadcast, at=later, expires_at=later + USEFUL_FOR, now=NOW)
    await fill(database)
    assert await rows(database, "due_at", "expires_at") == [(later, later + USEFUL_FOR)] * MANY


async def test_what_is_of_use_until_another_instant_is_so_for_all(database: Database) -> None:
    queued = await sent(database, replace(NEWS, expires_at=NOW + 9 * HOUR))
    async with database.write() as tx:
        await db.broadcasts.expire_at(tx, queued.broadcast, NOW + HOUR)
    await fill(database)
    assert set(await rows(database, "expires_at")) == {NOW + HOUR}


async def test_what_expired_while_it_was_not_filled_is_told_of_all(database: Database) -> None:
    """As where the bot stood still: nobody gets it, and it can be sent again to all of them."""
    queued, late = await sent(database, replace(NEWS, expires_at=NOW + HOUR)), NOW + 2 * HOUR
    await fill(database, at=late)
    async with database.write() as tx:
        assert await db.broadcasts.close_some(tx, late) == MANY
        progress = await broadcast_control.followed(tx, await the_author(tx), queued.broadcast)
        assert progress.count("expired").total == MANY


async def test_what_is_written_anew_while_it_is_filled_is_for_its_new_audience_alone(
    database: Database,
) -> None:
    queued = await sent(database)
    async with database.write() as tx:
        spoken = sa.update(people).where(people.c.telegram_id >= 1004)
        await tx.execute(spoken.values(language="en"))
        new = replace(NEWS, audience=read_leaf("language:en"))
        assert await broadcast_changes.change(tx, await the_author(tx), queued.broadcast, new) == MANY - 4
    await fill(database)
    async with database.read() as tx:
        meant = list(await tx.scalars(sa.select(people.c.id).where(people.c.language == "en")))
    assert await rows(database, "person") == sorted(meant)


async def test_what_is_taken_back_while_it_is_filled_reaches_nobody_else(database: Database) -> None:
    queued = await sent(database)
    async with database.write() as tx:
        await tx.execute(sa.update(deliveries).values(state="sent", sent_at=NOW, message_id=5))
        number = await mends.recall(tx, await the_author(tx), queued.broadcast, key="mend:1")
    await fill(database)
    assert await rows(database, "broadcast") == [queued.broadcast] * 2 + [number] * 2


async def test_other_words_are_asked_of_all_who_are_to_read_them(database: Database) -> None:
    queued = await sent(database)
    async with database.write() as tx:
        await tx.execute(sa.update(deliveries).values(state="sent", sent_at=NOW, message_id=5))
        assert await db.mends.readers(tx, queued.broadcast) == MANY
        one = await the_author(tx, approval_above=MANY - 1)
        number = await mends.correct(tx, one, queued.broadcast, {"fr": "Bonsoir"}, key="mend:1")
        assert await db.broadcasts.state_of(tx, number) == "unapproved"


@pytest.fixture
def everybody_lives_somewhere() -> list[dict[str, Any]]:
    """Supporters of all sorts."""
    return [
        {
            "telegram_id": 1000 + number,
            "pseudonym": f"p{number}",
            "state": "registered" if number % 7 else "stopped",
            "consent_contact": True,
            "consent_commune": bool(number % 5),
            "consent_team": bool(number % 3),
            "language": "fr" if number % 4 else "en",
            "volunteer": not number % 4,
            "mutes_news": number % 11 == 5,
            "registered_at": NOW - number * timedelta(days=3),
            "created_at": NOW,
            "seen_at": NOW,
            "zone": ("Europe/Paris", "America/Guadeloupe", "Pacific/Noumea", None)[number % 4],
            "territory": "FR",
            **place_of(("69123", "69266", "13055", "75056")[number % 4]),
        }
        for number in range(30)
    ]


SAMPLED = replace(NEWS, audience=expression_in("sample:50"))
DRAWN = Experiment(versions=2, holdout=30, goal=Outcome.RSVP)
COMPARED = replace(NEWS, others=[{"fr": "Salut"}], experiment=DRAWN)
WORDS = ("in:69", "near:69123:20", "not in:69 and language:fr", "joined:<30d or volunteer", "not joined:<30d")
MESSAGES = [
    *(NEWS, SAMPLED, COMPARED),
    *(replace(NEWS, audience=expression_in(text)) for text in (*WORDS, "rsvp:any:silent")),
    replace(NEWS, when=each_at(NOW + HOUR)),
    replace(NEWS, when=each_at(NOW + HOUR), expires_at=NOW + 99 * HOUR),
]
# Whom words mean is held for both engines by tests/actions/test_expressions.py: by day PostgreSQL has what draws.
TWICE = MESSAGES if IS_THOROUGH else [NEWS, SAMPLED, COMPARED]


@pytest.mark.parametrize(
    ("database", "new"),
    [*(("sqlite", new) for new in MESSAGES), *(("postgresql", new) for new in TWICE)],
    indirect=["database"],
    ids=lambda value: (
        value
        if isinstance(value, str)
        else f"{value.audience} {value.when.local} {value.experiment is not None} {value.expires_at}"
    ),
)
async def test_it_is_for_the_same_people_as_in_one_transaction(
    database: Database,
    everybody_lives_somewhere: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    new: NewBroadcast,
) -> None:
    """However long after the order it is filled."""
    columns = ("person", "state", "due_at", "expires_at", "variant")
    async with database.write() as tx:
        one = await author(tx, 7, "coordinator")
        await tx.execute(sa.insert(people), everybody_lives_somewhere)
        queued = await broadcasts.send(tx, one, new)
        account = await db.delivery_accounts.account(tx, queued.broadcast, None)
    assert account.people.total == queued.people
    assert await is_filling(database)
    await fill(database, at=NOW + timedelta(days=8))
    in_portions = await rows(database, *columns)
    monkeypatch.setattr(db.planning, "PORTION", 1_000)
    async with database.write() as tx:
        # The same number: it draws the same.
        await tx.execute(sa.delete(deliveries))
        target = await broadcasts.target_of(tx, one, new.audience, ["FR"])
        assert await broadcasts.fill(tx, queued.broadcast, new, target, now=NOW) == queued.people
    assert await rows(database, *columns) == in_portions


async def test_who_comes_goes_or_changes_meanwhile(database: Database) -> None:
    await sent(database)
    async with database.write() as tx:
        numbers = list(await tx.scalars(sa.select(people.c.id).where(people.c.state == "registered")))
        await db.people.change(tx, numbers[3], state="stopped")
        await db.people.change(tx, numbers[4], mutes_news=True)
        await tx.execute(sa.delete(people).where(people.c.id == numbers[5]))
        base = {"state": "registered", "consent_contact": True, "created_at": NOW, "seen_at": NOW}
        await tx.execute(sa.insert(people).values(telegram_id=5_000, pseudonym="new", **base))
    await fill(database)
    assert await rows(database, "person") == [*numbers[:3], numbers[6]]
    assert not await is_filling(database)


async def test_who_reads_in_tens_reads_the_same_while_it_is_filled_and_after(
    database: Database, everybody_lives_somewhere: list[dict[str, Any]]
) -> None:
    reader = Reader(known_in=("69",))
    async with database.write() as tx:
        one = await author(tx, 7, "coordinator")
        await tx.execute(sa.insert(people), everybody_lives_somewhere)
        queued = await broadcasts.send(tx, one, NEWS)
    seen: list[Headcount] = []

    async def look(tx: AsyncConnection) -> None:
        seen.append((await db.delivery_accounts.account(tx, queued.broadcast, reader.known_in)).people)

    while await is_filling(database):
        async with database.write() as tx:
            await look(tx)
            await db.filling.fill_some(tx, queued.broadcast, NOW)
    async with database.read() as tx:
        await look(tx)
    assert len(seen) > 5
    assert set(seen) == {seen[-1]}
    assert seen[-1].known > 0


async def test_who_gets_it_is_foreseen_of_all_of_them(database: Database) -> None:
    queued = await sent(database, approval_above=MANY - 1)

    async def foreseen(tx: AsyncConnection) -> forecasts.Forecast:
        found = await db.broadcast_accounts.get(tx, queued.broadcast)
        assert found is not None
        return await forecasts.forecast_of(tx, found, CAMPAIGN, Reader(known_in=None), now=NOW)

    async with database.read() as tx:
        before = await foreseen(tx)
    await fill(database)
    async with database.read() as tx:
        assert await foreseen(tx) == before
    assert before.people.total == MANY


async def test_that_for_fewer_is_filled_first(database: Database) -> None:
    first = await sent(database)
    async with database.write() as tx:
        spoken = sa.update(people).where(people.c.telegram_id >= 1004)
        await tx.execute(spoken.values(language="en"))
        new = replace(NEWS, key="staff:2", audience=read_leaf("language:en"))
        second = await broadcasts.send(tx, await the_author(tx), new)
        assert second.people == MANY - 4
        assert await db.filling.next_one(tx) == second.broadcast != first.broadcast
