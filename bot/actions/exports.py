"""Exports: who may make which, over which area, and whom its reader may know; each is in the audit log before its first
row is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from typing import Any, BinaryIO, TypeAlias, cast

from sqlalchemy.ext.asyncio import AsyncConnection

import db.export_choices
import db.exports
from bot.actions import audit
from bot.actions.authority import Author
from bot.communes import load as load_gazetteer
from bot.errors import PortevoixError
from bot.exporting.cells import Values
from bot.exporting.files import OutgoingBytes
from bot.exporting.formats import FORMATS
from bot.exporting.layouts import LAYOUTS, Shape
from bot.exporting.pseudonyms import Pseudonyms, new_key
from bot.exporting.tables import TABLES, Column, ExportTable
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE
from db.engine import Database
from db.export_choices import EventName
from db.exports import ExportSource, Selection
from db.facts import get_fact, set_fact

CHAT_ROWS = 300_000
"""Rows of which a file for the chat is made; with more it would surely be too large, or take too long."""
CHAT_BYTES = 50 * 1000 * 1000
"""The largest file that a bot may send (Telegram's limit)."""
MOST_EVENTS = 8
"""Events that are offered to narrow an export to."""
CHAT_FORMATS = ("csv", "jsonl", "xlsx")

LASTING_KEY = "lasting_pseudonyms_key"
"""The fact that holds the key of the pseudonyms that last, of who is known to a team."""

Progress: TypeAlias = Callable[[int], Awaitable[None]]


class ExportTooLarge(PortevoixError):
    """More rows than a file in the chat can hold."""

    default_message = "errors/export_too_large"


class Order(Frozen):
    """An export that is asked for: which table, in which format and layout, which rows."""

    table: str
    format: str
    selection: Selection
    layout: str | None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the file."""
        return TABLES[self.table].columns if self.shape is None else self.shape.columns

    @property
    def shape(self) -> Shape | None:
        """The shape that the layout gives the table; None without a layout."""
        return LAYOUTS[self.layout].shapes[self.table] if self.layout is not None else None

    def file_name(self, number: int) -> str:
        """`responses-69-1234.csv`: what the file in the chat is called."""
        layout = f"{self.layout}-" if self.layout else ""
        return f"{layout}{self.table}-{self.selection.area}-{number}.{self.format}"

    @property
    def details(self) -> dict[str, Any]:
        """The order as the audit log keeps it, and as it is read again."""
        since, until = self.selection.since, self.selection.until
        return {
            "export": self.table,
            "format": self.format,
            "layout": self.layout,
            "area": self.selection.area,
            "since": since.isoformat() if since else None,
            "until": until.isoformat() if until else None,
            "event": self.selection.event,
            "ballot": self.selection.ballot,
            "known_in": self.selection.known_in,
        }

    @classmethod
    def from_details(cls, details: Mapping[str, Any]) -> Order:
        since, until, known_in = details["since"], details["until"], details.get("known_in")
        return cls(
            table=details["export"],
            format=details["format"],
            layout=details.get("layout"),
            selection=Selection(
                area=details["area"],
                since=datetime.fromisoformat(since) if since else None,
                until=datetime.fromisoformat(until) if until else None,
                event=details.get("event"),
                ballot=details.get("ballot"),
                known_in=None if known_in is None else tuple(known_in),
            ),
        )


class Commission(Frozen):
    """An export ordered in the chat: the order, whose it is, and the message that tells how far it is.

    `rows` is how many there are. `number` is the update's, so that each file has its own name.
    """

    order: Order
    number: int
    chat: int
    message: int
    language: str
    rows: int

    @property
    def arguments(self) -> dict[str, Any]:
        """As a reply keeps it."""
        others = {name: value for name, value in vars(self).items() if name != "order"}
        return {**self.order.details, **others}

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> Commission:
        names = ("number", "chat", "message", "language", "rows")
        return cls(order=Order.from_details(arguments), **{name: arguments[name] for name in names})


def tables_for(author: Author, area: str) -> list[ExportTable]:
    """The exports that somebody may make over an area, for the menu."""
    return [table for table in TABLES.values() if author.may(table.action, _area_of(table, area))]


def _area_of(table: ExportTable, area: str) -> str:
    """The area to be allowed: a table that tells of the whole campaign needs the right to the whole of it."""
    return area if table.of_area else EVERYWHERE


def as_read_by(author: Author, order: Order) -> Order:
    """The order as its reader may have it: with everybody's rows for who exports everywhere, else with the rows of who
    is known to the team of their areas, and all others counted.
    """
    table = TABLES[order.table]
    areas = author.areas(table.action)
    known_in = None if EVERYWHERE in areas or not table.of_area else areas
    return replace(order, selection=replace(order.selection, known_in=known_in))


def require(author: Author, order: Order) -> None:
    """Raises NotAllowed unless the roles held now allow the export over its area."""
    table = TABLES[order.table]
    author.require(table.action, _area_of(table, order.selection.area))


async def latest_events(tx: AsyncConnection, author: Author, order: Order) -> list[EventName]:
    """The events that the export may be narrowed to, the latest first. Raises NotAllowed."""
    require(author, order)
    return await db.export_choices.latest_events(tx, order.selection.area, MOST_EVENTS)


async def event_of(tx: AsyncConnection, author: Author, order: Order) -> EventName | None:
    """The event that the export is narrowed to; None: to none, or to one of another area. Raises NotAllowed."""
    require(author, order)
    selection = order.selection
    return (
        await db.export_choices.event_named(tx, selection.event, selection.area) if selection.event else None
    )


async def note(tx: AsyncConnection, order: Order, *, actor: str, now: datetime, **more: object) -> None:
    """Puts the export in the audit log. From the first one on, who is known to a team has a pseudonym that lasts."""
    if await get_fact(tx, LASTING_KEY) is None:
        await set_fact(tx, LASTING_KEY, new_key().hex())
    details = {**order.details, **more}
    await audit.note(tx, actor=actor, action=TABLES[order.table].action, details=details, now=now)


async def write(
    database: Database,
    order: Order,
    stream: BinaryIO,
    *,
    key: bytes | None = None,
    most_bytes: int | None = None,
    progress: Progress | None = None,
) -> int:
    """Writes the rows of one snapshot to the stream; how many there were. Raises ExportTooLarge.

    The order was checked and noted before. Files of one `key` name the
    same people alike. `progress` is told how many rows are written, every few thousand.
    """
    rows = 0
    async with aclosing(_writing(database, order, stream, key)) as writing:
        async for rows in writing:
            if most_bytes is not None and stream.tell() > most_bytes:
                raise ExportTooLarge("The export is too large for the chat.")
            if progress is not None:
                await progress(rows)
    return rows


async def content(database: Database, order: Order) -> AsyncGenerator[bytes]:
    """The file of an order, piece by piece as it is made: it never stands anywhere as a whole."""
    outgoing = OutgoingBytes()
    async with aclosing(_writing(database, order, cast("BinaryIO", outgoing), None)) as writing:
        async for _rows in writing:
            if part := outgoing.take():
                yield part


async def _writing(
    database: Database, order: Order, stream: BinaryIO, key: bytes | None
) -> AsyncGenerator[int]:
    """Writes to the stream, telling how many rows are written; the last time, the file is complete."""
    format_ = FORMATS[order.format]
    writer = format_.open(stream, order.columns)
    written = 0
    async with database.read() as tx:
        convert = _converter(order, await _pseudonyms(tx, key))
        source = source_of(order)
        async with aclosing(db.exports.chunks(tx, source, little_memory=format_.heavy)) as chunks:
            async for chunk in chunks:
                # In a thread: the bot that makes a file for one person goes on answering the others.
                await asyncio.to_thread(lambda rows: writer.write(convert(rows)), chunk)
                written += len(chunk)
                yield written
    await asyncio.to_thread(writer.close)
    yield written


def source_of(order: Order) -> ExportSource:
    """What the file is read from."""
    source = db.exports.SOURCES[order.table](order.selection)
    # What another system imports are people, not counts.
    return source if order.shape is None else replace(source, counts=None)


async def _pseudonyms(tx: AsyncConnection, key: bytes | None) -> Pseudonyms:
    """Of a set of files. Where no export was ever noted nobody's name lasts yet."""
    kept = await get_fact(tx, LASTING_KEY)
    lasting = bytes.fromhex(kept) if kept else new_key()
    return Pseudonyms(key=key or new_key(), lasting=lasting)


def _converter(order: Order, pseudonyms: Pseudonyms) -> Callable[[Sequence[Sequence[Any]]], Sequence[Values]]:
    """What makes the columns of the file of rows as they are read."""
    names = [column.name for column in TABLES[order.table].columns]
    shape = order.shape
    gazetteer = load_gazetteer() if shape is not None else None
    lasts = order.shape is not None or order.selection.known_in is not None

    def convert(rows: Sequence[Sequence[Any]]) -> Sequence[Values]:
        if "supporter" in names:
            named = names.index("first_name") if lasts else None
            rows = pseudonyms.put_on(rows, supporter=names.index("supporter"), lasts_where=named)
        values: Sequence[Values] = list(zip(*rows, strict=True))
        return values if gazetteer is None or shape is None else shape.convert(order.table, values, gazetteer)

    return convert
