"""Pages as a request names them: the one that is asked for, and the one it comes from."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

from bot.rules.console import is_for


def address_of(request: Request) -> str:
    """The page that was asked for, as a link on this site."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def came_from(request: Request, address: str, within: str) -> str:
    """The page whose form was sent, as the browser says; "" for none of ours at `address`, below `within`."""
    came = urlsplit(request.headers.get("referer", ""))
    if not is_for(address, host=came.netloc) or not came.path.startswith(f"{within}/"):
        return ""
    return came.path + (f"?{came.query}" if came.query else "")
