"""Cards in chats that are edited by themselves, and a line with memory that the edits leave by."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import sqlalchemy as sa

import db.planning
from bot import communes
from bot.campaign.campaign import load_campaign
from bot.delivery.calls import Call
from bot.delivery.outcomes import Done, NotSent, Outcome
from bot.departure.compose import Composer
from bot.departure.faces import Faces
from bot.rules.sending import INVITATION
from bot.words.texts import Texts
from db.planning import PlannedBroadcast
from db.schema import deliveries, events
from locales import LANGUAGES
from simulator.reading import as_read
from tests.conversation import BOT, CAMPAIGN
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


def faces_of(hall: Hall, posts: Posts) -> Faces:
    """What keeps cards true, as it begins."""
    texts, conversation = Texts({"campaign": LABELLED}), hall.conversation
    composer = Composer(texts=texts, campaign=LABELLED, gazetteer=communes.load(), bot_username=BOT)
    return Faces(
        database=hall.database,
        clock=conversation.clock,
        texts=texts,
        composer=composer,
        bot_username=BOT,
        line=posts,
        leads=lambda: True,
    )


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
