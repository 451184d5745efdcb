"""`portevoix canvass …`: door to door, from the files it is made of to the sheet in a hand. See docs/canvassing.md."""

from __future__ import annotations

import json
import tomllib
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bot.actions import audit, canvass
from bot.campaign.toml import text_of
from bot.canvass.town import write_town
from bot.commands import canvass_files, canvass_sheet
from bot.commands.arguments import AREA_HELP, CommandRefused, SubCommands, area, commune_of, group, number
from bot.commands.reading import read_once, run_once
from bot.commands.tables import print_table
from bot.communes import load
from bot.errors import CampaignError
from bot.rules.areas import EVERYWHERE
from bot.rules.canvass.cutting import DOORS, LEAST_DOORS, MOST_DOORS
from bot.rules.canvass.ranking import Weights
from bot.rules.counting import counted
from bot.settings import Settings
from bot.startup import present
from db.engine import Database


def add_to(commands: SubCommands) -> None:
    ground = group(commands, "canvass", "door to door: addresses, stations, walks")
    canvass_files.add_to(ground)
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
    canvass_sheet.add_to(ground)
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


def weights_of(file: Path | None) -> Weights:
    """The weights of a file. Raises CommandRefused."""
    if file is None:
        return Weights()
    try:
        found = tomllib.loads(text_of(file.read_bytes()))
    except OSError as error:
        raise CommandRefused(f"{file} cannot be read ({error.strerror}): name a TOML file.") from None
    except tomllib.TOMLDecodeError as error:
        raise CommandRefused(f"{file} is no TOML file ({error}).") from None
    except CampaignError as fault:
        raise CommandRefused(f"{file}, {fault.sentence}") from None
    for name, value in found.items():
        if name not in vars(Weights()):
            raise CommandRefused(f"{file} names “{name}”: write registered, abstention and share.")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 10:
            raise CommandRefused(f"{file}: {name} is {value}; write a number from 0 to 10.")
    return Weights(**found)


def rank(arguments: Namespace, settings: Settings) -> int:
    weights = weights_of(arguments.weights)
    where = area(arguments.area, settings)

    found = read_once(settings, lambda tx: canvass.ranking(tx, weights, [where]))
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
    """A station, or an area. Raises CommandRefused."""
    if "_" in text:
        return text.strip().upper()
    try:
        return area(text, settings)
    except CommandRefused as fault:
        raise CommandRefused(f"{fault.sentence} A station is written as 69123_0101.") from None


def cut(arguments: Namespace, settings: Settings) -> int:
    doors = number("--doors", arguments.doors, least=LEAST_DOORS, most=MOST_DOORS)
    where = _where(arguments.where, settings)

    async def cutting(database: Database) -> canvass.Cut:
        now = await present(settings)
        return await canvass.cut_area(database, where, doors=doors, actor=audit.COMMAND_LINE, now=now)

    made = run_once(settings, cutting)
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

    found = read_once(settings, lambda tx: canvass.walks_in(tx, where))
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
    size = number("--addresses", arguments.addresses, least=20, most=1_000_000)
    town = write_town(
        arguments.folder,
        commune=commune_of(arguments.commune, settings),
        addresses=size,
        seed=number("--seed", arguments.seed, least=0, most=10**9),
    )
    made = counted(town.addresses, "address", "addresses")
    print(f"{made} of {counted(town.stations, 'station')} in {arguments.folder}.")
    return 0
