"""What a bot offers to be sent in a person's name: results of inline queries, of Mini Apps and prepared messages.

Each is checked when the bot gives it, as Telegram does (Client.cpp, get_inline_query_result, and
InlineQueriesManager.cpp of tdlib), and read again when somebody chooses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from simulator.cleaning import trimmed
from simulator.errors import BotApiError, bad_request
from simulator.fields import Fields
from simulator.files import FileStore
from simulator.keyboards import read_inline_markup
from simulator.parse import parse_text
from simulator.places import read_live, read_place, read_venue

MOST_RESULTS = 50
LONGEST_ID = 64  # bytes
LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
PREFIX = "Can't parse inline query result: "
ELSEWHERE = "wrong remote file identifier specified: can't unserialize it. Wrong last symbol"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is sent when somebody chooses a result; `elsewhere` is the address of a file that only Telegram fetches."""

    text: str = ""
    entities: bytes = b""
    media: dict[str, Any] | None = None
    markup: bytes = b""
    preview: dict[str, Any] | None = None
    above: bool = False
    elsewhere: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """A result that is a file: where its address or number stands, what it becomes, and what must come with it."""

    url: str
    file_id: str
    kind: str
    titled: bool = False
    titled_url: bool = False
    """Whether it needs a title only where it has an address."""
    types: tuple[str, ...] = ()
    """The MIME types of which one must be named for a file that has an address."""
    called: str = ""


FILES = {
    "audio": FileKind(url="audio_url", file_id="audio_file_id", kind="audio", titled_url=True),
    "document": FileKind(
        url="document_url",
        file_id="document_file_id",
        kind="document",
        titled=True,
        types=("application/pdf", "application/zip"),
        called="document",
    ),
    "gif": FileKind(url="gif_url", file_id="gif_file_id", kind="animation"),
    "mpeg4_gif": FileKind(url="mpeg4_url", file_id="mpeg4_file_id", kind="animation"),
    "photo": FileKind(url="photo_url", file_id="photo_file_id", kind="photo"),
    "sticker": FileKind(url="", file_id="sticker_file_id", kind="sticker"),
    "video": FileKind(
        url="video_url",
        file_id="video_file_id",
        kind="video",
        titled=True,
        types=("video/mp4", "text/html"),
        called="video",
    ),
    "voice": FileKind(url="voice_url", file_id="voice_file_id", kind="voice", titled=True),
}


def check_results(results: Any, files: FileStore, *, local_apps: bool = False) -> None:
    """Refuses a list of results with the first thing that is wrong in it."""
    if not isinstance(results, list):
        raise bad_request("Expected an Array of inline query results")
    if len(results) > MOST_RESULTS:
        raise bad_request("Too many inline query results specified")
    for result in results:
        read_result(result, files, local_apps=local_apps, prefix=PREFIX)
    identifiers = [str(result["id"]) for result in results]
    if any(not 1 <= len(identifier.encode()) <= LONGEST_ID for identifier in identifiers):
        raise bad_request("RESULT_ID_INVALID")
    if len(set(identifiers)) < len(identifiers):
        raise bad_request("RESULT_ID_DUPLICATE")


def check_result(result: Any, files: FileStore, *, local_apps: bool = False) -> None:
    """Refuses a single result, of a Mini App or for later."""
    read_result(result, files, local_apps=local_apps)
    if not 1 <= len(str(result["id"]).encode()) <= LONGEST_ID:
        raise bad_request("RESULT_ID_INVALID")


def read_result(result: Any, files: FileStore, *, local_apps: bool = False, prefix: str = "") -> Content:
    """What a result would send."""
    if not isinstance(result, dict):
        raise bad_request(prefix + "Inline query result must be an object")
    fields = Fields(result, prefix)
    kind = fields.text("type", needed=True).lower()
    fields.text("id", needed=True)
    content = _given(fields, prefix, needed=kind == "article")
    try:
        caption = _formatted(fields, "caption", "caption_entities", prefix)
        markup_given = fields.inner("reply_markup")
        markup = read_inline_markup(markup_given and markup_given.values, local_apps=local_apps)
    except BotApiError as error:
        raise _within(error, prefix) from None
    if kind in FILES:
        own = _file(fields, FILES[kind], caption, files, need_content=content is None)
    elif kind in _OTHERS:
        own = _OTHERS[kind](fields)
    else:
        raise fields.refused(f'type "{kind}" is unsupported for the inline query result')
    return replace(content or own, markup=markup)


def _within(error: BotApiError, prefix: str) -> BotApiError:
    """What is wrong with a part of a result, told of the whole; what is found later says nothing of it."""
    return bad_request(prefix + error.text) if error.text.startswith("Can't parse") else error


def _given(fields: Fields, prefix: str, *, needed: bool) -> Content | None:
    """The `input_message_content`; an article must have one."""
    given = fields.inner("input_message_content")
    if given is None:  # as in the first versions of the Bot API
        text = fields.text("message_text", needed=needed)
        return _text(fields, prefix) if needed or text else None
    if given.text("message_text"):
        return _text(given, prefix)
    if "latitude" in given and "longitude" in given:
        return _venue(given) if "title" in given and "address" in given else _location(given)
    if "phone_number" in given:
        return _contact(given)
    if "payload" in given:
        raise bad_request("not simulated: invoices")
    if needed:
        raise fields.refused("Input message content is not specified")
    return None


