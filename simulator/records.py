"""What the simulator remembers, kept compact: 100,000 people with their chats fit in about 200 MB."""

from typing import Any

# What may have a caption.
CAPTIONED = frozenset(("photo", "document", "video", "animation", "audio", "voice"))

# The fields of a message that only tells what happened.
SERVICE = frozenset(
    (
        *("new_chat_members", "left_chat_member", "new_chat_title", "group_chat_created", "pinned_message"),
        *("supergroup_chat_created", "migrate_to_chat_id", "migrate_from_chat_id"),
        *("forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened"),
        *("general_forum_topic_hidden", "general_forum_topic_unhidden", "web_app_data"),
    )
)


class Person:
    """A person with an account.

    `note` says who they are to whoever plays them; the bot never sees it. `keeps` is how many of their latest
    messages stay in their chat; None: all of them.
    """

    __slots__ = (
        "deactivated",
        "first_name",
        "id",
        "keeps",
        "language_code",
        "last_name",
        "note",
        "username",
    )

    def __init__(
        self,
        *,
        id: int,
        first_name: str,
        last_name: str = "",
        username: str = "",
        language_code: str = "en",
        note: str = "",
        keeps: int | None = None,
    ) -> None:
        self.id = id
        self.first_name = first_name
        self.last_name = last_name
        self.username = username
        self.language_code = language_code
        self.note = note
        self.keeps = keeps
        self.deactivated = False

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class Message:
    """One message of a private chat or a group.

    `entities` and `markup` (the inline keyboard) are JSON as bytes, empty when there are none. `media` and
    `extra` hold Bot API fields as they are shown: photo, document, location, venue; via_bot, forward_origin…
    `text` is the caption when there is a photo or document. `event` numbers the last change. `update` numbers the
    update by which the bot is told; 0 where it is told of none. `sender` and `friend` are the two people of a message
    that is not for the bot, 0 in the chat with the bot; in a group `sender` is the person or bot, and `thread` the
    topic, 0 for the general one. `votes` has the answers to a poll, by person. `keyed`: it came with a keyboard under
    the text field, took it away or asked for an answer; Telegram lets no bot edit such a message.
    """

    __slots__ = (
        "by_bot",
        "date",
        "edit_date",
        "edits",
        "entities",
        "event",
        "extra",
        "friend",
        "inline_message_id",
        "keyed",
        "markup",
        "media",
        "message_id",
        "reactions",
        "sender",
        "text",
        "thread",
        "update",
        "votes",
    )

    def __init__(
        self,
        *,
        message_id: int,
        date: int,
        by_bot: bool,
        text: str = "",
        entities: bytes = b"",
        markup: bytes = b"",
        media: dict[str, Any] | None = None,
        extra: dict[str, Any] | None = None,
        sender: int = 0,
        friend: int = 0,
        thread: int = 0,
    ) -> None:
        self.message_id = message_id
        self.date = date
        self.by_bot = by_bot
        self.text = text
        self.entities = entities
        self.markup = markup
        self.media = media
        self.extra = extra
        self.inline_message_id = ""
        self.edit_date = 0
        self.edits = 0
        self.event = 0
        self.sender = sender
        self.friend = friend
        self.thread = thread
        self.votes: dict[int, list[int]] | None = None
        self.update = 0
        self.keyed = False
        self.reactions: dict[str, list[dict[str, Any]]] | None = None

    def react(self, who: str, reactions: list[dict[str, Any]]) -> None:
        """Set the reactions of the `bot` or of the `person`, in a group of somebody by number; none takes them back."""
        others = {each: given for each, given in (self.reactions or {}).items() if each != who}
        self.reactions = (others | {who: reactions} if reactions else others) or None

    @property
    def is_service(self) -> bool:
        """Whether it tells what happened to the group: who came, what it is called now, which topic began."""
        return self.media is not None and not SERVICE.isdisjoint(self.media)

    @property
    def has_caption(self) -> bool:
        return self.media is not None and not CAPTIONED.isdisjoint(self.media)


class Chat:
    """The private chat of one person with the bot; `reply_keyboard` is JSON, empty when none is shown.

    `read` is the number of the last message that the person has seen, `asked` of the one that the bot wants answered
    (force_reply) before they have, and `placeholder` what stands in the empty field.
    """

    __slots__ = (
        "asked",
        "deleted",
        "event",
        "messages",
        "pinned",
        "placeholder",
        "read",
        "reply_keyboard",
    )

    def __init__(self) -> None:
        self.messages: dict[int, Message] = {}
        self.deleted: list[tuple[int, int]] = []  # (message_id, event)
        self.pinned = 0
        self.read = 0
        self.asked = 0
        self.placeholder = ""
        self.reply_keyboard = b""
        self.event = 0

    def unread(self, most: int) -> int:
        """How many messages of the bot the person has not seen; not counted beyond `most`."""
        found = 0
        for message in reversed(self.messages.values()):
            if message.message_id <= self.read or found == most:
                break
            found += message.by_bot
        return found


class FriendChat:
    """What two people write to each other; `read` has the number of the last message that each has seen."""

    __slots__ = ("event", "messages", "read")

    def __init__(self) -> None:
        self.messages: dict[int, Message] = {}
        self.read: dict[int, int] = {}
        self.event = 0

    def unread(self, person_id: int) -> int:
        seen = self.read.get(person_id, 0)
        return sum(m.friend == person_id and number > seen for number, m in self.messages.items())
