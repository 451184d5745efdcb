"""/survey: a question on several lines is shown as it was understood before it counts, and one that is written anew
stands as it was until the new one is whole.
"""

from __future__ import annotations

from typing import Any

import pytest

from bot.actions import drafts
from bot.actions.survey_drafts import FLOW
from bot.rules.survey_draft import form_of
from bot.rules.survey_forms import LIMITS
from tests.conversation import Conversation, Talker
from tests.survey_writing import (
    STAFF,
    TRAIN,
    WHEN,
    branch,
    plain,
    team,
    write,
    write_question,
    write_three,
    write_up_to_the_questions,
)

LATER = ("À quelle heure ?", "At what time?", "Tôt\nTard", "Early\nLate")
SHORT_LINES = "Dites-nous si vous venez\nen train\nou à vélo"
SEVERAL_LINES = "Bonjour à tous,\nune question :\nprenez-vous le train ?"


def read(text: str) -> str:
    return plain(text).replace("\u202f", " ").replace("\u00a0", " ")


async def kept(conversation: Conversation, staff: Talker) -> dict[str, Any]:
    stored = await staff.stored()
    assert stored is not None
    async with conversation.database.read() as tx:
        found = await drafts.kept(tx, stored, FLOW)
    assert found is not None
    return dict(found)


async def asked(conversation: Conversation, staff: Talker) -> list[str]:
    """The questions of the survey, as whoever looks at it at this moment finds them."""
    return [each.text["en"] for each in form_of(await kept(conversation, staff)).questions]


async def speaking(conversation: Conversation, language: str) -> Talker:
    """Somebody of the team in the middle of a new survey, at its first question."""
    await team(conversation)
    staff = conversation.person(STAFF, language=language)
    await staff.send("/survey")
    await staff.tap_data("1:survey_new")
    await staff.tap_data("1:survey_kind:poll")
    for words in ("Vos trajets", "Your journeys", "Pour notre programme.", "For our programme."):
        await staff.send(words)
    return staff


# -- one that is written anew --


@pytest.mark.parametrize("said", range(1, 5))
async def test_who_cancels_in_the_middle_has_the_old_question_and_all_that_follows_it(
    conversation: Conversation, said: int
) -> None:
    staff = await team(conversation)
    await write_three(staff)
    await branch(staff)
    before, old = staff.last.text, await asked(conversation, staff)
    await staff.tap("Rewrite question 2")
    assert "When?\n• Morning\n• Evening" not in plain(staff.last.text), "It is asked for in French first."
    assert "Quand ?\n• Le matin\n• Le soir" in read(staff.last.text)
    assert "The old one stays in the survey until" in staff.last.text
    for words in LATER[:said]:
        await staff.send(words)
        assert await asked(conversation, staff) == old, "Until it is whole the old one stands."
    await staff.send("/cancel")
    assert "Question 2 stays as it was." in staff.screen[-2].text
    assert staff.last.text == before
    # Nothing of it is left when it is begun again.
    await staff.tap("Rewrite question 2")
    await write_question(staff, *LATER, several=True)
    assert staff.last.text == before.replace("When?", "At what time?")
    await staff.send("/cancel")
    assert "Cancelled" in staff.last.text, "Elsewhere it gives the survey up."


async def test_in_french_too_and_by_the_button(conversation: Conversation) -> None:
    staff = await speaking(conversation, "fr")
    for words in TRAIN:
        await staff.send(words)
    await staff.tap_data("1:survey_several:one")
    await staff.tap("Réécrire la question 1")
    assert "l’ancienne reste dans le sondage" in staff.last.text
    await staff.send("Prenez-vous le bus ?")
    await staff.send("/survey")
    assert "/cancel pour garder telle quelle la question" in staff.screen[-2].text
    assert "Do you take the train?" in read(staff.last.text)
    stale = staff.last
    await staff.tap("Laisser comme avant")
    assert await asked(conversation, staff) == ["Do you take the train?"]
    assert "1. Prenez-vous le train ?" in read(staff.last.text)
    await staff.tap_data("1:survey_as_it_was:0", on=stale)
    assert staff.toast
    await staff.tap("Réécrire la question 1")
    await staff.send("/cancel")
    assert "La question 1 reste comme avant." in staff.screen[-2].text


@pytest.mark.parametrize("said", range(5))
async def test_who_cancels_in_the_middle_of_another_question_leaves_out_that_one_alone(
    conversation: Conversation, said: int
) -> None:
    staff = await team(conversation)
    await write_three(staff)
    await branch(staff)
    before, old = staff.last.text, await asked(conversation, staff)
    await staff.tap("Another question")
    assert "/cancel leaves this question out; the others stay." in staff.last.text
    for words in LATER[:said]:
        await staff.send(words)
    await staff.send("/survey")
    assert "/cancel leaves out the question that you are adding" in staff.screen[-3].text
    await staff.send("/cancel")
    assert "Question 4 is left out; the rest of your survey stays." in staff.screen[-2].text
    assert staff.last.text == before
    assert await asked(conversation, staff) == old
    await staff.send("/cancel")
    assert "still here" not in (await staff.send("/survey")).text, "now it is the survey that is dropped"


