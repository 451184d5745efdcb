"""The HTTP interface for the clock, faults, limits, the journal and the page's stream: `/sim/…`."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from simulator.clock import monotonic, parse_instant
from simulator.errors import PersonError
from simulator.http_json import (
    answer,
    number_in,
    read_object,
    text_in,
    wait_query,
    whole_in,
    whole_query,
    world_of,
)
from simulator.limits import LIKE, Limits
from simulator.mini_apps import PUBLIC_KEY
from simulator.params import load_json

MOST_JOURNAL_ENTRIES = 10_000
# What a browser may show in a tab. HTML, SVG and whatever else could hold a script is only ever saved.
SHOWN = {
    *("image/png", "image/jpeg", "image/gif", "image/webp"),
    *("application/pdf", "text/plain", "text/csv", "text/calendar"),
    *("audio/mpeg", "audio/ogg", "audio/mp4", "video/mp4", "video/webm"),
}


async def show_clock(request: Request) -> Response:
    """The clock; with `version` and `wait`, as soon as it is no longer that version."""
    world = world_of(request)
    version = whole_query(request, "version", -1)
    until = monotonic() + wait_query(request)
    while version == world.clock.version and not world.waiters.closed and (left := until - monotonic()) > 0:
        await world.waiters.wait("clock", left)
    return answer(world.clock.reading())


async def move_clock(request: Request) -> Response:
    """Set the clock to `now`, or move it `by_seconds`; set its `speed`."""
    world, content = world_of(request), await read_object(request)
    speed = number_in(content, "speed") if content.get("speed") is not None else None
    instant = parse_instant(text_in(content, "now")) if content.get("now") is not None else None
    by_seconds = number_in(content, "by_seconds") if content.get("by_seconds") is not None else 0.0
    if instant is not None and by_seconds:
        raise PersonError("Give either “now” or “by_seconds”, not both.")
    world.clock.move(to=instant, by_seconds=by_seconds, speed=speed)
    world.waiters.wake("clock")
    reading = world.clock.reading()
    world.stream.tell({"type": "clock", **reading})
    return answer(reading)


async def list_marks(request: Request) -> Response:
    return answer({"marks": world_of(request).common.marks})


async def set_marks(request: Request) -> Response:
    """Replace the clock's bookmarks: a list of {"label", "at"} or {"marks": that list}."""
    try:
        given = load_json(await request.body())
    except ValueError:
        raise PersonError("The body is not valid JSON, or nested too deeply.") from None
    world = world_of(request)
    world.common.marks = read_marks(given.get("marks") if isinstance(given, dict) else given)
    world.stream.tell({"type": "marks"})
    return answer({"marks": world.common.marks})


def read_marks(given: Any) -> list[dict[str, str]]:
    if not isinstance(given, list) or not all(isinstance(mark, dict) for mark in given):
        raise PersonError("Marks are a list of objects with “label” and “at”.")
    return [
        {"label": text_in(mark, "label"), "at": parse_instant(text_in(mark, "at")).isoformat()}
        for mark in given
    ]


async def list_faults(request: Request) -> Response:
    return answer({"faults": [fault.as_json() for fault in world_of(request).faults.active]})


async def add_fault(request: Request) -> Response:
    fault = world_of(request).faults.add(await read_object(request))
    return answer(fault.as_json(), 201)


async def clear_faults(request: Request) -> Response:
    world_of(request).faults.clear()
    return await list_faults(request)


async def set_limits(request: Request) -> Response:
    """Set per_second, burst, per_chat_per_second, chat_burst, per_group_per_minute, retry_after; nothing lifts it.

    {"like": "telegram"} stands for what is known of Telegram's own.
    """
    content = await read_object(request)
    like = content.get("like")
    if like is not None and (not isinstance(like, str) or like not in LIKE):
        raise PersonError(f"“like” is one of {', '.join(LIKE)}.")
    values: dict[str, Any] = dict(LIKE[like]) if like else {}
    for name in ("per_second", "burst", "per_chat_per_second", "chat_burst", "per_group_per_minute"):
        if content.get(name) is not None:
            values[name] = number_in(content, name)
            if values[name] <= 0:
                raise PersonError(f"“{name}” must be above 0; leave it out to have no such limit.")
    if content.get("retry_after") is not None:
        values["retry_after"] = whole_in(content, "retry_after")
        if values["retry_after"] < 1:
            raise PersonError("“retry_after” is 1 second or more.")
    world = world_of(request)
    world.limits = Limits(clock=world.clock, **values)
    return answer(values)


