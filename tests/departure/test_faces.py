"""Cards that are edited by themselves: what changed an event, whom an edit reaches, kills, answers on the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import sqlalchemy as sa

import db.broadcasts
import db.faces
import db.mends
import db.planning
from bot import communes
from bot.actions import event_cards
from bot.campaign.campaign import load_campaign
from bot.delivery.calls import Call
from bot.delivery.outcomes import Done, NotSent, Outcome, Rejected
from bot.departure.compose import Composer
from bot.departure.faces import BATCH, Faces
from bot.rules.mends import RECALLED
from bot.rules.sending import CHANGE, INVITATION, SHIFT_OFFER
from bot.words.texts import Texts
from db.engine import Database
from db.planning import PlannedBroadcast
from db.schema import broadcasts, deliveries, events, people, seats
from locales import LANGUAGES
from simulator.reading import as_read
from tests.conversation import BOT, CAMPAIGN, Conversation, paris
from tests.hall import Hall

PROFILE = load_campaign(Path("campaigns/presidentielle-2027"), languages=LANGUAGES)
LABELLED = replace(CAMPAIGN, label=PROFILE.label)
"""EU 2024/900 asks for a label under what this one sends."""


@dataclass
class Posts:
    """A line with memory; `before` is called with each edit, `faults` come first."""

    calls: list[Call] = field(default_factory=list)
    faults: list[Outcome | Exception] = field(default_factory=list)
    before: Callable[[Call], Awaitable[None]] | None = None

    async def call_last(self, call: Call, still: Callable[[], Awaitable[bool]]) -> Outcome:
        if not await still():
            return NotSent(reason="overtaken")
        if self.faults:
            fault = self.faults.pop(0)
            if isinstance(fault, Exception):
                raise fault
            return fault
        if self.before is not None:
            doing, self.before = self.before, None
            await doing(call)
        self.calls.append(call)
        return Done(result=True)

    def told(self) -> dict[int, str]:
        """What was edited since the last time, by chat."""
        told = {call.payload["chat_id"]: as_read(call.payload["text"]) for call in self.calls}
        assert {call.method for call in self.calls} <= {"editMessageText"}, "Never a message more."
        self.calls.clear()
        return told


@dataclass
class Shown:
    """A hall whose invitations stand in chats."""

    hall: Hall
    posts: Posts
    faces: Faces

    async def invite(self, *numbers: int, template: str = INVITATION, add: bool = True) -> None:
        for number in numbers if add else ():
            await self.hall.add(number)
        planned = PlannedBroadcast(
            key=f"event:{self.hall.event}:{template[-8:]}",
            kind="event_invite",
            template=template,
            event=self.hall.event,
            starts_at=self.hall.now,
        )
        async with self.hall.database.write() as tx:
            broadcast = await db.planning.ensure_broadcast(tx, planned, self.hall.now)
            rows = [
                {
                    "broadcast": broadcast,
                    "person": number,
                    "state": "sent",
                    "due_at": self.hall.now,
                    "changed_at": self.hall.now,
                    "sent_at": self.hall.now,
                    "message_id": 10 * number + len(template) % 7,
                }
                for number in numbers
            ]
            await tx.execute(sa.insert(deliveries), rows)

    async def change(self, **values: object) -> None:
        async with self.hall.database.write() as tx:
            changed = sa.update(events).where(events.c.id == self.hall.event)
            await tx.execute(changed.values(sequence=events.c.sequence + 1, **values))


@pytest.fixture
async def shown(database: Database) -> Shown:
    conversation = Conversation(database, paris("2016-11-16T10:00"))
    hall = await Hall.open(conversation, capacity=2)
    texts, posts = Texts({"campaign": LABELLED}), Posts()
    composer = Composer(texts=texts, campaign=LABELLED, gazetteer=communes.load(), bot_username=BOT)
    faces = Faces(
        database=database,
        clock=conversation.clock,
        texts=texts,
        composer=composer,
        bot_username=BOT,
        line=posts,
        leads=lambda: True,
    )
    made = Shown(hall, posts, faces)
    await made.invite(1, 2, 3)
    await faces.catch_up()
    assert posts.told() == {}
    hall.pass_time(hours=1)
    return made


async def test_where_nothing_changes_nothing_is_edited(shown: Shown) -> None:
    await shown.hall.say(1, "yes")
    assert await shown.faces.catch_up() == 0
    assert shown.posts.told() == {}


async def test_an_event_that_moves_is_shown_where_it_is_now_and_once(shown: Shown) -> None:
    await shown.hall.say(1, "yes")
    await shown.change(starts_at=paris("2016-11-25T20:00"), ends_at=paris("2016-11-25T22:00"))
    assert await shown.faces.catch_up() == 3
    told = shown.posts.told()
    assert all("vendredi 25 novembre, de 20 h à 22 h" in text for text in told.values())
    assert "Vous venez" in told[1001]
    assert "Viendrez-vous" in told[1002]
    assert await shown.faces.catch_up() == 0


async def test_an_edited_invitation_stays_one_with_its_sender_its_label_and_its_end(shown: Shown) -> None:
    await shown.hall.say(1, "yes")
    async with shown.hall.database.write() as tx:
        opened = {"person": 2, "message": 900, "event": shown.hall.event, "face": 0}
        await db.faces.opened(tx, **opened)
    await shown.change(has_shifts=True)  # its first shift
    await shown.faces.catch_up()
    edits = [call.payload for call in shown.posts.calls]
    (answer,) = [each for each in edits if each["message_id"] == 900]
    invitations = {each["chat_id"]: each for each in edits if each["message_id"] != 900}
    assert sorted(invitations) == [1001, 1002, 1003]
    for number, edit in invitations.items():
        text, buttons = as_read(edit["text"]), str(edit["reply_markup"])
        assert text.startswith("Nous vous invitons.") == (number != 1001), "Who said yes reads so instead."
        assert CAMPAIGN.sender.name in text
        assert LABELLED.label is not None
        assert LABELLED.label.sponsor in text
        assert "1:shifts:hall" in buttons
        assert "1:optout:events" in buttons
        assert "1:talk_write" not in buttons
    # What answered somebody who opened the event themselves was never an invitation.
    assert not as_read(answer["text"]).startswith("Nous vous invitons.")
    assert "1:optout" not in str(answer["reply_markup"])


async def test_an_event_that_fills_and_frees_says_so_and_of_two_changes_the_last(shown: Shown) -> None:
    await shown.hall.say(1, "yes")
    await shown.hall.say(2, "yes")
    assert await shown.faces.catch_up() == 3
    assert "C’est complet" in shown.posts.told()[1003]
    await shown.hall.say(2, "no")
    await shown.hall.say(3, "yes")  # full again before anybody has looked
    assert await shown.faces.catch_up() == 1  # of who said otherwise elsewhere alone
    assert "Vous venez" not in shown.posts.told()[1002]
    await shown.hall.say(3, "no")
    assert await shown.faces.catch_up() == 3
    assert "C’est complet" not in shown.posts.told()[1003]


@pytest.mark.parametrize(
    ("state", "hours", "line"), [("cancelled", 0, "est annulé"), ("open", 210, "terminé")]
)
async def test_what_is_off_or_over_says_so(shown: Shown, state: str, hours: int, line: str) -> None:
    await shown.change(state=state)
    shown.hall.pass_time(hours=hours)
    assert await shown.faces.catch_up() == 3
    assert all(line in text for text in shown.posts.told().values())


async def test_in_a_quiet_period_nothing_is_edited_before_its_end(shown: Shown) -> None:
    shown.hall.conversation.clock.move(paris("2016-11-19T10:00"))
    await shown.change(address="Place Bellecour")
    assert await shown.faces.catch_up() == 0
    shown.hall.conversation.clock.move(paris("2016-11-20T19:00"))
    assert await shown.faces.catch_up() == 3
    assert all("Place Bellecour" in text for text in shown.posts.told().values())


async def test_who_left_or_leafed_on_is_left_alone(shown: Shown) -> None:
    await shown.hall.block(1)
    await shown.hall.erase(2)
    async with shown.hall.database.write() as tx:
        await db.faces.turned(tx, 3, 30 + len(INVITATION) % 7)
    await shown.change(address="Place Bellecour")
    assert await shown.faces.catch_up() == 0


async def test_who_leafs_on_while_their_card_is_on_its_way_is_left_alone_from_then_on(shown: Shown) -> None:
    async def leaf(_call: Call) -> None:
        async with shown.hall.database.write() as tx:
            for number in (1, 2):
                await db.faces.turned(tx, number, 10 * number + len(INVITATION) % 7)

    shown.posts.before = leaf
    await shown.change(address="Place Bellecour")
    assert await shown.faces.catch_up() == 2  # the first was on its way, the second is not edited any more
    shown.posts.told()
    await shown.change(address="Place des Terreaux")
    assert await shown.faces.catch_up() == 1


async def test_what_tells_of_the_change_is_not_replaced(shown: Shown) -> None:
    await shown.change(address="Place Bellecour")
    async with shown.hall.database.write() as tx:
        await db.faces.look(tx, shown.hall.now, event=shown.hall.event)
    shown.hall.pass_time(seconds=1)
    await shown.invite(1, 2, template=CHANGE, add=False)
    assert await shown.faces.catch_up() == 3  # the invitations alone


async def test_an_invitation_worded_before_a_change_and_sent_after_it_is_put_right(shown: Shown) -> None:
    await shown.change(address="Place Bellecour")
    await shown.faces.catch_up()
    shown.posts.told()
    shown.hall.pass_time(seconds=20)
    await shown.hall.add(4)
    await shown.invite(4, add=False)
    assert await shown.faces.catch_up() == 1
    shown.hall.pass_time(minutes=5)
    await shown.hall.add(5)
    await shown.invite(5, add=False)
    assert await shown.faces.catch_up() == 0


async def test_a_kill_loses_nothing(shown: Shown) -> None:
    await shown.change(address="Place Bellecour")
    shown.posts.faults = [Done(result=True), OSError("killed")]
    with pytest.raises(OSError, match="killed"):
        await shown.faces.catch_up()
    assert await shown.faces.catch_up() == 3  # what was not noted is edited again, to the same
    assert await shown.faces.catch_up() == 0
    assert BATCH < 100, "So many are edited again at most."


async def test_what_could_not_leave_is_tried_again_and_what_is_refused_is_not(shown: Shown) -> None:
    await shown.change(address="Place Bellecour")
    gone = Rejected(code=400, description="Bad Request: message to edit not found")
    shown.posts.faults = [NotSent(reason="paused"), gone]
    assert await shown.faces.catch_up() == 2
    assert len(shown.posts.told()) == 1
    assert await shown.faces.catch_up() == 1


async def test_an_answer_on_the_way_is_shown_last(shown: Shown) -> None:
    """Else the card would show for good what was true before the tap."""

    async def tap(_: Call) -> None:
        await shown.hall.say(1, "yes")

    shown.posts.before = tap
    await shown.change(address="Place Bellecour")
    assert await shown.faces.catch_up() == 3
    to_first = [call for call in shown.posts.calls if call.payload["chat_id"] == 1001]
    assert len(to_first) == 2
    assert "Vous venez" in to_first[-1].payload["text"]


async def test_an_offer_that_lapsed_says_so_in_its_own_message(shown: Shown) -> None:
    for number in (1, 2, 3):
        await shown.hall.say(number, "yes")
    await shown.faces.catch_up()
    await shown.hall.say(1, "no")
    await shown.hall.look()
    async with shown.hall.database.write() as tx:
        waiting = sa.update(deliveries).where(deliveries.c.state == "queued")
        await tx.execute(waiting.values(state="sent", message_id=777, sent_at=shown.hall.now))
    await shown.faces.catch_up()
    shown.posts.calls.clear()
    shown.hall.pass_time(days=2)
    await shown.hall.look()
    await shown.faces.catch_up()
    lapsed = [call for call in shown.posts.calls if call.payload["message_id"] == 777]
    assert len(lapsed) == 1
    assert "n’avez pas répondu à temps" in as_read(lapsed[0].payload["text"])


async def test_an_offer_of_a_shift_that_lapsed_says_so_and_a_change_of_the_event_leaves_it(
    shown: Shown,
) -> None:
    shown.posts.told()
    await shown.invite(1, 2, template=SHIFT_OFFER, add=False)
    async with shown.hall.database.write() as tx:
        await db.faces.shift_offer_over(tx, 1, f"event:{shown.hall.event}:{SHIFT_OFFER[-8:]}")
    assert await shown.faces.catch_up() == 1
    (call,) = shown.posts.calls
    assert "est passée à la personne suivante" in as_read(call.payload["text"])
    assert CAMPAIGN.sender.name in as_read(call.payload["text"])
    assert "1:optout:events" in str(call.payload["reply_markup"])
    shown.posts.told()
    await shown.change(address="Place Bellecour")
    assert await shown.faces.catch_up() == 3  # the invitations alone


async def recalled(shown: Shown, state: str = "sent") -> int:
    """The invitation was taken back two days later, where it could only be edited; the recall's number."""
    async with shown.hall.database.write() as tx:
        values = {
            "key": "mend:1",
            "kind": "service",
            "template": RECALLED,
            "audience": {},
            "area": "FR",
            "starts_at": shown.hall.now,
            "created_at": shown.hall.now,
            "mends": 1,
        }
        number = await db.broadcasts.create(tx, values, {})
        assert number is not None
        await db.mends.queue(tx, number, 1, expires_at=None, now=shown.hall.now)
        of_it = sa.update(deliveries).where(deliveries.c.broadcast == number)
        await tx.execute(of_it.values(state=state, sent_at=shown.hall.now))
        await tx.execute(
            sa.update(broadcasts).where(broadcasts.c.id == number).values(finished_at=shown.hall.now)
        )
    return number


