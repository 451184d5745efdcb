"""The checker's own arithmetic: instants worked out by hand, and that it agrees with what `calendar` prints."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from bot.campaign.calendar import calendar_entries
from bot.campaign.campaign import load_campaign
from bot.rehearsal.almanac import Almanac
from bot.rules.territories import TERRITORIES
from tests.frozen import FROZEN

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"
PRIMARY = Almanac(load_campaign(FROZEN))
PRESIDENTIAL = Almanac(load_campaign(CAMPAIGNS / "presidentielle-2027"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("territory", "zone", "step", "slot", "when"),
    [
        # 21 days before 20 November, the day on which Paris puts its clocks back.
        ("FR", "Europe/Paris", "pledge", None, "2016-10-30T18:00+01:00"),
        # They vote on Saturday, so that it is a day earlier; Miquelon still has summer time (UTC-2).
        ("975", "America/Miquelon", "pledge", None, "2016-10-29T18:00-02:00"),
        ("987-marquises", "Pacific/Marquesas", "plan", None, "2016-11-15T18:00-09:30"),
        ("988", "Pacific/Noumea", "echo", None, "2016-11-18T18:00+11:00"),
        # The last hour begins at 18:00; the reminder comes an hour before.
        ("974", "Indian/Reunion", "go", "last_hour", "2016-11-20T17:00+04:00"),
        # The embargo is at 20:30 in Paris: 6:30 on Monday in Nouméa, put off to 9:00.
        ("988", "Pacific/Noumea", "thanks", None, "2016-11-21T09:00+11:00"),
        # Abroad everything is by Paris time, at courteous hours of one's own: 18:00 is 4:00 the next day in Sydney.
        ("abroad", "Australia/Sydney", "plan", None, "2016-11-17T09:00+11:00"),
        # 11:00 in Paris, an hour before midday, is 5:00 in New York.
        ("abroad", "America/New_York", "go", None, "2016-11-20T09:00-05:00"),
    ],
)
def test_instants_worked_out_by_hand(
    territory: str, zone: str, step: str, slot: str | None, when: str
) -> None:
    dues = [
        due.at for due in PRIMARY.dues(territory, zone) if (due.ballot, due.step, due.slot) == (1, step, slot)
    ]
    assert dues == [at(when)]


@pytest.mark.parametrize(
    ("zone", "when"),
    [
        # Consulates in the Americas vote on Saturday: their steps come a day earlier, by their own hours.
        ("America/New_York", "2027-04-08T12:00-04:00"),
        ("Europe/Brussels", "2027-04-09T18:00+02:00"),
        ("Asia/Tokyo", "2027-04-09T18:00+09:00"),
    ],
)
def test_a_consulate_that_votes_the_day_before_has_its_steps_a_day_earlier(zone: str, when: str) -> None:
    dues = [due.at for due in PRESIDENTIAL.dues("abroad", zone) if (due.ballot, due.step) == (1, "echo")]
    assert dues == [at(when)]


@pytest.mark.parametrize(
    ("almanac", "territory", "zone", "starts", "ends"),
    [
        (PRIMARY, "FR", "Europe/Paris", "2016-11-19T00:00+01:00", "2016-11-20T19:00+01:00"),
        # The eve is Friday, and it lasts until the last place closes in Paris.
        (PRIMARY, "971", "America/Guadeloupe", "2016-11-18T00:00-04:00", "2016-11-20T19:00+01:00"),
        (PRIMARY, "988", "Pacific/Noumea", "2016-11-19T00:00+11:00", "2016-11-20T19:00+01:00"),
        # Some cities close at 20:00; consulates in the Americas vote the day before, and Friday is their eve.
        (PRESIDENTIAL, "FR", "Europe/Paris", "2027-04-10T00:00+02:00", "2027-04-11T20:00+02:00"),
        (PRESIDENTIAL, "abroad", "America/New_York", "2027-04-09T00:00+02:00", "2027-04-11T20:00+02:00"),
        # At a consulate the eve begins by its clock, where that comes first.
        (PRESIDENTIAL, "abroad", "Pacific/Auckland", "2027-04-10T00:00+12:00", "2027-04-11T20:00+02:00"),
        (PRESIDENTIAL, "abroad", "Europe/Brussels", "2027-04-10T00:00+02:00", "2027-04-11T20:00+02:00"),
    ],
)
def test_quiet_periods_worked_out_by_hand(
    almanac: Almanac, territory: str, zone: str, starts: str, ends: str
) -> None:
    (quiet,) = [each for each in almanac.quiets("gotv", territory, zone) if each.ballot == 1]
    assert (quiet.starts, quiet.ends) == (at(starts), at(ends))


@pytest.mark.parametrize("almanac", [PRIMARY, PRESIDENTIAL], ids=lambda almanac: almanac.campaign.slug)
def test_it_agrees_with_the_calendar(almanac: Almanac) -> None:
    compared = 0
    for entry in calendar_entries(almanac.campaign):
        if entry.territory == "abroad":
            continue  # by each person's own hours, which the calendar cannot show
        zone = TERRITORIES[entry.territory].zone
        own = {
            due.slot: due.at
            for due in almanac.dues(entry.territory, zone)
            if (due.ballot, due.step) == (entry.ballot, entry.step)
        }
        assert own == (dict(entry.slots) if entry.at is None else {None: entry.at})
        compared += len(own)
    assert compared > 100
