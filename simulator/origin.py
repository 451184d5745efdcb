"""Who may speak to the server: programs and pages of this machine, and no web page that happens to be open beside.

A browser lets any page post to 127.0.0.1; it names the page in `Origin`. And a page may have its own name lead to
127.0.0.1 (DNS rebinding); then `Host` bears that name. A page may also ask for a picture whose address is a call of
the Bot API: then there is no `Origin`, but `Sec-Fetch-Site` says that the page is another one.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.http_json import answer

TELLING = frozenset((b"host", b"origin", b"sec-fetch-site"))
REFUSAL = "This local Telegram answers to its own pages and to programs, not to the page of another site."


def refusing_strangers(app: ASGIApp, *, host: str) -> ASGIApp:
    """The app, for requests by number, by `localhost` or by the name `host`, from its own pages or from no page."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not is_welcome(scope["headers"], host, scope["path"]):
            await answer({"error": REFUSAL}, 403)(scope, receive, send)
        else:
            await app(scope, receive, send)

    return guarded


def is_welcome(headers: list[tuple[bytes, bytes]], host: str, path: str) -> bool:
    """Whether the request names this machine, and comes from no page or from one of this server's own.

    A link to the chat page itself may stand anywhere.
    """
    given = {name: value.decode("latin-1").lower() for name, value in headers if name in TELLING}
    if path != "/" and given.get(b"sec-fetch-site", "none") not in {"none", "same-origin"}:
        return False
    asked = given.get(b"host", "")
    if not _names_this_machine(asked, host):
        return False
    origin = given.get(b"origin")
    return origin is None or origin == f"http://{asked}"


def _names_this_machine(asked: str, host: str) -> bool:
    try:
        name = urlsplit(f"//{asked}").hostname
    except ValueError:
        return False
    if name is None:
        return False
    if name in ("localhost", host.lower()):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
