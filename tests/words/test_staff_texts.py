"""What staff write: tags, placeholders and lengths are checked with Telegram's own parser."""

from __future__ import annotations

from time import process_time

import pytest

from bot.errors import PortevoixError
from bot.words.staff_texts import check_staff_text, first_words, render_staff_text
from bot.words.telegram_html import check_html, parse_html, with_typed_tags


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<b>Bonjour", "errors/html_unclosed"),
        ("<foo>Bonjour</foo>", "errors/html_unknown_tag"),
        ("Bonjour</b>", "errors/html_unreadable"),
        ("Bonjour {{ prenom }}", "errors/placeholder_unknown"),
        ("{{ first_name.__class__ }}", "errors/placeholder_unknown"),
        ("{% for x in y %}", "errors/placeholder_unknown"),
        ("{{ event_title }}", "errors/placeholder_unknown"),  # a broadcast is about no event
        ("x" * 5000, "errors/text_too_long"),
        (" <b> </b> ", "errors/text_empty"),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(PortevoixError) as refusal:
        check_staff_text(text)
    assert refusal.value.message == message


def test_length_is_counted_after_parsing() -> None:
    check_html(f"<b>{'x' * 4096}</b>", 4096)
    with pytest.raises(PortevoixError):
        check_html(f"<b>{'x' * 4097}</b>", 4096)


def test_values_are_plain_whatever_they_hold() -> None:
    filled = render_staff_text(
        "Bonjour <b>{{ first_name }}</b>", "fr", lambda _name: "<i>{{ commune }}</i> & co"
    )
    assert parse_html(filled) == "Bonjour <i>{{ commune }}</i> & co"


@pytest.mark.parametrize(
    ("received", "kept"),
    [
        # Formatted with Telegram's own menu, and typed by hand.
        ("<b>Gras</b> et &lt;i&gt;italique&lt;/i&gt;", "<b>Gras</b> et <i>italique</i>"),
        (
            "&lt;a href=&quot;https://exemple.fr&quot;&gt;ici&lt;/a&gt;",
            '<a href="https://exemple.fr">ici</a>',
        ),
        # Neither is a tag.
        ("1 &lt; 2, je vous &lt;3, a &gt; b", "1 &lt; 2, je vous &lt;3, a &gt; b"),
        ("&lt;b&gt;1 &lt; 2&lt;/b&gt; &lt;", "<b>1 &lt; 2</b> &lt;"),
        ("&lt;&lt;i&gt; jamais fermé &lt;b", "&lt;<i> jamais fermé &lt;b"),
    ],
)
def test_tags_typed_by_hand_are_tags(received: str, kept: str) -> None:
    assert with_typed_tags(received) == kept


@pytest.mark.parametrize("typed", ["&lt;a ", "&lt;b&gt;", "&lt;", "&lt;b &gt;&lt;3", "&gt;", "&lt;a&lt;/a "])
def test_the_work_grows_as_the_text_does(typed: str) -> None:
    """Eight times the tags take about eight times as long; looking for each one's end anew would take 64 times."""
    few, many = (at_best(typed * number) for number in (500, 4_000))
    assert many / few < 24


def at_best(text: str) -> float:
    """The least processor time of several runs, so that nothing else on the machine counts."""
    taken = []
    for _ in range(5):
        begins = process_time()
        with_typed_tags(text)
        taken.append(process_time() - begins)
    return max(min(taken), 1e-5)


@pytest.mark.parametrize(
    ("text", "known_by"),
    [
        ("Bonjour {{ first_name }}, <b>réunion</b> jeudi", "Bonjour …, réunion jeudi"),
        ("{{ first_name }}, à jeudi !", "à jeudi !"),
        ("Notre programme est en ligne, {{ first_name }}.", "Notre programme est en ligne"),
        ("À suivre…", "À suivre…"),
    ],
)
def test_a_placeholder_leaves_no_gap_in_what_a_text_is_known_by(text: str, known_by: str) -> None:
    assert first_words(text).replace("\u202f", " ") == known_by
