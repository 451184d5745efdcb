"""Writing to the team: what a supporter sends, and their rights over it. The team's side is bot.actions.inbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.consents
import db.conversations
import db.dialogs
import db.people
import db.talks
import db.unread
import db.updates
from bot.actions import dialogs, duties
from bot.actions.authority import roles_of
from bot.actions.ledger import note_choice
from bot.actions.people import require_supporter
from bot.actions.responses import Origin
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.conversations import (
    LONGEST,
    MINUTE,
    PURPOSE,
    ConversationState,
    Media,
    closed,
    goes_on,
    handed_back,
    is_too_much,
    may_answer,
    may_become,
    written_to,
)
from bot.rules.volunteering import area_of
from db.conversations import Conversation
from db.people import Person
from db.talks import Stands, Talk

FLOW = "conversation"
"""The dialog in which whoever has taken a conversation answers it; it keeps its number as `conversation`."""


class ConversationGone(PortevoixError):
    """A conversation that was erased, or whose author must not be written to any more."""

    default_message = "inbox/gone"


class NotAsked(PortevoixError):
    """Somebody who was not yet told who reads what they write: they are asked first."""

    default_message = "conversations/ask"


class NothingToSend(PortevoixError):
    """A message of a kind that cannot be handed on, or an empty one."""

    default_message = "conversations/cannot_send"


class MessageTooLong(PortevoixError):
    """A text that does not fit with who wrote it above it."""

    default_message = "conversations/too_long"


class SenderBlocked(PortevoixError):
    """Somebody from whom the team takes nothing for a while."""

    default_message = "conversations/blocked"


class TooManyMessages(PortevoixError):
    """More messages in a minute than anybody reads."""

    default_message = "conversations/too_many"


class Content(Frozen):
    """What somebody sends: a text, or something that Telegram copies. `about`: an event's code.

    `filled`: the language in which its placeholders are filled once it leaves, where it is a saved answer.
    """

    message_id: int
    text: str | None = None
    media: Media | None = None
    about: str | None = None
    filled: str | None = None


class ConsentAsked(Frozen):
    """The text on which somebody chose to have what they write read by the team, and its language."""

    text: str
    language: str


class Written(Frozen):
    """What became of a message: the conversation it is in, whether it began or reopened it, and how many are told."""

    conversation: Conversation
    is_new: bool
    on_duty: int


def area_of_person(person: Person) -> str:
    """The area whose team answers somebody."""
    return area_of(commune=person.commune, territory=person.territory)


async def has_agreed(tx: AsyncConnection, person: Person) -> bool:
    """Whether they chose before to have what they write read by the team."""
    said = [
        each.given for each in await db.consents.of_person(tx, person.pseudonym) if each.purpose == PURPOSE
    ]
    return bool(said) and said[-1]


async def write(
    tx: AsyncConnection,
    person: Person,
    origin: Origin,
    content: Content,
    *,
    asked: ConsentAsked | None = None,
) -> Written:
    """Hands a message to the team: to whoever has taken the conversation, else those on duty learn that one waits.

    `asked`: what was agreed to by sending it, where that was asked now. Raises NotASupporter, DataRestricted, NotAsked,
    NothingToSend, MessageTooLong, SenderBlocked, TooManyMessages.
    """
    require_supporter(person)
    await _require_taken(tx, person, content, origin.at)
    if not await has_agreed(tx, person):
        if asked is None:
            raise NotAsked("They are asked first.")
        await note_choice(tx, person, origin, PURPOSE, given=True, language=asked.language, text=asked.text)
    found, is_new = await _answered_where_they_vote(tx, person, origin.at)
    if await db.conversations.sent_as(tx, found.id, content.message_id, by_team=False) is not None:
        # Tapped twice: it is with the team.
        team = await duties.on_duty(tx, found.area, origin.at, but=[person.telegram_id])
        return Written(conversation=found, is_new=is_new, on_duty=len(team))
    number = await db.conversations.add(
        tx,
        conversation=found.id,
        at=origin.at,
        by_team=False,
        text=content.text,
        media=content.media,
        about=content.about,
        message_id=content.message_id,
    )
    await db.conversations.move(tx, found, written_to(found.standing, origin.at))
    told = await _tell(tx, person, found, number, origin.at, is_new=is_new)
    return Written(conversation=found, is_new=is_new, on_duty=told)


async def _answered_where_they_vote(
    tx: AsyncConnection, person: Person, now: datetime
) -> tuple[Conversation, bool]:
    """Their conversation, which nobody else moves from now on, and whether it is new to those who may answer there:
    whoever has taken it and may not loses it.
    """
    found = await db.conversations.open_for(tx, person.id, area_of_person(person), now)
    claimer = found.standing.claimed_by
    reader = await db.people.get(tx, claimer) if claimer is not None else None
    if found.standing.state is not ConversationState.CLAIMED:
        return found, found.standing.state is ConversationState.CLOSED
    if reader is not None and may_answer(await roles_of(tx, reader), found.area):
        return found, False
    await db.conversations.move(tx, found, handed_back(found.standing, now))
    if reader is not None:
        await leave_answering(tx, reader.id, found.id)
        await db.talks.queue(tx, found.id, Talk.TOLD, [reader.telegram_id], now=now, why="elsewhere")
    return replace(found, standing=handed_back(found.standing, now)), True


async def _require_taken(tx: AsyncConnection, person: Person, content: Content, now: datetime) -> None:
    if content.media is None and not (content.text or "").strip():
        raise NothingToSend("There is nothing in it that could be handed on.")
    if len(content.text or "") > LONGEST:
        raise MessageTooLong("It is too long: send it in two.", limit=LONGEST)
    before = await db.conversations.of_person(tx, person.id)
    if before is None:
        return
    if before.is_blocked(now):
        raise SenderBlocked("The team takes no messages of yours for a while.", until=before.blocked_until)
    if is_too_much(await db.conversations.written_since(tx, before.id, now - MINUTE), now):
        raise TooManyMessages("Ten messages a minute are enough.")


async def _tell(
    tx: AsyncConnection, person: Person, found: Conversation, message: int, now: datetime, *, is_new: bool
) -> int:
    """Whoever has taken it reads it; where nobody has, those on duty see once that it waits. How many they are."""
    claimer = found.standing.claimed_by
    if found.standing.state is ConversationState.CLAIMED and claimer is not None:
        reader = await db.people.get(tx, claimer)
        readers = [] if reader is None else [reader.telegram_id]
        await db.talks.queue(tx, found.id, Talk.RELAYED, readers, now=now, message=message)
        return len(readers)
    team = [each.telegram_id for each in await duties.on_duty(tx, found.area, now, but=[person.telegram_id])]
    if is_new:
        await db.talks.queue(tx, found.id, Talk.CARD, team, now=now)
    return len(team)


async def talking(tx: AsyncConnection, person: Person, now: datetime) -> Conversation | None:
    """The conversation that what they write belongs to without their being asked; None where there is none."""
    found = await db.conversations.of_person(tx, person.id) if person.is_registered else None
    return found if found is not None and goes_on(found.standing, now) else None


async def team_wrote_last(tx: AsyncConnection, person: Person) -> bool:
    """Whether the last word of their conversation is the team's."""
    found = await db.conversations.of_person(tx, person.id)
    return found is not None and await db.conversations.last_is_of_the_team(tx, found.id)


