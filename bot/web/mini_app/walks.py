"""A walk on the walker's phone: its doors, a map of them, and what is noted there, also without network.

The page keeps itself and what is noted on the phone (`walk.js`, `walk-worker.js`). What it sends is JSON from a page of
this address alone; a note that comes twice counts once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.actions import canvass_walks, walk_notes
from bot.actions.canvass_doors import Going
from bot.actions.walk_notes import WalkPage
from bot.links import friend_link
from bot.printing.codes import qr_path
from bot.rules.canvass.notes import BadNotes, read_notes
from bot.rules.canvass.visits import DoorOutcome
from bot.web.bodies import body_of
from bot.web.desk import Desk, Endpoint, Visit
from bot.web.refusals import BadForm
from bot.web.site import static_file
from db.walk_notes import WalkDoor

WORKER = "walk-worker.js"


class Walks:
    """The page of each walk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk = self._desk
        return [
            Route("/app/walk/worker.js", desk.guarded(self.worker)),
            Route("/app/walk/{walk}", desk.reading(self.show)),
            Route("/app/walk/{walk}/notes", self._taking(self.keep), methods=["POST"]),
            Route("/app/walk/{walk}/help", self._taking(self.call_for_help), methods=["POST"]),
        ]

    async def worker(self, request: Request) -> Response:
        """Where it lies says for which pages it speaks; a browser asks each day whether it has changed."""
        found = static_file(request, WORKER) or self._desk.site.missing(request)
        found.headers["Cache-Control"] = "no-cache"
        return found

    async def show(self, visit: Visit) -> Response:
        going = _going(visit)
        found = await walk_notes.page(visit.tx, going)
        link = friend_link(self._desk.composer.bot_username, visit.author.person.friend_code)
        return visit.page(
            "walk",
            walk=found.walk,
            state=_state(found, visit),
            outcomes=[each.value for each in DoorOutcome],
            names={each.value: self._word(visit, "outcome", each) for each in DoorOutcome},
            marks={each.value: self._word(visit, "mark", each) for each in DoorOutcome},
            link=link,
            code=qr_path(link),
        )

    def _word(self, visit: Visit, name: str, outcome: DoorOutcome) -> str:
        return str(visit.told(f"canvass/{name}", outcome=outcome)).strip()

    def _taking(self, view: Any) -> Endpoint:
        """What the page's script sends, in one transaction."""
        desk = self._desk

        async def answer(request: Request) -> Response:
            said = _read(await body_of(request, desk.address, "application/json"))
            await desk.require_session(request)
            async with desk.database.write() as tx:
                answered: Response = await view(await desk.arrived(request, tx), said)
            desk.changed()
            return answered

        return desk.guarded(answer)

    async def keep(self, visit: Visit, said: Any) -> Response:
        try:
            outing, notes = read_notes(said)
        except BadNotes as fault:
            raise BadForm(str(fault)) from None
        going = _going(visit)
        kept = await walk_notes.keep(visit.tx, going, outing, notes)
        state = _state(await walk_notes.page(visit.tx, going), visit)
        return JSONResponse({"said": list(kept.items()), "state": state})

    async def call_for_help(self, visit: Visit, _said: Any) -> Response:
        return JSONResponse({"told": await canvass_walks.call_for_help(visit.tx, _going(visit))})


def _read(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadForm("This is no JSON.") from None


def _going(visit: Visit) -> Going:
    return Going(
        person=visit.author.person,
        origin=visit.origin,
        campaign=visit.author.campaign,
        gazetteer=visit.author.gazetteer,
        walk=visit.number("walk"),
    )


def _state(found: WalkPage, visit: Visit) -> Mapping[str, Any]:
    """A walk as the page's script knows it."""
    return {
        "outing": found.walk.outing,
        "over": found.over,
        "now": int(visit.now.timestamp() * 1000),
        "sides": [
            {"street": side[0].street, "doors": [_door(door, found.spots[door.id]) for door in side]}
            for side in found.sides
        ],
    }


def _door(door: WalkDoor, spot: tuple[float, float]) -> Mapping[str, Any]:
    return {
        "id": door.id,
        "name": f"{door.number} {door.suffix}".strip() if door.number else "",
        "dwellings": door.dwellings,
        "x": round(spot[0], 1),
        "y": round(spot[1], 1),
        "last": None
        if door.last is None
        else {"day": door.last.day.isoformat(), "outcome": door.last.outcome.value},
        "noted": [
            {
                "outcome": each.outcome.value,
                "tap": each.tap,
                "replaced": each.replaced,
                "mine": each.mine,
                "order": each.order,
            }
            for each in door.noted
        ],
    }
