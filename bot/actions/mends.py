"""Second thoughts: what has left is put right or taken back, in every chat where Telegram allows it.

Each is a broadcast of its own about another one (`broadcasts.mends`), whose deliveries edit and delete instead of
sending. So it is let go by a second person, leaves at the pace of every other message, is paused, resumed and followed,
and survives a kill as they do. What has not left yet of the original leaves with the new words, or no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_accounts
import db.broadcasts
import db.mends
from bot.actions import audit, broadcast_approvals
from bot.actions.authority import Author, in_turn
from bot.actions.broadcast_control import followed
from bot.actions.broadcasts import awaits_second_person
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.kinds import Kind
from bot.rules.mends import (
    RECALLED,
    Mend,
    may_be_corrected,
    may_be_recalled,
    says_something_else,
)
from bot.rules.permissions import Action
from bot.rules.sending import USEFUL_FOR
from bot.rules.small_counts import Headcount
from bot.words.staff_texts import check_staff_text
from bot.words.telegram_html import CAPTION_LIMIT, TEXT_LIMIT
from db.broadcast_accounts import Broadcast, BroadcastProgress

ACTIONS = {Mend.CORRECTION: Action.CORRECT_BROADCAST, Mend.RECALL: Action.RECALL_BROADCAST}


class MendRefused(PortevoixError):
    """A second thought that cannot be had: nothing has left, it is not of that kind, or one is under way."""

    default_message: ClassVar[str] = "errors/mend_nothing_left"


class Mendable(Frozen):
    """A broadcast that somebody may put right or take back, and what that would touch, as they may read counts.

    `reached`: in so many chats it stands; `in_doubt`: in so many more it may, and nobody knows which message it would
    be. `deletable`: so many can still be deleted, the others edited. `waiting`: so many do not have it yet.
    """

    progress: BroadcastProgress
    texts: Mapping[str, str]
    # Of each version that is compared with it.
    others: Sequence[Mapping[str, str]]
    reached: Headcount
    deletable: Headcount
    in_doubt: Headcount
    waiting: Headcount

    @property
    def broadcast(self) -> Broadcast:
        return self.progress.broadcast


async def mendable(tx: AsyncConnection, author: Author, broadcast: int, mend: Mend) -> Mendable:
    """What a second thought would do. Raises NotAllowed, CandidateOut, BroadcastRefused and MendRefused."""
    author.require(ACTIONS[mend])
    progress = await followed(tx, author, broadcast)
    if mend is Mend.CORRECTION:  # it says something new; a recall only takes away
        author.require(Action.CORRECT_BROADCAST, progress.broadcast.area)
        author.require_standing()
    _require_kind(progress.broadcast, mend)
    _require_turn(await db.mends.of(tx, broadcast), mend)
    reached = progress.count("sent") + progress.count("sending")
    if not (reached.total or progress.count("in_doubt").total):
        raise MendRefused("Nothing has gone out.")
    versions = (await db.broadcast_accounts.versions_of_many(tx, [broadcast])).get(broadcast, [])
    known_in = author.reader.known_in
    return Mendable(
        progress=progress,
        texts=next(iter(versions), {}),
        others=versions[1:],
        reached=reached,
        deletable=await db.mends.still_deletable(tx, broadcast, now=author.now, known_in=known_in),
        in_doubt=progress.count("in_doubt"),
        waiting=progress.waiting + progress.withheld,
    )


def _require_kind(original: Broadcast, mend: Mend) -> None:
    kind = Kind(original.kind)
    fits = (
        may_be_recalled(kind) if mend is Mend.RECALL else may_be_corrected(kind, template=original.template)
    )
    if not fits or original.mends is not None:
        raise MendRefused(
            "This cannot be mended.",
            message="errors/mend_not_this",
            mend=mend.value,
            neutral=kind is Kind.CIVIC_NEUTRAL,
        )


def _require_turn(before: Sequence[Broadcast], mend: Mend) -> None:
    """One at a time: of two edits nobody knows which one is seen last. A recall takes the place of a correction."""
    for each in before:
        if each.is_recall and each.state != "cancelled":
            raise MendRefused("It is taken back already.", message="errors/mend_recalled")
        if _is_under_way(each) and mend is Mend.CORRECTION:
            raise MendRefused("It is being corrected.", message="errors/mend_under_way")


def _is_under_way(mend: Broadcast) -> bool:
    return mend.finished_at is None and mend.state != "cancelled"


async def recall(tx: AsyncConnection, author: Author, broadcast: int, *, key: str) -> int:
    """Takes a broadcast back; the recall's number. Raises as `mendable` does."""
    author = await in_turn(tx, author)  # nobody lets it go, or corrects it, meanwhile
    await db.mends.stop_leasing(tx)
    found = await mendable(tx, author, broadcast, Mend.RECALL)
    for each in await db.mends.of(tx, broadcast):
        if _is_under_way(each):
            await broadcast_approvals.give_up(tx, each, why="cancelled", now=author.now)
    # Whatever waits for approval of it is asked for in vain.
    await broadcast_approvals.end(tx, broadcast, why="cancelled", now=author.now)
    return await _mend(tx, author, found, Mend.RECALL, texts={}, key=key, template=RECALLED)


