"""SIGKILL among sign-ups for a shift of few places: nobody is in it twice, and no place is lost or given twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.actions import shift_plans
from bot.actions.announcing import announce
from bot.settings import Settings
from bot.startup import opened
from db.schema import people, responses, shift_places, shifts
from simulator.client import Person
from tests.story import Story, telling
from tests.test_crash import FIRST, NOW, START, meeting_in_lyon, writing

PEOPLE, PLACES = 12, 3


async def rows(story: Story, query: sa.Select[Any]) -> list[Any]:
    async with opened(Settings.from_environment(story.environment)) as database, database.read() as tx:
        return list(await tx.execute(query))


async def standings(story: Story) -> list[tuple[int, str, int | None]]:
    """Everybody with a place, their answer and their number on the list; those who came first stand first."""
    query = sa.select(people.c.telegram_id, shift_places.c.answer, shift_places.c.ticket)
    query = query.join(people, people.c.id == shift_places.c.person)
    return [tuple(row) for row in await rows(story, query.order_by(shift_places.c.ticket))]


async def answer_all(some: list[Person], said: str) -> None:
    """Everybody taps at once, and nobody waits for an answer."""
    await asyncio.gather(*(each.forge(f"1:shift:1:{said}", wait=0) for each in some))


async def killed(story: Story) -> None:
    await story.process.kill()
    await story.process.start()


async def test_sign_ups_for_a_shift_survive_kills(tmp_path: Path) -> None:
    async def plan(tx: Any, author: Any) -> None:
        found = await announce(tx, author, meeting_in_lyon(author))
        begins = NOW + timedelta(days=10)
        given = {"starts_at": begins, "ends_at": begins + timedelta(hours=1), "capacity": PLACES}
        await shift_plans.add(tx, author, found.event.code, role="welcome", **given)

    async with telling(tmp_path, at=START, killable=True, prepare=writing(PEOPLE, plan)) as story:
        await story.settled()
        crowd = [await story.simulator.existing_person(FIRST + number) for number in range(PEOPLE)]
        for third in range(3):
            await answer_all(crowd[third::3], "yes")
            await killed(story)
        await story.settled()
        found = await standings(story)
        assert sorted(person for person, _answer, _ticket in found) == [each.id for each in crowd]
        answers = Counter(answer for _person, answer, _ticket in found)
        assert answers == {"yes": PLACES, "waiting": PEOPLE - PLACES}
        tickets = [ticket for _person, answer, ticket in found if answer == "waiting"]
        assert len(set(tickets)) == PEOPLE - PLACES

        # Whoever had a place gives it back, in the midst of a kill: it is offered once, to the first on the list.
        had = {person for person, answer, _ticket in found if answer == "yes"}
        waited = [person for person, answer, _ticket in found if answer == "waiting"]
        await answer_all([each for each in crowd if each.id in had], "no")
        await killed(story)
        await story.settled()
        after = {person: answer for person, answer, _ticket in await standings(story)}
        assert {person for person, answer in after.items() if answer == "no"} == had
        assert [after[person] for person in waited] == ["offered"] * PLACES + ["waiting"] * (
            len(waited) - PLACES
        )
        logged = Counter(
            row.update_id
            for row in await rows(
                story, sa.select(responses.c.update_id).where(responses.c.question == "shift")
            )
        )
        assert len(logged) == logged.total() == PEOPLE + PLACES
        assert len(await rows(story, sa.select(shifts.c.id))) == 1
