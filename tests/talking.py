"""Conversations between supporters and the team, for tests: who is on duty, and what has arrived."""

from __future__ import annotations

import sqlalchemy as sa

import db.conversations
import db.deliveries
from bot.delivery.calls import Call
from bot.delivery.line import DeliveryLine
from bot.delivery.outcomes import Done, Outcome
from bot.departure.conversing import Talks
from bot.departure.inbox import InboxBoard
from db.conversations import Conversation as Talk
from db.deliveries import Settled, Turn
from db.schema import deliveries
from handlers.command_menu import team_menu_calls
from handlers.desk import composer
from tests.campaigning import staff
from tests.conversation import Conversation, Shown, Talker
from tests.leaving import leaving
from tests.looking import look_at

NOW = "2016-11-14T10:00"
QUESTION = "puis-je venir avec ma fille ?"


async def on_duty(
    conversation: Conversation, number: int, name: str, role: str = "organizer", area: str = "69"
) -> Talker:
    """Somebody of the team who is told of what comes in."""
    member = await staff(conversation, number, role, area)
    await member.send("/inbox")
    await member.send(name)
    await member.tap("Go on duty")
    return member


async def arrive(conversation: Conversation, *talkers: Talker) -> None:
    """What is due reaches these people's screens, and is known to have arrived."""
    now = conversation.clock.now()
    calls = [each for each in await leaving(conversation) if isinstance(each, Call)]
    for talker in talkers:
        person = await talker.stored()
        assert person is not None
        sending = sa.select(deliveries.c.id).where(
            deliveries.c.person == person.id, deliveries.c.state == "sending"
        )
        async with conversation.database.read() as tx:
            numbers = list(await tx.scalars(sending.order_by(deliveries.c.id)))
        mine = [call for call in calls if call.chat == talker.telegram_id]
        assert len(mine) == len(numbers)
        for number, call in zip(numbers, mine, strict=True):
            talker.receive([call])
            async with conversation.database.write() as tx:
                arrived = Settled(id=number, state="sent", message_id=talker.last.id)
                await db.deliveries.take_turn(tx, Turn(settled=[arrived]), owner="me", now=now)


async def ask(person: Talker, text: str = QUESTION) -> Shown:
    """What nobody understands goes to the team, after the question that is put once."""
    await person.send(text)
    await person.tap("Send this to the team")
    return await person.tap("Send") if "Send" in person.last.buttons else person.last


async def talk_of(person: Talker) -> Talk | None:
    stored = await person.stored()
    assert stored is not None
    async with person.conversation.database.read() as tx:
        return await db.conversations.of_person(tx, stored.id)


async def talked(conversation: Conversation, asker: Talker, *answerers: Talker) -> None:
    """A question was asked, and the first of them has taken it."""
    await ask(asker)
    await arrive(conversation, *answerers)
    await answerers[0].tap("Take it")
    await arrive(conversation, *answerers)


def seen(person: Talker) -> str:
    return "\n".join(shown.text for shown in person.screen)


class Posted:
    """The line of an engine: what is posted reaches the screens of the conversation."""

    def __init__(self, *talkers: Talker) -> None:
        self.talkers, self.calls, self.pacing = talkers, list[Call](), self
        self.blocked_until = None

    async def call(self, call: Call) -> Outcome:
        self.calls.append(call)
        for talker in self.talkers:
            if call.chat in (None, talker.telegram_id):
                talker.receive([call])
        return Done(result=True)


def board(conversation: Conversation) -> InboxBoard:
    shared = conversation.services
    return InboxBoard(
        database=conversation.database,
        talks=Talks(texts=shared.texts, composer=composer(shared)),
        menu=lambda chat, roles, waiting: team_menu_calls(
            shared.commands, chat, roles, ("fr", "en"), waiting=waiting
        ),
    )


async def refresh(kept_true: InboxBoard, conversation: Conversation, line: DeliveryLine) -> None:
    """The board looks at everything that it keeps true."""
    looks = (kept_true.look, kept_true.look_at_menus)
    await look_at(conversation.database, line, conversation.clock.now(), *looks)
