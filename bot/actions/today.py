"""What a coordinator sees first: what needs a decision, what leaves within a day, and how far the campaign is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

import db.approvals
import db.broadcast_lists
import db.inbox_loads
import db.seats
import db.statistics
from bot.actions import (
    admissions,
    broadcast_approvals,
    broadcast_control,
    broadcast_subject,
    calendar,
    doubts,
    events,
    export_orders,
    too_late,
)
from bot.actions.accounts import COUNTED_NOW, Accounts
from bot.actions.authority import Author, area_name
from bot.actions.broadcast_cards import BroadcastLine
from bot.actions.calendar import Coming
from bot.actions.inbox_load import load_of, loads_for
from bot.frozen import Frozen
from bot.rules.areas import contains
from bot.rules.permissions import Action
from bot.rules.sending import AHEAD_OF_UTC, BEHIND_UTC
from bot.rules.territories import at_local, at_wall, zone_of
from bot.rules.territories import zone as zone_named
from db.delivery_accounts import Withholding
from db.events import Event, text_in

MOST_DECISIONS = 3
SOON = timedelta(hours=24)
ALL_DAY = timedelta(hours=14)
FRESH = timedelta(hours=48)
"""So long what expired for most is something to decide on."""
LONG = timedelta(hours=24)
"""So long nobody should wait for an answer."""
DAYS = 28


class Matter(StrEnum):
    """What waits for a person, in the order of how much it matters that somebody looks now."""

    APPROVAL = "approval"
    EXPORT = "export"
    TOO_LATE = "too_late"
    EXPIRED = "expired"
    DOUBTS = "doubts"
    CONVERSATIONS = "conversations"
    SEATS = "seats"
    ADMIN = "admin"


class Decision(Frozen):
    """What waits: a broadcast (`number`, `title`), an event (`event`, `title`), a file (`title`: its table;
    `number`: who asks for it), a new admin, or conversations.

    `approval`: that of the admin. `people`: how many wait, or are in doubt, as shown; `since`: the one that waits
    longest. `why`: for which reasons it expired, each with how many, as shown.
    """

    matter: Matter
    number: int = 0
    approval: int = 0
    event: Event | None = None
    title: str = ""
    people: str = ""
    since: datetime | None = None
    why: tuple[tuple[str | None, str], ...] = ()


class WithinADay(Frozen):
    """Something that leaves, or takes place, within a day. `at`: the first instant; `times`: of what leaves by local
    time, when in which territory, each at its own wall-clock time.
    """

    at: datetime
    coming: Coming
    times: tuple[tuple[str, datetime], ...] = ()


class JoinedOn(Frozen):
    """A day of the reader's zone: how many signed up, as shown, and the fewest that they may conclude from it."""

    day: date
    shown: str
    at_least: int


async def decisions(
    tx: AsyncConnection, author: Author, language: str, accounts: Accounts = COUNTED_NOW
) -> list[Decision]:
    """What waits for the author, the most pressing first; the page shows `MOST_DECISIONS` of them."""
    found = await _approvals(tx, author, language)
    mine = author.person.telegram_id
    found += [
        Decision(matter=Matter.EXPORT, number=each.asked_by or 0, title=each.details["export"])
        for each in await export_orders.waiting(tx, author)
        if each.asked_by != mine
    ]
    found += await _too_late(tx, author, language)
    found += await _expired(tx, author, language, accounts)
    found += [
        Decision(matter=Matter.DOUBTS, number=each.id, people=author.reader.shown(each.people))
        for each in await doubts.to_decide(tx, author)
    ]
    found += await _conversations(tx, author)
    found += await _full_events(tx, author, language)
    found += [
        Decision(matter=Matter.ADMIN, number=each.telegram_id or 0, approval=each.id)
        for each in await admissions.waiting(tx, author)
        if mine not in (each.asked_by, each.telegram_id)
    ]
    return found


