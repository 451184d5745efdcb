"""A broadcast as one person receives it, from rows that were loaded before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot import communes
from bot.departure.composable import Draft
from bot.departure.compose import Composer, compose_broadcast
from bot.rules.ballots import Ballot
from bot.rules.kinds import Kind
from bot.words.telegram_html import check_html, parse_html
from bot.words.texts import Texts
from db.events import Event, EventText, text_in
from db.people import Person
from simulator.reading import as_read
from tests.conversation import CAMPAIGN, paris

NOW = datetime(2016, 11, 16, 9, tzinfo=UTC)
COMPOSER = Composer(
    texts=Texts({"campaign": CAMPAIGN}), campaign=CAMPAIGN, gazetteer=communes.load(), bot_username="bot"
)
UNSET: dict[str, Any] = dict.fromkeys(Person._fields) | {
    name: False for name in Person._fields if name.startswith(("consent", "mutes", "volunteer"))
}
AWA = Person(
    **UNSET
    | {
        "id": 1,
        "telegram_id": 42,
        "language": "fr",
        "first_name": "Awa <3",
        "commune": "69123",
        "territory": "FR",
    }
)
EVENT = Event(
    id=1,
    code="ab12",
    state="open",
    starts_at=paris("2016-11-24T19:00"),
    ends_at=paris("2016-11-24T21:00"),
    zone="Europe/Paris",
    commune="69123",
    department="69",
    region="84",
    territory="FR",
    address="Salle Molière",
    latitude=None,
    longitude=None,
    pinned=False,
    created_by=1,
    created_at=NOW,
    sequence=0,
)
WORDS = {
    "fr": EventText(title="Réunion", description="Venez & parlez"),
    "en": EventText(title="Meeting", description=""),
}
NEWS = Draft(kind="persuasion")
IN_TOKYO = AWA._replace(territory="abroad", commune=None, country="JP", zone="Asia/Tokyo")


def html(person: Person, text: str) -> str:
    call = compose_broadcast(COMPOSER, NEWS, {"fr": text}, person, now=NOW)
    assert (call.method, call.chat) == ("sendMessage", 42)
    return as_read(call.payload["text"])


@pytest.mark.parametrize(
    ("text", "person", "expected"),
    [
        ("Bonjour {{ first_name }}", AWA, "Bonjour Awa <3"),  # a name is never markup
        ("À {{ commune }}", AWA, "À Lyon"),
        ("À {{ commune }}", AWA._replace(commune=None), "À votre commune"),
        ("{{ polling_day }}", AWA, "dimanche 20 novembre"),
        ("{{ polling_day }}", AWA._replace(territory="971", commune="97105"), "samedi 19 novembre"),
        ("{{ polling_day }}", AWA._replace(territory=None, commune=None), "dimanche 20 novembre"),
        ("{{ polling_hours }}", AWA, "8 h – 19 h"),
        ("{{ polling_hours }}", IN_TOKYO, "19 h – 19 h (heure de Paris)"),
    ],
)
def test_placeholders(text: str, person: Person, expected: str) -> None:
    assert parse_html(html(person, text)) == f"{expected}\n\nÉquipe Camille Durand"


HELD = [
    # where the only ballot is held, where the reader lives
    ("FR", AWA._replace(territory="988", commune="98818")),
    ("988", AWA),
    ("988", AWA._replace(territory=None, commune=None)),
]


@pytest.mark.parametrize(("territory", "person"), HELD)
def test_the_hours_of_a_ballot_that_is_not_held_where_one_lives(territory: str, person: Person) -> None:
    """A message to everybody names them all the same: it must not fail for some, again and again."""
    ballot = CAMPAIGN.ballots[0]
    (polling,) = (each for each in ballot.pollings if each.territory == territory)
    # Another number: what is calculated once is kept by it.
    campaign = replace(CAMPAIGN, ballots=(Ballot(number=9, day=ballot.day, pollings=(polling,)),))
    composer = Composer(
        texts=COMPOSER._texts, campaign=campaign, gazetteer=COMPOSER.gazetteer, bot_username="bot"
    )
    call = compose_broadcast(composer, NEWS, {"fr": "{{ polling_hours }}"}, person, now=NOW)
    assert "8 h – 19 h" in as_read(call.payload["text"])


def test_everybody_reads_their_language_or_the_first() -> None:
    texts = {"fr": "Bonjour", "en": "Hello"}
    said = {
        language: compose_broadcast(COMPOSER, NEWS, texts, AWA._replace(language=language), now=NOW)
        .payload["text"]
        .split("\n")[0]
        for language in ("fr", "en", "de", None)
    }
    assert said == {"fr": "Bonjour", "en": "Hello", "de": "Bonjour", None: "Bonjour"}


def test_what_is_filled_in_speaks_the_language_of_its_text() -> None:
    call = compose_broadcast(
        COMPOSER, NEWS, {"fr": "Votez {{ polling_day }}"}, AWA._replace(language="en"), now=NOW
    )
    assert as_read(call.payload["text"]).startswith("Votez dimanche 20 novembre\n")


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.SERVICE, Kind.CIVIC_NEUTRAL}))
def test_every_message_names_its_sender_and_can_be_stopped(kind: Kind) -> None:
    call = compose_broadcast(COMPOSER, Draft(kind=kind), {"fr": "Bonjour"}, AWA, now=NOW)
    assert "Équipe Camille Durand" in call.payload["text"]
    buttons = [button for row in call.payload["reply_markup"]["inline_keyboard"] for button in row]
    assert [button["callback_data"].split(":")[1] for button in buttons] == ["optout"]


@pytest.mark.parametrize("what", ["invitation", "changed", "cancelled", "eve", "same_day", "after"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_messages_on_an_event(what: str, language: str) -> None:
    kind = "event_invite" if what == "invitation" else "event_service"
    draft = Draft(kind=kind, template=f"broadcasts/event_{what}")
    person = AWA._replace(language=language)
    call = compose_broadcast(COMPOSER, draft, {}, person, now=NOW, event=EVENT, event_texts=WORDS)
    text = as_read(call.payload["text"])
    check_html(text, 4096)
    assert WORDS[language].title in text
    assert "Équipe Camille Durand" in text
    if what != "after":
        assert "Salle Molière, Lyon" in text
        assert ("19 h à 21 h" if language == "fr" else "19:00 to 21:00") in text
    buttons = [button for row in call.payload["reply_markup"]["inline_keyboard"] for button in row]
    offered = {button["callback_data"].split(":")[1] for button in buttons}
    expected = {
        "invitation": {"rsvp", "venue", "ics"},
        "changed": {"rsvp", "venue", "ics"},
        "cancelled": set(),
        "eve": {"attend", "venue"},
        "same_day": {"attend", "venue"},
        "after": {"came"},
    }
    assert offered == expected[what] | {"optout"}


@pytest.mark.parametrize(
    ("what", "answer", "said", "offered"),
    [
        ("same_day", "yes", "See you today!", ["Show the place", "I can’t make it any more"]),
        ("same_day", "maybe", "will you come?", ["Yes, I’ll be there", "I can’t", "Show the place"]),
        ("eve", "yes", "can we count on you?", ["Yes, I’ll be there", "I can’t make it any more"]),
        ("eve", "maybe", "will you come?", ["Yes, I’ll be there", "I can’t"]),
    ],
)
def test_who_said_maybe_is_asked_and_not_expected(
    what: str, answer: str, said: str, offered: list[str]
) -> None:
    draft, person = (
        Draft(kind="event_service", template=f"broadcasts/event_{what}"),
        AWA._replace(language="en"),
    )
    call = compose_broadcast(
        COMPOSER, draft, {}, person, now=NOW, event=EVENT, event_texts=WORDS, answer=answer
    )
    assert said in as_read(call.payload["text"]).partition("\n")[0]
    labels = [
        as_read(each["text"]) for row in call.payload["reply_markup"]["inline_keyboard"] for each in row
    ]
    assert labels[: len(offered)] == offered


def test_an_event_changed_is_not_worded_as_before() -> None:
    draft = Draft(kind="event_invite", template="broadcasts/event_invitation")
    moved = replace(EVENT, address="Bourse du travail", sequence=1)
    for event in (EVENT, moved):
        call = compose_broadcast(COMPOSER, draft, {}, AWA, now=NOW, event=event, event_texts=WORDS)
        assert event.address in call.payload["text"]


def test_a_photo_carries_the_text_as_its_caption() -> None:
    draft = Draft(kind="persuasion", photo="file")
    call = compose_broadcast(COMPOSER, draft, {"fr": "Bonjour"}, AWA, now=NOW)
    assert call.method == "sendPhoto"
    assert call.payload["photo"] == "file"
    assert call.payload["caption"].startswith("Bonjour\n\n")
    assert "text" not in call.payload


def test_a_broadcast_that_nothing_words_is_an_error() -> None:
    with pytest.raises(LookupError):
        compose_broadcast(COMPOSER, NEWS, {}, AWA, now=NOW)
    with pytest.raises(LookupError):
        compose_broadcast(COMPOSER, Draft(kind="event_invite", template="broadcasts/x"), {}, AWA, now=NOW)


def test_what_an_event_leaves_blank_falls_back() -> None:
    assert text_in(WORDS, "en", "fr") == EventText(title="Meeting", description="Venez & parlez")
    assert text_in(WORDS, "de", "fr") == WORDS["fr"]
    assert text_in({"en": WORDS["en"]}, "fr", "fr") == WORDS["en"]
