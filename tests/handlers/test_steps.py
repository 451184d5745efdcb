"""The questions of the reminder steps: each answer is kept, logged once, and followed by what comes next."""

from __future__ import annotations

import pytest

import db.people
import db.vote_plans
from bot.rules.people import VoteState
from db.vote_plans import VotePlan
from tests.conversation import Conversation, Talker, paris

SATURDAY = paris("2016-11-19T12:00")
POLLING_DAY = paris("2016-11-20T12:00")


@pytest.fixture
async def zoe(conversation: Conversation) -> Talker:
    person = conversation.person(7)
    await person.sign_up()
    return person


async def plan_of(conversation: Conversation, person: Talker, ballot: int = 1) -> VotePlan:
    stored = await person.stored()
    assert stored is not None
    async with conversation.database.read() as tx:
        plan = await db.vote_plans.get(tx, person=stored.id, ballot=ballot)
    assert plan is not None
    return plan


@pytest.mark.parametrize(
    ("data", "said", "state", "logged"),
    [
        ("pledge:will", "Wonderful", VoteState.WILL, ("pledge", "1", "will")),
        ("pledge:unsure", "you have time", VoteState.UNSURE, ("pledge", "1", "unsure")),
        ("pledge:cannot", "Thank you for telling me", VoteState.CANNOT, ("pledge", "1", "cannot")),
        ("plan:last_hour", "Where will you be coming from?", VoteState.WILL, ("plan.slot", "1", "last_hour")),
    ],
)
async def test_an_answer_before_the_day(
    conversation: Conversation,
    zoe: Talker,
    data: str,
    said: str,
    state: VoteState,
    logged: tuple[str, str, str],
) -> None:
    before = len(await conversation.answers())
    shown = await zoe.tap_data(f"1:step:1:{data}")
    assert said in shown.text
    assert (await plan_of(conversation, zoe)).state is state
    assert (await conversation.answers())[before:] == [logged]


async def test_cannot_speaks_of_every_round_and_is_taken_back_from_every_round(
    conversation: Conversation, zoe: Talker
) -> None:
    await zoe.tap_data("1:step:1:pledge:cannot")
    for ballot in (1, 2):
        assert (await plan_of(conversation, zoe, ballot)).state is VoteState.CANNOT
    await zoe.tap("I’ll vote after all")
    for ballot in (1, 2):
        assert (await plan_of(conversation, zoe, ballot)).state is VoteState.WILL


async def test_the_place_is_known_or_explained(conversation: Conversation, zoe: Talker) -> None:
    shown = await zoe.tap_data("1:step:1:place:help")
    assert "electoral roll" in shown.text
    assert "€2 each round" in shown.text
    assert shown.urls == {"Find my polling station": "https://bureaux-de-vote.exemple.org"}
    shown = await zoe.tap("Now I know")
    assert "And when will you go?" in shown.text
    assert [row for row in await conversation.answers() if row[0] == "place"] == [
        ("place", "1", "help"),
        ("place", "1", "known"),
    ]


async def test_a_plan_is_made_in_three_taps_on_one_message(conversation: Conversation, zoe: Talker) -> None:
    await zoe.send("/vote")
    card = zoe.last
    await zoe.tap("Make my plan")
    await zoe.tap("In the morning")
    await zoe.tap("From work")
    await zoe.tap("With friends")
    assert "<b>Your plan</b>\n• In the morning\n• From work\n• With friends" in card.text
    assert "An identity document is required." in card.text
    assert zoe.last is card  # nothing more is asked of who has just planned
    plan = await plan_of(conversation, zoe)
    assert (plan.slot, plan.departure, plan.company) == ("morning", "work", "friends")
    assert (await conversation.answers())[-3:] == [
        ("plan.slot", "1", "morning"),
        ("plan.departure", "1", "work"),
        ("plan.company", "1", "friends"),
    ]


