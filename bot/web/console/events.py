"""Events: to come and past; each with its seats, who comes, and what can be changed of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import Route

from bot.actions import attendees, drafts, event_news, event_seats, events, series
from bot.actions.announcing import EventRefused
from bot.actions.authority import area_name
from bot.actions.event_drafts import FLOW
from bot.actions.event_words import MOST_WORDS
from bot.actions.events import EventChange, ManagedEvent
from bot.communes import Commune
from bot.errors import PortevoixError
from bot.rules.attendees import Part, sheet
from bot.rules.seats import MOST_GUESTS, MOST_SEATS, OVERBOOKINGS, BadSeats
from bot.rules.territories import at_wall
from bot.rules.territories import zone as zone_named
from bot.rules.typed import is_number
from bot.web.console.forms import plain, told, wall_time
from bot.web.desk import Desk, Visit, whole_number
from bot.web.refusals import BadForm, Missing
from bot.words.no_break import with_plain_spaces
from db.engine import savepoint
from db.events import EventPage, EventText, text_in

PEOPLE_AT_ONCE = 200
"""Lines of a part of the list."""


class Events:
    """The list, and each event."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk, one = self._desk, "/console/events/{code}"
        return [
            Route("/console/events", desk.reading(self.list)),
            Route(one, desk.reading(self.show)),
            Route(f"{one}/people", desk.reading(self.people, notes=True)),
            Route(f"{one}/sheet", desk.changing(self.sheet), methods=["POST"]),
            Route(f"{one}/seats", desk.changing(self.seats), methods=["POST"]),
            Route(f"{one}/change", desk.changing(self.change), methods=["POST"]),
            Route(f"{one}/cancel", desk.changing(self.cancel), methods=["POST"]),
        ]

    async def list(self, visit: Visit) -> Response:
        page = whole_number(visit, "page", 1) - 1
        coming = await events.managed(visit.tx, visit.author)
        past, more = await events.past(visit.tx, visit.author, max(0, page))
        return visit.page(
            "events",
            weeks=_weeks(_lines(visit, coming)),
            today=visit.now.astimezone(zone_named(visit.zone)).date(),
            past=_lines(visit, past),
            number=max(0, page),
            more=more,
            is_drafted=await drafts.kept(visit.tx, visit.author.person, FLOW) is not None,
        )

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit, await events.find_managed(visit.tx, visit.author, code_of(visit)))

    async def _page(
        self,
        visit: Visit,
        found: ManagedEvent,
        *,
        typed: Mapping[str, str] | None = None,
        form: str = "",
        fault: Markup | None = None,
    ) -> Response:
        """The event, with what was typed in a form of it that was refused, and why."""
        campaign, event = visit.author.campaign, found.event
        gazetteer = visit.author.gazetteer
        commune = gazetteer.by_code(event.commune)
        place = f"{commune.name} ({commune.department})" if commune is not None else event.commune
        following = await series.following(visit.tx, found) if not event.is_hidden else ()
        pending = await event_news.pending(visit.tx, event, visit.now)
        return visit.page(
            "event",
            status=200 if fault is None else 409,
            found=found,
            event=event,
            text=text_in(found.texts, visit.language, campaign.languages[0]),
            place=area_name(gazetteer, event.commune),
            fields={**_fields(found, campaign.languages, place), **(typed or {})},
            refused=form,
            fault_words=fault,
            is_open=not event.is_cancelled and event.ends_at > visit.now,
            following=len(following),
            pending=pending,
            may_cancel=visit.author.hosted.get(event.id) != events.CO_HOST,
            overbookings=OVERBOOKINGS,
            most_guests=MOST_GUESTS,
            most_words=MOST_WORDS,
        )

    async def people(self, visit: Visit) -> Response:
        """Who comes, on the screen: by name to whoever gets the names on paper too."""
        found, everybody = await attendees.read_out(visit.tx, visit.author, code_of(visit))
        text = text_in(found.texts, visit.language, visit.author.campaign.languages[0])
        sheets = [
            sheet(everybody, part, number=whole_number(visit, part, 1) - 1, size=PEOPLE_AT_ONCE)
            for part in Part
        ]
        return visit.page("people", event=found.event, text=text, sheets=sheets)

    async def sheet(self, visit: Visit) -> Response:
        """The list on paper: numbered, with the day on which it is destroyed, and noted, as in the chat."""
        paper = await attendees.paper_list(visit.tx, visit.author, code_of(visit))
        found = paper.found
        text = text_in(found.texts, visit.language, visit.author.campaign.languages[0])
        return visit.page("sheet", event=found.event, text=text, paper=paper)

    async def seats(self, visit: Visit) -> Response:
        return await self._kept(visit, "seats", self._seats)

    async def _kept(self, visit: Visit, form: str, view: Callable[[Visit], Awaitable[Response]]) -> Response:
        """What a form of the event does; where that is refused, its page with what was typed, and why."""
        found = await events.find_open(visit.tx, visit.author, code_of(visit))
        try:
            async with savepoint(visit.tx):
                return await view(visit)
        except PortevoixError as fault:
            if isinstance(fault, BadForm) and fault.message == BadForm.default_message:
                raise
            return await self._page(visit, found, typed=visit.form, form=form, fault=told(visit, fault))

    async def _seats(self, visit: Visit) -> Response:
        code, form = code_of(visit), visit.form
        changed: dict[str, int | None] = {}
        if "capacity" in form:
            changed["capacity"] = _number(form["capacity"]) if form["capacity"].strip() else None
        changed |= {name: _number(form[name]) for name in ("overbooking", "guests") if name in form}
        sequence = _number(form["sequence"]) if "sequence" in form else None
        try:
            await event_seats.change_seats(visit.tx, visit.author, code, sequence=sequence, **changed)
        except ValueError:
            raise BadForm("This was not offered.") from None
        return visit.go(f"/console/events/{code}")

    async def change(self, visit: Visit) -> Response:
        """What differs from what stands there; whoever comes second with the same event is told, and loses nothing."""
        return await self._kept(visit, "change", self._change)

    async def _change(self, visit: Visit) -> Response:
        found = await events.find_open(visit.tx, visit.author, code_of(visit))
        change, there = _change(found, visit), visit.go(f"/console/events/{found.event.code}")
        if change.is_empty:
            return there
        change_it = series.change_following if visit.form.get("following") == "all" else events.change_event
        sequence = _number(visit.form.get("sequence", ""))
        await change_it(
            visit.tx, visit.author, found.event.code, change, sequence=sequence, reason=_reason(visit)
        )
        return there

    async def cancel(self, visit: Visit) -> Response:
        """The event that was looked at; or it and all later dates."""
        return await self._kept(visit, "cancel", self._cancel)

    async def _cancel(self, visit: Visit) -> Response:
        code, author = code_of(visit), visit.author
        found = await events.find_open(visit.tx, author, code)
        events.require_unchanged(found.event, _number(visit.form.get("sequence", "")))
        cancel = series.cancel_following if visit.form.get("following") == "all" else events.cancel_event
        await cancel(visit.tx, author, code, reason=_reason(visit))
        return visit.go("/console/events")


