"""Signing up: every way through the questions, left and taken up again, refused, too young."""

from __future__ import annotations

import pytest

from bot.actions.renewals import question_of, text_hash
from bot.rules.consent import Purpose
from db.consents import of_person as consents_of
from tests.conversation import Conversation, Talker
from tests.junk import DIGITS, JUNK


@pytest.fixture
def zoe(conversation: Conversation) -> Talker:
    return conversation.person(7)


async def agree(person: Talker) -> None:
    """Up to the question of where one votes."""
    await person.send("/start")
    await person.tap("I’m 17 or over: yes, write to me")


async def test_nothing_is_kept_of_who_says_no(conversation: Conversation, zoe: Talker) -> None:
    assert "the law requires your explicit consent" in (await zoe.send("/start")).text
    assert "nothing about you is kept" in (await zoe.tap("No, thank you")).text
    assert await zoe.stored() is None
    assert "17 or over" in "".join((await zoe.tap("Wrong button?")).buttons)


async def test_nothing_is_kept_of_who_is_too_young(zoe: Talker) -> None:
    await zoe.send("/start")
    assert "aged 17 or over" in (await zoe.tap("younger")).text
    assert await zoe.stored() is None


async def test_a_command_that_there_is_not_is_told_of_and_the_question_stays(zoe: Talker) -> None:
    await zoe.send("/start")
    assert (await zoe.send("/foo")).text.startswith(
        "There is no command /foo.\n\nThe question above is still open"
    )
    await agree(zoe)
    assert (await zoe.send("/foo")).text.startswith(
        "There is no command /foo.\n\nThe question above is still open"
    )


async def test_four_acts_are_enough(zoe: Talker) -> None:
    """What else there is to choose is not asked before it serves."""
    await zoe.send("/start")
    await zoe.tap("I’m 17 or over: yes, write to me")
    await zoe.send("Lyon")
    assert "Welcome" in (await zoe.tap("Yes, by where I vote")).text
    person = await zoe.stored()
    assert person is not None
    assert person.is_registered
    assert (person.consent_contact, person.consent_commune) == (True, True)
    assert (person.consent_team, person.consent_keep) == (False, False)
    assert (person.asked_team, person.asked_keep) == (False, False)


async def test_the_choice_about_the_commune_never_blocks(zoe: Talker) -> None:
    await agree(zoe)
    await zoe.send("Lyon")
    await zoe.tap("Only tell me where I vote")
    person = await zoe.stored()
    assert person is not None
    assert person.is_registered
    assert (person.commune, person.consent_contact, person.consent_commune) == ("69123", True, False)


async def test_each_choice_is_in_the_ledger_with_the_words_that_were_shown(
    conversation: Conversation, zoe: Talker
) -> None:
    await zoe.sign_up()
    person = await zoe.stored()
    assert person is not None
    async with conversation.database.read() as tx:
        ledger = await consents_of(tx, person.pseudonym)
    texts = conversation.services.texts
    assert [(each.purpose, each.given, each.text_hash) for each in ledger] == [
        (purpose, True, text_hash(texts.render(question_of(purpose), "en").written)) for purpose in Purpose
    ]


async def test_leaving_and_coming_back_asks_what_is_missing(conversation: Conversation, zoe: Talker) -> None:
    await agree(zoe)
    await zoe.send("Lyon")
    assert "You vote in <b>Lyon</b>" in (await zoe.send("/start")).text


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
    assert "May I choose your messages" in (await zoe.send(typed)).text
    person = await zoe.stored()
    assert person is not None
    assert person.commune == code


async def test_several_communes_are_offered_and_one_can_type_on(zoe: Talker) -> None:
    await agree(zoe)
    shown = await zoe.send("51300")
    assert len([data for data in shown.buttons.values() if data.startswith("1:place:")]) > 1
    assert "May I choose your messages" in (await zoe.send("Vitry-le-François")).text


async def test_another_commune_typed_instead_of_a_confirmation(zoe: Talker) -> None:
    await agree(zoe)
    await zoe.send("Lyon")
    assert "Bordeaux" in (await zoe.send("Bordeaux")).text


async def test_what_is_no_commune_is_said_and_asked_again(zoe: Talker) -> None:
    await agree(zoe)
    shown = await zoe.send("<b>xqzt</b>")
    assert "&lt;b&gt;xqzt&lt;/b&gt;" in shown.text
    assert "May I choose your messages" in (await zoe.send("Lyon")).text


async def test_a_shared_location_gives_the_communes_around(zoe: Talker) -> None:
    await agree(zoe)
    shown = await zoe.share_location(45.76, 4.84)
    assert any("Lyon" in label for label in shown.buttons)
    assert "no French commune near" in (await zoe.share_location(0.0, 0.0)).text


@pytest.mark.parametrize("command", ["/vote", "/start", "/settings"])
@pytest.mark.parametrize(
    ("way", "question"),
    [
        (["tap:I live abroad"], "In which country do you live?"),
        (["tap:I live abroad", "Etats-Unis"], "United States: where do you live there?"),
        (["tap:rather not say"], "which part of France you vote in"),
        (["51300"], "Vitry-le-François"),
    ],
)
async def test_a_command_comes_back_to_the_open_question(
    zoe: Talker, command: str, way: list[str], question: str
) -> None:
    await agree(zoe)
    for step in way:
        await (zoe.tap(step.removeprefix("tap:")) if step.startswith("tap:") else zoe.send(step))
    asked, buttons = zoe.last, zoe.last.buttons
    assert question in asked.text or question in str(buttons)
    shown = await zoe.send(command)
    assert (shown.text, shown.buttons) == (asked.text, buttons)
    assert not asked.buttons, "Of the same question twice the newest has the buttons."