async def test_while_the_law_asks_for_silence_no_text_for_friends_is_given(zoe: Talker) -> None:
    conversation = zoe.conversation
    conversation.clock.move(SATURDAY)
    await zoe.tap_data("1:step:1:plan:morning")
    shown = await zoe.tap_data("1:step:1:echo:ok")
    assert "It’s all set" in shown.text
    assert "t.me" not in shown.text + "".join(shown.urls.values())


async def test_the_plan_is_echoed_and_may_be_changed(conversation: Conversation, zoe: Talker) -> None:
    await zoe.tap_data("1:step:1:plan:midday")
    await zoe.tap_data("1:step:1:echo:ok")
    assert zoe.called("editMessageText")[0].payload["text"].startswith("<b>It’s all set.</b>")
    forward = zoe.last
    stored = await zoe.stored()
    assert stored is not None
    assert forward is not zoe.screen[0]  # a message of its own, so that it can be forwarded
    assert f"https://t.me/portevoix_bot?start=r_{stored.friend_code}" in forward.text
    assert stored.pseudonym not in forward.text + "".join(forward.urls.values())
    assert "three friends" in forward.text
    assert forward.urls["Tell a friend"].startswith("https://t.me/share/url?url=https%3A//t.me/")
    echoed = zoe.screen[0]
    await zoe.tap_data("1:step:1:echo:change", on=echoed)
    assert "When will you vote?" in echoed.text
    assert [row[2] for row in await conversation.answers() if row[0] == "echo"] == ["ok", "change"]


@pytest.mark.parametrize(
    ("question", "answer", "said"),
    [
        ("turnout", "voted", "noted that you voted"),
        ("turnout", "later", "later then"),
        ("turnout", "cannot", "Thank you for telling me"),
        ("last_call", "voted", "noted that you voted"),
        ("last_call", "cannot", "no more reminders for this round"),
    ],
)
async def test_on_the_day(
    conversation: Conversation, zoe: Talker, question: str, answer: str, said: str
) -> None:
    conversation.clock.move(POLLING_DAY)
    shown = await zoe.tap_data(f"1:step:1:{question}:{answer}")
    assert said in shown.text
    assert (await plan_of(conversation, zoe)).vote == answer
    assert (await conversation.answers())[-1] == (question, "1", answer)


async def test_a_change_of_mind_is_possible_and_each_word_is_logged(
    conversation: Conversation, zoe: Talker
) -> None:
    conversation.clock.move(POLLING_DAY)
    await zoe.tap_data("1:step:1:turnout:voted")
    await zoe.tap("Actually, not yet")
    await zoe.tap("I can’t")
    assert (await plan_of(conversation, zoe)).state is VoteState.CANNOT
    await zoe.tap("Actually, I’ve voted")
    assert (await plan_of(conversation, zoe)).state is VoteState.VOTED
    told = [row[2] for row in await conversation.answers() if row[0] == "turnout"]
    assert told == ["voted", "later", "cannot", "voted"]


async def test_cannot_said_on_the_day_holds_for_that_round_only(
    conversation: Conversation, zoe: Talker
) -> None:
    conversation.clock.move(POLLING_DAY)
    await zoe.tap_data("1:step:1:turnout:cannot")
    conversation.clock.move(paris("2016-11-21T12:00"))
    assert "You haven’t planned yet" in (await zoe.send("/vote")).text


async def test_nobody_has_voted_before_voting_opens(conversation: Conversation, zoe: Talker) -> None:
    conversation.clock.move(SATURDAY)
    before = await conversation.answers()
    await zoe.tap_data("1:step:1:turnout:voted")
    assert "it opens on Sunday 20 November at 08:00" in zoe.toast
    assert await conversation.answers() == before