def _weeks(lines: Sequence[dict[str, Any]]) -> list[tuple[date, list[tuple[date, list[dict[str, Any]]]]]]:
    """Events to come by week and day, as their places count the days; only weeks in which there is one."""
    by_day: dict[date, list[dict[str, Any]]] = {}
    for each in sorted(lines, key=lambda line: line["starts"]):
        by_day.setdefault(each["starts"].date(), []).append(each)
    mondays = sorted({day - timedelta(days=day.weekday()) for day in by_day})
    week = [timedelta(days=number) for number in range(7)]
    return [(monday, [(monday + day, by_day.get(monday + day, [])) for day in week]) for monday in mondays]


def _lines(visit: Visit, page: EventPage) -> list[dict[str, Any]]:
    first = visit.author.campaign.languages[0]
    return [
        {
            "event": event,
            "starts": event.starts_at.astimezone(zone_named(event.zone)),
            "title": text_in(page.texts[event.id], visit.language, first).title,
            "place": area_name(visit.author.gazetteer, event.commune),
        }
        for event in page.events
        if event.id in page.texts
    ]


def code_of(visit: Visit) -> str:
    """The event of the address. Raises Missing."""
    code = str(visit.request.path_params["code"])
    if not (code.isalnum() and code.isascii() and len(code) <= 16):
        raise Missing("There is no such event.")
    return code


