"""A broadcast to many people leaves once somebody else let it go: they are asked, see what it says, and decide once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.approvals
import db.broadcast_accounts
import db.broadcasts
import db.events
import db.hosts
import db.mends
import db.people
import db.staff
import db.surveys
from bot.actions import approvals, audience_words, audit, notices, rewording
from bot.actions.approvals import LIFE, ApprovalGone
from bot.actions.audience_words import AudienceView
from bot.actions.authority import Author, area_name, hosted_by, roles_of
from bot.campaign.campaign import Campaign
from bot.errors import NotAllowed
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE
from bot.rules.kinds import Kind
from bot.rules.mends import Mend
from bot.rules.permissions import Action, may_approve_broadcast, may_broadcast_to
from bot.rules.sending import USEFUL_FOR
from bot.rules.small_counts import Headcount, Reader
from bot.rules.surveys import as_json
from db.approval_cards import card_key
from db.approvals import Approval
from db.broadcast_accounts import Broadcast
from db.events import Event, EventTexts
from db.surveys import Survey

WHAT = "broadcast"
CARD = "broadcast_waits"
"""The notice that asks, of `locales/templates/notices`."""
MOST_REASON = 500
"""Characters of why it is refused."""
BY_ITSELF = "approvals"
"""The actor in the audit log where nobody decided in time."""


class Subject(Frozen):
    """A broadcast as it will leave: its texts by language, or the event that it is about with its own."""

    broadcast: Broadcast
    author: int | None
    # What it will say; of a recall, what it takes away.
    texts: Mapping[str, str]
    # The same of each version that is compared with it.
    others: Sequence[Mapping[str, str]]
    event: Event | None
    event_texts: EventTexts
    # The survey that it asks, if it asks one.
    survey: Survey | None = None
    # What it corrects or takes back, if it is a second thought.
    mended: Broadcast | None = None

    @property
    def versions(self) -> tuple[Mapping[str, str], ...]:
        """The texts of each version that is compared; of most messages, of the only one."""
        return (self.texts, *self.others)

    @property
    def wording(self) -> Broadcast:
        """The broadcast by whose kind, picture and signature it reads."""
        return self.mended or self.broadcast

    @property
    def read_of(self) -> int:
        """The broadcast that tells who will read it: new words are also for those who do not have the message yet."""
        if self.mended is not None and self.broadcast.is_correction:
            return self.mended.id
        return self.broadcast.id

    @property
    def area(self) -> str:
        """The area of whoever decides: of words to those who come to an event, wherever they live, where it is."""
        if self.broadcast.kind == Kind.EVENT_SERVICE and self.event is not None:
            return self.event.commune
        return self.broadcast.area

    @property
    def mend(self) -> str | None:
        """The second thought that it is, if it is one."""
        if self.mended is None:
            return None
        return (Mend.RECALL if self.broadcast.is_recall else Mend.CORRECTION).value

    @property
    def digest(self) -> str:
        """Another one as soon as a text, the audience, the hour, or the event's place or time is another."""
        sent, event = self.broadcast, self.event
        facts = {
            "says": [
                sent.kind,
                sent.template,
                sent.details,
                sent.ballot,
                sent.photo,
                sorted(self.texts.items()),
                *(sorted(version.items()) for version in self.others),
                *([] if sent.compares is None else [sent.compares.as_json()]),
            ],
            "to": [sent.audience, sent.area],
            "at": [sent.starts_at.isoformat(), sent.local_time],
            "mends": sent.mends,
            "event": event and [event.starts_at.isoformat(), event.ends_at.isoformat(), *_place(event)],
            "words": sorted((code, text.title, text.description) for code, text in self.event_texts.items()),
        }
        if self.survey is not None:
            asks = self.survey
            facts["asks"] = [as_json(asks.form), asks.closes_at.isoformat(), asks.erase_at.isoformat()]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    @property
    def is_now(self) -> bool:
        """Whether it leaves as soon as it is let go."""
        return not self.broadcast.local_time and self.broadcast.starts_at <= self.broadcast.created_at


