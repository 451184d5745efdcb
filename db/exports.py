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
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.areas import EVERYWHERE
from bot.rules.restriction import PURPOSE, RESTRICTED
from db import canvass_exports, sqlite
from db.areas import counted_in, event_in, lies_in, person_in
from db.days import day_of, first_whole_day
from db.effects import OPENED, STATE_TOLD, VARIANT_TOLD
from db.export_choices import TITLE
from db.export_columns import counted_rows, hour, in_row_order, in_whole_tens, instants_as_text
from db.headcounts import named_in
from db.mends import KIND_OF_MEND
from db.notices import IS_NOTICE
from db.restrictions import IS_USABLE
from db.schema import (
    answer_counts,
    audit,
    broadcasts,
    check_ins,
    conversations,
    deliveries,
    events,
    hosts,
    messages,
    people,
    responses,
    rsvps,
    shift_places,
    shifts,
    survey_answers,
    surveys,
    visits,
    vote_plans,
    walks,
)
from db.volunteering import offered

CHUNK = 2_500
DAY = timedelta(days=1)

EVENT_QUESTIONS = ("rsvp", "attendance", "came", "guests", "offer")
"""The questions whose subject is an event's code; where a ballot's number is the subject, the question is another."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which rows: those of an area, of an instant from `since` on and before `until` (aware, cut to the hour), about
    one event (its code) or one ballot (its number).

    `known_in`: only who is known to the team of these areas has rows, all others are counted; None: everybody has.
    """

    area: str = EVERYWHERE
    since: datetime | None = None
    until: datetime | None = None
    event: str | None = None
    ballot: int | None = None
    known_in: tuple[str, ...] | None = None

    @property
    def known(self) -> sa.ColumnElement[bool]:
        """Whether a row of `people` may be named in the file."""
        areas = (EVERYWHERE,) if self.known_in is None else self.known_in
        return named_in(areas, lies=_person_in_row_order)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A query without order, the columns that number its rows, by which it is read in chunks, and what is counted of
    people without a row, in the same columns.
    """

    query: sa.Select[Any]
    keys: tuple[sa.ColumnElement[Any], ...]
    counts: sa.Select[Any] | None = None


# Of whom no file tells: nothing is known of them, or they asked that it be used for nothing.
NOT_TOLD = ("new", RESTRICTED)
# How many supporters somebody brought; whom leaves no export.
_RECRUITS = people.alias("recruits")
_RECRUITED = (
    sa.select(sa.func.count())
    .where(_RECRUITS.c.recruiter == people.c.id, _RECRUITS.c.state.not_in(NOT_TOLD))
    .scalar_subquery()
)

_ONE = sa.literal(1).label("people")


def _identity(
    selection: Selection,
    *,
    commune: sa.ColumnElement[Any] = people.c.commune,
    known: sa.ColumnElement[bool] | None = None,
) -> tuple[sa.ColumnElement[Any], ...]:
    """The pseudonym, and who that is where it is known to the team; Telegram's number is for the whole campaign."""
    known = selection.known if known is None else known
    numbered = known if selection.known_in is None else sa.false()
    return (
        people.c.pseudonym.label("supporter"),
        sa.case((numbered, people.c.telegram_id)).label("telegram_id"),
        sa.case((known, people.c.first_name)).label("first_name"),
        sa.case((known, commune)).label("commune"),
    )


def _source(
    query: sa.Select[Any],
    selection: Selection,
    *,
    keys: tuple[sa.ColumnElement[Any], ...],
    counted_by: tuple[str, ...],
    person: sa.ColumnElement[Any] = people.c.id,
) -> Source:
    """Everybody's rows; for the team of an area those of who is known, and how many others share the same values."""
    if selection.known_in is None:
        return Source(query=query, keys=keys)
    known = sa.func.coalesce(selection.known, sa.false())
    counts = counted_rows(query.where(sa.not_(known)), by=counted_by, person=person)
    return Source(query=query.where(known), keys=keys, counts=counts)


