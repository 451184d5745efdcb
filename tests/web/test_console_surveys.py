"""Surveys on the console: a tree of questions built by a form, sent by the typed word, and its results."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.actions import survey_results
from bot.rules.survey_draft import OTHERWISE, without
from bot.rules.surveys import END, from_json
from db.schema import people, survey_answers, surveys
from tests.campaigning import rows, staff, supporters
from tests.conversation import Conversation
from tests.survey_writing import TRAIN, write_question, write_up_to_the_questions
from tests.surveying import ask, survey
from tests.web.browsing import Browser, signed_in, web_of

SOPHIE, OLGA, KARIM = 11, 13, 12
NEW = "/console/surveys/new"
FIRST = {
    "kind": "poll",
    "title-fr": "Vos trajets",
    "title-en": "Your journeys",
    "purpose-fr": "Pour notre programme.",
    "purpose-en": "For our programme.",
    "text-0-fr": "Prenez-vous le train ?",
    "text-0-en": "Do you take the train?",
    "options-0-fr": "Oui\nNon",
    "options-0-en": "Yes\nNo",
}
SECOND = {
    "text-1-fr": "Quand ?",
    "text-1-en": "",
    "options-1-fr": "Le matin\r\nLe soir\r\n",
    "options-1-en": "",
    "several-1": "yes",
}


async def asker(conversation: Conversation, role: str, number: int = SOPHIE) -> Browser:
    return await signed_in(await staff(conversation, number, role, "69"))


async def test_a_tree_of_questions_is_built_shown_whole_sent_and_counted(conversation: Conversation) -> None:
    await supporters(conversation, range(100, 112), "69123", language="fr")
    sophie = await asker(conversation, "organizer")
    await sophie.open(NEW)
    await sophie.send(NEW, count="1", do="next", **{**FIRST, "options-0-en": "Yes"})
    assert "Question 1 needs as many answers in each language" in sophie.text
    await sophie.send(NEW, count="1", do="add", **FIRST)
    assert "Question 2" in sophie.text
    await sophie.send(NEW, count="2", do="add", **FIRST, **SECOND)
    # A list that was written elsewhere brings its marks along.
    third = {"text-2-fr": "Pourquoi ?", "options-2-fr": "1. Trop cher\n2. Trop loin", "lead-0-1": "2"}
    await sophie.send(NEW, count="3", do="next", **FIRST, **SECOND, **third)
    assert sophie.page.url.path == f"{NEW}/whom"
    await sophie.send(f"{NEW}/whom", do="next", expression="in:69")
    assert sophie.page.url.path == f"{NEW}/when"
    # Everything that is asked stands there, not the first question alone.
    await sophie.send(f"{NEW}/when", opens="", closes="2016-11-15T10:00", kept="30")
    assert "closes in the future" in sophie.text
    await sophie.send(f"{NEW}/when", opens="", closes="2016-11-18T18:00", kept="30")
    for words in ("Ready to send", "2. Quand ?", "No → question 3", "• Trop loin"):
        assert words in sophie.text, words
    seen = re.search(r'name="seen" value="(\w+)"', sophie.page.text)
    assert seen is not None
    await sophie.send(f"{NEW}/send", seen=seen[1], word="yes")
    assert "Nothing was done: to confirm, type SEND" in sophie.text
    assert 'aria-describedby="fault-word"' in sophie.page.text
    await sophie.open(f"{NEW}/when")
    assert (await sophie.send(f"{NEW}/send", seen="0" * 16, word="SEND")).status_code == 409
    await sophie.open(f"{NEW}/when")
    await sophie.send(f"{NEW}/send", seen=seen[1], word="SEND")
    (made,) = await rows(conversation, surveys)
    assert sophie.page.url.path == f"/console/surveys/{made.code}"
    form = from_json(made.form)
    assert [question.several for question in form.questions] == [False, True, False]
    assert [option.next for option in form.questions[0].options] == [None, "q3"]
    assert "People who answered: < 10" in sophie.text
    # Whoever lets it go reads every question too, on the console and in the chat.
    olga = await asker(conversation, "coordinator", OLGA)
    await olga.open(f"/console/messages/{made.broadcast}")
    assert "Pourquoi ?" in olga.text
    talker = conversation.person(OLGA)
    await talker.send("/broadcasts")
    other = await asker(conversation, "organizer", KARIM)
    assert (await other.open(f"/console/surveys/{made.code}")).status_code == 404
    await other.open("/console/surveys")
    assert "Your journeys" not in other.text
    # Nor may they choose people by what was answered there, which whoever wrote it may.
    for visitor, refused in ((other, True), (sophie, False)):
        await visitor.open(f"{NEW}/whom")
        await visitor.send(f"{NEW}/whom", do="expression", expression=f"survey:{made.code}:a")
        assert ("I can’t find that survey" in visitor.text) is refused


async def test_what_is_half_written_waits_and_the_chat_goes_on_with_what_is_whole(
    conversation: Conversation,
) -> None:
    sophie = await asker(conversation, "coordinator")
    await sophie.open(NEW)
    await sophie.send(NEW, count="1", do="add", **FIRST)
    await sophie.send(NEW, count="2", do="keep", **FIRST, **{"text-1-fr": "<b>Quand ?"})
    assert ">&lt;b&gt;Quand ?</textarea>" in sophie.page.text
    assert "The answers to question 2 are missing" in sophie.text
    await conversation.person(SOPHIE).send("/survey")  # in the chat nothing breaks
    await sophie.open(NEW)
    await sophie.send(NEW, count="2", do="remove 1", **FIRST)
    assert "Question 2" not in sophie.text
    for fields in ({"count": "x"}, {"count": "11"}, {"count": "1", "kind": "news"}):
        await sophie.open(NEW)
        assert (await sophie.send(NEW, **{**FIRST, **fields})).status_code == 403, fields
    await sophie.open(NEW)
    await sophie.send(f"{NEW}/drop")
    await sophie.open(NEW)
    assert "Vos trajets" not in html.unescape(sophie.page.text)


async def test_the_chat_shows_the_questions_of_which_one_is_not_whole_and_goes_on_with_that(
    conversation: Conversation,
) -> None:
    sophie = await asker(conversation, "coordinator")
    writing = conversation.person(SOPHIE)
    second, third = (
        {"text-1-fr": "Quand ?", "text-1-en": "When?"},
        {name.replace("-0", "-2"): text for name, text in FIRST.items() if "-0" in name},
    )
    await sophie.open(NEW)
    await sophie.send(NEW, count="3", do="keep", **FIRST, **second, **third)
    assert "The answers to question 2 are missing" in sophie.text
    await writing.send("/survey")
    await writing.tap_data("1:survey_new")
    so_far = writing.screen[-2].text
    for words in ("1. Do you take the train?", "2. When?", "3. Do you take the train?"):
        assert words in so_far, words
    assert "The answers to question 2 are missing." in so_far
    assert "Which answers are offered?" in writing.last.text
    await writing.send("Matin\nSoir")
    # On the console the same stands, and what is uneven is asked for by its language.
    await sophie.open(NEW)
    assert "Matin" in sophie.text
    await sophie.send(
        NEW,
        **{**FIRST, **second, **third, "count": "3", "do": "keep"},
        **{"options-1-fr": "Matin\nSoir", "options-1-en": "Morning"},
    )
    await writing.send("anything")
    assert "Question 2 needs as many answers in each language" in writing.screen[-2].text
    assert "1. Matin" in writing.last.text
    await writing.send("Morning\nEvening")
    assert "Your questions so far" in writing.last.text
    assert "That’s all" in writing.last.buttons


async def test_what_the_chat_took_on_two_lines_keeps_its_words_apart(conversation: Conversation) -> None:
    sophie = await asker(conversation, "coordinator")
    writing = conversation.person(SOPHIE)
    await write_up_to_the_questions(
        writing, "Vos\ntrajets", "Your journeys", "Pour notre\n programme.", "For us."
    )
    await writing.send("Prenez-vous\nle train ?")
    await writing.tap("That’s right")
    await writing.send("Do you take the train?")
    await sophie.open(NEW)
    page = html.unescape(sophie.page.text).replace("\u202f", " ")
    for shown in ("Vos trajets", "Pour notre programme."):
        assert f'value="{shown}"' in page, shown
    assert ">Prenez-vous\nle train ?</textarea>" in page


async def test_a_question_of_several_lines_keeps_them_on_the_console(conversation: Conversation) -> None:
    sophie = await asker(conversation, "coordinator")
    await sophie.open(NEW)
    lines = {"text-0-en": "The night train\r\nwas  given up.\r\n\r\nWould you take it?\r\n"}
    await sophie.send(NEW, count="1", do="keep", **{**FIRST, "title-en": "Your\r\njourneys", **lines})
    await sophie.open(NEW)
    assert ">The night train\nwas given up.\n\nWould you take it?</textarea>" in sophie.page.text
    assert 'value="Your journeys"' in sophie.page.text


async def test_a_question_that_the_chat_writes_anew_stands_in_the_form_as_it_was(
    conversation: Conversation,
) -> None:
    sophie = await asker(conversation, "coordinator")
    writing = conversation.person(SOPHIE)
    await write_up_to_the_questions(writing)
    await write_question(writing, *TRAIN)
    await writing.tap("Rewrite question 1")
    await writing.send("Prenez-vous le bus ?")
    await sophie.open(NEW)
    assert ">Do you take the train?</textarea>" in sophie.page.text
    assert "is missing" not in sophie.text
    await sophie.send(NEW, count="1", do="keep", **{**FIRST, "text-0-en": "Ever take the train?"})
    await writing.send("/survey")
    assert "1. Ever take the train?" in writing.last.text, "What the page said is the survey."
    await writing.tap("Rewrite question 1")
    assert "Ever take the train?" not in writing.last.text, "It is asked for in French first."
    await sophie.send(NEW, count="1", do="next", **FIRST)
    assert sophie.page.url.path == f"{NEW}/whom"


async def test_the_tree_is_said_by_answer_and_shown_as_people_walk_it(conversation: Conversation) -> None:
    """Who says when they take the train is not asked why they don’t, and who says nothing is asked nothing more."""
    sophie = await asker(conversation, "coordinator")
    await sophie.open(NEW)
    third = {"text-2-fr": "Pourquoi ?", "options-2-fr": "Trop cher\nTrop loin"}
    three = {"count": "3", **FIRST, **SECOND, **third}
    await sophie.send(NEW, do="next", **three, **{"lead-1-otherwise": "end"})
    assert 'href="#text-2-fr">Nobody would be asked question 3: no answer leads to it' in sophie.page.text
    for up in ("0", "1"):
        await sophie.send(NEW, do="next", **three, **{"lead-0-1": "2", "lead-1-otherwise": up})
        assert (
            f'href="#lead-1-otherwise">Question 2 would lead back to question {int(up) + 1}'
            in sophie.page.text
        )
        assert 'id="fault-lead-1-otherwise"' in sophie.page.text
        await sophie.open(f"{NEW}/when")  # what goes in a circle is not played
        await sophie.send(f"{NEW}/when", opens="", closes="2016-11-18T18:00", kept="30")
        assert "Ready to send" not in sophie.text
        await sophie.open(NEW)
    await sophie.send(NEW, do="next", **three, **{"lead-1-otherwise": "8"})
    assert "Question 2 leads to a question that is not there" in sophie.text
    leads = {"lead-0-1": "2", "lead-0-otherwise": "end", "lead-1-otherwise": "end", "lead-1-0": "2"}
    await sophie.send(NEW, do="keep", **three, **leads)
    for field in (
        '<option value="2" selected>3. Pourquoi ?</option>',
        '<option value="end" selected>the end</option>',
        "2. Quand ? – the question below",
        '<label for="lead-1-otherwise">Whatever is chosen</label>',
    ):
        assert field in sophie.page.text, field
    assert 'name="lead-1-0"' not in sophie.page.text, "of several answers each alone leads nowhere"
    walked = sophie.text.split("As people go through it")[1]
    for words in (
        "Yes → question 2",
        "skipped → the end",
        "Asked after question 1 (Yes)",
        "Then nothing more",
    ):
        assert words in walked, words
    await sophie.send(NEW, do="next", **three, **leads)
    await sophie.send(f"{NEW}/whom", do="next", expression="in:69")
    await sophie.send(f"{NEW}/when", opens="", closes="2016-11-18T18:00", kept="30")
    seen = re.search(r'name="seen" value="(\w+)"', sophie.page.text)
    assert seen is not None
    await sophie.send(f"{NEW}/send", seen=seen[1], word="SEND")
    (made,) = await rows(conversation, surveys)
    asked = from_json(made.form)
    assert [each.next for each in asked.questions] == ["end", "end", None]
    assert [each.next for each in asked.questions[0].options] == ["q2", "q3"]
    assert [each.next for each in asked.questions[1].options] == [None, None]


def test_what_led_to_a_question_that_is_taken_out_leads_below() -> None:
    questions = [{"leads": {"0": END, "1": 1}}, {"leads": {"0": 2}}, {"leads": {}}]
    assert [each["leads"] for each in without(questions, 0)] == [{"0": 1}, {}]
    assert [each["leads"] for each in without(questions, 1)] == [{"0": END}, {}]
    assert [each["leads"] for each in without(questions, 2)] == [{"0": END, "1": 1}, {}]
    assert without([{"leads": {OTHERWISE: 2}}, {}, {}], 1)[0]["leads"] == {OTHERWISE: 1}


def is_ticked(visitor: Browser, step: str) -> bool:
    found = re.search(rf'<li( class="done")?><a [^>]*>\d\. {step}', visitor.page.text)
    assert found is not None, step
    return bool(found[1])


async def test_what_is_wrong_stands_at_its_field_and_is_led_to_and_the_preview_does_not_wait_for_the_date(
    conversation: Conversation,
) -> None:
    sophie = await asker(conversation, "organizer")
    await sophie.open(NEW)
    await sophie.send(NEW, count="1", do="next", **{**FIRST, "options-0-fr": "Oui\nOui"})
    page = sophie.page.text
    assert '<a href="#options-0-fr">Two answers say the same' in page
    assert 'class="low" aria-invalid="true" aria-describedby="fault-options-0-fr"' in page
    assert 'id="fault-options-0-fr">Two answers say the same' in page
    await sophie.send(NEW, count="1", do="next", **{**FIRST, "title-fr": ""})
    assert '<a href="#title-fr">The title is missing' in sophie.page.text
    assert 'aria-invalid="true" aria-describedby="fault-title-fr"' in sophie.page.text
    assert not is_ticked(sophie, "Questions")
    await sophie.send(NEW, count="1", do="add", **FIRST)
    assert "fault-" not in sophie.page.text, "Nothing was left out yet of a question that was just added."
    await sophie.send(NEW, count="2", do="next", **FIRST)
    assert 'aria-describedby="fault-text-1-fr"' in sophie.page.text
    await sophie.send(NEW, count="1", do="next", **FIRST)
    await sophie.send(f"{NEW}/whom", do="next", expression="in:69")
    for closes, fault in (("2016-11-15T10:00", "closes in the future"), ("0020-11-18T18:00", "date")):
        await sophie.send(f"{NEW}/when", opens="", closes=closes, kept="30")
        assert f'value="{closes}" aria-invalid="true" aria-describedby="fault-closes"' in sophie.page.text
        assert fault in sophie.text
        assert is_ticked(sophie, "Questions")
        assert is_ticked(sophie, "To whom")
        assert not is_ticked(sophie, "Until when")
        if closes.startswith("2016"):
            assert "Prenez-vous le train" in sophie.text.split("As it looks")[1]
    await sophie.send(f"{NEW}/when", opens="2016-11-18T18:30", closes="2016-11-18T18:00", kept="30")
    assert 'aria-describedby="fault-opens"' in sophie.page.text
    await sophie.send(f"{NEW}/when", opens="", closes="2016-11-18T18:00", kept="30")
    assert is_ticked(sophie, "Until when")
    assert "Ready to send" in sophie.text


async def test_the_preview_is_that_of_what_stands_there_now(conversation: Conversation) -> None:
    """The same for its author, who corrects the date or a word, and for whoever writes another one after them."""
    web = web_of(conversation)
    sophie = await signed_in(await staff(conversation, SOPHIE, "organizer", "69"), web=web)
    karim = await signed_in(await staff(conversation, KARIM, "organizer", "69"), web=web)

    async def looks(visitor: Browser, closes: str, **words: str) -> str:
        await visitor.open(NEW)
        await visitor.send(NEW, count="1", do="next", **{**FIRST, **words})
        await visitor.send(f"{NEW}/whom", do="next", expression="in:69")
        await visitor.send(f"{NEW}/when", opens="", closes=closes, kept="30")
        return visitor.text.split("As it looks")[1].split("Discard it")[0]

    assert "jusqu’au jeudi 17 novembre à 18 h" in await looks(sophie, "2016-11-17T18:00")
    assert "jusqu’au vendredi 18 novembre à 12 h" in await looks(sophie, "2016-11-18T12:00")
    assert "Do you take the bus?" in await looks(
        sophie, "2016-11-18T12:00", **{"text-0-en": "Do you take the bus?"}
    )
    other = {"title-fr": "Vos écoles", "text-0-fr": "Faut-il plus de classes ?"}
    shown = await looks(karim, "2016-11-18T12:00", **other)
    assert "Faut-il plus de classes" in shown
    assert "Vos trajets" not in shown


async def test_many_answers_are_counted_once_for_whoever_looks(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey_results, "MANY", 0)
    talker = conversation.person(1)
    await talker.sign_up()
    await ask(conversation, talker)
    admin = await signed_in(await staff(conversation, 12, "admin", "FR"))

    async def answers(question: str, option: str) -> None:
        async with conversation.database.write() as tx:
            one = sa.select(people.c.id).where(people.c.telegram_id == 1).scalar_subquery()
            values = {"person": one, "question": question, "option": option, "at": conversation.clock.now()}
            await tx.execute(sa.insert(survey_answers).values(survey=1, **values))

    first, second = survey(conversation).form.questions[:2]
    await answers(first.id, first.options[0].id)
    shown = re.compile(r'<td class="number">1</td>')
    await admin.open("/console/surveys/trains")
    assert "People who answered: 1" in admin.text
    assert len(shown.findall(admin.page.text)) == 1
    assert '<td class="number">100%</td>' in admin.page.text
    assert "Percentages are of those who were asked the question" in admin.text
    await answers(second.id, second.options[0].id)
    await admin.open("/console/surveys/trains")
    assert len(shown.findall(admin.page.text)) == 1, "what was counted a moment ago"
    conversation.clock.move(conversation.clock.now() + timedelta(minutes=11))
    await admin.open("/console/surveys/trains")
    assert len(shown.findall(admin.page.text)) == 2


async def test_of_a_code_that_no_survey_has_there_is_no_page(conversation: Conversation) -> None:
    sophie = await asker(conversation, "organizer")
    answer = await sophie.open("/console/surveys/zzz")
    assert answer.status_code == 404
    assert "There is no such survey" in sophie.text
    # The two ways back do not touch each other, on however narrow a screen.
    ways = sophie.page.text.split('role="alert"')[1]
    assert re.search(r'<p class="acts">(?:<a class="button[^"]*" href="[^"]*">[^<]+</a> ?)+</p>', ways)


async def test_whoever_pastes_a_book_for_answers_is_told_that_they_are_too_many(
    conversation: Conversation,
) -> None:
    """Each of its lines would be compared with all others, at each look: that would stop the bot for minutes."""
    sophie = await asker(conversation, "organizer")
    await sophie.open(NEW)
    book = "\n".join(map(str, range(9_000)))
    lines = {"options-0-fr": book, "options-0-en": book}
    await sophie.send(NEW, count="2", do="next", **FIRST | SECOND | lines)
    page = sophie.page.text
    assert '<a href="#options-0-fr">At most eight answers can be offered' in page
    assert "\n79" in page
    assert "\n80" not in page, "so many are not kept"
