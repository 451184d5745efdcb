"""Word of changed hours: to whoever planned a time that is gone, once, in neutral words, also on the eve."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

import db.people
import db.vote_plans
from bot.actions import campaign_changes
from bot.actions.renewals import consent_texts
from bot.campaign.campaign import Campaign
from bot.clock import MovableClock
from bot.delivery.calls import Call
from bot.delivery.outcomes import Stop
from bot.rules.ballots import Hours, HoursException
from bot.words.texts import campaign_texts
from db import deliveries
from db.engine import Database
from db.facts import get_fact
from simulator.reading import as_read
from tests.campaigning import supporter
from tests.conversation import CAMPAIGN, Conversation, paris
from tests.departure.test_decide import a_departure

NOON = paris("2016-11-16T12:00")
EVE = paris("2016-11-19T12:00")
NIGHT = paris("2016-11-16T23:00")


def opening(at: int, closing: int = 19) -> Campaign:
    """The campaign as its file says it once the hours in Lyon are others."""
    exception = HoursException(area="69123", hours=Hours(opens=time(at), closes=time(closing)))
    first, *others = CAMPAIGN.ballots
    return replace(CAMPAIGN, ballots=(replace(first, exceptions=(exception,)), *others))


async def tell(database: Database, campaign: Campaign, now: datetime = NOON) -> int:
    texts = consent_texts(campaign_texts(campaign))
    async with database.write() as tx:
        told = await campaign_changes.tell_of_hours(tx, campaign, now)
        await campaign_changes.accept(tx, campaign, texts)
    return told


@pytest.fixture
async def planned(database: Database) -> Database:
    """Two in Lyon and one in Villeurbanne planned when to vote, and the bot ran with the hours of everybody."""
    await tell(database, CAMPAIGN)
    conversation = Conversation(database, NOON - timedelta(days=1))
    for number, (commune, slot) in enumerate(
        [("69123", "morning"), ("69123", "last_hour"), ("69266", "morning")]
    ):
        await supporter(conversation, number + 1, commune, language="en")
        async with database.write() as tx:
            person = await db.people.find(tx, number + 1)
            assert person is not None
            at = NOON - timedelta(days=1)
            await db.vote_plans.change(tx, person=person.id, ballot=1, at=at, slot=slot, intention="will")
    return database


async def decisions(database: Database, campaign: Campaign, at: datetime) -> list[object]:
    async with database.write() as tx:
        rows = await deliveries.lease(tx, [(1, 10)], owner="sender", now=at)
    async with database.read() as tx:
        return list(await a_departure(campaign, MovableClock(at, speed=0)).prepare(tx, rows))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (opening(11), 1),  # the morning is gone
        (opening(8, 20), 1),  # the last hour is another
        (opening(9), 0),  # all that was planned still holds
        (opening(11, 18), 2),
        (CAMPAIGN, 0),
    ],
)
async def test_who_is_told(planned: Database, changed: Campaign, told: int) -> None:
    async with planned.read() as tx:
        texts = consent_texts(campaign_texts(changed))
        assert (await campaign_changes.changes(tx, changed, texts, NOON)).gone == told
    assert await tell(planned, changed) == told
    assert await tell(planned, changed) == 0, "Once."


@pytest.mark.parametrize("now", [NOON, EVE])
async def test_it_leaves_in_neutral_words_even_on_the_eve(planned: Database, now: datetime) -> None:
    campaign = opening(11)
    assert await tell(planned, campaign, now) == 1
    (call,) = await decisions(planned, campaign, now)
    assert isinstance(call, Call)
    said = as_read(call.payload["text"])
    assert "The day or the hours of the vote have changed" in said
    assert "from 11:00 to 19:00" in said
    assert not [name for name in CAMPAIGN.own_names if name in said]
    buttons = [each for row in call.payload["reply_markup"]["inline_keyboard"] for each in row]
    assert "1:step:1:plan:open" in [each.get("callback_data") for each in buttons]


async def test_at_night_it_waits_for_the_morning(planned: Database) -> None:
    assert await tell(planned, opening(11), NIGHT) == 1
    assert await decisions(planned, opening(11), NIGHT) == []
    assert len(await decisions(planned, opening(11), NIGHT + timedelta(hours=10))) == 1


async def test_who_planned_anew_or_wants_no_reminders_is_left_alone(planned: Database) -> None:
    campaign = opening(11, 18)
    assert await tell(planned, campaign) == 2
    async with planned.write() as tx:
        first, second = await db.people.find(tx, 1), await db.people.find(tx, 2)
        assert first is not None
        assert second is not None
        at = NOON + timedelta(minutes=1)
        await db.vote_plans.change(tx, person=first.id, ballot=1, at=at, slot="midday")
        await db.people.change(tx, second.id, mutes_reminders=True)
    found = await decisions(planned, campaign, NOON + timedelta(minutes=2))
    assert sorted(each.reason for each in found if isinstance(each, Stop)) == ["muted", "replanned"]


async def test_what_was_accepted_is_kept(planned: Database) -> None:
    await tell(planned, opening(11))
    async with planned.read() as tx:
        accepted = await get_fact(tx, campaign_changes.FACT)
    assert accepted is not None
    assert accepted["hours"]["1"]["areas"] == {"69123": "11:00-19:00"}
