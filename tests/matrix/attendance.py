"""Who comes to an event, helps there, and is let in."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from bot.actions import (
    attendees,
    check_ins,
    event_seats,
    helpers,
    shift_plans,
)
from bot.actions.authority import Author
from bot.rules.check_ins import CheckInRefused, DoorKey
from db.events import Event
from tests.acting import World
from tests.matrix.row import Row, Rows, hours, later

DOOR = DoorKey(secret=b"k" * 32)


def at_the_door(author: Author, event: Event) -> Author:
    """The author at the moment when people are let in."""
    return replace(author, now=event.starts_at)


async def ticked(world: World, author: Author, event: Event) -> None:
    """Nobody is on the list yet: that is said to who may tick, and to nobody else."""
    with suppress(CheckInRefused):
        await check_ins.tick(world.tx, at_the_door(author, event), event.code, 1, there=True)


ATTENDANCE: Rows = {
    "shift_plans.planned": {
        "own": Row(run=lambda w, a: shift_plans.planned(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: shift_plans.planned(w.tx, a, w.event.code), least="coordinator"),
    },
    "shift_plans.shift": {
        "own": Row(run=lambda w, a: shift_plans.shift(w.tx, a, w.own_shift), least="organizer"),
        "another’s": Row(run=lambda w, a: shift_plans.shift(w.tx, a, w.shift), least="coordinator"),
    },
    "shift_plans.add": {
        "own": Row(
            run=lambda w, a: shift_plans.add(w.tx, a, w.own_event.code, **hours(w.own_event)),
            least="organizer",
        ),
        "another’s": Row(
            run=lambda w, a: shift_plans.add(w.tx, a, w.event.code, **hours(w.event)), least="coordinator"
        ),
    },
    "shift_plans.change_hours": {
        "own": Row(
            run=lambda w, a: shift_plans.change_hours(w.tx, a, w.own_shift, **later(w.own_event)),
            least="organizer",
        ),
        "another’s": Row(
            run=lambda w, a: shift_plans.change_hours(w.tx, a, w.shift, **later(w.event)), least="coordinator"
        ),
    },
    "shift_plans.change_role": {
        "own": Row(
            run=lambda w, a: shift_plans.change_role(w.tx, a, w.own_shift, role="set_up"), least="organizer"
        ),
        "another’s": Row(
            run=lambda w, a: shift_plans.change_role(w.tx, a, w.shift, role="set_up"), least="coordinator"
        ),
    },
    "shift_plans.change_places": {
        "own": Row(
            run=lambda w, a: shift_plans.change_places(w.tx, a, w.own_shift, capacity=5), least="organizer"
        ),
        "another’s": Row(
            run=lambda w, a: shift_plans.change_places(w.tx, a, w.shift, capacity=5), least="coordinator"
        ),
    },
    "shift_plans.call_off": {
        "own": Row(run=lambda w, a: shift_plans.call_off(w.tx, a, w.own_shift), least="organizer"),
        "another’s": Row(run=lambda w, a: shift_plans.call_off(w.tx, a, w.shift), least="coordinator"),
    },
    "helpers.helpers": {
        "own": Row(run=lambda w, a: helpers.helpers(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: helpers.helpers(w.tx, a, w.event.code), least="coordinator"),
    },
    "helpers.invite_helper": {
        "own": Row(run=lambda w, a: helpers.invite_helper(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: helpers.invite_helper(w.tx, a, w.event.code), least="coordinator"),
    },
    "helpers.remove_helper": {
        "own": Row(run=lambda w, a: helpers.remove_helper(w.tx, a, w.own_event.code, 3), least="organizer"),
        "another’s": Row(
            run=lambda w, a: helpers.remove_helper(w.tx, a, w.event.code, 3), least="coordinator"
        ),
    },
    "attendees.attendees": {
        "own": Row(run=lambda w, a: attendees.attendees(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: attendees.attendees(w.tx, a, w.event.code), least="coordinator"),
    },
    "attendees.number_all": {
        "own": Row(run=lambda w, a: attendees.number_all(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: attendees.number_all(w.tx, a, w.event.code), least="coordinator"),
    },
    "attendees.at_the_door": {
        "own": Row(
            run=lambda w, a: attendees.at_the_door(w.tx, a, w.own_event.code, page=0), least="organizer"
        ),
        "another’s": Row(
            run=lambda w, a: attendees.at_the_door(w.tx, a, w.event.code, page=0), least="coordinator"
        ),
    },
    "attendees.attendees_file": {
        "own": Row(run=lambda w, a: attendees.attendees_file(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(
            run=lambda w, a: attendees.attendees_file(w.tx, a, w.event.code), least="coordinator"
        ),
    },
    "attendees.read_out": {
        "own": Row(run=lambda w, a: attendees.read_out(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: attendees.read_out(w.tx, a, w.event.code), least="coordinator"),
    },
    "attendees.paper_list": {
        "own": Row(run=lambda w, a: attendees.paper_list(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: attendees.paper_list(w.tx, a, w.event.code), least="coordinator"),
    },
    "check_ins.door": {
        "own": Row(
            run=lambda w, a: check_ins.door(w.tx, at_the_door(a, w.own_event), w.own_event.code, DOOR),
            least="organizer",
        ),
        "another’s": Row(
            run=lambda w, a: check_ins.door(w.tx, at_the_door(a, w.event), w.event.code, DOOR),
            least="coordinator",
        ),
    },
    "check_ins.open_screen": {
        "own": Row(
            run=lambda w, a: check_ins.open_screen(w.tx, at_the_door(a, w.own_event), w.own_event.code, DOOR),
            least="organizer",
        ),
        "another’s": Row(
            run=lambda w, a: check_ins.open_screen(w.tx, at_the_door(a, w.event), w.event.code, DOOR),
            least="coordinator",
        ),
    },
    "check_ins.close_screen": {
        "own": Row(run=lambda w, a: check_ins.close_screen(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: check_ins.close_screen(w.tx, a, w.event.code), least="coordinator"),
    },
    "check_ins.tick": {
        "own": Row(run=lambda w, a: ticked(w, a, w.own_event), least="organizer"),
        "another’s": Row(run=lambda w, a: ticked(w, a, w.event), least="coordinator"),
    },
    "event_seats.change_seats": {
        "own": Row(
            run=lambda w, a: event_seats.change_seats(w.tx, a, w.own_event.code, capacity=10),
            least="organizer",
        ),
        "another’s": Row(
            run=lambda w, a: event_seats.change_seats(w.tx, a, w.event.code, capacity=10), least="coordinator"
        ),
    },
}
