"""The story of docs/effect-transcript-*.md: a message in two versions, some people left out, and what came of it.

It is played without a network, as the tests of handlers are; what the other two hundred did is put into the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import count

import sqlalchemy as sa

import db.deliveries
import db.experiments
from bot.actions.effects import measure
from bot.delivery.calls import Call
from bot.rules.experiments import HOLDOUT, Experiment, Outcome, lot_of
from db.engine import Database
from db.schema import broadcasts, deliveries, events, people, responses, rsvps
from tests.ballots import Chat
from tests.campaigning import staff, supporter, supporters
from tests.conversation import BOT, Conversation, paris
from tests.drafting import announce_event
from tests.leaving import departure

START = "2016-11-02T10:00"
LYON = "69123"
SOPHIE, CLAIRE, PAUL, FIRST = 7, 11, 12, 1_000
MANY = 400
DRAWN = Experiment(versions=2, holdout=20, goal=Outcome.RSVP)
SHARES = {"A": 0.15, "B": 0.4, "holdout": 0.1}
"""How many of each group say yes."""
TEXTS: Mapping[str, tuple[str, str]] = {
    "fr": (
        "Bonjour {{{{ first_name }}}}, réunion publique à Lyon : {link}",
        "{{{{ first_name }}}}, il manque votre question. Posez-la à Lyon : {link}",
    ),
    "en": (
        "Hello {{{{ first_name }}}}, there is a public meeting in Lyon: {link}",
        "{{{{ first_name }}}}, your question is missing. Ask it in Lyon: {link}",
    ),
}


async def play(database: Database, language: str) -> list[Chat]:
    """Sophie of the team, Claire who draws the second version, and Paul who draws to be left out."""
    conversation = Conversation(database, paris(START))
    code = await an_event(conversation)
    await supporters(conversation, range(FIRST, FIRST + MANY), LYON, language=language)
    persons = [
        await supporter(conversation, number, LYON, language=language, first_name=name)
        for number, name in ((CLAIRE, "Claire"), (PAUL, "Paul"))
    ]
    async with database.write() as tx:
        await db.experiments.keep_key(tx, key_for(*persons))
    await staff(conversation, SOPHIE, "admin", "FR")
    sophie, claire, paul = (
        Chat(conversation, name, number, language)
        for name, number in (("Sophie", SOPHIE), ("Claire", CLAIRE), ("Paul", PAUL))
    )
    await write(sophie, language, code)
    await leave(conversation, claire)
    await claire.says(f"/start ev_{code}")
    await claire.taps("I’ll come")
    await others_answer(conversation)
    conversation.clock.move(paris(START) + timedelta(days=8))
    await measure(database, conversation.services.campaign, conversation.clock.now())
    await sophie.says("/broadcasts")
    await sophie.taps_newest()
    for chat in (claire, paul):
        await chat.says("/mydata")
    return [sophie, claire, paul]


def key_for(claire: int, paul: int) -> str:
    """A key by which Claire draws the second version of the first message, and Paul to be left out of it."""
    wanted = ("B", HOLDOUT)
    keys = (f"story {number}" for number in count())
    return next(
        key
        for key in keys
        if tuple(DRAWN.drawn(lot_of(key, 1), person) for person in (claire, paul)) == wanted
    )


async def an_event(conversation: Conversation) -> str:
    """A meeting that was announced before, to nobody who is in the story; its code is the same each time."""
    admin = await staff(conversation, 70, "admin", "FR")
    await announce_event(admin)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(events).values(code="rencontre"))
        await tx.execute(sa.delete(deliveries))
        await tx.execute(sa.delete(broadcasts))
    return "rencontre"


async def write(sophie: Chat, language: str, code: str) -> None:
    """Two versions in one language, a fifth of the people left out."""
    link = f"https://t.me/{BOT}?start=ev_{code}"
    first, second = (text.format(link=link) for text in TEXTS[language])
    await sophie.says("/broadcast")
    await sophie.taps("News and arguments")
    if language == "en":
        await sophie.taps("No text in this language")
    await sophie.says(first)
    if language == "fr":
        await sophie.taps("No text in this language")
    await sophie.taps("Try another version?")
    await sophie.taps("Write version %(name)s", name="B")
    await sophie.says(second)
    await sophie.taps("Leave out %(share)s%%", share=20)
    await sophie.taps("That’s it")
    await sophie.taps("Say yes to an event")
    await sophie.taps("No photo")
    await sophie.taps("That’s it")
    await sophie.taps("Now")
    await sophie.types("broadcasts/confirmation_word")


async def leave(conversation: Conversation, *chats: Chat) -> None:
    """Everything that is due leaves; these people are written to."""
    now = conversation.clock.now()
    async with conversation.database.write() as tx:
        (number,) = await tx.scalars(sa.select(broadcasts.c.id).where(broadcasts.c.state == "active"))
        rows = await db.deliveries.lease(tx, [(number, 2 * MANY)], owner="sender", now=now)
        calls = [call for call in await departure(conversation).prepare(tx, rows) if isinstance(call, Call)]
        sent = sa.update(deliveries).where(deliveries.c.state == "leased")
        await tx.execute(sent.values(state="sent", sent_at=now, message_id=deliveries.c.id))
        await tx.execute(sa.update(broadcasts).where(broadcasts.c.id == number).values(finished_at=now))
    for chat in chats:
        chat.receives([call for call in calls if call.chat == chat.number])


async def others_answer(conversation: Conversation) -> None:
    """So many of each group say yes, whatever they got."""
    async with conversation.database.write() as tx:
        event = await tx.scalar(sa.select(events.c.id))
        drawn = sa.select(deliveries.c.person, deliveries.c.variant).join(
            people, people.c.id == deliveries.c.person
        )
        found = (await tx.execute(drawn.where(people.c.telegram_id >= FIRST))).all()
        for variant, share in SHARES.items():
            group = [row.person for row in found if row.variant == variant]
            for person in group[: round(share * len(group))]:
                said = {"event": event, "person": person, "answer": "yes", "at": conversation.clock.now()}
                await tx.execute(sa.insert(rsvps).values(said))
                row = {"question": "rsvp", "subject": "rencontre", "answer": "yes", "update_id": -person}
                await tx.execute(
                    sa.insert(responses).values(person=person, at=conversation.clock.now(), **row)
                )
