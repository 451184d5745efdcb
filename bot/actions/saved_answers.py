"""Saved answers: what is asked often is answered in words that the coordinators of an area agreed on."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

import db.conversations
import db.people
import db.saved_answers
from bot.actions import audit, inbox
from bot.actions.authority import Author, in_turn
from bot.errors import PortevoixError
from bot.rules.areas import contains
from bot.rules.conversations import LONGEST
from bot.rules.permissions import Action
from bot.rules.placeholders import placeholders_in
from db.saved_answers import SavedAnswer

LONGEST_TITLE = 64


class SavedAnswerGone(PortevoixError):
    """One that was deleted, or that is for another area."""

    default_message = "inbox/saved_gone"


async def listed(tx: AsyncConnection, author: Author) -> list[SavedAnswer]:
    """Those that serve in their areas. Raises NotAllowed."""
    author.require(Action.ANSWER_CONVERSATION)
    areas = author.areas(Action.ANSWER_CONVERSATION)
    return [
        each
        for each in await db.saved_answers.all_of_them(tx)
        if any(contains(each.area, area) or contains(area, each.area) for area in areas)
    ]


async def usable(tx: AsyncConnection, author: Author, number: int) -> list[SavedAnswer]:
    """Those for a conversation that they have taken, in its author's language first.

    Raises NotAllowed, ConversationGone, NotYours.
    """
    await inbox.require_taken(tx, author, number)
    found = await db.conversations.get(tx, number)
    person = await db.people.get(tx, found.person) if found is not None else None
    assert found is not None  # it was just looked at
    assert person is not None  # conversations go with their author
    spoken = person.language or author.campaign.languages[0]
    serving = [each for each in await db.saved_answers.all_of_them(tx) if contains(each.area, found.area)]
    return sorted(serving, key=lambda each: each.language != spoken)


async def save(tx: AsyncConnection, author: Author, *, language: str, title: str, text: str) -> None:
    """Keeps one for the area that they coordinate. Raises NotAllowed, BadPlaceholder, SavedAnswerGone."""
    author = await in_turn(tx, author)
    author.require(Action.SAVE_ANSWER)
    area = author.areas(Action.SAVE_ANSWER)[0]
    words, known = text.strip(), " ".join(title.split())
    if not words or len(words) > LONGEST or not known or len(known) > LONGEST_TITLE:
        raise SavedAnswerGone("A title and a text that fits are needed.")
    placeholders_in(words)
    await db.saved_answers.save(tx, area=area, language=language, title=known, text=words, now=author.now)
    details = {"title": known, "language": language, "area": area}
    await audit.note(tx, actor=author.name, action=Action.SAVE_ANSWER, details=details, now=author.now)


async def delete(tx: AsyncConnection, author: Author, number: int) -> None:
    """It serves no more. Raises NotAllowed, SavedAnswerGone."""
    author = await in_turn(tx, author)
    author.require(Action.SAVE_ANSWER)
    found = await db.saved_answers.get(tx, number)
    if found is None:
        raise SavedAnswerGone("It was deleted already.")
    author.require(Action.SAVE_ANSWER, found.area)
    await db.saved_answers.delete(tx, number)
    details = {"title": found.title, "language": found.language, "area": found.area}
    await audit.note(tx, actor=author.name, action="delete_saved_answer", details=details, now=author.now)
