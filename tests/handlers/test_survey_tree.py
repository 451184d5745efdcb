"""/survey: what follows each answer is said in the chat, and what is wrong with it before it is sent."""

from __future__ import annotations

from functools import partial

import pytest
import sqlalchemy as sa

from bot.actions import drafts
from bot.actions.survey_drafts import FLOW
from bot.rules.survey_draft import form_of
from bot.rules.survey_forms import LIMITS, MOST_OPTIONS, MOST_QUESTIONS
from bot.rules.surveys import END, from_json
from bot.words.surveys import plan_of, whole_texts
from bot.words.telegram_html import TEXT_LIMIT, check_html
from db.schema import surveys
from tests.campaigning import rows
from tests.conversation import Conversation, Talker, services
from tests.survey_writing import (
    STAFF,
    TRAIN,
    WHEN,
    WHY,
    branch,
    plain,
    team,
    write_question,
    write_three,
    write_up_to_the_questions,
)


async def test_what_follows_an_answer_lies_further_down_and_what_is_wrong_is_told_before_it_is_sent(
    conversation: Conversation, supporters: list[Talker]
) -> None:
    staff = await team(conversation)
    await write_up_to_the_questions(staff)
    await write_question(staff, *TRAIN)
    await staff.tap("Another question")
    await write_question(staff, *WHEN)
    await staff.tap("Another question")
    await write_question(staff, *WHY)
    await staff.tap("What follows question 2")
    await staff.tap("Morning")
    await staff.tap("The end")
    assert "Morning → the end" in staff.last.text
    await staff.tap("Done")
    for forged in ("survey_lead:1:0:0", "survey_lead:1:9:2", "survey_lead:2:0:2", "survey_leads:7"):
        await staff.tap_data(f"1:{forged}")
        assert "no longer works" in staff.toast
    await staff.tap("That’s all")
    await staff.tap("That’s it")
    await staff.send("18/11/2018 20:00")
    assert "It can’t go out like this" in staff.last.text
    assert "within a year" in staff.last.text
    await staff.send("SEND")
    async with conversation.database.read() as tx:
        assert not (await tx.execute(sa.select(surveys))).all()
    await staff.tap("Change the end")
    assert "Ready to send" in (await staff.send("18/11 20:00")).text


async def test_what_follows_a_question_of_several_answers_and_one_left_out_is_said_in_the_chat(
    conversation: Conversation, supporters: list[Talker]
) -> None:
    """Nobody who says when they take the train is asked why they don’t."""
    staff = await team(conversation)
    await write_three(staff)
    await staff.tap("What follows question 2")
    assert "the same question follows, whatever is" in staff.last.text
    await staff.tap("The end")
    assert "2. When?\n   → the end" in staff.last.text
    assert "Nobody would be asked question 3" in staff.last.text
    await staff.tap("That’s all")
    assert "no answer leads to it" in staff.last.text, "Told before it is asked for whom it is."
    await staff.tap_data("1:survey_leads:0", on=staff.screen[-2])
    for answer, to in (("No", "3. Why?"), ("If it is skipped", "The end")):
        await staff.tap(answer)
        await staff.tap(to)
    for words in ("Yes → 2. When?", "No → 3. Why?", "skipped → the end"):
        assert words in staff.screen[-2].text
    for forged in ("1:0:2", "1:2:2", "0:none:2", "1:otherwise:0", "1:otherwise:1", "2:otherwise:end"):
        await staff.tap_data(f"1:survey_lead:{forged}")
        assert "no longer works" in staff.toast
    await staff.tap("Done")
    assert "Nobody would be asked" not in staff.screen[-2].text
    await staff.tap("That’s all")
    await staff.tap("That’s it")
    await staff.send("18/11 20:00")
    whole = plain(staff.screen[-2].text)
    assert "• Yes → question 2\n• No → question 3\nskipped → the end" in whole
    assert "2. When?\nAsked after question 1 (Yes)\n" in whole
    assert "In the evening" not in whole
    assert "• Evening\nThen nothing more is asked." in whole
    assert "3. Why?\nAsked after question 1 (No)\n" in whole
    await staff.send("SEND")
    (made,) = await rows(conversation, surveys)
    first, second, third = from_json(made.form).questions
    assert [each.next for each in first.options] == ["q2", "q3"]
    assert (first.next, second.next, third.next) == ("end", "end", None)