async def test_what_was_taken_back_is_no_card_any_more(shown: Shown) -> None:
    await recalled(shown)
    await shown.change(address="3 rue Neuve")
    assert await shown.faces.catch_up() == 0
    assert shown.posts.told() == {}


async def test_an_edit_that_lands_on_a_recall_is_taken_back_once_more(shown: Shown) -> None:
    """Another process takes it back while the edit waits for its slot of the budget that they share."""
    await shown.change(address="3 rue Neuve")
    recalls: list[int] = []

    async def meanwhile(_call: Call) -> None:
        recalls.append(await recalled(shown))

    shown.posts.before = meanwhile
    await shown.faces.catch_up()
    (overwritten,) = shown.posts.told()
    async with shown.hall.database.read() as tx:
        query = sa.select(people.c.telegram_id, deliveries.c.state).join(
            people, people.c.id == deliveries.c.person
        )
        found = await tx.execute(query.where(deliveries.c.broadcast == recalls[0]))
        states = {row.telegram_id: row.state for row in found}
        finished = await tx.scalar(sa.select(broadcasts.c.finished_at).where(broadcasts.c.id == recalls[0]))
    assert states.pop(overwritten) == "queued"
    assert set(states.values()) == {"sent"}
    assert finished is None, "The sender looks at what is not finished alone."


