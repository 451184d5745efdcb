"""No-break spaces: where they stand in each language, where they do not, and that every template has them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words import no_break
from bot.words.no_break import (
    LINES_KEPT,
    LONG_LINE,
    NARROW,
    NO_BREAK,
    bound,
    bound_page,
    newly_bound,
    with_plain_spaces,
)
from bot.words.staff_texts import render_staff_text
from bot.words.telegram_html import parse_html
from bot.words.texts import Texts
from locales import LANGUAGES, catalogue
from tests.said import BY_ONE_WORKER, forms, said
from tests.spaces import may_break


def shown(text: str) -> str:
    """Visible: `~` for a no-break space, `_` for a narrow one."""
    return text.replace(NO_BREAK, "~").replace(NARROW, "_")


@pytest.mark.parametrize(
    ("language", "written", "seen"),
    [
        ("fr", "Réunion publique : venez !", "Réunion publique_: venez_!"),
        ("fr", "« Oui », dit-elle ; et vous ?", "«_Oui_», dit-elle_; et vous_?"),
        ("fr", "le jeudi 24 novembre à 19 h", "le jeudi 24~novembre à 19~h"),
        ("fr", "à 19 h 30, de 19 h à 21 h", "à 19~h~30, de~19~h~à~21~h"),
        ("fr", "De 8 h à 19 h 30", "De~8~h~à~19~h~30"),
        ("fr", "le 1er décembre, les 20 et 27 novembre", "le 1er~décembre, les 20 et 27~novembre"),
        ("fr", "2 euros, 2 €, 5 %, 12 km, 17 ans, 30 jours", "2~euros, 2~€, 5~%, 12~km, 17~ans, 30~jours"),
        ("fr", "Le message n° 10, N° <b>7</b>, n° dix", "Le message n°~10, N°~<b>7</b>, n° dix"),
        ("en", "Message no. 10, <b>no.</b> 7, casino. 10", "Message no.~10, <b>no.</b>~7, casino. 10"),
        ("fr", "10 000 personnes, 4 300 000 voix", "10_000 personnes, 4_300_000 voix"),
        ("fr", "Lyon 3 et 24 personnes", "Lyon 3 et 24 personnes"),
        ("fr", "5 hommes, 5 monuments, 3 maires", "5 hommes, 5 monuments, 3 maires"),
        ("en", "Thursday 24 November at 19:00", "Thursday 24~November at 19:00"),
        ("en", "November 24th, Nov. 24, 24th of November", "November~24th, Nov.~24, 24th~of~November"),
        ("en", "from 19:00 to 21:00", "from~19:00~to~21:00"),
        ("en", "at 7 pm, 7:30 pm, 5 km, 2 euros", "at 7~pm, 7:30~pm, 5~km, 2~euros"),
        ("en", "Why : because ! (no French spaces)", "Why : because ! (no French spaces)"),
        ("en", "May I come? 5 may come.", "May I come? 5~may come."),  # bound needlessly, which nobody sees
    ],
)
def test_each_language_has_its_custom(language: str, written: str, seen: str) -> None:
    assert shown(bound(written, language)) == seen


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        # Tags may stand between a number and its unit, or before a mark.
        ("le <b>24</b> novembre : <b>19 h</b> !", "le <b>24</b>~novembre_: <b>19~h</b>_!"),
        ("de <b>8 h</b> à <b>19 h</b>", "de~<b>8~h</b>~à~<b>19~h</b>"),
        ("« <i>oui</i> »", "«_<i>oui</i>_»"),
        # What is copied, followed or read by a machine stays.
        ("<code>24 novembre 19 h : 5 km</code> ?", "<code>24 novembre 19 h : 5 km</code>_?"),
        ("<pre>5 km !</pre>", "<pre>5 km !</pre>"),
        ('<a href="tg://x?a=5 km : z">5 km</a>', '<a href="tg://x?a=5 km : z">5~km</a>'),
        ("https://exemple.fr/?x=5km&y=24 : 19 h", "https://exemple.fr/?x=5km&y=24_: 19~h"),
        ("<style>a { b : 5 px }</style> 5 km", "<style>a { b : 5 px }</style> 5~km"),
        ("`24 novembre` le 24 novembre, [x](a?b!)", "`24 novembre` le 24~novembre, [x](a?b!)"),
        ("a &lt; b : 5 &gt; 3 !", "a &lt; b_: 5 &gt; 3_!"),
    ],
)
def test_tags_code_and_addresses_are_left_alone(written: str, seen: str) -> None:
    assert shown(bound(written, "fr")) == seen


def test_beginnings_of_addresses_that_end_nowhere_are_read_once() -> None:
    beginnings = "](" * 200_000  # if each were followed to the end, this would take minutes
    assert shown(bound(f"{beginnings}a b) le 24 novembre, [x](a?b!)", "fr")) == (
        f"{beginnings}a b) le 24~novembre, [x](a?b!)"
    )


_PIECES = st.sampled_from(
    "5|24|19|30|000|1er|h|km|novembre|November|de|à|from|to|pm|of|the|?|!|:|«|»|<b>|</b>|<code>|</code>|`|\n| | |"
    "\u00a0|\u202f|%|–|-|<a href='x : 5 km'>|</a>|\ue000|&lt;|é".split("|")
)


@given(st.lists(_PIECES, max_size=25).map("".join) | st.text(max_size=60), st.sampled_from(sorted(LANGUAGES)))
def test_twice_is_once_and_nothing_but_spaces_changes(text: str, language: str) -> None:
    once = bound(text, language)
    assert bound(once, language) == once
    assert with_plain_spaces(once) == with_plain_spaces(text)
    assert len(once) == len(text)


_LINES = st.sampled_from(
    "a ?|le 24 novembre|<b|x='5 km'>|<code>|</code>|<pre>5 km|</pre>|<script>|</script>|```|`|5</td></tr>|\n|\n".split(
        "|"
    )
)


@given(st.lists(_PIECES | _LINES, max_size=25).map("".join), st.sampled_from(sorted(LANGUAGES)))
def test_a_page_is_bound_by_its_lines_as_it_is_at_once(page: str, language: str) -> None:
    assert bound_page(page, language) == newly_bound(page, language)


def test_rows_and_choices_end_a_line_of_a_page() -> None:
    row, choice = "<tr><td>le 24 novembre</td></tr>", "<option>à 19 h</option>"
    page = f"{row * LONG_LINE}\n{choice * LONG_LINE}\n<a\nhref='à 5 km'>à 5 km</a>"
    for each in (page, page.rpartition("\n<a")[0]):
        assert bound_page(each, "fr") == newly_bound(each, "fr")


def test_of_lines_that_were_bound_no_word_is_kept() -> None:
    page = "<p>Solveig vient à 19 h</p>\n<p>Solveig</p>"
    assert bound_page(page, "fr") == bound_page(page, "fr") == newly_bound(page, "fr") != page
    assert no_break._places_kept
    assert "Solveig" not in repr(no_break._places_kept)


def test_few_lines_are_kept() -> None:
    for number in range(2 * LINES_KEPT):
        bound_page(f"à {number} km", "fr")
    assert len(no_break._places_kept) == LINES_KEPT
    assert shown(bound_page("à 5 km", "fr")) == "à 5~km"


# -- everything that is shown has them --

FILLINGS = (
    "5",
    "19 h",
    "24 novembre",
    "24 November",
    "de 19 h à 21 h",
    "from 19:00 to 21:00",
    "« A »",
    "10 000",
)


@BY_ONE_WORKER
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_is_bound_in_every_language(language: str) -> None:
    """Each of its sentences, whatever number, hour or day fills it."""
    sources = [source for message in said() for source in forms(message.id) if source]
    assert len(sources) > 3_000
    for source in sources:
        written = re.sub(r"<code>.*?</code>", "", catalogue(language).gettext(source))
        for filling in FILLINGS if "%(" in written else ("",):
            filled = re.sub(r"%\(\w+\)s", filling, written)
            assert may_break(bound(filled, language), language) == [], source


def test_the_tests_would_see_a_space_that_is_missing() -> None:
    for language in LANGUAGES:
        assert all(
            may_break(filling, language)
            for filling in FILLINGS
            if filling
            in {
                "fr": ("19 h", "24 novembre", "de 19 h à 21 h", "« A »", "10 000"),
                "en": ("24 November", "from 19:00 to 21:00", "10 000"),
            }[language]
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_dates_hours_labels_and_values_are_bound(language: str, tmp_path: Path) -> None:
    """What the filters write, in the words of a message, on a button and on a key."""
    texts = Texts({})
    environment = texts._environments[language]
    source = (
        "{% set when %}{{ day|day }}, {{ moment|moment('Europe/Paris') }}, {{ hour|hour }}, "
        "{{ 12345|number }} km{% endset %}"
        "{{ when }}{{ button(when, 'rsvp', 'x 5 km : y') }}{{ link(when, 'https://e.fr/?q=5 km : z') }}"
        "{{ ask_location(when) }}"
    )
    (tmp_path / "probe.html.j2").write_text(source, encoding="utf-8")
    environment.loader.searchpath.append(str(tmp_path))
    try:
        text = texts.render(
            "probe",
            language,
            day=date(2016, 11, 24),
            moment=datetime(2016, 11, 24, 18, tzinfo=UTC),
            hour=time(19, 30),
        )
    finally:
        environment.loader.searchpath.pop()
    (row,) = text.keyboard
    said = [text.html, text.plain, text.location_request or "", *(button.label for button in row)]
    for words in said:
        assert may_break(words, language) == []
        assert NO_BREAK in words
    assert NO_BREAK not in text.written
    # What machines read is as it was.
    assert (row[0].data, row[1].url) == ("1:rsvp:x 5 km : y", "https://e.fr/?q=5 km : z")


def test_what_staff_write_is_bound_around_its_placeholders() -> None:
    written = "Bonjour {{ first_name }} ! Rendez-vous le 24 novembre : « {{ event_title }} » ?"
    filled = render_staff_text(written, "fr", {"first_name": "Zoé 5 km", "event_title": "Oui"}.__getitem__)
    # A name stays as it is.
    assert shown(filled) == "Bonjour Zoé 5 km_! Rendez-vous le 24~novembre_: «_Oui_»_?"
    assert "5 km" in parse_html(filled)
