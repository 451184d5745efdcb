"""The shifts of an event at the desk: added, changed, called off; each with who is in it, as in the chat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import Route

from bot.actions import shift_plans
from bot.actions.events import ManagedEvent
from bot.actions.shift_plans import PlannedShift
from bot.errors import PortevoixError
from bot.rules.shifts import LONGEST_ROLE, ROLES, newest, read_places, role_in
from bot.rules.territories import at_wall
from bot.rules.territories import zone as zone_named
from bot.rules.typed import is_number
from bot.web.console.events import code_of
from bot.web.console.forms import plain, told, wall_time
from bot.web.desk import Desk, Visit, whole_number
from bot.web.refusals import BadForm, Missing
from db.engine import savepoint
from db.events import text_in

Faults = Mapping[str, Markup]
"""What is wrong, by field, in the order of the form; "" of all of it."""
NONE: Faults = MappingProxyType({})
_FIELD_OF = {
    "errors/shift_twice": "role",
    "errors/text_too_long": "words",
    "errors/text_empty": "words",
    "errors/shift_past": "starts",
    "errors/shift_far": "starts",
    "errors/shift_backwards": "ends",
    "errors/bad_shift_hours": "ends",
    "errors/bad_shift_places": "places",
}
"""Beside which field it is told what is wrong with a shift."""


class _Faulty(Exception):
    """Fields that say nothing that could be done."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(", ".join(faults))
        self.faults = faults