async def test_a_former_commune_says_what_it_is_part_of_today(zoe: Talker) -> None:
    await agree(zoe)
    shown = await zoe.send("Arbignieu")
    assert "You vote in <b>Arboys en Bugey</b>" in shown.text
    assert "Arbignieu is now part of Arboys en Bugey." in shown.text
    # There is a Beauchêne today too: both are offered, each by what it is.
    shown = await zoe.send("Beauchêne")
    assert any(label.startswith("Beauchêne → Tinchebray-Bocage (61)") for label in shown.buttons)
    assert "Beauchêne is now part of Tinchebray-Bocage." in (await zoe.tap("Beauchêne →")).text
    # Nothing of it stays once another is meant.
    assert "now part of" not in (await zoe.send("Lyon")).text


async def test_a_former_commune_is_said_to_who_moves_in_french(conversation: Conversation) -> None:
    zoe = conversation.person(7, language="fr")
    await zoe.sign_up()
    await zoe.send("/settings")
    await zoe.tap_data("1:settings_place")
    shown = await zoe.send("annecy le vieux")
    assert "Annecy-le-Vieux a rejoint Annecy." in shown.text


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
    shown = await zoe.tap_data("1:consent:contact:no")
    assert "In which commune do you vote?" in shown.text
    assert zoe.toast == ""
    assert await zoe.stored() is not None
    await zoe.send("Lyon")
    await zoe.tap_data("1:consent:commune:yes")
    await zoe.tap_data("1:consent:contact:no")
    assert "already been answered" in zoe.toast


async def test_the_language_can_be_switched_at_the_first_question(zoe: Talker) -> None:
    await zoe.send("/start")
    assert "Je suis un assistant automatique" in (await zoe.tap("Français")).text


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


async def test_junk_is_no_commune(zoe: Talker) -> None:
    """Nothing typed where a commune is asked fails, or says a place for sure that was not meant."""
    await agree(zoe)
    for text in (*JUNK, *DIGITS):
        if text.strip() and "\ud800" not in text and "lyon" not in text and text != "98765":  # a postcode
            shown = await zoe.send(text[:4096])  # Telegram's limit
            assert "Sorry" not in shown.text
            person = await zoe.stored()
            assert person is not None
            assert person.commune is None, text
    assert "May I choose your messages" in (await zoe.send("Lyon")).text


@pytest.mark.parametrize("typed", ["oui", "Yes!", "OK", "d’accord"])
async def test_yes_in_words_confirms(zoe: Talker, typed: str) -> None:
    await agree(zoe)
    await zoe.send("Lyon")
    assert "Welcome" in (await zoe.send(typed)).text
    person = await zoe.stored()
    assert person is not None
    assert (person.is_registered, person.commune) == (True, "69123")


async def test_no_in_words_is_no_to_the_choice(zoe: Talker) -> None:
    await agree(zoe)
    await zoe.send("Lyon")
    assert "Welcome" in (await zoe.send("Non")).text
    person = await zoe.stored()
    assert person is not None
    assert (person.commune, person.consent_commune) == ("69123", False)


async def test_another_commune_typed_instead_is_meant(zoe: Talker) -> None:
    await agree(zoe)
    await zoe.send("Lyon")
    assert "<b>Bordeaux</b>" in (await zoe.send("Bordeaux")).text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("99999", "the postcode 99999. Check it, or type the name of the commune."),
        ("99 999", "I don’t know any commune with the postcode 99999."),
        (
            "a village up there in the hills, with a church " * 3,
            "I found no commune in that. Type just its name, or its postcode",
        ),
        ("Xyzzyville", "I don’t know any commune called “Xyzzyville”"),
    ],
)
async def test_a_postcode_that_is_none_and_a_text_in_its_place_are_told_apart(
    zoe: Talker, typed: str, said: str
) -> None:
    await agree(zoe)
    await zoe.send(typed)
    assert any(said in shown.text for shown in zoe.screen), [shown.text for shown in zoe.screen]
    await zoe.send("69003")
    assert "Lyon 3e" in zoe.last.text + str(zoe.last.buttons)


async def test_a_postcode_offers_its_communes_by_it_or_another_one(zoe: Talker) -> None:
    await agree(zoe)
    shown = await zoe.send("31110")
    assert [label for label in shown.buttons if "31" in label][:2] == [
        "Bagnères-de-Luchon (31) · 31110",
        "Saint-Mamet (31) · 31110",
    ]
    assert "In which commune do you vote?" in (await zoe.tap("Another one")).text


async def test_a_number_of_offices_that_is_the_code_of_a_village_is_asked_about(zoe: Talker) -> None:
    """31060 is “Toulouse Cedex” on an envelope, and what INSEE calls Bélesta-en-Lauragais by."""
    await agree(zoe)
    shown = await zoe.send("31060")
    assert [label for label in shown.buttons if "(31)" in label] == [
        "Bélesta-en-Lauragais (31) · 31540",
        "Toulouse (31) · 31000",
    ]


async def test_cancel_while_signing_up_says_how_to_go_on_and_how_to_be_erased(zoe: Talker) -> None:
    await zoe.send("/start")
    said = (await zoe.send("oui")).text
    assert "The question above is still open" in said
    assert "/cancel" not in said, "It does not end signing up."
    waiting = (await zoe.send("/cancel")).text
    assert all(word in waiting for word in ("not finished signing up", "/start", "/delete", "7 days"))
    await zoe.tap("yes, write to me")
    assert "In which commune do you vote?" in zoe.screen[0].text


async def test_the_list_of_territories_leads_back(zoe: Talker) -> None:
    await agree(zoe)
    await zoe.tap("I’d rather not say")
    await zoe.tap("Back")
    assert "In which commune do you vote?" in zoe.last.text