async def test_a_card_that_somebody_opened_is_edited_as_others_are(shown: Shown) -> None:
    """By a link and from the list; not once they have leafed on in it."""
    conversation = shown.hall.conversation
    while conversation.number() < 50:
        pass  # newer than their invitations
    by_link, from_list, gone = [conversation.person(number) for number in (1001, 1002, 1003)]
    for number in (1001, 1002, 1003):
        async with conversation.database.write() as tx:
            await tx.execute(sa.update(people).where(people.c.telegram_id == number).values(language="en"))
    await by_link.send("/start ev_hall")
    (call,) = by_link.called("sendMessage")
    assert call.remember == "card:hall:0"
    sent = {"chat": {"id": 1001}, "message_id": 901}
    await event_cards.remember_card(conversation.database, str(call.remember), sent)
    await from_list.send("/events")
    await from_list.tap_data("1:event:hall", on=from_list.last)
    await gone.send("/start ev_hall")
    (call,) = gone.called("sendMessage")
    await event_cards.remember_card(
        conversation.database, str(call.remember), {"chat": {"id": 1003}, "message_id": gone.last.id}
    )
    await gone.tap("All events")
    await shown.change(address="Salle Rameau")
    await shown.faces.catch_up()
    edited = {
        (call.payload["chat_id"], call.payload["message_id"])
        for call in shown.posts.calls
        if "Salle Rameau" in call.payload["text"]
    }
    assert {(1001, 901), (1002, from_list.last.id)} <= edited
    assert (1003, gone.last.id) not in edited
    shown.posts.calls.clear()
    assert await shown.faces.catch_up() == 0


