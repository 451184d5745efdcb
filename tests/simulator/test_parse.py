"""Texts and entities: what Telegram's parser gives is kept, trimmed and written back as HTML."""

from html import escape

import orjson
from hypothesis import given
from hypothesis import strategies as st

from simulator.cleaning import utf16_length
from simulator.markup_text import to_html
from simulator.parse import parse_text

TAGS = st.sampled_from(["b", "i", "u", "s", "tg-spoiler", "code", "blockquote"])
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z", "Mn", "M"]), min_size=1, max_size=8
)


@st.composite
def pieces(draw: st.DrawFn) -> str:
    """HTML with one level of tags around words, as a bot would write it."""
    written = []
    for _ in range(draw(st.integers(1, 6))):
        word = escape(draw(WORDS), quote=False)
        tag = draw(st.none() | TAGS)
        written.append(f"<{tag}>{word}</{tag}>" if tag else word)
    return " ".join(written)


@given(pieces())
def test_html_parses_back_into_the_same_message(html: str) -> None:
    text, entities = parse_text(html, "HTML")
    assert parse_text(to_html(text, entities), "HTML") == (text, entities)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=60), WORDS)
def test_entities_stay_inside_the_text(around: str, word: str) -> None:
    html = f" \n<b>{escape(word)}</b>{escape(around)} \n "
    text, entities = parse_text(html, "HTML")
    assert text == text.strip(" \n")
    for entity in orjson.loads(entities or b"[]"):
        assert 0 <= entity["offset"] < entity["offset"] + entity["length"] <= utf16_length(text)


def test_offsets_count_utf16_units() -> None:
    text, entities = parse_text("😀 <b>gras</b>", "HTML")
    assert text == "😀 gras"
    assert orjson.loads(entities) == [{"type": "bold", "offset": 3, "length": 4}]
    assert to_html(text, entities) == "😀 <b>gras</b>"


def test_links_and_commands_are_found_but_not_inside_code() -> None:
    _, entities = parse_text("/start <code>/stop</code> example.org", "HTML")
    assert [(e["type"], e["offset"]) for e in orjson.loads(entities)] == [
        ("bot_command", 0),
        ("code", 7),
        ("url", 13),
    ]


def test_nested_and_overlapping_entities_are_written_as_valid_html() -> None:
    crossing = orjson.dumps(
        [{"type": "bold", "offset": 0, "length": 4}, {"type": "italic", "offset": 2, "length": 4}]
    )
    html = to_html("abcdef", crossing)
    assert parse_text(html, "HTML")[0] == "abcdef"
    nested = '<b>a <i>b <u>c</u></i></b> <a href="https://example.org/?a=1&amp;b=2">d</a>'
    assert to_html(*parse_text(nested, "HTML")) == nested


def test_given_entities_are_kept() -> None:
    text, entities = parse_text("bold", entities=[{"type": "bold", "offset": 0, "length": 4}])
    assert to_html(text, entities) == "<b>bold</b>"