async def test_in_the_second_language_it_is_said_how_many_answers_are_needed(
    conversation: Conversation,
) -> None:
    staff = await team(conversation)
    await write_up_to_the_questions(staff)
    for words in (*TRAIN[:2], "Oui\nNon\nPeut-être"):
        await staff.send(words)
    assert "3 answers are needed, one on each line, in the same order:" in staff.last.text
    await staff.send("Yes\nNo\nPerhaps")
    await staff.tap("One answer only")
    await staff.tap("Another question")
    await staff.send("Quand ?\n- Matin\n- Midi\n- Soir\n- Nuit")
    await staff.tap("That’s right")
    assert "It needs 4 answers, in the same order as in the other language." in staff.last.text


async def test_who_cancels_the_only_question_drops_the_survey(conversation: Conversation) -> None:
    staff = await team(conversation)
    await write_up_to_the_questions(staff)
    await staff.send("Quand ?")
    assert "left out" not in (await staff.send("/cancel")).text


async def test_what_is_refused_and_who_is_interrupted_leaves_the_old_one(conversation: Conversation) -> None:
    staff = await team(conversation)
    await write_three(staff)
    old = await asked(conversation, staff)
    await staff.tap("Rewrite question 1")
    await staff.send("x" * (LIMITS["question"] + 1))
    assert "at most 200 fit" in staff.last.text
    for words in LATER[:2]:
        await staff.send(words)
    assert "At least two answers" in (await staff.send("Tôt")).text
    assert await asked(conversation, staff) == old
    await staff.send("/new_event")
    assert await asked(conversation, staff) == old
    await staff.send("/cancel")  # the event; the survey is taken up where it was
    await staff.send("anything")
    assert "Which answers are offered?" in staff.last.text
    assert "Leave it as it was" in staff.last.buttons
    for words in LATER[2:]:
        await staff.send(words)
    await staff.tap_data("1:survey_as_it_was:1")
    assert await asked(conversation, staff) == old
    assert (await kept(conversation, staff))["anew"], "The button of another question gives nothing up."
    await staff.tap("One answer only")
    assert await asked(conversation, staff) == ["At what time?", *old[1:]]


async def test_another_number_of_answers_is_refused_against_the_new_ones_alone(
    conversation: Conversation,
) -> None:
    staff = await team(conversation)
    await write_three(staff)
    await staff.tap("Rewrite question 3")
    for words in ("Pourquoi donc ?", "But why?", "Cher\nLoin\nLent"):
        await staff.send(words)
    assert "Answers in the other language: 3" in (await staff.send("Dear\nFar")).text
    await staff.send("Dear\nFar\nSlow")
    await staff.tap("One answer only")
    assert (await asked(conversation, staff))[2] == "But why?"


# -- what the summary leads back to --


@pytest.mark.parametrize(
    ("button", "typed"),
    [
        ("Change the texts", ("Autre titre", "Another title")),
        ("Change the audience", ("Lyon 20 km",)),
        ("Change the end", ("never",)),
        ("Send it later", ()),
        ("Keep answers longer or shorter", ()),
        ("Change the kind", ()),
    ],
)
async def test_who_cancels_what_the_summary_led_back_to_has_the_summary_as_it_was(
    conversation: Conversation, supporters: list[Talker], button: str, typed: tuple[str, ...]
) -> None:
    staff = await team(conversation)
    await write(staff)
    before = [each.text for each in staff.screen[-6:]]
    await staff.tap(button)
    for words in typed:
        await staff.send(words)
    await staff.send("/survey")
    assert any("/cancel leaves it as it was" in each.text for each in staff.screen[-2:])
    await staff.send("/cancel")
    assert "It stays as it was." in [plain(each.text) for each in staff.screen]
    assert [each.text for each in staff.screen[-6:]] == before
    await staff.send("/cancel")
    assert "Cancelled" in staff.last.text
    async with conversation.database.read() as tx:
        assert await drafts.kept(tx, await staff.stored(), FLOW) is None  # type: ignore[arg-type]  # they wrote


async def test_what_was_said_anew_stays_said(conversation: Conversation, supporters: list[Talker]) -> None:
    staff = await team(conversation)
    await write(staff)
    await staff.tap("Change the end")
    await staff.send("18/11 18:00")
    assert "Open until: Friday 18 November at 18:00" in read(staff.last.text)
    await staff.tap("Change the questions")
    await staff.send("/cancel")
    assert "Cancelled" in staff.last.text, "There each question has its own way back."


# -- one on several lines --


