"""Telegram's own parser, offline: whether a text is HTML that Telegram takes, and how long it is once parsed."""

from __future__ import annotations

import html as html_entities
import re
from typing import Any, ClassVar

import orjson
import tdjson

from bot.errors import PortevoixError

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
"""Code points after parsing: of a message, and of the caption of a photo."""

tdjson.td_execute(b'{"@type":"setLogVerbosityLevel","new_verbosity_level":0}')


class BadHtml(PortevoixError):
    """Telegram would refuse this text; the values say where and why."""

    default_message: ClassVar[str] = "errors/html_unreadable"


def parse_html(html: str) -> str:
    """The plain text that people would see. Raises BadHtml, naming the tag."""
    request = {
        "@type": "parseTextEntities",
        "text": html,
        "parse_mode": {"@type": "textParseModeHTML"},
    }
    answer = tdjson.td_execute(orjson.dumps(request))
    result: dict[str, Any] = orjson.loads(answer or b"{}")
    if result.get("@type") != "formattedText":
        raise _explained(html, str(result.get("message", "")))
    return str(result["text"])


LINKS = frozenset(
    f"textEntityType{kind}"
    for kind in ("Url", "TextUrl", "Mention", "MentionName", "EmailAddress", "Hashtag", "Cashtag")
)


def links_in(text: str) -> list[str]:
    """The words that Telegram would make a link of in a plain text, each as it is written."""
    request = {"@type": "getTextEntities", "text": text}
    found = orjson.loads(tdjson.td_execute(orjson.dumps(request)) or b"{}")
    # Telegram counts in UTF-16.
    units = text.encode("utf-16-le")
    return [
        units[2 * each["offset"] : 2 * (each["offset"] + each["length"])].decode("utf-16-le", "replace")
        for each in found.get("entities", ())
        if each["type"]["@type"] in LINKS
    ]


def check_html(html: str, limit: int) -> None:
    """Raises BadHtml unless Telegram takes the text and it has at most `limit` characters once parsed."""
    length = len(parse_html(html).strip())
    if length > limit:
        raise BadHtml(
            f"The text has {length} characters; at most {limit} fit in one message.",
            message="errors/text_too_long",
            length=length,
            limit=limit,
        )
    if length == 0:
        raise BadHtml("The text is empty.", message="errors/text_empty")


_UNSUPPORTED = re.compile(r'[Uu]nsupported start tag "(?P<tag>[^"]*)"')
_UNCLOSED = re.compile(r'end tag corresponding to start tag "?(?P<tag>[^"]*)"?')
_OFFSET = re.compile(r"byte offset (?P<offset>\d+)")
_EXCERPT = 40


def _explained(html: str, reason: str) -> BadHtml:
    offset = _OFFSET.search(reason)
    at = int(offset["offset"]) if offset else 0
    near = html.encode()[at:].decode(errors="ignore")[:_EXCERPT]
    if found := _UNSUPPORTED.search(reason):
        return BadHtml(
            f"Telegram knows no tag <{found['tag']}>.",
            message="errors/html_unknown_tag",
            tag=found["tag"],
            near=near,
        )
    if found := _UNCLOSED.search(reason):
        return BadHtml(
            f"The tag <{found['tag']}> is never closed.", message="errors/html_unclosed", tag=found["tag"]
        )
    return BadHtml(f"Telegram cannot read this text: {reason}", near=near)


_OPENS, _CLOSES = "&lt;", "&gt;"
_INSIDE = re.compile(r"/?[a-z][a-z-]*(?:\s.*)?", re.IGNORECASE | re.DOTALL)


def with_typed_tags(text_html: str) -> str:
    """HTML of a message (PTB's `text_html`) in which tags that were typed by hand are tags too.

    What Telegram formatted itself is kept; `a < b` and `<3` stay as they were typed. Each part is looked at once,
    however many tags are never closed.
    """
    pieces: list[str] = []
    kept = opens = closes = 0
    while (opens := text_html.find(_OPENS, opens)) >= 0:
        starts = opens + len(_OPENS)
        if closes < starts and (closes := text_html.find(_CLOSES, starts)) < 0:
            break
        if _INSIDE.fullmatch(text_html, starts, closes):
            tag = html_entities.unescape(text_html[starts:closes])
            pieces += (text_html[kept:opens], f"<{tag}>")
            kept = opens = closes + len(_CLOSES)
        else:
            opens = starts
    return "".join((*pieces, text_html[kept:]))
