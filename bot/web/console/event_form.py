"""What a new event is, as its form holds it: read, and what is wrong with it in the words of the chat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from markupsafe import Markup

from bot.actions import announcing, event_drafts
from bot.communes import Commune
from bot.errors import PortevoixError
from bot.rules.dates import LONGEST_EVENT
from bot.rules.event_draft import ONCE, read_seats
from bot.rules.permissions import Action
from bot.rules.seats import MOST_GUESTS, OVERBOOKINGS
from bot.rules.series import MOST_DATES, Every
from bot.rules.territories import at_wall
from bot.rules.territories import zone as zone_named
from bot.rules.typed import is_number
from bot.web.console.forms import TYPED, keep_typed, plain, told, wall_time
from bot.web.desk import Visit
from bot.web.refusals import BadForm

SUGGESTIONS = 6
ASKED = ("place", "address", "starts", "ends", "seats", "last")
"""The fields that are kept as they were typed where something is wrong with them; titles beside."""


def commune_of(visit: Visit, data: Mapping[str, Any]) -> Commune | None:
    """Where it takes place, once that was settled."""
    code = data.get("commune") or ""
    return visit.desk.gazetteer.by_code(code) if code else None


def fields(visit: Visit, data: Mapping[str, Any]) -> dict[str, str]:
    """Every field as it stands in the form: what was typed, where something is wrong with it."""
    commune, ends = commune_of(visit, data), data.get("ends") or {}
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


def read(visit: Visit, data: Mapping[str, Any]) -> dict[str, Any]:
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
    for name, heard in (("place", _place_said), ("starts", _start_said), ("ends", _end_said)):
        found = heard(visit, typed, {**data, **said})
        said |= found
        if found.get("faulty"):
            faulty[name] = typed[name]
    said.pop("faulty", None)
    said |= _seats_said(typed["seats"], faulty)
    said |= _last_said(said, typed["last"], faulty)
    fields = (*ASKED, *(f"{what}-{code}" for what in ("title", "description") for code in languages))
    return {**said, TYPED: keep_typed(data, fields, {k: v for k, v in faulty.items() if v})}


def _place_said(visit: Visit, typed: Mapping[str, str], data: Mapping[str, Any]) -> dict[str, Any]:
    """The commune that was typed, or chosen among those that were meant."""
    chosen = visit.form.get("commune", "")
    commune, before = visit.desk.gazetteer.by_code(chosen) if chosen else None, commune_of(visit, data)
    if commune is None and before is not None and typed["place"] == f"{before.name} ({before.department})":
        commune = before
    if commune is None:
        found = visit.desk.gazetteer.search(typed["place"], limit=SUGGESTIONS)
        commune = found.results[0] if found.results and found.confident else None
    if commune is None or not visit.author.may(Action.CREATE_EVENT, commune.code):
        return {"commune": None, "faulty": True}
    moved = before is None or commune.code != before.code
    # The pin and the people around belong to the old place.
    forgotten: dict[str, Any] = dict.fromkeys(("audience", "audience_before", "chosen"))
    forgotten = {**forgotten, "pin": []} if moved else {}
    return {"commune": commune.code, "place": commune.code, "faulty": False, **forgotten}


def _seats_said(typed: str, faulty: dict[str, str]) -> dict[str, Any]:
    if not typed:
        return {"seats": [], "overbooking": 0, "guests": 0}
    try:
        return {"seats": [read_seats(typed)]}
    except PortevoixError:
        faulty["seats"] = typed
        return {"seats": None}


def _last_said(said: Mapping[str, Any], typed: str, faulty: dict[str, str]) -> dict[str, Any]:
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


def places(visit: Visit, data: Mapping[str, Any]) -> Sequence[Commune]:
    """The communes that a name may mean."""
    typed = (data.get(TYPED) or {}).get("place")
    return visit.desk.gazetteer.search(typed, limit=SUGGESTIONS).results if typed else ()


def faults(visit: Visit, data: Mapping[str, Any]) -> dict[str, Markup | str]:
    """What is wrong with the fields, in the words of the chat; "" where something is missing."""
    typed = data.get(TYPED) or {}
    faults: dict[str, Markup | str] = {}
    for name, look in (
        ("place", _place_fault),
        ("starts", _start_fault),
        ("ends", _end_fault),
        ("seats", _seats_fault),
        ("last", _last_fault),
    ):
        fault = look(visit, data, typed.get(name))
        if fault is not None:
            faults[name] = fault
    if not any((data.get("titles") or {}).values()):
        faults[f"title-{visit.author.campaign.languages[0]}"] = ""
    if not data.get("address"):
        faults["address"] = ""
    return faults


def _place_fault(visit: Visit, data: Mapping[str, Any], typed: str | None) -> Markup | str | None:
    if data.get("commune"):
        return None
    if not typed:
        return ""
    found = visit.desk.gazetteer.search(typed, limit=SUGGESTIONS)
    if not found.results:
        return visit.told("new_event/commune_unknown", typed=typed[:60])
    if found.confident:
        return _fault(visit, lambda: visit.author.require(Action.CREATE_EVENT, found.results[0].code))
    return visit.told("new_event/communes", communes=found.results)


def _start_fault(visit: Visit, data: Mapping[str, Any], typed: str | None) -> Markup | str | None:
    commune = commune_of(visit, data)
    if typed:
        return _fault(visit, lambda: wall_time(typed))
    if not data.get("wall"):
        return ""
    if commune is None:
        return None
    starts = event_drafts.useful_until({**data, "repeat": ONCE}, commune.zone)
    return _fault(visit, lambda: announcing.require_future(starts, visit.now, commune.zone))


def _end_fault(visit: Visit, data: Mapping[str, Any], typed: str | None) -> Markup | str | None:
    if data.get("minutes"):
        return None
    return visit.told("console/no_end", hours=LONGEST_EVENT // timedelta(hours=1)) if typed else ""


def _seats_fault(visit: Visit, data: Mapping[str, Any], typed: str | None) -> Markup | None:
    return _fault(visit, lambda: read_seats(typed)) if typed else None


def _last_fault(visit: Visit, data: Mapping[str, Any], typed: str | None) -> Markup | str | None:
    if data.get("repeat") in (None, ONCE) or data.get("ends"):
        return None
    ends = _ends_of(typed or "")
    if ends is None or not data.get("wall"):
        return visit.told("errors/series", why="endless", most=MOST_DATES)
    return _fault(visit, lambda: event_drafts.dates({**data, "ends": ends}))


def _fault(visit: Visit, look: Callable[[], object]) -> Markup | None:
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
    lasts = at_wall(end, zone) - at_wall(start, zone)
    if not timedelta() < lasts <= LONGEST_EVENT:
        return {"minutes": None, "faulty": True}
    return {"minutes": int(lasts.total_seconds()) // 60, "faulty": False}


def _ends_at(data: Mapping[str, Any]) -> str:
    return (datetime.fromisoformat(data["wall"]) + timedelta(minutes=data["minutes"])).isoformat()


def _ends_of(typed: str) -> dict[str, Any] | None:
    """How many times, or until which day; None where it says neither."""
    if is_number(typed, 3):
        return {"times": int(typed)}
    try:
        return {"until": date.fromisoformat(typed).isoformat()}
    except ValueError:
        return None