async def test_every_card_of_somebody_tells_how_they_stand_wherever_it_changed(shown: Shown) -> None:
    """The invitation was edited to an offer; the offer is over, or was taken in another message."""
    hall = shown.hall
    await hall.say(1, "yes")
    await hall.say(2, "yes")
    await hall.say(3, "yes")  # who waits
    await shown.faces.catch_up()
    shown.posts.told()
    await hall.say(2, "no")
    await hall.tend()
    assert await shown.faces.catch_up() > 0
    assert "Une place s’est libérée pour vous" in shown.posts.told()[1003]
    hall.pass_time(days=2)
    await hall.look()
    await shown.faces.catch_up()
    told = shown.posts.told()[1003]
    assert "Une place s’est libérée" not in told
    # Whoever answers in one message finds all others true; the one that was tapped is answered by itself.
    await hall.say(3, "yes")
    assert await shown.faces.catch_up() > 0
    assert "Vous venez" in shown.posts.told()[1003]
    async with hall.database.write() as tx:
        await db.faces.stand_otherwise(tx, hall.event, [3], but=10 * 3 + len(INVITATION) % 7)
    assert await shown.faces.catch_up() == 0


async def test_what_changes_while_a_card_is_edited_is_edited_once_more(shown: Shown) -> None:
    await shown.hall.say(1, "yes")

    async def again(_call: Call) -> None:
        async with shown.hall.database.write() as tx:
            await db.faces.stand_otherwise(tx, shown.hall.event, [1])

    async with shown.hall.database.write() as tx:
        await db.faces.look(tx, shown.hall.now)
        await db.faces.stand_otherwise(tx, shown.hall.event, [1])
    shown.posts.before = again
    assert await shown.faces.catch_up() == 1
    assert await shown.faces.catch_up() == 1, "it was marked anew on the way"
    assert await shown.faces.catch_up() == 0


async def test_where_seats_are_not_counted_another_answer_is_on_every_card_too(shown: Shown) -> None:
    hall = shown.hall
    async with hall.database.write() as tx:
        await tx.execute(sa.update(events).values(counted=False, capacity=None))
        await tx.execute(sa.delete(seats))
    await hall.say(1, "yes")
    assert await shown.faces.catch_up() == 0, "what is said first is on the card that was tapped"
    await hall.say(1, "no")
    assert await shown.faces.catch_up() == 1
    assert "Vous ne pouvez pas venir" in shown.posts.told()[1001]
    await hall.say(1, "no")
    assert await shown.faces.catch_up() == 0
    await shown.change(address="Ailleurs")
    await shown.faces.catch_up()
    assert shown.posts.told().keys() == {1001, 1002, 1003}, "and it is looked after as before"
