"""Those who are alike are decided and worded together: nobody is told what does not fit them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from typing import Any

import pytest
import sqlalchemy as sa

import db.vote_plans
from bot.rules.ballots import Hours, HoursException
from db.engine import Database
from db.schema import chosen_places, people, polling_places
from tests.campaigning import supporter
from tests.conversation import CAMPAIGN, Conversation, paris
from tests.departure.test_decide import NOW, a_departure, leased_on

# Where polling closes later than elsewhere, as in large cities.
LATER = HoursException(area="13055", hours=Hours(opens=time(8), closes=time(20)))
CITIES = replace(CAMPAIGN, ballots=tuple(replace(each, exceptions=(LATER,)) for each in CAMPAIGN.ballots))

READERS: list[tuple[str | None, dict[str, Any], dict[str, Any]]] = [
    # Commune, what else is known of them, what they planned.
    ("69123", {}, {}),
    ("38185", {}, {}),
    ("13055", {}, {}),  # other hours
    ("01001", {}, {}),  # one polling place
    ("01002", {}, {}),  # two, and not told which
    ("01002", {}, {}),  # two, and chosen
    (None, {}, {}),
    ("97105", {}, {}),
    ("69123", {"language": "en"}, {}),
    ("69123", {"mutes_reminders": True}, {}),
    ("38185", {}, {"intention": "will", "slot": "morning"}),
    ("69123", {}, {"intention": "will", "slot": "morning"}),
    ("69123", {}, {"intention": "will", "slot": "last_hour", "departure": "work"}),
    ("69123", {}, {"intention": "will", "slot": "last_hour", "company": "friends"}),
    ("69123", {}, {"intention": "cannot"}),
    ("38185", {}, {"intention": "will", "vote": "voted"}),
]
PLACES = [(1, "01001", 0), (2, "01002", 0), (3, "01002", 0)]


async def signed_up(database: Database) -> None:
    conversation = Conversation(database, NOW)
    for number, (commune, known, planned) in enumerate(READERS, 1):
        await supporter(conversation, number, commune, **known)
        async with database.write() as tx:
            person = await tx.scalar(sa.select(people.c.id).where(people.c.telegram_id == number))
            assert person is not None
            if planned:
                await db.vote_plans.change(tx, person=person, ballot=1, at=NOW, **planned)
    async with database.write() as tx:
        for number, commune, ballot in PLACES:
            place = {"id": number, "commune": commune, "ballot": ballot, "opens": time(9), "closes": time(18)}
            of_commune = {
                **place,
                "key": str(number),
                "name": f"Salle {number}",
                "address": "Rue Haute",
                "streets": f"{number}",
            }
            await tx.execute(sa.insert(polling_places).values(**of_commune))
        sixth = await tx.scalar(sa.select(people.c.id).where(people.c.telegram_id == 6))
        await tx.execute(sa.insert(chosen_places).values(person=sixth, ballot=0, place=3))


@pytest.mark.parametrize(
    "at",
    [
        "2016-11-14T18:00",  # where one votes
        "2016-11-16T18:00",  # a plan is asked for
        "2016-11-18T18:00",  # it is repeated
        "2016-11-20T11:00",  # one goes, at one's own time
        "2016-11-20T16:30",
    ],
)
async def test_each_of_many_is_told_what_they_are_told_alone(database: Database, at: str) -> None:
    await signed_up(database)
    now: datetime = paris(at)
    rows = await leased_on(database, now)
    clock = Conversation(database, now).clock
    async with database.read() as tx:
        together = await a_departure(CITIES, clock).prepare(tx, rows)
        alone = [(await a_departure(CITIES, clock).prepare(tx, [row]))[0] for row in rows]
    assert together == alone
    assert len({repr(each) for each in together}) > 3