def _within(column: sa.ColumnElement[Any], selection: Selection) -> list[sa.ColumnElement[bool]]:
    """Within the period, cut to the hour as the instants in the file are."""
    conditions = []
    if selection.since is not None:
        conditions.append(column >= _hour_of(selection.since))
    if selection.until is not None:
        conditions.append(column < _hour_of(selection.until))
    return conditions


def _hour_of(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _person_in_row_order(area: str) -> sa.ColumnElement[bool]:
    """Whether a row of `people`, read in the order of their numbers, lies in the area."""
    names = ("commune", "department", "region", "territory")
    return lies_in(area, **{name: in_row_order(people.c[name]) for name in names})


def _event_id(code: str) -> sa.ScalarSelect[Any]:
    return sa.select(events.c.id).where(events.c.code == code).scalar_subquery()


def supporters(selection: Selection) -> Source:
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
            *_identity(selection),
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
            _ONE,
        )
        .where(people.c.state.not_in(NOT_TOLD), person_in(selection.area))
        .where(*_within(people.c.registered_at, selection), *about)
    )
    counted_by = ("department", "region", "territory", "state")
    return _source(query, selection, keys=(people.c.id,), counted_by=counted_by)


def _commune_hidden(answer: sa.ColumnElement[Any], known: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
    """An answer; that to “where do you vote?” tells only the département of who is not known to the team."""
    overseas = sa.func.substr(answer, 1, 2).in_(("97", "98"))
    department = sa.func.substr(answer, 1, sa.case((overseas, 3), else_=2))
    asks_commune = responses.c.question == "commune"
    return sa.case((~asks_commune, answer), (known, answer), else_=department).label("answer")


def answers(selection: Selection) -> Source:
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
            *_identity(selection, commune=responses.c.commune),
            responses.c.department,
            responses.c.region,
            responses.c.question,
            responses.c.subject,
            _commune_hidden(responses.c.answer, selection.known),
            broadcasts.c.key.label("broadcast"),
            _ONE,
        )
        .select_from(
            responses.join(people, responses.c.person == people.c.id).outerjoin(
                broadcasts, responses.c.broadcast == broadcasts.c.id
            )
        )
        # Nobody of the team is told who restricted their data, nor who did so once, nor who opened an event.
        .where(IS_USABLE, responses.c.question.not_in((PURPOSE, OPENED)))
        .where(place, *_within(in_row_order(responses.c.at), selection), *about)
    )
    counted_by = ("question", "subject", "answer")
    return _source(query, selection, keys=(responses.c.id,), counted_by=counted_by, person=responses.c.person)


def counts(selection: Selection) -> Source:
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
    query = sa.select(answer_counts).where(counted_in(selection.area), *_on_days(selection), *about)
    return Source(query=query, keys=tuple(answer_counts.primary_key.columns))


def _on_days(selection: Selection) -> list[sa.ColumnElement[bool]]:
    """Of a period the days that lie in it wholly: a day that is cut in two would be told as a whole."""
    conditions = []
    if selection.since is not None:
        conditions.append(answer_counts.c.day >= first_whole_day(selection.since).isoformat())
    if selection.until is not None:
        conditions.append(answer_counts.c.day.between("0", (day_of(selection.until) - DAY).isoformat()))
    return conditions


def sent(selection: Selection) -> Source:
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
            *_identity(selection),
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
            _ONE,
        )
        .select_from(
            deliveries.join(broadcasts, deliveries.c.broadcast == broadcasts.c.id)
            .outerjoin(mended, mended.c.id == broadcasts.c.mends)
            .join(people, deliveries.c.person == person, isouter=everywhere)
        )
        # What tells the team something is no message of the campaign, and would tell who is of the team.
        .where(sa.not_(IS_NOTICE), IS_USABLE)
        .where(_person_in_row_order(selection.area), *_within(deliveries.c.changed_at, selection), *about)
    )
    keys = (deliveries.c.id,) if everywhere else (people.c.id, deliveries.c.id)
    counted_by = ("broadcast", "kind", "ballot", "step", "mend", "mends", "variant", "state")
    return _source(query, selection, keys=keys, counted_by=counted_by)


