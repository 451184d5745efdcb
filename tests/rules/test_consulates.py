"""Who votes at a consulate abroad: silence and hours by the clock of the place; who votes online, by that of Paris."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.campaign.campaign import load_campaign
from bot.rehearsal.almanac import Almanac
from bot.rules.ballots import Ballot
from bot.rules.kinds import Kind
from bot.rules.leaving import hold
from bot.rules.quiet import quiet
from bot.words.step_cases import _SOMEBODY
from bot.words.step_values import next_vote, vote_in
from tests.conversation import CAMPAIGN

PRESIDENTIAL = load_campaign(Path("campaigns/presidentielle-2027"))
ZONES = (
    "Pacific/Kiritimati",
    "Pacific/Auckland",
    "Pacific/Fiji",
    "Australia/Sydney",
    "Asia/Tokyo",
    "Asia/Kathmandu",
    "Africa/Cairo",
    "Europe/London",
    "America/Sao_Paulo",
    "America/New_York",
    "America/Los_Angeles",
    "Pacific/Honolulu",
    "Pacific/Pago_Pago",
)
PARIS = ZoneInfo("Europe/Paris")


def held_on(shift: int) -> tuple[Ballot, ...]:
    """The round, so many days later: summer and winter time, and the days on which one follows the other."""
    first = PRESIDENTIAL.ballots[0]
    days = timedelta(days=shift)
    pollings = tuple(replace(polling, day=polling.day + days) for polling in first.pollings)
    return (replace(first, day=first.day + days, pollings=pollings),)


def silent_at(zone: str | None, now: datetime, ballots: tuple[Ballot, ...]) -> bool:
    law = PRESIDENTIAL.law
    asked = {"kind": Kind.GOTV, "territory": "abroad", "now": now, "law": law, "ballots": ballots}
    return quiet(**asked, zone=zone) is not None  # type: ignore[arg-type]  # of each its own


@given(zone=st.sampled_from(ZONES), shift=st.integers(-200, 200), minute=st.integers(0, 6 * 24 * 60))
def test_the_eve_begins_at_whichever_midnight_comes_first(zone: str, shift: int, minute: int) -> None:
    """In Paris or where they live; whoever has no zone is silent as soon as anybody is; and the almanac agrees."""
    ballots = held_on(shift)
    earlier = timedelta(days=1 if zone.startswith("America/") or zone == "Pacific/Honolulu" else 0)
    eve = ballots[0].day - timedelta(days=1) - earlier
    begins = min(datetime.combine(eve, time(), tzinfo=each) for each in (PARIS, ZoneInfo(zone)))
    now = datetime.combine(eve - timedelta(days=2), time(), tzinfo=UTC) + timedelta(minutes=minute)
    closes = datetime.combine(ballots[0].day - earlier, time(20), tzinfo=ZoneInfo(zone))
    ends = max(ballots[0].metropolitan_close, closes.astimezone(UTC))
    silent = silent_at(zone, now, ballots)
    if closes.astimezone(UTC) <= ballots[0].metropolitan_close:
        assert silent is (begins <= now < ends)
    assert not (silent and now < ballots[0].metropolitan_close) or silent_at(None, now, ballots)
    almanac = Almanac(replace(PRESIDENTIAL, ballots=ballots, out_after=None))
    assert (almanac.is_quiet("gotv", "abroad", zone, now) is not None) is silent


@pytest.mark.parametrize(
    ("zone", "free", "silent"),
    [
        ("Pacific/Auckland", "2027-04-09T20:29", "2027-04-10T09:30"),  # 10:00 there is midnight in Paris
        ("Asia/Tokyo", "2027-04-09T20:29", "2027-04-10T09:00"),
        (None, "2027-04-08T20:29", "2027-04-09T09:00"),  # by the clock of Paris; it may be in the Americas
    ],
)
def test_no_partisan_message_leaves_on_the_eve_of_a_consulate(
    zone: str | None, free: str, silent: str
) -> None:
    for local, reason in ((free, None), (silent, "quiet_period")):
        now = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone or "Europe/Paris")).astimezone(UTC)
        policy = PRESIDENTIAL.policy
        held = hold(kind=Kind.PERSUASION, territory="abroad", zone=zone, now=now, policy=policy)
        assert (held and held.reason) == reason


@pytest.mark.parametrize(
    ("zone", "day"),
    [("America/Los_Angeles", 10), ("Pacific/Honolulu", 10), ("Asia/Tokyo", 11), ("Pacific/Auckland", 11)],
)
def test_who_votes_at_a_consulate_votes_by_its_clock(zone: str, day: int) -> None:
    person = _SOMEBODY._replace(territory="abroad", zone=zone)
    vote = vote_in(PRESIDENTIAL, PRESIDENTIAL.ballot(1), person=person, language="fr")
    assert vote is not None
    clock = ZoneInfo(zone)
    assert vote.opens_at.astimezone(clock) == datetime(2027, 4, day, 8, tzinfo=clock)
    assert vote.closes_at.astimezone(clock) == datetime.combine(vote.day, vote.closes, tzinfo=clock)
    noon = datetime(2027, 4, day, 12, tzinfo=clock).astimezone(UTC)
    assert vote.has_opened(noon)
    assert not vote.is_over(noon)
    held = next_vote(PRESIDENTIAL, person=person, language="fr", now=noon)
    assert held is not None
    assert held.ballot == 1
    # Online everybody votes by the clock of Paris.
    online = vote_in(CAMPAIGN, CAMPAIGN.ballot(1), person=person, language="fr")
    assert online is not None
    assert (online.zone, online.online) == ("Europe/Paris", True)
    assert online.opens_at == datetime(2016, 11, 19, 18, tzinfo=UTC)
