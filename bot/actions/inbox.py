"""The team's side of conversations: whoever is first takes one, reads it alone, answers it, and hands it on.

Nobody reads what they have not taken. The audit log tells who took which conversation, and nothing of what was said.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.conversations
import db.duties
import db.people
import db.talks
from bot.actions import audit, claims, duties
from bot.actions.authority import Author, in_turn
from bot.actions.conversations import (
    Content,
    ConversationGone,
    MessageTooLong,
    NothingToSend,
    leave_answering,
)
from bot.actions.inbox_load import Load, load_of, loads_for
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules import conversations as rules
from bot.rules.conversations import LONGEST, ConversationState
from bot.rules.permissions import Action
from db.conversations import Conversation, Message, WaitingConversation
from db.duties import Answerer
from db.people import Person
from db.talks import Stands, Talk

LONGEST_REASON = 200
MOST_SHOWN = 50
"""Of those who wait: the others are for whoever comes next."""


class ConversationTaken(PortevoixError):
    """Somebody else was first; `who`: how they sign."""

    default_message = "inbox/taken"


class NotYours(PortevoixError):
    """A conversation that one has not taken, or not any more."""

    default_message = "inbox/not_yours"


class OneAtATime(PortevoixError):
    """Whoever has taken a conversation answers that one first; `number` is its own."""

    default_message = "inbox/one_at_a_time"


class OwnConversation(PortevoixError):
    """One's own questions are answered by others."""

    default_message = "inbox/own"


class WroteMeanwhile(PortevoixError):
    """What its author wrote is on its way: whoever closed it now would never read it."""

    default_message = "inbox/wrote_meanwhile"


class NobodyToPassTo(PortevoixError):
    """Whoever it should be passed to may not answer there, or has taken another one meanwhile."""

    default_message = "inbox/nobody_to_pass_to"


class Inbox(Frozen):
    """What somebody of the team sees of the conversations of their areas: who waits, and no word of any. `waiting`: the
    first of those that nobody has taken, of whom there are `free`.
    """

    answers: Answerer | None
    mine: Conversation | None
    waiting: Sequence[WaitingConversation]
    free: int
    load: Load


async def opened(tx: AsyncConnection, author: Author, median: int | None) -> Inbox:
    """Their duty, the one they have taken, and those that wait. `median`: of `usual_wait`. Raises NotAllowed."""
    author.require(Action.ANSWER_CONVERSATION)
    me = author.person.id
    loads = await loads_for(tx, author)
    areas = [each.area for each in loads if each.free]
    return Inbox(
        answers=await db.duties.of_person(tx, me),
        mine=await db.conversations.claimed_by(tx, me),
        waiting=await db.conversations.free_ones(tx, areas, most=MOST_SHOWN, but=me),
        free=sum(each.free for each in loads),
        load=load_of(loads, median),
    )


async def read(tx: AsyncConnection, author: Author, number: int) -> Sequence[Message]:
    """What was written in the conversation that they have taken, and in no other, oldest first.

    Raises NotAllowed, ConversationGone, NotYours.
    """
    await _mine(tx, author, number)
    return await db.conversations.messages_of(tx, number)


async def language_of(tx: AsyncConnection, author: Author, number: int) -> str | None:
    """What whoever asks in the conversation that they have taken reads; None: they never said.

    Raises NotAllowed, ConversationGone, NotYours.
    """
    _found, person = await _mine(tx, author, number)
    return person.language


async def require_taken(tx: AsyncConnection, author: Author, number: int) -> None:
    """Raises NotAllowed, ConversationGone, NotYours unless they have taken it."""
    await _mine(tx, author, number)


async def claim(tx: AsyncConnection, author: Author, number: int) -> Conversation:
    """Takes a conversation: from now on they read it, and nobody else. Taking one's own again changes nothing.

    Raises NotAllowed, ConversationGone, ConversationTaken, OneAtATime, OwnConversation, NameMissing.
    """
    author = await in_turn(tx, author)
    found, _person = await _reachable(tx, author, number)
    if found.person == author.person.id:
        raise OwnConversation("Your own questions are answered by others.")
    await duties.require_name(tx, author)
    mine = await db.conversations.claimed_by(tx, author.person.id)
    if mine is not None and mine.id == number:
        return mine
    if mine is not None:
        raise OneAtATime("Answer first the one that you have taken.", number=mine.id)
    if found.standing.state is not ConversationState.WAITING:
        raise await _taken(tx, number)
    if not await db.conversations.move(
        tx, found, rules.claimed(found.standing, author.person.id, author.now)
    ):
        other = await db.conversations.claimed_by(tx, author.person.id)
        raise OneAtATime("One was passed to you in this very moment.", number=other.id if other else number)
    await _note(tx, author, "claim_conversation", found)
    await _show(tx, author.person, number, author.now)
    return await _fresh(tx, number)


async def _taken(tx: AsyncConnection, number: int) -> PortevoixError:
    """Why it cannot be taken at this moment."""
    found = await db.conversations.get(tx, number)
    claimer = found.standing.claimed_by if found is not None else None
    if found is None or claimer is None:
        return ConversationGone("Nobody waits there any more.")
    who = await db.duties.of_person(tx, claimer)
    return ConversationTaken(
        "Somebody else was first.", who=who.name if who is not None else "", number=number
    )


