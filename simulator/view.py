"""A chat as a person sees it, as JSON for the page, for tests and for a rehearsal."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from simulator.keyboards import buttons_of
from simulator.markup_text import entities_of, to_html
from simulator.records import Message, Person
from simulator.world import World

# The chat list says "999" for more.
MOST_UNREAD = 999
# Characters of a text that is told in passing, and what stands for each that a spoiler hides.
BRIEF = 120
VEIL = "▒"


def person_view(world: World, person: Person) -> dict[str, Any]:
    chat = world.chats.get(person.id)
    last = next(reversed(chat.messages.values()), None) if chat else None
    return {
        "id": person.id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "username": person.username,
        "language_code": person.language_code,
        "note": person.note,
        **_standing(world, person),
        "event": chat.event if chat else 0,
        "unread": chat.unread(MOST_UNREAD) if chat else 0,
        "last_text": preview(last) if last else "",
        "last_kind": kind_of(last) if last else "",
        "last_date": iso(last.date) if last else None,
        "last_mine": bool(last and not last.by_bot),
        "last_update": last.update if last else 0,
    }


def chat_view(world: World, person: Person, after: int) -> dict[str, Any]:
    """The messages that changed after event number `after`, and the state of the whole chat."""
    chat = world.chats.get(person.id)
    if chat is None:
        empty = {"event": 0, "messages": [], "deleted": [], "reply_keyboard": None, "pinned": 0, "unread": 0}
        empty |= {"asked": 0, "placeholder": ""}
        return empty | {"seen": world.updates.seen} | _standing(world, person)
    return {
        "event": chat.event,
        "seen": world.updates.seen,
        "unread": chat.unread(MOST_UNREAD),
        "asked": chat.asked,
        "placeholder": chat.placeholder if chat.asked or chat.reply_keyboard else "",
        "messages": [message_view(message) for message in chat.messages.values() if message.event > after],
        "deleted": [message_id for message_id, event in chat.deleted if event > after],
        "reply_keyboard": reply_keyboard_view(chat.reply_keyboard),
        "pinned": chat.pinned,
    } | _standing(world, person)


def _standing(world: World, person: Person) -> dict[str, bool]:
    return {
        "started": person.id in world.started,
        "blocked": person.id in world.blocked,
        "deactivated": person.deactivated,
    }


def message_view(message: Message) -> dict[str, Any]:
    media = message.media or {}
    extra = message.extra or {}
    document = None if "animation" in media else media.get("document")
    return {
        "message_id": message.message_id,
        "from": "bot" if message.by_bot else "person",
        "text": message.text,
        "html": to_html(message.text, message.entities),
        "brief": veiled(message)[:BRIEF],
        "entities": entities_of(message.entities),
        "keyboard": [[_button_view(button) for button in row] for row in buttons_of(message.markup)],
        "edits": message.edits,
        "date": iso(message.date),
        "document": document
        and {
            "file_id": document["file_id"],
            "file_name": document["file_name"],
            "mime_type": document["mime_type"],
            "size": document["file_size"],
        },
        "photo": [
            {"file_id": size["file_id"], "width": size["width"], "height": size["height"]}
            for size in media.get("photo", [])
        ],
        "file": _file_view(media),
        "preview": preview_of(message),
        "hidden": bool(media.get("has_media_spoiler")),
        "caption_above": bool(extra.get("show_caption_above_media")),
        "poll": media.get("poll"),
        "dice": media.get("dice"),
        "album": media.get("media_group_id"),
        "reactions": message.reactions or {},
        "votes": message.votes or {},
        "venue": media.get("venue"),
        "location": media.get("location"),
        "contact": media.get("contact"),
        "web_app_data": (media.get("web_app_data") or {}).get("button_text"),
        "reply_to": (extra.get("reply_to_message") or {}).get("message_id"),
        "reply": _reply_view(extra.get("reply_to_message"), extra.get("quote"))
        or _outside_view(extra.get("external_reply"), extra.get("quote")),
        "forwarded": "forward_origin" in extra,
        "forwarded_from": (extra.get("forward_origin") or {}).get("sender_user", {}).get("first_name"),
        "via_bot": (extra.get("via_bot") or {}).get("username"),
        "protected": bool(extra.get("has_protected_content")),
        "update": message.update,
        "event": message.event,
    }


def preview_of(message: Message) -> dict[str, Any] | None:
    """The card of the first link of a text: where it leads. Nothing is fetched; a bot may forbid or choose it."""
    options = (message.extra or {}).get("link_preview_options") or {}
    if message.media or options.get("is_disabled"):
        return None
    url = str(options.get("url") or _first_link(message))
    parts = urlsplit(url if "://" in url else f"https://{url}") if url else None
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    return {
        "url": parts.geturl(),
        "site": parts.hostname.removeprefix("www."),
        "path": (parts.path + (f"?{parts.query}" if parts.query else "")).strip("/"),
        "above": bool(options.get("show_above_text")),
        "small": bool(options.get("prefer_small_media")),
    }


def _first_link(message: Message) -> str:
    units = message.text.encode("utf-16-le")
    for entity in entities_of(message.entities):
        if entity["type"] == "text_link":
            return str(entity["url"])
        if entity["type"] == "url":
            start, end = entity["offset"] * 2, (entity["offset"] + entity["length"]) * 2
            return units[start:end].decode("utf-16-le", "replace")
    return ""


def _reply_view(replied: dict[str, Any] | None, quote: dict[str, Any] | None) -> dict[str, Any] | None:
    """The message that is answered: its number, who wrote it, and how it begins or what is quoted of it."""
    if not replied:
        return None
    shown = quote or replied
    text = str(shown.get("text") or shown.get("caption") or "")
    entities = shown.get("entities") or shown.get("caption_entities") or []
    text = _veiled(text, entities)[:BRIEF]
    return {"message_id": replied["message_id"], "name": replied["from"]["first_name"], "text": text}


def _outside_view(replied: dict[str, Any] | None, quote: dict[str, Any] | None) -> dict[str, Any] | None:
    """An answered message of another chat or topic: who wrote it, and what is quoted of it or the chat's title."""
    if not replied:
        return None
    text = (
        _veiled(quote["text"], quote.get("entities") or [])
        if quote
        else replied.get("chat", {}).get("title", "")
    )
    name = replied["origin"]["sender_user"]["first_name"]
    return {"message_id": replied.get("message_id"), "name": name, "text": text[:BRIEF]}


