"""Logging an answer: one row in `responses`, whatever happens next."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.responses
from bot.frozen import Frozen
from db.people import Person
from db.responses import Response


class Origin(Frozen):
    """Where an answer came from: the update and the message it was given on, if it came by the chat, and when."""

    update_id: int | None
    message_id: int | None
    at: datetime

    @property
    def number(self) -> int:
        """Tells what was done at once from everything else that the person did."""
        return self.update_id if self.update_id is not None else int(self.at.timestamp() * 1_000_000)


async def record(
    tx: AsyncConnection,
    person: Person,
    origin: Origin,
    question: str,
    answer: str,
    subject: str | None = None,
) -> None:
    """Logs `answer` to `question` (`rsvp`, `plan.slot`, `vote`…) about `subject` (event code, ballot)."""
    await db.responses.add(tx, response(person, origin, question, answer, subject))


def response(
    person: Person, origin: Origin, question: str, answer: str, subject: str | None = None
) -> Response:
    """The row that is logged of an answer."""
    return Response(
        at=origin.at,
        person=person.id,
        question=question,
        subject=subject,
        answer=answer,
        message_id=origin.message_id,
        update_id=origin.update_id,
        commune=person.commune,
        department=person.department,
        region=person.region,
    )
