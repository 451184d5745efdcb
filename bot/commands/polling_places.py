"""`portevoix polling-places import`: where people vote, from a CSV file. docs/polling-places.md tells its columns."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from bot.actions import audit, polling_places
from bot.actions.polling_places import Difference
from bot.commands.arguments import SubCommands, content_of, group, typed
from bot.commands.reading import MOST_SHOWN, show_faults, shown_campaign_of
from bot.communes import Gazetteer, load
from bot.polling_places.file import PlacesRead, read_file
from bot.rules.counting import counted
from bot.rules.polling_places import NewPlace
from bot.rules.spreadsheets import SEPARATORS
from bot.settings import Settings
from bot.startup import opened, present

DECLINED = 1


def add_to(commands: SubCommands) -> None:
    places = group(commands, "polling-places", "where people vote")
    parser = places.add_parser(
        "import",
        help="import polling places from a CSV file",
        description="Show what a CSV file of polling places holds, ask, then put it in the place of what was imported"
        " before: all of it, or nothing.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV: commune, name, address, hours …")
    parser.add_argument("--yes", action="store_true", help="import without asking")
    parser.set_defaults(run=import_)


def import_(arguments: Namespace, settings: Settings) -> int:
    """Shows the preview, and imports once it was agreed to. Exit status 1 if it was declined."""
    gazetteer = load(settings.data)
    reading = read_file(
        content_of(arguments.file, "a CSV file"),
        campaign=shown_campaign_of(settings),
        gazetteer=gazetteer,
    )
    show_faults(arguments.file, reading)
    _show_places(arguments.file, reading, gazetteer)
    _show_difference(asyncio.run(_difference(settings, reading)))
    if not arguments.yes:
        if not sys.stdin.isatty():
            print("Nothing was imported: this is a preview. Run it again with --yes to import.")
            return 0
        if (typed("Import them? [y/N] ") or "").casefold() not in ("y", "yes", "o", "oui"):
            print("Nothing was imported.")
            return DECLINED
    asyncio.run(_import(settings, reading, arguments.file.name))
    print(f"{counted(len(reading.places), 'polling place')} imported.")
    return 0


def _show_places(file: Path, reading: PlacesRead, gazetteer: Gazetteer) -> None:
    """How many places each commune has, and on which lines."""
    ordered = sorted(reading.places, key=lambda new: (new.place.commune, new.line))
    communes = [(code, list(rows)) for code, rows in groupby(ordered, key=lambda new: new.place.commune)]
    print(
        f"{file}: {counted(len(ordered), 'polling place')} in {counted(len(communes), 'commune')}"
        f" ({reading.encoding}, separated by {SEPARATORS[reading.separator]})."
    )
    for code, rows in communes[:MOST_SHOWN]:
        commune = gazetteer.by_code(code)
        name = f"{commune.name} ({commune.department})" if commune is not None else code
        print(f"  {code}  {name}: {counted(len(rows), 'place')}, {_lines(rows)}{_choice(rows)}")
    if len(communes) > MOST_SHOWN:
        print(f"  and {len(communes) - MOST_SHOWN} more communes")


def _choice(rows: list[NewPlace]) -> str:
    """Whether people have to choose without a range to help them."""
    without = [new for new in rows if not new.place.streets and not new.place.surnames_from]
    rounds = {new.place.ballot for new in rows}
    if len(rows) == len(rounds) or not without:
        return ""
    return "; people choose by the name alone" if len(without) > 1 else ""


def _lines(rows: Iterable[NewPlace]) -> str:
    """`line 4`, or `lines 2-5, 9`."""
    spans: list[list[int]] = []
    for line in (new.line for new in rows):
        if spans and line == spans[-1][1] + 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in spans]
    more = f" and {len(shown) - 6} more" if len(shown) > 6 else ""
    plural = len(spans) > 1 or spans[0][0] != spans[0][1]
    return f"line{'s' if plural else ''} {', '.join(shown[:6])}{more}"


def _show_difference(found: Difference) -> None:
    counts = found.counts
    print(
        "Against what was imported before: "
        f"{counts['added']} new, {counts['changed']} changed, {counts['same']} the same, {counts['removed']} removed."
    )


async def _difference(settings: Settings, reading: PlacesRead) -> Difference:
    async with opened(settings) as database, database.read() as tx:
        return await polling_places.difference(tx, reading.places)


async def _import(settings: Settings, reading: PlacesRead, file: str) -> None:
    now = await present(settings)
    async with opened(settings) as database, database.write() as tx:
        await polling_places.import_places(tx, reading.places, file=file, actor=audit.COMMAND_LINE, now=now)
