"""A new event: what it is, whom its invitation is for, and announcing it. The draft is the one of the chat.

What is announced is announced by the actions of the chat, under its rules and with its words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import Route

from bot.actions import announcing, drafts, event_drafts
from bot.actions.announcing import EventRefused
from bot.actions.forecasts import Forecast
from bot.communes import Commune
from bot.departure.compose import Draft
from bot.departure.looks import looks
from bot.errors import PortevoixError
from bot.rules.dates import LONGEST_EVENT
from bot.rules.event_draft import (
    ADDRESS_LIMIT,
    AROUND_KM,
    DESCRIPTION_LIMIT,
    ONCE,
    TITLE_LIMIT,
    next_question,
    read_seats,
)
from bot.rules.expressions import EVERYBODY, as_json, stored
from bot.rules.kinds import Kind
from bot.rules.leaves import read_leaf
from bot.rules.permissions import Action, needs_approval
from bot.rules.seats import MOST_GUESTS, OVERBOOKINGS
from bot.rules.sending import INVITATION, SERIES, all_at
from bot.rules.series import MOST_DATES, Every
from bot.rules.territories import at_local
from bot.rules.territories import zone as zone_named
from bot.web.console import whom
from bot.web.console.forms import (
    TYPED,
    Bubble,
    bubble,
    keep_typed,
    mark_of,
    plain,
    require_same,
    require_word,
    told,
    wall_time,
)
from bot.web.console.writing import reader_of
from bot.web.desk import BadForm, Desk, Visit

FLOW = "new_event"
ABOUT = "/console/events/new"
WHOM, READY = f"{ABOUT}/whom", f"{ABOUT}/ready"
EMPTY: Mapping[str, Any] = {"repeat": ONCE, "guests": 0, "overbooking": 0, "commune": None, "pin": None}
"""A draft of which nothing was said."""
SUGGESTIONS = 6
ASKED = ("place", "address", "starts", "ends", "seats", "last")
"""The fields that are kept as they were typed where something is wrong with them; titles beside."""


class NewEventRoom:
    """The three steps."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk = self._desk
        return [
            Route(ABOUT, desk.reading(self.show_about)),
            Route(ABOUT, desk.changing(self.keep_about), methods=["POST"]),
            Route(WHOM, desk.reading(self.show_whom)),
            Route(WHOM, desk.changing(self.keep_whom), methods=["POST"]),
            Route(READY, desk.reading(self.show_ready)),
            Route(f"{ABOUT}/announce", desk.changing(self.announce, first=self.expected), methods=["POST"]),
            Route(f"{ABOUT}/drop", desk.changing(self.drop), methods=["POST"]),
        ]

    # -- what it is --

    async def show_about(self, visit: Visit) -> Response:
        data = await self._draft(visit)
        return visit.page(
            "new_event",
            fields=self._fields(visit, data),
            places=self._places(visit, data),
            faults=self._faults(visit, data) if data else {},
            every=tuple(Every),
            overbookings=OVERBOOKINGS,
            most_guests=MOST_GUESTS,
            most_dates=MOST_DATES,
            limits={"title": TITLE_LIMIT, "description": DESCRIPTION_LIMIT, "address": ADDRESS_LIMIT},
            **await self._around(visit, data),
        )

    def _fields(self, visit: Visit, data: Mapping[str, Any]) -> dict[str, str]:
        """Every field as it stands in the form: what was typed, where something is wrong with it."""
        commune, ends = self._commune(data), data.get("ends") or {}
        wall = data.get("wall")
        shown = {
            "place": f"{commune.name} ({commune.department})" if commune else "",
            "address": data.get("address") or "",
            "starts": wall[:16] if wall else "",
            "ends": _ends_at(data)[:16] if wall and data.get("minutes") else "",
            "seats": str(data["seats"][0]) if data.get("seats") else "",
            "last": ends.get("until") or str(ends.get("times") or ""),
        }
        for code in visit.author.campaign.languages:
            shown[f"title-{code}"] = (data.get("titles") or {}).get(code) or ""
            shown[f"description-{code}"] = (data.get("descriptions") or {}).get(code) or ""
        return {**shown, **(data.get(TYPED) or {})}

    async def keep_about(self, visit: Visit) -> Response:
        data = await self._draft(visit)
        said = {**data, **self._said(visit, data)}
        await drafts.keep(visit.tx, visit.author.person, FLOW, said, now=visit.now)
        goes_on = visit.form.get("do") == "next" and not self._faults(visit, said)
        return visit.go(WHOM if goes_on else ABOUT)

    def _said(self, visit: Visit, data: Mapping[str, Any]) -> dict[str, Any]:
        """What the form says; what is wrong with it stays as it was typed, and is asked again."""
        form, languages = visit.form, visit.author.campaign.languages
        typed = {name: plain(form.get(name, "")) for name in ASKED}
        said: dict[str, Any] = {
            "titles": {code: plain(form.get(f"title-{code}", "")) for code in languages},
            "descriptions": {code: plain(form.get(f"description-{code}", "")) for code in languages},
            "address": typed["address"] or None,
            "pin": data.get("pin") or [],
            "guests": _one_of(form, "guests", range(MOST_GUESTS + 1)),
            "overbooking": _one_of(form, "overbooking", OVERBOOKINGS),
            "repeat": form.get("repeat", ONCE),
        }
        if said["repeat"] != ONCE and said["repeat"] not in tuple(Every):
            raise BadForm("There is no such repetition.")
        faulty: dict[str, str] = {}
        for name, read in (("place", self._place_said), ("starts", _start_said), ("ends", _end_said)):
            found = read(visit, typed, {**data, **said})
            said |= found
            if found.get("faulty"):
                faulty[name] = typed[name]
        said.pop("faulty", None)
        said |= self._seats_said(typed["seats"], faulty)
        said |= self._last_said(said, typed["last"], faulty)
        fields = (*ASKED, *(f"{what}-{code}" for what in ("title", "description") for code in languages))
        return {**said, TYPED: keep_typed(data, fields, {k: v for k, v in faulty.items() if v})}

    def _place_said(self, visit: Visit, typed: Mapping[str, str], data: Mapping[str, Any]) -> dict[str, Any]:
        """The commune that was typed, or chosen among those that were meant."""
        chosen = visit.form.get("commune", "")
        commune, before = self._gazetteer_of(chosen) if chosen else None, self._commune(data)
        if (
            commune is None
            and before is not None
            and typed["place"] == f"{before.name} ({before.department})"
        ):
            commune = before
        if commune is None:
            found = self._desk.gazetteer.search(typed["place"], limit=SUGGESTIONS)
            commune = found.results[0] if found.results and found.confident else None
        if commune is None or not visit.author.may(Action.CREATE_EVENT, commune.code):
            return {"commune": None, "faulty": True}
        moved = before is None or commune.code != before.code
        # The pin and the people around belong to the old place.
        forgotten: dict[str, Any] = dict.fromkeys(("audience", "audience_before", "chosen"))
        forgotten = {**forgotten, "pin": []} if moved else {}
        return {"commune": commune.code, "place": commune.code, "faulty": False, **forgotten}

    def _seats_said(self, typed: str, faulty: dict[str, str]) -> dict[str, Any]:
        if not typed:
            return {"seats": [], "overbooking": 0, "guests": 0}
        try:
            return {"seats": [read_seats(typed)]}
        except PortevoixError:
            faulty["seats"] = typed
            return {"seats": None}

    def _last_said(self, said: Mapping[str, Any], typed: str, faulty: dict[str, str]) -> dict[str, Any]:
        """Until which day a series goes on, or how many times it takes place."""
        if said["repeat"] == ONCE:
            return {"ends": None}
        ends = _ends_of(typed)
        if ends is None or not said.get("wall"):
            faulty["last"] = typed
            return {"ends": None}
        try:
            event_drafts.dates({**said, "ends": ends})
        except PortevoixError:
            faulty["last"] = typed
            return {"ends": None}
        return {"ends": ends}

    def _places(self, visit: Visit, data: Mapping[str, Any]) -> Sequence[Commune]:
        """The communes that a name may mean."""
        typed = (data.get(TYPED) or {}).get("place")
        return self._desk.gazetteer.search(typed, limit=SUGGESTIONS).results if typed else ()

    def _faults(self, visit: Visit, data: Mapping[str, Any]) -> dict[str, Markup | str]:
        """What is wrong with the fields, in the words of the chat; "" where something is missing."""
        typed = data.get(TYPED) or {}
        faults: dict[str, Markup | str] = {}
        for name, look in (
            ("place", self._place_fault),
            ("starts", self._start_fault),
            ("ends", self._end_fault),
            ("seats", self._seats_fault),
            ("last", self._last_fault),
        ):
            fault = look(visit, data, typed.get(name))
            if fault is not None:
                faults[name] = fault
        if not any((data.get("titles") or {}).values()):
            faults[f"title-{visit.author.campaign.languages[0]}"] = ""
        if not data.get("address"):
            faults["address"] = ""
        return faults

    def _place_fault(self, visit: Visit, data: Mapping[str, Any], typed: str | None) -> Markup | str | None:
        if data.get("commune"):
            return None
        if not typed:
            return ""
        found = self._desk.gazetteer.search(typed, limit=SUGGESTIONS)
        if not found.results:
            return visit.told("new_event/commune_unknown", typed=typed[:60])
        if found.confident:
            return _fault(visit, lambda: visit.author.require(Action.CREATE_EVENT, found.results[0].code))
        return visit.told("new_event/communes", communes=found.results)

    def _start_fault(self, visit: Visit, data: Mapping[str, Any], typed: str | None) -> Markup | str | None:
        commune = self._commune(data)
        if typed:
            return _fault(visit, lambda: wall_time(typed))
        if not data.get("wall"):
            return ""
        if commune is None:
            return None
        starts = event_drafts.useful_until({**data, "repeat": ONCE}, commune.zone)
        return _fault(visit, lambda: announcing.require_future(starts, visit.now, commune.zone))

    def _end_fault(self, visit: Visit, data: Mapping[str, Any], typed: str | None) -> Markup | str | None:
        if data.get("minutes"):
            return None
        return visit.told("console/no_end", hours=LONGEST_EVENT // timedelta(hours=1)) if typed else ""

    def _seats_fault(self, visit: Visit, data: Mapping[str, Any], typed: str | None) -> Markup | None:
        return _fault(visit, lambda: read_seats(typed)) if typed else None

    def _last_fault(self, visit: Visit, data: Mapping[str, Any], typed: str | None) -> Markup | str | None:
        if data.get("repeat") in (None, ONCE) or data.get("ends"):
            return None
        ends = _ends_of(typed or "")
        if ends is None or not data.get("wall"):
            return visit.told("errors/series", why="endless", most=MOST_DATES)
        return _fault(visit, lambda: event_drafts.dates({**data, "ends": ends}))

    # -- whom it is for --

    async def show_whom(self, visit: Visit) -> Response:
        data = await self._draft(visit)
        if self._question(visit, data) not in ("audience", "summary"):
            return visit.go(ABOUT)
        said = self._around_the_place(visit, data)
        return visit.page(
            "new_event_whom",
            whom=await whom.shown(visit, said, Kind.EVENT_INVITE),
            reach_words=await self._reach_words(visit, said),
            radii=whom.RADII,
            **await self._around(visit, said),
        )

    async def keep_whom(self, visit: Visit) -> Response:
        data = self._around_the_place(visit, await self._draft(visit))
        said = {**data, **await whom.said(visit, data)}
        goes_on = visit.form.get("do") == "next" and not said.get(TYPED)
        if goes_on:
            said["chosen"] = True
        await drafts.keep(visit.tx, visit.author.person, FLOW, said, now=visit.now)
        return visit.go(READY if goes_on else f"{WHOM}#whom")

    def _around_the_place(self, visit: Visit, data: Mapping[str, Any]) -> dict[str, Any]:
        """Unless something else was chosen, those around the place are invited."""
        if data.get("audience") or not data.get("commune"):
            return dict(data)
        by_commune = visit.author.campaign.chooses_by_commune
        around = read_leaf(f"near:{data['commune']}:{AROUND_KM}") if by_commune else EVERYBODY
        return {**data, "audience": as_json(around)}

    # -- announcing it --

    async def show_ready(self, visit: Visit) -> Response:
        data = await self._draft(visit)
        if self._question(visit, data) != "summary" or self._faults(visit, data):
            return visit.go(WHOM if self._question(visit, data) == "audience" else ABOUT)
        commune, author = self._its_commune(data), visit.author
        new = event_drafts.written(data, commune)
        event = announcing.draft_of(new, code="preview", author=author)
        found = await self._forecast(visit, data)
        above = author.campaign.approval_above
        return visit.page(
            "new_event_ready",
            event=event,
            commune=commune,
            seats=new.seats,
            dates=event_drafts.dates(data),
            silence_words=visit.told(
                "console/silence",
                silence=announcing.silence_at(author.campaign, event),
                place_zone=event.zone,
            ),
            audience=await whom.named(visit, new.audience),
            reach_words=visit.told("console/forecast", forecast=found, **_FORECAST),
            awaits=needs_approval(recipients=author.reader.at_most(found.people), approval_above=above),
            bubbles=self._bubbles(visit, data),
            seen=mark_of(data),
            word=visit.word("broadcasts/confirmation_word"),
            **await self._around(visit, data),
        )

    def _bubbles(self, visit: Visit, data: Mapping[str, Any]) -> list[Bubble]:
        """The invitation as it is received in each language."""
        commune, composer = self._its_commune(data), self._desk.composer
        new = event_drafts.written(data, commune)
        event = announcing.draft_of(new, code="preview", author=visit.author)
        series = event_drafts.as_told(data, commune.zone)
        template = INVITATION if series is None else SERIES
        wording = Draft(kind=Kind.EVENT_INVITE.value, template=template, series=series)
        calls = looks(
            composer, wording, {}, reader_of(visit), now=visit.now, event=event, event_texts=new.texts
        )
        return [bubble(call, code) for call, code in zip(calls, composer.campaign.languages, strict=True)]

    async def _forecast(self, visit: Visit, data: Mapping[str, Any]) -> Forecast:
        commune = self._its_commune(data)
        return await whom.forecast(
            visit,
            stored(data.get("audience")),
            kind=Kind.EVENT_INVITE,
            when=all_at(visit.now),
            expires_at=event_drafts.useful_until(data, commune.zone),
        )

    async def _reach_words(self, visit: Visit, data: Mapping[str, Any]) -> Markup:
        return visit.told("console/forecast", forecast=await self._forecast(visit, data), **_FORECAST)

    async def expected(self, visit: Visit) -> bool:
        """Whether the draft is whole, found out before the one writer is taken."""
        return self._question(visit, await self._draft(visit)) == "summary"

    async def announce(self, visit: Visit) -> Response:
        author, person = visit.author, visit.author.person
        data = await drafts.kept(visit.tx, person, FLOW)
        if not data:
            raise EventRefused("There is no such draft.", message="errors/broadcast_sent_already")
        require_word(visit, "broadcasts/confirmation_word")
        require_same(visit, data)
        if not visit.found or self._faults(visit, data):
            return visit.go(ABOUT)
        announced = await event_drafts.announce(visit.tx, author, data, self._its_commune(data))
        await drafts.drop(visit.tx, person, FLOW)
        return visit.go(f"/console/events/{announced.event.code}")

    async def drop(self, visit: Visit) -> Response:
        await drafts.drop(visit.tx, visit.author.person, FLOW)
        return visit.go("/console/events")

    # -- what the three share --

    async def _draft(self, visit: Visit) -> Mapping[str, Any]:
        """What was said so far; nothing of it yet. Raises NotAllowed, CandidateOut."""
        visit.author.require(Action.CREATE_EVENT)
        visit.author.require_standing()
        return await drafts.kept(visit.tx, visit.author.person, FLOW) or {}

    def _question(self, visit: Visit, data: Mapping[str, Any]) -> str:
        """The step of the dialog that would ask next."""
        return next_question(data, visit.author.campaign.languages).step if data else "title"

    def _commune(self, data: Mapping[str, Any]) -> Commune | None:
        return self._gazetteer_of(data.get("commune") or "")

    def _gazetteer_of(self, code: str) -> Commune | None:
        return self._desk.gazetteer.by_code(code) if code else None

    def _its_commune(self, data: Mapping[str, Any]) -> Commune:
        commune = self._commune(data)
        assert commune is not None  # it was settled before
        return commune

    async def _around(self, visit: Visit, data: Mapping[str, Any]) -> dict[str, Any]:
        question = self._question(visit, data)
        done = {"audience": 1, "summary": 2}.get(question, 0)
        return {
            "data": {**EMPTY, **data},
            "zone_of_place": commune.zone if (commune := self._commune(data)) else "",
            "other": await drafts.other(visit.tx, visit.author.person, FLOW),
            "rooms_done": 0 if data.get(TYPED) else done,
        }


_FORECAST = {"knowing": False, "experiment": None}


def _fault(visit: Visit, look: Any) -> Markup | None:
    """What is wrong with what is looked at; None where nothing is."""
    try:
        look()
    except PortevoixError as fault:
        return told(visit, fault)
    return None


def _one_of(form: Mapping[str, str], name: str, offered: Sequence[int]) -> int:
    text = form.get(name, "0")
    if text not in {str(each) for each in offered}:
        raise BadForm("This was not offered.")
    return int(text)


def _start_said(visit: Visit, typed: Mapping[str, str], data: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {"wall": wall_time(typed["starts"]).isoformat(), "faulty": False}
    except BadForm:
        return {"wall": None, "faulty": True}


def _end_said(visit: Visit, typed: Mapping[str, str], data: Mapping[str, Any]) -> dict[str, Any]:
    """How long it lasts, by the clock of its place."""
    commune = visit.desk.gazetteer.by_code(data.get("commune") or "")
    try:
        end = wall_time(typed["ends"])
    except BadForm:
        return {"minutes": None, "faulty": True}
    if not data.get("wall"):
        return {"minutes": None, "faulty": True}
    zone = zone_named(commune.zone if commune is not None else "Europe/Paris")
    start = datetime.fromisoformat(data["wall"])
    lasts = at_local(end.date(), end.time(), zone) - at_local(start.date(), start.time(), zone)
    if not timedelta() < lasts <= LONGEST_EVENT:
        return {"minutes": None, "faulty": True}
    return {"minutes": int(lasts.total_seconds()) // 60, "faulty": False}


def _ends_at(data: Mapping[str, Any]) -> str:
    return (datetime.fromisoformat(data["wall"]) + timedelta(minutes=data["minutes"])).isoformat()


def _ends_of(typed: str) -> dict[str, Any] | None:
    """How many times, or until which day; None where it says neither."""
    if typed.isascii() and typed.isdigit() and len(typed) < 4:
        return {"times": int(typed)}
    try:
        return {"until": date.fromisoformat(typed).isoformat()}
    except ValueError:
        return None