def _place(event: Event) -> tuple[object, ...]:
    return (event.zone, event.commune, event.address, event.latitude, event.longitude)


class Shown(Frozen):
    """What somebody who may decide sees of it, as their roles let them know it."""

    approval: Approval
    subject: Subject
    audience: AudienceView
    # What its author looked after: nobody else gets it. None: everywhere.
    within: tuple[str, ...] | None
    people: Headcount
    reader: Reader


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


async def subject_of(tx: AsyncConnection, broadcast: int) -> Subject:
    """A broadcast that exists, with all that words it."""
    found = await db.broadcast_accounts.get(tx, broadcast)
    assert found is not None  # approvals go with their broadcast
    mended = None if found.mends is None else await db.broadcast_accounts.get(tx, found.mends)
    wording = mended or found
    worded_by = found if found.is_correction else wording
    versions = (await db.broadcast_accounts.versions_of_many(tx, [worded_by.id])).get(worded_by.id, [])
    about = (
        None if wording.event is None else (await db.events.get_many(tx, [wording.event])).get(wording.event)
    )
    author = await db.people.get_many(tx, [found.created_by]) if found.created_by is not None else {}
    return Subject(
        broadcast=found,
        author=next((person.telegram_id for person in author.values()), None),
        texts=next(iter(versions), {}),
        others=versions[1:],
        mended=mended,
        event=about,
        event_texts={**await db.events.texts_of(tx, about.id), **rewording.new_texts(found)} if about else {},
        survey=(await db.surveys.of_broadcasts(tx, [wording.id])).get(wording.id)
        if wording.survey is not None
        else None,
    )


async def shown_to(tx: AsyncConnection, author: Author, approval: int, language: str) -> Shown:
    """What waits, to whoever may decide it. Raises ApprovalGone and NotAllowed."""
    found = await db.approvals.get(tx, approval)
    if found is None or found.what != WHAT or found.broadcast is None or not found.is_open(author.now):
        raise ApprovalGone("This waits for nobody any more.")
    subject = await subject_of(tx, found.broadcast)
    await _require_second(tx, author, found, subject)
    account = await db.broadcast_accounts.account(tx, subject.read_of, author.reader.known_in)
    areas = found.details["areas"]
    return Shown(
        approval=found,
        subject=subject,
        audience=await audience_words.view_for(tx, author, subject.broadcast.audience, language),
        within=None if EVERYWHERE in areas else tuple(area_name(author.gazetteer, each) for each in areas),
        people=account.people,
        reader=author.reader,
    )


async def open_for(tx: AsyncConnection, author: Author, broadcast: int) -> int | None:
    """The approval that somebody may decide of a broadcast, if there is one."""
    found = await db.approvals.of_broadcast(tx, broadcast)
    if found is None or not found.is_open(author.now):
        return None
    return found.id if await _is_second(tx, author, found, await subject_of(tx, broadcast)) else None


async def _is_second(tx: AsyncConnection, author: Author, approval: Approval, subject: Subject) -> bool:
    if not author.may_approve(subject.area, subject.broadcast.created_by):
        return False
    return author.person.telegram_id in await _others(tx, subject, but=approval.asked_by)


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


async def decide(
    tx: AsyncConnection, author: Author, approval: int, *, granted: bool, reason: str = ""
) -> Approval:
    """A second person lets it go, in this very transaction, or refuses it, perhaps with a `reason` for its author.

    Raises ApprovalGone and NotAllowed.
    """
    author, found = await approvals.take_up(tx, author, approval, WHAT)
    assert found.broadcast is not None  # it is about one
    subject = await subject_of(tx, found.broadcast)
    await _require_second(tx, author, found, subject)
    await _require_as_asked(tx, author, found, subject)
    if granted:
        if not subject.broadcast.is_recall:  # what only takes away may always be done
            author.require_standing()
        await _let_go(tx, subject, author.now)
    account = await db.broadcast_accounts.account(tx, subject.read_of, None)
    noted = {"broadcast": found.broadcast, "people": account.people.total, "digest": subject.digest}
    if reason:  # the log has no texts
        await db.approvals.give_reason(tx, found, reason)
    await approvals.close(tx, author, found, Action.APPROVE_BROADCAST, granted=granted, **noted)
    by = author.person.telegram_id
    await _tell(tx, found, subject, granted=granted, decided_by=by, now=author.now, reason=reason)
    closed = await db.approvals.get(tx, approval)
    assert closed is not None  # just decided
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


