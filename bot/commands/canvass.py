"""`portevoix canvass …`: door to door, from the files it is made of to the sheet in a hand. See docs/canvassing.md."""

from __future__ import annotations

import asyncio
import json
import sys
import tomllib
from argparse import ArgumentParser, Namespace
from array import array
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from bot.actions import audit, canvass, canvass_imports, canvass_walks
from bot.actions.canvass_imports import Imported
from bot.actions.canvass_walks import Sheet
from bot.canvass.addresses import open_addresses
from bot.canvass.files import MOST_FAULTS, Faults
from bot.canvass.results import COLUMNS, open_results
from bot.canvass.sheet import SheetLine, SheetPaper, sheet_pdf
from bot.canvass.stations import open_stations
from bot.canvass.town import write_town
from bot.commands import vanishing
from bot.commands.arguments import AREA_HELP, CommandRefused, SubCommands, area, group, number
from bot.commands.reading import campaign_of
from bot.commands.tables import print_table
from bot.communes import load
from bot.links import sheet_link
from bot.overview import running_as
from bot.rules.areas import EVERYWHERE
from bot.rules.canvass.cutting import DOORS, LEAST_DOORS, MOST_DOORS
from bot.rules.canvass.ranking import Weights
from bot.rules.canvass.visits import Outcome
from bot.rules.counting import counted
from bot.settings import Settings
from bot.startup import opened, present
from bot.words.texts import Texts
from db.engine import Database

T = TypeVar("T")
BOT_UNKNOWN = "bot"
DRY = "Nothing was imported: this is a preview. Run it again without --dry-run to import."


def add_to(commands: SubCommands) -> None:
    ground = group(commands, "canvass", "door to door: addresses, stations, walks")
    _add_imports(ground)
    rank_parser = ground.add_parser(
        "rank",
        help="stations by what a visit is worth",
        description="Print the stations of an area, the best first: registered × abstention × our share.",
    )
    rank_parser.add_argument("area", nargs="?", default=EVERYWHERE, metavar="AREA", help=AREA_HELP)
    rank_parser.add_argument(
        "--weights", type=Path, metavar="FILE.toml", help="how much each factor counts, instead of 1"
    )
    rank_parser.add_argument("--json", action="store_true", help="a JSON array instead of a table")
    rank_parser.set_defaults(run=rank)
    cut_parser = ground.add_parser(
        "cut",
        help="cut the doors of stations into walks",
        description="Cut the doors of a station (69123_0101), or of every station of an area, into walks along streets."
        " Stations of which a walk was offered keep their walks, and what is new joins them.",
    )
    cut_parser.add_argument("where", metavar="STATION|AREA", help="a station, or an area")
    cut_parser.add_argument(
        "--doors",
        default=str(DOORS),
        metavar="N",
        help=f"doors that a pair does in two hours (default {DOORS})",
    )
    cut_parser.set_defaults(run=cut)
    walks_parser = ground.add_parser(
        "walks",
        help="every walk",
        description="Print the walks of a station or an area, with their doors in order.",
    )
    walks_parser.add_argument("where", nargs="?", default=EVERYWHERE, metavar="STATION|AREA", help="where")
    walks_parser.add_argument("--json", action="store_true", help="a JSON array instead of a table")
    walks_parser.set_defaults(run=walks)
    sheet_parser = ground.add_parser(
        "sheet",
        help="a walk on paper",
        description="Print a walk: its doors in order, boxes to tick, a QR code that leads back to enter the results.",
    )
    sheet_parser.add_argument("walk", metavar="WALK", help="its code, as `portevoix canvass walks` tells it")
    sheet_parser.add_argument("--out", type=Path, required=True, metavar="FILE.pdf", help="where to write it")
    sheet_parser.add_argument("--language", metavar="CODE", help="the campaign’s first, without it")
    sheet_parser.set_defaults(run=sheet)
    invent_parser = ground.add_parser(
        "invent",
        help="an invented town, to try it out",
        description="Write the three files of an invented town into a folder: addresses.csv, stations.csv, results.csv."
        " The same number gives the same town.",
    )
    invent_parser.add_argument("folder", type=Path, metavar="FOLDER", help="where to write them")
    invent_parser.add_argument("--addresses", default="1200", metavar="N", help="how many (default 1200)")
    invent_parser.add_argument(
        "--commune", default="69123", metavar="CODE", help="the commune it lies in (69123)"
    )
    invent_parser.add_argument("--seed", default="1", metavar="N", help="another number, another town")
    invent_parser.set_defaults(run=invent)


