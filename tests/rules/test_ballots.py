"""Ballots: who votes where, when, and until what hour."""

from datetime import UTC, date, datetime, time

import pytest

from bot.campaign.campaign import load_campaign
from bot.errors import UnknownTerritory
from bot.rules.ballots import Ballot, Hours, HoursException, Polling
from tests.frozen import FROZEN

PRIMARY = load_campaign(FROZEN).ballot(1)


def hours(closes: int) -> Hours:
    return Hours(opens=time(8), closes=time(closes))


def test_the_narrowest_exception_gives_the_hours_of_a_commune() -> None:
    ballot = Ballot(
        number=1,
        day=date(2016, 11, 20),
        pollings=(Polling(territory="FR", day=date(2016, 11, 20), hours=hours(19)),),
        exceptions=(
            HoursException(area="69123", hours=hours(21)),
            HoursException(area="R84", hours=hours(18)),
            HoursException(area="69", hours=hours(20)),
        ),
    )
    assert ballot.hours_in("75056") == hours(19)
    assert ballot.hours_in("38185") == hours(18)  # Grenoble, in the region
    assert ballot.hours_in("69266") == hours(20)  # Villeurbanne, in the département
    assert ballot.hours_in("69381") == hours(21)  # Lyon 1er, in the city
    assert ballot.metropolitan_close == datetime(2016, 11, 20, 20, tzinfo=UTC)


def test_voting_is_over_when_the_last_territory_closes() -> None:
    assert PRIMARY.ends_at == datetime(2016, 11, 20, 18, tzinfo=UTC)


def test_a_ballot_held_overseas_only_ends_there() -> None:
    polling = Polling(territory="974", day=date(2016, 11, 20), hours=hours(18))
    ballot = Ballot(number=1, day=date(2016, 11, 20), pollings=(polling,))
    assert ballot.metropolitan_close == datetime(2016, 11, 20, 14, tzinfo=UTC)


def test_people_abroad_vote_online_from_saturday() -> None:
    abroad = PRIMARY.polling("abroad")
    assert abroad.online
    assert abroad.opens_local.isoformat() == "2016-11-19T19:00:00+01:00"
    assert abroad.closes_local.isoformat() == "2016-11-20T19:00:00+01:00"


def test_an_unknown_territory_is_refused_with_those_that_vote() -> None:
    with pytest.raises(UnknownTerritory, match="987-gambier"):
        PRIMARY.polling("969")
    assert not PRIMARY.takes_place_in(None)
