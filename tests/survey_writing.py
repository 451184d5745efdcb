"""A survey as somebody of the team writes it in the chat."""

from __future__ import annotations

import re

import db.staff
from tests.conversation import Conversation, Talker
from tests.remembering import remembered

STAFF = 900


async def team(conversation: Conversation, role: str = "coordinator", area: str = "69") -> Talker:
    async with conversation.database.write() as tx:
        await db.staff.add(
            tx, telegram_id=STAFF, role=role, area=area, added_by=None, now=conversation.clock.now()
        )
    return conversation.person(STAFF)


ABOUT = ("Vos trajets", "Your journeys", "Pour notre programme.", "For our programme.")


@remembered
async def write_up_to_the_questions(staff: Talker, *about: str) -> None:
    """`about`: its title and its purpose, each in both languages."""
    await staff.send("/survey")
    await staff.tap("New survey")
    await staff.tap("Opinion poll")
    for words in about or ABOUT:
        await staff.send(words)


@remembered
async def write_question(staff: Talker, *texts: str, several: bool = False) -> None:
    for words in texts:
        await staff.send(words)
    await staff.tap("Several answers" if several else "One answer only")


TRAIN = ("Prenez-vous le train ?", "Do you take the train?", "Oui\nNon", "Yes\nNo")
WHEN = ("Quand ?", "When?", "Le matin\nLe soir", "Morning\nEvening")
WHY = ("Pourquoi ?", "Why?", "Trop cher\nTrop loin", "Too dear\nToo far")


@remembered
async def write_three(staff: Talker) -> None:
    await write_up_to_the_questions(staff)
    await write_question(staff, *TRAIN)
    await staff.tap("Another question")
    await write_question(staff, *WHEN, several=True)
    await staff.tap("Another question")
    await write_question(staff, *WHY)


@remembered
async def branch(staff: Talker) -> None:
    """Of three questions: who says no to the first is asked the third."""
    await staff.tap("What follows question 1")
    await staff.tap("No")
    await staff.tap("3. Why?")
    await staff.tap("Done")


@remembered
async def write(staff: Talker) -> None:
    """A tree: who takes the train is asked when, the others why."""
    await write_three(staff)
    await branch(staff)
    await staff.tap("That’s all")
    await staff.tap("That’s it")
    await staff.send("18/11 20:00")


def plain(text: str) -> str:
    return re.sub(r"<[^>]+>", "", text)
