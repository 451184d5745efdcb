"""The verdict on an HTTP answer of the Bot API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.delivery.outcomes import UNREADABLE, WRONG_TOKEN, Done, InDoubt, NotSent, Outcome, Rejected, as_id
from bot.delivery.reading import loads

# What a 429 without a readable `retry_after` means.
DEFAULT_RETRY_AFTER = 1.0
# After so long Telegram is asked again, whatever it said.
LONGEST_RETRY_AFTER = 86_400.0
# Of what a server says of itself nobody needs more.
LONGEST_DESCRIPTION = 500

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
