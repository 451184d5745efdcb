"""`portevoix export`: the campaign's data as a file. docs/exports.md tells every column."""

from __future__ import annotations

import asyncio
import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path

import db.export_choices
from bot.actions import audit, exports
from bot.actions.exports import Order
from bot.commands.arguments import AREA_HELP, CommandRefused, SubCommands, area, instant
from bot.commands.places import warn_of_outside
from bot.commands.reading import shown_campaign_of
from bot.exporting.files import appearing_at
from bot.exporting.formats import FORMATS
from bot.exporting.layouts import LAYOUTS
from bot.exporting.pseudonyms import new_key
from bot.exporting.tables import TABLES
from bot.rules.areas import EVERYWHERE
from bot.settings import Settings
from bot.startup import opened, present
from db.engine import Database
from db.exports import Selection

SHOW_SECONDS = 0.2


def add_to(commands: SubCommands) -> None:
    parser = commands.add_parser(
        "export",
        help="write what the campaign knows to a file",
        description=(
            "Write tables to files. People are named only where they agreed to be known to the team. Everybody else has"
            " a pseudonym of these files alone: tables that are to be joined are exported together."
        ),
    )
    parser.add_argument(
        "tables", choices=sorted(TABLES), nargs="+", metavar="TABLE", help=", ".join(sorted(TABLES))
    )
    parser.add_argument("--format", choices=list(FORMATS), help="default: csv, or the layout’s own")
    parser.add_argument(
        "--layout",
        choices=list(LAYOUTS),
        help="as another system imports it: nationbuilder (supporters, csv), osdi (supporters, attendance; jsonl)",
    )
    parser.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="the file, replaced if it exists; - for standard output; of several tables the folder",
    )
    parser.add_argument("--area", "--territory", dest="area", metavar="CODE", help=AREA_HELP)
    parser.add_argument(
        "--for-team",
        action="store_true",
        help="as the team of --area may have it: rows of who agreed to be known to it, all others counted in tens",
    )
    parser.add_argument(
        "--since", metavar="INSTANT", help="from then on: 2016-11-20 or 2016-11-20T08:00:00+01:00"
    )
    parser.add_argument("--until", metavar="INSTANT", help="before then")
    parser.add_argument("--event", metavar="EVENT", help="about one event only: its code, as in its link")
    parser.add_argument("--ballot", type=int, metavar="N", help="about one ballot only: 1, 2 …")
    parser.set_defaults(run=export)


def export(arguments: Namespace, settings: Settings) -> int:
    """Notes the exports in the audit log, then writes them."""
    orders = [ordered(table, arguments, settings) for table in dict.fromkeys(arguments.tables)]
    for order in orders:
        FORMATS[order.format].require()
    for out, rows in asyncio.run(_export_all(orders, _places(orders, arguments.out), settings)).items():
        if rows == 0:
            print(
                f"There is nothing to export: {out if len(orders) > 1 else 'the file'} holds no rows.",
                file=sys.stderr,
            )
        elif out != "-":
            print(f"{out} holds {rows} {'row' if rows == 1 else 'rows'}.", file=sys.stderr)
    return 0


def _places(orders: Sequence[Order], out: str) -> list[str]:
    """Where each file goes: of several tables, into a folder. Raises CommandRefused."""
    if len(orders) == 1:
        return [out]
    if out == "-":
        raise CommandRefused("Several tables are several files: --out names the folder for them.")
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise CommandRefused(f"{out} is a file: of several tables --out names the folder for them.")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise CommandRefused(f"The folder {out} cannot be made: {error.strerror}.") from None
    return [str(folder / f"{order.table}.{order.format}") for order in orders]