def _add_imports(ground: SubCommands) -> None:
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


# -- importing --


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


def _run(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    async def running() -> T:
        async with opened(settings) as database:
            return await work(database)

    return asyncio.run(running())


def _importing(
    settings: Settings, work: Callable[..., Awaitable[Imported]], *given: Any, file: Path
) -> Imported:
    async def running() -> Imported:
        now = await present(settings)
        async with opened(settings) as database:
            return await work(database, *given, file=file.name, actor=audit.COMMAND_LINE, now=now)

    return asyncio.run(running())


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
        found = _run(
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
    places = _run(settings, lambda database: canvass_imports.find_places(database, named)) if named else {}
    if arguments.dry_run:
        missing = _run(settings, lambda database: canvass_imports.stations_missing(database, list(stations)))
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
    missing = _run(
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


# -- ranking and cutting --


def weights_of(file: Path | None) -> Weights:
    """The weights of a file. Raises CommandRefused."""
    if file is None:
        return Weights()
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandRefused(f"{file} cannot be read ({error.strerror}): name a TOML file.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandRefused(f"{file} is no TOML file ({error}).") from None
    for name, value in found.items():
        if name not in vars(Weights()):
            raise CommandRefused(f"{file} names “{name}”: write registered, abstention and share.")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 10:
            raise CommandRefused(f"{file}: {name} is {value}; write a number from 0 to 10.")
    return Weights(**found)


def rank(arguments: Namespace, settings: Settings) -> int:
    weights = weights_of(arguments.weights)
    where = area(arguments.area, settings)

    async def read(database: Database) -> canvass.Ranking:
        async with database.read() as tx:
            return await canvass.ranking(tx, weights, [where])

    found = _run(settings, read)
    if arguments.json:
        print(json.dumps([_ranked(each) for each in found.stations], ensure_ascii=False))
        return 0
    if not found.stations:
        print(
            "No station has results yet: `portevoix canvass import-results FILE --ours COLUMN` imports them."
        )
    else:
        gazetteer = load(settings.data)
        print_table(
            ("rank", "station", "commune", "registered", "abstention", "share", "worth"),
            _rows(found, gazetteer),
        )
    if found.unknown:
        print(f"{counted(found.unknown, 'station')} without results not ranked.")
    return 0


def _rows(found: canvass.Ranking, gazetteer: Any) -> Iterable[tuple[str, ...]]:
    for each in found.stations:
        of = each.turnout
        commune = gazetteer.by_code(of.commune)
        yield (
            str(each.rank),
            of.station,
            commune.name if commune is not None else of.commune,
            f"{of.registered:,}",
            f"{of.abstention:.0%}",
            f"{of.share:.0%}",
            f"{each.worth:,.1f}",
        )


def _ranked(each: Any) -> dict[str, Any]:
    of = each.turnout
    return {
        "station": of.station,
        "commune": of.commune,
        "registered": of.registered,
        "abstention": of.abstention,
        "share": of.share,
        "worth": each.worth,
        "rank": each.rank,
    }


def _where(text: str, settings: Settings) -> str:
    """A station, or an area."""
    return text.strip().upper() if "_" in text else area(text, settings)


def cut(arguments: Namespace, settings: Settings) -> int:
    doors = number("--doors", arguments.doors, least=LEAST_DOORS, most=MOST_DOORS)
    where = _where(arguments.where, settings)

    async def cutting(database: Database) -> canvass.Cut:
        now = await present(settings)
        return await canvass.cut_area(database, where, doors=doors, actor=audit.COMMAND_LINE, now=now)

    made = _run(settings, cutting)
    mean = made.doors / made.walks
    print(
        f"{counted(made.doors, 'door')} of {counted(made.stations, 'station')} in {counted(made.walks, 'walk')},"
        f" {mean:.0f} each."
    )
    if made.kept:
        print(f"{counted(made.kept, 'station')} had walks that were offered: they keep them.")
    return 0


def walks(arguments: Namespace, settings: Settings) -> int:
    where = _where(arguments.where, settings)

    async def read(database: Database) -> list[canvass.Walk]:
        async with database.read() as tx:
            return await canvass.walks_in(tx, where)

    found = _run(settings, read)
    if arguments.json:
        print(json.dumps(list(canvass.lines(found)), ensure_ascii=False))
    elif not found:
        print("There is no walk yet: `portevoix canvass cut STATION` makes them.")
    else:
        rows = [
            (each.code, each.station, f"{len(each.doors):,}", f"{each.metres:,}", each.state)
            for each in found
        ]
        print_table(("walk", "station", "doors", "metres", "state"), rows)
    return 0


def invent(arguments: Namespace, settings: Settings) -> int:
    commune = load(settings.data).by_code(arguments.commune)
    if commune is None:
        raise CommandRefused(
            f"There is no commune {arguments.commune}: find its code with `portevoix communes search NAME`."
        )
    size = number("--addresses", arguments.addresses, least=20, most=1_000_000)
    town = write_town(
        arguments.folder,
        commune=commune,
        addresses=size,
        seed=number("--seed", arguments.seed, least=0, most=10**9),
    )
    made = counted(town.addresses, "address", "addresses")
    print(f"{made} of {counted(town.stations, 'station')} in {arguments.folder}.")
    return 0


# -- on paper --


def sheet(arguments: Namespace, settings: Settings) -> int:
    """Prints a walk."""
    campaign = campaign_of(settings)
    language = arguments.language or campaign.languages[0]
    if language not in campaign.languages:
        raise CommandRefused(f"The campaign speaks {', '.join(campaign.languages)}, not {language}.")
    texts = Texts({"campaign": campaign})

    async def printing() -> tuple[Sheet, datetime, str]:
        now = await present(settings)
        async with opened(settings) as database, database.write() as tx:
            bot = await running_as(tx)
            found = await canvass_walks.print_sheet(
                tx, arguments.walk, campaign, actor=audit.COMMAND_LINE, now=now
            )
        return found, now, bot.username if bot is not None else BOT_UNKNOWN

    found, now, username = asyncio.run(printing())
    try:
        arguments.out.write_bytes(
            sheet_pdf(_paper(found, now, username, partial(_plain, texts, language), settings))
        )
    except OSError as error:
        raise CommandRefused(
            f"{arguments.out} cannot be written ({error.strerror}): name another file."
        ) from None
    print(
        f"Sheet {found.number} of walk {found.walk.code} is in {arguments.out}: destroy it by {found.destroy_on}."
    )
    if username == BOT_UNKNOWN:
        print("Its QR code leads nowhere: the bot’s name is known once it has run.", file=sys.stderr)
    return 0


def _plain(texts: Texts, language: str, name: str, **values: Any) -> str:
    return texts.render(f"canvass/{name}", language, **values).plain.strip()


def _paper(
    found: Sheet, now: datetime, username: str, said: Callable[..., str], settings: Settings
) -> SheetPaper:
    commune = load(settings.data).by_code(found.walk.commune)
    values = {"walk": found.walk, "number": found.number, "destroy_on": found.destroy_on}
    head = said("sheet_head", place=found.place, doors=len(found.doors), **values)
    lines = []
    before = None
    for door in found.doors:
        side = (door.street, door.leg)
        shown = said("sheet_door", number=door.number, suffix=door.suffix, dwellings=door.dwellings)
        lines.append(SheetLine(door=shown, street=door.street if side != before else None))
        before = side
    return SheetPaper(
        heading=said("sheet_title", walk=found.walk, commune=commune.name if commune else found.walk.commune),
        below=[line for line in head.splitlines() if line],
        outcomes=[said("outcome", outcome=each) for each in Outcome],
        lines=lines,
        foot=said("sheet_foot", **values),
        link=sheet_link(username, found.walk.code),
        printed_at=now,
    )
