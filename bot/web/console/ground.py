"""Ground: where to go from door to door first, what is offered, and what was learnt; by the actions of the chat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import cos, radians
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from bot.actions import canvass, canvass_offers, canvass_results
from bot.actions.authority import area_name
from bot.actions.canvass_doors import zone_at
from bot.actions.canvass_results import StationLine
from bot.communes import Gazetteer
from bot.errors import UnknownArea
from bot.rules.areas import city_of, department_of, normal_area
from bot.rules.canvass.doors import Spot, commune_in, place_of
from bot.rules.canvass.meetings import MOST_PLACE, MeetingPoint
from bot.rules.canvass.visits import DoorOutcome
from bot.rules.permissions import Action
from bot.rules.territories import at_wall
from bot.rules.territories import zone as zone_named
from bot.rules.typed import is_number
from bot.web import outlines
from bot.web.console.forms import plain, wall_time
from bot.web.desk import Desk, Visit, whole_number
from bot.web.refusals import BadForm, Missing

PAGE = 50
CLASSES = 5
WIDTH, MARGIN = 1000, 60
"""Of a drawing, in its own units."""
LOW, HIGH = 440, 800
"""The height of a drawing at most: of stations, whose list stands below it, and of streets."""


class GroundRoom:
    """Stations, their walks, and what was noted."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk, one = self._desk, "/console/ground/{station}"
        return [
            Route("/console/ground", desk.reading(self.list)),
            Route(one, desk.reading(self.show)),
            Route(f"{one}/cut", desk.changing(self.cut), methods=["POST"]),
            Route(f"{one}/offer", desk.changing(self.offer), methods=["POST"]),
            Route(f"{one}/walk", desk.changing(self.walk), methods=["POST"]),
        ]

    async def list(self, visit: Visit) -> Response:
        held = list(dict.fromkeys(visit.author.areas(Action.OFFER_WALK)))
        try:
            area = normal_area(visit.request.query_params.get("area") or (held[0] if held else ""))
        except UnknownArea:
            raise Missing("There is no such area.") from None
        lines = await canvass_results.lines(visit.tx, visit.author, area)
        page = max(0, whole_number(visit, "page", 0))
        return visit.page(
            "ground",
            area=area,
            areas=[(each, area_name(visit.author.gazetteer, each)) for each in held],
            area_called=area_name(visit.author.gazetteer, area),
            stations=lines[page * PAGE : (page + 1) * PAGE],
            first=page * PAGE,
            number=page,
            of=len(lines),
            more=len(lines) > (page + 1) * PAGE,
            drawing=stations_drawn(lines, visit.author.gazetteer),
            names=lambda code: area_name(visit.author.gazetteer, code),
        )

    async def show(self, visit: Visit) -> Response:
        code, tx, author = visit.request.path_params["station"], visit.tx, visit.author
        seen = await canvass_offers.station_for(tx, author, code)
        accounts = [await canvass_offers.account(tx, author, line.id) for line in seen.walks]
        ways = await canvass_results.ways(tx, author, code)
        return visit.page(
            "station",
            seen=seen,
            accounts=accounts,
            learnt=await canvass_results.learnt(tx, author, code),
            outcomes=tuple(DoorOutcome),
            drawing=walks_drawn(ways, {each.walk.id: each.walk.state for each in accounts}),
            place=area_name(author.gazetteer, seen.commune),
            place_zone=zone_at(author.gazetteer, seen.commune),
            most_place=MOST_PLACE,
            hours=author.campaign.walking,
        )

    async def cut(self, visit: Visit) -> Response:
        code = visit.request.path_params["station"]
        await canvass.cut_station(visit.tx, visit.author, code)
        return visit.go(f"/console/ground/{code}")

    async def offer(self, visit: Visit) -> Response:
        """Every walk that was never out, or one; for a meeting where an hour is given."""
        code, form = visit.request.path_params["station"], visit.form
        walk = _number(form["walk"]) if form.get("walk") else None
        await canvass_offers.offer(visit.tx, visit.author, code, walk, _meeting(visit, code))
        return visit.go(f"/console/ground/{code}")

    async def walk(self, visit: Visit) -> Response:
        """What is done with one walk: the offer taken back, freed, its phones signed out."""
        code, number = visit.request.path_params["station"], _number(visit.form.get("walk", ""))
        act = {
            "withdraw": canvass_offers.withdraw,
            "free": canvass_offers.free,
            "sign_out": canvass_offers.sign_out,
        }.get(visit.form.get("act", ""))
        if act is None:
            raise BadForm("This was not offered.")
        await act(visit.tx, visit.author, number)
        return visit.go(f"/console/ground/{code}")


