"""The instants of 2016, computed by hand for every territory and both rounds.

All in UTC, `month-day hour:minute`. Offsets from UTC in November 2016:

    Paris +1 · Réunion +4 · Mayotte +3 · Nouméa +11 · Wallis +12 · Guadeloupe, Martinique,
    Saint-Barthélemy and Saint-Martin -4 · Cayenne -3 · Miquelon -3, but -2 until 6 November · Tahiti -10
    · Marquises -9:30 · Gambier -9

Local times: pledge, where, plan and echo at 18:00; go at 11:00, an hour before midday, the slot that
stands for people without a plan; last at 16:30; thanks at 20:30 in Paris, 19:30 UTC, on Sunday, or at
9:00 of the next morning where that is after 21:30 or before 9:00. Sunday voters: D is 20 November, D-21 =
30 October, D-8 = 12, D-4 = 16, D-2 = 18 November. Saturday voters: all a day earlier. The quiet period
starts on the eve at 0:00 local and ends for all when metropolitan France closes, 19:00 in Paris, 18:00
UTC on Sunday.
"""

from datetime import datetime, timedelta

import pytest

from bot.campaign.campaign import Campaign, load_campaign
from bot.rules.kinds import Kind
from tests.frozen import FROZEN

STEPS = ("pledge", "where", "plan", "echo", "go", "last", "thanks")

# pledge, where, plan, echo, go, last, thanks
ROUND_1 = """
# 18:00-1 = 17:00 (summer time ended on 30 October at 3:00). 11:00-1 = 10:00. 16:30-1 = 15:30. Thanks 20:30.
FR             10-30 17:00  11-12 17:00  11-16 17:00  11-18 17:00  11-20 10:00  11-20 15:30  11-20 19:30
# 18:00+4 = 22:00. 11:00+4 = 15:00. 16:30+4 = 20:30. Thanks 19:30-4 = 15:30 local.
971            10-29 22:00  11-11 22:00  11-15 22:00  11-17 22:00  11-19 15:00  11-19 20:30  11-20 19:30
972            10-29 22:00  11-11 22:00  11-15 22:00  11-17 22:00  11-19 15:00  11-19 20:30  11-20 19:30
# 18:00+3 = 21:00. 11:00+3 = 14:00. 16:30+3 = 19:30. Thanks 19:30-3 = 16:30 local.
973            10-29 21:00  11-11 21:00  11-15 21:00  11-17 21:00  11-19 14:00  11-19 19:30  11-20 19:30
# 18:00-4 = 14:00. 11:00-4 = 7:00. 16:30-4 = 12:30. Thanks 19:30+4 = 23:30 local: Monday 9:00-4 = 5:00.
974            10-30 14:00  11-12 14:00  11-16 14:00  11-18 14:00  11-20 07:00  11-20 12:30  11-21 05:00
# The pledge in summer time, 18:00+2 = 20:00; then 18:00+3 = 21:00. Thanks 19:30-3 = 16:30 local.
975            10-29 20:00  11-11 21:00  11-15 21:00  11-17 21:00  11-19 14:00  11-19 19:30  11-20 19:30
# 18:00-3 = 15:00. 11:00-3 = 8:00. 16:30-3 = 13:30. Thanks 19:30+3 = 22:30 local: Monday 9:00-3 = 6:00.
976            10-30 15:00  11-12 15:00  11-16 15:00  11-18 15:00  11-20 08:00  11-20 13:30  11-21 06:00
# As Guadeloupe.
977            10-29 22:00  11-11 22:00  11-15 22:00  11-17 22:00  11-19 15:00  11-19 20:30  11-20 19:30
978            10-29 22:00  11-11 22:00  11-15 22:00  11-17 22:00  11-19 15:00  11-19 20:30  11-20 19:30
# 18:00-12 = 6:00. Go 11:00-12 = 23:00 the day before. 16:30-12 = 4:30.
# Thanks 19:30+12 = 7:30 on Monday: Monday 9:00-12 = Sunday 21:00.
986            10-30 06:00  11-12 06:00  11-16 06:00  11-18 06:00  11-19 23:00  11-20 04:30  11-20 21:00
# 18:00+10 = 4:00 the next day. 11:00+10 = 21:00. 16:30+10 = 2:30 the next day. Thanks 19:30-10 = 9:30.
987            10-30 04:00  11-12 04:00  11-16 04:00  11-18 04:00  11-19 21:00  11-20 02:30  11-20 19:30
# 18:00+9:30 = 3:30 the next day. 11:00+9:30 = 20:30. 16:30+9:30 = 2:00 the next day. Thanks 10:00.
987-marquises  10-30 03:30  11-12 03:30  11-16 03:30  11-18 03:30  11-19 20:30  11-20 02:00  11-20 19:30
# 18:00+9 = 3:00 the next day. 11:00+9 = 20:00. 16:30+9 = 1:30 the next day. Thanks 19:30-9 = 10:30.
987-gambier    10-30 03:00  11-12 03:00  11-16 03:00  11-18 03:00  11-19 20:00  11-20 01:30  11-20 19:30
# 18:00-11 = 7:00. 11:00-11 = 0:00. 16:30-11 = 5:30.
# Thanks 19:30+11 = 6:30 on Monday: Monday 9:00-11 = Sunday 22:00.
988            10-30 07:00  11-12 07:00  11-16 07:00  11-18 07:00  11-20 00:00  11-20 05:30  11-20 22:00
# As metropolitan France, in Paris time.
abroad         10-30 17:00  11-12 17:00  11-16 17:00  11-18 17:00  11-20 10:00  11-20 15:30  11-20 19:30
"""

