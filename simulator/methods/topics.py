"""Methods about the topics of a forum; the words of the refusals are of ForumTopicManager.cpp of tdlib."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator import topics
from simulator.errors import bad_request
from simulator.groups import GENERAL, Group, Topic
from simulator.methods.groups import group_of
from simulator.params import Params
from simulator.world import World

NO_FORUM = "the chat is not a forum"
# What the server itself says of a topic that is not there, or that stands already as it should.
UNKNOWN, SAME = "TOPIC_ID_INVALID", "TOPIC_NOT_MODIFIED"
# Custom emojis are Telegram's own: these stand for what getForumTopicIconStickers lists there.
ICONS = {"5434144690511290129": "📰", "5312536423851630001": "💡", "5350554349074391003": "💻"}


def _forum(world: World, params: Params) -> Group:
    group = group_of(world, params, NO_FORUM)
    if not group.is_forum:
        raise bad_request(NO_FORUM)
    return group


def _topic(group: Group, params: Params) -> Topic:
    topic = group.topics.get(params.integer("message_thread_id"))
    if topic is None:
        if params.integer("message_thread_id") == GENERAL:
            return topics.general(group)
        raise bad_request(UNKNOWN if params.integer("message_thread_id") > 0 else NO_TOPIC)
    return topic


NO_TOPIC = "invalid forum topic identifier specified"


def create_forum_topic(world: World, params: Params) -> dict[str, Any]:
    """It counts for the rate as a message does."""
    group = _forum(world, params)
    bot_id = world.bot["id"]
    if not group.may(bot_id, "can_manage_topics"):
        raise bad_request("not enough rights to create a topic")
    name = params.text("name").strip()[: topics.LONGEST_NAME]
    if not name:
        raise bad_request("name must be non-empty")
    color = params.integer("icon_color")
    if color and color not in topics.COLOURS:
        raise bad_request("invalid icon color specified")
    world.limits.check(group.id)
    emoji = params.text("icon_custom_emoji_id")
    topic = topics.create(world.common, group, bot_id, name, color=color, emoji=emoji)
    shape: dict[str, Any] = {
        "message_thread_id": topic.thread_id,
        "name": name,
        "icon_color": topic.icon_color,
    }
    return shape | ({"icon_custom_emoji_id": emoji} if emoji else {})


def edit_forum_topic(world: World, params: Params) -> bool:
    group = _forum(world, params)
    topic = _topic(group, params)
    _check_edit(world, group, topic, "edit the topic")
    emoji = params.text("icon_custom_emoji_id") if "icon_custom_emoji_id" in params.values else None
    return _edit(world, group, topic, params.text("name"), emoji)


def edit_general_forum_topic(world: World, params: Params) -> bool:
    group = _forum(world, params)
    topic = topics.general(group)
    _check_edit(world, group, topic, "edit the topic")
    return _edit(world, group, topic, params.text("name"), None)


def _edit(world: World, group: Group, topic: Topic, name: str, emoji: str | None) -> bool:
    if name and not name.strip():
        raise bad_request("name must be non-empty")
    if not name and emoji is None:
        return True
    name = name.strip()[: topics.LONGEST_NAME]
    if not topics.edit(world.common, group, world.bot["id"], topic, name=name, emoji=emoji):
        raise bad_request(SAME)
    return True


def _check_edit(world: World, group: Group, topic: Topic, what: str) -> None:
    if not topics.may_edit(group, world.bot["id"], topic):
        raise bad_request(f"not enough rights to {what}")


def closing(closed: bool, *, of_general: bool = False) -> Callable[[World, Params], bool]:
    """The method that closes or reopens a topic."""

    def close_topic(world: World, params: Params) -> bool:
        group = _forum(world, params)
        topic = topics.general(group) if of_general else _topic(group, params)
        _check_edit(world, group, topic, "close or open the topic")
        if not topics.close(world.common, group, world.bot["id"], topic, closed):
            raise bad_request(SAME)
        return True

    return close_topic


def hiding(hidden: bool) -> Callable[[World, Params], bool]:
    """The method that hides the general topic or shows it again."""

    def hide_general(world: World, params: Params) -> bool:
        group = _forum(world, params)
        _check_edit(world, group, topics.general(group), "close or open the topic")
        if not topics.hide(world.common, group, world.bot["id"], hidden):
            raise bad_request(SAME)
        return True

    return hide_general


def delete_forum_topic(world: World, params: Params) -> bool:
    group = _forum(world, params)
    topic = _topic(group, params)
    if topic.thread_id == GENERAL:
        raise bad_request(UNKNOWN)
    others = any(
        message.thread == topic.thread_id and message.sender != world.bot["id"]
        for message in group.chat.messages.values()
    )
    if not group.may(world.bot["id"], "can_delete_messages") and (topic.creator != world.bot["id"] or others):
        raise bad_request("not enough rights to delete the topic")
    topics.delete(world.common, group, topic)
    return True


def unpinning(*, of_general: bool) -> Callable[[World, Params], bool]:
    """The method that takes the pin off what is pinned in a topic."""

    def unpin(world: World, params: Params) -> bool:
        group = _forum(world, params)
        thread = 0 if of_general else _topic(group, params).thread_id
        if not group.may(world.bot["id"], "can_pin_messages"):
            raise bad_request("not enough rights to pin or unpin the topic")
        pinned = group.chat.messages.get(group.chat.pinned)
        if pinned and pinned.thread == thread:
            group.chat.pinned = 0
            world.changed(group)
        return True

    return unpin


def get_forum_topic_icon_stickers(world: World, _params: Params) -> list[dict[str, Any]]:
    return [
        {
            "type": "custom_emoji",
            "custom_emoji_id": number,
            "emoji": emoji,
            "width": 100,
            "height": 100,
            "is_animated": False,
            "is_video": False,
            "file_id": f"CAAC{number}",
            "file_unique_id": number,
        }
        for number, emoji in ICONS.items()
    ]