def _button_view(button: dict[str, Any]) -> dict[str, Any]:
    return {
        "label": button["text"],
        "data": button.get("callback_data"),
        "url": button.get("url"),
        "style": button.get("style"),
        "copy": (button.get("copy_text") or {}).get("text"),
        "web_app": (button.get("web_app") or {}).get("url"),
        "inline": _inline_of(button),
    }


def _inline_of(button: dict[str, Any]) -> dict[str, Any] | None:
    """The inline query that a button begins, and where: `here`, or with somebody whom the person chooses."""
    if "switch_inline_query_current_chat" in button:
        return {"query": button["switch_inline_query_current_chat"], "here": True}
    if "switch_inline_query" in button:
        return {"query": button["switch_inline_query"], "here": False}
    if isinstance(chosen := button.get("switch_inline_query_chosen_chat"), dict):
        return {"query": chosen.get("query", ""), "here": False}
    return None


def reply_keyboard_view(markup: bytes) -> list[list[dict[str, str]]] | None:
    """Rows of keys; `asks` is location, contact, app (then with its address) or nothing."""
    if not markup:
        return None

    def asks(key: dict[str, Any]) -> str:
        if key.get("web_app"):
            return "app"
        return "location" if key.get("request_location") else "contact" if key.get("request_contact") else ""

    return [
        [
            {"label": key["text"], "asks": asks(key)}
            | ({"url": key["web_app"]["url"]} if key.get("web_app") else {})
            for key in row
        ]
        for row in buttons_of(markup)
    ]


FILES = ("video", "animation", "audio", "voice", "video_note", "sticker")
FILE_FIELDS = (
    "file_name",
    "mime_type",
    "width",
    "height",
    "length",
    "duration",
    "title",
    "performer",
    "emoji",
)


def _file_view(media: dict[str, Any]) -> dict[str, Any] | None:
    """A file that is neither a photo nor a document: its `kind`, `file_id`, `size` and whatever else is known."""
    for kind in FILES:
        if kind in media:
            shape = media[kind]
            known = {name: shape[name] for name in FILE_FIELDS if name in shape}
            return known | {"kind": kind, "file_id": shape["file_id"], "size": shape["file_size"]}
    return None


def preview(message: Message) -> str:
    """One line for a list of chats; empty for media without words, of which `kind_of` tells."""
    if message.text:
        return veiled(message)[:BRIEF].replace("\n", " ")
    media = message.media or {}
    if "poll" in media:
        return str(media["poll"]["question"])
    if "venue" in media:
        return str(media["venue"]["title"])
    if "document" in media and "animation" not in media:
        return str(media["document"]["file_name"])
    return str(media["dice"]["emoji"]) if "dice" in media else ""


def veiled(message: Message) -> str:
    """A text as it is shown in passing: what its spoilers hide stays hidden."""
    return _veiled(message.text, entities_of(message.entities))


def _veiled(text: str, entities: list[dict[str, Any]]) -> str:
    hidden = [entity for entity in entities if entity["type"] == "spoiler"]
    if not hidden:
        return text
    units = text.encode("utf-16-le")
    for entity in hidden:
        start, end = entity["offset"] * 2, (entity["offset"] + entity["length"]) * 2
        units = units[:start] + VEIL.encode("utf-16-le") * entity["length"] + units[end:]
    return units.decode("utf-16-le")


def kind_of(message: Message) -> str:
    """The kind of media of a message; empty for a text."""
    return next(iter(message.media), "") if message.media else ""


def iso(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).isoformat()