async def own_waiting(tx: AsyncConnection, author: Author, language: str) -> list[Decision]:
    """What the author wrote and a second person has yet to let go, in the order it was asked. Raises NotAllowed."""
    author.require(Action.BROADCAST)
    subjects = [
        (await broadcast_subject.subject_of(tx, each.broadcast)).broadcast
        for each in await db.approvals.waiting(tx, broadcast_approvals.WHAT, author.now)
        if each.broadcast is not None and each.asked_by == author.telegram_id
    ]
    titles = await broadcast_subject.titles(tx, subjects, language, author.campaign.languages[0])
    return [
        Decision(matter=Matter.APPROVAL, number=each.id, title=titles.get(each.id, "")) for each in subjects
    ]


async def _approvals(tx: AsyncConnection, author: Author, language: str) -> list[Decision]:
    waiting = await db.approvals.waiting(tx, broadcast_approvals.WHAT, author.now)
    numbers = [
        each.broadcast
        for each in waiting
        if each.broadcast is not None and await broadcast_approvals.open_for(tx, author, each.broadcast)
    ]
    subjects = [(await broadcast_subject.subject_of(tx, number)).broadcast for number in numbers]
    titles = await broadcast_subject.titles(tx, subjects, language, author.campaign.languages[0])
    return [
        Decision(matter=Matter.APPROVAL, number=each.id, title=titles.get(each.id, "")) for each in subjects
    ]


async def _expired(tx: AsyncConnection, author: Author, language: str, accounts: Accounts) -> list[Decision]:
    """Messages that are not over, or were not lately, and that half of those they were for, or more, did not get in
    time.
    """
    over = await db.broadcast_lists.expired_since(tx, author.now - FRESH)
    theirs = [each for each in over if author.may_control(each.area, each.created_by)]
    named = await broadcast_subject.titles(tx, theirs, language, author.campaign.languages[0])
    found, reader = [], author.reader
    for progress in await broadcast_control.progress_of_many(tx, author, theirs, accounts):
        each = progress.broadcast
        if progress.is_lost and reader.tells(progress.count("expired")):
            parts = [some for some in progress.account.expired if reader.tells(some.people)]
            found.append(
                Decision(
                    matter=Matter.EXPIRED,
                    number=each.id,
                    title=named.get(each.id, ""),
                    people=reader.shown(progress.count("expired")),
                    why=tuple((some.reason, reader.shown(some.people)) for some in parts),
                )
            )
    return found


async def _too_late(tx: AsyncConnection, author: Author, language: str) -> list[Decision]:
    """Events that moved to an hour before which their invitation cannot reach everybody any more."""
    first = author.campaign.languages[0]
    return [
        Decision(
            matter=Matter.TOO_LATE,
            event=each.event,
            title=text_in(each.texts, language, first).title,
            people=author.reader.shown(each.late.people),
            since=each.late.since,
        )
        for each in await too_late.to_decide(tx, author)
    ]


async def _conversations(tx: AsyncConnection, author: Author) -> list[Decision]:
    """Conversations of the author's areas, once one of them has waited for a day."""
    if not author.areas(Action.ANSWER_CONVERSATION):
        return []
    # Mostly none has: then it is not read for each who waits whether they can be answered.
    if not await db.inbox_loads.has_waited_since(tx, author.now - LONG):
        return []
    load = load_of(await loads_for(tx, author), None)
    if load.longest_since is None or author.now - load.longest_since < LONG:
        return []
    return [
        Decision(matter=Matter.CONVERSATIONS, people=str(load.waiting), since=load.longest_since),
    ]


async def _full_events(tx: AsyncConnection, author: Author, language: str) -> list[Decision]:
    """Events for which more want to come than there are seats."""
    page = await events.managed(tx, author, waited_for=True)
    waiting = await db.seats.waiting_for(tx, [event.id for event in page.events])
    first = author.campaign.languages[0]
    return [
        Decision(
            matter=Matter.SEATS,
            event=event,
            title=text_in(page.texts[event.id], language, first).title,
            people=str(waiting[event.id]),
        )
        for event in page.events
        if event.id in waiting and author.may_change_event(event.commune, event.created_by)
    ]


