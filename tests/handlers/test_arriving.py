"""How many acts it takes to arrive, as docs/arriving.md tells it; and what the first message says."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.actions import notices
from bot.delivery.calls import Call
from bot.delivery.outcomes import Wait
from db import rsvps, vote_plans
from db.people import Person
from db.schema import events
from locales import LANGUAGES
from tests.campaigning import staff
from tests.conversation import Conversation, Talker, paris
from tests.drafting import send_broadcast
from tests.leaving import leaving

FIRST_WORDS = 70
"""The words of the first message, at most."""

SIGN_UP = ("tap:yes, write to me", "Lyon", "tap:Yes, by where I vote")
PLAN = ("tap:My vote", "tap:Make my plan", "tap:Around midday")
WAYS = {
    ("`/start`", "signed up"): ("/start", *SIGN_UP),
    ("`/start`", "a vote plan"): ("/start", *SIGN_UP, *PLAN),
    ("the link of an event", "“I’ll come”"): ("/start ev_lyon1", *SIGN_UP, "tap:I’ll come"),
    ("the link of a friend", "signed up"): ("/start r_{friend}", *SIGN_UP),
    ("the link of a friend", "a vote plan"): ("/start r_{friend}", *SIGN_UP, *PLAN),
}


def told() -> dict[tuple[str, str], tuple[int, int]]:
    """The table of docs/arriving.md: the acts of each way, and at most how many it may take."""
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (\d+) \| (\d+) \|$", Path("docs/arriving.md").read_text(), re.M)
    return {(start, end): (int(acts), int(most)) for start, end, acts, most in rows}


async def arrive(talker: Talker, acts: tuple[str, ...], friend: str) -> Person:
    for act in acts:
        kind, _, label = act.partition(":")
        await (talker.tap(label) if kind == "tap" else talker.send(act.format(friend=friend)))
    person = await talker.stored()
    assert person is not None
    assert person.is_registered
    return person


@pytest.fixture
async def friend(conversation: Conversation) -> str:
    """The code of a supporter's link."""
    supporter = conversation.person(7)
    await supporter.sign_up()
    person = await supporter.stored()
    assert person is not None
    return person.friend_code


def test_the_docs_tell_every_way() -> None:
    assert told().keys() == WAYS.keys()
    assert all(acts <= most for acts, most in told().values())


@pytest.mark.parametrize(("start", "end"), WAYS)
async def test_so_many_acts_are_enough(conversation: Conversation, friend: str, start: str, end: str) -> None:
    await conversation.add_event("lyon1")
    acts = WAYS[start, end]
    person = await arrive(conversation.person(8), acts, friend)
    assert len(acts) == told()[start, end][0]
    async with conversation.database.read() as tx:
        plan = await vote_plans.get(tx, person=person.id, ballot=1)
        answered = await rsvps.of_person(tx, person.id)
    assert (plan is not None and plan.slot is not None) == (end == "a vote plan")
    assert bool(answered) == (end == "“I’ll come”")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("start", ["/start", "/start r_{friend}"])
async def test_the_first_message_is_short(
    conversation: Conversation, friend: str, start: str, language: str
) -> None:
    newcomer = conversation.person(8, language=language)
    shown = await newcomer.send(start.format(friend=friend))
    words = re.sub(r"<[^>]+>", "", shown.text).split()
    assert len([word for word in words if re.search(r"\w", word)]) <= FIRST_WORDS, " ".join(words)
    for told_at_once in ("/stop", "/privacy", "Telegram", "politi"):
        assert told_at_once in shown.text