async def test_what_leads_to_a_question_leads_to_what_is_written_in_its_place(
    conversation: Conversation, supporters: list[Talker]
) -> None:
    """Whoever mends a word of the last question does not send those who say no through the one above it."""
    staff = await team(conversation)
    await write_three(staff)
    await branch(staff)
    assert "No → question 3" in staff.last.text
    await staff.tap("Rewrite question 3")
    await write_question(staff, *WHY)
    assert "No → question 3" in staff.last.text


async def test_any_question_is_written_anew_and_what_follows_the_others_stays(
    conversation: Conversation, supporters: list[Talker]
) -> None:
    staff = await team(conversation)
    await write_three(staff)
    await branch(staff)
    before = staff.last.text
    await staff.tap("Rewrite question 2")
    assert "Question 2" in staff.last.text
    for forged in ("survey_anew:1", "survey_more:another", "survey_leads:0"):
        await staff.tap_data(f"1:{forged}")
        assert "no longer works" in staff.toast or "Question 2" in staff.last.text
    await write_question(staff, "À quelle heure ?", "At what time?", *WHEN[2:], several=True)
    assert staff.last.text == before.replace("When?", "At what time?")
    # One that branches: of its answers those that it still has lead where they led.
    await staff.tap("Rewrite question 1")
    await write_question(staff, *TRAIN[:2], "Oui\nNon\nParfois", "Yes\nNo\nAt times")
    for words in ("Yes → question 2", "No → question 3", "At times → question 2", "2. At what time?"):
        assert words in staff.last.text
    await staff.tap("Rewrite question 1")
    await write_question(staff, *TRAIN, several=True)
    assert "→ question 3" not in staff.last.text, "Of one with several answers none leads elsewhere."
    await staff.tap_data("1:survey_anew:3")
    assert "no longer works" in staff.toast
    await staff.tap("That’s all")
    await staff.tap("That’s it")
    await staff.send("18/11 20:00")
    await staff.send("SEND")
    (made,) = await rows(conversation, surveys)
    assert [each.text["en"] for each in from_json(made.form).questions] == [TRAIN[1], "At what time?", WHY[1]]


@pytest.mark.parametrize(
    ("language", "read", "asked"),
    [
        ("en", "This is how question 1 was read:", "May several of them be chosen?"),
        ("fr", "Voici comment la question 1 a été comprise :", "Peut-on en choisir plusieurs ?"),
    ],
)
async def test_a_question_is_typed_together_with_its_answers(
    conversation: Conversation, language: str, read: str, asked: str
) -> None:
    await team(conversation)
    staff = conversation.person(STAFF, language=language)
    await staff.send("/survey")
    await staff.tap_data("1:survey_new")
    await staff.tap_data("1:survey_kind:poll")
    for words in ("Vos trajets", "Your journeys", "Pour notre programme.", "For our programme."):
        await staff.send(words)
    await staff.send("Prenez-vous le train ?\n1. Oui\n2. Non\n\n")
    shown = plain(staff.last.text).replace("\u202f", " ")
    assert shown.startswith(f"{read}\n\nPrenez-vous le train ?\n• Oui\n• Non\n")
    await staff.tap_data("1:survey_read:yes")
    await staff.send("Do you take the train?\n- Yes\n- No\n- At times")
    assert "Answers in the other language: 2" in staff.last.text or "l’autre langue" in staff.last.text
    await staff.send("Do you take the train?\nYes\nNo")
    await staff.tap_data("1:survey_read:yes")
    assert asked in staff.last.text.replace("\u202f", " ")
    # What is longer than an answer belongs to the question.
    await staff.tap_data("1:survey_several:one")
    await staff.tap_data("1:survey_more:another")
    long = f"Quand ?\n{'Dites-nous tout. ' * 3}\nMerci."
    await staff.send(long)
    await staff.tap_data("1:survey_read:yes")
    await staff.send("When?")
    await staff.send("Le matin\nLe soir")
    await staff.send("Morning\nEvening")
    await staff.tap_data("1:survey_several:one")
    stored = await staff.stored()
    assert stored is not None
    async with conversation.database.read() as tx:
        kept = await drafts.kept(tx, stored, FLOW)
    assert kept is not None
    first, second = kept["questions"]
    assert first["texts"] == {"fr": "Prenez-vous le train ?", "en": "Do you take the train?"}
    assert first["options"] == {"fr": ["Oui", "Non"], "en": ["Yes", "No"]}
    assert second["texts"]["fr"] == long
    assert second["options"]["fr"] == ["Le matin", "Le soir"]