def _number(text: str) -> int:
    if not is_number(text):
        raise BadForm("This is no number.")
    return int(text)


def _meeting(visit: Visit, station: str) -> MeetingPoint | None:
    """By the clock of the place; None where no hour is given. Raises BadForm."""
    typed = visit.form.get("at", "")
    if not typed:
        return None
    wall, zone = wall_time(typed), zone_named(zone_at(visit.author.gazetteer, commune_in(station)))
    at = at_wall(wall, zone)
    return MeetingPoint(at=at, where=plain(visit.form.get("where", ""))[:MOST_PLACE])


# -- drawings --


def stations_drawn(lines: Sequence[StationLine], gazetteer: Gazetteer) -> Mapping[str, Any] | None:
    """Stations where they stand within their communes, the darker the more a visit is worth; None where no point is
    known.
    """
    known = [(line, line.point) for line in lines if line.point is not None]
    if not known:
        return None
    middle = sum(point[0] for _line, point in known) / len(known)
    east = round(cos(radians(middle)), 4)
    spots = {line.code: (point[1] * east, point[0]) for line, point in known}
    ranked = max((line.ranked.rank for line in lines if line.ranked), default=0)
    place = _fitted(list(spots.values()), LOW)
    return {
        "height": place.height,
        "outlines": _outlines(known, place, gazetteer, east),
        "points": [
            {
                "code": line.code,
                "at": place.of(spots[line.code]),
                "shade": 0 if line.ranked is None else CLASSES - (line.ranked.rank - 1) * CLASSES // ranked,
                "line": line,
            }
            for line, _point in reversed(known)  # the best on top
        ],
    }


def _outlines(
    known: Sequence[tuple[StationLine, Any]], place: _Fitted, gazetteer: Gazetteer, east: float
) -> list[tuple[str, str, str]]:
    """The communes, or arrondissements, of these stations: the file of each outline, its shape, how it is laid."""
    found: list[tuple[str, str, str]] = []
    for code in sorted({place_of(line.code) for line, _point in known}):
        department = department_of(code)
        file = f"map/communes/{department}.svg"
        lies = outlines.laid(department, gazetteer, east)
        shape = next(
            (each for each in (code, city_of(code)) if lies and each in outlines.shapes_in(file)), None
        )
        if lies and shape and (file, shape) not in {each[:2] for each in found}:
            found.append((file, shape, place.laid(*lies)))
    return found


def walks_drawn(ways: Mapping[int, Sequence[Spot]], states: Mapping[int, str]) -> Mapping[str, Any] | None:
    """The way of each walk of a station."""
    spots = [spot for way in ways.values() for spot in way]
    if not spots:
        return None
    place = _fitted(spots, HIGH)
    drawn = [
        {
            "number": walk,
            "state": states.get(walk, "cut"),
            "points": [place.of(spot) for spot in way],
            "shade": 1 + number % CLASSES,
        }
        for number, (walk, way) in enumerate(sorted(ways.items()))
    ]
    return {"height": place.height, "ways": drawn}


class _Fitted:
    """A plane as large as a drawing, the north above."""

    def __init__(self, west: float, north: float, scale: float, height: int) -> None:
        self._west, self._north, self._scale, self.height = west, north, scale, height

    def of(self, spot: Spot) -> tuple[int, int]:
        return (
            round(MARGIN + (spot[0] - self._west) * self._scale),
            round(MARGIN + (self._north - spot[1]) * self._scale),
        )

    def laid(self, turned: complex, moved: complex) -> str:
        """The SVG transform of what lies so on the plane (bot.web.outlines.laid)."""
        turned, moved = turned * self._scale, moved * self._scale
        x, y = moved.real + MARGIN - self._west * self._scale, MARGIN + self._north * self._scale - moved.imag
        return f"matrix({turned.real:.5g} {-turned.imag:.5g} {turned.imag:.5g} {turned.real:.5g} {x:.1f} {y:.1f})"


def _fitted(spots: Sequence[Spot], highest: int) -> _Fitted:
    xs, ys = [spot[0] for spot in spots], [spot[1] for spot in spots]
    width, height = max(xs) - min(xs), max(ys) - min(ys)
    across, down = WIDTH - 2 * MARGIN, highest - 2 * MARGIN
    scale = min(across / width if width else across, down / height if height else down)
    west = min(xs) - (across / scale - width) / 2  # what is narrower stands in the middle
    return _Fitted(west, max(ys), scale, round(height * scale) + 2 * MARGIN)
