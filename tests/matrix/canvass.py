"""Who sends people from door to door."""

from __future__ import annotations

from typing import Any

from bot.actions import (
    canvass,
    canvass_offers,
    canvass_results,
)
from bot.actions.authority import Author
from tests.acting import World
from tests.ground import STATION
from tests.matrix.row import Row, Rows, supervises


async def ranks_stations(world: World, author: Author, found: Any) -> None:
    """Those of the area alone."""
    assert bool(found) is supervises(author)


CANVASS: Rows = {
    "canvass.cut_station": {
        "": Row(run=lambda w, a: canvass.cut_station(w.tx, a, STATION), least="coordinator"),
    },
    "canvass_results.lines": {
        "": Row(run=lambda w, a: canvass_results.lines(w.tx, a, "69123"), least="coordinator"),
    },
    "canvass_results.learnt": {
        "": Row(run=lambda w, a: canvass_results.learnt(w.tx, a, STATION), least="coordinator"),
    },
    "canvass_results.ways": {
        "": Row(run=lambda w, a: canvass_results.ways(w.tx, a, STATION), least="coordinator"),
    },
    "canvass_offers.stations_for": {
        "": Row(
            run=lambda w, a: canvass_offers.stations_for(w.tx, a),
            least="coordinator",
            where="any",
            check=ranks_stations,
        ),
    },
    "canvass_offers.station_for": {
        "": Row(run=lambda w, a: canvass_offers.station_for(w.tx, a, STATION), least="coordinator"),
    },
    "canvass_offers.commune_of": {
        "": Row(run=lambda w, a: canvass_offers.commune_of(w.tx, a, STATION), least="coordinator"),
    },
    "canvass_offers.offer": {
        "": Row(run=lambda w, a: canvass_offers.offer(w.tx, a, STATION), least="coordinator"),
    },
    "canvass_offers.account": {
        "": Row(run=lambda w, a: canvass_offers.account(w.tx, a, w.walk), least="coordinator"),
    },
    "canvass_offers.sheet": {
        "": Row(run=lambda w, a: canvass_offers.sheet(w.tx, a, w.offered_walk), least="coordinator"),
    },
    "canvass_offers.sign_out": {
        "": Row(run=lambda w, a: canvass_offers.sign_out(w.tx, a, w.walk), least="coordinator"),
    },
    "canvass_offers.free": {
        "": Row(run=lambda w, a: canvass_offers.free(w.tx, a, w.taken_walk), least="coordinator"),
    },
    "canvass_offers.withdraw": {
        "": Row(run=lambda w, a: canvass_offers.withdraw(w.tx, a, w.offered_walk), least="coordinator"),
    },
}
