"""Posting files: as forms, through one aiohttp session.

Imported with the first file: aiohttp takes a tenth of the time in which the bot starts.
"""

from __future__ import annotations

import io
import mimetypes
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson

from bot.delivery.answers import read_answer
from bot.delivery.calls import Call
from bot.delivery.connection import MOST_BYTES, Allowance
from bot.delivery.outcomes import TOO_LARGE, InDoubt, NotSent, Outcome

UPLOAD_SECONDS = 300.0


class Uploads:
    """Posts calls that carry a file. Made inside the event loop; `root` is an address that a method is added to."""

    def __init__(
        self,
        root: str,
        *,
        connections: int,
        connect_seconds: float,
        idle_seconds: float,
        allowance: Allowance,
    ) -> None:
        self._root, self._allowance = root, allowance
        self._patience = aiohttp.ClientTimeout(total=UPLOAD_SECONDS, connect=connect_seconds)
        # Cookies and proxies from the environment have no place in a bot's requests.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=idle_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            # Answers are small: asking for compressed ones, and who we are, only costs time.
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
            # Nor are they read: a few bytes may become a thousand times as many.
            auto_decompress=False,
        )

    async def close(self) -> None:
        await self._session.close()

    async def post(self, call: Call) -> Outcome:
        """What became of a call with an attachment. Raises only what is a fault of ours."""
        attachment = call.attachment
        assert attachment is not None
        form = _form(call.payload)
        # As a stream, which is read piece by piece: megabytes at once would stop everything else.
        kind, _ = mimetypes.guess_type(attachment.name)
        form.add_field(
            attachment.field, io.BytesIO(attachment.content), filename=attachment.name, content_type=kind
        )
        try:
            async with self._session.post(
                self._root + call.method, data=form, timeout=self._patience, allow_redirects=False
            ) as response:
                body = await self._body_of(response)
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

    async def _body_of(self, response: aiohttp.ClientResponse) -> bytes | None:
        """The whole body; None, without reading on, where it is too large."""
        body = bytearray()
        try:
            async for piece in response.content.iter_any():
                if len(body) + len(piece) > MOST_BYTES or not self._allowance.take(len(piece)):
                    return None
                body += piece
            return bytes(body)
        finally:
            self._allowance.give_back(len(body))


def _form(payload: Mapping[str, Any]) -> aiohttp.FormData:
    # As they are: in percent signs, Telegram would show a file's accents as such.
    form = aiohttp.FormData(quote_fields=False)
    for name, value in payload.items():
        form.add_field(name, value if isinstance(value, str) else orjson.dumps(value).decode())
    return form
