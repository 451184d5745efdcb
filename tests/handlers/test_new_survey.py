"""/survey: a survey is written in both languages, previewed, sent for what its author may send, and followed."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from PIL import Image

import db.staff
from bot.actions import survey_results
from bot.actions.expressions import ExpressionOccasion
from bot.actions.surveys import import_survey
from bot.rules.survey_draft import form_of
from bot.rules.survey_forms import LIMITS, MOST_OPTIONS, MOST_QUESTIONS
from bot.rules.surveys import END, from_json
from bot.words.surveys import plan_of, whole_texts
from bot.words.telegram_html import TEXT_LIMIT, check_html
from db.engine import Database
from db.schema import approvals, broadcasts, deliveries, survey_answers, surveys
from tests.campaigning import rows
from tests.conversation import CAMPAIGN, Conversation, Talker, paris, services
from tests.surveying import survey

STAFF = 900


async def team(conversation: Conversation, role: str = "coordinator", area: str = "69") -> Talker:
    async with conversation.database.write() as tx:
        await db.staff.add(
            tx, telegram_id=STAFF, role=role, area=area, added_by=None, now=conversation.clock.now()
        )
    return conversation.person(STAFF)


@pytest.fixture
async def supporters(conversation: Conversation) -> list[Talker]:
    people = [conversation.person(number) for number in range(1, 4)]
    for each in people:
        await each.sign_up()
    return people


async def write_up_to_the_questions(staff: Talker) -> None:
    await staff.send("/survey")
    await staff.tap("New survey")
    await staff.tap("Opinion poll")
    for words in ("Vos trajets", "Your journeys", "Pour notre programme.", "For our programme."):
        await staff.send(words)


async def write_question(staff: Talker, *texts: str, several: bool = False) -> None:
    for words in texts:
        await staff.send(words)
    await staff.tap("Several answers" if several else "One answer only")


TRAIN = ("Prenez-vous le train ?", "Do you take the train?", "Oui\nNon", "Yes\nNo")
WHEN = ("Quand ?", "When?", "Le matin\nLe soir", "Morning\nEvening")
WHY = ("Pourquoi ?", "Why?", "Trop cher\nTrop loin", "Too dear\nToo far")


async def write(staff: Talker) -> None:
    """A tree: who takes the train is asked when, the others why."""
    await write_up_to_the_questions(staff)
    await write_question(staff, *TRAIN)
    await staff.tap("Another question")
    await write_question(staff, *WHEN, several=True)
    await staff.tap("Another question")
    await write_question(staff, *WHY)
    await staff.tap("What follows question 1")
    await staff.tap("No")
    await staff.tap("3. Why?")
    await staff.tap("Done")
    await staff.tap("That’s all")
    await staff.tap("That’s it")
    await staff.send("18/11 20:00")


async def test_a_survey_is_written_previewed_sent_and_followed(
    conversation: Conversation, supporters: list[Talker]
) -> None:
    staff = await team(conversation)
    await write(staff)
    shown = [each.text for each in staff.screen[-6:]]
    assert "exactly what they will receive" in shown[0]
    assert "Question 1 sur 3" in shown[1]
    assert "Question 1 of 3" in shown[2]
    for words in (
        "Tout ce qu’il demande",
        "Prenez-vous le train ?",
        "• Non → question 3",
        "Quand ?",
        "Trop loin",
    ):
        assert words in shown[3], "They see it question by question; whoever sends it sees all."
    assert "3. Why?" in shown[4]
    assert "Recipients:" in shown[5]
    await staff.tap_data("1:survey:preview:0:choose:0", on=staff.screen[-4])
    assert "wasn’t sent to you" in staff.toast
    await staff.send("SEND")
    async with conversation.database.read() as tx:
        (made,) = (await tx.execute(sa.select(surveys))).all()
        assert made.closes_at == paris("2016-11-18T20:00")
        form = from_json(made.form)
        assert [each.id for each in form.questions[0].options if each.next == "q3"] == ["b"]
        assert form.questions[1].several
        sent = (await tx.execute(sa.select(broadcasts.c.kind, broadcasts.c.state))).one()
        assert tuple(sent) == ("poll", "active")
        assert len((await tx.execute(sa.select(deliveries))).all()) == len(supporters)


async def test_one_that_is_given_up_is_not_open_any_more_and_older_ones_are_reached(
    conversation: Conversation, supporters: list[Talker]
) -> None:
    staff = await team(conversation)
    await write(staff)
    await staff.tap("Change the questions")
    assert "3. Why?" in staff.last.text  # nothing of it is lost
    await staff.tap("Write question 3 anew")
    await write_question(staff, "Pourquoi donc ?", "But why?", "Trop cher\nTrop loin", "Too dear\nToo far")
    await staff.tap("That’s all")
    assert any("3. But why?" in each.text for each in staff.screen)
    await staff.send("SEND")
    await staff.tap_data("1:broadcast_do:cancel:1")
    (made,) = await rows(conversation, surveys)
    assert made.state == "withdrawn"
    await staff.tap_data(f"1:survey_results:{made.code}")
    shown = next(each.text for each in staff.screen if "It was withdrawn." in each.text)
    assert "takes it back" not in shown, "It is taken back already."
    async with conversation.database.write() as tx:
        values = {**made._mapping}
        for number in range(2, 11):
            await tx.execute(
                sa.insert(surveys).values({**values, "id": number, "code": f"x{number}", "broadcast": None})
            )
    await staff.send("/survey")
    assert "Newer" not in staff.last.buttons
    await staff.tap("Older")
    await staff.tap("Newer")
    assert "Older" in staff.last.buttons


async def test_that_of_an_organizer_waits_for_a_second_person(
    conversation: Conversation, supporters: list[Talker]
) -> None:
    staff = await team(conversation, role="organizer")
    await write(staff)
    await staff.send("SEND")
    assert any("is waiting for a second person" in each.text for each in staff.screen)
    async with conversation.database.write() as tx:
        await db.staff.add(
            tx, telegram_id=STAFF + 1, role="admin", area="FR", added_by=None, now=conversation.clock.now()
        )
    second = conversation.person(STAFF + 1)
    await second.send("/broadcasts")
    await second.tap_data("1:broadcast:1")
    assert any("Everything it asks" in each.text and "2. When?" in each.text for each in second.screen)
    assert "Approve" in second.last.buttons
    async with conversation.database.read() as tx:
        assert set(await tx.scalars(sa.select(broadcasts.c.state).where(broadcasts.c.kind == "poll"))) == {
            "unapproved"
        }


@pytest.mark.parametrize("many", [survey_results.MANY, 0])
async def test_results_are_told_as_far_as_their_reader_may_know(
    conversation: Conversation, supporters: list[Talker], monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    """Also where so many answered that they are counted before the tap is handled."""
    monkeypatch.setattr(survey_results, "MANY", many)
    staff = await team(conversation)
    await write(staff)
    await staff.send("SEND")
    async with conversation.database.write() as tx:
        for person in await tx.scalars(sa.select(deliveries.c.person).distinct()):
            chosen = {"survey": 1, "person": person, "at": conversation.clock.now()}
            await tx.execute(sa.insert(survey_answers).values(question="q1", option="a", **chosen))
    await staff.send("/survey")
    shown = await staff.tap("Your journeys")
    assert "People who answered: 3–12" in shown.text  # all three agreed to be known to the team
    assert "Yes – 3–12" in shown.text
    assert "No – &lt; 10" in shown.text
    assert "%" not in shown.text, "Of tens no share is told."
    async with conversation.database.write() as tx:
        await db.staff.add(
            tx, telegram_id=STAFF, role="coordinator", area="FR", added_by=None, now=conversation.clock.now()
        )
    shown = await staff.tap("Refresh")
    assert "People who answered: 3" in shown.text
    assert "████" in shown.text
    assert "Yes – 3 (100%)" in shown.text
    assert "Percentages are of those whom the question was put to" in shown.text
    await staff.tap("As a picture")
    (photo,) = staff.called("sendPhoto")
    assert "People who answered: 3" in photo.payload["caption"]
    assert photo.attachment is not None
    with Image.open(io.BytesIO(photo.attachment.content)) as picture:
        pixels = picture.convert("RGB").tobytes()
    assert pixels.count(bytes.fromhex("0f766e")) > 26 * 500, "The longest bar, at least."


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("Oui", "At least two answers"),
        ("\n".join(map(str, range(9))), "At most eight answers"),
        ("Oui\n" + "x" * 200, "at most 40 characters"),
        ("Oui\nOUI", "say the same"),
        ("x" * 4096, "At least two answers"),
    ],
)
async def test_options_that_cannot_be_offered_are_refused_where_they_are_typed(
    conversation: Conversation, options: str, said: str
) -> None:
    staff = await team(conversation)
    await write_up_to_the_questions(staff)
    for words in TRAIN[:2]:
        await staff.send(words)
    assert said in (await staff.send(options)).text
    await staff.send("Oui\nNon")
    assert "as many here" in (await staff.send("Yes\nNo\nPerhaps")).text
    assert "May several of them be chosen?" in (await staff.send("Yes\nNo")).text


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


async def write_three(staff: Talker) -> None:
    await write_up_to_the_questions(staff)
    await write_question(staff, *TRAIN)
    await staff.tap("Another question")
    await write_question(staff, *WHEN, several=True)
    await staff.tap("Another question")
    await write_question(staff, *WHY)


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
    for answer, to in (("No", "3. Why?"), ("If it is left out", "The end")):
        await staff.tap(answer)
        await staff.tap(to)
    for words in ("Yes → 2. When?", "No → 3. Why?", "left out → the end"):
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
    assert "• Yes → question 2\n• No → question 3\nleft out → the end" in whole
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
    await staff.tap("What follows question 1")
    await staff.tap("No")
    await staff.tap("3. Why?")
    await staff.tap("Done")
    assert "No → question 3" in staff.last.text
    await staff.tap("Write question 3 anew")
    await write_question(staff, *WHY)
    assert "No → question 3" in staff.last.text


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


async def test_supporters_are_not_asked_to_write_one(conversation: Conversation) -> None:
    talker = conversation.person(5)
    await talker.sign_up()
    await talker.send("/survey")
    assert "New survey" not in talker.last.buttons
    await talker.tap_data("1:survey_new")
    await talker.tap_data("1:survey_results:s1")
    async with conversation.database.read() as tx:
        assert not (await tx.execute(sa.select(surveys))).all()


async def test_it_goes_out_later_and_its_answers_are_kept_as_long_as_was_chosen(
    conversation: Conversation, supporters: list[Talker]
) -> None:
    staff = await team(conversation)
    await write(staff)
    await staff.tap("Send it later")
    await staff.send("17/11 09:30")
    assert "Goes out: Thursday 17 November at 09:30" in plain(staff.last.text)
    await staff.tap("Keep answers longer or shorter")
    await staff.tap("7 days after its end")
    assert "the answers are erased on Friday 25 November" in staff.last.text
    await staff.send("SEND")
    async with conversation.database.read() as tx:
        survey = (await tx.execute(sa.select(surveys))).one()
        due = set(await tx.scalars(sa.select(deliveries.c.due_at)))
    assert survey.erase_at - survey.closes_at == timedelta(days=7)
    assert due == {paris("2016-11-17T09:30")}


async def test_it_goes_out_now_where_that_is_said_in_words(
    conversation: Conversation, supporters: list[Talker]
) -> None:
    staff = await team(conversation)
    await write(staff)
    await staff.tap("Send it later")
    await staff.send("tout de suite")
    await staff.send("SEND")
    async with conversation.database.read() as tx:
        assert set(await tx.scalars(sa.select(deliveries.c.due_at))) == {conversation.clock.now()}


async def test_it_does_not_go_out_after_its_end(conversation: Conversation, supporters: list[Talker]) -> None:
    staff = await team(conversation)
    await write(staff)
    await staff.tap("Send it later")
    await staff.send("19/11 09:30")
    assert "goes out in the future, before it closes" in staff.last.text
    await staff.tap("Change the hour")
    await staff.tap("Now")
    assert "Recipients:" in staff.last.text
    await staff.tap_data("1:survey_term:8", on=staff.last)
    async with conversation.database.read() as tx:
        assert not (await tx.execute(sa.select(surveys))).all()


def plain(text: str) -> str:
    return re.sub(r"<[^>]+>", "", text)


async def test_a_file_for_many_waits_for_a_second_person(sqlite_database: Database) -> None:
    """Whoever has the machine is one person too."""
    conversation = Conversation(
        sqlite_database, paris("2016-11-16T10:00"), campaign=replace(CAMPAIGN, approval_above=1)
    )
    for number in (1, 2):
        await conversation.person(number).sign_up()
    occasion = ExpressionOccasion(
        campaign=conversation.services.campaign,
        gazetteer=conversation.services.gazetteer,
        now=conversation.clock.now(),
    )
    async with conversation.database.write() as tx:
        made = await import_survey(tx, survey(conversation), occasion, actor="command line")
        assert made.awaits_approval
        assert (
            await tx.scalar(sa.select(broadcasts.c.state).where(broadcasts.c.id == made.broadcast))
            == "unapproved"
        )
        asked = await tx.scalar(sa.select(approvals.c.asked_by))
    assert asked is None
