"""A cap is asked once for all who stand before it alike: what stands in for their messages is answered as those are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.rules.courtesy import WEEK, CapReason, Caps, capped
from bot.rules.kinds import Kind
from bot.rules.leaving import COURTESY_HOURS, hold
from bot.rules.reaching import like_those_sent, today_in
from tests.conversation import CAMPAIGN

ZONES = ("Europe/Paris", "Pacific/Noumea", "America/Miquelon")


@st.composite
def caps(draw: st.DrawFn) -> Caps:
    per_week = draw(st.integers(1, 5))
    return Caps(
        per_day=draw(st.integers(1, 3)),
        per_week=per_week,
        per_week_when_silent=draw(st.integers(1, per_week)),
        silent_after=2,
    )


@given(
    caps=caps(),
    ago=st.lists(st.integers(0, 8 * 24 * 60), max_size=8),
    zone=st.sampled_from(ZONES),
    silent=st.booleans(),
    later=st.integers(0, 72),
    days_held=st.integers(0, 3),
)
def test_the_caps_answer_the_same(
    caps: Caps, ago: list[int], zone: str, silent: bool, later: int, days_held: int
) -> None:
    now = datetime(2016, 11, 8, 9, tzinfo=UTC)
    # What is held leaves first, and fills the next days.
    held = [now + timedelta(days=1 + day) for day in range(days_held) for _ in range(caps.per_day)]
    sent = sorted((*held, *(now - timedelta(minutes=minutes) for minutes in ago)), reverse=True)
    recent = [each for each in sent if each > now - WEEK]
    start, end = today_in(zone, now)
    per_week = caps.per_week_when_silent if silent else caps.per_week
    standing = like_those_sent(
        now=now,
        caps=caps,
        silent=silent,
        today=sum(start <= each < end for each in recent) >= caps.per_day,
        fills_week=recent[per_week - 1] if len(recent) >= per_week else None,
        held=len(held),
        held_from=min(held, default=None),
        held_until=max(held, default=None),
    )
    unanswered = caps.silent_after if silent else 0
    # At once, and whenever it is asked again.
    at = now + timedelta(hours=later)
    asked = {"kind": Kind.PERSUASION, "now": at, "zone": zone, "caps": caps, "unanswered": unanswered}
    assert capped(sent=standing, **asked) == capped(sent=recent, **asked)
    leaving = {"kind": Kind.PERSUASION, "territory": "FR", "zone": zone, "unanswered": unanswered}
    policy = replace(CAMPAIGN.policy, caps=caps)
    assert hold(sent=standing, now=now, policy=policy, **leaving) == hold(
        sent=recent, now=now, policy=policy, **leaving
    )


def test_what_waits_for_one_day_fills_as_many_days_as_there_are_messages() -> None:
    """Three that are held until the same Thursday leave on three days: a fourth leaves on Sunday."""
    now, thursday = datetime(2016, 11, 16, 17, tzinfo=UTC), datetime(2016, 11, 17, 8, tzinfo=UTC)
    one_a_day = Caps(per_day=1, per_week=9, per_week_when_silent=9)
    standing = like_those_sent(
        now=now,
        caps=one_a_day,
        silent=False,
        today=True,
        fills_week=None,
        held=3,
        held_from=thursday,
        held_until=thursday,
    )
    found = hold(
        kind=Kind.PERSUASION,
        territory="FR",
        zone="Europe/Paris",
        now=now,
        policy=replace(CAMPAIGN.policy, caps=one_a_day, ballots=()),
        sent=standing,
    )
    assert found is not None
    assert found.until == datetime(2016, 11, 20, 8, tzinfo=UTC)
    assert found.reason == CapReason.DAY


def test_the_reason_is_what_keeps_it_and_not_the_night_that_it_begins_in() -> None:
    night = datetime(2016, 11, 10, 2, tzinfo=UTC)
    asked = {"kind": Kind.PERSUASION, "territory": "FR", "zone": "Europe/Paris", "now": night}
    week = [night - timedelta(days=days) for days in (2, 3, 4)]
    for sent, reason in (((), COURTESY_HOURS), (week, CapReason.WEEK)):
        found = hold(**asked, policy=CAMPAIGN.policy, sent=sent)
        assert found is not None
        assert found.reason == reason
