"""The way to the Bot API, and a verdict on every post.

Ready JSON is posted as it is, over `bot.delivery.wire`: no objects, no forms. Files go through one aiohttp session.
Whatever a server sends, no more than a bounded part of it is read.
"""

from __future__ import annotations

import contextlib
import io
import mimetypes
import re
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import orjson
import structlog
from yarl import URL

from bot.delivery.calls import Call
from bot.delivery.outcomes import (
    TOO_LARGE,
    UNREADABLE,
    WRONG_TOKEN,
    Done,
    InDoubt,
    NotSent,
    Outcome,
    Rejected,
    as_id,
)
from bot.delivery.reading import items_of, loads
from bot.delivery.wire import MOST_BYTES, Allowance, NotWritten, Unanswered, Wire

log = structlog.get_logger(__name__)

TELEGRAM = "https://api.telegram.org"
# Below the server's own limit, so that it is we who close an idle connection: a request written to a
# connection that the server is closing would be in doubt for nothing.
KEEPALIVE_SECONDS = 15.0
# Waiting for a free connection and for the handshake: nothing has been written yet.
CONNECT_SECONDS = 10.0
# Silence after the request was written.
READ_SECONDS = 30.0
UPLOAD_SECONDS = 300.0
# What a 429 without a readable `retry_after` means.
DEFAULT_RETRY_AFTER = 1.0
# After so long Telegram is asked again, whatever it said.
LONGEST_RETRY_AFTER = 86_400.0
# An answer of many items: what is cut off of it is asked for again.
MOST_ITEM_BYTES = 2 * MOST_BYTES
# Of what a server says of itself nobody needs more.
LONGEST_DESCRIPTION = 500
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
        self._session: aiohttp.ClientSession | None = None
        self._wire: Wire | None = None

    async def __aenter__(self) -> Transport:
        # Cookies and proxies from the environment have no place in a bot's requests.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=KEEPALIVE_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            # Answers are small: asking for compressed ones, and who we are, only costs time.
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
            # Nor are they read: a few bytes may become a thousand times as many.
            auto_decompress=False,
        )
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
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError(NOT_OPEN)
        return self._session

    @property
    def _opened_wire(self) -> Wire:
        if self._wire is None:
            raise RuntimeError(NOT_OPEN)
        return self._wire

    async def post(
        self, call: Call | str, payload: Mapping[str, Any] | None = None, *, seconds: float | None = None
    ) -> Outcome:
        """Post a call (or a method with its parameters) and tell what became of it.

        Whatever the network does is an outcome; nothing is raised. `seconds` replaces the allowed
        silence, for a long poll.
        """
        if isinstance(call, Call):
            if call.attachment is not None:
                return await self._post_upload(call)
            method, payload = call.method, call.payload
        else:
            method = call
        return await self.post_bytes(method, orjson.dumps(payload or {}), seconds=seconds)

    async def post_bytes(self, method: str, body: bytes, *, seconds: float | None = None) -> Outcome:
        """Post a body that is JSON already, the fast path of a broadcast."""
        return await self._post(method, body, seconds or self._read_seconds)

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
    ) -> Outcome:
        """`judge` reads the answer, also one that is larger than `most` and was cut off there."""
        wire = self._opened_wire
        path = self._paths.get(method)
        if path is None:
            path = self._paths[method] = f"{self._base.raw_path}{method}".encode()
        try:
            answer = await wire.post(path, body, seconds, most=most, cut=judge is not None)
            return (judge or read_answer)(answer.status, answer.body, answer.headers)
        except NotWritten as error:
            return NotSent(reason=str(error))
        except Unanswered as error:
            return InDoubt(reason=str(error))
        except Exception as error:  # a fault of ours must not end what posts; nobody knows how far it came
            return _faulty(error)

    async def _post_upload(self, call: Call) -> Outcome:
        attachment = call.attachment
        assert attachment is not None
        form = _form(call.payload)
        # As a stream, which is read piece by piece: megabytes at once would stop everything else.
        kind, _ = mimetypes.guess_type(attachment.name)
        form.add_field(
            attachment.field, io.BytesIO(attachment.content), filename=attachment.name, content_type=kind
        )
        return await self._upload(call.method, form)

    async def _upload(self, method: str, form: aiohttp.FormData) -> Outcome:
        patience = aiohttp.ClientTimeout(total=UPLOAD_SECONDS, connect=CONNECT_SECONDS)
        try:
            async with self.session.post(
                self._root + method, data=form, timeout=patience, allow_redirects=False
            ) as response:
                body = await _body_of(response, self._opened_wire.allowance)
                if body is None:
                    response.close()
                    return InDoubt(reason=TOO_LARGE)
                return read_answer(response.status, body, response.headers)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            # Refused, unknown host, failed handshake, no free connection: not one byte of the request was
            # written.
            return NotSent(reason=type(error).__name__)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return InDoubt(reason=type(error).__name__)
        except Exception as error:  # as above
            return _faulty(error)


async def _body_of(response: aiohttp.ClientResponse, allowance: Allowance) -> bytes | None:
    """The whole body; None, without reading on, where it is too large."""
    body = bytearray()
    try:
        async for piece in response.content.iter_any():
            if len(body) + len(piece) > MOST_BYTES or not allowance.take(len(piece)):
                return None
            body += piece
        return bytes(body)
    finally:
        allowance.give_back(len(body))


def _faulty(error: Exception) -> InDoubt:
    log.error("post_faulty", error=type(error).__name__)
    return InDoubt(reason=type(error).__name__)


_QUOTED = re.compile(r'".*"', re.DOTALL)


def read_answer(status: int, body: bytes, headers: Mapping[str, str]) -> Outcome:
    """Judge an HTTP answer.

    What cannot be read is in doubt, unless the status alone says that nothing was done.
    """
    try:
        answer = loads(body)
        if answer["ok"] is True:
            return Done(result=answer["result"])
        code = int(answer["error_code"])
        # PostgreSQL holds no NUL. What Telegram quotes may be somebody's words: it names where a text went wrong by
        # repeating it.
        description = _QUOTED.sub('"…"', str(answer["description"]).replace("\0", ""))[:LONGEST_DESCRIPTION]
        parameters = dict(answer.get("parameters") or {})
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        code, description, parameters = status, UNREADABLE, {}
        if status not in (401, 404, 429):
            return InDoubt(reason=f"{UNREADABLE} (HTTP {status})")
    if code == 429:
        return NotSent(reason=description, retry_after=_retry_after(parameters, headers))
    if code == 401 or (code == 404 and "method not found" not in description.lower()):
        return NotSent(reason=WRONG_TOKEN)
    if 400 <= code < 500:
        migrate_to = as_id(parameters.get("migrate_to_chat_id"))
        return Rejected(code=code, description=description, migrate_to=migrate_to)
    return InDoubt(reason=f"HTTP {code}")


def _retry_after(parameters: Mapping[str, Any], headers: Mapping[str, str]) -> float:
    asked = parameters.get("retry_after") or headers.get("retry-after") or DEFAULT_RETRY_AFTER
    try:
        return min(max(0.0, float(str(asked))), LONGEST_RETRY_AFTER)
    except ValueError:
        return DEFAULT_RETRY_AFTER


def _form(payload: Mapping[str, Any]) -> aiohttp.FormData:
    # As they are: in percent signs, Telegram would show a file's accents as such.
    form = aiohttp.FormData(quote_fields=False)
    for name, value in payload.items():
        form.add_field(name, value if isinstance(value, str) else orjson.dumps(value).decode())
    return form