def ordered(table: str, arguments: Namespace, settings: Settings) -> Order:
    """The export of a table that the arguments ask for. Raises UnknownArea, CampaignError and CommandRefused."""
    format_ = arguments.format or "csv"
    if arguments.layout is not None:
        layout = LAYOUTS[arguments.layout]
        if table not in layout.shapes:
            raise CommandRefused(f"The layout {layout.name} has no {table}, only {', '.join(layout.shapes)}.")
        if arguments.format not in (None, layout.format):
            raise CommandRefused(
                f"The layout {layout.name} is written as {layout.format}: leave --format out."
            )
        format_ = layout.format
    selection = selected(table, arguments, settings)
    return Order(table=table, format=format_, layout=arguments.layout, selection=selection)


def selected(name: str, arguments: Namespace, settings: Settings) -> Selection:
    """The rows of a table that the arguments ask for. Raises UnknownArea, CampaignError and CommandRefused."""
    table = TABLES[name]
    where = EVERYWHERE if arguments.area is None else area(arguments.area, settings)
    if where != EVERYWHERE and not table.of_area:
        raise CommandRefused("The audit log tells of the whole campaign: leave --area out.")
    if where != EVERYWHERE:
        warn_of_outside(where, settings)
    for given, of_it, option in (
        (arguments.event, table.of_event, "--event"),
        (arguments.ballot, table.of_ballot, "--ballot"),
    ):
        if given is not None and not of_it:
            raise CommandRefused(f"{table.name} cannot be narrowed by {option}: leave it out.")
    if arguments.ballot is not None:
        _require_ballot(arguments.ballot, settings)
    since = instant(arguments.since) if arguments.since else None
    until = instant(arguments.until) if arguments.until else None
    if since is not None and until is not None and since >= until:
        raise CommandRefused("--since is not before --until: nothing lies between them.")
    if arguments.for_team and where == EVERYWHERE:
        raise CommandRefused("--for-team needs --area: the area of the team that is to have the file.")
    return Selection(
        area=where,
        since=since,
        until=until,
        event=arguments.event,
        ballot=arguments.ballot,
        known_in=(where,) if arguments.for_team else None,
    )


def _require_ballot(number: int, settings: Settings) -> None:
    campaign = shown_campaign_of(settings)
    numbers = [ballot.number for ballot in campaign.ballots]
    if number not in numbers:
        raise CommandRefused(f"There is no ballot {number}: the campaign has {', '.join(map(str, numbers))}.")


async def _export_all(orders: Sequence[Order], outs: Sequence[str], settings: Settings) -> dict[str, int]:
    """Writes one set of files, in which the same people have the same pseudonyms; how many rows each holds."""
    key = new_key()
    async with opened(settings) as database:
        for order in orders:
            await _require_event(order, database)
        now = await present(settings)
        return {
            out: await _export(database, order, out, key=key, now=now)
            for order, out in zip(orders, outs, strict=True)
        }


async def _export(database: Database, order: Order, out: str, *, key: bytes, now: datetime) -> int:
    # The place is opened first: what cannot be written was not exported, and is not noted.
    with nullcontext(sys.stdout.buffer) if out == "-" else appearing_at(Path(out)) as stream:
        async with database.write() as tx:
            await exports.note(tx, order, actor=audit.COMMAND_LINE, now=now)
        with counting_rows() as progress:
            return await exports.write(database, order, stream, key=key, progress=progress)


async def _require_event(order: Order, database: Database) -> None:
    code = order.selection.event
    if code is None:
        return
    async with database.read() as tx:
        if await db.export_choices.event_named(tx, code, EVERYWHERE) is None:
            raise CommandRefused(f"There is no event {code}: its code is in its link, after `ev_`.")


@contextmanager
def counting_rows() -> Iterator[exports.Progress | None]:
    """Where somebody watches: a line that tells how many rows are written, and goes away at the end."""
    if not sys.stderr.isatty():
        yield None
        return
    shown_at = float("-inf")

    async def show(rows: int) -> None:
        nonlocal shown_at
        if time.monotonic() - shown_at > SHOW_SECONDS:
            shown_at = time.monotonic()
            print(f"\r{rows:,} rows …", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
