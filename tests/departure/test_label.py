"""EU 2024/900: under a profile that asks for it, every political message carries the label, whatever composes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import communes
from bot.actions.broadcasts import STAFF_KINDS
from bot.campaign.campaign import load_campaign
from bot.departure.composable import Draft
from bot.departure.compose import Composer, compose_broadcast
from bot.rules.kinds import Kind
from bot.words.step_values import values_for_step
from bot.words.telegram_html import check_html, parse_html
from bot.words.texts import Texts
from locales import LANGUAGES
from simulator.reading import as_read
from tests.departure.test_compose import AWA, EVENT, WORDS
from tests.frozen import FROZEN

# With the neutral reminders of the polling day, which a campaign may allow.
CAMPAIGN = replace(
    load_campaign(Path("campaigns/presidentielle-2027"), languages=LANGUAGES),
    steps=load_campaign(FROZEN, languages=LANGUAGES).steps,
)
TEXTS = Texts({"campaign": CAMPAIGN})
COMPOSER = Composer(texts=TEXTS, campaign=CAMPAIGN, gazetteer=communes.load(), bot_username="bot")
NOW = datetime(2027, 3, 10, 9, tzinfo=UTC)
SAYS = {"fr": "Publicité à caractère politique", "en": "Political advertisement"}
# Neutral by definition: a day, hours and a place, of no candidate. It advertises nothing, and bears no name.
NEUTRAL = {step.name for step in CAMPAIGN.steps if step.kind is Kind.CIVIC_NEUTRAL}


def must_be_labelled(html: str, language: str) -> None:
    """The statement, the sponsor, who controls it, the election, the period, the notice and the way to it (art. 11)."""
    label = CAMPAIGN.label
    assert label is not None
    shown = as_read(parse_html(html))
    for told in (
        SAYS[language],
        label.sponsor,
        label.controlled_by,
        CAMPAIGN.text(label.election, language),
        CAMPAIGN.text(label.period, language),
        label.notice,
        "/why",
        CAMPAIGN.sender.name,
    ):
        assert told is not None
        assert told in shown


@pytest.mark.parametrize("language", SAYS)
@pytest.mark.parametrize("kind", [kind for kind in STAFF_KINDS if kind is not Kind.CIVIC_NEUTRAL])
@pytest.mark.parametrize("photo", [None, "file"])
def test_what_staff_write(kind: Kind, photo: str | None, language: str) -> None:
    person = AWA._replace(language=language)
    texts = {"fr": "Bonjour", "en": "Hello"}
    call = compose_broadcast(COMPOSER, Draft(kind=kind, photo=photo), texts, person, now=NOW)
    must_be_labelled(call.payload["caption" if photo else "text"], language)


@pytest.mark.parametrize("language", SAYS)
@pytest.mark.parametrize("what", ["invitation", "changed", "cancelled", "eve", "same_day", "after"])
def test_messages_on_an_event(what: str, language: str) -> None:
    draft = Draft(
        kind="event_invite" if what == "invitation" else "event_service", template=f"broadcasts/event_{what}"
    )
    person = AWA._replace(language=language)
    call = compose_broadcast(COMPOSER, draft, {}, person, now=NOW, event=EVENT, event_texts=WORDS)
    must_be_labelled(call.payload["text"], language)


@pytest.mark.parametrize("language", SAYS)
@pytest.mark.parametrize("step", [step.name for step in CAMPAIGN.steps if step.name not in NEUTRAL])
def test_reminder_steps(step: str, language: str) -> None:
    person = AWA._replace(language=language, pseudonym="p1", zone="Europe/Paris", country=None)
    values = values_for_step(
        person=person, plan=None, campaign=CAMPAIGN, ballot=1, language=language, bot_username="bot", now=NOW
    )
    text = TEXTS.render(
        f"steps/{CAMPAIGN.step(step).template}",
        language,
        person=person,
        zone="Europe/Paris",
        now=NOW,
        **values,
    )
    check_html(text.html, 4096)
    must_be_labelled(text.html, language)


def test_only_the_reminders_of_the_day_are_neutral() -> None:
    assert {"go", "last"} == NEUTRAL