async def edit(
    tx: AsyncConnection, person: Person, message_id: int, text: str, now: datetime
) -> tuple[Conversation, list[Stands]] | None:
    """They changed a message that they had sent to the team: the conversation, and where it stands, to be shown as
    changed. None: it was none of theirs, or it may not be changed.
    """
    found = await db.conversations.of_person(tx, person.id)
    if found is None or not person.is_registered or found.is_blocked(now):
        return None
    message = await db.conversations.sent_as(tx, found.id, message_id, by_team=False)
    if message is None or not may_become(message.media, text):
        return None
    await db.conversations.edit(tx, message.id, text, now)
    shown = await db.talks.word_again(tx, found.id, message.id)
    opened = await db.talks.stand(tx, found.id, Talk.OPENED)
    return found, [*shown, *(each for each in opened if each.details["until"] >= message.id)]


# -- ending it --


class InChat(Frozen):
    """A message in the chat of somebody of the team, by which they read it: it goes from there too."""

    telegram_id: int
    message_id: int


async def erase(tx: AsyncConnection, person: Person, origin: Origin, asked: ConsentAsked) -> list[InChat]:
    """Everything written in it goes, also from the chats of the team; whoever blocked them still does.

    `asked`: what they are told of it: writing again is asked anew.
    """
    found = await db.conversations.of_person(tx, person.id, to_move=True)
    if found is None:
        return []
    if await has_agreed(tx, person):
        await note_choice(tx, person, origin, PURPOSE, given=False, language=asked.language, text=asked.text)
    shown = await _forgotten(tx, found, "erased", origin.at)
    # What they sent may have failed: such an update is kept to find out why, but not beyond this.
    await db.updates.blank_failed(tx, [person.telegram_id])
    await db.unread.erase_of(tx, [person.telegram_id])
    if found.is_blocked(origin.at):
        await db.conversations.erase_messages(tx, found.id)
    else:
        await db.conversations.erase(tx, found.id)
    return shown