async def correct(
    tx: AsyncConnection,
    author: Author,
    broadcast: int,
    texts: Mapping[str, str],
    *,
    key: str,
    others: Sequence[Mapping[str, str]] = (),
) -> int:
    """Puts other words in the place of a broadcast's; the correction's number.

    `texts`: HTML by language, whole: what is not among them is no text of it any more; `others`: of each version
    that is compared with it. Raises as `mendable` does, and what is wrong with a text: BadPlaceholder or BadHtml.
    """
    author = await in_turn(tx, author)
    await db.mends.stop_leasing(tx)
    found = await mendable(tx, author, broadcast, Mend.CORRECTION)
    versions = [{code: text for code, text in version.items() if text} for version in (texts, *others)]
    before = (found.texts, *found.others)
    if len(versions) != len(before) or not all(versions):
        raise MendRefused("Each version needs its words.", message="errors/mend_same_words")
    if not any(map(says_something_else, versions, before)):
        raise MendRefused("Nothing was changed.", message="errors/mend_same_words")
    for version in versions:
        for text in version.values():
            check_staff_text(text, limit=TEXT_LIMIT if found.broadcast.photo is None else CAPTION_LIMIT)
    texts, *others = versions
    return await _mend(tx, author, found, Mend.CORRECTION, texts=texts, others=others, key=key)


async def _mend(
    tx: AsyncConnection,
    author: Author,
    found: Mendable,
    mend: Mend,
    *,
    texts: Mapping[str, str],
    others: Sequence[Mapping[str, str]] = (),
    key: str,
    template: str | None = None,
) -> int:
    """The second thought as a broadcast, on its way at once or once a second person let it go."""
    original = found.broadcast
    useful_until = None if mend is Mend.RECALL else author.now + USEFUL_FOR
    details: dict[str, Any] = {} if mend is Mend.RECALL else {"before": dict(found.texts)}
    if mend is Mend.CORRECTION and found.others:
        details["before_others"] = [dict(version) for version in found.others]
    values = {
        "key": key,
        "kind": Kind.SERVICE.value,  # the law that holds for it is the original's: see bot.departure.mending
        "state": "active",
        "template": template,
        "details": details,
        "audience": original.audience,
        "area": original.area,
        "starts_at": author.now,
        "expires_at": useful_until,
        "created_by": author.id,
        "created_at": author.now,
        "mends": original.id,
    }
    number = await db.broadcasts.create(tx, values, texts, others)
    if number is None:
        raise MendRefused("This was asked already.", message="errors/broadcast_sent_already")
    people = await db.mends.queue(tx, number, original.id, expires_at=useful_until, now=author.now)
    noted = {"broadcast": original.id, "mend": number, "people": people}
    await audit.note(tx, actor=author.name, action=ACTIONS[mend], details=noted, now=author.now)
    if await _awaits_second_person(tx, author, original.id, number, mend, people):
        await _stop_meanwhile(tx, original, number, details)
        await broadcast_approvals.ask(tx, author, number)
    else:
        made = await db.broadcast_accounts.get(tx, number)
        assert made is not None  # just made
        await db.mends.take_effect(tx, made, texts, author.now, others)
    return number


async def _awaits_second_person(
    tx: AsyncConnection, author: Author, original: int, number: int, mend: Mend, people: int
) -> bool:
    """What is taken away concerns those who have it; new words also those who do not have the message yet."""
    if mend is Mend.RECALL:
        return await awaits_second_person(tx, author, number, people)
    return await awaits_second_person(tx, author, original, await db.mends.readers(tx, original))


async def _stop_meanwhile(
    tx: AsyncConnection, original: Broadcast, mend: int, details: Mapping[str, Any]
) -> None:
    """What somebody thinks wrong does not go on leaving while a second person looks at it."""
    if original.finished_at is None and original.state == "active":
        await db.broadcasts.pause(tx, original.id)
        await db.mends.keep_details(tx, mend, {**details, "paused": True})
