"""What exports tell of events: who answered and came, who took which shift, and who runs them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from db.areas import event_in, person_in
from db.export_choices import TITLE
from db.export_columns import hour
from db.export_sources import ONE, ExportSource, Selection, identity, source_for, within
from db.restrictions import IS_USABLE
from db.schema import check_ins, events, hosts, people, rsvps, shift_places, shifts


def _known_there(selection: Selection) -> sa.ColumnElement[bool]:
    """Who is named in a file about events: whoever comes from elsewhere agreed to be known to their own team."""
    return sa.and_(selection.known, person_in(selection.area) if selection.known_in is None else sa.true())


def _event_of(selection: Selection) -> tuple[sa.ColumnElement[Any], ...]:
    """The event that a row tells of, and whose row it is."""
    return (
        events.c.code.label("event"),
        TITLE.label("title"),
        events.c.starts_at,
        events.c.commune.label("event_commune"),
        events.c.state.label("event_state"),
        *identity(selection, known=_known_there(selection)),
        people.c.department,
    )


def _chosen(at: sa.ColumnElement[Any], selection: Selection) -> list[sa.ColumnElement[bool]]:
    """Rows of people that may be used, of events that take place in the area; the period is that of `at`."""
    of_event = [] if selection.event is None else [events.c.code == selection.event]
    return [IS_USABLE, event_in(selection.area), *within(at, selection), *of_event]


def attendance(selection: Selection) -> ExportSource:
    """The answers to the invitations to the events that take place in the area; the period is the events'.

    Whoever comes from elsewhere is not named: they agreed to be known to their own local team.
    """
    there = sa.and_(check_ins.c.event == rsvps.c.event, check_ins.c.person == rsvps.c.person)
    query = (
        sa.select(
            *_event_of(selection),
            rsvps.c.answer,
            rsvps.c.confirmed,
            rsvps.c.attended,
            rsvps.c.guests,
            check_ins.c.at.is_not(None).label("checked_in"),
            hour(rsvps.c.at),
            ONE,
        )
        .select_from(
            rsvps.join(events, rsvps.c.event == events.c.id)
            .join(people, rsvps.c.person == people.c.id)
            .outerjoin(check_ins, there)
        )
        .where(*_chosen(events.c.starts_at, selection))
    )
    counted_by = ("event", "title", "starts_at", "event_commune", "event_state", "answer")
    return source_for(query, selection, keys=(rsvps.c.event, rsvps.c.person), counted_by=counted_by)


def helpers(selection: Selection) -> ExportSource:
    """Who took which shift, or waits for one, at the events that take place in the area; the period is the shifts'."""
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
            *identity(selection, known=_known_there(selection)),
            people.c.department,
            shift_places.c.answer,
            hour(shift_places.c.at),
            ONE,
        )
        .select_from(
            shift_places.join(shifts, shift_places.c.shift == shifts.c.id)
            .join(events, shifts.c.event == events.c.id)
            .join(people, shift_places.c.person == people.c.id)
        )
        .where(*_chosen(shifts.c.starts_at, selection))
    )
    of_shift = ("shift", "role", "starts_at", "ends_at", "shift_state", "capacity")
    counted_by = ("event", "title", "event_commune", *of_shift, "answer")
    return source_for(
        query, selection, keys=(shift_places.c.shift, shift_places.c.person), counted_by=counted_by
    )


def hosts_of(selection: Selection) -> ExportSource:
    """Who runs which event without a role in the team, of those that take place in the area; the period is theirs."""
    query = (
        sa.select(
            *_event_of(selection),
            hosts.c.part,
            hour(hosts.c.since),
            ONE,
        )
        .select_from(
            hosts.join(events, hosts.c.event == events.c.id).join(people, hosts.c.person == people.c.id)
        )
        .where(*_chosen(events.c.starts_at, selection))
    )
    counted_by = ("event", "title", "starts_at", "event_commune", "event_state", "part")
    return source_for(query, selection, keys=(hosts.c.event, hosts.c.person), counted_by=counted_by)
