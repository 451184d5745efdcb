"""Erasing what is kept no longer, a piece at a time: nobody else who writes waits for a whole table.

What is due is looked for by a reader, which hinders nobody; each piece is then erased in a transaction of its own,
under the same condition: whoever came back meanwhile is spared.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import field
from datetime import date, datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.conversations import ConversationState
from bot.rules.suppression import SuppressionKey
from bot.rules.volunteering import PURPOSE as HELP
from db.console import SESSIONS
from db.conversations import erase_all
from db.engine import Database
from db.erasing import Sealing, erase_people
from db.leftovers import count_and_delete
from db.notices import IS_NOTICE
from db.restrictions import IS_RESTRICTED, of_others, of_others_by_number, restricted_people
from db.schema import (
    answer_remainders,
    approvals,
    attendee_numbers,
    broadcasts,
    check_in_screens,
    check_ins,
    chosen_places,
    consents,
    conversations,
    deliveries,
    dialogs,
    downloads,
    event_feedback,
    events,
    host_links,
    hosts,
    people,
    proposals,
    responses,
    rsvps,
    shift_places,
    shifts,
    shown_cards,
    staff,
    staff_links,
    suppressions,
    survey_answers,
    surveys,
    unread_updates,
    updates,
    volunteering,
    vote_plans,
    walk_in_marks,
)

Condition = sa.ColumnElement[bool]

PIECE_SECONDS = 0.08
"""About how long one piece keeps the writer; its size follows from how long the last one took."""
SMALLEST, LARGEST = 10, 1_000
PAGE = 20_000


class DueRows(Frozen):
    """Rows that are due: of a table, under a condition, found by `key`; `erase` tells how many it erased.

    `beforehand`: those of them that are due for another reason too, and gone when their turn comes.
    """

    key: sa.Column[Any]
    condition: Condition
    erase: Callable[[AsyncConnection, Condition], Awaitable[int]]
    beforehand: Condition = field(default_factory=sa.false)
    fewest: int = SMALLEST
    """Keys of one piece at least: one, where a key has many rows."""

    async def count(self, database: Database) -> int:
        """How many rows are due now."""
        query = sa.select(sa.func.count()).select_from(self.key.table)
        query = query.where(self.condition, sa.not_(self.beforehand))
        async with database.read() as tx:
            return int((await tx.execute(query)).scalar_one())

    async def first_keys(self, tx: AsyncConnection) -> list[Any]:
        """The keys to begin with; none where nothing is due."""
        return await self._keys(tx, after=None)

    async def erase_all(self, database: Database, keys: list[Any]) -> int:
        """Erases them piece by piece, beginning with these; how many."""
        erased, size = 0, self.fewest
        while keys:
            piece, rest = keys[:size], keys[size:]
            async with database.write() as tx:
                began = time.monotonic()
                erased += await self.erase(tx, sa.and_(self.key.in_(piece), self.condition))
            took = max(time.monotonic() - began, 0.001)
            size = max(self.fewest, min(LARGEST, 2 * size, int(size * PIECE_SECONDS / took)))
            keys = rest
            if not keys:
                async with database.read() as tx:
                    keys = await self._keys(tx, after=piece[-1])
        return erased

    async def _keys(self, tx: AsyncConnection, *, after: Any) -> list[Any]:
        """The next keys of rows that are due: so many that they are looked for seldom, and so few that it is quick."""
        found = sa.select(self.key).distinct().where(self.condition).order_by(self.key).limit(PAGE)
        return list(await tx.scalars(found if after is None else found.where(self.key > after)))


async def erase_each(database: Database, due: Sequence[DueRows]) -> list[int]:
    """Erases each in its turn, as what is erased before it may make more of it due; how much of each.

    What has nothing to erase, as most have on most days, is passed by in one look at the database.
    """
    erased = [0] * len(due)
    place = 0
    while place < len(due):
        keys: list[Any] = []
        async with database.read() as tx:
            while place < len(due) and not (keys := await due[place].first_keys(tx)):
                place += 1
        if keys:
            erased[place] = await due[place].erase_all(database, keys)
            place += 1
    return erased


def _erasing(sealing: Sealing) -> Callable[[AsyncConnection, Condition], Awaitable[int]]:
    return partial(erase_people, sealing=sealing)


def deleting(table: sa.Table) -> Callable[[AsyncConnection, Condition], Awaitable[int]]:
    """What deletes the rows of a table for which a condition holds, and tells how many."""

    async def delete(tx: AsyncConnection, condition: Condition) -> int:
        return (await tx.execute(sa.delete(table).where(condition))).rowcount

    return delete


def unfinished(since: datetime, sealing: Sealing) -> list[DueRows]:
    """People who began to sign up at or before `since` and never finished; staff need not sign up."""
    return [DueRows(key=people.c.id, condition=_never_finished(since), erase=_erasing(sealing))]


def _never_finished(since: datetime) -> Condition:
    team = sa.select(staff.c.telegram_id).where(staff.c.revoked_at.is_(None))
    new = sa.and_(people.c.state == "new", people.c.created_at <= since)
    return sa.and_(new, people.c.telegram_id.not_in(team))


def profiles(inactive_since: datetime, sealing: Sealing) -> list[DueRows]:
    """Everybody who did not agree to be kept, and those who did but were not seen after `inactive_since`."""
    return [DueRows(key=people.c.id, condition=_kept_no_longer(inactive_since), erase=_erasing(sealing))]


def _kept_no_longer(inactive_since: datetime) -> Condition:
    unwanted = sa.or_(~people.c.consent_keep, people.c.seen_at <= inactive_since)
    return sa.and_(people.c.state != "new", sa.not_(IS_RESTRICTED), unwanted)


def event_answers(ended: datetime, key: SuppressionKey) -> list[DueRows]:
    """Answers to events that ended at or before `ended`; what was said about them is counted."""
    over = sa.select(events.c.id).where(events.c.ends_at <= ended)
    codes = sa.select(events.c.code).where(events.c.ends_at <= ended)
    return [
        DueRows(
            key=rsvps.c.person,
            condition=sa.and_(rsvps.c.event.in_(over), of_others(rsvps.c.person)),
            erase=deleting(rsvps),
        ),
        *(
            DueRows(
                key=table.c.person,
                condition=sa.and_(table.c.event.in_(over), of_others(table.c.person)),
                erase=deleting(table),
            )
            for table in (
                *(attendee_numbers, check_ins, check_in_screens, event_feedback, hosts, proposals),
                shown_cards,
            )
        ),
        DueRows(
            key=walk_in_marks.c.mark, condition=walk_in_marks.c.event.in_(over), erase=deleting(walk_in_marks)
        ),
        DueRows(
            key=shift_places.c.person,
            condition=sa.and_(
                shift_places.c.shift.in_(sa.select(shifts.c.id).where(shifts.c.event.in_(over))),
                of_others(shift_places.c.person),
            ),
            erase=deleting(shift_places),
        ),
        _answers(responses.c.subject.in_(codes), key),
    ]


def votes(ballots: Sequence[int], key: SuppressionKey) -> list[DueRows]:
    """Vote plans, "voted" and the polling places chosen; what was said about them is counted."""
    plans = sa.and_(vote_plans.c.ballot.in_(ballots), of_others(vote_plans.c.person))
    chosen = of_others(chosen_places.c.person)
    return [
        DueRows(key=chosen_places.c.person, condition=chosen, erase=deleting(chosen_places)),
        DueRows(key=vote_plans.c.person, condition=plans, erase=deleting(vote_plans)),
        _answers(responses.c.subject.in_([str(ballot) for ballot in ballots]), key),
    ]


def survey_replies(now: datetime, key: SuppressionKey) -> list[DueRows]:
    """Answers to surveys whose day of erasure has come; how many chose what was counted before (db.surveys)."""
    due = surveys.c.erase_at <= now
    theirs = survey_answers.c.survey.in_(sa.select(surveys.c.id).where(due))
    logged = sa.and_(
        responses.c.question == "survey", responses.c.subject.in_(sa.select(surveys.c.code).where(due))
    )
    return [
        DueRows(
            key=survey_answers.c.person,
            condition=sa.and_(theirs, of_others(survey_answers.c.person)),
            erase=deleting(survey_answers),
        ),
        _answers(logged, key),
    ]


def offers(key: SuppressionKey) -> list[DueRows]:
    """Offers to help; what was said of them is counted."""
    made = of_others(volunteering.c.person)
    return [
        DueRows(key=volunteering.c.person, condition=made, erase=deleting(volunteering)),
        _answers(responses.c.question == HELP, key),
    ]


def conversations_over(since: datetime, now: datetime) -> list[DueRows]:
    """What was written to the team and closed, or left without an answer, at or before `since`.

    Of somebody who may not write at present it stays: why that is, is kept with it.
    """
    rested = sa.func.coalesce(conversations.c.closed_at, conversations.c.waiting_since)
    over = sa.and_(conversations.c.state != ConversationState.CLAIMED, rested <= since)
    blocked = sa.and_(conversations.c.blocked_until.is_not(None), conversations.c.blocked_until > now)
    due = sa.and_(over, sa.not_(blocked), of_others(conversations.c.person))
    return [DueRows(key=conversations.c.id, condition=due, erase=erase_all)]


def expired_links(now: datetime) -> list[DueRows]:
    """One-time links that are over, used or not."""
    return [DueRows(key=downloads.c.id, condition=downloads.c.expires_at <= now, erase=deleting(downloads))]


def sessions_over(now: datetime) -> list[DueRows]:
    """Sessions of the console and of the Mini App that are over, and links to them that nobody opened."""
    return [
        DueRows(key=table.c.id, condition=table.c.expires_at <= now, erase=deleting(table))
        for table in SESSIONS.values()
    ]


def notices_told(finished: datetime) -> list[DueRows]:
    """The news that the team was told of itself, once it had left at or before `finished`.

    What somebody was told who restricted their data stays.
    """
    old = sa.and_(IS_NOTICE, broadcasts.c.finished_at <= finished, broadcasts.c.id.not_in(_spared()))
    return [DueRows(key=broadcasts.c.id, condition=old, erase=deleting(broadcasts))]


def _spared() -> sa.Select[tuple[int]]:
    """The messages that somebody got who restricted their data."""
    return sa.select(deliveries.c.broadcast).where(deliveries.c.person.in_(restricted_people()))


def approvals_over(decided: datetime) -> list[DueRows]:
    """What was decided, or expired, at or before `decided`."""
    over = sa.or_(approvals.c.decided_at <= decided, approvals.c.expires_at <= decided)
    of_nobody = (of_others_by_number(approvals.c[name]) for name in ("asked_by", "telegram_id", "decided_by"))
    return [DueRows(key=approvals.c.id, condition=sa.and_(over, *of_nobody), erase=deleting(approvals))]


def leftovers(key: SuppressionKey) -> list[DueRows]:
    """Answers that lead to nobody any more, as older versions left them."""
    return [_answers(responses.c.person.is_(None), key)]


def _answers(condition: Condition, key: SuppressionKey) -> DueRows:
    due = sa.and_(condition, of_others(responses.c.person))
    return DueRows(key=responses.c.id, condition=due, erase=partial(count_and_delete, key=key))


def suppressions_before(day: date) -> list[DueRows]:
    """Marks of people who left on or before a day."""
    return [
        DueRows(key=suppressions.c.hash, condition=suppressions.c.day <= day, erase=deleting(suppressions))
    ]


def proofs(day: date) -> list[DueRows]:
    """Sealed proofs of the consents of people who left on or before a day."""
    return [DueRows(key=consents.c.id, condition=consents.c.sealed_on <= day, erase=deleting(consents))]


def former_staff(since: datetime) -> list[DueRows]:
    """Roles withdrawn, and invitations that were over, at or before `since`."""
    over = sa.func.coalesce(staff_links.c.used_at, staff_links.c.revoked_at, staff_links.c.expires_at)
    return [
        DueRows(
            key=staff.c.id,
            condition=sa.and_(staff.c.revoked_at <= since, of_others_by_number(staff.c.telegram_id)),
            erase=deleting(staff),
        ),
        DueRows(key=staff_links.c.id, condition=over <= since, erase=deleting(staff_links)),
        DueRows(
            key=host_links.c.token_hash,
            condition=sa.func.coalesce(host_links.c.used_at, host_links.c.expires_at) <= since,
            erase=deleting(host_links),
        ),
    ]


def campaign(since: datetime) -> list[DueRows]:
    """Messages made and events ended at or before `since`, with all that became of them.

    What somebody got or answered who restricted their data stays, with the message or the event that it is about.
    """
    old = broadcasts.c.created_at <= since
    theirs = sa.select(broadcasts.c.id).where(old)
    gone = sa.and_(deliveries.c.broadcast.in_(theirs), of_others(deliveries.c.person))
    theirs_too = [
        sa.select(table.c.event).where(table.c.person.in_(restricted_people()))
        for table in (rsvps, hosts, proposals)
    ]
    unasked = sa.and_(old, broadcasts.c.id.not_in(_spared()))
    unattended = sa.and_(events.c.ends_at <= since, *(events.c.id.not_in(each) for each in theirs_too))
    return [
        DueRows(key=deliveries.c.id, condition=gone, erase=deleting(deliveries)),
        DueRows(key=broadcasts.c.id, condition=unasked, erase=deleting(broadcasts)),
        DueRows(key=events.c.id, condition=unattended, erase=deleting(events)),
        DueRows(key=surveys.c.id, condition=_asked_long_ago(since), erase=deleting(surveys)),
    ]


def _asked_long_ago(since: datetime) -> Condition:
    """Surveys of which counts alone are left; what somebody answered who restricted their data stays."""
    answered = sa.select(survey_answers.c.survey)
    return sa.and_(surveys.c.state == "counted", surveys.c.closes_at <= since, surveys.c.id.not_in(answered))


def remainders() -> list[DueRows]:
    """Counts of answers that never came to ten."""
    return [DueRows(key=answer_remainders.c.cell, condition=sa.true(), erase=deleting(answer_remainders))]


def dialogs_left(untouched_since: datetime, *, inactive_since: datetime | None) -> list[DueRows]:
    """Dialogs left in the middle at or before `untouched_since`; those of people who are erased go with them."""
    doomed = _never_finished(untouched_since)
    if inactive_since is not None:
        doomed = sa.or_(doomed, _kept_no_longer(inactive_since))
    theirs = dialogs.c.person.in_(sa.select(people.c.id).where(doomed))
    old = dialogs.c.updated_at <= untouched_since
    return [DueRows(key=dialogs.c.person, condition=old, erase=deleting(dialogs), beforehand=theirs)]


def processed_updates(received: datetime) -> list[DueRows]:
    """Updates that were processed, or could not be read, received at or before `received`."""
    done = sa.and_(updates.c.state.in_(("done", "failed")), updates.c.received_at <= received)
    unread = unread_updates.c.received_at <= received
    return [
        DueRows(key=updates.c.update_id, condition=done, erase=deleting(updates)),
        DueRows(key=unread_updates.c.id, condition=unread, erase=deleting(unread_updates)),
    ]
