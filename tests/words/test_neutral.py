"""Neutral messages: the program's own words, in which nothing is that anybody typed, wherever they typed it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError

from bot import communes
from bot.campaign.campaign import Campaign, load_campaign
from bot.departure.composable import Draft
from bot.departure.compose import Composer, compose_broadcast
from bot.rules.bringing import Bring
from bot.rules.neutrality import REMINDER, STEP_TEMPLATES, PracticalField
from bot.rules.polling_places import NOWHERE_KNOWN, PollingPlace, Where
from bot.rules.territories import TERRITORIES
from bot.words import neutral
from bot.words.step_values import values_for_step, vote_in
from bot.words.telegram_html import check_html, links_in, parse_html
from bot.words.texts import Text, Texts
from db.events import Event
from db.people import Person
from locales import LANGUAGES, TEMPLATES
from simulator.reading import as_read
from tests.thorough import examples
from tests.words.test_step_values import LYON, PLAN, PRESIDENTIAL, PRIMARY, lives_in

CAMPAIGNS = (PRIMARY, PRESIDENTIAL)
WORDED = sorted([*STEP_TEMPLATES, "reminder", "hours_changed"])
NOW = datetime(2016, 11, 20, 11, tzinfo=UTC)
SCHOOL = PollingPlace(
    id=1, commune="69123", ballot=0, name="École Jean-Moulin", address="3 rue Édouard-Herriot"
)
MEETING = Event(
    **dict.fromkeys(Event.__dataclass_fields__)
    | {
        "id": 1,
        "code": "ab12",
        "state": "cancelled",
        "starts_at": NOW,
        "ends_at": NOW + timedelta(hours=2),
        "zone": "Europe/Paris",
        "commune": "69123",
        "address": "Salle Molière",
    }
)


def shown(text: Text) -> str:
    """All that a person reads of it, with its buttons and what they open."""
    buttons = (f"{button.label} {button.url or ''}" for row in text.keyboard for button in row)
    return as_read("\n".join([parse_html(text.html), *buttons]))


def worded(
    name: str, campaign: Campaign, person: Person, *, ballot: int = 1, where: Where = NOWHERE_KNOWN
) -> Text:
    text = neutral.reminder(
        name, person.language or "fr", campaign=campaign, ballot=ballot, person=person, where=where
    )
    assert text is not None
    return text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", WORDED)
@pytest.mark.parametrize("campaign", CAMPAIGNS, ids=lambda campaign: campaign.slug)
def test_a_neutral_reminder_names_nobody_and_has_no_link_but_one(
    name: str, campaign: Campaign, language: str
) -> None:
    official = campaign.links["polling_place"]
    for territory in (*TERRITORIES, None):
        for ballot in (1, 2):
            person = lives_in(territory, country="CA" if territory == "abroad" else None)
            text = worded(name, campaign, person._replace(language=language), ballot=ballot)
            check_html(text.html, 4096)
            said = shown(text)
            assert [each for each in campaign.own_names if each in said] == []
            assert set(links_in(said.replace(official, ""))) == set()
            assert "1:optout:reminders" in str(text.keyboard)
            practical = campaign.practical_in(language)
            told = {
                practical.sentence,
                practical.identity,
                practical.fee,
                practical.no_proxy,
                practical.abroad,
            }
            assert [each for each in told if each and each in said] == []


def test_every_neutral_template_is_worded_here() -> None:
    files = {file.name.removesuffix(".html.j2") for file in (TEMPLATES / "neutral").iterdir()}
    assert {name for name in files if not name.startswith("_")} == {*WORDED, "turnout", "event_cancelled"}
    assert REMINDER == "neutral/reminder"


def test_the_campaign_is_not_among_what_a_neutral_template_may_name() -> None:
    """Not even by mistake: rendering fails, so that nothing leaves."""
    with pytest.raises(UndefinedError, match="campaign"):
        neutral._texts().render("steps/_signature", "fr")
    vote = vote_in(PRIMARY, PRIMARY.ballot(1), person=LYON, language="fr")
    assert vote is not None
    assert vote.name == "premier tour"
    assert "Premier tour" not in neutral.worded("last", "fr", vote=vote).html


@pytest.mark.parametrize(
    ("name", "address", "is_shown"),
    [
        ("École Jean-Moulin", "3 rue Édouard-Herriot", True),
        ("GROUPE SCOLAIRE J.JAURES", "2 av. du Gal-de-Gaulle", True),
        ("Permanence Camille Durand", "3 rue Édouard-Herriot", False),
        ("École", "Rue CAMILLE-DURAND", False),
        ("École", "https://camille.fr", False),
        ("Votez, durand2017.fr", "3 rue", False),
        ("École @durand", "3 rue", False),
    ],
)
def test_a_polling_place_that_speaks_for_the_campaign_is_not_named(
    name: str, address: str, *, is_shown: bool
) -> None:
    """A file of polling places is typed by somebody too: then the official link stands for the place."""
    place = replace(SCHOOL, name=name, address=address)
    for template in ("go", "reminder"):
        said = shown(worded(template, PRIMARY, LYON, where=Where(place=place)))
        assert (address in said) == (name in said) == is_shown
        assert (PRIMARY.links["polling_place"] in said) == (not is_shown)


@pytest.mark.parametrize("fields", [(), ("place",), ("identity",), ("place", "identity")])
def test_staff_choose_what_it_shows(fields: tuple[str, ...]) -> None:
    text = neutral.reminder(
        "reminder", "en", campaign=PRIMARY, ballot=1, person=LYON, where=Where(place=SCHOOL), fields=fields
    )
    assert text is not None
    said = shown(text)
    assert "Sunday 20 November, from 08:00 to 19:00" in said
    assert ("École Jean-Moulin" in said) == (PracticalField.PLACE in fields)
    assert ("Bring ID." in said) == (PracticalField.BRING in fields)


def test_a_campaign_that_asks_for_no_document_does_not_speak_of_one() -> None:
    said = shown(worded("reminder", replace(PRIMARY, bring=Bring()), LYON))
    assert "Apportez" not in said


@pytest.mark.parametrize(
    ("campaign", "territory", "french", "english"),
    [
        ("primaire-2016", "FR", "Apportez une pièce d’identité et 2 euros.", "Bring ID and 2 euros."),
        ("primaire-2016", "988", "une pièce d’identité et 200 francs CFP.", "ID and 200 CFP francs."),
        ("assemblee-generale", None, "Apportez votre carte de membre.", "Bring your membership card."),
        (
            "presidentielle-2027",
            "FR",
            "une pièce d’identité et votre carte électorale.",
            "ID and your voter card.",
        ),
    ],
)
def test_a_reminder_says_all_that_this_vote_asks_to_bring(
    campaign: str, territory: str | None, french: str, english: str
) -> None:
    shipped = load_campaign(Path("campaigns", campaign))
    person = lives_in(territory or shipped.home)
    for language, said in (("fr", french), ("en", english)):
        for template in ("go", "reminder"):
            assert said in shown(worded(template, shipped, person._replace(language=language)))


def test_who_must_choose_a_place_is_asked_to() -> None:
    places = tuple(replace(SCHOOL, id=number) for number in (1, 2))
    for template in ("go", "reminder"):
        text = worded(template, PRIMARY, LYON, where=Where(choices=places))
        assert "1:step:1:places:0" in str(text.keyboard)


# -- whatever is typed anywhere --

# Not part of any word of the program's own, so that it is found wherever it comes through.
TYPED = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Z")), min_size=3, max_size=40
).map(lambda text: f"Ŷ{text}Ŷ")
PEOPLE = st.sampled_from(
    [lives_in(code, country="CA" if code == "abroad" else None) for code in TERRITORIES]
    + [LYON, lives_in(None), lives_in("abroad", zone="America/New_York")]
)


def saying(campaign: Campaign, typed: str) -> Campaign:
    """The campaign with a text in the place of every one that its file or its files may hold."""
    words = dict.fromkeys(campaign.languages, typed)
    practical = {
        code: replace(each, **{name: typed for name in vars(each) if name != "fees"}, fees={"FR": typed})
        for code, each in campaign.practical.items()
    }
    label = campaign.label and replace(
        campaign.label,
        **dict.fromkeys(("sponsor", "controlled_by", "notice"), typed),
        **dict.fromkeys(("election", "period", "funding"), words),
    )
    return replace(
        campaign,
        name=words,
        sender=replace(campaign.sender, name=typed, candidate=typed, statement=words),
        controller=replace(campaign.controller, name=typed, address=typed),
        label=label,
        practical=practical,
        ballot_names=dict.fromkeys((1, 2), words),
        slots=tuple(replace(slot, name=typed) for slot in campaign.slots),
        default_slot=typed,
        links={**campaign.links, "website": typed},
    )


@settings(max_examples=examples(200), deadline=None)
@given(
    typed=TYPED,
    base=st.sampled_from(CAMPAIGNS),
    person=PEOPLE,
    language=st.sampled_from(sorted(LANGUAGES)),
    ballot=st.integers(1, 2),
    hours=st.integers(-48, 200),
)
def test_whatever_is_typed_anywhere_no_neutral_message_has_it(
    typed: str, base: Campaign, person: Person, language: str, ballot: int, hours: int
) -> None:
    """In the campaign file, in a name, in an event, in a file of polling places that bears the campaign's name."""
    campaign = saying(base, typed)
    person = person._replace(language=language, first_name=typed)
    place = replace(SCHOOL, name=typed, address=typed, streets=typed)
    vote = vote_in(campaign, campaign.ballot(ballot), person=person, language=language)
    assert vote is not None
    messages = [worded(name, campaign, person, ballot=ballot, where=Where(place=place)) for name in WORDED]
    messages += [
        neutral.turnout(
            language, vote=vote, answer=answer, may_help=may_help, now=NOW + timedelta(hours=hours)
        )
        for answer in ("voted", "later", "cannot")
        for may_help in (True, False)
    ]
    cancelled = replace(MEETING, address=typed)
    messages.append(neutral.event_cancelled(language, cancelled, communes.load().by_code("69123")))
    for text in messages:
        assert typed not in shown(text)
        assert typed not in str(text.markup)


