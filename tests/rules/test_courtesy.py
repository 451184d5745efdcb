"""Courtesy: the person's own hours, and how often."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UnknownZone
from bot.rules.courtesy import CapReason, Caps, CourtesyHours, capped, next_courteous
from bot.rules.kinds import COURTEOUS, PARTISAN, Kind
from bot.rules.territories import TERRITORIES, zone

HOURS = CourtesyHours()
CAPS = Caps()
ZONES = st.sampled_from(
    sorted(
        {territory.zone for territory in TERRITORIES.values()} | {"America/Los_Angeles", "Australia/Sydney"}
    )
)
FIRST = datetime(2016, 1, 1, tzinfo=UTC)
INSTANTS = st.timedeltas(timedelta(), timedelta(days=365 * 20)).map(FIRST.__add__)


def local(text: str, zone_name: str = "Europe/Paris") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone(zone_name))


@pytest.mark.parametrize(
    ("now", "evening", "expected"),
    [
        ("2016-11-16T08:59:59", False, "2016-11-16T09:00:00"),  # too early: the same morning
        ("2016-11-16T09:00:00", False, "2016-11-16T09:00:00"),  # at once
        ("2016-11-16T20:29:59", False, "2016-11-16T20:29:59"),
        ("2016-11-16T20:30:00", False, "2016-11-17T09:00:00"),  # too late: the next morning
        ("2016-11-20T20:30:00", True, "2016-11-20T20:30:00"),  # the thanks of the evening
        ("2016-11-20T21:29:59", True, "2016-11-20T21:29:59"),
        ("2016-11-20T21:30:00", True, "2016-11-21T09:00:00"),
        ("2016-10-29T22:00:00", False, "2016-10-30T09:00:00"),  # over the end of summer time
    ],
)
def test_a_message_leaves_at_the_next_courteous_hour(now: str, *, evening: bool, expected: str) -> None:
    found = next_courteous(
        now=local(now), zone="Europe/Paris", kind=Kind.PERSUASION, hours=HOURS, evening=evening
    )
    assert found == local(expected)


def test_the_hours_are_those_of_the_person() -> None:
    # 12:00 in Paris is 22:00 in Sydney: 9:00 there is 23:00 in Paris.
    found = next_courteous(
        now=local("2016-11-16T12:00:00"), zone="Australia/Sydney", kind=Kind.GOTV, hours=HOURS
    )
    assert found == local("2016-11-16T23:00:00")


@pytest.mark.parametrize("kind", sorted(set(Kind) - COURTEOUS))
def test_rights_and_accepted_events_have_no_office_hours(kind: Kind) -> None:
    night = local("2016-11-16T03:00:00")
    assert next_courteous(now=night, zone="Europe/Paris", kind=kind, hours=HOURS) == night


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(UnknownZone):
        next_courteous(now=local("2016-11-16T03:00:00"), zone="Mars/Olympus", kind=Kind.GOTV, hours=HOURS)


@given(now=INSTANTS, zone_name=ZONES, kind=st.sampled_from(sorted(COURTEOUS)), evening=st.booleans())
def test_the_next_courteous_instant_is_courteous_and_the_first(
    now: datetime, zone_name: str, kind: Kind, *, evening: bool
) -> None:
    found = next_courteous(now=now, zone=zone_name, kind=kind, hours=HOURS, evening=evening)
    wall = found.astimezone(zone(zone_name)).time()
    assert time(9) <= wall < (time(21, 30) if evening else time(20, 30))
    assert (
        now <= found <= now + timedelta(hours=13, minutes=30)
    )  # 12:30 at night, an hour more when clocks go back
    if found > now:
        before = found - timedelta(seconds=1)
        again = next_courteous(now=before, zone=zone_name, kind=kind, hours=HOURS, evening=evening)
        assert again == found


NOON = local("2016-11-16T12:00:00")


def ask(
    kind: Kind, sent: list[datetime], now: datetime = NOON, unanswered: int = 0
) -> tuple[CapReason, datetime] | None:
    found = capped(kind=kind, sent=sent, now=now, zone="Europe/Paris", caps=CAPS, unanswered=unanswered)
    return (found.reason, found.until) if found is not None else None


def test_one_partisan_message_a_local_day() -> None:
    this_morning = local("2016-11-16T09:00:00")
    last_night = local("2016-11-15T20:00:00")
    assert ask(Kind.GOTV, [this_morning]) == (CapReason.DAY, local("2016-11-17T00:00:00"))
    assert ask(Kind.GOTV, [last_night]) is None


def test_three_partisan_messages_in_seven_days() -> None:
    days = [NOON - timedelta(days=days) for days in (1, 3, 6)]
    assert ask(Kind.GOTV, days) == (CapReason.WEEK, NOON + timedelta(days=1))
    assert ask(Kind.GOTV, days, now=NOON + timedelta(days=1)) is None


def test_a_clock_that_was_set_back_frees_nobody() -> None:
    assert ask(Kind.GOTV, [NOON + timedelta(minutes=30)]) is not None


def test_fewer_for_those_who_do_not_answer() -> None:
    days = [NOON - timedelta(days=days) for days in (1, 3)]
    assert ask(Kind.GOTV, days, unanswered=1) is None
    assert ask(Kind.GOTV, days, unanswered=2) == (CapReason.WEEK, NOON + timedelta(days=4))


@pytest.mark.parametrize("kind", sorted(set(Kind) - PARTISAN))
def test_what_is_no_solicitation_is_not_capped(kind: Kind) -> None:
    assert ask(kind, [NOON - timedelta(hours=hours) for hours in range(1, 20)]) is None


def test_the_default_steps_of_a_polling_week_pass_the_caps() -> None:
    where, plan, echo, thanks = (
        local(text)
        for text in (
            "2016-11-12T18:00:00",
            "2016-11-16T18:00:00",
            "2016-11-18T18:00:00",
            "2016-11-20T20:30:00",
        )
    )
    assert ask(Kind.GOTV, [where], now=plan) is None
    assert ask(Kind.GOTV, [where, plan], now=echo) is None
    assert ask(Kind.PERSUASION, [where, plan, echo], now=thanks) is None
    plan_of_round_2 = plan + timedelta(days=7)
    assert ask(Kind.GOTV, [plan, echo, thanks], now=plan_of_round_2) is None


@given(
    sent=st.lists(st.timedeltas(timedelta(), timedelta(days=10)), max_size=12),
    zone_name=ZONES,
    now=INSTANTS,
    per_day=st.integers(1, 3),
    per_week=st.integers(1, 6),
)
def test_where_a_cap_ends_there_is_room_and_before_there_is_none(
    sent: list[timedelta], zone_name: str, now: datetime, per_day: int, per_week: int
) -> None:
    caps = Caps(per_day=per_day, per_week=per_week)
    instants = [now - ago for ago in sent]
    found = capped(kind=Kind.GOTV, sent=instants, now=now, zone=zone_name, caps=caps)
    if found is None:
        recent = [each for each in instants if each > now - timedelta(days=7)]
        assert len(recent) < per_week
        return
    assert found.until > now
    assert capped(kind=Kind.GOTV, sent=instants, now=found.until, zone=zone_name, caps=caps) is None
    moment = timedelta(microseconds=1)
    assert (
        capped(kind=Kind.GOTV, sent=instants, now=found.until - moment, zone=zone_name, caps=caps) is not None
    )
