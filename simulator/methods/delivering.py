"""How a message of a bot comes into a chat: everything is checked first, then one message or several are added."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from simulator import topics
from simulator.errors import bad_request
from simulator.groups import GENERAL, Group
from simulator.keyboards import Markup, buttons_of, read_markup
from simulator.methods.replying import read_reply
from simulator.params import Params
from simulator.performing import heard
from simulator.shapes import Peer
from simulator.world import World

# What a key may ask for in a private chat, and how it is refused elsewhere (ReplyMarkup.cpp of tdlib).
PRIVATE_ONLY = {
    "request_contact": "Phone number can be requested",
    "request_location": "Location can be requested",
    "request_poll": "Poll can be requested",
    "request_users": "Users can be requested",
    "request_chat": "Chats can be requested",
    "web_app": "Web App buttons can be used",
}
PREVIEW_FIELDS = ("is_disabled", "url", "prefer_small_media", "prefer_large_media", "show_above_text")


def send(
    world: World, params: Params, method: str, *, extra: dict[str, Any] | None = None, **content: Any
) -> dict[str, Any]:
    """Check the keyboard, the recipient and the rate, then add the message and journal it."""
    return send_all(world, params, method, [content | {"extra": extra}])[0]


def send_all(
    world: World, params: Params, method: str, contents: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Add several messages, or none where one of them is refused; `contents` are fields of Message."""
    markup = read_markup(params, local_apps=world.common.local_apps)
    peer = world.reachable(params.text("chat_id"))
    named = read_thread(world, peer, params)
    reply, thread = read_reply(world, peer, params, named)
    if isinstance(peer, Group):
        for content in contents:
            check_may_send(world, peer, thread, content.get("media") or (), markup)
    world.limits.check(peer.id, len(contents))
    apply_reply_keyboard(world, peer, markup)
    common = _common(params) | reply
    sent = [_add(world, peer, params, method, thread, markup, common, content) for content in contents]
    heard(world, peer)
    return sent


def _add(
    world: World,
    peer: Peer,
    params: Params,
    method: str,
    thread: int,
    markup: Markup,
    common: dict[str, Any],
    content: dict[str, Any],
) -> dict[str, Any]:
    extra = common | (content.get("extra") or {})
    if content.get("media") and content.get("text") and params.flag("show_caption_above_media"):
        extra["show_caption_above_media"] = True
    where = {"sender": world.bot["id"], "thread": thread} if isinstance(peer, Group) else {}
    inline = markup.json if markup.kind == "inline" else b""
    fields = content | where | {"markup": inline, "extra": extra or None}
    message = world.add_message(peer, by_bot=True, **fields)
    if markup.kind not in {"inline", "none"}:
        world.chat(peer).asked = message.message_id if markup.kind == "force" else 0
    message.keyed = markup.kind in {"reply", "remove", "force"}
    world.journal.record(method, peer.id, message, world.clock.now())
    return world.shape(peer, message)


def _common(params: Params) -> dict[str, Any]:
    """What a call says of all that it sends."""
    extra: dict[str, Any] = {}
    if params.flag("protect_content"):
        extra["has_protected_content"] = True
    if effect := params.text("message_effect_id"):
        extra["effect_id"] = effect
    if preview := _link_preview(params):
        extra["link_preview_options"] = preview
    return extra


def apply_reply_keyboard(world: World, person: Peer, markup: Markup) -> None:
    if markup.kind in {"reply", "force"} and person.keeps != 0:
        world.chat(person).placeholder = orjson.loads(markup.json or b"{}").get("input_field_placeholder", "")
    if markup.kind == "reply":
        world.chat(person).reply_keyboard = markup.json if buttons_of(markup.json) else b""
    elif markup.kind == "remove":
        world.chat(person).reply_keyboard = b""


def read_thread(world: World, peer: Peer, params: Params) -> int:
    """The topic that a call names, 0 for none (Client.cpp, check_message_topic).

    A group without topics overlooks it; the general topic cannot be named, and private chats have none here.
    """
    thread = params.integer("message_thread_id")
    if not thread or (isinstance(peer, Group) and not peer.is_forum):
        return 0
    if not isinstance(peer, Group) or thread == GENERAL or thread not in peer.topics:
        raise bad_request("message thread not found")
    return thread


def check_may_send(world: World, group: Group, thread: int, media: Iterable[str], markup: Markup) -> None:
    """Refuses what the group, a restriction or a closed topic keeps the bot from sending."""
    if called := group.may_send(world.bot["id"], media):
        raise bad_request(f"not enough rights to send {called} to the chat")
    if not topics.may_write(group, world.bot["id"], thread):
        raise bad_request("TOPIC_CLOSED")
    for button in (button for row in buttons_of(markup.json) for button in row):
        for field, what in PRIVATE_ONLY.items():
            if field in button:
                raise bad_request(f"{what} in private chats only")


def _link_preview(params: Params) -> dict[str, Any]:
    options = params.structure("link_preview_options", "can't parse link preview options JSON object")
    if options is None:
        return {"is_disabled": True} if params.flag("disable_web_page_preview") else {}
    if not isinstance(options, dict):
        raise bad_request("object expected as link preview options")
    return {name: options[name] for name in PREVIEW_FIELDS if options.get(name)}
