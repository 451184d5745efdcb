"""What is kept no longer, of everything that is kept: which rows are due, and how they are erased (db.due_rows)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from functools import partial

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.conversations import ConversationState
from bot.rules.suppression import SuppressionKey
from bot.rules.volunteering import PURPOSE as HELP
from db.console import SESSIONS
from db.conversations import erase_all
from db.due_rows import Condition, DueRows, deleting
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


def _erasing(sealing: Sealing) -> Callable[[AsyncConnection, Condition], Awaitable[int]]:
    return partial(erase_people, sealing=sealing)


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
    is_over = sa.exists().where(events.c.ends_at <= ended)
    codes = sa.select(events.c.code).where(events.c.ends_at <= ended)
    of_events = (rsvps, attendee_numbers, check_ins, check_in_screens, event_feedback, hosts, proposals)
    shift_over = is_over.where(events.c.id == shifts.c.event, shifts.c.id == shift_places.c.shift)
    return [
        *(
            DueRows(
                key=table.c.person,
                condition=sa.and_(table.c.event.in_(over), of_others(table.c.person)),
                of_found=sa.and_(is_over.where(events.c.id == table.c.event), of_others(table.c.person)),
                by_index=True,
                erase=deleting(table),
            )
            for table in (*of_events, shown_cards)
        ),
        DueRows(
            key=walk_in_marks.c.event,
            condition=walk_in_marks.c.event.in_(over),
            of_found=is_over.where(events.c.id == walk_in_marks.c.event),
            erase=deleting(walk_in_marks),
            fewest=1,
        ),
        DueRows(
            key=shift_places.c.person,
            condition=sa.and_(
                shift_places.c.shift.in_(sa.select(shifts.c.id).where(shifts.c.event.in_(over))),
                of_others(shift_places.c.person),
            ),
            of_found=sa.and_(shift_over, of_others(shift_places.c.person)),
            by_index=True,
            erase=deleting(shift_places),
        ),
        _answers(
            responses.c.subject.in_(codes), key, of_found=is_over.where(events.c.code == responses.c.subject)
        ),
    ]


def votes(ballots: Sequence[int], key: SuppressionKey) -> list[DueRows]:
    """Vote plans, "voted" and the polling places chosen; what was said about them is counted."""
    plans = sa.and_(vote_plans.c.ballot.in_(ballots), of_others(vote_plans.c.person))
    chosen = of_others(chosen_places.c.person)
    return [
        DueRows(key=chosen_places.c.person, condition=chosen, erase=deleting(chosen_places)),
        DueRows(key=vote_plans.c.person, condition=plans, by_index=True, erase=deleting(vote_plans)),
        _answers(responses.c.subject.in_([str(ballot) for ballot in ballots]), key),
    ]


def survey_replies(now: datetime, key: SuppressionKey) -> list[DueRows]:
    """Answers to surveys whose day of erasure has come; how many chose what was counted before (db.surveys)."""
    due = surveys.c.erase_at <= now
    is_due = sa.exists().where(due)
    theirs = survey_answers.c.survey.in_(sa.select(surveys.c.id).where(due))
    logged = sa.and_(
        responses.c.question == "survey", responses.c.subject.in_(sa.select(surveys.c.code).where(due))
    )
    return [
        DueRows(
            key=survey_answers.c.person,
            condition=sa.and_(theirs, of_others(survey_answers.c.person)),
            of_found=sa.and_(
                is_due.where(surveys.c.id == survey_answers.c.survey), of_others(survey_answers.c.person)
            ),
            by_index=True,
            erase=deleting(survey_answers),
        ),
        _answers(
            logged,
            key,
            of_found=sa.and_(
                responses.c.question == "survey", is_due.where(surveys.c.code == responses.c.subject)
            ),
        ),
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


def opens(counted: Condition) -> list[DueRows]:
    """Who opened what, once it was counted (db.effects): it is no answer, and nothing is kept of it."""
    return [DueRows(key=responses.c.id, condition=counted, erase=deleting(responses))]


def leftovers(key: SuppressionKey) -> list[DueRows]:
    """Answers that lead to nobody any more, as older versions left them."""
    return [_answers(responses.c.person.is_(None), key)]


def _answers(condition: Condition, key: SuppressionKey, *, of_found: Condition | None = None) -> DueRows:
    others = of_others(responses.c.person)
    return DueRows(
        key=responses.c.id,
        condition=sa.and_(condition, others),
        of_found=None if of_found is None else sa.and_(of_found, others),
        erase=partial(count_and_delete, key=key),
    )


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
    found = sa.and_(
        sa.exists().where(broadcasts.c.id == deliveries.c.broadcast, old), of_others(deliveries.c.person)
    )
    theirs_too = [
        sa.select(table.c.event).where(table.c.person.in_(restricted_people()))
        for table in (rsvps, hosts, proposals)
    ]
    unasked = sa.and_(old, broadcasts.c.id.not_in(_spared()))
    unattended = sa.and_(events.c.ends_at <= since, *(events.c.id.not_in(each) for each in theirs_too))
    return [
        DueRows(
            key=deliveries.c.id, condition=gone, of_found=found, by_index=True, erase=deleting(deliveries)
        ),
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
        DueRows(key=updates.c.update_id, condition=done, by_index=True, erase=deleting(updates)),
        DueRows(key=unread_updates.c.id, condition=unread, erase=deleting(unread_updates)),
    ]
