"""Texts as Telegram reads them: parse modes and automatic entities, by Telegram's own parser (tdjson)."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import orjson
import tdjson

from simulator.cleaning import clean_with, is_empty, trimmed_with
from simulator.entities import Entity, check, read_entities, split
from simulator.errors import BotApiError, bad_request

MOST_ENTITIES = 100

tdjson.td_execute(b'{"@type":"setLogVerbosityLevel","new_verbosity_level":0}')

_PARSE_MODES: dict[str, dict[str, object]] = {
    "html": {"@type": "textParseModeHTML"},
    "markdown": {"@type": "textParseModeMarkdown", "version": 1},
    "markdownv2": {"@type": "textParseModeMarkdown", "version": 2},
}

_NAMES = {
    "textEntityTypeBold": "bold",
    "textEntityTypeItalic": "italic",
    "textEntityTypeUnderline": "underline",
    "textEntityTypeStrikethrough": "strikethrough",
    "textEntityTypeSpoiler": "spoiler",
    "textEntityTypeCode": "code",
    "textEntityTypePre": "pre",
    "textEntityTypePreCode": "pre",
    "textEntityTypeBlockQuote": "blockquote",
    "textEntityTypeExpandableBlockQuote": "expandable_blockquote",
    "textEntityTypeTextUrl": "text_link",
    "textEntityTypeMentionName": "text_mention",
    "textEntityTypeCustomEmoji": "custom_emoji",
    "textEntityTypeDateTime": "date_time",
    "textEntityTypeMention": "mention",
    "textEntityTypeHashtag": "hashtag",
    "textEntityTypeCashtag": "cashtag",
    "textEntityTypeBotCommand": "bot_command",
    "textEntityTypeUrl": "url",
    "textEntityTypeEmailAddress": "email",
    "textEntityTypePhoneNumber": "phone_number",
}

# Inside these, Telegram looks for no links or commands.
_OPAQUE = {"code", "pre", "text_link", "text_mention", "custom_emoji", "date_time"}

# A text without any of these holds nothing that Telegram would turn into an entity by itself.
_MAY_HOLD_ENTITIES = re.compile(r"[/@#$+]|\w\.\w")


def _execute(request: dict[str, object]) -> dict[str, Any]:
    answer = tdjson.td_execute(orjson.dumps(request))
    if answer is None:
        raise BotApiError(500, "the parser gave no answer")
    result: dict[str, Any] = orjson.loads(answer)
    if result["@type"] == "error":
        raise BotApiError(result["code"], result["message"])
    return result


def parse_text(
    text: str, parse_mode: str = "", entities: Iterable[Entity] | None = None
) -> tuple[str, bytes]:
    """The plain text and its entities as compact JSON (`b""` when there are none).

    `entities` are those that the bot gave itself; with a parse mode they are ignored, as Telegram does.
    Offsets and lengths count UTF-16 units. Raises BotApiError with Telegram's own words.
    """
    if parse_mode and parse_mode.lower() != "none":
        mode = _PARSE_MODES.get(parse_mode.lower())
        if mode is None:
            raise bad_request("unsupported parse_mode")
        result = _execute({"@type": "parseTextEntities", "text": text, "parse_mode": mode})
        text = result["text"]
        found = [entity for raw in result["entities"] if (entity := _entity(raw))]
    else:
        found = split(check(text, read_entities(list(entities or ()))))
    text, found = clean_with(text, found)
    if _MAY_HOLD_ENTITIES.search(text):
        found = _with_automatic_entities(text, found)
    text, found = trimmed_with(text, found)
    if is_empty(text):
        return "", b""
    return text, orjson.dumps(found[:MOST_ENTITIES]) if found else b""


@lru_cache(maxsize=1024)
def automatic_entities(text: str) -> tuple[tuple[str, int, int], ...]:
    """(type, offset, length) of the links, commands, mentions… that Telegram finds in a plain text."""
    result = _execute({"@type": "getTextEntities", "text": text})
    return tuple(
        (name, raw["offset"], raw["length"])
        for raw in result["entities"]
        if (name := _NAMES.get(raw["type"]["@type"]))
    )


def _with_automatic_entities(text: str, found: list[Entity]) -> list[Entity]:
    opaque = [(e["offset"], e["offset"] + e["length"]) for e in found if e["type"] in _OPAQUE]
    added = [
        {"type": name, "offset": offset, "length": length}
        for name, offset, length in automatic_entities(text)
        if not any(start < offset + length and offset < end for start, end in opaque)
    ]
    return sorted(found + added, key=lambda e: (e["offset"], -e["length"])) if added else found


def _entity(raw: dict[str, Any]) -> Entity | None:
    kind = raw["type"]
    name = _NAMES.get(kind["@type"])
    if name is None:
        return None
    entity: Entity = {"type": name, "offset": raw["offset"], "length": raw["length"]}
    if name == "text_link":
        entity["url"] = kind["url"]
    elif name == "text_mention":
        entity["user"] = {"id": kind["user_id"], "is_bot": False, "first_name": ""}
    elif name == "custom_emoji":
        entity["custom_emoji_id"] = kind["custom_emoji_id"]
    elif name == "date_time":
        entity["unix_time"] = kind["unix_time"]
        entity["date_time_format"] = _date_time_format(kind.get("formatting_type"))
    elif kind["@type"] == "textEntityTypePreCode":
        entity["language"] = kind["language"]
    return entity


def _date_time_format(formatting: dict[str, Any] | None) -> str:
    """The letters of `<tg-time format=…>`: r, or any of w, d/D, t/T."""
    if not formatting:
        return ""
    if formatting["@type"] == "dateTimeFormattingTypeRelative":
        return "r"

    def letter(precision: dict[str, str] | None, short: str) -> str:
        kind = (precision or {}).get("@type", "")
        return short.upper() if kind.endswith("Long") else short if kind.endswith("Short") else ""

    weekday = "w" if formatting.get("show_day_of_week") else ""
    return (
        weekday
        + letter(formatting.get("date_precision"), "d")
        + letter(formatting.get("time_precision"), "t")
    )
