"""Links that people pass on to friends: they show a code that stands nowhere else, and who came by one is counted."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import unquote

import pytest
import sqlalchemy as sa

import db.people
from bot.delivery.calls import Call
from bot.delivery.outcomes import Stop, Wait
from bot.rules.quiet import PROFILES
from db.friends import JOINED
from db.people import Person
from db.schema import broadcasts, deliveries, dialogs, people
from simulator.reading import as_read
from tests.conversation import BOT, CAMPAIGN, Conversation, Shown, Talker, paris
from tests.leaving import leaving


async def link_of(person: Talker) -> str:
    """The code in the text that they are given to forward."""
    await person.tap_data("1:step:1:plan:midday")
    await person.tap_data("1:step:1:echo:ok")
    found = re.search(r"\?start=r_(\w+)", person.last.text)
    assert found is not None
    return found[1]


async def stored(person: Talker) -> Person:
    found = await person.stored()
    assert found is not None
    return found


async def supporter(conversation: Conversation, telegram_id: int) -> Talker:
    person = conversation.person(telegram_id)
    await person.sign_up()
    return person


async def test_a_link_for_friends_shows_no_other_name_of_the_person(conversation: Conversation) -> None:
    zoe = await supporter(conversation, 7)
    code, known = await link_of(zoe), await stored(zoe)
    assert code not in (known.pseudonym, str(known.telegram_id), str(known.id))
    said = zoe.last.text + "".join(zoe.last.urls.values())
    assert known.pseudonym not in said


async def test_who_comes_by_a_link_is_its_owners_recruit(conversation: Conversation) -> None:
    zoe, friend = await supporter(conversation, 7), conversation.person(8)
    await friend.send(f"/start r_{await link_of(zoe)}")
    assert (await stored(friend)).recruiter is None  # nothing is kept of whom they know before they agree
    await friend.tap("yes, write to me")
    assert (await stored(friend)).recruiter == (await stored(zoe)).id


async def test_a_link_sent_before_such_codes_still_works_and_no_new_one_shows_it(
    conversation: Conversation,
) -> None:
    """It shows the pseudonym, which exports have not shown since either."""
    zoe, friend = await supporter(conversation, 7), conversation.person(8)
    old = (await stored(zoe)).pseudonym
    await friend.send(f"/start r_{old}")
    await friend.tap("yes, write to me")
    assert (await stored(friend)).recruiter == (await stored(zoe)).id
    assert await link_of(zoe) != old


async def test_a_link_that_is_nobodys_changes_nothing(conversation: Conversation) -> None:
    """Nor one without a code: rows that were put in by hand have none."""
    zoe = await supporter(conversation, 7)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(people).values(friend_code=""))
    friend = conversation.person(8)
    for code in ("", "0", "0123456789abcdef", str((await stored(zoe)).id), "7"):
        await friend.send(f"/start r_{code}")
        assert (await stored(friend)).recruiter is None


async def test_every_code_is_another(conversation: Conversation) -> None:
    async with conversation.database.write() as tx:
        made = [
            await db.people.create(tx, telegram_id=100 + n, pseudonym=f"p{n}", now=conversation.clock.now())
            for n in range(20)
        ]
    assert len({each.friend_code for each in made} | {each.pseudonym for each in made}) == 40


# -- what a yes opens --

SHARE = re.compile(r"^https://t\.me/share/url\?url=([^&]+)&text=(.+)$")


def invitation(shown: Shown) -> tuple[str, str]:
    """The link and the words that the button hands to Telegram's list of chats."""
    found = SHARE.match(shown.urls["Invite a friend"])
    assert found is not None
    return unquote(found[1]), as_read(unquote(found[2]))


async def test_a_yes_to_an_event_hands_on_the_event_and_whose_link_it_is(conversation: Conversation) -> None:
    await conversation.add_event("lyon1")
    zoe = await supporter(conversation, 7)
    card = await zoe.tap_data("1:event:lyon1")
    assert "Invite a friend" not in card.urls
    await zoe.tap_data("1:rsvp:lyon1:yes", on=card)
    link, words = invitation(card)
    assert link == f"https://t.me/{BOT}?start=ev_lyon1_{(await stored(zoe)).friend_code}"
    assert words.startswith("I’m going to “Public meeting”, Thursday 17 November")
    assert "Who will you bring?" in card.text
    assert "I’d like to help" in card.buttons
    await zoe.tap_data("1:rsvp:lyon1:no", on=card)
    assert "Invite a friend" not in card.urls
    assert "I’d like to help" not in card.buttons


