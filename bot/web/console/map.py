"""The map: an area part by part, coloured by a number, with a table that says the same.

Outlines are files of their own that a browser keeps for good; the page only names their shapes. Without script, and
nothing comes from elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from bot.actions import maps, statistics
from bot.actions.authority import area_name
from bot.actions.maps import Layer, Map
from bot.actions.statistics import level_within
from bot.errors import UnknownArea
from bot.rules.areas import ABROAD_AREA, EVERYWHERE, REGIONS, normal_area
from bot.rules.typed import folded
from bot.web import outlines
from bot.web.console.today import areas_of, events_of
from bot.web.desk import Desk, Visit
from bot.web.refusals import Missing

SHARED = (Layer.SUPPORTERS, Layer.VOLUNTEERS)
"""Of people alone it is told how many there are for so many inhabitants."""
MARGIN = 0.04
"""Of the width, around what is shown."""
OVERSEAS = ("R01", "R02", "R03", "R04", "R06")
POINTS = ("975", "977", "978", "986", "987", "988")
"""Of these no outlines are shipped: each is a point."""


class MapRoom:
    """The map of an area."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk = self._desk
        return [
            Route("/console/map", desk.reading(self.first)),
            Route("/console/map/{area}", desk.reading(self.show)),
        ]

    async def first(self, visit: Visit) -> Response:
        return await self._show(visit, areas_of(visit)[0][0])

    async def show(self, visit: Visit) -> Response:
        try:
            area = normal_area(visit.request.path_params["area"])
        except UnknownArea:
            raise Missing("There is no such area.") from None
        return await self._show(visit, area)

    async def _show(self, visit: Visit, area: str) -> Response:
        asked = visit.request.query_params
        layer, by = asked.get("layer", Layer.SUPPORTERS), asked.get("by", "number")
        if layer not in tuple(Layer) or by not in ("number", "share"):
            raise Missing("There is no such layer.")
        by_share = by == "share" and layer in SHARED
        author = visit.author
        found, as_of = visit.counted(
            f"map {layer} {by}",
            area,
            lambda tx: maps.map_of(tx, author, area, Layer(layer), by_share=by_share),
        )
        stats, _ = visit.counted("stats", area, lambda tx: statistics.overview(tx, author, area))
        events, answers = await events_of(visit, area)
        abroad = None
        if area == EVERYWHERE and layer == Layer.SUPPORTERS:
            abroad, _ = visit.counted(
                "stats", ABROAD_AREA, lambda tx: statistics.overview(tx, author, ABROAD_AREA)
            )
        by_name = asked.get("sort") == "name"
        return visit.page(
            "map",
            map=found,
            rows=sorted(found.parts, key=lambda each: folded(each.name)) if by_name else found.parts,
            by_name=by_name,
            abroad=abroad,
            areas=areas_of(visit),
            level=level_within(area),
            layer=layer,
            layers=tuple(Layer),
            by="share" if by_share else "number",
            drawing=drawing(found),
            per=maps.PER,
            names=lambda code: area_name(visit.author.gazetteer, code),
            stats=stats,
            events=events,
            answers=answers,
            as_of=as_of,
        )


def drawing(found: Map) -> dict[str, Any] | None:
    """What the page draws: the file of the outlines, the part of it that is shown, each shape with its part, and the
    frames and points overseas. None where there are no outlines.
    """
    area, parts = found.area, {part.area: part for part in found.parts}
    frames = outlines.frames()
    if area == EVERYWHERE:
        shapes = [f"R{region}" for region in REGIONS]
        framed = {region: REGIONS[region[1:]][0] for region in OVERSEAS} | {code: code for code in POINTS}
        overseas = [
            {"area": each, "code": code, "box": frames[f"frame:{code}"], "is_point": each in POINTS}
            for each, code in framed.items()
        ]
        return _drawn("map/regions.svg", frames[EVERYWHERE], shapes, parts) | {"overseas": overseas}
    if area.startswith("R") and area in frames:
        shapes = list(REGIONS[area[1:]])
        return _drawn("map/departments.svg", _wider(frames[area]), shapes, parts) | {"overseas": []}
    if f"communes:{area}" in frames:
        file = f"map/communes/{area}.svg"
        return _drawn(file, _wider(frames[f"communes:{area}"]), outlines.shapes_in(file), parts) | {
            "overseas": []
        }
    return None


def _drawn(
    file: str, box: Sequence[float], shapes: Sequence[str], parts: Mapping[str, Any]
) -> dict[str, Any]:
    x, y, width, height = box
    return {
        "file": file,
        "box": f"{x:g} {y:g} {width:g} {height:g}",
        "stroke": f"{max(width, height) / 900:g}",
        "hatch": round(max(width, height) / 90, 1),
        "shapes": [(code, parts.get(code)) for code in shapes],
        "parts": parts,
    }


def _wider(box: Sequence[float]) -> tuple[float, float, float, float]:
    x, y, width, height = box
    margin = max(width, height) * MARGIN
    return x - margin, y - margin, width + 2 * margin, height + 2 * margin