async def leaving(tx: AsyncConnection, author: Author, area: str, language: str) -> list[WithinADay]:
    """What leaves or takes place in an area within a day, the soonest first. Raises NotAllowed."""
    until = author.now + SOON
    # By any clock it is later yet.
    beyond = (until.astimezone(UTC) + AHEAD_OF_UTC).replace(tzinfo=None)
    found = []
    for each in await calendar.coming(tx, author, area, language=language):
        if each.step is not None and each.at > beyond:
            continue
        times = _instants(author, each)
        # What leaves at each person's own time goes on leaving all day.
        lasts = ALL_DAY if each.step is not None and each.step.by_plan else timedelta()
        soon = [(where, at) for where, at in times if at < until and author.now <= at + lasts]
        if each.goes_on_at is not None and author.now <= each.goes_on_at < until:
            found.append(WithinADay(at=each.goes_on_at, coming=each, times=tuple(soon)))
        elif soon and each.goes_on_at is None:
            first = min(at for _, at in soon)
            found.append(WithinADay(at=first, coming=each, times=tuple(soon)))
    return sorted(found, key=lambda each: each.at)


async def under_way(
    tx: AsyncConnection, author: Author, area: str, language: str, accounts: Accounts = COUNTED_NOW
) -> list[BroadcastLine]:
    """What is leaving now for people of an area, as far as the author may control it: what staff sent, and reminders of
    the campaign file. Raises NotAllowed.
    """
    author.require(Action.SEE_CALENDAR, area)
    whose = None if author.supervised() else author.id
    theirs = [
        each
        for each in await db.broadcast_lists.under_way(tx, author=whose, now=author.now)
        if each.starts_at <= author.now + BEHIND_UTC * each.local_time
        and author.may_control(each.area, each.created_by)
        and (contains(area, each.area) or contains(each.area, area))
    ]
    named = await broadcast_subject.titles(tx, theirs, language, author.campaign.languages[0])
    found = []
    for progress in await broadcast_control.progress_of_many(tx, author, theirs, accounts):
        each = progress.broadcast
        if not progress.is_over:
            place = area_name(author.gazetteer, each.area)
            found.append(
                BroadcastLine(progress=progress, title=named.get(each.id, ""), place=place, mends=())
            )
    return found


def leaving_now(lines: Sequence[BroadcastLine], now: datetime) -> list[BroadcastLine]:
    """Those that somebody gets at this moment; the others wait for the morning, or for what comes first."""
    firsts = [(each, each.progress.first_due) for each in lines]
    return [each for each, first in firsts if (not each.progress.is_held if first is None else first <= now)]


def coming_back(
    author: Author, under_way: Sequence[BroadcastLine]
) -> list[tuple[Withholding, BroadcastLine]]:
    """What is held of messages that are leaving until an instant within a day, the soonest first: it goes on then, or
    another message goes first.
    """
    found = [
        (some, each)
        for each in under_way
        if each.broadcast.state == "active"
        for some in each.progress.account.withheld
        if some.until < author.now + SOON and author.reader.tells(some.people)
    ]
    return sorted(found, key=lambda one: one[0].until)


def _instants(author: Author, coming: Coming) -> list[tuple[str, datetime]]:
    """When it happens: of what leaves by local time in each territory, else once."""
    if coming.event is not None:
        return [("", coming.event.starts_at)]
    if coming.broadcast is not None and not coming.broadcast.local_time:
        return [("", coming.broadcast.starts_at)]
    territories = coming.step.territories if coming.step is not None else coming.territories
    return [(code, at_wall(coming.at, zone_of(code))) for code in territories]


async def joined(tx: AsyncConnection, author: Author, area: str, zone: str) -> Sequence[JoinedOn]:
    """How many signed up on each of the last days, today included. Raises NotAllowed."""
    author.require(Action.SEE_STATISTICS, area)
    local, reader = zone_named(zone), author.reader
    today = author.now.astimezone(local).date()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    bounds = [at_local(day, time(), local) for day in (*days, today + timedelta(days=1))]
    counts = await db.statistics.joined(tx, area, bounds, reader.known_in)
    return [
        JoinedOn(day=day, shown=reader.shown(people), at_least=reader.at_least(people))
        for day, people in zip(days, counts, strict=True)
    ]
