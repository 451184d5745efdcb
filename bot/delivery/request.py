"""What PTB asks Telegram through, which carries nothing: each call leaves through `bot.delivery.transport`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from telegram.error import NetworkError
from telegram.request import BaseRequest, RequestData


class AnsweredRequest(BaseRequest):
    """Answers PTB's one question, who the bot is (`me`): it was asked before, and the answer was looked at."""

    def __init__(self, me: Mapping[str, Any]) -> None:
        self._answer = orjson.dumps({"ok": True, "result": me})

    @property
    def read_timeout(self) -> float | None:
        return None

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_timeouts: Any, **_more: Any
    ) -> tuple[int, bytes]:
        """(HTTP status, body). Raises NetworkError for any other question."""
        if url.endswith("/getMe"):
            return 200, self._answer
        raise NetworkError("PTB asks nothing else: calls are replies, and leave through the transport")
