"""Broadcasts as staff follow them: the row, and how far it has come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.approvals
import db.filling
from bot.frozen import Frozen
from bot.rules.experiments import VERSIONS, Experiment, experiment_from
from bot.rules.kinds import Kind
from bot.rules.mends import RECALLED
from bot.rules.neutrality import NOT_NEUTRAL
from bot.rules.sending import ON_THE_WAY
from bot.rules.small_counts import NOBODY, Headcount
from db.approvals import Approval
from db.delivery_accounts import BroadcastAccount, account
from db.headcounts import counted, headcount, known_to
from db.records import records
from db.restrictions import IS_USABLE, restricted_people
from db.schema import approvals, broadcast_texts, broadcasts, deliveries, facts, people, series_events

MOST_READ = 200
ORPHAN = "orphan:"
"""What the name of an `orphan_fact` begins with."""
GONE = "gone"
"""What is kept in `experiment`, beside what was chosen, of people who were erased: by version, how many."""


class Broadcast(Frozen):
    """One row of `broadcasts`: see db.schema for what each field means."""

    id: int
    key: str
    kind: str
    state: str
    template: str | None
    details: Mapping[str, Any] | None
    event: int | None
    ballot: int | None
    step: str | None
    audience: Any  # see bot.rules.expressions.stored
    area: str
    photo: str | None
    starts_at: datetime
    local_time: bool
    expires_at: datetime | None
    created_by: int | None
    created_at: datetime
    finished_at: datetime | None
    progress_chat: int | None
    progress_message: int | None
    mends: int | None = None
    experiment: Mapping[str, Any] | None = None
    measured: Mapping[str, Any] | None = None

    @property
    def compares(self) -> Experiment | None:
        """The versions that it compares and who is left out, if it does."""
        return experiment_from(self.experiment)

    @property
    def gone(self) -> Mapping[str, int]:
        """How many of each group had everything erased since it left: nobody knows who that was."""
        return (self.experiment or {}).get(GONE) or {}

    @property
    def is_unapproved(self) -> bool:
        """Whether nothing leaves until a second person lets it go."""
        return self.state == "unapproved"

    @property
    def is_cancelled(self) -> bool:
        return self.state == "cancelled"

    @property
    def is_recall(self) -> bool:
        """Whether it takes another one back."""
        return self.mends is not None and self.template == RECALLED

    @property
    def is_correction(self) -> bool:
        """Whether it puts the words of another one right."""
        return self.mends is not None and self.template is None

    def is_of_use(self, now: datetime) -> bool:
        """Whether it is of use to whoever gets it now: an invitation until its event begins."""
        return self.expires_at is None or self.expires_at > now

    @property
    def survey(self) -> str | None:
        """The code of the survey that it asks, if it asks one."""
        code = (self.details or {}).get("survey")
        return code if isinstance(code, str) else None

    @property
    def series(self) -> Mapping[str, Any] | None:
        """How often and on which dates a series takes place, of its invitation: see bot.actions.series."""
        found = (self.details or {}).get("series")
        return found if isinstance(found, dict) else None

    @property
    def follows(self) -> bool:
        """Whether a change or a cancellation is that of all later dates too."""
        return bool((self.details or {}).get("following"))

    @property
    def reworded(self) -> Mapping[str, Any] | None:
        """The new words of events that it brings: see bot.actions.rewording."""
        found = (self.details or {}).get("reworded")
        return found if isinstance(found, dict) else None

    @property
    def brief(self) -> bool:
        """Whether news of an event leave without its description."""
        return bool((self.details or {}).get("brief"))

    @property
    def starts(self) -> datetime | None:
        """When what is told of an event begins, or began before it changed, where that was noted."""
        found = (self.details or {}).get("starts_at")
        return datetime.fromisoformat(found) if isinstance(found, str) else None

    @property
    def words(self) -> str:
        """What its organizers add to a message on an event; blank where it is nothing."""
        return str((self.details or {}).get("words") or "")

    @property
    def fields(self) -> Sequence[str] | None:
        """The practical fields that a neutral reminder shows; None where it is none."""
        fields = (self.details or {}).get("fields")
        return [str(field) for field in fields] if isinstance(fields, list) else None


class BroadcastProgress(Frozen):
    """A broadcast and its account, for whoever follows it."""

    broadcast: Broadcast
    account: BroadcastAccount
    # What a second person was last asked, where one has to let it go.
    approval: Approval | None = None
    # Its author has left the team: somebody else decides whether it goes on.
    orphaned: bool = False
    # Telegram asked for a long silence until then; it may be over.
    asked_until: datetime | None = None
    is_silent: bool = False
    # The bot's Stars do not pay for a faster rate.
    unpaid: bool = False
    # Called a neutral reminder, and not the program's own words: so many did not leave.
    not_neutral: Headcount = NOBODY

    @property
    def waiting(self) -> Headcount:
        """How many have yet to leave; once it was cancelled, only those that are just leaving."""
        leaving = self.account.count("sending")
        return leaving if self.is_cancelled else leaving + self.account.count("queued", "leased")

    @property
    def is_to_come(self) -> bool:
        """Whether all of it waits for the time it was written for."""
        due = self.account.next_due
        waits = self.waiting.total > 0 and self.count("sent").total == 0
        return waits and due is not None and due > self.broadcast.created_at

    @property
    def first_due(self) -> datetime | None:
        """From when on the first may leave: who is held may come back before anybody else is due."""
        held = (each.until for each in self.account.withheld if not each.is_behind)
        return min((*held, *filter(None, [self.account.next_due])), default=None)

    @property
    def is_held(self) -> bool:
        """Whether all that has yet to leave is held back: for its hour, or until another message left."""
        return self.withheld.total > 0 and not self.waiting.total

    @property
    def has_gone_out(self) -> bool:
        """Whether there is more to tell than whom it is for."""
        stays = self.is_unapproved or self.is_to_come or self.is_cancelled
        return self.count("sent").total > 0 or not stays

    @property
    def withheld(self) -> Headcount:
        return NOBODY if self.is_cancelled else self.account.count("withheld")

    @property
    def cancelled(self) -> Headcount:
        """Rows follow within seconds of the broadcast: they count as cancelled at once."""
        following = self.account.count(*ON_THE_WAY) if self.is_cancelled else NOBODY
        return self.account.count("cancelled") + following

    @property
    def cancelled_otherwise(self) -> Headcount:
        """Those of them that were not cancelled for their words."""
        every, told = self.cancelled, self.not_neutral
        return Headcount(known=every.known - told.known, others=every.others - told.others)

    @property
    def is_unapproved(self) -> bool:
        """Whether nothing leaves until a second person lets it go."""
        return self.broadcast.is_unapproved

    @property
    def is_asked(self) -> bool:
        """Whether somebody is about to decide on it."""
        return self.is_unapproved and self.approval is not None and self.approval.decided_at is None

    @property
    def is_cancelled(self) -> bool:
        return self.broadcast.is_cancelled

    @property
    def is_over(self) -> bool:
        return not self.waiting.total and not self.withheld.total

    @property
    def is_lost(self) -> bool:
        """Whether half of those it was for, or more, did not get it while it was of use; others may wait still."""
        expired, people = self.count("expired").total, self.account.people.total
        return not self.is_cancelled and expired > 0 and 2 * expired >= people

    @property
    def is_leaving(self) -> bool:
        """Whether some of it would leave at this moment."""
        return self.broadcast.state == "active" and self.waiting.total > 0

    def count(self, state: str) -> Headcount:
        return self.account.count(state)


async def get(tx: AsyncConnection, broadcast: int) -> Broadcast | None:
    return (await get_many(tx, [broadcast])).get(broadcast)


_SERIES = (
    sa.select(series_events.c.series).where(series_events.c.event == sa.bindparam("event")).scalar_subquery()
)
_KEY_OF_SERIES = sa.literal("series:") + sa.cast(_SERIES, sa.String(20)) + ":invite"
_INVITATION = (
    sa.select(broadcasts)
    .where(sa.or_(broadcasts.c.key == sa.bindparam("key"), broadcasts.c.key == _KEY_OF_SERIES))
    .limit(1)
)


async def invitation_to(tx: AsyncConnection, event: int) -> Broadcast | None:
    """The broadcast that invites to an event, or to all dates of its series."""
    row = (await tx.execute(_INVITATION, {"event": event, "key": invitation_key(event)})).one_or_none()
    return None if row is None else Broadcast(**row._mapping)


def invitation_key(event: int) -> str:
    """The key of the one invitation to an event."""
    return f"event:{event}:invite"


def series_key(number: int) -> str:
    """The key of the one invitation to a series."""
    return f"series:{number}:invite"


async def progress(
    tx: AsyncConnection,
    broadcast: Broadcast,
    known_in: Sequence[str] | None,
    counted_before: BroadcastAccount | None = None,
) -> BroadcastProgress:
    """How far it has come, for a reader who may know people by name in some areas."""
    counted = counted_before or await account(tx, broadcast.id, known_in)
    return (await progress_of_many(tx, [(broadcast, counted)], known_in))[0]


async def progress_of_many(
    tx: AsyncConnection, counted: Sequence[tuple[Broadcast, BroadcastAccount]], known_in: Sequence[str] | None
) -> list[BroadcastProgress]:
    """The same of several whose deliveries were counted."""
    if not counted:
        return []
    numbers = [broadcast.id for broadcast, _ in counted]
    asked, orphans = await db.approvals.of_broadcasts(tx, numbers), await _orphans(tx, numbers)
    return [
        BroadcastProgress(
            broadcast=broadcast,
            account=found,
            approval=asked.get(broadcast.id),
            orphaned=broadcast.id in orphans,
            not_neutral=await _stopped(tx, broadcast.id, NOT_NEUTRAL, known_in)
            if broadcast.kind == Kind.CIVIC_NEUTRAL
            else NOBODY,
        )
        for broadcast, found in counted
    ]


_NAMED_FACTS = sa.select(facts.c.name).where(facts.c.name.in_(sa.bindparam("names", expanding=True)))


async def _orphans(tx: AsyncConnection, numbers: Iterable[int]) -> set[int]:
    """Those of them whose author may not write to their area any more."""
    named = {orphan_fact(number): number for number in numbers}
    return {named[name] for name in await tx.scalars(_NAMED_FACTS, {"names": list(named)})}


async def _stopped(
    tx: AsyncConnection, broadcast: int, reason: str, known_in: Sequence[str] | None
) -> Headcount:
    """How many deliveries were cancelled for a reason."""
    mine = sa.and_(deliveries.c.broadcast == broadcast, deliveries.c.state == "cancelled")
    found = (
        sa.select(*counted("people", known_to(known_in)))
        .select_from(deliveries.outerjoin(people, people.c.id == deliveries.c.person))
        .where(mine, deliveries.c.reason == reason, IS_USABLE)
    )
    return headcount((await tx.execute(found)).one(), "people")


def orphan_fact(broadcast: int) -> str:
    """The fact that its author may not write to its area any more; forgotten when somebody resumed it."""
    return f"{ORPHAN}{broadcast}"


_NUMBERS: sa.BindParameter[int] = sa.bindparam("numbers", expanding=True)
_THESE = sa.select(broadcasts).where(broadcasts.c.id.in_(_NUMBERS))
_TEXTS_OF_THESE = sa.select(broadcast_texts).where(broadcast_texts.c.broadcast.in_(_NUMBERS))


async def get_many(tx: AsyncConnection, ids: Iterable[int]) -> dict[int, Broadcast]:
    """The broadcasts with these ids, by id."""
    return {each.id: each for each in records(Broadcast, await tx.execute(_THESE, {"numbers": list(ids)}))}


async def texts_of_many(tx: AsyncConnection, ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """The texts that staff wrote, by broadcast and language; of several versions the first."""
    return {number: versions[0] for number, versions in (await versions_of_many(tx, ids)).items()}


async def versions_of_many(tx: AsyncConnection, ids: Iterable[int]) -> dict[int, list[dict[str, str]]]:
    """The texts that staff wrote, by broadcast: of each version, in their order, by language."""
    if not (numbers := list(ids)):
        return {}
    found: dict[int, dict[str, dict[str, str]]] = {}
    for row in await tx.execute(_TEXTS_OF_THESE, {"numbers": numbers}):
        found.setdefault(row.broadcast, {}).setdefault(row.variant, {})[row.language] = row.text
    return {  # of each the versions up to the last one that has a text
        number: [versions.get(name, {}) for name in VERSIONS[: VERSIONS.index(max(versions)) + 1]]
        for number, versions in found.items()
    }


async def marks(tx: AsyncConnection, ids: Sequence[int]) -> dict[int, object]:
    """Of each broadcast what changes with what is known of its progress, in five questions for all of them.

    A message that leaves before it, to people for whom it waits, is not in it.
    """
    if not ids:
        return {}
    alike = (deliveries.c.broadcast, deliveries.c.state, deliveries.c.reason)
    counts = (sa.func.count(), sa.func.count(deliveries.c.answered_at), sa.func.min(deliveries.c.due_at))
    states = (
        sa.select(*alike, *counts).where(deliveries.c.broadcast.in_(ids)).group_by(*alike).order_by(*alike)
    )
    asked = sa.select(approvals).where(approvals.c.broadcast.in_(ids)).order_by(approvals.c.id)
    found: dict[int, list[object]] = {number: [] for number in ids}
    # Those who restricted their data are counted in none.
    for question in (states, states.where(deliveries.c.person.in_(restricted_people())), asked):
        for each in await tx.execute(question):
            found[each.broadcast].append((question is states, *each))
    for number, above in (await db.filling.marks(tx, ids)).items():
        found[number].append(above)
    for number in await _orphans(tx, ids):
        found[number].append(ORPHAN)
    return dict(found)


async def unfinished_of(tx: AsyncConnection, telegram_id: int) -> list[Broadcast]:
    """The broadcasts of somebody that still have something to send, or may have."""
    author = sa.select(people.c.id).where(people.c.telegram_id == telegram_id).scalar_subquery()
    going = broadcasts.c.state.in_(("scheduled", "active", "paused", "unapproved"))
    query = sa.select(broadcasts).where(
        broadcasts.c.created_by == author, going, broadcasts.c.finished_at.is_(None)
    )
    return records(Broadcast, await tx.execute(query.order_by(broadcasts.c.id)))


async def waiting_for(tx: AsyncConnection, person: int) -> list[tuple[int, Broadcast]]:
    """The deliveries that have yet to leave for a person, each with its broadcast."""
    theirs = sa.and_(deliveries.c.person == person, deliveries.c.state.in_(ON_THE_WAY))
    joined = deliveries.join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
    query = sa.select(deliveries.c.id.label("delivery"), broadcasts).select_from(joined).where(theirs)
    rows = [dict(row._mapping) for row in await tx.execute(query)]
    return [(row.pop("delivery"), Broadcast(**row)) for row in rows]
