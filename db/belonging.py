"""One person as `bot.rules.belonging` reads them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.vote_plans
from bot.rules.belonging import EventAnswer, Said, Somebody
from db.people import Person
from db.schema import deliveries, events, people, rsvps, staff, survey_answers, surveys


async def somebody(tx: AsyncConnection, person: Person) -> Somebody:
    """All that the leaves of an expression ask of one person."""
    plans = await db.vote_plans.of_person(tx, person.id)
    mine = sa.select(deliveries.c.broadcast).where(deliveries.c.person == person.id)
    return Somebody(
        id=person.id,
        language=person.language,
        commune=person.commune,
        territory=person.territory,
        agreed_commune=person.consent_commune,
        agreed_team=person.consent_team,
        volunteer=person.volunteer,
        is_staff=await _is_staff(tx, person.telegram_id),
        is_recruited=person.recruiter is not None,
        is_recruiter=await _is_recruiter(tx, person.id),
        joined_at=person.registered_at,
        seen_at=person.seen_at,
        answers=await _answers(tx, person.id),
        said={
            ballot: Said(intention=plan.intention, slot=plan.slot, vote=plan.vote)
            for ballot, plan in plans.items()
        },
        chosen=await _chosen(tx, person.id),
        got=frozenset(await tx.scalars(mine.where(deliveries.c.state == "sent"))),
        answered=frozenset(await tx.scalars(mine.where(deliveries.c.answered_at.is_not(None)))),
    )


async def _is_staff(tx: AsyncConnection, telegram_id: int) -> bool:
    role = sa.exists().where(staff.c.telegram_id == telegram_id, staff.c.revoked_at.is_(None))
    return bool(await tx.scalar(sa.select(role)))


async def _is_recruiter(tx: AsyncConnection, person: int) -> bool:
    friend = sa.exists().where(people.c.recruiter == person, people.c.state == "registered")
    return bool(await tx.scalar(sa.select(friend)))


async def _answers(tx: AsyncConnection, person: int) -> dict[str, EventAnswer]:
    query = (
        sa.select(events.c.code, rsvps.c.answer, rsvps.c.attended)
        .join(events, events.c.id == rsvps.c.event)
        .where(rsvps.c.person == person)
    )
    return {
        row.code: EventAnswer(answer=row.answer, attended=row.attended) for row in await tx.execute(query)
    }


async def _chosen(tx: AsyncConnection, person: int) -> dict[str, set[tuple[str, str]]]:
    columns = (surveys.c.code, survey_answers.c.question, survey_answers.c.option)
    query = sa.select(*columns).join(surveys, surveys.c.id == survey_answers.c.survey)
    found: dict[str, set[tuple[str, str]]] = {}
    for row in await tx.execute(
        query.where(survey_answers.c.person == person, survey_answers.c.option != "")
    ):
        found.setdefault(row.code, set()).add((row.question, row.option))
    return found
