"""`portevoix export`: the campaign's data as a file. docs/exports.md tells every column."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from pathlib import Path

from bot.actions import audit, exports
from bot.actions.exports import Order
from bot.commands.arguments import AREA_HELP, Commands, Refused, area, instant
from bot.exporting.files import appearing_at, appearing_on
from bot.exporting.formats import FORMATS
from bot.exporting.tables import TABLES
from bot.opening import opened, present
from bot.rules.areas import EVERYWHERE
from bot.settings import Settings
from db.exports import Selection


def add_to(commands: Commands) -> None:
    parser = commands.add_parser(
        "export",
        help="write what the campaign knows to a file",
        description="Write a table to a file. People are named only where they agreed to be known to the team.",
    )
    parser.add_argument("table", choices=sorted(TABLES), metavar="TABLE", help=", ".join(sorted(TABLES)))
    parser.add_argument("--format", choices=list(FORMATS), default="csv", help="default: csv")
    parser.add_argument(
        "--out", required=True, metavar="FILE", help="the file, replaced if it exists; - for standard output"
    )
    parser.add_argument("--territory", metavar="CODE", help=AREA_HELP)
    parser.add_argument(
        "--since", metavar="INSTANT", help="from then on: 2016-11-20 or 2016-11-20T08:00:00+01:00"
    )
    parser.add_argument("--until", metavar="INSTANT", help="before then")
    parser.set_defaults(run=export)


def export(arguments: Namespace, settings: Settings) -> int:
    """Notes the export in the audit log, then writes it."""
    order = Order(table=arguments.table, format=arguments.format, selection=selection(arguments, settings))
    FORMATS[order.format].require()
    rows = asyncio.run(_export(order, arguments.out, settings))
    if rows == 0:
        print("There is nothing to export: the file holds no rows.", file=sys.stderr)
    elif arguments.out != "-":
        print(f"{arguments.out} holds {rows} rows.", file=sys.stderr)
    return 0


def selection(arguments: Namespace, settings: Settings) -> Selection:
    """The rows that the arguments ask for. Raises UnknownArea and Refused."""
    where = area(arguments.territory, settings) if arguments.territory else EVERYWHERE
    if where != EVERYWHERE and not TABLES[arguments.table].of_area:
        raise Refused("The audit log tells of the whole campaign: leave --territory out.")
    since = instant(arguments.since) if arguments.since else None
    until = instant(arguments.until) if arguments.until else None
    if since is not None and until is not None and since >= until:
        raise Refused("--since is not before --until: nothing lies between them.")
    return Selection(area=where, since=since, until=until)


async def _export(order: Order, out: str, settings: Settings) -> int:
    sequential = FORMATS[order.format].sequential
    # The place is opened first: what cannot be written was not exported, and is not noted.
    target = appearing_on(sys.stdout.buffer, sequential=sequential) if out == "-" else appearing_at(Path(out))
    async with opened(settings) as database:
        now = await present(settings)
        with target as stream:
            async with database.write() as tx:
                await exports.note(tx, order, actor=audit.COMMAND_LINE, now=now)
            return await exports.write(database, order, stream)