@pytest.mark.parametrize(
    "made",
    [
        # Whatever a database may hold from before, or a program might ask for.
        {"texts": {"fr": "Votez Camille Durand !"}},
        {"template": None, "texts": {"fr": "Votez"}},
        {"template": None, "texts": {}},
        {"template": "broadcasts/event_invitation", "texts": {}},
        {"template": "steps/echo", "texts": {}},
        {"photo": "file"},
        {"fields": ["place", "slogan"]},
        {"ballot": None},
    ],
)
def test_what_is_not_the_programs_own_is_never_composed(made: dict[str, Any]) -> None:
    composer = Composer(
        texts=Texts({"campaign": PRIMARY}), campaign=PRIMARY, gazetteer=communes.load(), bot_username="bot"
    )
    said = {"template": REMINDER, "fields": ["place"], "ballot": 1, "texts": {}, **made}
    texts = said.pop("texts")
    good = Draft(kind="civic_neutral", template=REMINDER, fields=["place"], ballot=1)
    assert "Votez" not in str(compose_broadcast(composer, good, {}, LYON, now=NOW).payload)
    with pytest.raises(LookupError):
        compose_broadcast(composer, Draft(kind="civic_neutral", **said), texts, LYON, now=NOW)


# -- answers in a quiet period --


def test_in_a_quiet_period_answers_leave_out_what_bears_a_name_or_a_link() -> None:
    practical = {
        code: replace(each, who="Amis de Camille Durand", no_proxy="Voyez exemple.fr", fee="2 €")
        for code, each in PRIMARY.practical.items()
    }
    campaign = replace(PRIMARY, practical=practical, ballot_names={1: {"fr": "Votez Camille Durand"}})

    def facts(at: str) -> tuple[Any, Any]:
        values = values_for_step(
            person=LYON,
            plan=PLAN,
            campaign=campaign,
            ballot=1,
            language="fr",
            bot_username="bot",
            now=datetime.fromisoformat(at),
        )
        return values["facts"], values["vote"]

    before, vote = facts("2016-11-18T23:59+01:00")
    assert (before.who, before.no_proxy, bool(before.sentence)) == (
        "Amis de Camille Durand",
        "Voyez exemple.fr",
        True,
    )
    assert vote.name
    quiet, vote = facts("2016-11-19T00:00+01:00")
    assert (quiet.who, quiet.no_proxy, quiet.sentence, quiet.fee) == ("", "", "", "2 €")
    assert quiet.polling_place == campaign.links["polling_place"]
    assert vote.name == ""
