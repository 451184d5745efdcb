"""Whether Telegram itself opened a Mini App for somebody: `initData`, which their device hands over.

Source: https://core.telegram.org/bots/webapps, “Validating data received via the Mini App”. Beyond it: nothing twice,
nothing old, nothing from the future, and no field that could be read in two ways.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from bot.frozen import Frozen

LAUNCH_LIFE = timedelta(minutes=5)
"""A page hands it over within seconds of its opening."""
AHEAD = timedelta(seconds=30)
"""How far Telegram's clock may be before ours."""
LONGEST = 4096
"""Characters; Telegram's own are a few hundred."""
MOST_FIELDS = 20


class BadLaunch(ValueError):
    """It is forged, too old, from the future, or no initData."""


class Launch(Frozen):
    """Who opened the app, and what tells this opening from every other."""

    telegram_id: int
    language: str
    digest: str


def read_launch(init_data: str, *, token: str, now: datetime) -> Launch:
    """Who opened the app, as far as Telegram vouches for it. Raises BadLaunch."""
    fields = _fields(init_data)
    signed = fields.pop("hash", "")
    lines = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    key = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    expected = hmac.new(key, lines.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signed.encode()):
        raise BadLaunch("Telegram did not sign this.")
    _require_fresh(fields.get("auth_date", ""), now)
    telegram_id, language = _user(fields.get("user", ""))
    digest = hashlib.sha256(f"launch:{expected}".encode()).hexdigest()
    return Launch(telegram_id=telegram_id, language=language, digest=digest)


def _fields(init_data: str) -> dict[str, str]:
    if len(init_data) > LONGEST:
        raise BadLaunch("It is too long.")
    try:
        pairs = parse_qsl(
            init_data,
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as fault:
        raise BadLaunch("It is no query string.") from fault
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadLaunch("A field stands there twice.")
    return fields


def _require_fresh(text: str, now: datetime) -> None:
    if not (text.isascii() and text.isdigit() and len(text) <= 11):
        raise BadLaunch("It has no date.")
    at = datetime.fromtimestamp(int(text), UTC)
    if not now - LAUNCH_LIFE < at <= now + AHEAD:
        raise BadLaunch("It is too old, or from the future.")


def _user(text: str) -> tuple[int, str]:
    try:
        user = json.loads(text)
    except ValueError as fault:
        raise BadLaunch("It names nobody.") from fault
    found = user.get("id") if isinstance(user, dict) else None
    if not isinstance(found, int) or isinstance(found, bool) or not 0 < found < 2**53:
        raise BadLaunch("It names nobody.")
    language = user.get("language_code")
    return found, language if isinstance(language, str) else ""
