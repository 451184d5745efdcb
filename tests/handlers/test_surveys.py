"""Answering a survey: one message, taps, a way back; and what is said where nothing can be answered."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

import db.surveys
from bot.actions.renewals import text_hash
from bot.actions.retention import purge
from bot.actions.survey_results import results_from
from bot.rules.small_counts import Headcount, Reader
from bot.rules.survey_draft import form_of
from bot.words.surveys import first_text
from bot.words.telegram_html import TEXT_LIMIT, check_html
from db.schema import consents, deliveries, responses, survey_answers, surveys
from db.surveys import Survey
from tests.campaigning import rows
from tests.conversation import Conversation, Talker, paris, services
from tests.surveying import answers, ask


@pytest.fixture
async def zoe(conversation: Conversation) -> Talker:
    talker = conversation.person(7)
    await talker.sign_up()
    await ask(conversation, talker)
    return talker


async def test_one_message_asks_question_after_question(zoe: Talker, conversation: Conversation) -> None:
    asked = zoe.last.id
    assert "To write our programme." in zoe.last.text
    assert "Question 1 of 3" in zoe.last.text
    assert "Back" not in zoe.last.buttons
    shown = await zoe.tap("Yes")
    assert shown.id == asked
    assert "Question 2 of 3" in shown.text
    assert "Several answers are possible" in shown.text
    await zoe.tap("In the morning")
    shown = await zoe.tap("At night")
    assert [label for label in shown.buttons if "✓" in label] == ["✓ In the morning", "✓ At night"]
    await zoe.tap("Next question")
    shown = await zoe.tap("Skip")
    assert "This is what you answered" in shown.text
    assert "In the morning, At night" in shown.text
    assert "skipped" in shown.text
    assert {each.id for each in zoe.screen if "Your journeys" in each.text} == {asked}
    assert await answers(conversation, zoe) == {"train": ("yes",), "when": ("morning", "evening"), "more": ()}


async def test_answers_are_taken_back_also_where_the_message_is_gone(
    zoe: Talker, conversation: Conversation
) -> None:
    """As where it was taken back from every chat, or its reader cleared theirs: as easily as they were given."""
    await zoe.tap("Yes")
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(surveys).values(state="withdrawn"))
    zoe.screen.clear()
    shown = await zoe.send("/mydata")
    assert "What you answered to “Your journeys”" in shown.text
    await zoe.tap("Take my answers back: Your journeys")
    shown = await zoe.tap("Yes, erase them")
    assert await answers(conversation, zoe) == {}
    assert "Your journeys" in shown.text
    assert "What you answered to" not in (await zoe.send("/mydata")).text


async def test_whoever_changes_an_answer_is_asked_what_follows_it(
    zoe: Talker, conversation: Conversation
) -> None:
    await zoe.tap("Yes")
    stale = dict(zoe.last.buttons)
    await zoe.tap("In the morning")
    await zoe.tap("Back")
    shown = await zoe.tap("No")
    assert "Why?" in shown.text
    assert await answers(conversation, zoe) == {"train": ("no",)}
    shown = await zoe.tap_data(stale["At night"])  # under a question that is asked no more
    assert "Why?" in shown.text
    assert await answers(conversation, zoe) == {"train": ("no",)}


async def test_who_is_done_changes_it_and_every_tap_is_in_the_log(
    zoe: Talker, conversation: Conversation
) -> None:
    for label in ("No", "Too dear", "Yes"):
        await zoe.tap(label)
    await zoe.tap("Change my answers")
    assert "✓ No" in zoe.last.buttons
    # Below the last question there is no next one.
    for _ in range(2):
        await zoe.tap("Next question")
    assert "Question 3 of 3" in zoe.last.text
    assert "Next question" not in zoe.last.buttons
    assert "This is what you answered" in (await zoe.tap("Finish")).text
    await zoe.tap("Change my answers")
    await zoe.tap("Yes")
    assert await answers(conversation, zoe) == {"train": ("yes",)}
    logged = [each for each in await conversation.answers() if each[0] == "survey"]
    assert logged == [
        ("survey", "trains", said) for said in ("train:no", "why:price", "more:yes", "train:yes")
    ]
    async with conversation.database.read() as tx:
        assert await tx.scalar(sa.select(deliveries.c.answered_at)) is not None


async def test_it_speaks_the_reader_s_language(conversation: Conversation) -> None:
    talker = conversation.person(8, language="fr")
    await talker.sign_up()
    await ask(conversation, talker)
    assert "Question 1 sur 3" in talker.last.text
    shown = await talker.tap("Non")
    assert "Pourquoi ?" in shown.text
    shown = await talker.tap("Passer")
    assert "Question 3 sur 3" in shown.text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"closes_at": paris("2016-11-01T10:00")}, "is closed"),
        ({"state": "withdrawn"}, "was withdrawn"),
        ({"state": "counted"}, "were erased"),
    ],
    ids=["late", "withdrawn", "erased"],
)
async def test_what_is_over_says_so_and_notes_nothing(
    zoe: Talker, conversation: Conversation, change: dict[str, object], said: str
) -> None:
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(surveys).values(**change))
    shown = await zoe.tap("Yes")
    assert said in shown.text
    assert not shown.buttons
    assert await answers(conversation, zoe) == {}


async def test_a_survey_that_somebody_was_not_asked_is_not_answered(
    zoe: Talker, conversation: Conversation
) -> None:
    """A forged tap: of a survey of others, of none, of a question or an option that there is not."""
    stranger = conversation.person(9)
    await stranger.sign_up()
    await stranger.tap_data("1:survey:trains:0:choose:0")
    assert "wasn’t sent to you" in stranger.toast
    await zoe.tap_data("1:survey:nothing:0:choose:0")
    assert "wasn’t sent to you" in zoe.toast
    for forged in ("99:choose:0", "0:choose:99", "3:choose:0"):
        await zoe.tap_data(f"1:survey:trains:{forged}")
    for malformed in ("0:forge:0", "x:choose:0", "0:choose", "-1:choose:0"):
        await zoe.tap_data(f"1:survey:trains:{malformed}")
        assert "no longer works" in zoe.toast
    async with conversation.database.read() as tx:
        assert not list(await tx.execute(sa.select(survey_answers)))


async def test_nothing_is_asked_or_answered_while_the_law_asks_for_silence(
    zoe: Talker, conversation: Conversation
) -> None:
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(surveys).values(closes_at=paris("2016-11-25T10:00")))
    conversation.clock.move(paris("2016-11-19T12:00"))
    shown = await zoe.tap("Yes")
    assert "keep silent" in zoe.toast
    assert "Question 1 of 3" in shown.text
    assert await answers(conversation, zoe) == {}


async def test_who_leaves_takes_the_answers_along(zoe: Talker, conversation: Conversation) -> None:
    await zoe.tap("Yes")
    await zoe.send("/delete")
    await zoe.tap_data("1:delete:yes")
    async with conversation.database.read() as tx:
        assert not list(await tx.execute(sa.select(survey_answers)))
        assert not list(await tx.execute(sa.select(responses).where(responses.c.question == "survey")))
        made = await db.surveys.by_code(tx, "trains")
        assert made is not None
        assert not any(count.total for count in (await db.surveys.counts(tx, made)).values())
    assert timedelta(days=2) < made.erase_at - made.created_at


async def test_answering_is_a_choice_that_the_ledger_keeps_once(
    zoe: Talker, conversation: Conversation
) -> None:
    """With all that was read: what the survey is, what for, and what becomes of the answers."""
    async with conversation.database.read() as tx:
        made = await db.surveys.by_code(tx, "trains")
    render = partial(conversation.services.texts.render, language="en", zone="Europe/Paris")
    read = first_text(render, made, "en", mute="news").written
    assert "may write to people by what they answered" in read
    await zoe.tap("Yes")
    await zoe.tap("In the morning")
    (noted,) = [each for each in await rows(conversation, consents) if each.purpose == "survey"]
    assert (noted.given, noted.language, noted.text_hash) == (True, "en", text_hash(read))
    for command in ("/mydata", "/consent"):
        assert "apolog" not in (await zoe.send(command)).text


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
async def test_answers_are_taken_back_as_easily_as_they_were_given(
    zoe: Talker, conversation: Conversation, closed: bool
) -> None:
    await zoe.tap("No")
    await zoe.tap("Too dear")
    await zoe.tap("Yes")
    if closed:
        async with conversation.database.write() as tx:
            await tx.execute(sa.update(surveys).values(closes_at=paris("2016-11-01T10:00")))
        await zoe.tap("Change my answers")
        assert "is closed" in zoe.last.text
    await zoe.tap("Take my answers back")
    await zoe.tap("Keep them")
    assert len(await rows(conversation, survey_answers)) == 3
    await zoe.tap_data("1:survey_mine:trains:ask")
    await zoe.tap("Yes, erase them")
    assert "Your answers are erased" in zoe.last.text
    assert ("Answer again" in zoe.last.buttons) is not closed
    assert not await rows(conversation, survey_answers)
    assert not [each for each in await rows(conversation, responses) if each.question == "survey"]
    given = [each.given for each in await rows(conversation, consents) if each.purpose == "survey"]
    assert given == [True, False]
    for forged in ("trains:maybe", "trains", "nothing:yes"):
        await zoe.tap_data(f"1:survey_mine:{forged}")
        assert zoe.toast


async def test_whoever_restricted_their_data_takes_back_what_was_spared(
    zoe: Talker, conversation: Conversation
) -> None:
    await zoe.tap("Yes")
    await zoe.send("/restrict")
    await zoe.tap_data("1:restriction:none")
    later = conversation.clock.now() + timedelta(days=31)
    conversation.clock.move(later)
    services = conversation.services
    await purge(conversation.database, services.campaign, key=services.suppression_key, actor="x", now=later)
    assert await answers(conversation, zoe) == {"train": ("yes",)}
    await zoe.tap_data("1:survey_mine:trains:yes")
    assert await answers(conversation, zoe) == {}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("reader", [Reader(known_in=None), Reader(known_in=("69",))])
@pytest.mark.parametrize(
    ("questions", "options", "length"), [(10, 8, 40), (10, 5, 30), (5, 8, 40), (2, 2, 40)]
)
def test_what_was_answered_fits_into_one_message(
    language: str, reader: Reader, questions: int, options: int, length: int
) -> None:
    """However much was asked; the bars are left out first."""
    asked = {
        "texts": {"fr": "?" * 200},
        "options": {"fr": [str(place) * length for place in range(options)]},
        "several": False,
    }
    form = form_of({"titles": {"fr": "t" * 100}, "purposes": {"fr": "p"}, "questions": [asked] * questions})
    now = paris("2016-11-16T10:00")
    moments = {"closes_at": now, "erase_at": now, "created_at": now}
    made = Survey(id=1, code="x", state="open", form=form, broadcast=1, area="FR", created_by=None, **moments)
    counts = {
        (question.id, option): Headcount(known=1_234, others=12_345)
        for question in form.questions
        for option in (*(each.id for each in question.options), "")
    }
    shown = services().texts.render(
        "surveys/results",
        language,
        results=results_from(made, counts),
        approval=None,
        counts=reader,
        title="t" * 100,
        zone="Europe/Paris",
        now=now,
    )
    check_html(shown.html, TEXT_LIMIT)
    assert ("█" in shown.html) is (questions < 10)
