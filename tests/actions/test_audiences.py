"""The audience that SQL finds is the audience that the rules state, on both engines."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.audiences
from bot import communes
from bot.actions.audiences import places_named, reach, target
from bot.rules.areas import department_of, region_of
from bot.rules.audience_limits import MUTES, limited_to
from bot.rules.audiences import Audience, Radius, RsvpCondition, VoteCondition, lives_in, matches
from bot.rules.consent import Purpose
from bot.rules.kinds import Kind
from bot.rules.people import PersonFacts, RsvpAnswer, State, VoteFacts, VoteState
from bot.rules.quiet import Reason
from bot.rules.sending import all_at, each_at
from bot.rules.small_counts import NOBODY, Headcount, Reader
from bot.rules.territories import TERRITORIES, territory_of
from db.engine import Database
from db.schema import events, people, rsvps, vote_plans
from tests.conversation import CAMPAIGN, paris

NOW = datetime(2016, 11, 16, 9, tzinfo=UTC)
GAZETTEER = communes.load()
# Lyon and an arrondissement of it, a neighbour, Corsica, Réunion, Saint-Pierre, the Marquesas, Nouméa, Paris.
COMMUNES = ("69123", "69381", "69266", "2A004", "97411", "97502", "98731", "98818", "75056", "75101", "44109")
AREAS = ("FR", "FR", "FR", "FR", "abroad", "R84", "R04", "R975", "69", "2A", "974", "975", "987", *COMMUNES)
EVENTS = (1, 2)
NATIONAL = Reader(known_in=None)
STATES = {"new": State.UNFINISHED, "registered": State.ACTIVE, "stopped": State.STOPPED}


NATIONAL = Reader(known_in=None)


def person_row(chance: random.Random, number: int) -> dict[str, Any]:
    """Somebody as the sign-up would have left them; most are reachable supporters with a commune."""
    commune = chance.choice((*COMMUNES, None))
    abroad = commune is None and chance.random() < 0.5
    territory = (
        "abroad" if abroad else territory_of(commune) if commune else chance.choice(("FR", "974", None))
    )
    return {
        "telegram_id": number,
        "pseudonym": f"p{number}",
        "state": chance.choice(("registered", "registered", "registered", "stopped", "new")),
        "language": chance.choice(("fr", "en")),
        "commune": commune,
        "department": department_of(commune) if commune else None,
        "region": region_of(commune) if commune else None,
        "territory": territory,
        "zone": TERRITORIES[territory].zone if territory else None,
        "consent_contact": chance.random() < 0.9,
        "consent_commune": chance.random() < 0.7,
        "volunteer": chance.random() < 0.4,
        "mutes_events": chance.random() < 0.2,
        "consent_team": chance.random() < 0.5,
        "mutes_news": chance.random() < 0.2,
        "mutes_reminders": chance.random() < 0.2,
        "unreachable_at": NOW if chance.random() < 0.1 else None,
        "created_at": NOW,
        "seen_at": NOW,
    }


def plan_row(chance: random.Random, person: int) -> dict[str, Any]:
    return {
        "person": person,
        "ballot": 1,
        "intention": chance.choice(("will", "unsure", "cannot", None)),
        "slot": chance.choice(("morning", None)),
        "vote": chance.choice(("voted", "later", "cannot", None, None)),
        "at": NOW,
    }


def facts(
    row: Mapping[str, Any], plan: Mapping[str, Any] | None, answers: Mapping[int, RsvpAnswer]
) -> PersonFacts:
    """The same person as the rules know them."""
    said = (plan["vote"] or plan["intention"] or "none") if plan else "none"
    return PersonFacts(
        territory=row["territory"],
        zone=row["zone"] or "Europe/Paris",
        language=row["language"],
        registered_at=NOW,
        state=State.UNREACHABLE if row["unreachable_at"] else STATES[row["state"]],
        commune=row["commune"],
        department=row["department"],
        region=row["region"],
        consents=frozenset(p for p in (Purpose.CONTACT, Purpose.COMMUNE) if row[f"consent_{p}"]),
        volunteer=row["volunteer"],
        votes={1: VoteFacts(state=VoteState(said), slot=plan["slot"])} if plan else {},
        rsvps=answers,
    )


def some_audience(chance: random.Random) -> Audience:
    """Any combination of conditions."""
    around = Radius(commune=chance.choice(COMMUNES), km=chance.choice((5, 30, 500)))
    states = frozenset(chance.sample(tuple(VoteState), chance.randint(1, 6)))
    answers = frozenset(chance.sample(tuple(RsvpAnswer), chance.randint(0, 3)))
    vote = VoteCondition(ballot=1, states=states, planned=chance.choice((True, False, None)))
    return Audience(
        area=chance.choice(AREAS),
        radius=around if chance.random() < 0.2 else None,
        language=chance.choice((None, None, "fr")),
        rsvp=RsvpCondition(event=chance.choice(EVENTS), answers=answers) if chance.random() < 0.3 else None,
        vote=vote if chance.random() < 0.4 else None,
        volunteers=chance.random() < 0.2,
    )


async def fill(tx: AsyncConnection, chance: random.Random, count: int) -> dict[int, tuple[Any, PersonFacts]]:
    """Random people with plans and answers: by id, the row and what the rules know."""
    for code in EVENTS:
        place = {"commune": "69123", "department": "69", "region": "84", "territory": "FR", "address": "x"}
        await tx.execute(
            sa.insert(events).values(
                code=str(code), starts_at=NOW, ends_at=NOW, zone="Europe/Paris", created_at=NOW, **place
            )
        )
    found: dict[int, tuple[Any, PersonFacts]] = {}
    for number in range(1, count + 1):
        row = person_row(chance, number)
        person = (await tx.execute(sa.insert(people).values(row).returning(people.c.id))).scalar_one()
        plan = plan_row(chance, person) if chance.random() < 0.6 else None
        answers = {event: chance.choice(tuple(RsvpAnswer)) for event in EVENTS if chance.random() < 0.5}
        if plan is not None:
            await tx.execute(sa.insert(vote_plans).values(plan))
        for event, answer in answers.items():
            values = {"event": event, "person": person, "answer": answer.value, "at": NOW}
            await tx.execute(sa.insert(rsvps).values(values))
        found[person] = (row, facts(row, plan, answers))
    return found


def is_named(person: tuple[Any, PersonFacts], areas: tuple[str, ...]) -> bool:
    """Whether the team of one of the areas knows somebody by name."""
    row, known = person
    return row["consent_team"] and any(lives_in(area, known) for area in areas)


@pytest.mark.parametrize("seed", range(3))
async def test_sql_chooses_whom_the_rules_choose(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    chosen = 0
    async with database.write() as tx:
        found = await fill(tx, chance, 150)
        for _ in range(60):
            areas = tuple(chance.sample(AREAS, 3)) if chance.random() < 0.5 else ("FR",)
            kind = chance.choice((None, *Kind))
            limited = limited_to(some_audience(chance), areas)
            targets = [target(audience, GAZETTEER) for audience in limited]
            expected = {
                person
                for person, (row, known) in found.items()
                if not (kind in MUTES and row[f"mutes_{MUTES[kind]}"])
                and any(matches(t.audience, known, communes_within=t.communes_within) for t in targets)
            }
            assert await db.audiences.ids(tx, targets, kind) == expected, (limited, kind)
            groups = await db.audiences.groups(tx, targets, kind, known_in=areas)
            count = sum((group.people for group in groups), start=NOBODY)
            named = sum(is_named(found[person], areas) for person in expected)
            assert count == Headcount(known=named, others=len(expected) - named)
            chosen += len(expected)
    # The audiences were not all empty, which would prove nothing.
    assert chosen > 50


async def supporter(tx: AsyncConnection, number: int, territory: str, zone: str | None = None) -> None:
    row = {
        "telegram_id": number,
        "pseudonym": f"p{number}",
        "state": "registered",
        "language": "fr",
        "territory": territory,
        "zone": zone or TERRITORIES[territory].zone,
        "consent_contact": True,
        "created_at": NOW,
        "seen_at": NOW,
    }
    await tx.execute(sa.insert(people).values(row))


async def test_the_count_says_whom_the_law_silences_and_until_when(sqlite_database: Database) -> None:
    # Friday 14:30 in Paris: already Saturday in Nouméa, which votes on Sunday; the charter speaks from the eve on.
    friday = paris("2016-11-18T14:30")
    async with sqlite_database.write() as tx:
        await supporter(tx, 1, "FR")
        await supporter(tx, 2, "FR")
        await supporter(tx, 3, "988")
        everybody = [target(Audience(), GAZETTEER)]
        found = await reach(
            tx, everybody, kind=Kind.PERSUASION, when=all_at(friday), campaign=CAMPAIGN, reader=NATIONAL
        )
        assert found.people.total == 3
        (silent,) = found.withheld
        assert (silent.people.total, silent.reason) == (1, Reason.QUIET_PERIOD)
        assert silent.until == paris("2016-11-20T19:00")
        # In Nouméa it is already half past midnight on Saturday: who is silenced anyway is not counted as asleep too.
        assert (found.asleep.total, found.awake) == (0, None)
        # At 18:00 of each one's own Thursday nobody is silenced.
        local = each_at(datetime(2016, 11, 17, 18))  # noqa: DTZ001 - a wall clock
        assert not (
            await reach(tx, everybody, kind=Kind.PERSUASION, when=local, campaign=CAMPAIGN, reader=NATIONAL)
        ).withheld


async def test_the_count_says_for_how_many_it_is_night(sqlite_database: Database) -> None:
    async with sqlite_database.write() as tx:
        await supporter(tx, 1, "FR")
        await supporter(tx, 2, "971")
        await supporter(tx, 3, "988")
        everybody = [target(Audience(), GAZETTEER)]
        when = all_at(paris("2016-11-08T10:00"))  # 5:00 in Guadeloupe, 20:00 in Nouméa
        found = await reach(
            tx, everybody, kind=Kind.PERSUASION, when=when, campaign=CAMPAIGN, reader=NATIONAL
        )
        assert (found.people.total, found.asleep.total, found.awake) == (3, 1, paris("2016-11-08T14:00"))
        when = all_at(paris("2016-11-08T03:00"))  # 22:00 in Guadeloupe, 13:00 in Nouméa
        found = await reach(
            tx, everybody, kind=Kind.PERSUASION, when=when, campaign=CAMPAIGN, reader=NATIONAL
        )
        assert (found.asleep.total, found.awake) == (2, paris("2016-11-08T14:00"))


@pytest.mark.parametrize(
    ("typed", "area", "kind"),
    [
        ("rhone", "69", "department"),
        ("69", "69", "department"),
        ("2a", "2A", "department"),
        ("Bretagne", "R53", "region"),
        ("Nantes", "44109", "commune"),
        ("la réunion", "974", "department"),  # a région and a département at once
    ],
)
def test_places_are_found_as_typed(typed: str, area: str, kind: str) -> None:
    first = places_named(GAZETTEER, typed)[0]
    assert (first.area, first.kind) == (area, kind)


def test_an_unknown_place_is_not_guessed() -> None:
    assert places_named(GAZETTEER, "qzxwvk") == []


async def test_a_circle_is_read_from_the_index_alone(database: Database) -> None:
    """Among a million supporters, reading the row of each would cost a second."""
    around = target(
        Audience(radius=Radius(commune="69123", km=30), language="fr", volunteers=True), GAZETTEER
    )
    query = db.audiences.people_in([around], Kind.EVENT_INVITE, zones=("Europe/Paris", None))
    async with database.read() as tx:
        if tx.dialect.name != "sqlite":
            return  # PostgreSQL chooses by the size of the table.
        words = str(query.compile(dialect=tx.dialect, compile_kwargs={"literal_binds": True}))
        plan = await tx.execute(sa.text("EXPLAIN QUERY PLAN " + words.replace(":", "\\:")))
        assert any("COVERING INDEX ix_people_audience" in row.detail for row in plan)