async def test_everybody_is_handed_their_own_link(conversation: Conversation) -> None:
    """The card is rendered once for all who see the same."""
    await conversation.add_event("lyon1")
    links = set()
    for number in (7, 8):
        person = await supporter(conversation, number)
        links.add(invitation(await person.tap_data("1:rsvp:lyon1:yes"))[0])
        assert (await stored(person)).friend_code in " ".join(links)
    assert len(links) == 2


async def test_the_friend_arrives_with_the_event_in_hand(conversation: Conversation) -> None:
    await conversation.add_event("lyon1")
    zoe, friend = await supporter(conversation, 7), conversation.person(8)
    code = (await stored(zoe)).friend_code
    await friend.send(f"/start ev_lyon1_{code}")
    teaser, question = friend.screen
    assert "Public meeting" in teaser.text
    assert "A friend invites you." in question.text
    assert "Zoé" not in teaser.text + question.text
    async with conversation.database.read() as tx:
        (kept,) = list(await tx.scalars(sa.select(dialogs.c.data)))
    assert code not in str(kept)  # nothing is kept of whom they know before they agree
    assert (await stored(friend)).recruiter is None
    await friend.tap("yes, write to me")
    assert (await stored(friend)).recruiter == (await stored(zoe)).id
    await friend.send("Lyon")
    shown = await friend.tap("Yes, by where I vote")
    assert "Will you come?" in shown.text
    card = await friend.tap("I’ll come")
    assert invitation(friend.screen[-2] if card.buttons.get("Yes, introduce me") else card)[0].endswith(
        (await stored(friend)).friend_code
    )


@pytest.mark.parametrize("mistapped", ["No, thank you", "I’m younger"])
async def test_who_mistapped_comes_back_to_the_same_event_and_friend(
    conversation: Conversation, mistapped: str
) -> None:
    await conversation.add_event("lyon1")
    zoe, friend = await supporter(conversation, 7), conversation.person(8)
    await friend.send(f"/start ev_lyon1_{(await stored(zoe)).friend_code}")
    left = await friend.tap(mistapped)
    await friend.tap_data(next(data for data in left.buttons.values() if data.startswith("1:begin:")))
    assert "A friend invites you." in friend.last.text
    await friend.tap("yes, write to me")
    await friend.send("Lyon")
    assert "Public meeting" in (await friend.tap("Yes, by where I vote")).text
    assert (await stored(friend)).recruiter == (await stored(zoe)).id


async def test_a_supporter_sees_the_event_and_is_nobodys_recruit(conversation: Conversation) -> None:
    await conversation.add_event("lyon1")
    zoe, ida = await supporter(conversation, 7), await supporter(conversation, 8)
    shown = await ida.send(f"/start ev_lyon1_{(await stored(zoe)).friend_code}")
    assert "Public meeting" in shown.text
    assert (await stored(ida)).recruiter is None


async def test_a_forged_friend_of_an_event_link_leaves_the_event(conversation: Conversation) -> None:
    await conversation.add_event("lyon1")
    friend = conversation.person(8)
    await friend.send("/start ev_lyon1_")
    assert "Public meeting" in friend.screen[0].text
    assert "A friend invites you." not in friend.last.text


@pytest.mark.parametrize(
    ("tapped", "link"),
    [("1:step:1:plan.company:alone", "r_"), ("1:step:1:turnout:voted", None), ("1:came:past1:yes", "r_")],
)
async def test_each_yes_opens_the_next_door(
    conversation: Conversation, tapped: str, link: str | None
) -> None:
    """On polling day nothing is handed on, and one may still offer help."""
    await conversation.add_event("past1", starts="2016-11-15T19:00")
    zoe = await supporter(conversation, 7)
    await zoe.tap_data("1:step:1:plan:morning")
    if "turnout" in tapped:
        conversation.clock.move(paris("2016-11-20T12:00"))
    shown = await zoe.tap_data(tapped)
    assert "I’d like to help" in shown.buttons
    if link is None:
        assert shown.urls == {}
        assert "that counts" in shown.text
    else:
        assert f"start={link}" in invitation(shown)[0]


async def test_where_no_law_asks_for_silence_having_voted_is_passed_on(conversation: Conversation) -> None:
    free = replace(CAMPAIGN, law=PROFILES["none"])
    conversation = Conversation(conversation.database, paris("2016-11-20T12:00"), campaign=free)
    zoe = await supporter(conversation, 7)
    link, words = invitation(await zoe.tap_data("1:step:1:turnout:voted"))
    assert "start=r_" in link
    assert "I’ve voted. How about you?" in words


async def test_after_the_last_round_there_is_nothing_left_to_help_with(conversation: Conversation) -> None:
    await conversation.add_event("past1", starts="2016-11-15T19:00")
    zoe = await supporter(conversation, 7)
    conversation.clock.move(paris("2016-11-28T12:00"))
    assert "I’d like to help" not in (await zoe.tap_data("1:came:past1:yes")).buttons


