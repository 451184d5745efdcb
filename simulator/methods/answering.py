"""Methods that answer a tap or an inline query, or look something up."""

from typing import Any

import orjson

from simulator.callbacks import TOO_OLD, check_toast
from simulator.errors import bad_request
from simulator.files import LARGEST_DOWNLOAD
from simulator.params import Params
from simulator.urls import opens_bot
from simulator.world import World

MOST_INLINE_RESULTS = 50


def answer_callback_query(world: World, params: Params) -> bool:
    text = check_toast(params.text("text"))
    alert = params.flag("show_alert")
    query_id = params.text("callback_query_id")
    if not query_id:
        raise bad_request(TOO_OLD)
    url = params.text("url")
    if url and not opens_bot(url, str(world.bot["username"])):
        raise bad_request("URL_INVALID")
    answer = {"toast": None if alert else text or None, "alert": text or None if alert else None}
    # Of several answers the first one counts: bots of others, examples of aiogram too, answer a tap twice.
    world.taps.answer(query_id, answer | {"url": url or None}, once=False)
    return True


def answer_inline_query(world: World, params: Params) -> bool:
    results = params.structure("results", "can't parse inline query results JSON object")
    if not isinstance(results, list):
        raise bad_request("expected an Array of inline query results")
    stored = check_results(results)
    world.inline_queries.answer(params.text("inline_query_id"), {"results": stored})
    return True


def check_results(results: list[Any]) -> list[dict[str, Any]]:
    """The results of an inline query, as they are kept."""
    if len(results) > MOST_INLINE_RESULTS:
        raise bad_request("RESULTS_TOO_MUCH")
    identifiers = set()
    for result in results:
        if not isinstance(result, dict) or not result.get("type"):
            raise bad_request("can't parse inline query result: object expected")
        identifier = str(result.get("id", ""))
        if not 1 <= len(identifier.encode()) <= 64:
            raise bad_request("RESULT_ID_INVALID")
        if identifier in identifiers:
            raise bad_request("RESULT_ID_DUPLICATE")
        identifiers.add(identifier)
    stored: list[dict[str, Any]] = orjson.loads(orjson.dumps(results))
    return stored


def get_file(world: World, params: Params) -> dict[str, Any]:
    stored = world.files.find(params.text("file_id"))
    if stored is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if len(stored.content) > LARGEST_DOWNLOAD:
        raise bad_request("file is too big")
    return {
        "file_id": stored.file_id,
        "file_unique_id": stored.unique_id,
        "file_size": len(stored.content),
        "file_path": stored.path,
    }


def get_user_profile_photos(world: World, params: Params) -> dict[str, Any]:
    """Nobody here has a picture."""
    if params.integer("user_id") not in world.people:
        raise bad_request("user not found")
    return {"total_count": 0, "photos": []}