class Shifts:
    """All of an event, and each."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk, all_, one = self._desk, "/console/events/{code}/shifts", "/console/events/{code}/shifts/{shift}"
        return [
            Route(all_, desk.reading(self.list)),
            Route(all_, desk.changing(self.add), methods=["POST"]),
            Route(one, desk.reading(self.show, note=_number_helpers)),
            Route(f"{one}/hours", desk.changing(self.hours), methods=["POST"]),
            Route(f"{one}/role", desk.changing(self.role), methods=["POST"]),
            Route(f"{one}/places", desk.changing(self.places), methods=["POST"]),
            Route(f"{one}/off", desk.changing(self.off), methods=["POST"]),
        ]

    async def list(self, visit: Visit) -> Response:
        return await self._list(visit)

    async def _list(self, visit: Visit, faults: Faults = NONE) -> Response:
        """`faults`: why the shift that was typed is none."""
        found, planned = await shift_plans.planned(visit.tx, visit.author, code_of(visit))
        event = found.event
        fields = {"role": ROLES[0], "words": "", "places": "", **_wall(found, event.starts_at, event.ends_at)}
        return visit.page(
            "shifts",
            status=409 if faults else 200,
            **_of(visit, found),
            shifts=planned,
            newest=newest(each.shift for each in planned),
            roles=ROLES,
            longest_role=LONGEST_ROLE,
            fields={**fields, **visit.form},
            faults=faults,
        )

    async def add(self, visit: Visit) -> Response:
        return await self._tried(visit, self._add, self._list)

    async def _add(self, visit: Visit) -> Response:
        code = code_of(visit)
        found, _ = await shift_plans.planned(visit.tx, visit.author, code)
        said = _said(visit, found, "words", "starts", "ends", "places")
        await shift_plans.add(
            visit.tx,
            visit.author,
            code,
            role=said["words"],
            starts_at=said["starts"],
            ends_at=said["ends"],
            capacity=said["places"],
            after=_newest_seen(visit),
        )
        return visit.go(f"/console/events/{code}/shifts?done#main")

    async def show(self, visit: Visit) -> Response:
        return await self._show(visit)

    async def _show(self, visit: Visit, faults: Faults = NONE) -> Response:
        """`faults`: why it could not be changed."""
        planned = await self._planned(visit)
        shift, found = planned.filled.shift, planned.found
        is_known = shift.role in ROLES
        fields = {
            "role": shift.role if is_known else ROLES[0],
            "words": "" if is_known else shift.role,
            "places": "" if shift.capacity is None else str(shift.capacity),
            **_wall(found, shift.starts_at, shift.ends_at),
        }
        return visit.page(
            "shift",
            status=409 if faults else 200,
            **_of(visit, found),
            roles=ROLES,
            longest_role=LONGEST_ROLE,
            shift=shift,
            seats=planned.filled.seats,
            helpers=planned.helpers,
            fields={**fields, **visit.form},
            faults=faults,
        )

    async def _planned(self, visit: Visit) -> PlannedShift:
        """The shift of the address. Raises Missing where it is one of another event."""
        planned = await shift_plans.shift(visit.tx, visit.author, visit.number("shift"))
        if planned.found.event.code != code_of(visit):
            raise Missing("There is no such shift of this event.")
        return planned

    async def hours(self, visit: Visit) -> Response:
        return await self._tried(visit, self._hours, self._show)

    async def _hours(self, visit: Visit) -> Response:
        planned = await self._planned(visit)
        shift, said = planned.filled.shift, _said(visit, planned.found, "starts", "ends")
        starts_at, ends_at = said["starts"], said["ends"]
        if (starts_at, ends_at) == (shift.starts_at, shift.ends_at):
            return visit.go(_address(visit))  # there is nothing to tell anybody of
        number = await shift_plans.change_hours(
            visit.tx, visit.author, shift.id, starts_at=starts_at, ends_at=ends_at, seen=_seen(visit)
        )
        return visit.go(f"{_address(visit)}?told={number}#main")

    async def role(self, visit: Visit) -> Response:
        return await self._tried(visit, self._role, self._show)

    async def _role(self, visit: Visit) -> Response:
        planned = await self._planned(visit)
        shift, said = planned.filled.shift, _said(visit, planned.found, "words")
        if said["words"] == shift.role:
            return visit.go(_address(visit))
        number = await shift_plans.change_role(
            visit.tx, visit.author, shift.id, role=said["words"], seen=_seen(visit)
        )
        return visit.go(f"{_address(visit)}?told={number}#main")

    async def places(self, visit: Visit) -> Response:
        return await self._tried(visit, self._places, self._show)

    async def _places(self, visit: Visit) -> Response:
        planned = await self._planned(visit)
        said = _said(visit, planned.found, "places")
        await shift_plans.change_places(
            visit.tx, visit.author, planned.filled.shift.id, capacity=said["places"], seen=_seen(visit)
        )
        return visit.go(f"{_address(visit)}?done#main")

    async def off(self, visit: Visit) -> Response:
        return await self._tried(visit, self._off, self._show)

    async def _off(self, visit: Visit) -> Response:
        shift = (await self._planned(visit)).filled.shift
        number = await shift_plans.call_off(visit.tx, visit.author, shift.id, seen=_seen(visit))
        return visit.go(f"/console/events/{code_of(visit)}/shifts?told={number}#main")

    async def _tried(
        self,
        visit: Visit,
        change: Callable[[Visit], Awaitable[Response]],
        page: Callable[[Visit, Faults], Awaitable[Response]],
    ) -> Response:
        """What a form does; where that is refused, its page with what was typed, and why."""
        try:
            async with savepoint(visit.tx):
                return await change(visit)
        except _Faulty as faulty:
            return await page(visit, faulty.faults)
        except Missing:
            raise
        except PortevoixError as fault:
            if isinstance(fault, BadForm) and fault.message == BadForm.default_message:
                raise
            return await page(visit, {_FIELD_OF.get(fault.message, ""): told(visit, fault)})


def _of(visit: Visit, found: ManagedEvent) -> Mapping[str, object]:
    """What both pages show of the event, and of what was just done."""
    asked, event = visit.request.query_params, found.event
    return {
        "event": event,
        "text": text_in(found.texts, visit.language, visit.author.campaign.languages[0]),
        "is_open": not event.is_cancelled and not event.is_proposed and event.ends_at > visit.now,
        "is_done": "done" in asked,
        "told": visit.told("shift_plans/told", event=event, told=whole_number(visit, "told", 0))
        if "told" in asked
        else None,
    }


def _address(visit: Visit) -> str:
    return f"/console/events/{code_of(visit)}/shifts/{visit.number('shift')}"


def _wall(found: ManagedEvent, starts_at: datetime, ends_at: datetime) -> Mapping[str, str]:
    """The two fields of hours, by the clock of the place."""
    where = zone_named(found.event.zone)
    return {
        "starts": f"{starts_at.astimezone(where):%Y-%m-%dT%H:%M}",
        "ends": f"{ends_at.astimezone(where):%Y-%m-%dT%H:%M}",
    }


def _said(visit: Visit, found: ManagedEvent, *names: str) -> dict[str, Any]:
    """What these fields say, each read by itself. Raises _Faulty, which tells of all that are wrong."""
    said: dict[str, Any] = {}
    faults: dict[str, Markup] = {}
    for name in names:
        try:
            said[name] = _READS[name](visit, found)
        except PortevoixError as fault:
            faults[name] = told(visit, fault)
    if faults:
        raise _Faulty(faults)
    return said


def _role(visit: Visit, _found: ManagedEvent) -> str:
    return role_in(plain(visit.form.get("words", "")) or visit.form.get("role", ""))


def _starts(visit: Visit, found: ManagedEvent) -> datetime:
    return at_wall(wall_time(visit.form.get("starts", "")), zone_named(found.event.zone))


def _ends(visit: Visit, found: ManagedEvent) -> datetime:
    return at_wall(wall_time(visit.form.get("ends", "")), zone_named(found.event.zone))


def _places(visit: Visit, _found: ManagedEvent) -> int | None:
    """None: as many as like to."""
    typed = plain(visit.form.get("places", ""))
    return read_places(typed) if typed else None


_READS: Mapping[str, Callable[[Visit, ManagedEvent], Any]] = {
    "words": _role,
    "starts": _starts,
    "ends": _ends,
    "places": _places,
}
"""How each field is read. Raises BadForm, BadShift."""


def _seen(visit: Visit) -> str:
    """The mark of the shift, as the page showed it."""
    return visit.form.get("seen", "")


def _newest_seen(visit: Visit) -> int:
    """Raises BadForm."""
    typed = visit.form.get("newest", "")
    if not is_number(typed, 18):
        raise BadForm("This form says nothing of the shifts that it showed.")
    return int(typed)


async def _number_helpers(visit: Visit) -> None:
    """What the page of a shift may need to be noted first: whoever got a place has a number."""
    await shift_plans.shift(visit.tx, visit.author, visit.number("shift"))
