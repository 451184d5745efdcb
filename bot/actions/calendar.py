"""What is to come, and when, as the staff of an area may see it: events, messages that are scheduled, and reminders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.approvals
import db.areas
import db.broadcast_lists
import db.delivery_accounts
import db.managed_events
from bot.actions import broadcast_subject, event_history
from bot.actions.authority import Author
from bot.campaign.upcoming import UpcomingStep, upcoming
from bot.frozen import Frozen
from bot.rules.areas import contains
from bot.rules.broadcast_lists import BroadcastPart
from bot.rules.permissions import Action
from bot.rules.sending import SendingTime
from bot.rules.territories import METROPOLE, TERRITORIES, at_wall, territories_in, zone_of
from bot.rules.territories import zone as zone_named
from db.broadcast_accounts import Broadcast
from db.events import Event, text_in


class Coming(Frozen):
    """One thing to come: a `step`, an `event` or a `broadcast`, with its `title` unless it is a step.

    `at`: a wall-clock time without a zone. An event's is that of its place, a step's everybody's own; that of a
    broadcast is everybody's own (`broadcast.local_time`) or the reader's. `is_theirs`: the reader may change it.
    `is_refused`: a second person said no to it, or to its invitation. `goes_on_at`: of a broadcast at everybody's own
    time that has begun where that comes first, when it goes on; `territories`: where such a one, begun or not, is still
    to come, in the order of their clocks.
    """

    at: datetime
    step: UpcomingStep | None = None
    event: Event | None = None
    broadcast: Broadcast | None = None
    title: str = ""
    is_theirs: bool = True
    is_refused: bool = False
    goes_on_at: datetime | None = None
    territories: tuple[str, ...] = ()


async def coming(tx: AsyncConnection, author: Author, area: str, *, language: str) -> list[Coming]:
    """All that is to come in an area, the next first. Raises NotAllowed."""
    author.require(Action.SEE_CALENDAR, area)
    found = [Coming(at=step.at, step=step) for step in upcoming(author.campaign, area, author.now)]
    found += await _events(tx, author, area, language)
    found += await _broadcasts(tx, author, area, language)
    return sorted(found, key=lambda each: each.at)


async def _events(tx: AsyncConnection, author: Author, area: str, language: str) -> list[Coming]:
    """The events that take place in the area, and the author's own that nobody sees yet."""
    there = [db.areas.event_in(area)]
    page = await db.managed_events.managed(tx, author=author.person.id, areas=there, now=author.now)
    first = author.campaign.languages[0]
    refused = await event_history.refused(tx, page.events)
    return [
        Coming(
            at=_wall(event.starts_at, event.zone),
            event=event,
            is_theirs=author.may_change_event(event.commune, event.created_by),
            title=text_in(page.texts[event.id], language, first).title,
            is_refused=event.id in refused,
        )
        for event in page.events
        if contains(area, event.commune)
    ]


async def _broadcasts(tx: AsyncConnection, author: Author, area: str, language: str) -> list[Coming]:
    """What is scheduled for people of the area, as far as the author may control it; not what is held since its time
    came (`bot.actions.today.under_way`).
    """
    whose = None if author.supervised() else author.id
    found = await db.broadcast_lists.listed(
        tx, BroadcastPart.SCHEDULED, reader=author.person.id, author=whose, now=author.now
    )
    theirs = [
        each
        for each in found
        if author.may_control(each.area, each.created_by)
        and not (
            each.state == "active"
            and SendingTime(at=each.starts_at, local=each.local_time).is_past(author.now)
        )
        and (contains(area, each.area) or contains(each.area, area))
    ]
    begun = await _begun_elsewhere(tx, author, area, whose)
    theirs += [each for each, _ in begun]
    titles = await broadcast_subject.titles(tx, theirs, language, author.campaign.languages[0])
    asked = await db.approvals.of_unapproved(tx, [each.id for each in theirs])
    mine = author.person.zone or TERRITORIES[METROPOLE].zone
    return [
        Coming(
            at=_wall(each.starts_at, "UTC" if each.local_time else mine),
            broadcast=each,
            title=titles.get(each.id, ""),
            is_refused=each.id in asked and asked[each.id].is_refused,
            goes_on_at=next((at for begun_one, at in begun if begun_one is each), None),
            territories=_still_to_come(author, area, each),
        )
        for each in theirs
    ]


def _still_to_come(author: Author, area: str, broadcast: Broadcast) -> tuple[str, ...]:
    """The territories, of those in both areas, in which the wall-clock time of a message is still to come."""
    if not broadcast.local_time:
        return ()
    there = territories_in(broadcast.area if contains(area, broadcast.area) else area)
    voting = {code for ballot in author.campaign.ballots for code in ballot.territories}
    wall = _wall(broadcast.starts_at, "UTC")
    instants = sorted((at_wall(wall, zone_of(code)), code) for code in there & voting)
    return tuple(code for at, code in instants if at > author.now)


async def _begun_elsewhere(
    tx: AsyncConnection, author: Author, area: str, whose: int | None
) -> list[tuple[Broadcast, datetime]]:
    """What leaves at everybody's own time, has begun, and is still to come where that comes later: until the last of
    them it is to come. As far as the author may know of those who wait.
    """
    found = []
    for each in await db.broadcast_lists.begun_by_local_time(tx, author=whose, now=author.now):
        if not author.may_control(each.area, each.created_by):
            continue
        if not (contains(area, each.area) or contains(each.area, area)):
            continue
        later = await db.delivery_accounts.due_later(tx, each.id, author.now, author.reader.known_in)
        if later is not None and author.reader.tells(later.people):
            found.append((each, later.at))
    return found


def _wall(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(zone_named(zone)).replace(tzinfo=None)
