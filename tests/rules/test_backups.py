"""When a planned backup is due or missed, and which older ones go."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from bot.rules.backups import BackupPlan, file_name, is_due, is_missed, planned_before, superseded

PLAN = BackupPlan(hour=time(3, 30), folder="/b", keep=2)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("now", "planned"),
    [
        ("2016-11-16T03:29+01:00", "2016-11-15T03:30+01:00"),
        ("2016-11-16T03:30+01:00", "2016-11-16T03:30+01:00"),
        ("2016-11-16T23:00+01:00", "2016-11-16T03:30+01:00"),
        ("2016-07-16T23:00+02:00", "2016-07-16T03:30+02:00"),  # by the clock of the wall, in summer too
    ],
)
def test_the_last_planned_instant(now: str, planned: str) -> None:
    assert planned_before(PLAN, at(now)) == at(planned)


def test_one_is_due_until_it_was_made() -> None:
    now = at("2016-11-16T09:00+01:00")
    assert is_due(PLAN, None, now)
    assert is_due(PLAN, at("2016-11-16T03:29+01:00"), now)
    assert not is_due(PLAN, at("2016-11-16T03:31+01:00"), now)


def test_one_is_missed_two_hours_later_and_not_just_after_a_start() -> None:
    last, long_ago = at("2016-11-15T03:31+01:00"), at("2016-11-01T00:00+01:00")
    assert not is_missed(PLAN, last, at("2016-11-16T05:29+01:00"), since=long_ago)
    assert is_missed(PLAN, last, at("2016-11-16T05:30+01:00"), since=long_ago)
    assert is_missed(PLAN, None, at("2016-11-16T05:30+01:00"), since=long_ago)
    began = at("2016-11-16T09:00+01:00")
    assert not is_missed(PLAN, last, began + timedelta(minutes=119), since=began)
    assert is_missed(PLAN, last, began + timedelta(hours=2), since=began)


def test_the_newest_stay_and_no_other_file_goes() -> None:
    moments = [at(f"2016-11-{day}T03:30+01:00") for day in range(10, 15)]
    ours = [file_name("primaire", moment) for moment in moments]
    others = ["primaire-2016-20161101-023000.db", "primaire-before.db", "portevoix.db", f"{ours[0]}.txt", "x"]
    assert superseded([*reversed(ours), *others], "primaire", 2) == ours[:3]
    assert superseded(ours[:2], "primaire", 2) == []
