"""Plain text and entities back into Telegram HTML, for the journal and for who reads a chat over HTTP."""

from html import escape
from typing import Any

import orjson

_TAGS = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "spoiler": "tg-spoiler",
    "code": "code",
    "blockquote": "blockquote",
}


def entities_of(entities: bytes) -> list[dict[str, Any]]:
    """Entities as they are stored (JSON, or nothing) as a list."""
    return list(orjson.loads(entities)) if entities else []


def to_html(text: str, entities: bytes) -> str:
    """Telegram HTML that parses back into the same text and entities; what nests badly is closed early."""
    if not entities:
        return escape(text, quote=False)
    units = text.encode("utf-16-le")
    marks: dict[int, None] = {0: None, len(units) // 2: None}
    spans = []
    for entity in sorted(entities_of(entities), key=lambda e: (e["offset"], -e["length"])):
        tags = _tags(entity)
        if tags:
            start, end = entity["offset"], entity["offset"] + entity["length"]
            spans.append((start, end, *tags))
            marks[start] = marks[end] = None
    return _interleave(units, sorted(marks), spans)


def _interleave(units: bytes, marks: list[int], spans: list[tuple[int, int, str, str]]) -> str:
    written: list[str] = []
    open_spans: list[tuple[int, str]] = []
    position = 0
    for start, end in zip(marks, [*marks[1:], marks[-1]], strict=True):
        while open_spans and open_spans[-1][0] <= start:
            written.append(open_spans.pop()[1])
        while position < len(spans) and spans[position][0] <= start:
            _, span_end, opening, closing = spans[position]
            position += 1
            if span_end > start:
                limit = min(span_end, open_spans[-1][0]) if open_spans else span_end
                written.append(opening)
                open_spans.append((limit, closing))
        written.append(escape(units[start * 2 : end * 2].decode("utf-16-le", "replace"), quote=False))
    written.extend(closing for _, closing in reversed(open_spans))
    return "".join(written)


def _tags(entity: dict[str, Any]) -> tuple[str, str] | None:
    """The opening and closing tag of an entity; None for what Telegram finds by itself (links, commands)."""
    kind = entity["type"]
    if kind in _TAGS:
        return f"<{_TAGS[kind]}>", f"</{_TAGS[kind]}>"
    if kind == "expandable_blockquote":
        return "<blockquote expandable>", "</blockquote>"
    if kind == "text_link":
        return f'<a href="{escape(entity["url"])}">', "</a>"
    if kind == "text_mention":
        return f'<a href="tg://user?id={entity["user"]["id"]}">', "</a>"
    if kind == "custom_emoji":
        return f'<tg-emoji emoji-id="{escape(entity["custom_emoji_id"])}">', "</tg-emoji>"
    if kind == "date_time":
        form = escape(entity.get("date_time_format", ""))
        shown = f' format="{form}"' if form else ""
        return f'<tg-time unix="{entity["unix_time"]}"{shown}>', "</tg-time>"
    if kind == "pre":
        language = entity.get("language")
        if language:
            return f'<pre><code class="language-{escape(language)}">', "</code></pre>"
        return "<pre>", "</pre>"
    return None