async def test_the_card_of_the_link_stands_alone_for_an_hour(conversation: Conversation) -> None:
    """What is sent meanwhile waits, until it is answered or the hour is over."""
    await conversation.add_event("lyon1")
    silent, quick = conversation.person(8), conversation.person(9)
    for newcomer in (silent, quick):
        await arrive(newcomer, WAYS["the link of an event", "“I’ll come”"][:-1], "")
    await quick.tap("Maybe")
    sophie = await staff(conversation, 10, "organizer", "FR")
    await send_broadcast(sophie)
    decisions = await leaving(conversation)
    hour = conversation.clock.now() + timedelta(hours=1)
    assert [each.chat for each in decisions if isinstance(each, Call)] == [quick.telegram_id]
    waits = [each for each in decisions if isinstance(each, Wait)]
    assert waits == [Wait(until=hour, reason="undisturbed", state="queued")]
    conversation.clock.move(hour)
    await send_broadcast(sophie)
    decisions = await leaving(conversation)
    assert [each.chat for each in decisions if isinstance(each, Call)] == [silent.telegram_id], decisions


async def test_what_was_put_off_leaves_at_once_after_the_answer(conversation: Conversation) -> None:
    """Also what is being put off while they answer."""
    await conversation.add_event("lyon1")
    newcomer = conversation.person(8)
    await arrive(newcomer, WAYS["the link of an event", "“I’ll come”"][:-1], "")
    await send_broadcast(await staff(conversation, 10, "organizer", "FR"))
    assert [type(each) for each in await leaving(conversation)] == [Wait]
    await newcomer.tap("Maybe")
    decisions = await leaving(conversation)
    assert [each.chat for each in decisions if isinstance(each, Call)] == [newcomer.telegram_id]


async def test_after_the_clock_was_set_back_nobody_is_left_alone_for_days(conversation: Conversation) -> None:
    await conversation.add_event("lyon1")
    newcomer = conversation.person(8)
    start = conversation.clock.now()
    conversation.clock.move(start + timedelta(hours=20))  # the machine began with a wrong clock
    await arrive(newcomer, WAYS["the link of an event", "“I’ll come”"][:-1], "")
    conversation.clock.move(start)
    await send_broadcast(await staff(conversation, 10, "organizer", "FR"))
    decisions = await leaving(conversation)
    assert [each.chat for each in decisions if isinstance(each, Call)] == [newcomer.telegram_id]


async def test_a_notice_reaches_who_came_by_the_link_of_an_event(conversation: Conversation) -> None:
    """The team's own messages, what waits for an approval among them, do not wait for an answer to a card."""
    await conversation.add_event("lyon1")
    newcomer = conversation.person(8)
    await arrive(newcomer, WAYS["the link of an event", "“I’ll come”"][:-1], "")
    async with conversation.database.write() as tx:
        news = {"role": "organizer", "area": "FR", "telegram_id": 9, "by": None}
        await notices.tell(tx, {8}, "staff_left", news, now=conversation.clock.now())
    decisions = await leaving(conversation)
    assert [type(each) for each in decisions] == [Call]


WHILE_SIGNING_UP = {
    "hidden": "I don’t know this event",
    "cancelled": "This event is cancelled",
    "over": "This event is over",
    "quiet": "Campaigns have to keep silent",
}


@pytest.mark.parametrize("became", WHILE_SIGNING_UP)
@pytest.mark.parametrize("last", ["tap:Yes, by where I vote", "yes"])
async def test_an_event_that_takes_no_answer_any_more_is_told_below_the_welcome(
    conversation: Conversation, became: str, last: str
) -> None:
    """Who signs up is told that they did; nothing stands there that other messages would disturb."""
    await conversation.add_event("lyon1")
    newcomer = conversation.person(8)
    for act in ("/start ev_lyon1", "tap:yes, write to me", "Lyon"):
        await (newcomer.tap(act[4:]) if act.startswith("tap:") else newcomer.send(act))
    if became == "over":
        conversation.clock.move(paris("2016-11-17T22:00"))
    elif became == "quiet":
        conversation.clock.move(paris("2016-11-19T10:00"))
    else:
        async with conversation.database.write() as tx:
            await tx.execute(sa.update(events).values(state=became))
    await (newcomer.tap(last[4:]) if last.startswith("tap:") else newcomer.send(last))
    welcome, told = newcomer.screen[-2:]
    assert "Welcome" in welcome.text
    assert WHILE_SIGNING_UP[became] in told.text
    person = await newcomer.stored()
    assert person is not None
    assert (person.state, person.undisturbed_until) == ("registered", None)
