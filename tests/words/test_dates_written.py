"""Dates as people read them: the year where it does not go without saying, the first of a month in its own form."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot.campaign.campaign import load_campaign
from bot.words.texts import Texts
from tests.frozen import FROZEN

CAMPAIGN = load_campaign(FROZEN)
"""It votes in November 2016."""


@pytest.mark.parametrize(
    ("language", "template", "said", "words"),
    [
        # An event of the year in which the campaign votes, and a typo of that year: nobody takes it for the other.
        ("fr", "{{ at|day }}", date(2016, 11, 18), "vendredi 18 novembre"),
        ("fr", "{{ at|day }}", date(2036, 11, 18), "mardi 18 novembre 2036"),
        ("en", "{{ at|day }}", date(2036, 11, 18), "Tuesday 18 November 2036"),
        (
            "en",
            "{{ at|moment('Europe/Paris') }}",
            datetime(2017, 1, 2, 9, tzinfo=UTC),
            "Monday 2 January 2017 at 10:00",
        ),
        # The zone decides of what year it is.
        (
            "fr",
            "{{ at|moment('Europe/Paris') }}",
            datetime(2016, 12, 31, 23, 30, tzinfo=UTC),
            "dimanche 1er janvier 2017 à 0 h 30",
        ),
        ("fr", "{{ at|day }}", date(2016, 12, 1), "jeudi 1er décembre"),
        ("fr", "{{ at|day_and_month }}", date(2016, 12, 1), "1er déc."),
        ("fr", "{{ at|date }}", date(2016, 12, 1), "1er décembre 2016"),
        ("fr", "{{ at|date }}", date(2016, 12, 11), "11 décembre 2016"),
        ("en", "{{ at|date }}", date(2016, 12, 1), "1 December 2016"),
    ],
)
def test_a_date_says_its_year_where_it_is_another(
    language: str, template: str, said: date, words: str
) -> None:
    environment = Texts({"campaign": CAMPAIGN})._environments[language]
    written = environment.from_string(template).render(at=said)
    assert written.replace("\u00a0", " ").replace("\u202f", " ") == words


def test_whoever_reads_today_is_told_the_year_of_any_other() -> None:
    environment = Texts({"campaign": CAMPAIGN})._environments["en"]
    now = datetime(2017, 1, 3, tzinfo=UTC)
    for said, words in (
        (date(2016, 11, 20), "Sunday 20 November 2016"),
        (date(2017, 1, 5), "Thursday 5 January"),
    ):
        assert environment.from_string("{{ at|day }}").render(at=said, now=now) == words
