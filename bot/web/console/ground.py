"""Ground: where to go from door to door first, what is offered, and what was learnt; by the actions of the chat."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import Route

from bot.actions import canvass, canvass_offers, canvass_results
from bot.actions.authority import area_name
from bot.actions.canvass_doors import zone_at
from bot.errors import UnknownArea
from bot.rules.areas import normal_area
from bot.rules.canvass.doors import commune_in
from bot.rules.canvass.meetings import MOST_PLACE, MeetingPoint
from bot.rules.canvass.visits import DoorOutcome
from bot.rules.permissions import Action
from bot.rules.territories import at_wall
from bot.rules.territories import zone as zone_named
from bot.rules.typed import is_number
from bot.web.console.forms import plain, wall_time
from bot.web.console.ground_drawn import stations_drawn, walks_drawn
from bot.web.desk import Desk, Visit, whole_number
from bot.web.refusals import BadForm, Missing

PAGE = 50


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
