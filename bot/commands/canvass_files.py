"""`portevoix canvass import-…`: the files that door to door is made of. See docs/canvassing.md."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from array import array
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bot.actions import audit, canvass_imports
from bot.actions.canvass_imports import Imported
from bot.canvass.addresses import open_addresses
from bot.canvass.files import MOST_FAULTS, Faults
from bot.canvass.results import COLUMNS, open_results
from bot.canvass.stations import open_stations
from bot.commands import vanishing
from bot.commands.arguments import CommandRefused, SubCommands
from bot.commands.reading import run_once
from bot.communes import load
from bot.rules.counting import counted
from bot.settings import Settings
from bot.startup import present
from db.engine import Database

DRY = "Nothing was imported: this is a preview. Run it again without --dry-run to import."


def add_to(ground: SubCommands) -> None:
    def importing(name: str, help_: str, description: str) -> ArgumentParser:
        parser: ArgumentParser = ground.add_parser(name, help=help_, description=description)
        parser.add_argument("file", type=Path, metavar="FILE", help="CSV, gzip or not")
        parser.add_argument("--dry-run", action="store_true", help="check and count, and import nothing")
        return parser

    parser = importing(
        "import-addresses",
        "addresses of the Base Adresse Nationale",
        "Import addresses. A file with a wrong line is not imported at all; the same file twice doubles nothing.",
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="of the communes in the file, erase the addresses that it has no more; with --dry-run it is only told",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask before erasing")
    parser.set_defaults(run=import_addresses)
    parser = importing(
        "import-stations",
        "stations, and which addresses are theirs",
        "Import polling stations from the addresses of the electoral register, or from a file of your own.",
    )
    parser.set_defaults(run=import_stations)
    parser = importing(
        "import-results",
        "what happened at each station",
        "Import registered, voters and votes by station. Columns go by their titles, or by their numbers from 1.",
    )
    parser.add_argument("--ours", nargs="+", required=True, metavar="COLUMN", help="the lists that are ours")
    for field in COLUMNS:
        parser.add_argument(
            f"--{field}", metavar="COLUMN", help=f"the column of {field}, where it is not found"
        )
    parser.set_defaults(run=import_results)


def _sound(file: Path, faults: Faults) -> None:
    """Shows every fault by its line. Raises CommandRefused where there is one."""
    for told in faults.told:
        print(f"{file}, {told}.", file=sys.stderr)
    if faults.number > len(faults.told):
        print(f"and {faults.number - len(faults.told):,} more", file=sys.stderr)
    if faults.number:
        raise CommandRefused(
            f"{file} has {counted(faults.number, 'wrong line')}: nothing was imported. Correct the file, then import it"
            " again."
        )
    if faults.left_out:
        print(
            f"{counted(faults.left_out, 'line')} left out: their commune is not on today’s list of communes."
        )


def _importing(
    settings: Settings, work: Callable[..., Awaitable[Imported]], *given: Any, file: Path
) -> Imported:
    async def importing(database: Database) -> Imported:
        now = await present(settings)
        return await work(database, *given, file=file.name, actor=audit.COMMAND_LINE, now=now)

    return run_once(settings, importing)


def import_addresses(arguments: Namespace, settings: Settings) -> int:
    file = open_addresses(arguments.file, load(settings.data))
    faults = Faults()
    # Eight bytes an address: a file of the whole country fits into memory.
    communes: dict[str, array[int]] = {}
    for each in file.read(faults):
        communes.setdefault(each.commune, array("q")).append(hash(each.key))
    _sound(arguments.file, faults)
    number = counted(sum(map(len, communes.values())), "address", "addresses")
    print(f"{arguments.file}: {number} in {counted(len(communes), 'commune')}.")
    if arguments.dry_run:
        found = run_once(
            settings, lambda database: canvass_imports.preview_addresses(database, file.read(Faults()))
        )
        print(f"{found.new:,} are new, {found.rows - found.new:,} are known.")
        if arguments.replace:
            vanishing.foretell(settings, communes)
        print(DRY)
        return 0
    done = _importing(settings, canvass_imports.import_addresses, file.read(Faults()), file=arguments.file)
    print(
        f"{done.new:,} new, {done.changed:,} changed, {done.rows - done.new - done.changed:,} as they were."
    )
    _print_stations(done)
    if arguments.replace:
        vanishing.erase(settings, communes, arguments.file, asking=not arguments.yes)
    return 0


def _print_stations(done: Imported) -> None:
    """To which stations the addresses belong, and how that is known."""
    if done.given:
        print(
            f"{counted(done.given, 'address', 'addresses')} belong to the station that a file names for them."
        )
    if done.nearest:
        print(
            f"{counted(done.nearest, 'address', 'addresses')} belong to the nearest station: no file names theirs."
        )
    if done.homeless:
        print(
            f"{counted(done.homeless, 'address', 'addresses')} belong to no station: none of their commune is placed."
            " `portevoix canvass import-stations` tells where stations are."
        )


def import_stations(arguments: Namespace, settings: Settings) -> int:
    file = open_stations(arguments.file, load(settings.data))
    faults = Faults()
    stations = file.stations(faults)
    _sound(arguments.file, faults)
    named = {each.code: (each.commune, each.place) for each in stations.values() if each.place}
    print(f"{arguments.file}: {counted(len(stations), 'station')} in", end=" ")
    print(f"{counted(len({each.commune for each in stations.values()}), 'commune')}.")
    places = (
        run_once(settings, lambda database: canvass_imports.find_places(database, named)) if named else {}
    )
    if arguments.dry_run:
        missing = run_once(
            settings, lambda database: canvass_imports.stations_missing(database, list(stations))
        )
        print(f"{len(missing):,} are new, {len(stations) - len(missing):,} are known.")
        print(DRY)
        return 0
    rows = [{**vars(each), "place": places.get(each.code)} for each in stations.values()]
    done = _importing(
        settings, canvass_imports.import_stations, rows, file.links(Faults()), file=arguments.file
    )
    print(f"{done.new:,} new, {done.changed:,} known before.")
    _print_stations(done)
    return 0


def import_results(arguments: Namespace, settings: Settings) -> int:
    named = {field: value for field in COLUMNS if (value := getattr(arguments, field)) is not None}
    file = open_results(arguments.file, load(settings.data), ours=arguments.ours, named=named)
    faults = Faults()
    turnouts = list(file.read(faults))
    _sound(arguments.file, faults)
    missing = run_once(
        settings,
        lambda database: canvass_imports.stations_missing(database, [each.station for each in turnouts]),
    )
    print(
        f"{arguments.file}: {counted(len(turnouts), 'station')}, {len(missing):,} of them not known before."
    )
    if missing:
        few = ", ".join(missing[:MOST_FAULTS]) + (" …" if len(missing) > MOST_FAULTS else "")
        print(f"No file of stations names these: {few}.")
    ours = ", ".join(file.title(place) for place in file.ours)
    cast = file.csv.names[file.at["cast"]] if "cast" in file.at else file.csv.names[file.at["voters"]]
    print(f"Our share is {ours}, of {cast}.")
    if arguments.dry_run:
        print(DRY)
        return 0
    done = _importing(settings, canvass_imports.import_results, turnouts, file=arguments.file)
    print(f"{counted(done.rows, 'station')} imported.")
    return 0