def survey_replies(selection: Selection) -> Source:
    """What people chose in surveys, survey by survey; an empty option: they left the question out."""
    query = (
        sa.select(
            surveys.c.code.label("survey"),
            survey_answers.c.question,
            survey_answers.c.option,
            *_identity(selection),
            people.c.department,
            people.c.region,
            hour(survey_answers.c.at),
            _ONE,
        )
        .select_from(
            survey_answers.join(surveys, surveys.c.id == survey_answers.c.survey).join(
                people, people.c.id == survey_answers.c.person
            )
        )
        .where(IS_USABLE, _person_in_row_order(selection.area), *_within(survey_answers.c.at, selection))
    )
    return _source(
        query,
        selection,
        keys=tuple(survey_answers.primary_key.columns),
        counted_by=("survey", "question", "option"),
    )


def talks(selection: Selection) -> Source:
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
            *_identity(selection),
            people.c.department,
            people.c.region,
            people.c.language,
            conversations.c.state,
            *(hour(conversations.c[name]) for name in instants),
            counted(by_team=False).label("written"),
            counted(by_team=True).label("answered"),
            waited.label("waited"),
            _ONE,
        )
        .select_from(conversations.join(people, people.c.id == conversations.c.person))
        .where(
            IS_USABLE, _person_in_row_order(selection.area), *_within(conversations.c.opened_at, selection)
        )
    )
    return _source(query, selection, keys=(conversations.c.id,), counted_by=("state",))


def _known_there(selection: Selection) -> sa.ColumnElement[bool]:
    """Who is named in a file about events: whoever comes from elsewhere agreed to be known to their own team."""
    return sa.and_(selection.known, person_in(selection.area) if selection.known_in is None else sa.true())


def attendance(selection: Selection) -> Source:
    """The answers to the invitations to the events that take place in the area; the period is the events'.

    Whoever comes from elsewhere is not named: they agreed to be known to their own local team.
    """
    about = [] if selection.event is None else [events.c.code == selection.event]
    there = sa.and_(check_ins.c.event == rsvps.c.event, check_ins.c.person == rsvps.c.person)
    query = (
        sa.select(
            events.c.code.label("event"),
            TITLE.label("title"),
            events.c.starts_at,
            events.c.commune.label("event_commune"),
            events.c.state.label("event_state"),
            *_identity(selection, known=_known_there(selection)),
            people.c.department,
            rsvps.c.answer,
            rsvps.c.confirmed,
            rsvps.c.attended,
            rsvps.c.guests,
            check_ins.c.at.is_not(None).label("checked_in"),
            hour(rsvps.c.at),
            _ONE,
        )
        .select_from(
            rsvps.join(events, rsvps.c.event == events.c.id)
            .join(people, rsvps.c.person == people.c.id)
            .outerjoin(check_ins, there)
        )
        .where(IS_USABLE, event_in(selection.area), *_within(events.c.starts_at, selection), *about)
    )
    counted_by = ("event", "title", "starts_at", "event_commune", "event_state", "answer")
    return _source(query, selection, keys=(rsvps.c.event, rsvps.c.person), counted_by=counted_by)


def helpers(selection: Selection) -> Source:
    """Who took which shift, or waits for one, at the events that take place in the area; the period is the shifts'."""
    about = [] if selection.event is None else [events.c.code == selection.event]
    query = (
        sa.select(
            events.c.code.label("event"),
            TITLE.label("title"),
            events.c.commune.label("event_commune"),
            shifts.c.id.label("shift"),
            shifts.c.role,
            shifts.c.starts_at,
            shifts.c.ends_at,
            shifts.c.state.label("shift_state"),
            shifts.c.capacity,
            *_identity(selection, known=_known_there(selection)),
            people.c.department,
            shift_places.c.answer,
            hour(shift_places.c.at),
            _ONE,
        )
        .select_from(
            shift_places.join(shifts, shift_places.c.shift == shifts.c.id)
            .join(events, shifts.c.event == events.c.id)
            .join(people, shift_places.c.person == people.c.id)
        )
        .where(IS_USABLE, event_in(selection.area), *_within(shifts.c.starts_at, selection), *about)
    )
    of_shift = ("shift", "role", "starts_at", "ends_at", "shift_state", "capacity")
    counted_by = ("event", "title", "event_commune", *of_shift, "answer")
    return _source(
        query, selection, keys=(shift_places.c.shift, shift_places.c.person), counted_by=counted_by
    )


