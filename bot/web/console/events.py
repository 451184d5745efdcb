"""Events: to come and past; each with its seats, who comes, and what can be changed of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field
from datetime import date, timedelta
from functools import partial
from typing import Any

from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import Route

from bot.actions import (
    attendees,
    drafts,
    event_history,
    event_news,
    event_reach,
    event_seats,
    events,
    series,
    too_late,
)
from bot.actions.authority import area_name
from bot.actions.event_drafts import FLOW
from bot.actions.events import EventChange, ManagedEvent
from bot.actions.last_change import require_unchanged
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.check_ins import EARLY
from bot.rules.event_news import tellable_from, wakes
from bot.rules.expressions import stored
from bot.rules.seats import MOST_GUESTS, MOST_SEATS, OVERBOOKINGS, BadSeats
from bot.rules.territories import zone as zone_named
from bot.rules.typed import read_number
from bot.web.console import event_change, whom
from bot.web.console.forms import told
from bot.web.console.unusual import meant
from bot.web.desk import Desk, Visit, whole_number
from bot.web.refusals import BadForm, Missing
from bot.web.remembered import Older
from db.engine import savepoint
from db.events import Event, EventPage, text_in

COUNTED_FOR = timedelta(seconds=10)


class NotYet(PortevoixError):
    """What was typed has to be mended first; what is wrong stands beside it."""

    default_message = "console/to_mend"


class ReasonAlone(PortevoixError):
    """A reason for a change was typed, and no change."""

    default_message = "console/reason_alone"


class LeavesOut(PortevoixError):
    """A move after which the invitation does not reach everybody in time: it is asked about once."""

    default_message = "console/leaves_out"


class Refused(Frozen):
    """A form of the page that was refused: which one, why, what is wrong with its fields, and what became of them
    where somebody else changed the event meanwhile.
    """

    form: str | None = None
    words: Markup | None = None
    faults: event_change.Faults = field(default_factory=dict)
    merged: event_change.Merged | None = None
    asks_of_left_out: bool = False

    @property
    def fields(self) -> Mapping[str, str]:
        return self.merged.fields if self.merged is not None else {}


class Events:
    """The list, and each event."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk, one = self._desk, "/console/events/{code}"
        return [
            Route("/console/events", desk.reading(self.list)),
            Route(one, desk.reading(self.show)),
            Route(f"{one}/seats", desk.changing(self.seats), methods=["POST"]),
            Route(f"{one}/change", desk.changing(self.change), methods=["POST"]),
            Route(f"{one}/cancel", desk.reading(self.ask_cancel)),
            Route(f"{one}/cancel", desk.changing(self.cancel), methods=["POST"]),
        ]

    async def list(self, visit: Visit) -> Response:
        page, dropped = (max(0, whole_number(visit, name, 1) - 1) for name in ("page", "off"))
        coming = await events.managed(visit.tx, visit.author)
        past, more = await event_history.past(visit.tx, visit.author, page)
        cancelled, more_cancelled = await event_history.cancelled(visit.tx, visit.author, dropped)
        return visit.page(
            "events",
            weeks=_weeks(_lines(visit, coming)),
            today=visit.now.astimezone(zone_named(visit.zone)).date(),
            past=_lines(visit, past),
            number=page,
            more=more,
            cancelled=_lines(visit, cancelled),
            refused=await event_history.refused(visit.tx, coming.events),
            cancelled_number=dropped,
            more_cancelled=more_cancelled,
            dropped="dropped" in visit.request.query_params,
            supervises=bool(visit.author.supervised()),
            is_drafted=await drafts.kept(visit.tx, visit.author.person, FLOW) is not None,
        )

    async def show(self, visit: Visit) -> Response:
        """Of very many people it is told who came to be counted some seconds ago."""
        tx, author = visit.tx, visit.author
        found = await events.find_for(tx, author, code_of(visit))
        if await attendees.is_long(tx, found):
            known_in, count = author.reader.known_in, partial(events.counts_of, author=author, found=found)
            counts, _ = visit.looked_up(
                # Another number of seats is another sequence.
                ("event", found.event.id, found.event.sequence, known_in and tuple(known_in)),
                partial(visit.desk.in_reading, count),
                kept_for=COUNTED_FOR,
                older=Older(shown_for=timedelta(minutes=1), though_quick=True, rests=False),
            )
        else:
            counts = await events.counts_of(tx, author, found)
        return await self._page(visit, await events.with_counts(tx, found, counts))

    async def _page(self, visit: Visit, found: ManagedEvent, refused: Refused | None = None) -> Response:
        """The event, with what was typed in a form of it that was refused, and why."""
        campaign, event, refused = visit.author.campaign, found.event, refused or Refused()
        gazetteer = visit.author.gazetteer
        now = event_change.fields(found, campaign.languages, gazetteer)
        following = await series.following(visit.tx, found)
        history = await event_history.history(visit.tx, visit.author, found)
        invited = stored(history.invitation.audience) if history.invitation is not None else None
        fields = {"reason": "", "following": "one", **now, **visit.form, **refused.fields}
        return visit.page(
            "event",
            status=200 if refused.form is None else 409,
            found=found,
            event=event,
            text=text_in(found.texts, visit.language, campaign.languages[0]),
            place=area_name(gazetteer, event.commune),
            fields=fields,
            shown=event_change.marks(now),
            refused=refused,
            meant=meant(fields),
            asks_of_left_out=refused.asks_of_left_out,
            moves_to=event_change.moves_to(fields),
            opens=event.starts_at - EARLY,
            bot=self._desk.composer.bot_username,
            is_done="done" in visit.request.query_params,
            is_open=not event.is_cancelled and event.ends_at > visit.now,
            is_over=event.ends_at <= visit.now,
            history=history,
            audience=None if invited is None else await whom.named(visit, invited),
            weekday=event.starts_at.astimezone(zone_named(event.zone)).weekday(),
            following=len(following),
            pending=await event_news.pending(visit.tx, event, visit.now),
            **_news_hours(visit, event),
            may_cancel=visit.author.hosted.get(event.id) != events.CO_HOST,
            overbookings=OVERBOOKINGS,
            most_guests=MOST_GUESTS,
        )

    async def seats(self, visit: Visit) -> Response:
        return await self._kept(visit, "seats", self._seats)

    async def change(self, visit: Visit) -> Response:
        """What differs from what stands there; whoever comes second with the same event is told, and loses nothing."""
        return await self._kept(visit, "change", self._change)

    async def _kept(self, visit: Visit, form: str, view: Callable[[Visit], Awaitable[Response]]) -> Response:
        """What a form of the event does; where that is refused, its page with what was typed, and why."""
        try:
            async with savepoint(visit.tx):
                return await view(visit)
        except PortevoixError as fault:
            if isinstance(fault, BadForm) and fault.message == BadForm.default_message:
                raise
            found = await events.find_open(visit.tx, visit.author, code_of(visit))
            merged = event_change.merged(visit.form, self._now(visit, found))
            faults: event_change.Faults = {}
            if form == "change" and not merged.is_stale:
                faults = event_change.faults(found, visit)
            why = Refused(
                form=form,
                words=told(visit, fault),
                faults=faults,
                merged=merged,
                asks_of_left_out=isinstance(fault, LeavesOut),
            )
            return await self._page(visit, found, why)

    def _now(self, visit: Visit, found: ManagedEvent) -> Mapping[str, str]:
        return event_change.fields(found, visit.author.campaign.languages, visit.author.gazetteer)

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
        return visit.go(f"/console/events/{code}?done#seats")

    async def _change(self, visit: Visit) -> Response:
        author, found = visit.author, await events.find_open(visit.tx, visit.author, code_of(visit))
        code, sequence = found.event.code, _number(visit.form.get("sequence", ""))
        if event_change.merged(visit.form, self._now(visit, found)).is_stale:
            await require_unchanged(visit.tx, author, found.event, sequence)
        if event_change.faults(found, visit):
            raise NotYet("Something is wrong with it, or missing.")
        change = event_change.change(found, visit)
        reason = event_change.reason(visit)
        if change.is_empty and reason:
            raise ReasonAlone("A reason goes with a change.")
        if change.is_empty:
            return visit.go(f"/console/events/{code}#change")
        follows = visit.form.get("following") == "all"
        await self._require_meant(visit, found, change, follows=follows)
        change_it = series.change_following if follows else events.change_event
        await change_it(visit.tx, author, code, change, sequence=sequence, reason=reason)
        return visit.go(f"/console/events/{code}?done#main")

    async def _require_meant(
        self, visit: Visit, found: ManagedEvent, change: EventChange, *, follows: bool
    ) -> None:
        """Raises LeavesOut, once, where the invitation would not reach everybody before the event as it moves."""
        if change.starts_at is None or visit.form.get("left_out") == event_change.moves_to(visit.form):
            return
        tx, author, event = visit.tx, visit.author, found.event
        moved = series.moved_with(event, await series.following(tx, found), change) if follows else {}
        late = await too_late.of_event(tx, author, event, change.starts_at, moved)
        if late is not None:
            bot = self._desk.composer.bot_username
            raise LeavesOut("Some would be left out.", late=late, bot=bot, code=event.code)

    async def ask_cancel(self, visit: Visit) -> Response:
        """How many are told, before it is cancelled."""
        return await self._cancelling(visit)

    async def _cancelling(self, visit: Visit, fault: Markup | None = None) -> Response:
        tx, author = visit.tx, visit.author
        found = await events.find_open(tx, author, code_of(visit))
        events.require_may_cancel(author, found.event)
        following = await series.following(tx, found)
        return visit.page(
            "event_cancel",
            status=200 if fault is None else 409,
            event=found.event,
            text=text_in(found.texts, visit.language, author.campaign.languages[0]),
            reach_words=None
            if found.event.is_hidden
            else visit.told(
                "console/told_of",
                reach=await event_reach.to_tell(tx, author, found.event),
                leaves_at=visit.now,
                cancelling=True,
            ),
            holds_others=await event_news.holds_other_dates(tx, author, found.event),
            following=len(following),
            fields={"reason": "", "following": "one", **visit.form},
            fault_words=fault,
        )

    async def cancel(self, visit: Visit) -> Response:
        """The event that was looked at; or it and all later dates."""
        try:
            async with savepoint(visit.tx):
                return await self._cancel(visit)
        except PortevoixError as fault:
            return await self._cancelling(visit, told(visit, fault))

    async def _cancel(self, visit: Visit) -> Response:
        code, author = code_of(visit), visit.author
        found = await events.find_open(visit.tx, author, code)
        sequence, reason = _number(visit.form.get("sequence", "")), event_change.reason(visit)
        cancel = series.cancel_following if visit.form.get("following") == "all" else events.cancel_event
        await cancel(visit.tx, author, code, sequence=sequence, reason=reason)
        if found.event.is_hidden:  # nobody saw it, and nobody finds it again
            return visit.go("/console/events?dropped#main")
        return visit.go(f"/console/events/{code}?done#main")


def _news_hours(visit: Visit, event: Event) -> dict[str, Any]:
    """When a change that is made now would be told to whoever lives where the event is, and whether at night."""
    hours = visit.author.campaign.courtesy
    told_from = tellable_from(now=visit.now, zone=event.zone, hours=hours, starts_at=event.starts_at)
    return {"told_from": told_from, "wakes": wakes(now=told_from, zone=event.zone, hours=hours)}


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
    number = read_number(text)
    if number is None:
        raise BadSeats("This is no number of seats.", most=MOST_SEATS)
    return number
