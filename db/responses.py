"""The log of answers: one row for each tap or text that answered something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db.batches import DatabaseVisit, Statement, given_ids, given_texts, instant_text, members, together
from db.people_to_plan import mark_all


class Response(Frozen):
    """An answer: the person, the question and its subject, the message it was given on, where they vote."""

    at: datetime
    person: int
    question: str
    subject: str | None
    answer: str
    message_id: int | None
    update_id: int | None
    commune: str | None
    department: str | None
    region: str | None

    def row(self, broadcast: int | None) -> tuple[Any, ...]:
        """For `log_all`; `broadcast`: whose message was answered."""
        asked = (instant_text(self.at), self.person, self.question, self.subject, self.answer)
        voting = (self.commune, self.department, self.region)
        return (*asked, broadcast, self.message_id, self.update_id, *voting)


# Of a delivery whose message was answered, and of the person, of whom something changed that decides what is due.
_ANSWER = Statement(
    lambda s: (
        f"""
    UPDATE deliveries SET answered_at = :now WHERE person = :person AND message_id = :message_id
    RETURNING CAST({s.array}(broadcast) AS text)"""
    )
)
_HEAR = Statement(
    lambda _s: (
        """
    UPDATE people SET unanswered = 0 WHERE id = :person AND unanswered <> 0"""
    )
)
Subject = Literal["ballot", "event"]


class AskedElsewhere(Frozen):
    """What asks a person something that they just answered otherwise.

    Of the broadcasts about a ballot or an event of that number those that one of the steps or templates `asked_by`
    asked; not the message that was tapped, which shows the answer.
    """

    person: int
    about: Subject
    number: int
    asked_by: tuple[str, ...]
    tapped: int | None
    now: datetime


def _asking(about: Subject, asked_by: str) -> Statement:
    """What a person has of broadcasts about something, that asks and was not answered: delivery, Telegram message."""
    return Statement(
        lambda s: (
            f"""
    SELECT CAST({s.collect}({s.array}(deliveries.id, deliveries.message_id)) AS text)
    FROM deliveries JOIN broadcasts ON broadcasts.id = deliveries.broadcast
    WHERE deliveries.person = :person AND deliveries.answered_at IS NULL AND deliveries.message_id IS NOT NULL
        AND deliveries.message_id <> :tapped AND broadcasts.{about} = :number
        AND broadcasts.{asked_by} IN {given_texts(s)}"""
        )
    )


_ASKING: Mapping[Subject, Statement] = {
    "ballot": _asking("ballot", "step"),
    "event": _asking("event", "template"),
}
_SETTLE = Statement(lambda s: f"UPDATE deliveries SET answered_at = :now WHERE id IN {given_ids(s)}")
_LOG = Statement(
    lambda _s: (
        """
    INSERT INTO responses (at, person, question, subject, answer, broadcast, message_id, update_id,
                           commune, department, region)
    VALUES (:now, :person, :question, :subject, :answer, :broadcast, :message_id, :update_id,
            :commune, :department, :region)
    ON CONFLICT (update_id, question) DO NOTHING"""
    )
)


# Telegram begins anew with its numbers after a quiet week: one that is known was another's.
_LOG_ALL = Statement(
    lambda s: (
        f"""
    INSERT INTO responses (at, person, question, subject, answer, broadcast, message_id, update_id,
                           commune, department, region)
    SELECT {s.at("each.value ->> 0")}, CAST(each.value ->> 1 AS BIGINT), each.value ->> 2, each.value ->> 3,
           each.value ->> 4, CAST(each.value ->> 5 AS BIGINT), CAST(each.value ->> 6 AS BIGINT),
           CASE WHEN NOT EXISTS (SELECT 1 FROM responses AS known WHERE known.question = each.value ->> 2
                                 AND known.update_id = CAST(each.value ->> 7 AS BIGINT))
                THEN CAST(each.value ->> 7 AS BIGINT) END,
           each.value ->> 8, each.value ->> 9, each.value ->> 10
    FROM {s.each}"""
    )
)
_ANSWER_ALL = Statement(
    lambda s: (
        f"""
    UPDATE deliveries SET answered_at = given.at
    FROM (SELECT CAST(each.value ->> 0 AS BIGINT) AS number, {s.at("each.value ->> 1")} AS at FROM {s.each}) AS given
    WHERE deliveries.id = given.number {s.and_among.format("deliveries.id", given_ids(s))}"""
    )
)
_HEAR_ALL = Statement(
    lambda s: (
        f"""
    UPDATE people SET unanswered = 0 WHERE id {s.among.format(given_ids(s, 2))} AND unanswered <> 0"""
    )
)


def log_all(visit: DatabaseVisit, rows: Sequence[Sequence[Any]]) -> None:
    """Logs answers of one update each, as `Response.row` gives them. What they were given on is marked apart."""
    visit.run(_LOG_ALL, rows=rows)


def mark_answered(visit: DatabaseVisit, rows: Sequence[Sequence[Any]]) -> None:
    """Marks deliveries as answered: each with the instant, as text, and the person, of whom something changed."""
    visit.run(_ANSWER_ALL, rows=rows)
    visit.run(_HEAR_ALL, rows=rows)
    mark_all(visit, [row[2:] for row in rows])


async def add(tx: AsyncConnection, response: Response) -> None:
    """Logs an answer. The delivery whose message it was given on, if there is one, is answered by it."""
    await together(tx, lambda visit: log(visit, response))


def log(visit: DatabaseVisit, response: Response) -> None:
    """Logs an answer in a stay with the database that does more."""
    values = {**vars(response)}
    values["now"] = values.pop("at")
    broadcast = answer_delivery(
        visit, person=response.person, message_id=response.message_id, now=response.at
    )
    if not visit.run(_LOG, broadcast=broadcast, **values):
        # Telegram begins anew with its numbers after a quiet week: this one was another's.
        visit.run(_LOG, broadcast=broadcast, **{**values, "update_id": None})


def answer_delivery(
    visit: DatabaseVisit, *, person: int, message_id: int | None, now: datetime
) -> int | None:
    """The broadcast whose message the person answered, noting the answer; None if it was no broadcast."""
    if message_id is None:
        return None
    answered = visit.rows(_ANSWER, person=person, message_id=message_id, now=now)
    if not answered:
        return None
    _hear(visit, person)
    return int(answered[0])


def _hear(visit: DatabaseVisit, person: int) -> None:
    visit.run(_HEAR, person=person)
    mark_all(visit, [(person,)])


async def settle(tx: AsyncConnection, asked: AskedElsewhere) -> list[int]:
    """Marks as answered what asks the same; the Telegram ids of the messages."""
    return await together(tx, lambda visit: mark_settled(visit, asked))


def mark_settled(visit: DatabaseVisit, asked: AskedElsewhere) -> list[int]:
    """Marks as answered what asks the same, in a stay with the database that does more; the ids of the messages."""
    found = visit.rows(
        _ASKING[asked.about],
        person=asked.person,
        number=asked.number,
        tapped=asked.tapped or 0,
        rows=[(name,) for name in asked.asked_by],
    )
    if found:
        visit.run(_SETTLE, rows=members(delivery for delivery, _message in found), now=asked.now)
        _hear(visit, asked.person)
    return sorted(message for _delivery, message in found)
