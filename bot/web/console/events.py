"""Events: to come and past; each with its seats, who comes, and what can be changed of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from starlette.responses import Response
from starlette.routing import Route

from bot.actions import attendees, event_seats, events
from bot.actions.authority import area_name
from bot.actions.events import EventChange, ManagedEvent
from bot.rules.attendees import Part, in_order
from bot.rules.seats import MOST_GUESTS, MOST_SEATS, OVERBOOKINGS, BadSeats
from bot.rules.territories import at_local
from bot.rules.territories import zone as zone_named
from bot.web.desk import BadForm, Desk, Missing, Visit, whole_number
from bot.words.no_break import with_plain_spaces
from db.events import EventPage, EventText, text_in

MOST_TEXT = 4096


class Events:
    """The list, and each event."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk, one = self._desk, "/console/events/{code}"
        return [
            Route("/console/events", desk.reading(self.list)),
            Route(one, desk.reading(self.show)),
            Route(f"{one}/people", desk.reading(self.people)),
            Route(f"{one}/seats", desk.changing(self.seats), methods=["POST"]),
            Route(f"{one}/change", desk.changing(self.change), methods=["POST"]),
            Route(f"{one}/cancel", desk.changing(self.cancel), methods=["POST"]),
        ]

    async def list(self, visit: Visit) -> Response:
        page = whole_number(visit, "page", 1) - 1
        coming = await events.managed(visit.tx, visit.author)
        past, more = await events.past(visit.tx, visit.author, max(0, page))
        return visit.page(
            "events", coming=_lines(visit, coming), past=_lines(visit, past), number=max(0, page), more=more
        )

    async def show(self, visit: Visit) -> Response:
        found = await events.find_managed(visit.tx, visit.author, _code(visit))
        first = visit.author.campaign.languages[0]
        event = found.event
        return visit.page(
            "event",
            found=found,
            event=event,
            text=text_in(found.texts, visit.language, first),
            place=area_name(visit.author.gazetteer, event.commune),
            starts=event.starts_at.astimezone(zone_named(event.zone)),
            is_open=not event.is_cancelled and event.ends_at > visit.now,
            overbookings=OVERBOOKINGS,
            most_guests=MOST_GUESTS,
        )

    async def people(self, visit: Visit) -> Response:
        """Who comes, on a sheet that fits A4."""
        found, everybody = await attendees.attendees(visit.tx, visit.author, _code(visit))
        text = text_in(found.texts, visit.language, visit.author.campaign.languages[0])
        rows = [(part, in_order(everybody, part)) for part in Part]
        return visit.page("people", event=found.event, text=text, rows=rows)

    async def seats(self, visit: Visit) -> Response:
        code, form = _code(visit), visit.form
        changed: dict[str, int | None] = {}
        if "capacity" in form:
            changed["capacity"] = _number(form["capacity"]) if form["capacity"].strip() else None
        changed |= {name: _number(form[name]) for name in ("overbooking", "guests") if name in form}
        try:
            await event_seats.change_seats(visit.tx, visit.author, code, **changed)
        except ValueError:
            raise BadForm("This was not offered.") from None
        return visit.go(f"/console/events/{code}")

    async def change(self, visit: Visit) -> Response:
        """What differs from what stands there; whoever comes second with the same event is told."""
        code = _code(visit)
        found = await events.find_open(visit.tx, visit.author, code)
        change = _change(found, visit)
        if not change.is_empty:
            sequence = _number(visit.form.get("sequence", ""))
            await events.change_event(visit.tx, visit.author, code, change, sequence=sequence)
        return visit.go(f"/console/events/{code}")

    async def cancel(self, visit: Visit) -> Response:
        await events.cancel_event(visit.tx, visit.author, _code(visit))
        return visit.go("/console/events")


def _lines(visit: Visit, page: EventPage) -> list[dict[str, object]]:
    first = visit.author.campaign.languages[0]
    return [
        {
            "event": event,
            "title": text_in(page.texts[event.id], visit.language, first).title,
            "place": area_name(visit.author.gazetteer, event.commune),
        }
        for event in page.events
        if event.id in page.texts
    ]


def _code(visit: Visit) -> str:
    code = str(visit.request.path_params["code"])
    if not (code.isalnum() and code.isascii() and len(code) <= 16):
        raise Missing("There is no such event.")
    return code


def _number(text: str) -> int:
    """A whole number of a form. Raises BadSeats."""
    text = with_plain_spaces(text).replace(" ", "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BadSeats("This is no number of seats.", most=MOST_SEATS)
    return int(text)


def _change(found: ManagedEvent, visit: Visit) -> EventChange:
    form, event = visit.form, found.event
    texts = {}
    for language, text in found.texts.items():
        title = _typed(form.get(f"title-{language}", text.title))
        description = _typed(form.get(f"description-{language}", text.description))
        if (title, description) != (_typed(text.title), _typed(text.description)):
            texts[language] = EventText(title=title, description=description)
    address = _typed(form.get("address", event.address))
    starts_at = _instant(form["starts"], event.zone) if form.get("starts") else event.starts_at
    now_starts = event.starts_at.replace(second=0, microsecond=0)
    return EventChange(
        starts_at=None if starts_at == now_starts else starts_at,
        address=None if address == _typed(event.address) else address,
        texts=texts,
    )


def _typed(text: str) -> str:
    """As somebody would type it: browsers send line ends of their own."""
    return with_plain_spaces(text.replace("\r\n", "\n").replace("\0", "")).strip()[:MOST_TEXT]


def _instant(text: str, zone: str) -> datetime:
    """What a date field sends (`2016-11-17T19:00`), at the place of the event. Raises BadForm."""
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        raise BadForm("This is no date.", message="console/no_date") from None
    if wall.tzinfo is not None or not 2000 < wall.year < 2100:
        raise BadForm("This is no date.", message="console/no_date")
    return at_local(wall.date(), wall.time(), zone_named(zone))
