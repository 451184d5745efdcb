"""Signing up from abroad: the country, whose hours it has, and which consulate."""

from __future__ import annotations

import pytest

from simulator.reading import as_read as read
from tests.conversation import Conversation, Talker
from tests.handlers.test_registration import agree, zoe

__all__ = ["zoe"]


async def test_living_abroad_asks_the_country(conversation: Conversation, zoe: Talker) -> None:
    await agree(zoe)
    await zoe.tap("I live abroad")
    shown = await zoe.send("Belgique")
    assert "Where you vote: Belgium" in shown.text
    assert "the local time in Brussels" in shown.text
    person = await zoe.stored()
    assert person is not None
    assert (person.territory, person.country, person.zone) == ("abroad", "BE", "Europe/Brussels")
    assert ("country", None, "BE") in await conversation.answers()


@pytest.mark.parametrize(
    ("country", "hours"),
    [("Grèce", "l’heure d’Athènes."), ("Égypte", "l’heure du Caire."), ("Belgique", "l’heure de Bruxelles.")],
)
async def test_whose_hours_they_are_is_said_in_french_as_one_says_it(
    conversation: Conversation, country: str, hours: str
) -> None:
    zoe = conversation.person(7, language="fr")
    await zoe.send("/start")
    await zoe.tap_data(next(data for label, data in zoe.last.buttons.items() if "écrivez-moi" in label))
    await zoe.tap("Je vis à l’étranger")
    assert hours in read((await zoe.send(country)).text)


@pytest.mark.parametrize(
    ("answer", "zone", "logged"),
    [
        ("tap:Los Angeles", "America/Los_Angeles", ("consulate", "US", "losangeles")),
        ("tap:Denver", "America/Denver", ("country", None, "US")),  # no post, but hours of its own
        ("la nouvelle orleans", "America/Chicago", ("consulate", "US", "neworleans")),
        ("Seattle", "America/Los_Angeles", ("country", None, "US")),
        ("London", "Europe/London", ("consulate", "GB", "london")),  # another country after all
    ],
)
async def test_a_country_with_several_hours_asks_where(
    conversation: Conversation, zoe: Talker, answer: str, zone: str, logged: tuple[str, str | None, str]
) -> None:
    await agree(zoe)
    await zoe.tap("I live abroad")
    shown = await zoe.send("Etats-Unis")
    assert "United States: where do you live there?" in shown.text
    assert "I don’t know" not in shown.buttons
    if answer.startswith("tap:"):
        await zoe.tap(answer.removeprefix("tap:"))
    else:
        await zoe.send(answer)
    assert "Welcome" in zoe.last.text
    person = await zoe.stored()
    assert person is not None
    assert person.zone == zone
    assert (await conversation.answers())[-2] == logged


async def test_a_country_with_several_posts_asks_which_and_one_may_not_know(
    conversation: Conversation, zoe: Talker
) -> None:
    await agree(zoe)
    await zoe.tap("I live abroad")
    shown = await zoe.send("Allemagne")
    assert "Munich" in shown.buttons
    await zoe.tap("I don’t know")
    person = await zoe.stored()
    assert person is not None
    assert (person.country, person.zone) == ("DE", "Europe/Berlin")
    assert (await conversation.answers())[-2] == ("country", None, "DE")


@pytest.mark.parametrize(
    ("typed", "country", "zone"),
    [
        ("Londres", "United Kingdom", "Europe/London"),
        ("Los Angeles", "United States", "America/Los_Angeles"),  # not the country's main zone
    ],
)
async def test_a_city_abroad_is_recognised(zoe: Talker, typed: str, country: str, zone: str) -> None:
    await agree(zoe)
    await zoe.send(typed)
    await zoe.tap(f"I live abroad: {country}")
    person = await zoe.stored()
    assert person is not None
    assert person.zone == zone


@pytest.mark.parametrize("data", ["1:home:US:paris", "1:home:FR:-", "1:home:US", "1:home:ZZ:losangeles"])
async def test_a_forged_post_changes_nothing(zoe: Talker, data: str) -> None:
    await agree(zoe)
    await zoe.tap("I live abroad")
    await zoe.send("USA")
    await zoe.tap_data(data)
    assert "no longer works" in zoe.toast
    person = await zoe.stored()
    assert person is not None
    assert person.country is None


@pytest.mark.parametrize("typed", ["à l’étranger", "je vote à l'étranger", "abroad", "je suis expatriée"])
async def test_abroad_in_words_asks_the_country(zoe: Talker, typed: str) -> None:
    await agree(zoe)
    assert "In which country do you live?" in (await zoe.send(typed)).text
    assert "Where you vote: Belgium" in (await zoe.send("Belgium")).text


async def test_the_village_of_le_tranger_is_no_place_abroad(zoe: Talker) -> None:
    await agree(zoe)
    assert "<b>Le Tranger</b>" in (await zoe.send("Le Tranger")).text
