"""/survey: a survey is written in both languages, previewed, sent for what its author may send, and followed."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from PIL import Image

import db.staff
from bot.actions import survey_results
from bot.actions.expressions import ExpressionOccasion
from bot.actions.surveys import import_survey
from bot.rules.surveys import from_json
from db.engine import Database
from db.schema import approvals, broadcasts, deliveries, survey_answers, surveys
from tests.campaigning import rows
from tests.conversation import CAMPAIGN, Conversation, Talker, paris
from tests.survey_writing import (
    STAFF,
    TRAIN,
    plain,
    team,
    write,
    write_question,
    write_up_to_the_questions,
)
from tests.surveying import survey


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
    await staff.tap("Rewrite question 3")
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
    assert "Percentages are of those who were asked the question" in shown.text
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