async def forget(tx: AsyncConnection, person: Person, now: datetime) -> list[InChat]:
    """Before a person is erased: their conversation goes; what the team still sees of it."""
    found = await db.conversations.of_person(tx, person.id, to_move=True)
    if found is None:
        return []
    shown = await _forgotten(tx, found, "erased", now)
    await db.conversations.erase(tx, found.id)
    return shown


async def end(tx: AsyncConnection, person: Person, why: str, now: datetime) -> None:
    """They want silence, restricted the use of their data, or cannot be reached: nobody answers them any more.

    `why`: stopped, restricted or blocked, as whoever had taken it is told.
    """
    found = await db.conversations.of_person(tx, person.id, to_move=True)
    if found is None:
        return
    await db.talks.take_back(tx, found.id, Talk.ANSWER)
    await _end(tx, found, why, now)


async def end_of(tx: AsyncConnection, telegram_id: int, now: datetime) -> None:
    """Ends the conversation of somebody who blocked the bot: nobody answers them any more."""
    person = await db.people.find(tx, telegram_id)
    if person is not None:
        await end(tx, person, "blocked", now)


async def _forgotten(tx: AsyncConnection, found: Conversation, why: str, now: datetime) -> list[InChat]:
    """Ends it, with all that is on its way; what stands in the chats of the team."""
    read = await db.talks.stand(tx, found.id, Talk.CARD, Talk.OPENED, Talk.RELAYED)
    shown = _in_chats(read)
    for message in await db.conversations.messages_of(tx, found.id):
        author = await db.people.get(tx, message.author) if message.author is not None else None
        if author is not None:
            shown.append(InChat(telegram_id=author.telegram_id, message_id=message.message_id))
    await db.talks.take_back(tx, found.id)
    await _end(tx, found, why, now)
    return shown


def _in_chats(stands: Sequence[Stands]) -> list[InChat]:
    return [
        InChat(telegram_id=each.telegram_id, message_id=each.message_id)
        for each in stands
        if each.message_id is not None
    ]


async def _end(tx: AsyncConnection, found: Conversation, why: str, now: datetime) -> None:
    claimer = found.standing.claimed_by
    await db.conversations.move(tx, found, closed(found.standing, now))
    if claimer is not None:
        await leave_answering(tx, claimer, found.id)
        reader = await db.people.get(tx, claimer)
        if reader is not None:
            await db.talks.queue(tx, found.id, Talk.TOLD, [reader.telegram_id], now=now, why=why)


async def leave_answering(tx: AsyncConnection, claimer: int, conversation: int) -> None:
    """What whoever had taken it writes from now on does not go there any more."""
    dialog = await db.dialogs.get(tx, claimer)
    if dialog is not None and dialog.flow == FLOW and dialog.data.get("conversation") == conversation:
        await dialogs.end(tx, claimer)
