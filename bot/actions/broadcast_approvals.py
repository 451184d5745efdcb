"""A broadcast to many people leaves once somebody else let it go: they are asked, see what it says, and decide once."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

import db.approvals
import db.broadcasts
import db.delivery_accounts
import db.events
import db.people
import db.surveys
from bot.actions import approvals, audience_words, audit, notices
from bot.actions.approval_forecasts import foreseen, is_foreseen
from bot.actions.approvals import LIFE, ApprovalGone
from bot.actions.audience_words import AudienceView
from bot.actions.authority import Author, area_name, hosted_by, roles_of
from bot.actions.broadcast_subject import Colleague, Subject, member, subject_of, titles
from bot.actions.forecasts import Forecast
from bot.actions.letting_go import let_go
from bot.actions.second_people import CARD, seconds_of
from bot.campaign.campaign import Campaign
from bot.errors import NotAllowed, PortevoixError
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE
from bot.rules.kinds import Kind
from bot.rules.permissions import Action, may_approve_broadcast, may_broadcast_to
from bot.rules.small_counts import Headcount, Reader
from db.approval_cards import card_key
from db.approvals import Approval
from db.broadcast_accounts import Broadcast

WHAT = "broadcast"
MOST_AT_ONCE = 10_000
"""Of so many people who gets a message is found out in a tenth of a second, and others may wait for that."""
MOST_REASON = 500
"""Characters of why it is refused."""
BY_ITSELF = "approvals"
"""The actor in the audit log where nobody decided in time."""


class LookAgain(PortevoixError):
    """Who gets it, and when, is not what was shown any more: whoever lets it go has to read that first."""

    default_message = "errors/look_again"


class NobodyGetsIt(LookAgain):
    """Nobody would get it any more while it is of use: whoever lets it go all the same has to know."""

    default_message = "errors/nobody_gets_it_any_more"


class ApprovalView(Frozen):
    """What somebody who may decide sees of it, as their roles let them know it. `forecast`: who gets it if it is let go
    now, and when; None where it is no message of its own, or news of an event. `is_uncounted`: nor is it found out yet,
    as it is for so many that it takes long.
    """

    approval: Approval
    subject: Subject
    audience: AudienceView
    # What its author looked after: nobody else gets it. None: everywhere.
    within: tuple[str, ...] | None
    people: Headcount
    reader: Reader
    author: Colleague | None
    asked_by: Colleague | None
    forecast: Forecast | None
    is_uncounted: bool = False

    @property
    def is_for_nobody(self) -> bool:
        """Whether nobody gets it any more, so that letting it go has to be known to be for nothing."""
        return self.forecast is not None and self.forecast.is_for_nobody(self.reader)


async def ask(tx: AsyncConnection, author: Author, broadcast: int) -> Approval:
    """Holds a broadcast back, and asks everybody else who may let it go. What was asked of it before is over."""
    await audit.take_turn(tx)
    await db.broadcasts.hold(tx, broadcast)
    before = await db.approvals.of_broadcast(tx, broadcast)
    await end(tx, broadcast, why="changed", now=author.now)
    subject = await subject_of(tx, broadcast)
    # Whom it is for was settled when it was written, whoever asks again.
    areas = before.details.get("areas") if before is not None else list(author.areas(Action.BROADCAST))
    if subject.broadcast.kind == Kind.EVENT_SERVICE:
        areas = [EVERYWHERE]
    mine = author.telegram_id
    asked = await _others(tx, subject, but=mine)
    useless_from = (subject.broadcast.expires_at, _polls_close(author.campaign, subject, author.now))
    until = min([author.now + LIFE, *(instant for instant in useless_from if instant is not None)])
    approval = await db.approvals.ask(
        tx,
        what=WHAT,
        asked_by=mine,
        broadcast=broadcast,
        details={
            "digest": subject.digest,
            "asked": len(asked),
            **({"by": audit.COMMAND_LINE} if author.is_operator else {}),
            "areas": areas or [subject.broadcast.area],
            "mend": subject.mend,
            "mends": subject.broadcast.mends,
            "due_at": None if subject.is_now else subject.broadcast.starts_at.isoformat(),
        },
        asked_at=author.now,
        expires_at=until,
    )
    noted = {"approval": approval.id, "broadcast": broadcast, "digest": subject.digest, "asked": len(asked)}
    await audit.note(tx, actor=author.name, action="ask_for_broadcast", details=noted, now=author.now)
    # Who asked stands in the approval: the message outlives them, to say that it is over.
    card = {"approval": approval.id}
    await notices.tell(tx, asked, CARD, card, now=author.now, key=card_key(approval.id))
    return approval


async def tell_it_waits_again(tx: AsyncConnection, author: Author, broadcast: int) -> None:
    """Its author hears that what somebody had let go is asked anew, and whoever changed what it is about."""
    subject, asked = await subject_of(tx, broadcast), await db.approvals.of_broadcast(tx, broadcast)
    told = {each for each in (subject.author, author.telegram_id) if each is not None}
    news = {
        "broadcast": broadcast,
        "titles": await _titles(tx, subject, author.campaign),
        "asked": asked is not None and asked.details["asked"],
    }
    await notices.tell(tx, told, "invitation_waits", news, now=author.now)


async def _titles(tx: AsyncConnection, subject: Subject, campaign: Campaign) -> dict[str, str]:
    """What it is called, in each language."""
    first, wording = campaign.languages[0], subject.wording
    return {
        code: (await titles(tx, [wording], code, first)).get(wording.id, "") for code in campaign.languages
    }


def _polls_close(campaign: Campaign, subject: Subject, now: datetime) -> datetime | None:
    """When a reminder to vote is of no use any more where it goes; None for what is about no vote, and for a recall."""
    wording = subject.wording
    if wording.kind not in (Kind.GOTV, Kind.CIVIC_NEUTRAL) or subject.broadcast.is_recall:
        return None
    ballot = campaign.next_ballot(now) if wording.ballot is None else campaign.ballot(wording.ballot)
    closes = ballot.closes_in(wording.area) if ballot is not None else None
    return closes if closes is not None and closes > now else None


async def _others(tx: AsyncConnection, subject: Subject, *, but: int | None) -> set[int]:
    """Everybody who may decide: neither whoever wrote it, nor whoever changed it last, nor who may be one of them."""
    return await approvals.seconds_who(
        tx,
        lambda role: may_approve_broadcast(role, audience_area=subject.area, author=None),
        to=(but, subject.author),
    )


async def shown_to(
    tx: AsyncConnection,
    author: Author,
    approval: int,
    language: str,
    *,
    expected: Forecast | None = None,
) -> ApprovalView:
    """What waits, to whoever may decide it; `expected`: who gets it, where that was found out before. Of few people it
    is found out here: this may be in the transaction of the one writer. Raises ApprovalGone and NotAllowed.
    """
    found = await db.approvals.get(tx, approval)
    if found is None or found.what != WHAT or found.broadcast is None or not found.is_open(author.now):
        raise await approvals.gone(tx, author, found if found is not None and found.what == WHAT else None)
    subject = await subject_of(tx, found.broadcast)
    await _require_second(tx, author, found, subject)
    account = await db.delivery_accounts.account(tx, subject.read_of, author.reader.known_in)
    areas = found.details["areas"]
    is_small = account.people.total <= MOST_AT_ONCE
    forecast = expected or (await foreseen(tx, author, subject) if is_small else None)
    return ApprovalView(
        approval=found,
        subject=subject,
        audience=await audience_words.view_for(tx, author, subject.broadcast.audience, language),
        within=None if EVERYWHERE in areas else tuple(area_name(author.gazetteer, each) for each in areas),
        people=account.people,
        reader=author.reader,
        author=await _member(tx, author, subject.author),
        asked_by=await _member(tx, author, found.asked_by if found.asked_by != subject.author else None),
        forecast=forecast,
        is_uncounted=forecast is None and not is_small and is_foreseen(subject),
    )


async def _member(tx: AsyncConnection, author: Author, telegram_id: int | None) -> Colleague | None:
    return None if telegram_id is None else await member(tx, author.gazetteer, telegram_id)


async def too_late(tx: AsyncConnection, author: Author, broadcast: int) -> ApprovalGone:
    """What is told to whoever comes to decide of a broadcast what nobody decides any more."""
    return await approvals.gone(tx, author, await db.approvals.of_broadcast(tx, broadcast))


async def open_for(tx: AsyncConnection, author: Author, broadcast: int) -> int | None:
    """The approval that somebody may decide of a broadcast, if there is one."""
    found = await db.approvals.of_broadcast(tx, broadcast)
    if found is None or not found.is_open(author.now):
        return None
    return found.id if await _is_second(tx, author, found, await subject_of(tx, broadcast)) else None


async def _is_second(tx: AsyncConnection, author: Author, approval: Approval, subject: Subject) -> bool:
    if not author.may_approve(subject.area, subject.broadcast.created_by):
        return False
    return author.person.telegram_id in await seconds_of(tx, approval)


async def _require_second(tx: AsyncConnection, author: Author, approval: Approval, subject: Subject) -> None:
    if not await _is_second(tx, author, approval, subject):
        raise NotAllowed("A second person has to approve this.", message="errors/needs_second_person")


async def decided(tx: AsyncConnection, author: Author, approval: int) -> Approval | None:
    """What became of what somebody was asked, if it is over. Raises ApprovalGone and NotAllowed."""
    found = await db.approvals.get(tx, approval)
    if found is None or found.what != WHAT or found.broadcast is None:
        raise ApprovalGone("This waits for nobody any more.")
    subject = await subject_of(tx, found.broadcast)
    author.require(Action.APPROVE_BROADCAST, subject.area)
    return found if found.decided_at is not None else None


class ApprovalDecision(StrEnum):
    """What a second person says: that it leaves; where nobody would get it, that it leaves when somebody does, or all
    the same; or that it does not.
    """

    YES = "yes"
    LATER = "later"
    ANYWAY = "anyway"
    NO = "no"


async def decide(
    tx: AsyncConnection,
    author: Author,
    approval: int,
    said: ApprovalDecision,
    *,
    reason: str = "",
    at: datetime | None = None,
    expected: Forecast | None = None,
) -> Approval:
    """A second person lets it go, in this very transaction, or refuses it, perhaps with a `reason` for its author.
    `at`: the later hour that was offered, and taken. `expected`: who was found to get it, just before.

    Raises ApprovalGone, NotAllowed, NobodyGetsIt where that is so and was not said to be known, and LookAgain where the
    hour is not the better one any more.
    """
    author, found = await approvals.take_up(tx, author, approval, WHAT)
    assert found.broadcast is not None  # it is about one
    subject = await subject_of(tx, found.broadcast)
    await _require_second(tx, author, found, subject)
    await _require_as_asked(tx, author, found, subject)
    granted, leaves = said is not ApprovalDecision.NO, {}
    if granted:
        if not subject.broadcast.is_recall:  # what only takes away may always be done
            author.require_standing()
        found_now = expected or await foreseen(tx, author, subject)
        _require_read(found_now, author.reader, said, at)
        better = found_now.better if found_now is not None and said is ApprovalDecision.LATER else None
        leaves = await let_go(tx, author, subject, found_now, better)
    account = await db.delivery_accounts.account(tx, subject.read_of, None)
    noted = {"broadcast": found.broadcast, "people": account.people.total, "digest": subject.digest}
    if reason or leaves:  # the log has no texts
        await db.approvals.note(tx, found, **({"reason": reason} if reason else {}), **leaves)
    await approvals.close(tx, author, found, Action.APPROVE_BROADCAST, granted=granted, **noted)
    closed = await db.approvals.get(tx, approval)
    assert closed is not None  # just decided
    await _tell(tx, closed, subject, author.campaign, by=await _member(tx, author, closed.decided_by))
    return closed


async def _require_as_asked(
    tx: AsyncConnection, author: Author, approval: Approval, subject: Subject
) -> None:
    """Raises ApprovalGone where it is not what was shown, is of no use any more, or its author may not send it now."""
    broadcast = subject.broadcast
    useless = broadcast.expires_at is not None and broadcast.expires_at <= author.now
    as_asked = broadcast.state == "unapproved" and approval.details.get("digest") == subject.digest
    by_operator = approval.details.get("by") == audit.COMMAND_LINE
    if useless or not as_asked or not (by_operator or await _may_still_send(tx, subject)):
        raise ApprovalGone("This is not what was asked any more.")


async def _may_still_send(tx: AsyncConnection, subject: Subject) -> bool:
    person = await db.people.find(tx, subject.author) if subject.author is not None else None
    if person is None:
        return False
    if subject.event is not None and subject.event.id in await hosted_by(tx, person):
        return True  # whoever hosts it needs no role
    held = await roles_of(tx, person)
    return any(may_broadcast_to(role, subject.area) for role in held)


def _require_read(
    found: Forecast | None, reader: Reader, said: ApprovalDecision, at: datetime | None
) -> None:
    """Raises LookAgain where what was said is no answer to what is so now."""
    is_for_nobody = found is not None and found.is_for_nobody(reader)
    if said is ApprovalDecision.LATER and not (
        is_for_nobody and found is not None and _is_same(found.better, at)
    ):
        raise LookAgain("It need not wait any more, or another hour is the better one now.")
    if said is ApprovalDecision.YES and is_for_nobody:
        raise NobodyGetsIt("Nobody would get this in time.")


def _is_same(one: datetime | None, other: datetime | None) -> bool:
    """To the second, which is what a button keeps."""
    return one is not None and other is not None and int(one.timestamp()) == int(other.timestamp())


async def _tell(
    tx: AsyncConnection, approval: Approval, subject: Subject, campaign: Campaign, *, by: Colleague | None
) -> None:
    """Whoever wrote it hears what became of it, and whoever asked. `by`: who decided; None: nobody did in time."""
    event = subject.event
    news = {
        "broadcast": subject.broadcast.id,
        "kind": subject.wording.kind,
        "titles": await _titles(tx, subject, campaign),
        "mend": subject.mend,
        "mends": subject.broadcast.mends,
        "granted": bool(approval.granted),
        "decided_by": by and by.telegram_id,
        "by": by and asdict(by),
        "reason": approval.reason,
        "event": event.code if event is not None else None,
        "is_hidden": event is not None and event.is_hidden,
        "leaves_at": approval.leaves_at and approval.leaves_at.isoformat(),
        "last_leaves_at": approval.last_leaves_at and approval.last_leaves_at.isoformat(),
        "for_nobody": approval.is_for_nobody,
        "by_and_by": approval.is_by_and_by,
    }
    told = {each for each in (subject.author, approval.asked_by) if each is not None}
    assert approval.decided_at is not None  # it is over
    await notices.tell(tx, told - {approval.decided_by}, "broadcast_decided", news, now=approval.decided_at)


async def end(tx: AsyncConnection, broadcast: int, *, why: str, now: datetime) -> None:
    """Nobody decides on a broadcast any more, because it was changed, cancelled, or left by its author."""
    found = await db.approvals.of_broadcast(tx, broadcast)
    if found is not None and found.decided_at is None:
        await db.approvals.end(tx, found, why=why, now=now)


async def end_overdue(tx: AsyncConnection, campaign: Campaign, now: datetime) -> int:
    """What nobody decided in time is over, and its author is told; how many there were."""
    await audit.take_turn(tx)
    late = await db.approvals.overdue(tx, WHAT, now)
    for each in late:
        assert each.broadcast is not None  # it is about one
        await db.approvals.end(tx, each, why="late", now=now)
        noted = {"approval": each.id, "broadcast": each.broadcast}
        await audit.note(tx, actor=BY_ITSELF, action="approval_too_late", details=noted, now=now)
        ended = await db.approvals.get(tx, each.id)
        assert ended is not None  # just ended
        await _tell(tx, ended, await subject_of(tx, each.broadcast), campaign, by=None)
    return len(late)


async def give_up(tx: AsyncConnection, broadcast: Broadcast, *, why: str, now: datetime) -> None:
    """Cancels what nobody let go, with its event where nobody has seen it."""
    await end(tx, broadcast.id, why=why, now=now)
    await db.broadcasts.cancel(tx, broadcast.id)
    await db.surveys.give_up(tx, broadcast.id)
    if broadcast.event is not None:
        await db.events.drop(tx, broadcast.event)
