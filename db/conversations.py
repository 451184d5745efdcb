"""What supporters and the team write to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.talks
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE
from bot.rules.conversations import NEW, Claims, ConversationStanding, ConversationState
from db.engine import savepoint
from db.records import records
from db.schema import conversations, messages, people
from db.supporters import votes_in
from db.upsert import insert

_STANDING = tuple(field.name for field in fields(ConversationStanding))


class Conversation(Frozen):
    """One row of `conversations`; `standing` is where it stands."""

    id: int
    person: int
    area: str
    opened_at: datetime
    blocked_until: datetime | None
    block_reason: str | None
    standing: ConversationStanding

    def is_blocked(self, now: datetime) -> bool:
        """Whether its author may not write at present."""
        return self.blocked_until is not None and now < self.blocked_until


class Message(Frozen):
    """One row of `messages`: see db.schema for what each field means."""

    id: int
    conversation: int
    at: datetime
    by_team: bool
    author: int | None
    signed: str | None
    text: str | None
    media: str | None
    about: str | None
    message_id: int
    edited_at: datetime | None
    waited: int | None


class WaitingConversation(Frozen):
    """A conversation as those see it who do not read it: how many messages wait for an answer."""

    conversation: Conversation
    messages: int


def _conversation(row: sa.Row[Any]) -> Conversation:
    return _from(dict(row._mapping))


def _from(values: Mapping[str, Any]) -> Conversation:
    standing = {name: values[name] for name in _STANDING}
    own = {field.name: values[field.name] for field in fields(Conversation) if field.name != "standing"}
    return Conversation(
        standing=ConversationStanding(**{**standing, "state": ConversationState(standing["state"])}), **own
    )


async def get(tx: AsyncConnection, number: int, *, to_move: bool = False) -> Conversation | None:
    """A conversation; `to_move`: nobody else moves it, nor writes in it, until the transaction ends."""
    return await _one(tx, conversations.c.id == number, to_move=to_move)


async def of_person(tx: AsyncConnection, person: int, *, to_move: bool = False) -> Conversation | None:
    """The conversation that somebody began; `to_move` as in `get`."""
    return await _one(tx, conversations.c.person == person, to_move=to_move)


async def claimed_by(tx: AsyncConnection, person: int) -> Conversation | None:
    """The conversation that somebody of the team has taken."""
    return await _one(tx, conversations.c.claimed_by == person)


async def _one(
    tx: AsyncConnection, condition: sa.ColumnElement[bool], *, to_move: bool = False
) -> Conversation | None:
    query = sa.select(conversations).where(condition)
    row = (await tx.execute(query.with_for_update() if to_move else query)).one_or_none()
    return None if row is None else _conversation(row)


async def open_for(tx: AsyncConnection, person: int, area: str, now: datetime) -> Conversation:
    """The person's conversation, begun where there was none; its team is that of where they vote now."""
    statement = insert(tx, conversations).values(person=person, area=area, state=NEW.state, opened_at=now)
    statement = statement.on_conflict_do_update(index_elements=[conversations.c.person], set_={"area": area})
    return _conversation((await tx.execute(statement.returning(*conversations.c))).one())


async def move(tx: AsyncConnection, seen: Conversation, to: ConversationStanding) -> bool:
    """Where it stands from now on; False where it was moved since it was `seen`, or the claimer took another one."""
    as_seen = (
        conversations.c[name].is_not_distinct_from(each) for name, each in asdict(seen.standing).items()
    )
    change = sa.update(conversations).where(conversations.c.id == seen.id, *as_seen).values(asdict(to))
    try:
        async with savepoint(tx):
            return (await tx.execute(change)).rowcount == 1
    except sa.exc.IntegrityError:
        return False


async def block(tx: AsyncConnection, number: int, until: datetime | None, reason: str | None) -> None:
    """Nothing more is taken of its author until then; None: from now on it is."""
    change = sa.update(conversations).where(conversations.c.id == number)
    await tx.execute(change.values(blocked_until=until, block_reason=reason))


async def erase(tx: AsyncConnection, number: int) -> None:
    """The conversation and all that was written in it."""
    await tx.execute(sa.delete(conversations).where(conversations.c.id == number))


async def erase_all(tx: AsyncConnection, condition: sa.ColumnElement[bool]) -> int:
    """The conversations under a condition, with what was on its way of them; how many."""
    doomed = list(await tx.scalars(sa.select(conversations.c.id).where(condition)))
    for number in doomed:
        await db.talks.take_back(tx, number)
    await tx.execute(sa.delete(conversations).where(conversations.c.id.in_(doomed)))
    return len(doomed)


async def erase_messages(tx: AsyncConnection, number: int) -> None:
    """All that was written in it."""
    await tx.execute(sa.delete(messages).where(messages.c.conversation == number))


