"""The doors of the console and the Mini App: how long one stays signed in, and which requests come from their pages."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

LINK_LIFE = timedelta(minutes=10)
TOKEN_BYTES = 32
PORTS = {"http": 80, "https": 443}
SESSION_LIFE = timedelta(hours=12)


class Entrance(StrEnum):
    """What one signs in to: the console of the team, or the pages of supporters under `/app/`."""

    CONSOLE = "console"
    APP = "app"

    @property
    def cookie(self) -> str:
        """The name of the cookie of its sessions."""
        return f"portevoix_{self}"


def form_token(cookie: str, mask: bytes = bytes(TOKEN_BYTES)) -> str:
    """What every form of a session carries: only a page that was made for this cookie knows it.

    `mask`: random bytes that make it another one on each page, so that pages may be compressed.
    """
    token = hashlib.sha256(f"form:{cookie}".encode()).digest()
    return (mask + _masked(token, mask)).hex()


def is_form_of(cookie: str, shown: str) -> bool:
    """Whether a form was made for this cookie."""
    try:
        mask = bytes.fromhex(shown)[:TOKEN_BYTES]
    except ValueError:
        return False
    return len(mask) == TOKEN_BYTES and hmac.compare_digest(form_token(cookie, mask), shown)


def _masked(token: bytes, mask: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(token, mask, strict=True))


def is_for(address: str, *, host: str) -> bool:
    """Whether a request names the host that people reach the web part by: no other name leads in."""
    scheme = urlsplit(address).scheme
    return _named(f"{scheme}://{host}") == _named(address)


def _named(address: str) -> tuple[str, str, int | None] | None:
    """By which name and port an address is reached: that of its scheme need not be said. None where it is none."""
    try:
        parts = urlsplit(address)
        return parts.scheme.lower(), parts.hostname or "", parts.port or PORTS.get(parts.scheme.lower())
    except ValueError:
        return None


def is_from(address: str, *, origin: str | None, site: str | None) -> bool:
    """Whether a form was sent from a page of `address`, as the browser says: by `Origin`, else by `Sec-Fetch-Site`.

    One of them is always sent along with a form by today's browsers: where both are missing it was none.
    """
    if origin is not None:
        return _named(origin) == _named(address)
    return site == "same-origin"
