"""PTB on aiohttp: a contender of `scripts/bench delivery`."""

from __future__ import annotations

from typing import Any

import aiohttp
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.delivery.transport import CONNECT_SECONDS, READ_SECONDS


class AiohttpRequest(BaseRequest):
    """What `telegram.Bot(token, request=AiohttpRequest(connections=64))` posts through, inside the event loop.

    Failures become PTB's TimedOut and NetworkError: whoever catches them must know that a message may have left.
    """

    def __init__(self, *, connections: int) -> None:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections))

    @property
    def read_timeout(self) -> float:
        return READ_SECONDS

    async def initialize(self) -> None:
        """Nothing to open: the session was made with it."""

    async def shutdown(self) -> None:
        await self._session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Post and return (HTTP status, body)."""
        silence = read_timeout if isinstance(read_timeout, int | float) else READ_SECONDS
        patience = aiohttp.ClientTimeout(connect=CONNECT_SECONDS, sock_read=silence)
        try:
            async with self._session.request(
                method, url, data=_form(request_data), timeout=patience, allow_redirects=False
            ) as response:
                return response.status, await response.read()
        except TimeoutError as error:
            raise TimedOut from error
        except aiohttp.ClientError as error:
            # The text of an aiohttp error may hold the address, and with it the token.
            raise NetworkError(type(error).__name__) from None


def _form(data: RequestData | None) -> aiohttp.FormData | None:
    if data is None:
        return None
    form = aiohttp.FormData()
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (file_name, content, mime_type) in (data.multipart_data or {}).items():
        form.add_field(name, content, filename=file_name, content_type=mime_type)
    return form