def _card_of(standing: ConversationStanding) -> str:
    """What the cards of a conversation say of it."""
    return f"{standing.state.value}:{standing.claimed_by or ''}"


_CLAIMED_BY = sa.func.coalesce(sa.cast(conversations.c.claimed_by, sa.String), sa.literal(""))
_CARD = conversations.c.state + ":" + _CLAIMED_BY


async def with_untrue_cards(tx: AsyncConnection) -> list[Conversation]:
    """Those whose cards in the chats of the team say something else than is true."""
    untrue = sa.select(conversations).where(conversations.c.carded.is_distinct_from(_CARD))
    return [_conversation(row) for row in await tx.execute(untrue.order_by(conversations.c.id))]


async def cards_are_true(tx: AsyncConnection, seen: Conversation) -> None:
    """They say what was true when it was `seen`."""
    change = sa.update(conversations).where(conversations.c.id == seen.id)
    await tx.execute(change.values(carded=_card_of(seen.standing)))


# -- what is written --


async def add(tx: AsyncConnection, **values: Any) -> int:
    """A message; its number."""
    return int((await tx.execute(sa.insert(messages).values(values).returning(messages.c.id))).scalar_one())


async def messages_of(tx: AsyncConnection, number: int) -> list[Message]:
    """Everything written in a conversation, oldest first."""
    query = sa.select(messages).where(messages.c.conversation == number).order_by(messages.c.id)
    return records(Message, await tx.execute(query))


async def message(tx: AsyncConnection, number: int) -> Message | None:
    row = (await tx.execute(sa.select(messages).where(messages.c.id == number))).one_or_none()
    return None if row is None else Message(**row._mapping)


async def sent_as(
    tx: AsyncConnection, conversation: int, message_id: int, *, by_team: bool, author: int | None = None
) -> Message | None:
    """The message that stands under this number in the chat of whoever wrote it."""
    query = sa.select(messages).where(
        messages.c.conversation == conversation,
        messages.c.message_id == message_id,
        messages.c.by_team.is_(by_team),
    )
    if by_team:
        query = query.where(messages.c.author == author)
    row = (await tx.execute(query)).first()
    return None if row is None else Message(**row._mapping)


async def edit(tx: AsyncConnection, number: int, text: str, now: datetime) -> None:
    """Other words in place of those of a message."""
    await tx.execute(sa.update(messages).where(messages.c.id == number).values(text=text, edited_at=now))


async def written_since(tx: AsyncConnection, conversation: int, since: datetime) -> list[datetime]:
    """When its author wrote, from an instant on."""
    query = sa.select(messages.c.at).where(
        messages.c.conversation == conversation, messages.c.at >= since, messages.c.by_team.is_(False)
    )
    return list(await tx.scalars(query))


async def last_is_of_the_team(tx: AsyncConnection, conversation: int) -> bool:
    """Whether the team wrote last."""
    query = sa.select(messages.c.by_team).where(messages.c.conversation == conversation)
    return bool(await tx.scalar(query.order_by(messages.c.id.desc()).limit(1)))


async def told_to(tx: AsyncConnection, person: int) -> dict[str, Any] | None:
    """What is held of a person’s conversation, for /mydata; of the team, the name that somebody signed with."""
    found = await of_person(tx, person)
    if found is None:
        return None
    written = await messages_of(tx, found.id)
    return {
        "number": found.id,
        "area": found.area,
        "state": found.standing.state.value,
        "opened_at": found.opened_at,
        "waiting_since": found.standing.waiting_since,
        "closed_at": found.standing.closed_at,
        "blocked_until": found.blocked_until,
        "blocked_because": found.block_reason,
        "messages": [
            {
                "at": each.at,
                "by": each.signed or "team" if each.by_team else "you",
                "text": each.text,
                "media": each.media,
                "about": each.about,
                "changed_at": each.edited_at,
            }
            for each in written
        ],
    }


async def forget_answerers(tx: AsyncConnection, doomed: sa.Select[tuple[int]]) -> None:
    """Before people are erased who answered: what they have taken goes back, and bears their name no more.

    It waits for others where somebody waits for an answer, and is over where nobody does.
    """
    waits = conversations.c.waiting_since.is_not(None)
    taken = sa.update(conversations).where(conversations.c.claimed_by.in_(doomed))
    await tx.execute(
        taken.values(
            state=sa.case((waits, ConversationState.WAITING), else_=ConversationState.CLOSED),
            closed_at=sa.case((waits, None), else_=conversations.c.touched_at),
            claimed_by=None,
            claimed_at=None,
            touched_at=None,
        )
    )
    await tx.execute(sa.update(messages).where(messages.c.author.in_(doomed)).values(signed=None))


# -- what waits --

