"""News of an event: one message for changes that come together, not told too often, and words for many looked at first.

That it moves or is off is owed to those who come, and waits for nobody. What somebody words freely may be anything: for
many people it waits for a second person, as every message does, while the news itself leaves without it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.approvals
import db.audiences
import db.broadcast_accounts
import db.broadcasts
import db.delivery_accounts
import db.event_news
import db.events
import db.series
from bot.actions import broadcast_approvals, broadcasts, rewording
from bot.actions.audiences import target_of
from bot.actions.authority import Author
from bot.actions.broadcasts import NewBroadcast
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE
from bot.rules.belonging import WAITLISTED
from bot.rules.event_news import DAY, told_next
from bot.rules.expressions import AnyOf, Expression, as_json
from bot.rules.kinds import Kind
from bot.rules.leaves import Leaf
from bot.rules.people import RsvpAnswer
from bot.rules.permissions import needs_approval
from bot.rules.sending import CANCELLATION, CHANGE, ON_THE_WAY, WORD, all_at
from bot.rules.small_counts import NOBODY, Headcount
from db.approvals import Approval
from db.audiences import Target
from db.broadcast_accounts import Broadcast
from db.event_news import Untold
from db.events import Event, EventTexts

TOLD_TOGETHER = 30
"""Dates whose answers one audience names: an expression has a limit. Who comes to more of them hears once more."""
TOLD = (RsvpAnswer.YES.value, RsvpAnswer.MAYBE.value, WAITLISTED)
"""Who hears of a change or a cancellation: who comes, who may, who waits for a seat."""


class Told(Frozen):
    """Whom news of an event are for. `at`: when they are told, if not now. `awaits`: words wait for a second person;
    `holds`: and so do the event's own.
    """

    people: Headcount = NOBODY
    at: datetime | None = None
    awaits: bool = False
    holds: bool = False

    def __add__(self, other: Told) -> Told:
        later = max((each for each in (self.at, other.at) if each is not None), default=None)
        awaits, holds = self.awaits or other.awaits, self.holds or other.holds
        return Told(people=self.people + other.people, at=later, awaits=awaits, holds=holds)


class Invited(Frozen):
    """An invitation that needs a second person and has not left for everybody: how many have yet to get it, and what
    that person was last asked.
    """

    broadcast: Broadcast
    waiting: Headcount
    approval: Approval

    @property
    def is_asked_anew(self) -> bool:
        """Whether another change would be asked for anew: somebody let it go as it is."""
        return bool(self.approval.granted)

    @property
    def says_seats(self) -> bool:
        """Whether it tells how many seats there are; that to a series does not."""
        return self.broadcast.series is None


class News(Frozen):
    """What is told of an event, and until when it is news. `words`: what the organizers add.

    `starts_at`: when it begins, or began before it changed, whichever is sooner. `rewords`: its title or description is
    another one, and nothing else. `follows`: it is so of all later dates too. `reworded`: see `hold`.
    """

    template: str
    starts_at: datetime
    expires_at: datetime
    words: str = ""
    rewords: bool = False
    follows: bool = False
    reworded: Mapping[str, Any] | None = None


def coming_to(*events: Event) -> Expression:
    """Who comes to one of these, may, or waits, wherever they live: they were promised the event."""
    leaves = (Leaf(name="rsvp", arguments=(event.code, answer)) for event in events for answer in TOLD)
    return AnyOf(tuple(leaves))


async def tell(
    tx: AsyncConnection,
    author: Author,
    event: Event,
    news: News,
    *,
    key: str,
    audience: Expression | None = None,
) -> Told:
    """Queues news for those who said yes or maybe and those who wait, or for an `audience`; the caller checked what the
    author may do, took its turn, and took back what is not news any more (see `gather`).
    """
    audience = audience if audience is not None else coming_to(event)
    target = await target_of(tx, author, audience, [EVERYWHERE])
    people = await _people(tx, author, target)
    if not are_many(author, people):
        return await _queue(tx, author, event, news, target, key=key)
    if news.template == WORD or news.rewords:
        return await _queue(tx, author, event, news, target, key=key, owed=False)
    told = await _queue(tx, author, event, replace(news, words=""), target, key=key, brief=True)
    if news.words:
        told = replace(told, awaits=True)
        why = f"{db.event_news.why_key(event.id)}{secrets.token_hex(4)}"
        apart = replace(news, template=WORD)
        await _queue(tx, author, event, apart, target, key=why, owed=False)
    return told


def are_many(author: Author, people: Headcount) -> bool:
    """Whether what somebody words for so many people is looked at by a second person first."""
    most = author.reader.at_most(people)
    return needs_approval(recipients=most, approval_above=author.campaign.approval_above)


async def are_held(tx: AsyncConnection, author: Author, event: Event) -> bool:
    """Whether the words of an event went to so many that other ones stand nowhere until a second person agreed."""
    invitation = None if event.is_hidden else await db.broadcast_accounts.invitation_to(tx, event.id)
    if invitation is None:
        return False
    invited = await db.delivery_accounts.account(tx, invitation.id, author.reader.known_in)
    return are_many(author, invited.people)


async def hold(
    tx: AsyncConnection, author: Author, dates: Sequence[Event], texts: EventTexts, news: News
) -> Told:
    """Asks a second person for other words of an event, or of these dates of its series, together with those that wait
    already; with them the `news` leaves, for those who come. The caller checked what the author may do.
    """
    event, words = dates[0], dict(texts)
    for untold in await db.event_news.untold(tx, db.event_news.reword_key(event.id)):
        before = await db.broadcast_accounts.get(tx, untold.id)
        if before is not None and before.is_unapproved:
            words = {**rewording.new_texts(before), **words}
            others = await _other_dates(tx, author, before, dates)
            if others:
                await hand_on(tx, author, before, event, others)
            else:
                await _take_back(tx, author, untold.id)
    news = replace(news, reworded=rewording.kept(dates, words))
    target = await target_of(tx, author, coming_to(*dates[:TOLD_TOGETHER]), [EVERYWHERE])
    key = f"{db.event_news.reword_key(event.id)}{secrets.token_hex(4)}"
    return replace(await _queue(tx, author, event, news, target, key=key, owed=False), holds=True)


async def hand_on(
    tx: AsyncConnection, author: Author, news: Broadcast, event: Event, left: Sequence[Event]
) -> None:
    """News of a date that is off are those of the ones that are left; whoever was asked for them is asked anew."""
    details = {
        **(news.details or {}),
        "starts_at": left[0].starts_at.isoformat(),
        "following": len(left) > 1,
    }
    if news.reworded:
        details["reworded"] = {**news.reworded, "events": [date.id for date in left]}
    some = left[:TOLD_TOGETHER]
    await db.event_news.hand_on(
        tx,
        news.id,
        before=event.id,
        to=[date.id for date in some],
        audience=as_json(coming_to(*some)),
        details=details,
    )
    asked = await db.approvals.of_broadcast(tx, news.id)
    if asked is not None and asked.decided_at is None:
        await broadcast_approvals.ask(tx, author, news.id)


async def _other_dates(
    tx: AsyncConnection, author: Author, before: Broadcast, dates: Sequence[Event]
) -> list[Event]:
    """The dates that words which wait are of too, besides these: for those they go on waiting as they are."""
    mine, named = {date.id for date in dates}, set((before.reworded or {}).get("events") or ())
    standing = await db.series.taking_place(tx, dates[0].id)
    return [each for each in standing if each.id in named - mine and each.ends_at > author.now]


async def _people(tx: AsyncConnection, author: Author, target: Target) -> Headcount:
    found = await db.audiences.groups(tx, target, Kind.EVENT_SERVICE, known_in=author.reader.known_in)
    return sum((group.people for group in found), start=NOBODY)


async def _queue(
    tx: AsyncConnection,
    author: Author,
    event: Event,
    news: News,
    target: Target,
    *,
    key: str,
    owed: bool = True,
    brief: bool = False,
) -> Told:
    due = await _due(tx, author, event, news)
    queued = await broadcasts.queue(
        tx,
        author,
        NewBroadcast(
            key=key,
            kind=Kind.EVENT_SERVICE,
            audience=target.meant,
            when=all_at(due),
            texts={},
            template=news.template,
            event=event.id,
            expires_at=news.expires_at,
            words=news.words,
            follows=news.follows,
            owed=owed,
            brief=brief,
            starts_at=None if news.template == CANCELLATION else news.starts_at,
            reworded=news.reworded,
        ),
        target,
    )
    if queued is None:
        return Told()
    people = (await db.delivery_accounts.account(tx, queued.broadcast, author.reader.known_in)).people
    return Told(people=people, at=due if due > author.now else None, awaits=queued.awaits_approval)


async def leaves_at(
    tx: AsyncConnection, author: Author, event: Event, news: News
) -> tuple[datetime, datetime]:
    """From when on a change would be told, were it made now; and when the event begins, or began before what has not
    been told yet.
    """
    untold = await _gathered(tx, event, news)
    starts = [
        datetime.fromisoformat(each.details["starts_at"]) for each in untold if each.details.get("starts_at")
    ]
    news = replace(news, starts_at=min([news.starts_at, *starts]))
    return await _due(tx, author, event, news), news.starts_at


async def _due(tx: AsyncConnection, author: Author, event: Event, news: News) -> datetime:
    if news.template != CHANGE:
        return author.now
    told = await db.event_news.told_since(tx, db.event_news.change_key(event.id), author.now - DAY)
    return told_next(now=author.now, starts_at=news.starts_at, told=told)


async def gather(tx: AsyncConnection, author: Author, event: Event, news: News) -> News:
    """The news of a change together with what has not left of earlier ones, which is taken back.

    Whoever was not told of those knows the event as it was before them; their words stay where nobody says others.
    """
    for untold in await _gathered(tx, event, news):
        starts, words = untold.details.get("starts_at"), str(untold.details.get("words") or "")
        news = replace(
            news,
            starts_at=min(news.starts_at, datetime.fromisoformat(starts)) if starts else news.starts_at,
            words=news.words or words,
            rewords=news.rewords and untold.state == "unapproved",
        )
        await _take_back(tx, author, untold.id)
    if news.words:
        for untold in await db.event_news.untold(tx, db.event_news.why_key(event.id)):
            await _take_back(tx, author, untold.id)
    return news


async def _gathered(tx: AsyncConnection, event: Event, news: News) -> list[Untold]:
    """What has not left of earlier changes, and is told with the news. What those who come to later dates are told too
    is gathered with news of all of these alone.
    """
    untold = await db.event_news.untold(tx, db.event_news.change_key(event.id))
    return [each for each in untold if news.follows or not each.details.get("following")]


async def pending(tx: AsyncConnection, event: Event, now: datetime) -> Told:
    """When what changed of an event is told, if that is still to come; and whether words wait for a second person."""
    keys = [
        each(event.id)
        for each in (
            db.event_news.change_key,
            db.event_news.word_key,
            db.event_news.why_key,
            db.event_news.reword_key,
        )
    ]
    found = await db.event_news.untold_among(tx, event.id, keys)
    due = [each.starts_at for each in found if each.state == "active" and each.starts_at > now]
    awaiting = [each for each in found if each.state == "unapproved"]
    holds = any(each.details.get("reworded") for each in awaiting)
    return Told(at=max(due, default=None), awaits=bool(awaiting), holds=holds)


async def _take_back(tx: AsyncConnection, author: Author, broadcast: int) -> None:
    await broadcast_approvals.end(tx, broadcast, why="changed", now=author.now)
    await db.broadcasts.cancel(tx, broadcast)


async def invited(tx: AsyncConnection, author: Author, event: Event) -> Invited | None:
    """How the invitation to an event stands; None where a change of the event holds nothing of it back."""
    invitation = await db.broadcast_accounts.invitation_to(tx, event.id)
    if invitation is None or invitation.finished_at is not None or invitation.is_cancelled:
        return None
    last = await db.approvals.of_broadcast(tx, invitation.id)
    if last is None:
        return None
    account = await db.delivery_accounts.account(tx, invitation.id, author.reader.known_in)
    return Invited(broadcast=invitation, waiting=account.count(*ON_THE_WAY), approval=last)


async def follow_change(tx: AsyncConnection, author: Author, event: Event) -> None:
    """After an event was changed: what a second person was shown of its invitation is another one, and is asked anew.
    So are words that wait for one.

    An invitation that was let go, and has more to send, waits again. One that was refused waits until it is asked for.
    The caller took its turn.
    """
    for key in (db.event_news.word_key, db.event_news.why_key, db.event_news.reword_key):
        for words in await db.event_news.untold(tx, key(event.id)):
            asked = await db.approvals.of_broadcast(tx, words.id)
            if words.state == "unapproved" and asked is not None and asked.decided_at is None:
                await broadcast_approvals.ask(tx, author, words.id)
    invitation = await db.broadcast_accounts.invitation_to(tx, event.id)
    if invitation is not None and not invitation.is_cancelled:
        await _ask_anew(tx, author, invitation, (await db.events.get_many(tx, [event.id]))[event.id])


async def follow_cancellation(tx: AsyncConnection, author: Author, event: Event) -> None:
    """After a date of a series was cancelled, or several were: its invitation says so, and is asked anew as after a
    change. It is of use until the last of those that are left; where none is to come, nobody is invited any more.

    Those who come are told at once all the same: see `tell`. The caller took its turn.
    """
    invitation = await db.broadcast_accounts.invitation_to(tx, event.id)
    if invitation is None or invitation.series is None or invitation.is_cancelled:
        return
    if await db.series.taking_place(tx, event.id, since=author.now):
        await _ask_anew(tx, author, invitation, event)
    elif invitation.finished_at is None:
        await broadcast_approvals.end(tx, invitation.id, why="cancelled", now=author.now)
        await db.broadcasts.cancel(tx, invitation.id)


async def holds_other_dates(tx: AsyncConnection, author: Author, event: Event) -> bool:
    """Whether cancelling a date has the invitation to the others, which somebody let go, asked anew."""
    found = await invited(tx, author, event)
    if found is None or not found.is_asked_anew or found.broadcast.series is None:
        return False
    left = (await db.series.to_come(tx, [event.id], author.now)).get(event.id, ())
    return any(each.id != event.id for each in left)


async def _ask_anew(tx: AsyncConnection, author: Author, invitation: Broadcast, event: Event) -> None:
    """What an invitation says is not what it said: see `follow_change`."""
    await _invite_until(tx, invitation, event)
    if invitation.finished_at is not None:
        return
    last = await db.approvals.of_broadcast(tx, invitation.id)
    if last is not None and (last.decided_at is None or last.granted):
        await broadcast_approvals.ask(tx, author, invitation.id)
        if last.granted:
            await broadcast_approvals.tell_it_waits_again(tx, author, invitation.id)


async def _invite_until(tx: AsyncConnection, invitation: Broadcast, event: Event) -> None:
    """An invitation is of use until the event begins; that to a series, until its last date does."""
    until = event.starts_at if invitation.series is None else await db.series.last_start(tx, event.id)
    if invitation.expires_at is not None and until is not None and invitation.expires_at != until:
        await db.broadcasts.expire_at(tx, invitation.id, until)
