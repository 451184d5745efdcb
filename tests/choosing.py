"""Whom a message is for, in tests: a crowd, and somebody of the team who is asked."""

from __future__ import annotations

import re

import sqlalchemy as sa

from db.schema import vote_plans
from tests.campaigning import answer, staff, supporter
from tests.conversation import Conversation, Talker
from tests.reading import Reader

LYON, VILLEURBANNE, PARIS = "69123", "69266", "75056"

CROWD = (
    (LYON, "yes", None),
    (VILLEURBANNE, "yes", None),
    (LYON, "yes", "voted"),
    (LYON, "no", None),
    (PARIS, "yes", None),
    (LYON, None, None),
)
"""Where they vote, what they answered, what they told of their vote."""


async def crowd(conversation: Conversation) -> list[int]:
    """Supporters around Lyon and in Paris, an event on Thursday; the ids of those whom the sentence means."""
    event = await conversation.add_event("aa11")
    meant = []
    for number, (commune, said, vote) in enumerate(CROWD, start=1):
        person = await supporter(conversation, number, commune)
        if said is not None:
            await answer(conversation, person, event, said)
        if vote is not None:
            await tell_vote(conversation, person, vote)
        if number <= 2:
            meant.append(person)
    return meant


async def tell_vote(conversation: Conversation, person: int, vote: str) -> None:
    async with conversation.database.write() as tx:
        plan = {"person": person, "ballot": 1, "vote": vote, "at": conversation.clock.now()}
        await tx.execute(sa.insert(vote_plans).values(plan))


async def writing(
    conversation: Conversation, language: str = "en", role: str = "admin", area: str = "FR"
) -> Talker:
    """Somebody who is asked whom their message is for."""
    await staff(conversation, 7, role, area)
    talker, read = conversation.person(7, language=language), Reader(language)
    await talker.send("/broadcast")
    await talker.tap(read.label("News and arguments"))
    for text in ("Bonjour", "Hello"):
        await talker.send(text)
    await talker.tap(read.label("No photo"))
    return talker


def count(talker: Talker) -> str:
    """How many recipients the screen tells."""
    found = re.search(r"<b>(?:Recipients:|Destinataires\s?:)</b> ([^\n]+)", talker.last.text)
    assert found is not None, talker.last.text
    return found[1]


def about(shown: str) -> int:
    """The number that staff of an area read."""
    sign, number = shown.split()
    assert sign == "≈"
    return int(number)
