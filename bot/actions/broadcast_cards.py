"""What staff sent, as a list and one by one: what it says, for whom, who wrote it and let it go, what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_lists
import db.mends
from bot.actions import audience_words
from bot.actions.accounts import COUNTED_NOW, Accounts
from bot.actions.audience_words import AudienceView
from bot.actions.authority import Author, area_name
from bot.actions.broadcast_control import followed, progress_of_many
from bot.actions.broadcast_subject import Colleague, Subject, member, subject_of, titles
from bot.actions.broadcasts import is_written
from bot.actions.effects import MessageEffects, effects_of
from bot.frozen import Frozen
from bot.rules.broadcast_lists import PER_PAGE, BroadcastPart, page_of
from bot.rules.kinds import Kind
from bot.rules.mends import may_be_corrected, may_be_recalled
from bot.rules.permissions import Action
from bot.rules.saved_audiences import shared_with
from bot.rules.small_counts import Headcount
from db.broadcast_accounts import Broadcast, BroadcastProgress, versions_of_many
from db.broadcast_lists import NotReached

MOST_REMINDERS = 20


class BroadcastLine(Frozen):
    """One line of the list. `title`: how its text begins, or the event's name; empty where the program words it.

    `place`: the name of the area that all it is for live in.
    """

    progress: BroadcastProgress
    title: str
    place: str
    mends: Sequence[Broadcast]

    @property
    def broadcast(self) -> Broadcast:
        return self.progress.broadcast


class ListPage(Frozen):
    """A page of the list, from 0."""

    part: BroadcastPart
    lines: Sequence[BroadcastLine]
    number: int
    pages: int


class BroadcastCard(Frozen):
    """One broadcast, for somebody who may control it. `author` and `approver`: as the team knows them."""

    subject: Subject
    author: Colleague | None
    progress: BroadcastProgress
    audience: AudienceView
    approver: Colleague | None
    mends: Sequence[BroadcastProgress]
    not_reached: Sequence[NotReached]
    expired: Headcount
    may: frozenset[str]
    # Where versions are compared, or people left out.
    effects: MessageEffects | None


async def listed(
    tx: AsyncConnection,
    author: Author,
    part: BroadcastPart,
    number: int,
    *,
    language: str,
    fallback: str,
    accounts: Accounts = COUNTED_NOW,
) -> ListPage:
    """One's own broadcasts, and for coordinators those of their areas; beyond the last page, the last one."""
    author.require(Action.CONTROL_BROADCAST)
    whose = None if author.supervised() else author.id
    found = await db.broadcast_lists.listed(tx, part, reader=author.person.id, author=whose, now=author.now)
    theirs = [each for each in found if author.may_control(each.area, each.created_by)]
    number, pages = page_of(number, len(theirs))
    shown = theirs[number * PER_PAGE : (number + 1) * PER_PAGE]
    named = await titles(tx, shown, language, fallback)
    mends = await db.mends.of_many(tx, [each.id for each in shown])
    lines = [
        BroadcastLine(
            progress=progress,
            title=named.get(progress.broadcast.id, ""),
            place=area_name(author.gazetteer, progress.broadcast.area),
            mends=mends.get(progress.broadcast.id, ()),
        )
        for progress in await progress_of_many(tx, author, shown, accounts)
    ]
    return ListPage(part=part, lines=lines, number=number, pages=pages)


async def reminders(
    tx: AsyncConnection, author: Author, accounts: Accounts = COUNTED_NOW
) -> list[BroadcastProgress]:
    """The last reminders of the campaign file, for whoever supervises where they go. Raises NotAllowed."""
    author.require(Action.CONTROL_BROADCAST)
    found = await db.broadcast_lists.reminders(tx, MOST_REMINDERS)
    theirs = [each for each in found if author.may_control(each.area, each.created_by)]
    return await progress_of_many(tx, author, theirs, accounts)


async def sent_to_their_areas(
    tx: AsyncConnection, author: Author, language: str, fallback: str
) -> list[tuple[Broadcast, str]]:
    """The latest messages that were sent to the author's areas, each with its title: whoever got them can be chosen."""
    areas = author.areas(Action.BROADCAST)
    found = await db.broadcast_lists.listed(
        tx, BroadcastPart.ALL, reader=author.person.id, author=None, now=author.now
    )
    left = [each for each in found if each.state != "unapproved" and each.starts_at <= author.now]
    theirs = [each for each in left if shared_with(each.area, areas)][:PER_PAGE]
    named = await titles(tx, theirs, language, fallback)
    return [(each, named.get(each.id, "")) for each in theirs]


async def card(
    tx: AsyncConnection, author: Author, broadcast: int, language: str, accounts: Accounts = COUNTED_NOW
) -> BroadcastCard:
    """Raises NotAllowed, BroadcastRefused."""
    progress = await followed(tx, author, broadcast, accounts)
    subject = await subject_of(tx, broadcast)
    known_in = author.reader.known_in
    mends = await progress_of_many(tx, author, await db.mends.of(tx, broadcast), accounts)
    approval = progress.approval

    async def known(telegram_id: int | None) -> Colleague | None:
        return await member(tx, author.gazetteer, telegram_id) if telegram_id is not None else None

    return BroadcastCard(
        subject=subject,
        author=await known(subject.author),
        progress=progress,
        audience=await audience_words.view_for(tx, author, progress.broadcast.audience, language),
        approver=await known(approval.decided_by if approval is not None and approval.granted else None),
        mends=mends,
        not_reached=await accounts.not_reached(tx, progress.broadcast, known_in),
        expired=progress.count("expired"),
        may=_may(author, progress, mends),
        effects=None
        if progress.broadcast.compares is None
        else await effects_of(tx, broadcast, author.campaign, author.now, so_far=False),
    )


def _may(author: Author, progress: BroadcastProgress, mends: Sequence[BroadcastProgress]) -> frozenset[str]:
    """What can be done with it now; the actions ask again."""
    broadcast, kind = progress.broadcast, Kind(progress.broadcast.kind)
    has_left = bool(progress.count("sent").total + progress.count("sending").total)
    in_doubt = bool(progress.count("in_doubt").total)
    is_recalled = any(each.broadcast.is_recall and not each.is_cancelled for each in mends)
    may = set()
    if is_written(broadcast) and author.areas(Action.BROADCAST):
        may.add("duplicate")
        if not (has_left or in_doubt or progress.is_cancelled or progress.is_over):
            may.add("change")
    if has_left and not is_recalled:
        if may_be_recalled(kind):
            may.add("recall")
        if may_be_corrected(kind, template=broadcast.template):
            may.add("correct")
    is_of_use = broadcast.is_of_use(author.now) and not progress.is_cancelled
    if progress.count("expired").total and is_of_use and not is_recalled:
        may.add("renew")
    return frozenset(may)


async def versions(tx: AsyncConnection, broadcast: int) -> Sequence[Mapping[str, str]]:
    """What staff wrote of a broadcast, by language: of each version."""
    return (await versions_of_many(tx, [broadcast])).get(broadcast, [{}])
