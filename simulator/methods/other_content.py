"""Methods that send what is no file: a contact, a die, a poll."""

from __future__ import annotations

import secrets
from typing import Any

from simulator.errors import bad_request
from simulator.groups import Group
from simulator.methods.sending import LONGEST_TEXT, parsed, read_thread, send
from simulator.params import Params
from simulator.parse import parse_text
from simulator.performing import heard
from simulator.polls import LONGEST_OPTION, LONGEST_QUESTION, MOST_OPTIONS, closed, new_poll
from simulator.world import World

# How many sides each has.
DICE = {"🎲": 6, "🎯": 6, "🎳": 6, "🏀": 5, "⚽": 5, "🎰": 64}


def send_message_draft(world: World, params: Params) -> bool:
    """Show a text that is still being written, until the next one or a message: the bot streams it."""
    text, _ = parsed(params, "text", "entities")
    if len(text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    person = world.reachable(params.text("chat_id"))
    if isinstance(person, Group):
        raise bad_request("TEXTDRAFT_PEER_INVALID")
    if not params.integer("draft_id"):
        raise bad_request("draft identifier must be non-zero")
    read_thread(world, person, params)
    about = {"person": person.id, "bot": world.bot["id"], "action": "typing"}
    world.stream.tell({"type": "action", **about, "draft": text})
    return True


def send_contact(world: World, params: Params) -> dict[str, Any]:
    for name in ("phone_number", "first_name"):
        if not params.text(name):
            raise bad_request(f'parameter "{name}" is required')
    names = ("phone_number", "first_name", "last_name", "vcard")
    contact = {name: params.text(name) for name in names if params.text(name)}
    return send(world, params, "sendContact", media={"contact": contact})


def send_dice(world: World, params: Params) -> dict[str, Any]:
    emoji = params.text("emoji").replace("\ufe0f", "") or "🎲"
    if emoji not in DICE:
        raise bad_request("EMOTICON_INVALID")
    dice = {"emoji": emoji, "value": secrets.randbelow(DICE[emoji]) + 1}
    return send(world, params, "sendDice", media={"dice": dice})


def send_poll(world: World, params: Params) -> dict[str, Any]:
    question, _ = parse_text(params.text("question"), params.text("question_parse_mode"))
    if not question:
        raise bad_request("poll question must be non-empty")
    if len(question) > LONGEST_QUESTION:
        raise bad_request(f"poll question length must not exceed {LONGEST_QUESTION}")
    kind = params.text("type") or "regular"
    if kind not in {"regular", "quiz"}:
        raise bad_request("unsupported poll type specified")
    poll = new_poll(
        str(world.common.free_group_id()),
        question,
        _options(params),
        quiz=kind == "quiz",
        anonymous=_flag(params, "is_anonymous", True),
        several=params.flag("allows_multiple_answers"),
        revoting=_flag(params, "allows_revoting", kind != "quiz"),
        correct=_correct(params),
        is_closed=params.flag("is_closed"),
    )
    return send(world, params, "sendPoll", media={"poll": poll})


def _flag(params: Params, name: str, default: bool) -> bool:
    return params.flag(name) if name in params.values else default


def _correct(params: Params) -> list[int]:
    """The right answers of a quiz; the words of the refusals are from Client.cpp."""
    if "correct_option_ids" not in params.values:
        return [params.integer("correct_option_id")] if "correct_option_id" in params.values else []
    given = params.structure("correct_option_ids", "can't parse correct option identifiers JSON object")
    if not isinstance(given, list):
        raise bad_request("expected an Array of correct option identifiers")
    if any(isinstance(number, bool) or not isinstance(number, int) for number in given):
        raise bad_request("correct option identifier must be of type Number")
    return given


def _options(params: Params) -> list[str]:
    """The texts of the answers, which may come as InputPollOption or, as in older versions, as texts."""
    given = params.structure("options", "can't parse options JSON object")
    if not isinstance(given, list):
        raise bad_request("expected an Array of String as options")
    if not given:
        raise bad_request("poll must have at least one answer option")
    if len(given) > MOST_OPTIONS:
        raise bad_request(f"poll can't have more than {MOST_OPTIONS} options")
    texts = [str(each.get("text", "")) if isinstance(each, dict) else str(each) for each in given]
    if any(not text.strip() for text in texts):
        raise bad_request("poll options must be non-empty")
    if any(len(text) > LONGEST_OPTION for text in texts):
        raise bad_request(f"poll options length must not exceed {LONGEST_OPTION}")
    return texts


def stop_poll(world: World, params: Params) -> dict[str, Any]:
    person = world.reachable(params.text("chat_id"))
    message = world.chat(person).messages.get(params.integer("message_id"))
    if message is None:
        raise bad_request("message with poll to stop not found")
    if not world.is_own(person, message) or not message.media or "poll" not in message.media:
        raise bad_request("message with poll to stop not found")
    if message.media["poll"]["is_closed"]:
        raise bad_request("poll has already been closed")
    poll = closed(message.media["poll"])
    message.media = {**message.media, "poll": poll}
    world.changed(person, message)
    world.tell_bot("poll", person, poll)
    heard(world, person)
    return poll