def hosts_of(selection: Selection) -> Source:
    """Who runs which event without a role in the team, of those that take place in the area; the period is theirs."""
    about = [] if selection.event is None else [events.c.code == selection.event]
    query = (
        sa.select(
            events.c.code.label("event"),
            TITLE.label("title"),
            events.c.starts_at,
            events.c.commune.label("event_commune"),
            events.c.state.label("event_state"),
            *_identity(selection, known=_known_there(selection)),
            people.c.department,
            hosts.c.part,
            hour(hosts.c.since),
            _ONE,
        )
        .select_from(
            hosts.join(events, hosts.c.event == events.c.id).join(people, hosts.c.person == people.c.id)
        )
        .where(IS_USABLE, event_in(selection.area), *_within(events.c.starts_at, selection), *about)
    )
    counted_by = ("event", "title", "starts_at", "event_commune", "event_state", "part")
    return _source(query, selection, keys=(hosts.c.event, hosts.c.person), counted_by=counted_by)


def doors(selection: Selection) -> Source:
    """Doors and what happened there; the period is that of the visits."""
    query = canvass_exports.doors(selection.area, *_within(visits.c.at, selection))
    return Source(query=query, keys=canvass_exports.DOOR_KEYS)


def walks_of(selection: Selection) -> Source:
    """Walks; the period is that of their last offer."""
    query = canvass_exports.walk_lines(selection.area).where(*_within(walks.c.offered_at, selection))
    return Source(query=query, keys=(walks.c.id,))


def actions(selection: Selection) -> Source:
    """The audit log, with its exact instants. It tells of the whole campaign: an area does not narrow it."""
    query = sa.select(audit)
    if selection.since is not None:
        query = query.where(audit.c.at >= selection.since)
    if selection.until is not None:
        query = query.where(audit.c.at < selection.until)
    return Source(query=query, keys=(audit.c.id,))


SOURCES: Mapping[str, Callable[[Selection], Source]] = {
    "supporters": supporters,
    "responses": answers,
    "answer_counts": counts,
    "deliveries": sent,
    "attendance": attendance,
    "shifts": helpers,
    "hosts": hosts_of,
    "survey_answers": survey_replies,
    "doors": doors,
    "walks": walks_of,
    "conversations": talks,
    "audit": actions,
}


async def chunks(
    tx: AsyncConnection, source: Source, *, little_memory: bool = False
) -> AsyncGenerator[Sequence[sa.Row[Any]]]:
    """The rows in the order of their keys, at most CHUNK at a time, then what is counted.

    `tx` is a reading transaction: what is written meanwhile is not in it. `little_memory` makes it a little slower.
    """
    query = instants_as_text(source.query).order_by(*source.keys)
    async with (
        sqlite.small_cache(tx) if little_memory else nullcontext(),
        tx.stream(query, execution_options={"yield_per": CHUNK}) as result,
    ):
        async for rows in result.partitions():
            yield rows
    if source.counts is not None and (counted := (await tx.execute(instants_as_text(source.counts))).all()):
        yield counted


async def count(tx: AsyncConnection, source: Source, most: int) -> int:
    """How many rows there are, counted ones included; counting stops at `most`."""
    some = source.query.with_only_columns(sa.literal(1)).limit(most).subquery()
    rows = int((await tx.execute(sa.select(sa.func.count()).select_from(some))).scalar_one())
    return rows if source.counts is None else rows + len((await tx.execute(source.counts)).all())