def _text(fields: Fields, prefix: str) -> Content:
    if not fields.text("message_text"):
        raise fields.refused("Message text is empty")
    preview = fields.inner("link_preview_options")
    disabled = fields.flag("disable_web_page_preview")
    text, entities = _formatted(fields, "message_text", "entities", prefix)
    if not text:
        raise bad_request("Text must be non-empty")
    if len(text) > LONGEST_TEXT:
        raise bad_request("MESSAGE_TOO_LONG")
    options = preview.values if preview else {"is_disabled": True} if disabled else None
    return Content(text=text, entities=entities, preview=options)


def _formatted(fields: Fields, name: str, list_name: str, prefix: str) -> tuple[str, bytes]:
    given = fields.values.get(list_name)
    try:
        text, entities = parse_text(
            fields.text(name), fields.text("parse_mode"), given if isinstance(given, list) else None
        )
    except BotApiError as error:
        raise _within(error, prefix) from None
    if name == "caption" and len(text) > LONGEST_CAPTION:
        raise bad_request("MEDIA_CAPTION_TOO_LONG")
    return text, entities


def _file(
    fields: Fields, kind: FileKind, caption: tuple[str, bytes], files: FileStore, *, need_content: bool
) -> Content:
    """A file by its address, which nobody fetches here, or by the number that it has here already."""
    url = fields.text(kind.url) if kind.url else ""
    fields.text("title", needed=kind.titled or (kind.titled_url and bool(url)))
    mime_type = fields.text("mime_type", needed=bool(url and kind.types)) if kind.types else ""
    place = url or fields.text(kind.file_id, needed=True)
    text, entities = caption
    shown = Content(text=text, entities=entities, above=fields.flag("show_caption_above_media"))
    if "." in place:  # so does Telegram tell an address from a number
        if kind.kind == "sticker":
            raise bad_request("Wrong sticker_file_id specified")
        if kind.types and not mime_type.startswith(kind.types):
            raise bad_request(f"Unallowed {kind.called} MIME type")
        if kind.kind == "video" and mime_type.startswith("text/html") and need_content:
            raise bad_request("SEND_MESSAGE_MEDIA_INVALID")
        return replace(shown, elsewhere=place)
    stored = files.find(place)
    if stored is None:
        raise bad_request(ELSEWHERE)
    if stored.kind != kind.kind:
        called, wanted = (each.title().replace("_", "") for each in (stored.kind, kind.kind))
        raise bad_request(f"Can't use file of type {called} as {wanted}")
    return replace(shown, media=files.media_of(stored))


def _article(fields: Fields) -> Content:
    if not trimmed(fields.text("title", needed=True)):
        raise bad_request("ARTICLE_TITLE_EMPTY")
    return Content()


def _contact(fields: Fields) -> Content:
    names = ("phone_number", "first_name", "last_name", "vcard")
    contact = {name: fields.text(name, needed=name in names[:2]).strip() for name in names}
    if not contact["phone_number"]:
        raise bad_request('Field "phone_number" must contain a valid phone number')
    if not contact["first_name"]:
        raise bad_request('Field "first_name" must be non-empty')
    return Content(media={"contact": {name: value for name, value in contact.items() if value}})


def _location(fields: Fields) -> Content:
    place = read_place(fields) | read_live(
        fields.whole("live_period"), fields.whole("heading"), fields.whole("proximity_alert_radius")
    )
    return Content(media={"location": place})


def _titled_location(fields: Fields) -> Content:
    fields.text("title", needed=True)
    return _location(fields)


def _venue(fields: Fields) -> Content:
    return Content(media=read_venue(fields))


def _game(fields: Fields) -> Content:
    fields.text("game_short_name", needed=True)
    raise bad_request("not simulated: games")


_OTHERS: dict[str, Callable[[Fields], Content]] = {
    "article": _article,
    "contact": _contact,
    "location": _titled_location,
    "venue": _venue,
    "game": _game,
}
_START = re.compile(r"[A-Za-z0-9_-]{1,64}")


def read_button(value: Any) -> dict[str, Any] | None:
    """The `button` above the results: it starts the bot, or opens a Mini App."""
    if value is None:
        return None
    prefix = "Can't parse inline query results button: "
    if not isinstance(value, dict):
        raise bad_request(prefix + "InlineQueryResultsButton must be an Object")
    fields = Fields(value, prefix)
    text = fields.text("text", needed=True)
    if "start_parameter" in fields:
        started = fields.text("start_parameter")
        if not _START.fullmatch(started):
            raise bad_request("START_PARAM_INVALID" if started else "START_PARAM_EMPTY")
        return {"text": text, "start_parameter": started}
    if (app := fields.inner("web_app")) is not None:
        return {"text": text, "web_app": {"url": app.text("url", needed=True)}}
    raise fields.refused("InlineQueryResultsButton must have exactly one optional field")
