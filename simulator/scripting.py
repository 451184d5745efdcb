"""The HTTP interface for scripts, and for whoever waits until nothing happens: `/sim/scripts`, `/sim/waiting`."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator import performing
from simulator.clock import monotonic
from simulator.errors import PersonError
from simulator.http_json import answer, read_object, text_in, wait_query, whole_in, world_of
from simulator.scripts import ACTS, Act


async def begin(request: Request) -> Response:
    """Begins a script for each of many people: {"scripts": [{"person": 1, "acts": [{"act": "start"}, …]}]}."""
    world = world_of(request)
    scripts = (await read_object(request)).get("scripts")
    if not isinstance(scripts, list) or not all(isinstance(script, dict) for script in scripts):
        raise PersonError("“scripts” must be a list of objects with “person” and “acts”.")
    checked = [(world.common.person(whole_in(script, "person")), _acts(script)) for script in scripts]
    for person, acts in checked:
        performing.begin(world, person, acts)
    return answer({"begun": len(checked)})


def _acts(script: dict[str, Any]) -> list[Act]:
    acts = script.get("acts")
    if not isinstance(acts, list) or not acts or not all(isinstance(act, dict) for act in acts):
        raise PersonError("“acts” must be a list of at least one act.")
    for act in acts:
        if act.get("act") not in ACTS:
            raise PersonError(f"“{act.get('act')}” is not an act of a script: use {', '.join(sorted(ACTS))}.")
        for act_with, needed in (("send", "text"), ("tap", "data")):
            if act["act"] == act_with:
                text_in(act, needed)
    return acts


async def drop(request: Request) -> Response:
    """Ends every script: what each person waited for, and what was refused to somebody since the last time."""
    scripts = world_of(request).scripts
    refused = [{"person": person, "act": act, "error": error} for person, act, error in scripts.refused]
    scripts.refused.clear()
    return answer(
        {
            "dropped": [{"person": person, "act": act} for person, act in scripts.drop()],
            "refused": refused,
        }
    )


async def show_waiting(request: Request) -> Response:
    """What is on its way; with `wait`, as soon as the bot has taken every update.

    The journal's file holds everything up to this moment.
    """
    world = world_of(request)
    until = monotonic() + wait_query(request)
    while world.updates.pending and not world.waiters.closed and (left := until - monotonic()) > 0:
        await world.updates.wait(left)
    world.journal.flush()
    return answer(
        {
            "pending_updates": len(world.updates.pending),
            "last_update": world.updates.last_id,
            "scripts": world.scripts.waiting,
            "accepted": world.journal.last,
        }
    )


ROUTES = [
    Route("/sim/scripts", begin, methods=["POST"]),
    Route("/sim/scripts", drop, methods=["DELETE"]),
    Route("/sim/waiting", show_waiting, methods=["GET"]),
]
