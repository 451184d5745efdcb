"""Who votes online: counted from their own opening, and asked for nothing that only a polling place has."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.campaign.campaign import Campaign
from bot.words.step_values import values_for_step
from bot.words.texts import Texts
from db.vote_plans import VotePlan
from locales import LANGUAGES
from simulator.reading import as_read
from tests.words.test_step_values import PLAN, PRESIDENTIAL, PRIMARY, STEPS, lives_in

ABROAD = lives_in("abroad", country="BE", zone="Europe/Brussels")
OF_A_PLACE = {
    "fr": ("bureau", "identité", "irez", "partirez", "De chez moi", "amis", "où vous votez", "apporter"),
    "en": (
        "polling place",
        "identity",
        "you’ll go",
        "you go?",
        "From home",
        "With friends",
        "where you vote",
        "bring",
    ),
}


def said(
    campaign: Campaign, template: str, language: str, ballot: int, at: datetime, plan: VotePlan | None
) -> str:
    values = values_for_step(
        person=ABROAD._replace(language=language),
        plan=plan,
        campaign=campaign,
        ballot=ballot,
        language=language,
        bot_username="bot",
        now=at,
    )
    text = Texts({"campaign": campaign}).render(f"steps/{template}", language, **values)
    return as_read("\n".join([text.html, *(button.label for row in text.keyboard for button in row)]))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("campaign", "step", "ballot"), STEPS)
def test_no_step_speaks_of_a_polling_place(campaign: Campaign, step: Any, ballot: int, language: str) -> None:
    held = campaign.ballot(ballot).polling("abroad")
    for plan in (None, PLAN):
        text = said(campaign, step.template, language, ballot, datetime(2016, 11, 1, tzinfo=UTC), plan)
        if held.online:
            assert [words for words in OF_A_PLACE[language] if words in text] == []


@pytest.mark.parametrize("ballot", [1, 2])
@pytest.mark.parametrize(
    ("hours_before", "french", "english"),
    [
        (49, "Le vote en ligne ouvre dans deux jours.", "Online voting opens in two days."),
        (25, "Le vote en ligne ouvre demain.", "Online voting opens tomorrow."),
        (1, "Le vote en ligne ouvre aujourd’hui.", "Online voting opens today."),
        (-1, "Le vote en ligne est ouvert.", "Online voting is open."),
    ],
)
def test_days_are_counted_from_the_opening_of_the_vote(
    ballot: int, hours_before: int, french: str, english: str
) -> None:
    """Saturday at 19:00, not the Sunday on which it closes: `echo`, on Friday, says tomorrow."""
    opens = PRIMARY.ballot(ballot).polling("abroad").voting_window.starts
    at = datetime.fromtimestamp(opens.timestamp() - 3600 * hours_before, UTC)
    for language, words in (("fr", french), ("en", english)):
        for plan in (None, PLAN):
            assert words in said(PRIMARY, "echo", language, ballot, at, plan)


def test_a_consulate_counts_from_its_own_day() -> None:
    for zone, day in (("America/New_York", 8), ("Europe/Brussels", 9)):
        values = values_for_step(
            person=lives_in("abroad", country="US", zone=zone),
            plan=None,
            campaign=PRESIDENTIAL,
            ballot=1,
            language="en",
            bot_username="bot",
            now=datetime(2027, 4, day, 16, tzinfo=UTC),
        )
        assert values["days"] == 2
