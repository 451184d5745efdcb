"""What the card of a change foretells of its news, against the news that is made."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

import db.event_news
from bot.actions import event_news
from bot.actions.event_news import News
from bot.rules.sending import CHANGE
from db.engine import Database
from db.events import Event
from db.schema import broadcasts
from tests.acting import NOW
from tests.actions.test_broadcast_races import SOPHIE, author, team
from tests.actions.test_event_rewords import invited

__all__ = ["team"]


async def untold(team: Database, event: Event, *, following: bool) -> None:
    """An earlier change has not left: the event began five hours before, as whoever comes believes."""
    row = {"key": f"{db.event_news.change_key(event.id)}1", "kind": "event_service", "area": "FR"}
    row |= {"audience": {}, "state": "active", "template": CHANGE, "event": event.id}
    began = (event.starts_at - timedelta(hours=5)).isoformat()
    details = {"starts_at": began, "following": following}
    async with team.write() as tx:
        made = sa.insert(broadcasts).values(**row, details=details, starts_at=NOW, created_at=NOW)
        await tx.execute(made)


@pytest.mark.parametrize("following", [False, True])
async def test_what_is_told_of_all_later_dates_apart_changes_no_hour(
    team: Database, *, following: bool
) -> None:
    """News of one date is not gathered with what all who come to later dates are told: where the card reckoned with
    that, it said that news would wake people which waits for the morning.
    """
    event = await invited(team)
    await untold(team, event, following=following)
    sophie = await author(team, SOPHIE)
    news = News(template=CHANGE, starts_at=event.starts_at, expires_at=event.ends_at)
    async with team.write() as tx:
        _at, foretold = await event_news.leaves_at(tx, sophie, event, news)
        made = await event_news.gather(tx, sophie, event, news)
    assert foretold == made.starts_at
    assert (made.starts_at < event.starts_at) is not following
