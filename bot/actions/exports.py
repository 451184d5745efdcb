"""Exports: who may make which, over which area; each is in the audit log before its first row is read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, TypeAlias, cast

from sqlalchemy.ext.asyncio import AsyncConnection

import db.exports
from bot.actions import audit
from bot.actions.authority import Author
from bot.communes import load as load_gazetteer
from bot.errors import PortevoixError
from bot.exporting.cells import Values
from bot.exporting.files import OutgoingBytes
from bot.exporting.formats import FORMATS
from bot.exporting.layouts import LAYOUTS, Shape
from bot.exporting.tables import TABLES, Column, ExportTable
from bot.rules.areas import EVERYWHERE
from db.engine import Database
from db.exports import EventName, Selection

CHAT_ROWS = 300_000
"""Rows of which a file for the chat is made; with more it would surely be too large, or take too long."""
CHAT_BYTES = 50 * 1000 * 1000
"""The largest file that a bot may send (Telegram's limit)."""
MOST_EVENTS = 8
"""Events that are offered to narrow an export to."""
CHAT_FORMATS = ("csv", "jsonl", "xlsx")

Progress: TypeAlias = Callable[[int], Awaitable[None]]


class ExportTooLarge(PortevoixError):
    """More rows than a file in the chat can hold."""

    default_message = "errors/export_too_large"


@dataclass(frozen=True, kw_only=True)
class Order:
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
        }

    @classmethod
    def from_details(cls, details: Mapping[str, Any]) -> Order:
        since, until = details["since"], details["until"]
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
            ),
        )


@dataclass(frozen=True, kw_only=True)
class Commission:
    """An export ordered in the chat: the order, whose it is, and the message that tells how far it is.

    `rows` is how many there are, `shown` the same as its reader may see it. `number` is the update's, so that each
    file has its own name.
    """

    order: Order
    number: int
    chat: int
    message: int
    language: str
    rows: int
    shown: str

    @property
    def arguments(self) -> dict[str, Any]:
        """As a reply keeps it."""
        others = {name: value for name, value in vars(self).items() if name != "order"}
        return {**self.order.details, **others}

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> Commission:
        names = ("number", "chat", "message", "language", "rows", "shown")
        return cls(order=Order.from_details(arguments), **{name: arguments[name] for name in names})


def tables_for(author: Author, area: str) -> list[ExportTable]:
    """The exports that somebody may make over an area, for the menu."""
    return [table for table in TABLES.values() if author.may(table.action, _area_of(table, area))]


def _area_of(table: ExportTable, area: str) -> str:
    """The area to be allowed: a table that tells of the whole campaign needs the right to the whole of it."""
    return area if table.of_area else EVERYWHERE


def require(author: Author, order: Order) -> None:
    """Raises NotAllowed unless the roles held now allow the export over its area."""
    table = TABLES[order.table]
    author.require(table.action, _area_of(table, order.selection.area))


async def latest_events(tx: AsyncConnection, author: Author, order: Order) -> list[EventName]:
    """The events that the export may be narrowed to, the latest first. Raises NotAllowed."""
    require(author, order)
    return await db.exports.latest_events(tx, order.selection.area, MOST_EVENTS)


async def event_of(tx: AsyncConnection, author: Author, order: Order) -> EventName | None:
    """The event that the export is narrowed to; None: to none, or to one of another area. Raises NotAllowed."""
    require(author, order)
    selection = order.selection
    return await db.exports.event_named(tx, selection.event, selection.area) if selection.event else None


async def note(tx: AsyncConnection, order: Order, *, actor: str, now: datetime, **more: object) -> None:
    """Puts the export in the audit log."""
    details = {**order.details, **more}
    await audit.note(tx, actor=actor, action=TABLES[order.table].action, details=details, now=now)


async def write(
    database: Database,
    order: Order,
    stream: BinaryIO,
    *,
    most_bytes: int | None = None,
    progress: Progress | None = None,
) -> int:
    """Writes the rows of one snapshot to the stream; how many there were. Raises ExportTooLarge.

    The order was checked and noted before. `progress` is told how many rows are written, every few thousand.
    """
    rows = 0
    async with aclosing(_writing(database, order, stream)) as writing:
        async for rows in writing:
            if most_bytes is not None and stream.tell() > most_bytes:
                raise ExportTooLarge("The export is too large for the chat.")
            if progress is not None:
                await progress(rows)
    return rows


async def content(database: Database, order: Order) -> AsyncGenerator[bytes]:
    """The file of an order, piece by piece as it is made: it never stands anywhere as a whole."""
    outgoing = OutgoingBytes()
    async with aclosing(_writing(database, order, cast("BinaryIO", outgoing))) as writing:
        async for _rows in writing:
            if part := outgoing.take():
                yield part


async def _writing(database: Database, order: Order, stream: BinaryIO) -> AsyncGenerator[int]:
    """Writes to the stream, telling how many rows are written; the last time, the file is complete."""
    gazetteer = load_gazetteer() if order.shape is not None else None
    format_ = FORMATS[order.format]
    writer = format_.open(stream, order.columns)

    def put(rows: Sequence[Sequence[Any]]) -> None:
        values: Sequence[Values] = list(zip(*rows, strict=True))
        if order.shape is not None and gazetteer is not None:
            values = order.shape.convert(order.table, values, gazetteer)
        writer.write(values)

    written = 0
    async with database.read() as tx:
        source = db.exports.SOURCES[order.table](order.selection)
        async with aclosing(db.exports.chunks(tx, source, little_memory=format_.heavy)) as chunks:
            async for chunk in chunks:
                # In a thread: the bot that makes a file for one person goes on answering the others.
                await asyncio.to_thread(put, chunk)
                written += len(chunk)
                yield written
    await asyncio.to_thread(writer.close)
    yield written