@pytest.mark.parametrize(
    ("at", "data", "accepted"),
    [
        # Voted before the close, told after it.
        ("2016-11-20T20:00", "1:turnout:voted", True),
        ("2016-11-22T18:59", "1:turnout:voted", True),
        ("2016-11-22T19:00", "1:turnout:voted", False),
        # There is no later once the polling places are closed.
        ("2016-11-20T19:00", "1:turnout:later", False),
        ("2016-11-20T19:00", "1:pledge:will", False),
        ("2016-11-20T19:00", "1:plan:morning", False),
        # The plan of round 1 may be kept until round 2 is over.
        ("2016-11-27T18:59", "1:keep_plan:change", True),
        ("2016-11-27T19:00", "1:keep_plan:change", False),
        # Nothing follows the last round.
        ("2016-11-27T20:00", "2:keep_plan:keep", False),
    ],
)
async def test_a_button_whose_vote_is_over_explains(
    conversation: Conversation, zoe: Talker, at: str, data: str, accepted: bool
) -> None:
    conversation.clock.move(paris(at))
    before = len(await conversation.answers())
    shown = await zoe.tap_data(f"1:step:{data}")
    assert not zoe.toast, "The bubble says it."
    assert ("This vote is over" in shown.text) is not accepted
    assert (len(await conversation.answers()) > before) is accepted


async def test_the_plan_is_kept_for_round_two(conversation: Conversation, zoe: Talker) -> None:
    await zoe.tap_data("1:step:1:plan:midday")
    await zoe.tap("From home")
    await zoe.tap("With my family")
    conversation.clock.move(paris("2016-11-20T21:00"))
    shown = await zoe.tap_data("1:step:1:keep_plan:keep")
    assert "Second round:</b> Sunday 27 November" in shown.text
    plan = await plan_of(conversation, zoe, 2)
    assert (plan.slot, plan.departure, plan.company) == ("midday", "home", "family")
    assert plan.vote is None
    assert (await conversation.answers())[-1] == ("keep_plan", "1", "keep")


async def test_a_plan_that_was_kept_is_kept_by_one_tap(conversation: Conversation, zoe: Talker) -> None:
    """From where and with whom stay as they were."""
    await zoe.tap_data("1:step:1:plan:midday")
    await zoe.tap("From home")
    shown = await zoe.tap_data("1:step:1:plan:keep")
    assert "It’s all set." in shown.text
    plan = await plan_of(conversation, zoe, 1)
    assert (plan.slot, plan.departure) == ("midday", "home")
    assert (await conversation.answers())[-1] == ("plan.slot", "1", "midday")
    assert "When will you vote?" in (await zoe.tap_data("1:step:2:plan:keep")).text


async def test_without_a_plan_to_keep_one_is_made(conversation: Conversation, zoe: Talker) -> None:
    conversation.clock.move(paris("2016-11-20T21:00"))
    shown = await zoe.tap_data("1:step:1:keep_plan:keep")
    assert "When will you vote?" in shown.text
    assert "1:step:2:plan:morning" in shown.buttons.values()


@pytest.mark.parametrize(
    "data",
    [
        "1:step:1:plan:midnight",
        "1:step:1:pledge:perhaps",
        "1:step:1:colour:red",
        "1:step:9:pledge:will",
        "1:step:-1:pledge:will",
        "1:step:1:pledge",
    ],
)
async def test_forged_buttons_change_nothing(conversation: Conversation, zoe: Talker, data: str) -> None:
    before = await conversation.answers()
    await zoe.tap_data(data)
    assert "no longer works" in zoe.toast
    assert await conversation.answers() == before


async def test_who_left_is_led_to_sign_up_again(conversation: Conversation, zoe: Talker) -> None:
    await zoe.send("STOP")
    shown = await zoe.tap_data("1:step:1:pledge:will")
    assert "political communication" in shown.text


async def test_who_votes_online_is_not_asked_from_where(conversation: Conversation, zoe: Talker) -> None:
    person = await zoe.stored()
    assert person is not None
    async with conversation.database.write() as tx:
        await db.people.change(tx, person.id, territory="abroad", zone="Europe/Brussels", commune=None)
    shown = await zoe.tap_data("1:step:1:plan:midday")
    assert "It’s all set." in shown.text
    assert "Where will you be coming from?" not in shown.text
    assert not any("departure" in data or "company" in data for data in shown.buttons.values())
