"""The way to the Bot API, and a verdict on every post.

Ready JSON is posted as it is, over `bot.delivery.wire`: no objects, no forms. Files: `bot.delivery.uploads`.
Whatever a server sends, no more than a bounded part of it is read.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from yarl import URL

from bot.delivery.answers import read_answer
from bot.delivery.calls import Call
from bot.delivery.connection import MOST_BYTES, NoAnswer, NotWritten
from bot.delivery.outcomes import Done, InDoubt, NotSent, Outcome
from bot.delivery.reading import items_of
from bot.delivery.wire import TooLate, Wire

if TYPE_CHECKING:
    from bot.delivery.uploads import Uploads

log = structlog.get_logger(__name__)

TELEGRAM = "https://api.telegram.org"
# Below the server's own limit, so that it is we who close an idle connection: a request written to a
# connection that the server is closing would be in doubt for nothing.
KEEPALIVE_SECONDS = 15.0
# Waiting for a free connection and for the handshake: nothing has been written yet.
CONNECT_SECONDS = 10.0
# Silence after the request was written.
READ_SECONDS = 30.0
# An answer of many items: what is cut off of it is asked for again.
MOST_ITEM_BYTES = 2 * MOST_BYTES
NONE: Mapping[str, str] = {}
MISSED = NotSent(reason="its slot was over")
NOT_OPEN = "The transport is not open: use `async with Transport(…)`."


class Transport:
    """Posts Bot API calls. Open it inside the event loop: `async with Transport(…) as transport`."""

    def __init__(
        self,
        *,
        token: str,
        api_base: str = TELEGRAM,
        connections: int = 100,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        # What PTB takes as its `base_url`: it appends the token itself.
        self.root_url = f"{api_base.rstrip('/')}/bot"
        self._root = f"{self.root_url}{token}/"
        self._base = URL(self._root, encoded=True)
        self._paths: dict[str, bytes] = {}
        self._connections = connections
        self._read_seconds = read_seconds
        self._uploads: Uploads | None = None
        self._wire: Wire | None = None

    async def __aenter__(self) -> Transport:
        self._wire = Wire(
            self._base,
            connections=self._connections,
            connect_seconds=CONNECT_SECONDS,
            idle_seconds=KEEPALIVE_SECONDS,
        )
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None
        if self._uploads is not None:
            await self._uploads.close()
            self._uploads = None

    @property
    def _opened_wire(self) -> Wire:
        if self._wire is None:
            raise RuntimeError(NOT_OPEN)
        return self._wire

    def post(
        self,
        call: Call | str,
        payload: Mapping[str, Any] | None = None,
        *,
        seconds: float | None = None,
        by: float = math.inf,
    ) -> Coroutine[Any, Any, Outcome]:
        """Post a call (or a method with its parameters) and tell what became of it.

        Whatever the network does is an outcome; nothing is raised. `seconds` replaces the allowed
        silence, for a long poll. Nothing is written after the moment `by` of the loop's clock: the outcome is `MISSED`.
        """
        if isinstance(call, str):
            return self._post(call, orjson.dumps(payload or {}), seconds or self._read_seconds)
        if call.attachment is not None:
            return self._post_upload(call)
        return self._post(call.method, call.body, seconds or self._read_seconds, by=by)

    async def post_for_items(
        self,
        method: str,
        payload: Mapping[str, Any],
        read: Callable[[Any], object],
        *,
        most: int,
        seconds: float,
    ) -> Outcome:
        """Post a call that is answered by many items: `Done` has what `items_of` makes of the first `most`."""

        def judge(status: int, body: bytes, headers: Mapping[str, str]) -> Outcome:
            if status == 200:
                with contextlib.suppress(ValueError):
                    return Done(result=items_of(body, read, most=most))
            return read_answer(status, body, headers)

        return await self._post(method, orjson.dumps(payload), seconds, judge, MOST_ITEM_BYTES)

    async def _post(
        self,
        method: str,
        body: bytes,
        seconds: float,
        judge: Callable[[int, bytes, Mapping[str, str]], Outcome] | None = None,
        most: int = MOST_BYTES,
        by: float = math.inf,
    ) -> Outcome:
        """`judge` reads the answer, also one that is larger than `most` and was cut off there."""
        wire = self._opened_wire
        path = self._paths.get(method)
        if path is None:
            path = self._paths[method] = f"{self._base.raw_path}{method}".encode()
        try:
            answer = await wire.post(path, body, seconds, most=most, cut=judge is not None, by=by)
            # What was done needs no more than the body to be understood.
            headers = NONE if answer.status == 200 else answer.headers
            return (judge or read_answer)(answer.status, answer.body, headers)
        except TooLate:
            return MISSED
        except NotWritten as error:
            return NotSent(reason=str(error))
        except NoAnswer as error:
            return InDoubt(reason=str(error))
        except Exception as error:  # a fault of ours must not end what posts; nobody knows how far it came
            return _faulty(error)

    async def time(self) -> datetime | None:
        """What time it is by the server’s clock, to the second; None where it does not answer, or does not say."""
        from email.utils import parsedate_to_datetime  # seldom needed, and slow to load

        path = f"{self._base.raw_path}getMe".encode()
        try:
            answer = await self._opened_wire.post(path, b"{}", self._read_seconds)
            told = parsedate_to_datetime(answer.headers["date"])
        except (NotWritten, NoAnswer, KeyError, ValueError):
            return None
        return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)

    async def _post_upload(self, call: Call) -> Outcome:
        try:
            return await self._opened_uploads().post(call)
        except Exception as error:  # as above
            return _faulty(error)

    def _opened_uploads(self) -> Uploads:
        if self._uploads is None:
            from bot.delivery.uploads import Uploads

            self._uploads = Uploads(
                self._root,
                connections=self._connections,
                connect_seconds=CONNECT_SECONDS,
                idle_seconds=KEEPALIVE_SECONDS,
                allowance=self._opened_wire.allowance,
            )
        return self._uploads


def _faulty(error: Exception) -> InDoubt:
    log.error("post_faulty", error=type(error).__name__)
    return InDoubt(reason=type(error).__name__)
