"""Groups: who is in them, what each may do, their topics. What happens there: simulator.membership and topics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from simulator.records import Chat, Message

GENERAL = 1
"""The thread of the topic that every forum has. Its messages say no thread, and none may be named to reach it."""

# What an administrator may be allowed (Client.cpp, json_store_administrator_rights for a supergroup).
RIGHTS = (
    *("can_manage_chat", "can_change_info", "can_delete_messages", "can_invite_users"),
    *("can_restrict_members", "can_pin_messages", "can_manage_topics", "can_promote_members"),
    *("can_manage_video_chats", "can_post_stories", "can_edit_stories", "can_delete_stories"),
    *("can_manage_tags", "can_send_welcome_messages", "is_anonymous"),
)
MEDIA_PERMISSIONS = (
    *("can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos"),
    *("can_send_video_notes", "can_send_voice_notes"),
)
# What everybody may do, unless the group or a restriction says otherwise (Client.cpp, json_store_permissions).
PERMISSIONS = (
    "can_send_messages",
    *MEDIA_PERMISSIONS,
    *("can_send_polls", "can_send_other_messages", "can_add_web_page_previews", "can_react_to_messages"),
    *("can_edit_tag", "can_change_info", "can_invite_users", "can_pin_messages", "can_manage_topics"),
)
# What it takes to send each kind, and how its refusal calls it (DialogParticipantManager.cpp of tdlib).
SENDING = {
    "": ("can_send_messages", "text messages"),
    "photo": ("can_send_photos", "photos"),
    "document": ("can_send_documents", "documents"),
    "video": ("can_send_videos", "videos"),
    "animation": ("can_send_other_messages", "animations"),
    "audio": ("can_send_audios", "music"),
    "voice": ("can_send_voice_notes", "voice notes"),
    "video_note": ("can_send_video_notes", "video notes"),
    "sticker": ("can_send_other_messages", "stickers"),
    "dice": ("can_send_other_messages", "dice"),
    "poll": ("can_send_polls", "polls"),
    "venue": ("can_send_messages", "venues"),
    "location": ("can_send_messages", "locations"),
    "contact": ("can_send_messages", "contacts"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """How somebody stands with a group; `rights` are those of an administrator or what a restricted one may do."""

    user_id: int
    status: str = "left"
    rights: frozenset[str] = frozenset()
    title: str = ""
    until: int = 0
    stays: bool = True
    """Whether somebody restricted is in the group."""
    promoted_by: int = 0

    @property
    def is_here(self) -> bool:
        return self.status in {"creator", "administrator", "member"} or (
            self.status == "restricted" and self.stays
        )

    @property
    def is_admin(self) -> bool:
        return self.status in {"creator", "administrator"}


@dataclass(slots=True, kw_only=True)
class Topic:
    """A topic of a forum; `thread_id` is the number of the message that made it."""

    thread_id: int
    name: str
    icon_color: int = 0x6FB9F0
    icon_custom_emoji_id: str = ""
    creator: int = 0
    closed: bool = False
    hidden: bool = False


@dataclass(slots=True, kw_only=True)
class Group:
    """A group or, where `is_super`, a supergroup; with topics where it is a forum.

    `chat` holds its messages, which are the same for everyone. `read` has the number of the last message that each
    person has seen. `upgraded_to`: the supergroup that a group has become.
    """

    id: int
    title: str
    username: str = ""
    description: str = ""
    is_super: bool = True
    is_forum: bool = False
    permissions: frozenset[str] = frozenset(PERMISSIONS) - {"can_manage_topics"}
    members: dict[int, Member] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    links: dict[str, dict[str, Any]] = field(default_factory=dict)
    came_by: dict[str, set[int]] = field(default_factory=dict)
    """Who came in by each invite link."""
    requests: dict[int, str] = field(default_factory=dict)
    """Who asks to be let in, and by which link."""
    chat: Chat = field(default_factory=Chat)
    read: dict[int, int] = field(default_factory=dict)
    upgraded_to: int = 0
    keeps: None = None

    @property
    def kind(self) -> str:
        return "supergroup" if self.is_super else "group"

    def member(self, user_id: int) -> Member:
        return self.members.get(user_id) or Member(user_id=user_id)

    def has(self, user_id: int) -> bool:
        return self.member(user_id).is_here

    @property
    def present(self) -> list[Member]:
        return [member for member in self.members.values() if member.is_here]

    def may(self, user_id: int, right: str) -> bool:
        """Whether a member has a right of administrators, or a permission that everybody may have."""
        member = self.member(user_id)
        if member.status == "creator":
            return True
        if member.status == "restricted":
            return member.stays and right in member.rights & self.permissions
        if member.status == "administrator":
            return right in member.rights or right not in RIGHTS
        return member.is_here and right in self.permissions

    def may_send(self, user_id: int, media: Iterable[str]) -> str:
        """Empty where a member may send a message with these fields of media; otherwise what they may not send."""
        kinds = [kind for kind in SENDING if kind in set(media)] or [""]
        permission, called = SENDING["animation" if "animation" in kinds else kinds[0]]
        return "" if self.may(user_id, permission) else called

    def uses(self, link: str) -> int:
        """How many of those who came by an invite link are in the group."""
        return sum(self.has(user_id) for user_id in self.came_by.get(link, ()))

    def unread(self, user_id: int, most: int) -> int:
        """How many messages of others somebody has not seen; not counted beyond `most`."""
        found = 0
        for message in reversed(self.chat.messages.values()):
            if message.message_id <= self.read.get(user_id, 0) or found == most:
                break
            found += message.sender != user_id
        return found


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a group a person does something; `topic` is 0 in the general topic and where there are none."""

    group: Group
    topic: int = 0


def restricted(member: Member, allowed: frozenset[str], until: int) -> Member:
    """The member as they stand when they may only do what is allowed."""
    return replace(
        member, status="restricted", rights=allowed, until=until, stays=member.is_here, promoted_by=0
    )


def hears(bot: dict[str, Any], reads_all: bool, group: Group, message: Message) -> bool:
    """Whether a bot is told of a message: in privacy mode, without `reads_all`, only of what is meant for it.

    https://core.telegram.org/bots/features#privacy-mode; that it is told where it is mentioned says BotFather.
    """
    if (message.media or {}).get("left_chat_member") == bot:
        return True
    if not group.has(bot["id"]):
        return False
    if message.is_service:
        return True
    if message.by_bot:
        return False
    if group.member(bot["id"]).is_admin or reads_all:
        return True
    extra = message.extra or {}
    username = str(bot["username"]).lower()
    if (extra.get("via_bot") or {}).get("id") == bot["id"]:
        return True
    if (extra.get("reply_to_message") or {}).get("from", {}).get("id") == bot["id"]:
        return True
    words = message.text.lower().split()
    if message.text.startswith("/"):
        _command, _, addressed = words[0].partition("@")
        return addressed == username if addressed else _spoke_last(group, bot["id"], message)
    return any(word.strip(".,:;!?()") == f"@{username}" for word in words)


def _spoke_last(group: Group, bot_id: int, message: Message) -> bool:
    """Whether no other bot wrote since this one did: it is the one whom a command without a name is for."""
    for earlier in reversed(group.chat.messages.values()):
        if earlier.by_bot and earlier is not message and not earlier.is_service:
            return earlier.sender == bot_id
    return True