def _number(text: str) -> int:
    """A whole number of a form. Raises BadSeats."""
    text = with_plain_spaces(text).replace(" ", "")
    if not is_number(text):
        raise BadSeats("This is no number of seats.", most=MOST_SEATS)
    return int(text)


def _fields(found: ManagedEvent, languages: Sequence[str], place: str) -> dict[str, str]:
    """Every field of the change as it stands."""
    event, zone = found.event, zone_named(found.event.zone)
    return {
        "starts": _wall(event.starts_at.astimezone(zone)),
        "ends": _wall(event.ends_at.astimezone(zone)),
        "place": place,
        "address": event.address,
        "reason": "",
        "capacity": "" if event.capacity is None else str(event.capacity),
        "guests": str(event.guests),
        "overbooking": str(event.overbooking),
        "following": "one",
        **{f"title-{code}": found.texts[code].title if code in found.texts else "" for code in languages},
        **{
            f"description-{code}": found.texts[code].description if code in found.texts else ""
            for code in languages
        },
    }


def _wall(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


def _change(found: ManagedEvent, visit: Visit) -> EventChange:
    """What of the form differs from what stands there. Raises EventRefused, BadForm."""
    form, event = visit.form, found.event
    texts = {}
    for language in visit.author.campaign.languages:
        text = found.texts.get(language, EventText(title="", description=""))
        title = plain(form.get(f"title-{language}", text.title))
        description = plain(form.get(f"description-{language}", text.description))
        if (title, description) != (plain(text.title), plain(text.description)):
            texts[language] = EventText(title=title, description=description)
    commune = _commune(found, visit)
    zone = commune.zone if commune is not None else event.zone
    address = plain(form.get("address", event.address))
    before = _fields(found, (), "")
    starts_at = _instant(form, "starts", before, zone)
    ends_at = _instant(form, "ends", before, zone)
    return EventChange(
        starts_at=starts_at,
        ends_at=ends_at,
        commune=commune,
        address=None if address == plain(event.address) else address,
        texts=texts,
    )


def _commune(found: ManagedEvent, visit: Visit) -> Commune | None:
    """Another commune than that of the event, where one was typed. Raises EventRefused for one that nobody knows."""
    gazetteer, typed = visit.author.gazetteer, plain(visit.form.get("place", ""))
    before = gazetteer.by_code(found.event.commune)
    if not typed or (before is not None and typed == f"{before.name} ({before.department})"):
        return None
    looked = gazetteer.search(typed, limit=6)
    if not looked.results:
        raise EventRefused("No such commune.", message="new_event/commune_unknown", typed=typed[:60])
    if not looked.confident:
        raise EventRefused("Which commune?", message="console/communes", communes=looked.results)
    commune = looked.results[0]
    return None if before is not None and commune.code == before.code else commune


def _reason(visit: Visit) -> str:
    """Why, for those who are told. Raises BadHtml where it is too long."""
    reason = plain(visit.form.get("reason", ""))
    if len(reason) > MOST_WORDS:
        raise EventRefused(
            f"At most {MOST_WORDS} characters fit here.",
            message="errors/text_too_long",
            length=len(reason),
            limit=MOST_WORDS,
        )
    return reason


def _instant(form: Mapping[str, str], name: str, before: Mapping[str, str], zone: str) -> datetime | None:
    """An instant by the clock of the place, where the form says another one. Raises BadForm."""
    text = form.get(name, "")
    if not text or text == before[name]:
        return None
    wall = wall_time(text)
    return at_wall(wall, zone_named(zone))
