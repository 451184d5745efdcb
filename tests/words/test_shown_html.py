"""A message in a page looks as in Telegram and does nothing, whoever wrote it."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words.shown_html import TAGS, shown_html

KEPT = {
    "<b>Bold <i>both</i></b> & <u>under</u>": "<b>Bold <i>both</i></b> &amp; <u>under</u>",
    '<a href="https://example.org/?a=1&amp;b=2">here</a>': (
        '<a href="https://example.org/?a=1&amp;b=2" rel="noreferrer">here</a>'
    ),
    "<tg-spoiler>hidden</tg-spoiler>": '<span class="spoiler">hidden</span>',
    "1 &lt; 2": "1 &lt; 2",
    "<b>open": "<b>open</b>",
    "<b><i>crossed</b></i>": "<b><i>crossed</i></b>",
    "line\nbreak": "line\nbreak",
}
HARMLESS = {
    '<b onclick="x()" hx-post="/console/out" hx-trigger="load">a</b>': "<b>a</b>",
    '<a href="javascript:alert(1)">a</a>': "<a>a</a>",
    '<a href=" JavaScript:alert(1)" hx-get="/">a</a>': "<a>a</a>",
    '<a href="/console/out">a</a>': "<a>a</a>",
    "<script>alert(1)</script>": "alert(1)",
    '<img src=x onerror="alert(1)">a': "a",
    "<!-- a --><style>b{}</style>": "b{}",
}


@pytest.mark.parametrize(("written", "shown"), [*KEPT.items(), *HARMLESS.items()])
def test_what_telegram_shows_is_shown_and_nothing_else_is_left(written: str, shown: str) -> None:
    assert shown_html(written) == shown


class Reader(HTMLParser):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {*TAGS, "a", "span"}
        assert {name for name, _ in attrs} <= {"href", "rel", "class"}


pieces = st.sampled_from(
    [
        "<b>",
        "</b>",
        "<a href='x:y'>",
        "</a>",
        "<i",
        " on=a>",
        "<svg/onload=a>",
        "&lt;",
        "<",
        ">",
        '"',
        "é",
        "<tg-spoiler>",
    ]
)


@given(st.lists(pieces, max_size=12).map("".join))
def test_nothing_else_is_left_of_any_text(text: str) -> None:
    reader = Reader()
    reader.feed(shown_html(text))
    reader.close()
