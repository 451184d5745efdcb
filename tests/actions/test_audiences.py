"""The audience that SQL finds is the audience that the rules state, on both engines."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.audiences
import db.expressions
from bot.actions.audiences import places_named, reach
from bot.rules.areas import FORMER_REGIONS
from bot.rules.kinds import MUTES, Kind
from bot.rules.people import RsvpAnswer
from bot.rules.quiet import Reason
from bot.rules.sending import all_at, each_at
from bot.rules.small_counts import NOBODY, Headcount, Reader
from bot.rules.territories import TERRITORIES, territory_of
from db.engine import Database
from db.schema import events, people, rsvps, vote_plans
from tests.audiences import GAZETTEER, NOW, ids_of, target_in
from tests.conversation import CAMPAIGN, paris
from tests.membership import Member, is_supporter
from tests.places import lives_in, place_of
from tests.thorough import seeds

# Lyon and an arrondissement of it, a neighbour, Corsica, Réunion, Saint-Pierre, the Marquesas, Nouméa, Paris.
COMMUNES = ("69123", "69381", "69266", "2A004", "97411", "97502", "98731", "98818", "75056", "75101", "44109")
AREAS = ("FR", "FR", "FR", "FR", "abroad", "R84", "R04", "R975", "69", "2A", "974", "975", "987", *COMMUNES)
EVENTS = (1, 2)
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
        "state": chance.choice(("registered", "registered", "registered", "stopped", "restricted", "new")),
        "language": chance.choice(("fr", "en")),
        **place_of(commune),
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


def plan_row(chance: random.Random) -> dict[str, Any]:
    return {
        "intention": chance.choice(("will", "unsure", "cannot", None)),
        "slot": chance.choice(("morning", None)),
        "vote": chance.choice(("voted", "later", "cannot", None, None)),
    }


def some_audience(chance: random.Random) -> str:
    """Any combination of conditions that staff tap."""
    leaves = [
        f"in:{chance.choice(AREAS)}",
        f"near:{chance.choice(COMMUNES)}:{chance.choice((5, 30, 500))}",
        "language:fr",
        f"rsvp:{chance.choice(EVENTS)}:{chance.choice(('yes', 'maybe', 'no', 'silent'))}",
        f"vote:1:{chance.choice(('voted', 'later', 'cannot', 'silent'))}",
        f"plan:1:{chance.choice(('any', 'none', 'morning'))}",
        "volunteer",
    ]
    written = chance.sample(leaves, chance.randint(1, 3))
    signed = (f"not {leaf}" if chance.random() < 0.2 else leaf for leaf in written)
    return chance.choice((" and ", " or ")).join(signed)


async def add_events(tx: AsyncConnection) -> None:
    for code in EVENTS:
        place = {"commune": "69123", "department": "69", "region": "84", "territory": "FR", "address": "x"}
        await tx.execute(
            sa.insert(events).values(
                code=str(code), starts_at=NOW, ends_at=NOW, zone="Europe/Paris", created_at=NOW, **place
            )
        )


async def add(tx: AsyncConnection, member: Member) -> int:
    """The number of a person who was added with their plans and answers."""
    person = (await tx.execute(sa.insert(people).values(member.row).returning(people.c.id))).scalar_one()
    for ballot, plan in member.plans.items():
        await tx.execute(sa.insert(vote_plans).values(person=person, ballot=ballot, at=NOW, **plan))
    for event, answer in member.answers.items():
        values = {"event": event, "person": person, "answer": answer.value, "at": NOW}
        await tx.execute(sa.insert(rsvps).values(values))
    return int(person)


def some_member(chance: random.Random, number: int) -> Member:
    return Member(
        row=person_row(chance, number),
        plans={1: plan_row(chance)} if chance.random() < 0.6 else {},
        answers={event: chance.choice(tuple(RsvpAnswer)) for event in EVENTS if chance.random() < 0.5},
    )


def is_named(member: Member, areas: tuple[str, ...]) -> bool:
    """Whether the team of one of the areas knows somebody by name."""
    return member.row["consent_team"] and any(lives_in(area, member.row) for area in areas)


@pytest.mark.parametrize("seed", seeds(2))
async def test_who_gets_it_is_meant_reachable_and_within_reach(database: Database, seed: int) -> None:
    """`tests/actions/test_expressions.py` holds whom the words mean; here is what is between that and a message."""
    chance = random.Random(seed)
    chosen = 0
    async with database.write() as tx:
        await add_events(tx)
        members = [some_member(chance, number) for number in range(1, 151)]
        found = {await add(tx, member): member for member in members}
        for _ in range(60):
            areas = tuple(chance.sample(AREAS, 3)) if chance.random() < 0.5 else ("FR",)
            kind = chance.choice((None, *Kind))
            target = target_in(some_audience(chance), areas)
            meant = set(
                await tx.scalars(
                    sa.select(people.c.id).where(db.expressions.members(target.meant, target.setting))
                )
            )
            expected = {
                person
                for person in meant
                if is_reached(found[person], areas) and not mutes(found[person], kind)
            }
            assert await ids_of(tx, target, kind) == expected, (target, kind)
            assert all(lives_in(target.area, found[person].row) for person in expected)
            groups = await db.audiences.groups(tx, target, kind, known_in=areas)
            count = sum((group.people for group in groups), start=NOBODY)
            named = sum(is_named(found[person], areas) for person in expected)
            assert count == Headcount(known=named, others=len(expected) - named)
            chosen += len(expected)
    # The audiences were not all empty, which would prove nothing.
    assert chosen > 50


def mutes(member: Member, kind: Kind | None) -> bool:
    return kind in MUTES and bool(member.row[f"mutes_{MUTES[kind]}"])


def is_reached(member: Member, areas: tuple[str, ...]) -> bool:
    """Whether somebody can be written to by who looks after these areas; by a commune only who agreed to that."""
    if not is_supporter(member) or member.row["unreachable_at"] is not None:
        return False
    wide = {"FR", "abroad"}
    usable = [area for area in areas if area in wide or member.row["consent_commune"]]
    return any(lives_in(area, member.row) for area in usable)


LYON = Member(
    row={
        "state": "registered",
        "language": "fr",
        "territory": "FR",
        "zone": "Europe/Paris",
        "consent_contact": True,
        "consent_commune": True,
        "volunteer": True,
        "unreachable_at": None,
        "created_at": NOW,
        "seen_at": NOW,
        **place_of("69123"),
    },
    plans={1: {"intention": "will", "slot": "morning"}},
    answers={1: RsvpAnswer.YES},
)


def like_lyon(**values: Any) -> Member:
    return replace(LYON, row={**LYON.row, **values})


ANYBODY = {
    "lyon": LYON,
    "stopped": like_lyon(state="stopped"),
    "unreachable": like_lyon(unreachable_at=NOW),
    "refused": like_lyon(consent_contact=False),
    "discreet": like_lyon(consent_commune=False),
    "abroad": like_lyon(**place_of(None), territory="abroad", zone="Asia/Tokyo", consent_commune=False),
    "nowhere": like_lyon(**place_of(None), territory=None),
    "english": like_lyon(language="en"),
    "idle": like_lyon(volunteer=False),
    "silent": replace(LYON, plans={}, answers={}),
    "undecided": replace(LYON, plans={1: {"intention": "will", "vote": "later"}}),
    "near": like_lyon(**place_of("69266")),
}
# By commune only who agreed to that.
OF_LYON = "lyon english idle silent undecided"
EVERYBODY = f"{OF_LYON} near discreet abroad nowhere"
WHO = (
    ("in:FR", EVERYBODY),
    ("in:69123", OF_LYON),
    ("in:69", f"{OF_LYON} near"),
    ("in:R84", f"{OF_LYON} near"),
    ("in:R11", ""),
    ("in:abroad", "abroad"),
    ("near:69123:1", OF_LYON),
    ("near:69266:30", f"{OF_LYON} near"),
    ("near:75056:10", ""),
    ("language:en", "english"),
    ("volunteer", EVERYBODY.replace("idle ", "")),
    ("rsvp:1:yes or rsvp:1:maybe", EVERYBODY.replace("silent ", "")),
    ("rsvp:1:no", ""),
    ("rsvp:1:silent", "silent"),
    ("rsvp:2:silent", EVERYBODY),
    ("vote:1:later", "undecided"),
    ("vote:1:silent and intention:1:silent", "silent"),
    ("plan:1:none", "silent undecided"),
    ("vote:2:silent and plan:2:none", EVERYBODY),
    ("plan:2:any", ""),
    ("in:69123 and language:fr and volunteer", "lyon silent undecided"),
    # Where a commune may not be used something else may hold, and only that.
    ("in:69 or language:en", f"{OF_LYON} near"),
    ("in:75 or plan:1:none", "silent undecided"),
    ("not in:69", "nowhere"),
    ("in:69 or volunteer", EVERYBODY),
)
"""Audiences, and the names of those among `ANYBODY` who are in each."""


async def test_who_is_in_an_audience(database: Database) -> None:
    async with database.write() as tx:
        await add_events(tx)
        numbered = [
            (name, replace(member, row={**member.row, "telegram_id": number, "pseudonym": name}))
            for number, (name, member) in enumerate(ANYBODY.items(), start=1)
        ]
        names = {await add(tx, member): name for name, member in numbered}
        for audience, expected in WHO:
            found = await ids_of(tx, target_in(audience))
            assert {names[person] for person in found} == set(expected.split()), audience


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
        everybody = target_in("in:FR")
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
        everybody = target_in("in:FR")
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
        ("Auvergne", "R84", "region"),  # of today, with the départements that it was until 2016
        ("rhône alpes", "R84", "region"),
        ("Picardie", "02", "department"),  # whose name no région bears any more
    ],
)
def test_places_are_found_as_typed(typed: str, area: str, kind: str) -> None:
    first = places_named(GAZETTEER, typed)[0]
    assert (first.area, first.kind) == (area, kind)


def test_a_region_of_former_times_is_its_departements_too() -> None:
    assert [place.area for place in places_named(GAZETTEER, "Auvergne")] == ["R84", "03", "15", "43", "63"]
    assert [place.name for place in places_named(GAZETTEER, "Alsace")] == ["Bas-Rhin", "Haut-Rhin"]
    known = set(GAZETTEER.departments())
    assert all(set(departments) <= known for departments in FORMER_REGIONS.values())


def test_an_unknown_place_is_not_guessed() -> None:
    assert places_named(GAZETTEER, "qzxwvk") == []


async def test_a_circle_is_read_from_the_index_alone(database: Database) -> None:
    """Among a million supporters, reading the row of each would cost a second."""
    around = target_in("near:69123:30 and language:fr and volunteer")
    query = db.audiences.people_in(around, Kind.EVENT_INVITE, zones=("Europe/Paris", None))
    async with database.read() as tx:
        if tx.dialect.name != "sqlite":
            return  # PostgreSQL chooses by the size of the table.
        words = str(query.compile(dialect=tx.dialect, compile_kwargs={"literal_binds": True}))
        plan = await tx.execute(sa.text("EXPLAIN QUERY PLAN " + words.replace(":", "\\:")))
        assert any("COVERING INDEX ix_people_audience" in row.detail for row in plan)