async def test_answers_are_typed_as_the_list_that_is_shown_and_a_question_of_two_lines_is_named_on_one(
    conversation: Conversation,
) -> None:
    """Who is shown “1. Oui”, “2. Non” types as much: people read no number on their buttons."""
    staff = await team(conversation)
    await write_up_to_the_questions(staff)
    await write_question(staff, *TRAIN[:2], "• Oui\n• Non", "1. Yes\n2. No")
    await staff.tap("Another question")
    for words in ("Quand ?", "When?\nOn weekdays"):
        await staff.send(words)
    await staff.tap("That’s right")
    await write_question(staff, *WHEN[2:])
    assert "2. When? On weekdays" in staff.last.text
    await staff.tap("What follows question 1")
    assert "Yes → 2. When? On weekdays\nNo → 2. When? On weekdays" in staff.last.text
    await staff.tap("No")
    assert next(iter(staff.last.buttons)) == "✓ 2. When? On weekdays"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_answer_with_signs_reads_as_it_was_typed_where_a_question_says_what_it_follows(
    language: str,
) -> None:
    def question(**leads: int) -> dict[str, object]:
        return {
            "texts": {"fr": "?"},
            "options": {"fr": ["Bus & <tram>", "100 %"]},
            "several": False,
            "leads": leads,
        }

    said = [question(**{"0": 2}), question(), question()]
    form = form_of({"titles": {"fr": "t"}, "purposes": {"fr": "p"}, "questions": said})
    (whole,) = whole_texts(partial(services().texts.render, language=language), form, language)
    assert "question 1 (Bus &amp; &lt;tram&gt;)" in whole.html


@pytest.mark.parametrize("language", ["en", "fr"])
def test_everything_that_six_short_questions_ask_stands_in_one_message(language: str) -> None:
    form = form_of(
        {
            "titles": {"fr": "t"},
            "purposes": {"fr": "p"},
            "questions": [
                {
                    "texts": {"fr": "Prenez-vous le train ?"},
                    "options": {"fr": ["Oui", "Non"]},
                    "several": False,
                }
            ]
            * 6,
        }
    )
    (whole,) = whole_texts(partial(services().texts.render, language=language), form, language)
    assert "6. Prenez-vous le train" in plain(whole.html)


async def test_a_question_that_is_taken_out_of_the_way_is_told_in_french(conversation: Conversation) -> None:
    await team(conversation)
    staff = conversation.person(STAFF, language="fr")
    await staff.send("/survey")
    await staff.tap("Nouveau sondage")
    await staff.tap_data("1:survey_kind:poll")
    for words in ("Vos trajets", "Your journeys", "Pour notre programme.", "For our programme."):
        await staff.send(words)
    for number, question in enumerate((TRAIN, WHEN, WHY)):
        if number:
            await staff.tap_data("1:survey_more:another")
        for words in question:
            await staff.send(words)
        await staff.tap_data("1:survey_several:one")
    await staff.tap_data("1:survey_leads:0")
    assert "question passée → 2. Quand ?" in staff.last.text
    for way in ("0", "1", "otherwise"):
        await staff.tap_data(f"1:survey_lead:0:{way}:2")
    await staff.tap_data("1:survey_questions")
    assert "Personne ne verrait la question 2" in staff.last.text


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_tree_of_ten_questions_of_eight_long_answers_is_shown_in_messages_that_fit(language: str) -> None:
    """Each of its answers leads elsewhere, every text is as long as it may be, and one question is never asked."""
    said = [
        {
            "texts": {"fr": "?" * LIMITS["question"]},
            "options": {"fr": [str(place) * LIMITS["option"] for place in range(MOST_OPTIONS)]},
            "several": False,
            "leads": {str(place): END if place % 2 else number + 2 for place in range(MOST_OPTIONS)}
            if number < MOST_QUESTIONS - 2
            else {"0": END},
        }
        for number in range(MOST_QUESTIONS)
    ]
    form = form_of({"titles": {"fr": "t"}, "purposes": {"fr": "p"}, "questions": said})
    render = partial(services().texts.render, language=language)
    so_far = render(
        "new_survey/more",
        plan=plan_of(form, language),
        full=True,
        leads=range(MOST_QUESTIONS - 1),
        unasked=10,
    )
    whole = whole_texts(render, form, language)
    assert sum(text.html.count("→") for text in whole) > MOST_QUESTIONS * MOST_OPTIONS / 2
    for text in (so_far, *whole):
        check_html(text.html, TEXT_LIMIT)
