"""Methods that ask and end polls (Client.cpp; MessageContent.cpp, PollManager.cpp and PollOption.cpp of tdlib)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import orjson

from simulator.errors import bad_request
from simulator.fields import Fields
from simulator.keyboards import read_markup
from simulator.methods.delivering import send
from simulator.methods.texts import parsed
from simulator.params import Params
from simulator.parse import parse_text
from simulator.performing import heard
from simulator.polls import (
    LONGEST_DESCRIPTION,
    LONGEST_EXPLANATION,
    LONGEST_OPEN,
    LONGEST_OPTION,
    LONGEST_QUESTION,
    MOST_OPTIONS,
    SHORTEST_OPEN,
    Poll,
)
from simulator.world import World


def send_poll(world: World, params: Params) -> dict[str, Any]:
    question = _words(params, "question")
    if not question["question"]:
        raise bad_request("Text must be non-empty")
    if len(question["question"]) > LONGEST_QUESTION:
        raise bad_request(f"Poll question length must not exceed {LONGEST_QUESTION}")
    options = _options(params)
    kind = params.text("type") or "regular"
    if kind not in {"regular", "quiz"}:
        raise bad_request("Unsupported poll type specified")
    poll: Poll = {
        "id": str(world.common.free_group_id()),
        **question,
        "options": options,
        "total_voter_count": 0,
        "is_closed": params.flag("is_closed"),
        "is_anonymous": _flag(params, "is_anonymous", True),
        "type": kind,
        "allows_multiple_answers": params.flag("allows_multiple_answers"),
        "allows_revoting": _flag(params, "allows_revoting", kind != "quiz"),
        "members_only": False,
    }
    if kind == "quiz":
        poll |= _quiz(params, len(options))
    poll |= _short(params, "description", LONGEST_DESCRIPTION) | _until(world, params)
    return send(world, params, "sendPoll", media={"poll": poll})


def _flag(params: Params, name: str, default: bool) -> bool:
    return params.flag(name) if name in params.values else default


def _words(params: Params, name: str) -> dict[str, Any]:
    """A text of a poll and its entities, in the fields of a Poll."""
    given = Params({**params.values, "parse_mode": params.text(f"{name}_parse_mode")})
    text, entities = parsed(given, name, f"{name}_entities")
    return {name: text} | ({f"{name}_entities": orjson.loads(entities)} if entities else {})


def _short(params: Params, name: str, longest: int) -> dict[str, Any]:
    words = _words(params, name)
    if len(words[name]) > longest:
        raise bad_request(
            "message caption is too long" if name == "description" else "POLL_SOLUTION_TOO_LONG"
        )
    return words if words[name] else {}


def _quiz(params: Params, options: int) -> dict[str, Any]:
    """The right answers of a quiz and what is said of them."""
    explanation = _short(params, "explanation", LONGEST_EXPLANATION)
    correct = _correct(params)
    if not correct:
        raise bad_request("Correct quiz option list must be non-empty")
    if any(later <= earlier for earlier, later in pairwise(correct)):
        raise bad_request("Correct quiz option list must be increasing")
    if not all(0 <= number < options for number in correct):
        raise bad_request("Wrong quiz correct_option_id")
    one = {"correct_option_id": correct[0]} if len(correct) == 1 else {}
    return {"correct_option_ids": correct} | one | explanation


def _correct(params: Params) -> list[int]:
    if "correct_option_ids" not in params.values:
        return [params.integer("correct_option_id")] if params.text("correct_option_id") else []
    given = params.structure("correct_option_ids", "can't parse correct option identifiers JSON object")
    if not isinstance(given, list):
        raise bad_request("Expected an Array of correct option identifiers")
    if any(isinstance(number, bool) or not isinstance(number, int | float) for number in given):
        raise bad_request("Correct option identifier must be of type Number")
    if any(not isinstance(number, int) for number in given):
        raise bad_request("Invalid correct option identifier specified")
    return given


def _until(world: World, params: Params) -> dict[str, int]:
    """When the poll ends by itself; a period goes before a date.

    How Telegram refuses one that is too short or too far is said nowhere: these words are ours.
    """
    now, period, date = world.clock.timestamp(), params.integer("open_period"), params.integer("close_date")
    if period > 0:
        if period < SHORTEST_OPEN:
            raise bad_request(f"poll open period must be at least {SHORTEST_OPEN} seconds")
        period = min(period, LONGEST_OPEN)
        return {"open_period": period, "close_date": now + period}
    if date:
        if not SHORTEST_OPEN <= date - now <= LONGEST_OPEN:
            raise bad_request(
                f"poll close date must be {SHORTEST_OPEN} to {LONGEST_OPEN} seconds in the future"
            )
        return {"open_period": date - now, "close_date": date}
    return {}


def _options(params: Params) -> list[dict[str, Any]]:
    """The answers, which may come as InputPollOption or, as in older versions, as texts."""
    given = params.structure("options", "can't parse options JSON object")
    if not isinstance(given, list):
        raise bad_request("Expected an Array of String as options")
    texts = [_option(option) for option in given]
    if not texts:
        raise bad_request("Poll must have at least one answer option")
    if len(texts) > MOST_OPTIONS:
        raise bad_request(f"Poll can't have more than {MOST_OPTIONS} options")
    options = []
    for number, (text, entities) in enumerate(texts):
        if not text:
            raise bad_request("Text must be non-empty")
        if len(text) > LONGEST_OPTION:
            raise bad_request(f"Poll options length must not exceed {LONGEST_OPTION}")
        shape: dict[str, Any] = {"text": text, "voter_count": 0, "persistent_id": str(number)}
        options.append(shape | ({"text_entities": orjson.loads(entities)} if entities else {}))
    return options


def _option(given: Any) -> tuple[str, bytes]:
    if isinstance(given, str):
        return parse_text(given)
    if not isinstance(given, dict):
        raise bad_request("Expected an option to be of type String")
    fields = Fields(given)
    entities = given.get("text_entities")
    return parse_text(
        fields.text("text", needed=True),
        fields.text("text_parse_mode"),
        entities if isinstance(entities, list) else None,
    )


def stop_poll(world: World, params: Params) -> dict[str, Any]:
    """End a poll; its keyboard is replaced as by an edit (PollManager.cpp, stop_poll)."""
    markup = read_markup(params, local_apps=world.common.local_apps)
    peer = world.reachable(params.text("chat_id"))
    message = world.chat(peer).messages.get(params.integer("message_id"))
    if message is None:
        raise bad_request("message with poll to stop not found")
    if not message.media or "poll" not in message.media:
        raise bad_request("Message is not a poll")
    if not world.is_own(peer, message) or "forward_origin" in (message.extra or {}):
        raise bad_request("Poll can't be stopped")
    if message.media["poll"]["is_closed"]:
        raise bad_request("Poll has already been closed")
    if markup.kind not in {"inline", "none"}:
        raise bad_request("Inline keyboard expected")
    world.limits.check(peer.id)
    message.markup = markup.json
    message.edit_date = world.clock.timestamp()
    poll = world.common.polls.close(message.media["poll"]["id"])
    heard(world, peer)
    return poll
