"""Methods that answer a tap or an inline query, or look something up."""

from typing import Any

import orjson

from simulator.callbacks import TOO_OLD, check_toast
from simulator.errors import bad_request
from simulator.files import LARGEST_DOWNLOAD
from simulator.params import Params
from simulator.results import check_results, read_button
from simulator.urls import opens_bot
from simulator.world import World


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
    button = read_button(params.structure("button", "can't parse inline query results button JSON object"))
    given = params.structure("results", "can't parse JSON encoded inline query results")
    results = [] if given is None else given
    check_results(results, world.files, local_apps=world.common.local_apps)
    stored = orjson.loads(orjson.dumps(results))
    world.inline_queries.answer(params.text("inline_query_id"), {"results": stored, "button": button})
    return True


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