# The quiet period starts (the eve at 0:00), voting opens (8:00) and closes (19:00).
QUIET_AND_VOTE = """
FR             11-18 23:00  11-20 07:00  11-20 18:00  # 0-1, 8-1, 19-1
971            11-18 04:00  11-19 12:00  11-19 23:00  # 0+4, 8+4, 19+4
972            11-18 04:00  11-19 12:00  11-19 23:00  # the same
973            11-18 03:00  11-19 11:00  11-19 22:00  # 0+3, 8+3, 19+3
974            11-18 20:00  11-20 04:00  11-20 15:00  # 0-4, 8-4, 19-4
975            11-18 03:00  11-19 11:00  11-19 22:00  # 0+3, 8+3, 19+3
976            11-18 21:00  11-20 05:00  11-20 16:00  # 0-3, 8-3, 19-3
977            11-18 04:00  11-19 12:00  11-19 23:00  # 0+4, 8+4, 19+4
978            11-18 04:00  11-19 12:00  11-19 23:00  # the same
986            11-18 12:00  11-19 20:00  11-20 07:00  # 0-12, 8-12, 19-12
987            11-18 10:00  11-19 18:00  11-20 05:00  # 0+10, 8+10, 19+10
987-marquises  11-18 09:30  11-19 17:30  11-20 04:30  # 0+9:30, 8+9:30, 19+9:30
987-gambier    11-18 09:00  11-19 17:00  11-20 04:00  # 0+9, 8+9, 19+9
988            11-18 13:00  11-19 21:00  11-20 08:00  # 0-11, 8-11, 19-11
abroad         11-18 23:00  11-19 18:00  11-20 18:00  # 0-1; online from Saturday 19-1 to Sunday 19-1
"""

METROPOLITAN_CLOSE = "11-20 18:00"
WEEK = timedelta(days=7)


def instant(text: str) -> datetime:
    return datetime.strptime(f"2016-{text} +0000", "%Y-%m-%d %H:%M %z")


def read(table: str) -> dict[str, list[datetime]]:
    rows = (line.partition("#")[0].split() for line in table.splitlines())
    return {
        row[0]: [instant(f"{day} {hour}") for day, hour in zip(row[1::2], row[2::2], strict=True)]
        for row in rows
        if row
    }


STEP_INSTANTS = read(ROUND_1)
WINDOWS = read(QUIET_AND_VOTE)


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    return load_campaign(FROZEN)


@pytest.mark.parametrize("territory", STEP_INSTANTS)
@pytest.mark.parametrize("number", [1, 2])
def test_each_step_is_due_at_its_instant(campaign: Campaign, territory: str, number: int) -> None:
    ballot = campaign.ballot(number)
    found = {
        occurrence.step: occurrence.at_utc
        for step in campaign.steps
        for occurrence in campaign.occurrences(ballot, step, territory)
        if occurrence.slot is None
    }
    expected = dict(zip(STEPS, STEP_INSTANTS[territory], strict=True))
    if number == 2:
        # No clock changes between the rounds: all is a week later. Pledge and where belong to round 1 only.
        expected = {step: at + WEEK for step, at in expected.items() if step not in {"pledge", "where"}}
    assert found == expected


@pytest.mark.parametrize("territory", WINDOWS)
@pytest.mark.parametrize("number", [1, 2])
def test_the_quiet_period_has_its_bounds(campaign: Campaign, territory: str, number: int) -> None:
    later = WEEK * (number - 1)
    starts = WINDOWS[territory][0] + later
    ends = instant(METROPOLITAN_CLOSE) + later
    second = timedelta(seconds=1)
    assert campaign.quiet(kind=Kind.GOTV, territory=territory, now=starts - second) is None
    for now in (starts, ends - second):
        found = campaign.quiet(kind=Kind.GOTV, territory=territory, now=now)
        assert found is not None
        assert found.until == ends
    assert campaign.quiet(kind=Kind.GOTV, territory=territory, now=ends) is None


@pytest.mark.parametrize("territory", WINDOWS)
@pytest.mark.parametrize("number", [1, 2])
def test_people_vote_from_and_until_these_instants(campaign: Campaign, territory: str, number: int) -> None:
    window = campaign.ballot(number).polling(territory).voting_window
    later = WEEK * (number - 1)
    assert window.starts == WINDOWS[territory][1] + later
    assert window.ends == WINDOWS[territory][2] + later


def test_the_tables_hold_every_territory(campaign: Campaign) -> None:
    assert set(STEP_INSTANTS) == set(WINDOWS) == set(campaign.ballot(1).territories)


# An hour before each slot, in Paris: 10:00, 12:00, 14:00, and 18:00 for the last hour before 19:00.
@pytest.mark.parametrize(
    ("slot", "local"),
    [("morning", "09:00"), ("midday", "11:00"), ("afternoon", "13:00"), ("last_hour", "17:00")],
)
def test_the_reminder_of_the_day_follows_the_plan(campaign: Campaign, slot: str, local: str) -> None:
    found = campaign.occurrences(campaign.ballot(1), campaign.step("go"), "FR")
    times = [f"{each.at_local:%Y-%m-%d %H:%M}" for each in found if each.slot == slot]
    assert times == [f"2016-11-20 {local}"]
