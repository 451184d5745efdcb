"""Which of the messages that wait for one person leaves first: one order, played as the sender plays it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.courtesy import WEEK, CapReason, Caps, capped
from bot.rules.kinds import Kind
from bot.rules.leaving import Hold, hold
from bot.rules.leaving_order import WaitingMessage, held_in_line, instants_of
from bot.rules.reaching import today_in
from tests.conversation import CAMPAIGN, paris

ZONES = ("Europe/Paris", "Pacific/Noumea", "America/Miquelon")
MORNING = paris("2016-11-08T10:00")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ONE_A_DAY = replace(CAMPAIGN.policy, caps=Caps(per_day=1, per_week=9, per_week_when_silent=9), ballots=())


def asks(one: WaitingMessage, now: datetime, sent: Collection[datetime]) -> Hold | None:
    return hold(kind=one.kind, territory="FR", zone="Europe/Paris", now=now, policy=ONE_A_DAY, sent=sent)


def message(
    number: int | None, *, due: timedelta = timedelta(), useful: timedelta = 2 * DAY
) -> WaitingMessage:
    due_at = MORNING + due
    return WaitingMessage(number=number, kind=Kind.PERSUASION, due_at=due_at, expires_at=due_at + useful)


def until(mine: WaitingMessage, *others: WaitingMessage, sent: Collection[datetime] = ()) -> datetime | None:
    found = held_in_line(mine, others, sent=sent, asks=asks)
    return None if found is None else found.until


TOMORROW = paris("2016-11-09T09:00")
OLD, URGENT, NEW = message(1), message(2, useful=5 * HOUR), message(None)


@pytest.mark.parametrize(
    ("mine", "others", "leaves"),
    [
        (URGENT, [OLD], None),  # it does not wait behind what can wait
        (OLD, [URGENT], TOMORROW),
        (message(1), [message(2)], None),  # of equals the older
        (message(2), [message(1)], TOMORROW),
        (NEW, [message(1), message(2)], TOMORROW + DAY),  # one a day
        (NEW, [message(1, due=HOUR)], None),  # it is gone by then
        (message(1, due=HOUR), [NEW], TOMORROW),
        (message(1), [message(2, due=-HOUR, useful=9 * DAY)], TOMORROW),  # which was there alone
        (message(3), [replace(URGENT, kind=Kind.CIVIC_NEUTRAL)], None),  # no cap counts it
    ],
)
def test_what_is_of_no_use_sooner_goes_first_and_of_equals_the_older(
    mine: WaitingMessage, others: list[WaitingMessage], leaves: datetime | None
) -> None:
    assert until(mine, *others) == leaves


def test_what_expires_before_its_turn_takes_nobody_s_day() -> None:
    """Of three that a cap holds until tomorrow two are over by then."""
    short = [message(number, useful=6 * HOUR) for number in (1, 2)]
    assert until(message(3), *short, sent=[MORNING - HOUR]) == TOMORROW
    lost = held_in_line(short[0], [], sent=[MORNING - HOUR], asks=asks)
    assert lost == Hold(reason=CapReason.DAY, until=TOMORROW)


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
    ago=st.lists(st.integers(0, 7 * 24 * 60 - 1), max_size=6),
    zone=st.sampled_from(ZONES),
    silent=st.booleans(),
    left=st.lists(st.integers(0, 200), max_size=3),
    later=st.integers(0, 72),
)
def test_the_caps_answer_the_same_where_of_some_only_the_day_is_known(
    caps: Caps, ago: list[int], zone: str, silent: bool, left: list[int], later: int
) -> None:
    """As many are known as the caps may ask for when, until all that waits has `left`."""
    now = datetime(2016, 11, 8, 9, tzinfo=UTC)
    sent = sorted(now - timedelta(minutes=minutes) for minutes in ago)
    start, end = today_in(zone, now)
    per_week = caps.per_week_when_silent if silent else caps.per_week
    asked = max(0, len(sent) + len(left) + 1 - per_week)
    like = instants_of(
        now=now,
        today_from=start,
        sent=len(sent),
        today=sum(start <= each < end for each in sent),
        known=sent[:asked] if asked < 2 else sent,
    )
    unanswered = caps.silent_after if silent else 0
    since = [now + timedelta(hours=hours) for hours in sorted(left)]
    at = max([now, *since]) + timedelta(hours=later)
    question = {"kind": Kind.PERSUASION, "now": at, "zone": zone, "caps": caps, "unanswered": unanswered}
    assert capped(sent=(*like, *since), **question) == capped(sent=(*sent, *since), **question)
    assert all(each > now - WEEK for each in like)
