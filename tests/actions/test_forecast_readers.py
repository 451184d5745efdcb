"""What a forecast tells those who may know of no fewer than ten people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.actions.forecasts import Delay, Forecast
from bot.rules.reaching import Held
from bot.rules.small_counts import Headcount, Reader

SUNDAY = datetime(2016, 11, 20, 18, tzinfo=UTC)
STAFF, ADMIN = Reader(known_in=("69",)), Reader(known_in=None)


def reaching(people: int) -> Forecast:
    lost = Delay(people=Headcount(others=12), reason=Held.CAP, until=SUNDAY)
    return Forecast(at_once=Headcount(others=people), later=(), lost=(lost,), for_good={})


@pytest.mark.parametrize("people", range(10))
def test_staff_of_an_area_know_no_more_of_nine_than_of_none(people: int) -> None:
    assert reaching(people).is_for_nobody(STAFF)
    assert reaching(people).is_lost(STAFF)
    assert reaching(people).is_for_nobody(ADMIN) is (people == 0)


def test_ten_are_somebody_to_everybody() -> None:
    assert not reaching(10).is_for_nobody(STAFF)
    assert not reaching(10).is_lost(STAFF)
