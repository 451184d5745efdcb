"""What a message of a bot answers, and in which topic it stands by that."""

from __future__ import annotations

from typing import Any

import orjson

from simulator.acting import reply_shape
from simulator.errors import bad_request
from simulator.groups import Group
from simulator.params import Params
from simulator.parse import parse_text
from simulator.records import Message
from simulator.shapes import Peer, chat_shape
from simulator.world import World


def read_reply(world: World, peer: Peer, params: Params, thread: int) -> tuple[dict[str, Any], int]:
    """The fields of a message that answers another one, and its topic: that of the other, unless `thread` names one.

    A message of another topic is answered from outside (Client.cpp, check_reply_parameters).
    """
    given = params.structure("reply_parameters", "can't parse reply parameters JSON object") or {}
    if not isinstance(given, dict):
        raise bad_request("object expected as reply parameters")
    number = Params(given).integer("message_id") or params.integer("reply_to_message_id")
    if not number:
        return {}, thread
    source = _chat_of(world, peer, given)
    replied = world.chat(source).messages.get(number)
    if replied is None:
        if given.get("allow_sending_without_reply") or params.flag("allow_sending_without_reply"):
            return {}, thread
        raise bad_request("message to be replied not found")
    quote = _quote(given, replied)
    fields: dict[str, Any] = {"quote": quote} if quote else {}
    is_forum = isinstance(peer, Group) and peer.is_forum
    if source is peer and not (is_forum and thread and thread != replied.thread):
        fields["reply_to_message"] = reply_shape(world, peer, replied)
        return fields, replied.thread if is_forum else thread
    fields["external_reply"] = _external(world, source, replied)
    return fields, thread


def _chat_of(world: World, peer: Peer, given: dict[str, Any]) -> Peer:
    """The chat in which the answered message stands: another one where the call says so."""
    named = Params(given).text("chat_id")
    return world.reachable(named) if named else peer


def _external(world: World, source: Peer, replied: Message) -> dict[str, Any]:
    """An ExternalReplyInfo."""
    sender = world.sender_of(source, replied)
    shape: dict[str, Any] = {"origin": {"type": "user", "sender_user": sender, "date": replied.date}}
    if isinstance(source, Group):
        shape |= {"chat": chat_shape(source), "message_id": replied.message_id}
    shape |= {name: value for name, value in (replied.media or {}).items() if name != "media_group_id"}
    found: dict[str, Any] = orjson.loads(orjson.dumps(shape))
    return found


def _quote(reply: dict[str, Any], replied: Message) -> dict[str, Any] | None:
    """The part of the message that is answered; the one nearest to `quote_position` (MessageQuote.cpp)."""
    if not reply.get("quote"):
        return None
    given = Params(reply)
    quote, entities = parse_text(
        given.text("quote"), given.text("quote_parse_mode"), reply.get("quote_entities")
    )
    text, wanted = replied.text.encode("utf-16-le"), quote.encode("utf-16-le")
    places = [at for at in range(0, len(text) - len(wanted) + 1, 2) if text.startswith(wanted, at)]
    if not quote or not places:
        raise bad_request("QUOTE_TEXT_INVALID")
    near = given.integer("quote_position") * 2
    shape: dict[str, Any] = {
        "text": quote,
        "position": min(places, key=lambda at: abs(at - near)) // 2,
        "is_manual": True,
    }
    if entities:
        shape["entities"] = orjson.loads(entities)
    return shape
