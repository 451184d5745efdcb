"""Signing up: every way through the questions, left and taken up again, refused, too young, abroad."""

from __future__ import annotations

import pytest

from tests.conversation import Conversation, Talker


@pytest.fixture
def zoe(conversation: Conversation) -> Talker:
    return conversation.person(7)


async def agree(person: Talker) -> None:
    """Up to the question of where one votes."""
    await person.send("/start")
    for purpose in ("contact", "commune", "team", "keep"):
        await person.tap_data(f"1:consent:{purpose}:yes")
    await person.tap_data("1:age:yes")


async def test_nothing_is_kept_of_who_says_no(conversation: Conversation, zoe: Talker) -> None:
    assert "May we write to you here?" in (await zoe.send("/start")).text
    assert "nothing about you is kept" in (await zoe.tap("No, thank you")).text
    assert await zoe.stored() is None


async def test_nothing_is_kept_of_who_is_too_young(zoe: Talker) -> None:
    await zoe.send("/start")
    for purpose in ("contact", "commune", "team", "keep"):
        await zoe.tap_data(f"1:consent:{purpose}:yes")
    assert "until you are 17" in (await zoe.tap("younger")).text
    assert await zoe.stored() is None


async def test_the_other_three_choices_never_block(zoe: Talker) -> None:
    await zoe.send("/start")
    await zoe.tap("Yes, write to me")
    for purpose in ("commune", "team", "keep"):
        await zoe.tap_data(f"1:consent:{purpose}:no")
    await zoe.tap("17 or over")
    await zoe.send("Lyon")
    await zoe.tap("That’s right")
    person = await zoe.stored()
    assert person is not None
    assert person.is_registered
    assert (person.consent_contact, person.consent_commune, person.consent_team) == (True, False, False)


async def test_leaving_and_coming_back_asks_what_is_missing(conversation: Conversation, zoe: Talker) -> None:
    await zoe.send("/start")
    await zoe.tap("Yes, write to me")
    await zoe.tap("Yes, use my commune")
    assert "local team" in (await zoe.send("/start")).text
    assert "local team" in (await zoe.send("hello?")).text


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("st etienne", "42218"),
        ("Paris 15", "75115"),
        ("lyon 3e", "69383"),
        ("saint denis 93", "93066"),
        ("Nouméa", "98818"),
    ],
)
async def test_a_sure_commune_needs_one_message(zoe: Talker, typed: str, code: str) -> None:
    await agree(zoe)
    assert "Is this right?" in (await zoe.send(typed)).text
    person = await zoe.stored()
    assert person is not None
    assert person.commune == code


async def test_several_communes_are_offered_and_one_can_type_on(zoe: Talker) -> None:
    await agree(zoe)
    shown = await zoe.send("51300")
    assert len([data for data in shown.buttons.values() if data.startswith("1:place:")]) > 1
    assert "Is this right?" in (await zoe.send("Vitry-le-François")).text


async def test_another_commune_typed_instead_of_a_confirmation(zoe: Talker) -> None:
    await agree(zoe)
    await zoe.send("Lyon")
    assert "Bordeaux" in (await zoe.send("Bordeaux")).text


async def test_what_is_no_commune_is_said_and_asked_again(zoe: Talker) -> None:
    await agree(zoe)
    shown = await zoe.send("<b>xqzt</b>")
    assert "&lt;b&gt;xqzt&lt;/b&gt;" in shown.text
    assert "Is this right?" in (await zoe.send("Lyon")).text


async def test_a_shared_location_gives_the_communes_around(zoe: Talker) -> None:
    await agree(zoe)
    shown = await zoe.share_location(45.76, 4.84)
    assert any("Lyon" in label for label in shown.buttons)
    assert "no French commune near" in (await zoe.share_location(0.0, 0.0)).text


async def test_living_abroad_asks_the_country(zoe: Talker) -> None:
    await agree(zoe)
    await zoe.tap("I live abroad")
    assert "Japan" in (await zoe.send("Japon")).text
    person = await zoe.stored()
    assert person is not None
    assert (person.territory, person.country, person.zone) == ("abroad", "JP", "Asia/Tokyo")


async def test_a_city_abroad_is_recognised(zoe: Talker) -> None:
    await agree(zoe)
    await zoe.send("Londres")
    await zoe.tap("I live abroad: United Kingdom")
    person = await zoe.stored()
    assert person is not None
    assert person.zone == "Europe/London"


async def test_without_a_commune_the_territory_is_enough(zoe: Talker) -> None:
    await agree(zoe)
    await zoe.tap("rather not say")
    assert "New Caledonia" in (await zoe.tap("New Caledonia")).text
    person = await zoe.stored()
    assert person is not None
    assert (person.commune, person.territory, person.zone) == (None, "988", "Pacific/Noumea")


async def test_a_button_of_a_question_already_answered(zoe: Talker) -> None:
    await zoe.send("/start")
    await zoe.tap_data("1:consent:contact:yes")
    await zoe.tap_data("1:consent:contact:no")
    assert "already been answered" in zoe.toast
    assert await zoe.stored() is not None


async def test_the_language_can_be_switched_at_the_first_question(zoe: Talker) -> None:
    await zoe.send("/start")
    assert "Pouvons-nous vous écrire ici" in (await zoe.tap("Français")).text


async def test_inline_mode_offers_communes_and_keeps_nothing(conversation: Conversation) -> None:
    asked = {"id": "1", "from": {"id": 99, "is_bot": False, "first_name": "A"}, "query": "lyon", "offset": ""}
    (call,) = await conversation.process({"update_id": 1, "inline_query": asked})
    assert call.method == "answerInlineQuery"
    assert call.payload["results"][0]["title"] == "Lyon (69)"
    assert await conversation.person(99).stored() is None


async def test_the_key_that_shares_the_location_goes_away_when_a_name_is_typed(zoe: Talker) -> None:
    await agree(zoe)
    await zoe.tap("Share my location")
    await zoe.send("lyon")
    first, question = zoe.called("sendMessage")
    assert first.payload["reply_markup"] == {"remove_keyboard": True}
    assert "Lyon" in question.payload["text"]
    await zoe.send("nantes")
    assert len(zoe.called("sendMessage")) == 1  # once is enough
