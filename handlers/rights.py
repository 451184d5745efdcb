"""What somebody may always ask: seen before an update is handled, so that no flood of theirs makes it fall out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.rules.consent import Purpose
from bot.rules.kinds import Mute
from bot.rules.restriction import RestrictionGround
from bot.words.texts import CALLBACK_VERSION, without_mark
from bot.words.vocabulary import asks_to_stop
from handlers import privacy, restriction

COMMANDS = frozenset({"stop", "restrict", "delete", "consent", "mydata", "privacy", "why"})
BUTTONS = frozenset({*privacy.BUTTONS, *restriction.BUTTONS, "consent", "messages", "optout", "perhaps_stop"})
"""Choices about one's data, silence and erasure, wherever they are offered."""
ANSWERS = frozenset(
    {*Purpose, *Mute, *RestrictionGround, *restriction.WORDS}
    | {"yes", "no", "on", "off", "keep", "delete", "erase", "show", "everything"}
)
"""What these buttons say: few, so that forged ones fill nothing."""
MOST_WORDS = 2


def asked_in(update: Mapping[str, Any]) -> str | None:
    """The right that the author of this update makes use of; None where it is none of them. Never raises."""
    if isinstance(update.get("my_chat_member"), Mapping):
        return "my_chat_member"
    query, message = update.get("callback_query"), update.get("message")
    if isinstance(query, Mapping):
        data = query.get("data")
        return _right_of(data) if isinstance(data, str) else None
    text = (message.get("text") or message.get("caption")) if isinstance(message, Mapping) else None
    if not isinstance(text, str):
        return None
    if asks_to_stop(text):
        return "stop"
    command = text.split(maxsplit=1)[0].partition("@")[0].lower() if text.startswith("/") else ""
    return command[1:] if command[1:] in COMMANDS else None


def _right_of(data: str) -> str | None:
    """The button without the mark of its words, of which there are as many as somebody forges."""
    said, _ = without_mark(data.split(":"))
    version, action, *words = [*said, ""]
    meant = version == CALLBACK_VERSION and action in BUTTONS and len(words) <= MOST_WORDS + 1
    return ":".join(said) if meant and all(word in ANSWERS for word in words[:-1]) else None