async def _show(tx: AsyncConnection, reader: Person, number: int, now: datetime) -> None:
    """What was written so far, in the chat of whoever has taken it; pictures and the like one by one."""
    written = await db.conversations.messages_of(tx, number)
    until = written[-1].id if written else 0
    await db.talks.queue(tx, number, Talk.OPENED, [reader.telegram_id], now=now, until=until)
    last_answer = max((each.id for each in written if each.by_team), default=0)
    for message in written:
        if message.media is not None and not message.by_team and message.id > last_answer:
            await db.talks.queue(tx, number, Talk.RELAYED, [reader.telegram_id], now=now, message=message.id)


async def show_again(tx: AsyncConnection, author: Author, number: int) -> None:
    """What was written so far, once more: something of it may not have arrived. Raises as `require_taken` does."""
    author = await in_turn(tx, author)
    await _mine(tx, author, number)
    await _show(tx, author.person, number, author.now)


async def answer(tx: AsyncConnection, author: Author, number: int, content: Content) -> Conversation:
    """Answers whoever wrote, in the name of the team. Raises NotAllowed, ConversationGone, NotYours, NothingToSend,
    MessageTooLong.
    """
    author = await in_turn(tx, author)
    found, person = await _mine(tx, author, number)
    if content.media is None and not (content.text or "").strip():
        raise NothingToSend("There is nothing in it that could be handed on.")
    if len(content.text or "") > LONGEST:
        raise MessageTooLong("It is too long: send it in two.", limit=LONGEST)
    signs = await duties.require_name(tx, author)
    me = author.person.id
    if await db.conversations.sent_as(tx, number, content.message_id, by_team=True, author=me) is not None:
        return found  # tapped twice
    since = found.standing.waiting_since
    message = await db.conversations.add(
        tx,
        conversation=number,
        at=author.now,
        by_team=True,
        author=me,
        signed=signs.name,
        text=content.text,
        media=content.media,
        message_id=content.message_id,
        waited=round((author.now - since).total_seconds()) if since is not None else None,
    )
    await _move(tx, found, rules.answered(found.standing, author.now))
    leaves = {"message": message} | ({"filled": content.filled} if content.filled is not None else {})
    if rules.is_signed_apart(content.media, content.text):
        apart = {"message": message, "signature": True}
        await db.talks.queue(tx, number, Talk.ANSWER, [person.telegram_id], now=author.now, **apart)
        leaves["signature"] = False
    await db.talks.queue(tx, number, Talk.ANSWER, [person.telegram_id], now=author.now, **leaves)
    return await _fresh(tx, number)


async def edit(
    tx: AsyncConnection, author: Author, message_id: int, text: str
) -> tuple[Conversation, list[Stands]] | None:
    """They changed an answer that they had sent, in the conversation that they still have: where it stands, to be
    shown as changed. None: it was none.
    """
    found = await db.conversations.claimed_by(tx, author.person.id)
    if found is None or not author.may(Action.ANSWER_CONVERSATION, found.area):
        return None
    message = await db.conversations.sent_as(tx, found.id, message_id, by_team=True, author=author.person.id)
    if message is None or not rules.may_become(message.media, text):
        return None
    await db.conversations.edit(tx, message.id, text, author.now)
    return found, await db.talks.word_again(tx, found.id, message.id)


async def hand_back(tx: AsyncConnection, author: Author, number: int) -> None:
    """Somebody else is to answer: those on duty are told. Raises NotAllowed, ConversationGone, NotYours."""
    author = await in_turn(tx, author)
    found = await _held(tx, author, number)
    await _move(tx, found, rules.handed_back(found.standing, author.now))
    await _note(tx, author, "hand_back_conversation", found)
    await claims.let_go(tx, found, author.now)


async def may_pass_to(tx: AsyncConnection, author: Author, number: int) -> list[Answerer]:
    """Who is on duty there and has taken nothing. Raises NotAllowed, ConversationGone, NotYours."""
    found, person = await _mine(tx, author, number)
    but = [author.person.telegram_id, person.telegram_id]
    return [
        member.answers
        for member in await duties.on_duty(tx, found.area, author.now, but=but)
        if member.answers is not None and await db.conversations.claimed_by(tx, member.answers.person) is None
    ]


async def pass_on(tx: AsyncConnection, author: Author, number: int, to: int) -> Answerer:
    """Somebody else on duty has it from now on, and is shown what was written. Raises as `may_pass_to` does, and
    NobodyToPassTo.
    """
    author = await in_turn(tx, author)
    reader = next((each for each in await may_pass_to(tx, author, number) if each.person == to), None)
    person = await db.people.get(tx, to) if reader is not None else None
    if reader is None or person is None:
        raise NobodyToPassTo("They cannot take it now.")
    found, _person = await _mine(tx, author, number)
    if not await db.conversations.move(tx, found, rules.claimed(found.standing, to, author.now)):
        raise NobodyToPassTo("They took another one in this very moment.")
    await _note(tx, author, "pass_on_conversation", found, to=person.telegram_id)
    await leave_answering(tx, author.person.id, number)
    await _show(tx, person, number, author.now)
    return reader