async def _let_go(tx: AsyncConnection, subject: Subject, now: datetime) -> None:
    broadcast = subject.broadcast
    if broadcast.mends is not None:
        await db.mends.stop_leasing(tx)
    until = broadcast.expires_at or now + USEFUL_FOR
    if not await db.broadcasts.let_go(
        tx, broadcast.id, now=now, late_expire_at=None if broadcast.is_recall else until
    ):
        raise ApprovalGone("It was cancelled meanwhile.")
    if broadcast.mends is not None:
        await db.mends.take_effect(tx, broadcast, subject.texts, now, subject.others)
    if broadcast.event is not None:
        await db.events.publish(tx, broadcast.event)
    if broadcast.event is not None and broadcast.reworded is not None:
        await rewording.apply(tx, broadcast, now)
        await _restate(tx, broadcast.event)


async def _restate(tx: AsyncConnection, event: int) -> None:
    """Words of an event that a second person agreed to are nothing new to what else waits about it."""
    for number in await db.events.broadcasts_about(tx, event):
        found = await db.approvals.of_broadcast(tx, number)
        if found is not None and found.decided_at is None:
            await db.approvals.restate(tx, found, digest=(await subject_of(tx, number)).digest)


async def _tell(
    tx: AsyncConnection,
    approval: Approval,
    subject: Subject,
    *,
    granted: bool,
    decided_by: int | None,
    now: datetime,
    reason: str = "",
) -> None:
    """Whoever wrote it hears what became of it, and whoever asked."""
    event = subject.event
    news = {
        "broadcast": subject.broadcast.id,
        "kind": subject.wording.kind,
        "mend": subject.mend,
        "mends": subject.broadcast.mends,
        "granted": granted,
        "decided_by": decided_by,
        "reason": reason,
        "event": event.code if event is not None else None,
        "is_hidden": event is not None and event.is_hidden,
        "due_at": None
        if subject.is_now or subject.broadcast.local_time
        else subject.broadcast.starts_at.isoformat(),
    }
    told = {each for each in (subject.author, approval.asked_by) if each is not None}
    await notices.tell(tx, told - {decided_by}, "broadcast_decided", news, now=now)


async def end(tx: AsyncConnection, broadcast: int, *, why: str, now: datetime) -> None:
    """Nobody decides on a broadcast any more, because it was changed, cancelled, or left by its author."""
    found = await db.approvals.of_broadcast(tx, broadcast)
    if found is not None and found.decided_at is None:
        await db.approvals.end(tx, found, why=why, now=now)


async def end_overdue(tx: AsyncConnection, now: datetime) -> int:
    """What nobody decided in time is over, and its author is told; how many there were."""
    await audit.take_turn(tx)
    late = await db.approvals.overdue(tx, WHAT, now)
    for each in late:
        assert each.broadcast is not None  # it is about one
        await db.approvals.end(tx, each, why="late", now=now)
        noted = {"approval": each.id, "broadcast": each.broadcast}
        await audit.note(tx, actor=BY_ITSELF, action="approval_too_late", details=noted, now=now)
        subject = await subject_of(tx, each.broadcast)
        await _tell(tx, each, subject, granted=False, decided_by=None, now=now)
    return len(late)


async def give_up(tx: AsyncConnection, broadcast: Broadcast, *, why: str, now: datetime) -> None:
    """Cancels what nobody let go, with its event where nobody has seen it."""
    await end(tx, broadcast.id, why=why, now=now)
    await db.broadcasts.cancel(tx, broadcast.id)
    await db.surveys.give_up(tx, broadcast.id)
    if broadcast.event is not None:
        await db.events.drop(tx, broadcast.event)
