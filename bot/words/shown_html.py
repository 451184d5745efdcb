"""A message's HTML for a page: what Telegram shows of it, and no attribute or tag that a browser would act on.

Telegram's parser passes over what it does not know, so a text that it accepts may hold anything. Here the few tags that
it shows are written anew; of attributes, only where a link leads.
"""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

from markupsafe import Markup, escape

TAGS = frozenset("b strong i em u ins s strike del code pre blockquote".split())
SCHEMES = frozenset({"http", "https", "mailto", "tel", "tg"})
SPOILER = "tg-spoiler"


def shown_html(html: str) -> Markup:
    """A text of the chat with the look it has there, harmless in a page."""
    writer = _Writer()
    writer.feed(html)
    writer.close()
    return writer.written()


class _Writer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[Markup] = []
        self._open: list[str] = []

    def written(self) -> Markup:
        while self._open:
            self._end(self._open[-1])
        return Markup("").join(self._parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            href = dict(attrs).get("href") or ""
            link = Markup('<a href="{}" rel="noreferrer">').format(href)
            self._begin(tag, link if _leads_somewhere(href) else Markup("<a>"))
        elif tag == SPOILER or (tag == "span" and ("class", SPOILER) in attrs):
            self._begin(tag, Markup('<span class="spoiler">'))
        elif tag in TAGS:
            self._begin(tag, Markup("<{}>").format(tag))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open[-1] != tag:
                self._end(self._open[-1])
            self._end(tag)

    def handle_data(self, data: str) -> None:
        self._parts.append(escape(data))

    def _begin(self, tag: str, written: Markup) -> None:
        self._open.append(tag)
        self._parts.append(written)

    def _end(self, tag: str) -> None:
        self._open.pop()
        self._parts.append(Markup("</span>") if tag == SPOILER else Markup("</{}>").format(tag))


def _leads_somewhere(href: str) -> bool:
    try:
        return urlsplit(href).scheme.lower() in SCHEMES
    except ValueError:
        return False
