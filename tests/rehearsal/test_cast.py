"""The cast: whom the organizers' meeting is for."""

from __future__ import annotations

from datetime import UTC, datetime

from bot import communes
from bot.campaign.campaign import load_campaign
from bot.rehearsal.cast import NEIGHBOURS, Character, invent
from bot.rehearsal.conduct import CANCEL, NEIGHBOURS_SAY
from bot.rehearsal.organizing import busiest
from bot.rules.territories import METROPOLE
from tests.frozen import FROZEN


def test_neighbours_all_live_where_the_meeting_is_whatever_the_seed() -> None:
    """Of 500 people 171 were invited and none answered: those who do lived anywhere."""
    for seed in (1, 7):
        members = invent(
            load_campaign(FROZEN),
            communes.load(),
            count=500,
            seed=seed,
            start=datetime(2016, 10, 20, tzinfo=UTC),
        )
        neighbours = [each for each in members if each.neighbour is not None]
        meeting = busiest(members, lambda place: place.territory == METROPOLE)
        assert {each.place for each in neighbours} == {meeting}
        assert len(neighbours) == NEIGHBOURS == len(NEIGHBOURS_SAY)
        assert {each.character for each in neighbours} == {Character.GUEST}
    # More of them say yes than half as many seats hold, and some of those who have one cancel.
    assert NEIGHBOURS_SAY.count("yes") > NEIGHBOURS // 2 > max(CANCEL)
