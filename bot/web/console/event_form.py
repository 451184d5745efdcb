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
from bot.rules.series import MOST_DATES, BadSeries, Every
from bot.rules.territories import at_wall
from bot.rules.territories import zone as zone_named
from bot.rules.typed import is_number
from bot.web.console.forms import TYPED, keep_typed, plain, told, wall_time
from bot.web.console.unusual import doubted
from bot.web.desk import Visit
from bot.web.refusals import BadForm

SUGGESTIONS = 6
ASKED = ("place", "address", "starts", "ends", "seats", "until", "times")
"""The fields that are kept as they were typed where something is wrong with them; titles beside."""


def first_fault(visit: Visit, data: Mapping[str, Any]) -> str | None:
    """The first field of the form with which something is wrong."""
    found, title = faults(visit, data), f"title-{visit.author.campaign.languages[0]}"
    names = (title, "place", "address", "starts", "ends", "until", "times", "sure", "seats")
    return next((name for name in names if name in found), None)


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
        "until": ends.get("until") or "",
        "times": str(ends.get("times") or ""),
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
    said |= _ends_said(said, typed, faulty)
    said["sure"] = form.get("sure") or None
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


def _ends_said(said: Mapping[str, Any], typed: Mapping[str, str], faulty: dict[str, str]) -> dict[str, Any]:
    """Until which day a series goes on, or how many times it takes place."""
    if said["repeat"] == ONCE:
        return {"ends": None}
    try:
        ends = _ends_of(typed)
        if said.get("wall"):
            event_drafts.dates({**said, "ends": ends})
            return {"ends": ends}
    except PortevoixError:
        pass  # told beside the field
    faulty |= {name: typed[name] for name in ("until", "times")}
    return {"ends": None}


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
    ):
        fault = look(visit, data, typed.get(name))
        if fault is not None:
            faults[name] = fault
    faults |= _ends_faults(visit, data, typed)
    if not faults.keys() & {"place", "starts", "ends", "until", "times"} and (doubts := _doubts(visit, data)):
        faults["sure"] = doubts
    if not any((data.get("titles") or {}).values()):
        faults[f"title-{visit.author.campaign.languages[0]}"] = ""
    if not data.get("address"):
        faults["address"] = ""
    return faults


def _doubts(visit: Visit, data: Mapping[str, Any]) -> Markup | None:
    """What is unusual of its times, unless that was said to be meant."""
    commune = commune_of(visit, data)
    if commune is None or not data.get("wall") or not data.get("minutes"):
        return None
    zone = zone_named(commune.zone)
    starts_at = at_wall(datetime.fromisoformat(data["wall"]), zone)
    dates = event_drafts.dates(data)
    return doubted(
        visit,
        times(visit, data),
        starts_at,
        starts_at + timedelta(minutes=data["minutes"]),
        zone=commune.zone,
        last=dates[-1].date() if dates else None,
    )


def times(visit: Visit, data: Mapping[str, Any]) -> Mapping[str, str]:
    """What its form says of its times: see bot.web.console.unusual."""
    return {**fields(visit, data), "repeat": data.get("repeat") or ONCE, "sure": data.get("sure") or ""}


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


def _ends_faults(visit: Visit, data: Mapping[str, Any], typed: Mapping[str, str]) -> dict[str, Markup]:
    """What is wrong with the end of a series, beside the field that it is about."""
    if data.get("repeat") in (None, ONCE) or data.get("ends"):
        return {}
    name = "times" if typed.get("times") and not typed.get("until") else "until"
    fault = _fault(visit, lambda: _ends_of(typed))
    if fault is None and data.get("wall"):
        fault = _fault(visit, lambda: event_drafts.dates({**data, "ends": _ends_of(typed)}))
    return {name: fault} if fault is not None else {}


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


def _ends_of(typed: Mapping[str, str]) -> dict[str, Any]:
    """How many times, or until which day. Raises BadSeries, BadForm."""
    until, times = typed.get("until", ""), typed.get("times", "")
    if until and times:
        raise BadSeries("Until a day and so many times.", why="both")
    if times:
        if not is_number(times):
            raise BadSeries("This is no number of dates.", why="few")
        return {"times": min(int(times), MOST_DATES + 1)}
    if not until:
        raise BadSeries("A series has to end.", why="endless")
    try:
        return {"until": date.fromisoformat(until).isoformat()}
    except ValueError:
        raise BadForm("This is no date.", message="console/no_date") from None
