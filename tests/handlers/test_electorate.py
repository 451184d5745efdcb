"""Campaigns of one commune, of several areas, of the members of an association: each asks what it must, and no more."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

import db.audiences
from bot.actions.audiences import target_of
from bot.actions.authority import author_of
from bot.actions.planning import plan
from bot.campaign.campaign import Campaign, load_campaign
from bot.rules.ballot_kinds import ELSEWHERE, Reveals
from bot.rules.choosing_by_commune import chosen_by_commune
from bot.rules.expression_text import expression_in
from bot.rules.kinds import Kind
from bot.rules.permissions import Action, Role
from db.engine import Database
from tests.campaigning import named
from tests.conversation import Conversation, Shown, Talker

COMMUNE = load_campaign(Path("campaigns/municipales-2026"))
DEPARTMENT = replace(COMMUNE, areas=("69", "01004"))
MEMBERS = load_campaign(Path("campaigns/assemblee-generale"))
PLEDGE = datetime(2026, 2, 22, 18, 5, tzinfo=UTC)  # the first step of COMMUNE is due
WORLD = ("abroad", "rather not say", "postcode")


@pytest.fixture
def talking(sqlite_database: Database) -> Callable[[Campaign], Talker]:
    def begin(campaign: Campaign, language: str = "en") -> Talker:
        before = datetime.combine(campaign.ballots[0].day, time(9), UTC) - timedelta(days=30)
        return Conversation(sqlite_database, before, campaign=campaign).person(7, language=language)

    return begin


async def agree(person: Talker) -> str:
    await person.send("/start")
    return (await person.tap_data("1:consent:contact:yes")).text


async def queued(person: Talker, at: datetime) -> int:
    """How many messages a tick finds due."""
    async with person.conversation.database.write() as tx:
        return await plan(tx, person.conversation.services.campaign, at)


# -- one commune --


async def test_a_campaign_of_one_commune_asks_about_it_and_nothing_of_the_world(
    talking: Callable[..., Talker],
) -> None:
    zoe = talking(COMMUNE)
    asked = await agree(zoe)
    assert "Do you vote in Villeurbanne?" in asked
    said = asked + " ".join(zoe.last.buttons)
    assert [word for word in WORLD if word in said] == []
    assert "Welcome" in (await zoe.tap("Yes")).text
    person = await zoe.stored()
    assert person is not None
    assert (person.commune, person.territory, person.consent_commune) == ("69266", "FR", False)
    assert "Villeurbanne" in zoe.last.text
    assert await queued(zoe, PLEDGE) == 1


async def test_in_french_it_asks_as_one_does(talking: Callable[..., Talker]) -> None:
    zoe = talking(COMMUNE, "fr")
    assert "Votez-vous à Villeurbanne ?" in await agree(zoe)
    assert "Bienvenue" in (await zoe.send("oui")).text


@pytest.mark.parametrize("typed", ["yes", "Villeurbanne", "69100", "je vote à Villeurbanne"])
async def test_it_is_said_in_words_too(typed: str, talking: Callable[..., Talker]) -> None:
    zoe = talking(COMMUNE)
    await agree(zoe)
    assert "Welcome" in (await zoe.send(typed)).text


@pytest.mark.parametrize("typed", ["no", "Lyon", "I live in Belgium", "Bruxelles"])
async def test_who_votes_elsewhere_is_told_kindly_and_may_help(
    typed: str, talking: Callable[..., Talker]
) -> None:
    zoe = talking(COMMUNE)
    await agree(zoe)
    assert "This vote is only held in: Villeurbanne." in (await zoe.send(typed)).text
    # What they offer is asked at once: nobody says twice that they want to help.
    assert "How would you like to help?" in (await zoe.tap("I’d like to help")).text
    assert "You vote elsewhere" in zoe.screen[-2].text
    assert not {"My vote", "I’d like to help"} & set(zoe.screen[-2].buttons)
    assert not any("My vote" in shown.buttons for shown in zoe.screen)
    person = await zoe.stored()
    assert person is not None
    assert person.is_registered
    assert (person.commune, person.territory, person.zone) == (None, ELSEWHERE, "Europe/Paris")
    assert await queued(zoe, PLEDGE) == 0, "A vote that is not theirs is not reminded of."
    assert "This vote is held in Villeurbanne, on Sunday 15 March" in (await zoe.send("/vote")).text
    settings = await zoe.send("/settings")
    assert "Where you vote: Elsewhere" in settings.text
    assert "reminders" not in settings.text + str(settings.buttons)
    assert "Where you vote: Elsewhere" in (await zoe.send("/mydata")).text


async def test_who_neither_votes_there_nor_helps_is_forgotten(talking: Callable[..., Talker]) -> None:
    zoe = talking(COMMUNE)
    await agree(zoe)
    no = next(data for label, data in zoe.last.buttons.items() if label == "No")
    assert "nothing about you is kept" in (await zoe.tap_data(no)).text
    assert await zoe.stored() is None


async def test_helping_is_one_tap_and_voting_there_after_all_another(talking: Callable[..., Talker]) -> None:
    zoe = talking(COMMUNE)
    await agree(zoe)
    await zoe.tap("No, but I’d like to help")
    await zoe.send("/settings")
    await zoe.tap("Change where I vote")
    assert "Do you vote in Villeurbanne?" in zoe.last.text
    await zoe.tap("Yes")
    person = await zoe.stored()
    assert person is not None
    assert (person.commune, person.territory) == ("69266", "FR")
    assert await queued(zoe, PLEDGE) == 1


async def test_a_supporter_who_moves_away_stays_if_they_like(talking: Callable[..., Talker]) -> None:
    zoe = talking(COMMUNE)
    await agree(zoe)
    await zoe.tap("Yes")
    await zoe.send("/settings")
    await zoe.tap("Change where I vote")
    await zoe.send("Lyon")
    assert "No, thank you" not in zoe.last.buttons, "Nobody leaves by moving: /stop does that."
    assert "How would you like to help?" in (await zoe.tap("I stay, and help")).text
    assert "you vote elsewhere" in zoe.screen[-2].text
    assert "My vote" not in zoe.screen[-2].buttons
    person = await zoe.stored()
    assert person is not None
    assert (person.is_registered, person.commune, person.territory) == (True, None, ELSEWHERE)


@pytest.mark.parametrize(
    "forged", ["1:territory:971", "1:territory:abroad", "1:country:BE", "1:place:69123", "1:place_by:unsaid"]
)
async def test_no_forged_button_makes_somebody_vote_where_no_vote_is(
    forged: str, talking: Callable[..., Talker]
) -> None:
    zoe = talking(COMMUNE)
    await agree(zoe)
    assert "This vote is only held in" in (await zoe.tap_data(forged)).text
    person = await zoe.stored()
    assert person is not None
    assert (person.commune, person.territory) == (None, None)


async def test_choices_speak_of_no_commune_where_there_is_one(talking: Callable[..., Talker]) -> None:
    zoe = talking(COMMUNE)
    await agree(zoe)
    await zoe.tap("Yes")
    shown = await zoe.send("/consent")
    assert "My commune" not in shown.buttons
    assert "where I vote" not in shown.text


# -- several areas --


async def test_a_departement_asks_in_which_of_its_communes(talking: Callable[..., Talker]) -> None:
    zoe = talking(DEPARTMENT)
    asked = await agree(zoe)
    assert "In which commune do you vote?" in asked
    assert "This vote is held in: Rhône and Ambérieu-en-Bugey." in asked
    assert not [label for label in zoe.last.buttons if "abroad" in label or "rather not" in label]
    await zoe.send("Bron")
    assert "Welcome" in (await zoe.tap("Only tell me where I vote")).text


async def test_another_departement_is_answered_kindly(talking: Callable[..., Talker]) -> None:
    zoe = talking(DEPARTMENT)
    await agree(zoe)
    assert "This vote is only held in: Rhône and Ambérieu-en-Bugey." in (await zoe.send("Grenoble")).text
    assert "In which commune" in (await zoe.tap("I do vote there")).text
    await zoe.tap("I vote elsewhere")
    assert "nothing about you is kept" in (await zoe.tap("No, thank you")).text


# -- members --

NOT_OF_MEMBERS = {
    "en": "polling place|polling station|electoral|proxy|political|opinion|commune|round|where you vote|campaign team",
    "fr": "bureau de vote|électoral|procuration|politique|opinion|commune|\\btour\\b|lieu de vote|où vous votez",
}


@pytest.mark.parametrize("language", NOT_OF_MEMBERS)
async def test_members_are_asked_for_no_place_and_no_words_speak_of_politics(
    language: str, talking: Callable[..., Talker]
) -> None:
    zoe = talking(MEMBERS, language)
    said = [await agree(zoe)]
    assert zoe.screen[-1].text.startswith("<b>" + {"en": "Welcome", "fr": "Bienvenue"}[language])
    person = await zoe.stored()
    assert person is not None
    assert (person.is_registered, person.commune, person.territory) == (True, None, "FR")
    said += [shown.text for shown in zoe.screen]
    for command in ("start", "vote", "settings", "consent", "privacy", "mydata", "why", "events", "stop"):
        said.append((await zoe.send(f"/{command}")).text)
        said += list(zoe.last.buttons)
    for part in ("responsible", "purposes", "kept", "seen_by", "telegram", "how_long", "rights"):
        said.append((await zoe.tap_data(f"1:privacy:{part}")).text)
    await agree(zoe)
    for purpose in ("contact", "team", "keep"):
        said.append((await zoe.tap_data(f"1:choice:{purpose}:show")).text)
    for data in ("help:open", "help_choose:team", "help:when", "step:1:plan:open", "step:1:place:help"):
        said.append((await zoe.tap_data(f"1:{data}")).text)
        said += list(zoe.last.buttons)
    wrong = [(found[0], text) for text in said if (found := re.search(NOT_OF_MEMBERS[language], text, re.I))]
    assert wrong == []


@pytest.mark.parametrize(
    ("reveals", "said"),
    [
        (Reveals.NOTHING, None),
        (Reveals.UNION_MEMBERSHIP, "trade union"),
        (Reveals.BELIEFS, "believe in"),
        (Reveals.POLITICAL_OPINION, "political opinion"),
    ],
)
async def test_consent_says_what_the_file_says_being_a_member_reveals(
    reveals: Reveals, said: str | None, talking: Callable[..., Talker]
) -> None:
    zoe = talking(replace(MEMBERS, reveals=reveals))
    shown = (await zoe.send("/start")).text
    short = (await zoe.send("/privacy")).text
    basis = (await zoe.tap_data("1:privacy:purposes")).text
    assert ("the law requires your explicit consent" in shown) is (said is not None)
    assert ("9(2)(a)" in basis) is (said is not None)
    for text in (shown, short, basis):
        assert said is None or said in text
    if reveals is not Reveals.POLITICAL_OPINION:
        assert "political" not in shown + short + basis


async def test_members_hear_of_their_vote_where_and_when_it_is(talking: Callable[..., Talker]) -> None:
    zoe = talking(MEMBERS)
    await agree(zoe)
    assert await queued(zoe, datetime(2027, 3, 6, 17, 5, tzinfo=UTC)) == 1
    told = (await zoe.send("/vote")).text
    assert "Where:</b> Salle des fêtes" in told
    assert "Saturday 20 March" in told
    await zoe.send("/settings")
    assert "Change where I vote" not in zoe.last.buttons
    assert "settings" in (await zoe.tap_data("1:settings_place")).text, "An old button shows the settings."


# -- a territory, and staff --

GUADELOUPE = replace(
    COMMUNE,
    areas=("971",),
    ballots=tuple(
        replace(each, pollings=tuple(replace(polling, territory="971") for polling in each.pollings))
        for each in COMMUNE.ballots
    ),
)


async def test_a_whole_territory_is_said_by_its_name(talking: Callable[..., Talker]) -> None:
    zoe = talking(GUADELOUPE)
    await agree(zoe)
    await zoe.send("Guadeloupe")
    assert "Welcome" in (await zoe.tap("Just say: Guadeloupe")).text
    assert "This vote is only held in" in (await talking_again(zoe)).text


async def talking_again(person: Talker) -> Shown:
    """Another territory, by a forged button, of whoever moves."""
    await person.send("/settings")
    await person.tap("Change where I vote")
    return await person.tap_data("1:territory:972")


@pytest.mark.parametrize("said", ["in:69266", "in:69", "near:69266:20", "not in:abroad and in:69266"])
async def test_nobody_is_left_out_by_the_only_commune(said: str, talking: Callable[..., Talker]) -> None:
    """Nobody was asked whether messages may be chosen by it; a role over it is one over everybody who votes."""
    zoe = talking(COMMUNE)
    await agree(zoe)
    await zoe.tap("Yes")
    sophie = await named(zoe.conversation, 9, Role.ORGANIZER, "69266")
    await sophie.send("/start")
    person, services = await sophie.stored(), zoe.conversation.services
    assert person is not None
    async with zoe.conversation.database.read() as tx:
        author = await author_of(
            tx, person, campaign=COMMUNE, gazetteer=services.gazetteer, now=zoe.conversation.clock.now()
        )
        target = await target_of(tx, author, expression_in(said), author.areas(Action.BROADCAST))
        groups = await db.audiences.groups(tx, target, Kind.PERSUASION, known_in=None)
    assert not chosen_by_commune(target.meant, target.area)
    assert sum(group.people.total for group in groups) == 1


@pytest.mark.parametrize(
    ("code", "french", "english"),
    [
        ("76351", "Votez-vous au Havre ?", "Do you vote in Le Havre?"),
        ("93045", "Votez-vous aux Lilas ?", "Do you vote in Les Lilas?"),
        ("17300", "Votez-vous à La Rochelle ?", "Do you vote in La Rochelle?"),
        ("69266", "Votez-vous à Villeurbanne ?", "Do you vote in Villeurbanne?"),
    ],
)
async def test_the_name_of_the_commune_is_said_as_one_says_it(
    code: str, french: str, english: str, talking: Callable[..., Talker]
) -> None:
    zoe = talking(replace(COMMUNE, areas=(code,)), "fr")
    assert french in await agree(zoe)
    emily = zoe.conversation.person(8, language="en")
    await emily.send("/start")
    assert english in (await emily.tap_data("1:consent:contact:yes")).text
