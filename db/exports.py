"""What exports read: one query each, fetched in chunks from one snapshot, so that its size does not matter.

Instants come as text, ISO 8601 in UTC: the database spells a million of them in a fraction of the time that Python
needs to read and spell them. Those of what people did are cut to the hour, and so is the period that chooses them.

A person's first name and commune are in a row only while they agree to be known to the local team; otherwise a
pseudonym and the département stand for them. In a file for the team of an area only those who agreed have a row: all
others are counted (`bot.rules.small_counts`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.areas import EVERYWHERE
from bot.rules.restriction import PURPOSE, RESTRICTED
from db import canvass_exports, event_exports, sqlite
from db.areas import counted_in, lies_in, person_in
from db.days import day_of, first_whole_day
from db.effects import OPENED, STATE_TOLD, VARIANT_TOLD
from db.export_columns import hour, in_row_order, in_whole_tens, instants_as_text
from db.export_sources import ONE, identity, person_in_row_order, source_for, within
from db.export_sources import ExportSource as ExportSource
from db.export_sources import Selection as Selection
from db.mends import KIND_OF_MEND
from db.notices import IS_NOTICE
from db.restrictions import IS_USABLE
from db.schema import (
    answer_counts,
    audit,
    broadcasts,
    conversations,
    deliveries,
    events,
    messages,
    people,
    responses,
    rsvps,
    survey_answers,
    surveys,
    vote_plans,
)
from db.volunteering import offered

CHUNK = 2_500
DAY = timedelta(days=1)

EVENT_QUESTIONS = (
    "rsvp",
    "attendance",
    "came",
    "guests",
    "offer",
    "shift",
    "event.stars",
    "event.change",
)
"""The questions whose subject is an event's code; where a ballot's number is the subject, the question is another."""


# Of whom no file tells: nothing is known of them, or they asked that it be used for nothing.
NOT_TOLD = ("new", RESTRICTED)
# How many supporters somebody brought; whom leaves no export.
_RECRUITS = people.alias("recruits")
_RECRUITED = (
    sa.select(sa.func.count())
    .where(_RECRUITS.c.recruiter == people.c.id, _RECRUITS.c.state.not_in(NOT_TOLD))
    .scalar_subquery()
)


def _event_id(code: str) -> sa.ScalarSelect[Any]:
    return sa.select(events.c.id).where(events.c.code == code).scalar_subquery()


def supporters(selection: Selection) -> ExportSource:
    """People who finished signing up, those who asked for silence included.

    Of an event: who answered its invitation. Of a ballot: who answered something about it.
    """
    about = []
    if selection.event is not None:
        invited = sa.select(rsvps.c.person).where(rsvps.c.event == _event_id(selection.event))
        about.append(people.c.id.in_(invited))
    if selection.ballot is not None:
        voting = sa.select(vote_plans.c.person).where(vote_plans.c.ballot == selection.ballot)
        about.append(people.c.id.in_(voting))
    recruited = _RECRUITED if selection.known_in is None else in_whole_tens(_RECRUITED)
    query = (
        sa.select(
            *identity(selection),
            people.c.department,
            people.c.region,
            people.c.territory,
            people.c.country,
            people.c.language,
            people.c.state,
            people.c.consent_contact,
            people.c.consent_commune,
            people.c.consent_team,
            people.c.consent_keep,
            people.c.mutes_events,
            people.c.mutes_news,
            people.c.mutes_reminders,
            people.c.volunteer,
            sa.case((selection.known, offered())).label("offered"),
            recruited.label("recruited"),
            hour(people.c.unreachable_at),
            hour(people.c.registered_at),
            ONE,
        )
        .where(people.c.state.not_in(NOT_TOLD), person_in(selection.area))
        .where(*within(people.c.registered_at, selection), *about)
    )
    counted_by = ("department", "region", "territory", "state")
    return source_for(query, selection, keys=(people.c.id,), counted_by=counted_by)


def _commune_hidden(answer: sa.ColumnElement[Any], known: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
    """An answer; that to “where do you vote?” tells only the département of who is not known to the team."""
    overseas = sa.func.substr(answer, 1, 2).in_(("97", "98"))
    department = sa.func.substr(answer, 1, sa.case((overseas, 3), else_=2))
    asks_commune = responses.c.question == "commune"
    return sa.case((~asks_commune, answer), (known, answer), else_=department).label("answer")


def answers(selection: Selection) -> ExportSource:
    """Every answer of people who are known; those of people who left are told by `counts`."""
    about = []
    asks_event = responses.c.question.in_(EVENT_QUESTIONS)
    if selection.event is not None:
        about.append(sa.and_(responses.c.subject == selection.event, asks_event))
    if selection.ballot is not None:
        about.append(sa.and_(responses.c.subject == str(selection.ballot), ~asks_event))
    # A person's answers follow them when they move.
    place = lies_in(
        selection.area,
        commune=sa.func.coalesce(people.c.commune, responses.c.commune),
        department=sa.func.coalesce(people.c.department, responses.c.department),
        region=sa.func.coalesce(people.c.region, responses.c.region),
        territory=in_row_order(people.c.territory),
    )
    query = (
        sa.select(
            hour(responses.c.at),
            *identity(selection, commune=responses.c.commune),
            responses.c.department,
            responses.c.region,
            responses.c.question,
            responses.c.subject,
            _commune_hidden(responses.c.answer, selection.known),
            broadcasts.c.key.label("broadcast"),
            ONE,
        )
        .select_from(
            responses.join(people, responses.c.person == people.c.id).outerjoin(
                broadcasts, responses.c.broadcast == broadcasts.c.id
            )
        )
        # Nobody of the team is told who restricted their data, nor who did so once, nor who opened an event.
        .where(IS_USABLE, responses.c.question.not_in((PURPOSE, OPENED)))
        .where(place, *within(in_row_order(responses.c.at), selection), *about)
    )
    counted_by = ("question", "subject", "answer")
    return source_for(
        query, selection, keys=(responses.c.id,), counted_by=counted_by, person=responses.c.person
    )


def counts(selection: Selection) -> ExportSource:
    """The answers of people who left, in tens: by day, and of all days together where no period narrows it.

    An area is told its own counts and those of the areas in it.
    """
    about = []
    if selection.event is not None:
        asks_event = answer_counts.c.question.in_(EVENT_QUESTIONS)
        about.append(sa.and_(answer_counts.c.subject == selection.event, asks_event))
    if selection.ballot is not None:
        asks_event = answer_counts.c.question.in_(EVENT_QUESTIONS)
        about.append(sa.and_(answer_counts.c.subject == str(selection.ballot), ~asks_event))
    told = answer_counts.c
    day, subject = (sa.func.nullif(each, "").label(each.name) for each in (told.day, told.subject))
    query = sa.select(day, told.question, subject, told.answer, told.area, told.count)
    query = query.where(counted_in(selection.area), *_on_days(selection), *about)
    return ExportSource(query=query, keys=tuple(answer_counts.primary_key.columns))


def _on_days(selection: Selection) -> list[sa.ColumnElement[bool]]:
    """Of a period the days that lie in it wholly: a day that is cut in two would be told as a whole."""
    conditions = []
    if selection.since is not None:
        conditions.append(answer_counts.c.day >= first_whole_day(selection.since).isoformat())
    if selection.until is not None:
        conditions.append(answer_counts.c.day.between("0", (day_of(selection.until) - DAY).isoformat()))
    return conditions


def sent(selection: Selection) -> ExportSource:
    """Every delivery with its outcome; the period is that of the last change.

    Those of one area come person by person: in the order of their own numbers they would have to be sorted first, in
    memory. Those of erased people lie nowhere.
    """
    about = []
    everywhere = selection.area == EVERYWHERE
    person = people.c.id if everywhere else in_row_order(people.c.id)
    mended = broadcasts.alias("mended")
    if selection.event is not None:
        about.append(broadcasts.c.event == _event_id(selection.event))
    if selection.ballot is not None:
        about.append(broadcasts.c.ballot == selection.ballot)
    query = (
        sa.select(
            broadcasts.c.key.label("broadcast"),
            broadcasts.c.kind,
            broadcasts.c.ballot,
            broadcasts.c.step,
            KIND_OF_MEND.label("mend"),
            mended.c.key.label("mends"),
            VARIANT_TOLD,
            *identity(selection),
            people.c.department,
            people.c.territory,
            people.c.language,
            STATE_TOLD,
            deliveries.c.reason,
            deliveries.c.attempts,
            hour(deliveries.c.due_at),
            hour(deliveries.c.sent_at),
            hour(deliveries.c.answered_at),
            hour(deliveries.c.changed_at),
            ONE,
        )
        .select_from(
            deliveries.join(broadcasts, deliveries.c.broadcast == broadcasts.c.id)
            .outerjoin(mended, mended.c.id == broadcasts.c.mends)
            .join(people, deliveries.c.person == person, isouter=everywhere)
        )
        # What tells the team something is no message of the campaign, and would tell who is of the team.
        .where(sa.not_(IS_NOTICE), IS_USABLE)
        .where(person_in_row_order(selection.area), *within(deliveries.c.changed_at, selection), *about)
    )
    keys = (deliveries.c.id,) if everywhere else (people.c.id, deliveries.c.id)
    counted_by = ("broadcast", "kind", "ballot", "step", "mend", "mends", "variant", "state")
    return source_for(query, selection, keys=keys, counted_by=counted_by)


def survey_replies(selection: Selection) -> ExportSource:
    """What people chose in surveys, survey by survey; an empty option: they left the question out."""
    query = (
        sa.select(
            surveys.c.code.label("survey"),
            survey_answers.c.question,
            survey_answers.c.option,
            *identity(selection),
            people.c.department,
            people.c.region,
            hour(survey_answers.c.at),
            ONE,
        )
        .select_from(
            survey_answers.join(surveys, surveys.c.id == survey_answers.c.survey).join(
                people, people.c.id == survey_answers.c.person
            )
        )
        .where(IS_USABLE, person_in_row_order(selection.area), *within(survey_answers.c.at, selection))
    )
    return source_for(
        query,
        selection,
        keys=tuple(survey_answers.primary_key.columns),
        counted_by=("survey", "question", "option"),
    )


def talks(selection: Selection) -> ExportSource:
    """How conversations with the team went, and no word of them; the period is that of their beginning."""
    mine = messages.c.conversation == conversations.c.id

    def counted(*, by_team: bool) -> sa.ScalarSelect[int]:
        query = sa.select(sa.func.count()).where(mine, messages.c.by_team.is_(by_team))
        return query.correlate(conversations).scalar_subquery()

    first = sa.select(messages.c.waited).where(mine, messages.c.waited.is_not(None))
    waited = first.order_by(messages.c.id).limit(1).correlate(conversations).scalar_subquery()
    instants = ("opened_at", "waiting_since", "escalated_at", "closed_at", "blocked_until")
    query = (
        sa.select(
            *identity(selection),
            people.c.department,
            people.c.region,
            people.c.language,
            conversations.c.state,
            *(hour(conversations.c[name]) for name in instants),
            counted(by_team=False).label("written"),
            counted(by_team=True).label("answered"),
            waited.label("waited"),
            ONE,
        )
        .select_from(conversations.join(people, people.c.id == conversations.c.person))
        .where(IS_USABLE, person_in_row_order(selection.area), *within(conversations.c.opened_at, selection))
    )
    return source_for(query, selection, keys=(conversations.c.id,), counted_by=("state",))


def actions(selection: Selection) -> ExportSource:
    """The audit log, with its exact instants. It tells of the whole campaign: an area does not narrow it."""
    query = sa.select(audit)
    if selection.since is not None:
        query = query.where(audit.c.at >= selection.since)
    if selection.until is not None:
        query = query.where(audit.c.at < selection.until)
    return ExportSource(query=query, keys=(audit.c.id,))


SOURCES: Mapping[str, Callable[[Selection], ExportSource]] = {
    "supporters": supporters,
    "responses": answers,
    "answer_counts": counts,
    "deliveries": sent,
    "attendance": event_exports.attendance,
    "shifts": event_exports.helpers,
    "hosts": event_exports.hosts_of,
    "survey_answers": survey_replies,
    "doors": canvass_exports.doors,
    "walks": canvass_exports.walks_of,
    "conversations": talks,
    "audit": actions,
}


_NO_TIMEOUT = sa.text("SET LOCAL idle_in_transaction_session_timeout = 0")


async def chunks(
    tx: AsyncConnection, source: ExportSource, *, little_memory: bool = False
) -> AsyncGenerator[Sequence[sa.Row[Any]]]:
    """The rows in the order of their keys, at most CHUNK at a time, then what is counted.

    `tx` is a reading transaction: what is written meanwhile is not in it. `little_memory` makes it a little slower.
    """
    query = instants_as_text(source.query).order_by(*source.keys)
    if (
        tx.dialect.name == "postgresql"
    ):  # whoever reads what is written may take their time: this holds nobody up
        await tx.execute(_NO_TIMEOUT)
    async with (
        sqlite.small_cache(tx) if little_memory else nullcontext(),
        tx.stream(query, execution_options={"yield_per": CHUNK}) as result,
    ):
        async for rows in result.partitions():
            yield rows
    if source.counts is not None and (counted := (await tx.execute(instants_as_text(source.counts))).all()):
        yield counted


async def count(tx: AsyncConnection, source: ExportSource, most: int) -> int:
    """How many rows there are, counted ones included; counting stops at `most`."""
    some = source.query.with_only_columns(sa.literal(1)).limit(most).subquery()
    rows = int((await tx.execute(sa.select(sa.func.count()).select_from(some))).scalar_one())
    return rows if source.counts is None else rows + len((await tx.execute(source.counts)).all())
