"""Series: the same hour on the wall whatever the clocks do, an end always, and no more dates than somebody follows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.series import LEAST_DATES, MOST_DATES, BadSeries, Every, dates_of, place_in_month, walls
from bot.rules.territories import at_local
from tests.thorough import examples

ZONES = ("Europe/Paris", "America/Miquelon", "Pacific/Noumea", "America/Guadeloupe", "Pacific/Marquesas")
STARTS = st.datetimes(
    datetime.fromisoformat("2016-01-01T00:00"), datetime.fromisoformat("2030-01-01T00:00")
).map(lambda at: at.replace(second=0, microsecond=0))


@settings(max_examples=examples(30))  # a rule of 60 dates takes long to unfold
@given(
    first=STARTS,
    every=st.sampled_from(Every),
    times=st.integers(LEAST_DATES, MOST_DATES),
    zone=st.sampled_from(ZONES),
)
def test_a_series_is_at_the_same_hour_on_the_right_days(
    first: datetime, every: Every, times: int, zone: str
) -> None:
    found = dates_of(every, first, times=times)
    assert len(found) == times
    assert found[0] == first or every is Every.MONTH_DAY
    assert {each.time() for each in found} == {first.time()}
    gaps = {(later - earlier).days for earlier, later in pairwise(found)}
    if every is Every.WEEK:
        assert gaps == {7}
    elif every is Every.FORTNIGHT:
        assert gaps == {14}
    elif every is Every.MONTH_WEEKDAY:
        assert {(each.weekday(), place_in_month(each.date())) for each in found} <= {
            (first.weekday(), place_in_month(first.date())),
            (first.weekday(), 4),  # the last of a month is its fourth where it has no fifth
        }
    else:
        assert {each.day for each in found} == {first.day}
    # As instants they follow each other, and where the clocks skip that hour it is the one just after.
    where = ZoneInfo(zone)
    instants = [at_local(each.date(), each.time(), where) for each in found]
    assert instants == sorted(instants)
    assert all(
        abs(each.replace(tzinfo=None) - wall) <= timedelta(hours=1)
        for each, wall in zip(instants, found, strict=True)
    )


@settings(max_examples=examples(30))
@given(first=STARTS, days=st.integers(1, 400))
def test_until_a_day_means_that_day_too(first: datetime, days: int) -> None:
    last = first.date() + timedelta(days=days)
    if not 7 <= days < 7 * MOST_DATES:
        with pytest.raises(BadSeries):
            dates_of(Every.WEEK, first, until=last)
        return
    found = dates_of(Every.WEEK, first, until=last)
    assert found[-1].date() <= last < found[-1].date() + timedelta(days=7)


def test_tuesdays_through_the_change_to_winter_time() -> None:
    paris = ZoneInfo("Europe/Paris")
    found = dates_of(Every.WEEK, datetime.fromisoformat("2016-10-18T19:00"), times=3)
    instants = [at_local(each.date(), each.time(), paris) for each in found]
    assert [each.utcoffset() for each in instants] == [
        timedelta(hours=2),
        timedelta(hours=2),
        timedelta(hours=1),
    ]
    assert [each.hour for each in instants] == [19, 19, 19]


@pytest.mark.parametrize(
    ("rule", "until", "why"),
    [
        ("FREQ=WEEKLY", None, "endless"),
        ("FREQ=WEEKLY", date(2016, 10, 1), "none"),
        ("FREQ=WEEKLY;COUNT=61", None, "many"),
        ("FREQ=MINUTELY;COUNT=3", None, "often"),
        ("FREQ=SOMETIMES;COUNT=3", None, "unreadable"),
        ("nonsense", date(2017, 1, 1), "unreadable"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1", None, "none"),
    ],
)
def test_what_is_no_series_is_refused(rule: str, until: date | None, why: str) -> None:
    with pytest.raises(BadSeries) as refused:
        walls(rule, datetime.fromisoformat("2016-10-18T19:00"), until=until)
    assert refused.value.values["why"] == why


@pytest.mark.parametrize("times", [0, 1, MOST_DATES + 1, 10**9])
def test_a_series_has_two_to_sixty_dates(times: int) -> None:
    with pytest.raises(BadSeries):
        dates_of(Every.WEEK, datetime.fromisoformat("2016-10-18T19:00"), times=times)