async def show_journal(request: Request) -> Response:
    """Accepted sends and edits numbered above `after`, oldest first, up to `limit`, and the counters."""
    journal = world_of(request).journal
    limit = min(max(whole_query(request, "limit", 1_000), 0), MOST_JOURNAL_ENTRIES)
    entries = journal.after(whole_query(request, "after"), limit)
    return answer({"entries": entries, "last": journal.last, "counters": journal.counters()})


async def show_state(request: Request) -> Response:
    world = world_of(request)
    world.updates.drop_expired()
    return answer(
        {
            "bot": world.bot,
            "bots": [other.bot | {"main_app": other.main_app} for other in world.common.worlds.values()],
            "people": len(world.people),
            "pending_updates": len(world.updates.pending),
            "seen": world.updates.seen,
            "zone": world.common.zone,
            "apps_public_key": PUBLIC_KEY,
            "webhook": world.webhook.info(),
            "commands": world.settings.as_json(),
            "descriptions": world.settings.texts,
            "menu_button": world.settings.menu_button_of(0),
            "clock": world.clock.reading(),
            "marks": world.common.marks,
            "counters": world.journal.counters(),
        }
    )


async def reset(request: Request) -> Response:
    world_of(request).common.reset()
    return answer({"reset": True})


async def stream(request: Request) -> Response:
    """Server-sent events: which chat changed, the clock, new people."""
    world = world_of(request)

    async def lines() -> AsyncIterator[bytes]:
        yield b"data: " + orjson.dumps({"type": "clock", **world.clock.reading()}) + b"\n\n"
        async for event in world.stream.listen():
            yield b"data: " + orjson.dumps(event) + b"\n\n"

    return StreamingResponse(lines(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def file(request: Request) -> Response:
    stored = world_of(request).files.find(request.path_params["file_id"])
    if stored is None:
        raise PersonError("There is no such file.", 404)
    kind = stored.mime_type.partition(";")[0].strip().lower()
    if stored.kind == "photo" and kind not in SHOWN:
        kind = "image/png"
    return Response(stored.content, media_type=kind, headers=file_headers(stored.name, kind))


def file_headers(name: str, kind: str) -> dict[str, str]:
    """With what a file is served, so that a browser shows what is harmless and runs nothing."""
    placed = "inline" if kind in SHOWN else "attachment"
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Content-Disposition": f"{placed}; filename*=UTF-8''{quote(name, safe='')}",
    }
    # A browser's own viewer of PDF does not open in a sandbox; it runs nothing in the name of this page.
    if kind != "application/pdf":
        headers["Content-Security-Policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    return headers


ROUTES = [
    Route("/sim/clock", show_clock, methods=["GET"]),
    Route("/sim/clock", move_clock, methods=["POST"]),
    Route("/sim/marks", list_marks, methods=["GET"]),
    Route("/sim/marks", set_marks, methods=["POST"]),
    Route("/sim/faults", list_faults, methods=["GET"]),
    Route("/sim/faults", add_fault, methods=["POST"]),
    Route("/sim/faults", clear_faults, methods=["DELETE"]),
    Route("/sim/limits", set_limits, methods=["POST"]),
    Route("/sim/journal", show_journal, methods=["GET"]),
    Route("/sim/state", show_state, methods=["GET"]),
    Route("/sim/reset", reset, methods=["POST"]),
    Route("/sim/stream", stream, methods=["GET"]),
    Route("/sim/files/{file_id}", file, methods=["GET"]),
]
