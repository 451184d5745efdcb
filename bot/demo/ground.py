"""An invented town beside Lyon, to go from door to door in: its files are written, imported, and cut into walks."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.actions import canvass, canvass_imports
from bot.canvass.addresses import open_addresses
from bot.canvass.files import Faults
from bot.canvass.results import open_results
from bot.canvass.stations import open_stations
from bot.canvass.town import ADDRESSES, RESULTS, STATIONS, write_town
from bot.communes import Gazetteer
from bot.rules.canvass.ranking import Weights
from db.engine import Database

VILLEURBANNE = "69266"
HOUSES = 1_500
OURS = "liste_a"
"""Of the invented results."""
DEMO = "demo"


async def plant(database: Database, gazetteer: Gazetteer, now: datetime) -> None:
    """The stations of the town with their results, and the walks of the one that is worth most."""
    commune = gazetteer.by_code(VILLEURBANNE)
    assert commune is not None  # a constant of this module
    with TemporaryDirectory() as folder:
        town = Path(folder)
        write_town(town, commune=commune, addresses=HOUSES)
        houses = open_addresses(town / ADDRESSES, gazetteer)
        register = open_stations(town / STATIONS, gazetteer)
        results = open_results(town / RESULTS, gazetteer, ours=[OURS], named={})
        stations = [{**vars(each), "place": None} for each in register.stations(Faults()).values()]
        await canvass_imports.import_addresses(
            database, houses.read(Faults()), file=ADDRESSES, actor=DEMO, now=now
        )
        await canvass_imports.import_stations(
            database, stations, register.links(Faults()), file=STATIONS, actor=DEMO, now=now
        )
        await canvass_imports.import_results(
            database, [*results.read(Faults())], file=RESULTS, actor=DEMO, now=now
        )
    async with database.read() as tx:
        best = (await canvass.ranking(tx, Weights())).stations[0]
    await canvass.cut_area(database, best.turnout.station, actor=DEMO, now=now)
