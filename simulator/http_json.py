"""Reading and answering JSON in the interface for people and controls."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from simulator.common import Common
from simulator.errors import PersonError
from simulator.groups import Place
from simulator.params import LARGEST_BODY, load_json
from simulator.world import World

LONGEST_WAIT = 120.0


def world_of(request: Request) -> World:
    """The world of the bot that `bot` names in the address, by username or number; of the first one without."""
    common: Common[World] = request.app.state.common
    name = request.query_params.get("bot", "")
    return common.world_of(name) if name else common.first


def place_in(world: World, content: Mapping[str, Any]) -> Place | None:
    """Where in a group something is done: `group` and perhaps `topic`; None for the chat with the bot."""
    if content.get("group") is None:
        return None
    group = world.common.group(_whole(content, "group"))
    return Place(group, _whole(content, "topic") if content.get("topic") is not None else 0)


def _whole(content: Mapping[str, Any], name: str) -> int:
    """A whole number, which in a form or an address is a text."""
    try:
        return int(content[name])
    except (TypeError, ValueError):
        raise PersonError(f"“{name}” must be a whole number.") from None


def answer(content: object, status: int = 200) -> Response:
    return Response(
        orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS), status, media_type="application/json"
    )


async def read_limited(request: Request) -> bytes:
    """The body, if it is no larger than that of a call may be."""
    length = request.headers.get("content-length", "")
    size = int(length) if length.isdecimal() else 0
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if max(size, len(body)) > LARGEST_BODY:
            raise PersonError(f"The body is larger than {LARGEST_BODY >> 20} MB.", 413)
    return bytes(body)


async def read_object(request: Request) -> dict[str, Any]:
    """The JSON object in the body; an empty body is an empty object."""
    try:
        content = load_json(await read_limited(request) or b"{}")
    except ValueError:
        raise PersonError("The body is not valid JSON, or nested too deeply.") from None
    if not isinstance(content, dict):
        raise PersonError("The body must be a JSON object.")
    return content


def number_in(content: dict[str, Any], name: str, default: float | None = None) -> float:
    value = content.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PersonError(f"“{name}” must be a number.")
    return float(value)


def whole_in(content: dict[str, Any], name: str) -> int:
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise PersonError(f"“{name}” must be a whole number.")
    return value


def text_in(content: dict[str, Any], name: str, default: str | None = None) -> str:
    value = content.get(name, default)
    if not isinstance(value, str):
        raise PersonError(f"“{name}” must be a text.")
    return value


def whole_query(request: Request, name: str, default: int = 0) -> int:
    try:
        return int(request.query_params.get(name, default))
    except ValueError:
        raise PersonError(f"“{name}” must be a whole number.") from None


def wait_query(request: Request) -> float:
    """`wait` in real seconds, at most two minutes."""
    try:
        return min(max(float(request.query_params.get("wait", 0)), 0.0), LONGEST_WAIT)
    except ValueError:
        raise PersonError("“wait” must be a number of seconds.") from None
