"""Acts: what somebody does in the chat during a rehearsal."""

from __future__ import annotations

from typing import Any

Act = dict[str, Any]


def tap(data: str) -> Act:
    return {"act": "tap", "data": data}


def send(text: str) -> Act:
    return {"act": "send", "text": text}