async def close(tx: AsyncConnection, author: Author, number: int, *, seen: str | None = None) -> None:
    """It is over until its author writes again, who is told. `seen`: the last message that stood on their page.

    Raises NotAllowed, ConversationGone, NotYours, WroteMeanwhile: what was written since would never be read.
    """
    author = await in_turn(tx, author)
    written = await read(tx, author, number) if seen is not None else ()
    if written and str(written[-1].id) != seen:
        raise WroteMeanwhile("Something was written since.", number=number)
    found = await _held(tx, author, number)
    told = await db.talks.stand(tx, number, Talk.OPENED, Talk.RELAYED)
    if any(each.telegram_id == author.telegram_id and each.is_on_its_way for each in told):
        raise WroteMeanwhile("What they wrote has yet to reach you.", number=number)
    await _close(tx, author, found)
    person = await db.people.get(tx, found.person)
    if person is not None:
        await db.talks.queue(tx, number, Talk.CLOSED, [person.telegram_id], now=author.now)


async def _close(tx: AsyncConnection, author: Author, found: Conversation) -> None:
    await _move(tx, found, rules.closed(found.standing, author.now))
    await _note(tx, author, "close_conversation", found)
    await leave_answering(tx, author.person.id, found.id)


async def block(tx: AsyncConnection, author: Author, number: int, days: int, reason: str) -> None:
    """Nothing of its author is taken for so many days, who learns it where they write; why is kept with it.

    Raises NotAllowed, ConversationGone, NotYours.
    """
    author = await in_turn(tx, author)
    if timedelta(days=days) not in rules.BLOCKS or not reason.strip():
        raise NothingToSend("For how long, and why, has to be said.")
    found, _person = await _mine(tx, author, number)
    await _close(tx, author, found)
    until = author.now + timedelta(days=days)
    await db.conversations.block(tx, number, until, reason.strip()[:LONGEST_REASON])
    found = await _fresh(tx, number)
    await _note(tx, author, "block_sender", found, days=days)


async def lift_block(tx: AsyncConnection, author: Author, number: int) -> None:
    """What its author writes is taken again before the time is over. Raises NotAllowed, ConversationGone."""
    author = await in_turn(tx, author)
    author.require(Action.ANSWER_CONVERSATION)
    found = await db.conversations.get(tx, number, to_move=True)
    if found is None:
        raise ConversationGone("This conversation was erased.")
    author.require_sight(Action.ANSWER_CONVERSATION, found.area)
    if found.is_blocked(author.now):
        await db.conversations.block(tx, number, None, None)
        await _note(tx, author, "lift_block", found)


async def _reachable(tx: AsyncConnection, author: Author, number: int) -> tuple[Conversation, Person]:
    """A conversation of their areas whose author may be answered. Raises NotAllowed, ConversationGone."""
    author.require(Action.ANSWER_CONVERSATION)
    found = await db.conversations.get(tx, number, to_move=True)
    person = await db.people.get(tx, found.person) if found is not None else None
    if found is None or person is None:
        raise ConversationGone("This conversation was erased.")
    author.require_sight(Action.ANSWER_CONVERSATION, found.area)
    if not person.is_registered or person.unreachable_at is not None:
        raise ConversationGone("Its author cannot be written to any more.")
    return found, person


async def _mine(tx: AsyncConnection, author: Author, number: int) -> tuple[Conversation, Person]:
    """The conversation that they have taken, and its author. Raises NotAllowed, ConversationGone, NotYours."""
    found, person = await _reachable(tx, author, number)
    _require_theirs(author, found)
    return found, person


async def _held(tx: AsyncConnection, author: Author, number: int) -> Conversation:
    """The conversation that they have taken, also where they may not answer it any more: they can always let it go.

    Raises NotAllowed, ConversationGone, NotYours.
    """
    author.require(Action.ANSWER_CONVERSATION)
    found = await db.conversations.get(tx, number, to_move=True)
    if found is None:
        raise ConversationGone("This conversation was erased.")
    _require_theirs(author, found)
    return found


def _require_theirs(author: Author, found: Conversation) -> None:
    if found.standing.claimed_by != author.person.id:
        raise NotYours("You have not taken this conversation, or not any more.", number=found.id)


async def _move(tx: AsyncConnection, found: Conversation, to: rules.ConversationStanding) -> None:
    """Raises NotYours where it went elsewhere in this very moment."""
    if not await db.conversations.move(tx, found, to):
        raise NotYours("It went to somebody else meanwhile.", number=found.id)


async def _fresh(tx: AsyncConnection, number: int) -> Conversation:
    found = await db.conversations.get(tx, number)
    assert found is not None  # it was just there, in this transaction
    return found


async def _note(
    tx: AsyncConnection, author: Author, action: str, found: Conversation, **details: object
) -> None:
    told = {"conversation": found.id, "area": found.area, **details}
    await audit.note(tx, actor=author.name, action=action, details=told, now=author.now)
