"""What a page of ours sends: a form, or one body of one kind; from nowhere else, and no more than a form comes to."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

from bot.rules.console import is_from
from bot.web.refusals import BadForm, TooLarge

MOST_BYTES = 256 * 1024
"""A message in three versions and two languages, as a browser writes accents."""
MOST_FIELDS = 200
"""A survey of ten questions in two languages, and what follows each of their answers, comes to 160."""


async def form_of(request: Request, address: str) -> dict[str, str]:
    """The fields of a form that a page at this address sent. Raises BadForm and TooLarge."""
    body = await body_of(request, address, "application/x-www-form-urlencoded")
    try:
        text = body.decode().replace("%00", "")  # no text holds a NUL, and PostgreSQL takes none
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise BadForm("This is no form.") from None


async def body_of(request: Request, address: str, kind: str) -> bytes:
    """What a page at this address sent, of one kind; b"" for nothing. Raises BadForm and TooLarge."""
    headers = request.headers
    if not is_from(address, origin=headers.get("origin"), site=headers.get("sec-fetch-site")):
        raise BadForm("This form was sent from elsewhere.")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            raise TooLarge("This is more than any form holds.")
    if body and not headers.get("content-type", "").startswith(kind):
        raise BadForm("This is no form.")
    return bytes(body)
