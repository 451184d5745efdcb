"""What happens to the topics of a forum. Each change stands in the topic as a message that says so."""

from __future__ import annotations

from typing import Any

from simulator.common import Common
from simulator.groups import GENERAL, Group, Topic
from simulator.membership import tell
from simulator.world import World

LONGEST_NAME = 128
# The colours that an icon may have (Bot API, createForumTopic).
COLOURS = (0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F)


def general(group: Group) -> Topic:
    """The topic that every forum has; it is kept from the moment something is changed in it."""
    return group.topics.setdefault(GENERAL, Topic(thread_id=GENERAL, name="General"))


def may_edit(group: Group, user_id: int, topic: Topic) -> bool:
    """Administrators may who have the right, and whoever made the topic."""
    member = group.member(user_id)
    return topic.creator == user_id or (member.is_admin and group.may(user_id, "can_manage_topics"))


def may_write(group: Group, user_id: int, thread: int) -> bool:
    """In a closed topic only those may write who may edit it."""
    topic = group.topics.get(thread or GENERAL)
    return topic is None or not topic.closed or may_edit(group, user_id, topic)


def create(
    common: Common[World], group: Group, creator: int, name: str, *, color: int = 0, emoji: str = ""
) -> Topic:
    color = color or COLOURS[0]
    icon: dict[str, Any] = {"icon_color": color} | ({"icon_custom_emoji_id": emoji} if emoji else {})
    message = tell(common, group, creator, {"forum_topic_created": {"name": name, **icon}})
    topic = Topic(
        thread_id=message.message_id,
        name=name,
        icon_color=color,
        icon_custom_emoji_id=emoji,
        creator=creator,
    )
    group.topics[topic.thread_id] = topic
    common.first.changed(group)
    return topic


def edit(
    common: Common[World], group: Group, actor: int, topic: Topic, *, name: str = "", emoji: str | None = None
) -> bool:
    """Whether something is otherwise now."""
    changes: dict[str, Any] = {}
    if name and name != topic.name:
        topic.name = changes["name"] = name
    if emoji is not None and emoji != topic.icon_custom_emoji_id:
        topic.icon_custom_emoji_id = changes["icon_custom_emoji_id"] = emoji
    if changes:
        _tell(common, group, actor, topic, {"forum_topic_edited": changes})
    return bool(changes)


def close(common: Common[World], group: Group, actor: int, topic: Topic, closed: bool) -> bool:
    """Close or reopen; whether that is new."""
    if topic.closed == closed:
        return False
    topic.closed = closed
    if not closed and topic.hidden:
        topic.hidden = False
    _tell(common, group, actor, topic, {f"forum_topic_{'closed' if closed else 'reopened'}": {}})
    return True


def hide(common: Common[World], group: Group, actor: int, hidden: bool) -> bool:
    """Hide or show the general topic; one that is hidden is closed too. Whether that is new."""
    topic = general(group)
    if topic.hidden == hidden:
        return False
    topic.hidden = hidden
    topic.closed = hidden or topic.closed
    _tell(common, group, actor, topic, {f"general_forum_topic_{'hidden' if hidden else 'unhidden'}": {}})
    return True


def delete(common: Common[World], group: Group, topic: Topic) -> None:
    """A topic goes with all of its messages; Telegram tells no bot of that."""
    del group.topics[topic.thread_id]
    gone = [number for number, message in group.chat.messages.items() if message.thread == topic.thread_id]
    for number in gone:
        common.first.delete_message(group, number)
    common.first.changed(group)


def _tell(common: Common[World], group: Group, actor: int, topic: Topic, happened: dict[str, Any]) -> None:
    thread = 0 if topic.thread_id == GENERAL else topic.thread_id
    tell(common, group, actor, happened, thread=thread)