# -- hearing that a friend is in --


async def bring(conversation: Conversation, number: int, code: str) -> Talker:
    friend = conversation.person(number)
    await friend.send(f"/start r_{code}")
    await friend.tap("yes, write to me")
    await friend.send("Lyon")
    await friend.tap("Yes, by where I vote")
    return friend


async def told(conversation: Conversation) -> list[tuple[str, datetime]]:
    """The messages that wait or left, with whom they are for by Telegram number."""
    query = (
        sa.select(people.c.telegram_id, deliveries.c.due_at)
        .join(deliveries, deliveries.c.person == people.c.id)
        .join(broadcasts, broadcasts.c.id == deliveries.c.broadcast)
        .where(broadcasts.c.template == JOINED)
        .order_by(deliveries.c.id)
    )
    async with conversation.database.read() as tx:
        return [tuple(row) for row in await tx.execute(query)]


async def test_who_invited_is_told_the_next_day_once_for_all_of_a_day(conversation: Conversation) -> None:
    zoe = await supporter(conversation, 7)
    code = (await stored(zoe)).friend_code
    await bring(conversation, 8, code)
    conversation.clock.move(paris("2016-11-16T23:59"))
    await bring(conversation, 9, code)
    assert await told(conversation) == [(7, paris("2016-11-17T18:00"))]
    conversation.clock.move(paris("2016-11-17T00:00"))
    await bring(conversation, 10, code)
    assert [due for _, due in await told(conversation)] == [
        paris("2016-11-17T18:00"),
        paris("2016-11-18T18:00"),
    ]


async def test_what_is_told_names_nobody_and_the_menu_counts(conversation: Conversation) -> None:
    zoe = await supporter(conversation, 7)
    assert "Thanks to you" not in (await zoe.send("/menu")).text
    await bring(conversation, 8, (await stored(zoe)).friend_code)
    assert "Thanks to you, 1 person has joined us." in (await zoe.send("/menu")).text
    await bring(conversation, 9, (await stored(zoe)).friend_code)
    assert "Thanks to you, 2 people have joined us." in (await zoe.send("/menu")).text
    shown = await zoe.send("/mydata")
    assert "2 people who joined through your link" in shown.text
    (call,) = zoe.called("sendDocument")
    assert call.attachment is not None
    held = json.loads(call.attachment.content)
    assert held["friends_brought"] == 2
    decision = await fate(conversation, "2016-11-17T18:00")
    assert isinstance(decision, Call)
    zoe.receive([decision])
    assert "One of the friends you invited is in!" in zoe.last.text
    assert "2 people have joined us. We never say who" in zoe.last.text
    assert "Stop these messages" in zoe.last.buttons


@pytest.mark.parametrize(
    ("done", "reason"),
    [
        ("1:optout:news", "muted"),
        ("/stop", "not_a_supporter"),
        ("1:restriction:none", "cancelled at once"),
        ("1:settings", None),
    ],
)
async def test_who_wants_no_news_hears_nothing(
    conversation: Conversation, done: str, reason: str | None
) -> None:
    zoe = await supporter(conversation, 7)
    await bring(conversation, 8, (await stored(zoe)).friend_code)
    await (zoe.send(done) if done.startswith("/") else zoe.tap_data(done))
    decision = await fate(conversation, "2016-11-17T18:00")
    if decision is None:
        assert reason == "cancelled at once"
    else:
        assert (decision.reason if isinstance(decision, Stop) else None) == reason


async def test_a_friend_who_left_meanwhile_is_not_told_of(conversation: Conversation) -> None:
    zoe = await supporter(conversation, 7)
    friend = await bring(conversation, 8, (await stored(zoe)).friend_code)
    await friend.send("/delete")
    await friend.tap("Yes, erase everything")
    decision = await fate(conversation, "2016-11-17T18:00")
    assert isinstance(decision, Stop)


@pytest.mark.parametrize(
    ("at", "until"),
    [("2016-11-17T22:00", "2016-11-18T09:00"), ("2016-11-19T18:00", "2016-11-20T19:00")],
)
async def test_it_leaves_at_decent_hours_and_not_in_a_quiet_period(
    conversation: Conversation, at: str, until: str
) -> None:
    zoe = await supporter(conversation, 7)
    conversation.clock.move(paris(at) - timedelta(days=1))
    await bring(conversation, 8, (await stored(zoe)).friend_code)
    decision = await fate(conversation, at)
    assert isinstance(decision, Wait)
    assert decision.until == paris(until)


async def fate(conversation: Conversation, at: str) -> Call | Wait | Stop | None:
    """What becomes of the one message that waits, at this time of Paris; None where none does."""
    conversation.clock.move(paris(at))
    return next(iter(await leaving(conversation)), None)
