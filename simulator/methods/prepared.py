"""Methods that send what a Mini App asked the bot for: an answer into the chat, or a message to pass on to a friend."""

from __future__ import annotations

from typing import Any

import orjson

from simulator.callbacks import TOO_OLD
from simulator.errors import PersonError, bad_request
from simulator.inline import send_result
from simulator.params import Params
from simulator.results import check_result
from simulator.world import World

# How long Telegram keeps a prepared message is said nowhere.
KEPT_SECONDS = 24 * 3600
CHATS = ("allow_user_chats", "allow_bot_chats", "allow_group_chats", "allow_channel_chats")


def answer_web_app_query(world: World, params: Params) -> dict[str, Any]:
    """Send a result in the name of who opened the Mini App; each `query_id` of its data takes one."""
    result = _result(world, params)
    query = world.app_queries.find(params.text("web_app_query_id"))
    if query is None or query.answer is not None:
        raise bad_request(TOO_OLD)
    try:
        message = send_result(world, world.common.person(query.person_id), query, result, None)
    except PersonError as error:  # the query may be answered again
        raise bad_request(str(error)) from None
    query.answer = {}
    return {"inline_message_id": message.inline_message_id} if message.inline_message_id else {}


def save_prepared_inline_message(world: World, params: Params) -> dict[str, Any]:
    """Keep a message that somebody passes on, from a Mini App, to whom they choose in Telegram's own list."""
    result = _result(world, params)
    person = world.people.get(params.integer("user_id"))
    if person is None:
        raise bad_request("user not found")
    if not any(params.flag(name) for name in CHATS):
        raise bad_request("at least one chat type must be allowed")
    query = world.inline_queries.ask(person.id)
    query.answer = {"results": [result]}
    return {"id": query.query_id, "expiration_date": world.clock.timestamp() + KEPT_SECONDS}


def _result(world: World, params: Params) -> dict[str, Any]:
    """The checked `result` of a call, as it is kept."""
    result = params.structure("result", "can't parse JSON encoded web view query results")
    if result is None:
        raise bad_request("Result isn't specified")
    check_result(result, world.files, local_apps=world.common.local_apps)
    kept: dict[str, Any] = orjson.loads(orjson.dumps(result))
    return kept
