"""/vote: the next ballot where one votes, in local time, with what to bring and what one said."""

from __future__ import annotations

import re

import pytest

from tests.conversation import Conversation, paris


@pytest.mark.parametrize(
    ("language", "place", "said"),
    [
        ("en", "Lyon", "<b>First round:</b> Sunday 20 November, from 08:00 to 19:00."),
        ("fr", "Lyon", "<b>Premier tour :</b> dimanche 20 novembre, de 8 h à 19 h."),
        # Guadeloupe votes on Saturday.
        ("fr", "Pointe-à-Pitre", "<b>Premier tour :</b> samedi 19 novembre, de 8 h à 19 h."),
        # The fee of Nouvelle-Calédonie is in its own currency.
        ("fr", "Nouméa", "200 F CFP à chaque tour"),
    ],
)
async def test_the_day_and_what_to_bring_depend_on_the_place(
    conversation: Conversation, language: str, place: str, said: str
) -> None:
    zoe = conversation.person(7, language=language)
    await zoe.sign_up(place)
    assert said in (await zoe.send("/vote")).text


@pytest.mark.parametrize(("language", "second"), [("fr", "Second tour :"), ("en", "Second round:")])
async def test_both_rounds_are_named(conversation: Conversation, language: str, second: str) -> None:
    zoe = conversation.person(7, language=language)
    await zoe.sign_up()
    assert second in (await zoe.send("/vote")).text
    conversation.clock.move(paris("2016-11-20T19:00"))
    assert (await zoe.send("/vote")).text.count(second) == 1


async def test_people_abroad_vote_online_by_paris_time(conversation: Conversation) -> None:
    zoe = conversation.person(7)
    await zoe.sign_up()
    await zoe.send("/settings")
    await zoe.tap("Change where I vote")
    await zoe.tap("I live abroad")
    await zoe.send("Vancouver")
    shown = await zoe.send("/vote")
    assert (
        "online, from Saturday 19 November at 19:00 to Sunday 20 November at 19:00 (Paris time); where you live, from"
        " Saturday 19 November at 10:00 to Sunday 20 November at 10:00."
    ) in shown.text
    assert "From 10:00 on Saturday 19 November, you can tell me here" in shown.text
    assert "ID" not in shown.text


@pytest.mark.parametrize(
    ("city", "opens"),
    [("Tokyo", "Sunday 20 November at 03:00."), ("Berlin", "Saturday 19 November at 19:00 (Paris time).")],
)
async def test_who_says_too_early_that_they_voted_online_reads_when_by_their_clock(
    conversation: Conversation, city: str, opens: str
) -> None:
    """By that of Paris where it is the same, and then it says so: nobody abroad takes an hour for another."""
    zoe = conversation.person(7)
    await zoe.sign_up()
    await zoe.send("/settings")
    await zoe.tap("Change where I vote")
    await zoe.tap("I live abroad")
    await zoe.send(city)
    await zoe.tap_data("1:step:1:turnout:voted")
    assert f"it opens on {opens}" in zoe.toast


async def test_i_voted_is_offered_from_the_opening_on_where_one_votes(conversation: Conversation) -> None:
    zoe = conversation.person(7)
    await zoe.sign_up("Nouméa")
    # 8:00 on Sunday in Nouméa is 22:00 on Saturday in Paris.
    conversation.clock.move(paris("2016-11-19T21:59"))
    shown = await zoe.send("/vote")
    assert "I’ve voted" not in shown.buttons
    assert "From 08:00 on Sunday 20 November" in shown.text
    conversation.clock.move(paris("2016-11-19T22:00"))
    assert "I’ve voted" in (await zoe.send("/vote")).buttons


async def test_after_the_close_the_next_round_is_shown_and_after_the_last_none(
    conversation: Conversation,
) -> None:
    zoe = conversation.person(7)
    await zoe.sign_up()
    conversation.clock.move(paris("2016-11-20T19:00"))
    assert "Second round:</b> Sunday 27 November" in (await zoe.send("/vote")).text
    conversation.clock.move(paris("2016-11-27T19:00"))
    assert "no other round follows" in (await zoe.send("/vote")).text


async def test_what_was_said_is_shown(conversation: Conversation) -> None:
    zoe = conversation.person(7)
    await zoe.sign_up()
    assert "You haven’t planned yet" in (await zoe.send("/vote")).text
    await zoe.tap("Make my plan")
    await zoe.tap("Around midday")
    shown = await zoe.send("/vote")
    assert "<b>Your plan</b>\n• Around midday" in shown.text
    assert "Change my plan" in shown.buttons
    conversation.clock.move(paris("2016-11-20T12:00"))
    await zoe.send("/vote")
    await zoe.tap("I’ve voted")
    shown = await zoe.send("/vote")
    assert "You told me you’ve voted" in shown.text
    assert list(shown.buttons) == ["Actually, not yet"]


async def test_who_is_not_registered_is_led_to_sign_up(conversation: Conversation) -> None:
    zoe = conversation.person(7)
    assert "political communication" in (await zoe.send("/vote")).text


@pytest.mark.parametrize("place", ["Lyon", "Fort-de-France", "Papeete", "Nouméa", "Montréal"])
@pytest.mark.parametrize("language", ["en", "fr"])
async def test_after_the_last_round_nothing_promises_a_reminder(
    conversation: Conversation, place: str, language: str
) -> None:
    """Neither to whoever comes then, nor to whoever taps what an old message offers."""
    conversation.clock.move(paris("2016-12-05T10:00"))
    zoe = conversation.person(9, language=language)
    shown = await zoe.send("/start")
    assert ("no reminder of it will follow" if language == "en" else "aucun rappel ne suivra") in shown.text
    await zoe.tap_data("1:consent:contact:yes")
    await zoe.send(place)
    if place == "Montréal":
        await zoe.tap_data("1:country:CA")
        await zoe.tap_data("1:home:-")
    else:
        await zoe.tap_data("1:consent:commune:yes")
    said = [zoe.last.text]
    typed = ("/vote", "/menu", "/events", "j'ai voté", "merci", "où voter ?", "/help")
    said += [(await zoe.send(text)).text for text in typed]
    tapped = ("plan:open", "echo:ok", "keep_plan:keep", "turnout:voted")
    said += [(await zoe.tap_data(f"1:step:2:{data}")).text + zoe.toast for data in tapped]
    promising = re.compile(r"remind|rappel|/vote (tells|vous)|next round|prochain tour", re.IGNORECASE)
    assert [text for text in said if promising.search(text)] == []
    thanking = re.compile(r"for voting|d’avoir voté|avoir pris ce temps", re.IGNORECASE)
    assert [text for text in said if thanking.search(text)] == []