@pytest.mark.parametrize("mark", ["- ", "-", "• ", "* ", "– ", "1. ", "2) ", "a) "])
async def test_with_a_mark_before_each_answer_the_lines_above_are_the_question(
    conversation: Conversation, mark: str
) -> None:
    staff = await speaking(conversation, "en")
    assert "with a dash before each" in staff.last.text
    await staff.send(f"{SEVERAL_LINES}\n\n{mark}Oui\n{mark}Non")
    assert "This is how question 1 was read:" in staff.last.text
    assert f"{SEVERAL_LINES}\n• Oui\n• Non\n" in read(staff.last.text)
    assert not (await kept(conversation, staff)).get("questions"), "It does not count yet."
    await staff.tap("That’s right")
    (question,) = (await kept(conversation, staff))["questions"]
    assert question["texts"] == {"fr": SEVERAL_LINES}
    assert question["options"] == {"fr": ["Oui", "Non"]}


@pytest.mark.parametrize(
    ("language", "understood", "all_of_it"),
    [
        ("en", "without answers: you are asked for them next", "All of it is the question"),
        ("fr", "sans réponses pour l’instant", "Tout fait partie de la question"),
    ],
)
async def test_lines_without_a_mark_are_what_they_were_and_it_is_said_what(
    conversation: Conversation, language: str, understood: str, all_of_it: str
) -> None:
    staff = await speaking(conversation, language)
    # One line below is no list of answers.
    await staff.send("Prenez-vous le train ?\nOui")
    assert f"Prenez-vous le train ?\nOui\n{understood}" in read(staff.last.text)
    assert all_of_it not in staff.last.buttons, "It is already."
    for forged in ("whole", "no"):
        await staff.tap_data(f"1:survey_read:{forged}")
        assert not (await kept(conversation, staff)).get("questions")
    # Typed again it is understood anew: what is asked at the end is no answer.
    await staff.send(SEVERAL_LINES)
    assert f"{SEVERAL_LINES}\n{understood}" in read(staff.last.text)
    # Short lines below are taken for answers, unless somebody says otherwise.
    await staff.send(SHORT_LINES)
    assert "Dites-nous si vous venez\n• en train\n• ou à vélo" in read(staff.last.text)
    await staff.tap(all_of_it)
    (question,) = (await kept(conversation, staff))["questions"]
    assert question == {"texts": {"fr": SHORT_LINES}}
    # What is typed on one line alone needs no second look.
    await staff.send("Do you take the train?")
    await staff.tap_data("1:survey_read:yes")
    assert staff.toast
    await staff.send("Oui\nNon")
    (question,) = (await kept(conversation, staff))["questions"]
    assert question["options"] == {"fr": ["Oui", "Non"]}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Prenez-vous le train ?\n- Oui\nMerci\n- Non", "“Merci” has no dash"),
        ("Prenez-vous le train ?\n- Oui\n- Non\nMerci d’avance", "“Merci d’avance” has no dash"),
        ("Prenez-vous le train ?\n- Oui", "At least two answers"),
        ("Prenez-vous le train ?\n- Oui\n- OUI", "say the same"),
        (f"Prenez-vous le train ?\n- Oui\n- {'x' * 41}", "at most 40 characters"),
        ("\n".join(["Lequel ?", *(f"{number}. Le n° {number}" for number in range(9))]), "At most eight"),
        (f"{'x' * 201}\n- Oui\n- Non", "at most 200 fit"),
    ],
)
async def test_what_is_neither_is_refused_where_it_was_typed(
    conversation: Conversation, typed: str, said: str
) -> None:
    staff = await speaking(conversation, "en")
    await staff.send(typed)
    assert said in staff.last.text
    assert not (await kept(conversation, staff)).get("questions")
    await staff.send("Prenez-vous le train ?")
    assert (await kept(conversation, staff))["questions"] == [{"texts": {"fr": "Prenez-vous le train ?"}}]


async def test_all_of_it_is_not_offered_where_it_would_not_fit(conversation: Conversation) -> None:
    staff = await speaking(conversation, "en")
    await staff.send("\n".join(["?" * 150, *("x" * 30 + str(number) for number in range(2))]))
    assert "All of it is the question" not in staff.last.buttons
    await staff.tap("That’s right")
    assert "English" in staff.last.text


async def test_one_that_is_written_anew_on_several_lines_goes_back_too(conversation: Conversation) -> None:
    staff = await team(conversation)
    await write_three(staff)
    old = await asked(conversation, staff)
    await staff.tap("Rewrite question 2")
    await staff.send(f"{LATER[0]}\n- Tôt\n- Tard")
    assert "Leave it as it was" in staff.last.buttons
    await staff.send("/cancel")
    assert await asked(conversation, staff) == old
    await staff.tap("Rewrite question 2")
    await staff.send(f"{LATER[0]}\n- Tôt\n- Tard")
    await staff.tap("That’s right")
    await staff.send(f"{LATER[1]}\n- Early\n- Late")
    await staff.tap("That’s right")
    await staff.tap("Several answers")
    assert await asked(conversation, staff) == [TRAIN[1], LATER[1], old[2]]
    assert WHEN[1] not in staff.last.text