_LATER = messages.alias("later")
_UNANSWERED = (
    sa.select(sa.func.count())
    .where(
        messages.c.conversation == conversations.c.id,
        messages.c.by_team.is_(False),
        ~sa.exists().where(
            _LATER.c.conversation == messages.c.conversation,
            _LATER.c.by_team.is_(True),
            _LATER.c.id > messages.c.id,
        ),
    )
    .correlate(conversations)
    .scalar_subquery()
)


IS_OPEN = conversations.c.state.in_((ConversationState.WAITING, ConversationState.CLAIMED))
"""Found by the index on the state, which `!=` is not: most are closed."""
IS_ANSWERABLE = sa.and_(people.c.state == "registered", people.c.unreachable_at.is_(None))


async def open_ones(tx: AsyncConnection) -> list[WaitingConversation]:
    """Those that are not closed, by how long their author waits; not of who cannot be answered."""
    query = (
        sa.select(conversations, _UNANSWERED.label("unanswered"))
        .join(people, people.c.id == conversations.c.person)
        .where(IS_OPEN, IS_ANSWERABLE)
        .order_by(conversations.c.waiting_since.is_(None), conversations.c.waiting_since, conversations.c.id)
    )
    return [_waiting(row) for row in await tx.execute(query)]


_FREE = (
    sa.select(conversations.c.id)
    .join(people, people.c.id == conversations.c.person)
    .where(conversations.c.state == ConversationState.WAITING, IS_ANSWERABLE)
    .where(conversations.c.area.in_(sa.bindparam("areas", expanding=True)))
    .where(conversations.c.person != sa.bindparam("but"))
    .order_by(conversations.c.waiting_since, conversations.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_UNANSWERED_OF = (
    sa.select(conversations, _UNANSWERED.label("unanswered"))
    .where(conversations.c.id.in_(sa.bindparam("numbers", expanding=True)))
    .order_by(conversations.c.waiting_since, conversations.c.id)
)


async def free_ones(
    tx: AsyncConnection, areas: Sequence[str], *, most: int, but: int
) -> list[WaitingConversation]:
    """Those of some areas that nobody has taken, whose author waits longest first; not of who cannot be answered."""
    given = {"areas": list(areas), "most": most, "but": but}
    first = list(await tx.scalars(_FREE, given))
    # Their messages are counted, those of nobody else.
    return [_waiting(row) for row in await tx.execute(_UNANSWERED_OF, {"numbers": first})]


async def waiting(tx: AsyncConnection, number: int) -> WaitingConversation | None:
    """One of them, whatever its state."""
    query = sa.select(conversations, _UNANSWERED.label("unanswered")).where(conversations.c.id == number)
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else _waiting(row)


def _waiting(row: sa.Row[Any]) -> WaitingConversation:
    return WaitingConversation(conversation=_from(dict(row._mapping)), messages=row.unanswered)


_CLAIMER = people.alias("claimer")
_IS_LEFT = sa.or_(_CLAIMER.c.id.is_(None), _CLAIMER.c.unreachable_at.is_not(None))
_MAY_BE_DUE = (
    conversations.c.touched_at <= sa.bindparam("touched"),
    sa.and_(conversations.c.waiting_since <= sa.bindparam("waiting"), conversations.c.escalated_at.is_(None)),
    sa.and_(conversations.c.state == ConversationState.CLAIMED, _IS_LEFT),
    ~IS_ANSWERABLE,
)
_DUE = (
    sa.select(conversations)
    .join(people, people.c.id == conversations.c.person)
    .outerjoin(_CLAIMER, _CLAIMER.c.id == conversations.c.claimed_by)
    .where(IS_OPEN, sa.or_(*_MAY_BE_DUE))
    .order_by(conversations.c.id)
)


async def due(tx: AsyncConnection, claims: Claims, now: datetime) -> list[Conversation]:
    """Claims that may have rested too long or whose holder left, questions that may have waited too long, and those
    whose author cannot be answered any more: the rules decide.
    """
    since = {"touched": now - claims.idle, "waiting": now - claims.escalation}
    return [_conversation(row) for row in await tx.execute(_DUE, since)]


async def middle_waits(tx: AsyncConnection, since: datetime, area: str) -> Sequence[int]:
    """Of the seconds that people of an area waited whom the team answered from an instant on, those in the middle: one
    or two, as the median asks; none where nobody was answered.
    """
    query = sa.select(messages.c.waited).where(messages.c.waited.is_not(None), messages.c.at >= since)
    if area != EVERYWHERE:
        theirs = conversations.join(people, people.c.id == conversations.c.person)
        query = query.join(theirs, conversations.c.id == messages.c.conversation).where(votes_in(area))
    number = int(await tx.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0)
    middle = query.order_by(messages.c.waited).offset(max(0, number - 1) // 2).limit(2 - number % 2)
    return list(await tx.scalars(middle))
