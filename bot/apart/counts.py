"""Counts of the bot’s own process that the one which makes pages takes over: it steps back behind everything else, and
has readers of its own. What is found is exact: who asked blurs it, as one ledger knows what was told to whom.

A question goes over as Python writes it down, as all that the process is given. What comes back is JSON: whoever broke
into the process that reads requests is not to choose what the bot executes.
"""

from __future__ import annotations

import io
import pickle
from contextlib import nullcontext
from typing import Any, TypeVar

import orjson
import structlog

from bot.apart.given import UnchangeablePickler
from bot.apart.pages import ApartPages
from bot.apart.process import PageLost
from bot.campaign.campaign import Campaign
from db.engine import Database
from db.errors import NotCounted
from db.long_counts import Count, CountsHere, Read
from db.waiting import is_waited_for, nobody_waits

log = structlog.get_logger(__name__)

T = TypeVar("T")
_CAMPAIGN = "campaign"


class CountsApart:
    """While there is a process that makes pages counts are made there; else here."""

    def __init__(self, pages: ApartPages, database: Database, campaign: Campaign) -> None:
        self._pages, self._campaign = pages, campaign
        self._here = CountsHere(database)

    async def made(self, count: Count[T], read: Read[T]) -> T:
        process = self._pages.process
        if process is not None:
            try:
                return read(orjson.loads(await process.count(asked(count, self._campaign))))
            except PageLost:
                if not is_waited_for():
                    raise NotCounted("The count was broken off; it is made again later.") from None
                log.warning("count_lost", hint="It is made by the process that sends.")
        return await self._here.made(count, read)


class _Asking(UnchangeablePickler):
    """The campaign is there already."""

    def __init__(self, stream: io.BytesIO, campaign: Campaign) -> None:
        super().__init__(stream)
        self._campaign = campaign

    def persistent_id(self, value: Any) -> str | None:
        return _CAMPAIGN if value is self._campaign else None


class _Asked(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, campaign: Campaign) -> None:
        super().__init__(stream)
        self._campaign = campaign

    def persistent_load(self, _name: Any) -> Campaign:
        return self._campaign


def asked(count: Count[Any], campaign: Campaign) -> bytes:
    """A count, as it goes over, and whether somebody waits for it."""
    stream = io.BytesIO()
    _Asking(stream, campaign).dump((count, is_waited_for()))
    return stream.getvalue()


async def answer(content: bytes, database: Database, campaign: Campaign) -> bytes:
    """What is found by it, as it comes back. Raises TimeoutError: see `Database.count`."""
    asked_for: tuple[Count[Any], bool] = _Asked(io.BytesIO(content), campaign).load()
    count, waited_for = asked_for
    with nullcontext() if waited_for else nobody_waits():
        async with database.count() as tx:
            return orjson.dumps(await count(tx), option=orjson.OPT_NON_STR_KEYS)
