"""One meaning, two readers: whom SQL finds for an expression is whom the rules say is in it, on both engines."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

import db.belonging
import db.experiments
import db.people
from bot import communes
from bot.actions.expressions import Asked, ExpressionOccasion, setting_of
from bot.rules.belonging import HOLDS, Setting, Somebody, facts_of, verdict
from bot.rules.expression_text import expression_in
from bot.rules.expressions import MOST_LEAVES, Expression, grown, leaves_of, text_of
from bot.rules.leaves import Leaf
from bot.rules.sampling import sampling_of
from db.engine import Database
from db.expressions import ASKS, SUPPORTERS, members
from db.rolls import Rolls
from db.schema import (
    broadcasts,
    deliveries,
    events,
    people,
    rsvps,
    staff,
    survey_answers,
    surveys,
    vote_plans,
)
from tests.actions.test_audiences import person_row, plan_row
from tests.conversation import CAMPAIGN
from tests.expressions import ARGUMENTS, expressions
from tests.membership import Member, is_supporter
from tests.places import lives_in
from tests.thorough import examples, seeds

NOW = datetime(2016, 11, 16, 9, tzinfo=UTC)
GAZETTEER = communes.load()
SETTING = Setting(
    now=NOW,
    sampling=sampling_of("primaire-2016"),
    within={(code, int(km)): GAZETTEER.within(code, int(km)) for code, km in ARGUMENTS["near"]},
    saved={
        "friends": expression_in("recruited or recruiter"),
        "rhône": expression_in("in:69 and not audience:friends"),
    },
)
# At the very edges of the periods, too.
MOMENTS = (
    None,
    NOW,
    NOW - timedelta(days=7),
    NOW - timedelta(days=7, microseconds=1),
    NOW - timedelta(days=30),
    datetime(2016, 10, 31, 22, 59, tzinfo=UTC),
    datetime(2016, 10, 31, 23, tzinfo=UTC),
    datetime(2016, 11, 1, 23, tzinfo=UTC),
    datetime(2015, 1, 1, tzinfo=UTC),
)
OTHERS = ("zz99",)
CODES = ("aa11", "bb22", *OTHERS)
CROWD = 70


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """People in the database, and as the rules know those of them who are supporters."""

    tx: AsyncConnection
    supporters: dict[int, Somebody]


async def test_who_is_in_a_sample_follows_from_the_campaigns_key_alone(database: Database) -> None:
    """Not from what everybody may read, as the name of the campaign."""
    asked = Asked(expression=expression_in("sample:10"))
    occasion = ExpressionOccasion(campaign=CAMPAIGN, gazetteer=GAZETTEER, now=NOW)
    async with database.write() as tx:
        of_its_own = (await setting_of(tx, asked, occasion)).sampling
        await db.experiments.keep_key(tx, "another")
        assert (await setting_of(tx, asked, occasion)).sampling == sampling_of("another") != of_its_own
        assert of_its_own != sampling_of(CAMPAIGN.slug)


async def fill(tx: AsyncConnection, chance: random.Random) -> None:
    """Anybody at all, with all that they may have said, got and done."""
    place = {"commune": "69123", "department": "69", "region": "84", "territory": "FR", "address": "x"}
    times = {"starts_at": NOW, "ends_at": NOW, "created_at": NOW}
    for code in CODES:
        await tx.execute(sa.insert(events).values(code=code, zone="Europe/Paris", **times, **place))
    for code in ("s1", "s2"):
        asked = {"code": code, "form": {}, "area": "FR", "closes_at": NOW, "erase_at": NOW, "created_at": NOW}
        await tx.execute(sa.insert(surveys).values(**asked))
    for number in (1, 2, 3):
        row = {"id": number, "key": f"staff:{number}", "kind": "persuasion", "audience": {}, "area": "FR"}
        await tx.execute(sa.insert(broadcasts).values(starts_at=NOW, created_at=NOW, **row))
    rows: defaultdict[sa.Table, list[dict[str, Any]]] = defaultdict(list)
    for number in range(1, CROWD + 1):
        row = {
            **person_row(chance, number),
            "id": number,
            "language": chance.choice(("fr", "en", None)),
            "recruiter": chance.choice((None, None, chance.randint(1, CROWD))),
            "registered_at": chance.choice(MOMENTS),
            "seen_at": chance.choice(MOMENTS[1:]),
        }
        rows[people].append(row)
        for table, did in what_they_did(chance, number):
            rows[table].append(did)
    for table, of_it in rows.items():
        await tx.execute(sa.insert(table), of_it)


def what_they_did(chance: random.Random, person: int) -> Iterator[tuple[sa.Table, dict[str, Any]]]:
    """The rows that tell of it, each with its table."""
    for event_ in range(1, len(CODES) + 1):
        if chance.random() < 0.3:
            answer: dict[str, Any] = {
                "answer": chance.choice(("yes", "maybe", "no")),
                "attended": chance.choice((None, True, False)),
            }
            yield rsvps, {"event": event_, "person": person, "at": NOW, **answer}
    asked = random.Random(person)
    for survey in (1, 2):
        for question in ("cars", "when")[: asked.randint(0, 2)]:
            option = asked.choice(("yes", "no", ""))
            chosen = {"survey": survey, "question": question, "option": option}
            yield survey_answers, {"person": person, "at": NOW, **chosen}
    for ballot in (1, 2):
        if chance.random() < 0.6:
            plan = plan_row(chance)
            yield vote_plans, {"person": person, "ballot": ballot, "at": NOW, **plan}
    for broadcast in (1, 2):
        if chance.random() < 0.5:
            state = chance.choice(("sent", "sent", "queued", "cancelled", "in_doubt"))
            answered = NOW if state == "sent" and chance.random() < 0.5 else None
            row = {"state": state, "due_at": NOW, "changed_at": NOW, "answered_at": answered}
            yield deliveries, {"broadcast": broadcast, "person": person, **row}
    if chance.random() < 0.2:
        revoked = chance.choice((None, NOW))
        row = {"role": "organizer", "area": "69", "added_at": NOW, "revoked_at": revoked}
        yield staff, {"telegram_id": person, **row}


@pytest.fixture(params=seeds(3))
async def crowd(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[Crowd]:
    async with database.write() as tx:
        await fill(tx, random.Random(request.param))
        # The message of somebody who was erased since.
        row = {"broadcast": 3, "person": None, "state": "sent", "due_at": NOW, "changed_at": NOW}
        await tx.execute(sa.insert(deliveries).values(row))
        known = (await db.people.get_many(tx, range(1, CROWD + 1))).values()
        supporters = {
            person.id: await db.belonging.somebody(tx, person)
            for person in known
            if is_supporter(Member(row=person._asdict()))
        }
        yield Crowd(tx=tx, supporters=supporters)


async def found(crowd: Crowd, expression: Expression) -> set[int]:
    return set(await crowd.tx.scalars(sa.select(people.c.id).where(members(expression, SETTING))))


def said(crowd: Crowd, expression: Expression) -> set[int]:
    return {
        number
        for number, person in crowd.supporters.items()
        if verdict(expression, facts_of(person, SETTING)).is_in
    }


@given(trees=st.lists(expressions(), min_size=1, max_size=10))
@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_sql_finds_whom_the_rules_mean(crowd: Crowd, trees: list[Expression]) -> None:
    for tree in trees:
        expected = said(crowd, tree)
        event(f"in: {min(len(expected), 3)}")
        assert await found(crowd, tree) == expected, text_of(tree)


async def test_every_leaf_finds_somebody_and_not_everybody(crowd: Crowd) -> None:
    """Else the property above would prove nothing of it. Said and denied, each is in one of the two."""
    assert {*ASKS, "audience"} == {*HOLDS, "audience"} == set(ARGUMENTS)
    for name, each in ARGUMENTS.items():
        sizes = set()
        for arguments in each:
            leaf = Leaf(name=name, arguments=arguments)
            expected = said(crowd, leaf)
            assert await found(crowd, leaf) == expected, leaf
            denied = said(crowd, expression_in(f"not {leaf}"))
            assert await found(crowd, expression_in(f"not {leaf}")) == denied, leaf
            assert not expected & denied
            if not uses_commune(leaf):
                assert expected | denied == set(crowd.supporters), leaf
            sizes.add(len(expected))
        assert max(sizes) > 0, name
        assert min(sizes) < len(crowd.supporters), name


async def test_as_many_conditions_as_allowed_are_counted(database: Database) -> None:
    """With every step on the way, on both engines."""
    tens = [[f"joined:<{ten + days}d" for days in range(10)] for ten in range(1, MOST_LEAVES, 10)]
    text = " or ".join(
        f"(volunteer and {' and '.join(ten[1:5])} and not ({' or '.join(ten[5:])}))" for ten in tens
    )
    whole = expression_in(text)
    steps = grown(whole)
    assert len(steps) == MOST_LEAVES
    trees = [tree for each in steps for tree in (each.so_far, each.leaf)]
    async with database.write() as tx:
        await fill(tx, random.Random(0))
        everybody = sa.select(sa.func.count()).select_from(people).where(members(whole, SETTING))
        counted = await tx.scalar(everybody)
    async with Rolls(database).look(trees, SETTING) as look:
        counts = [look.count(tree) for tree in trees]
    assert counts[-2] == look.count(whole) == counted
    assert max(counts) > 0


def uses_commune(leaf: Leaf) -> bool:
    if leaf.name == "audience":
        return any(uses_commune(each) for each in leaves_of(SETTING.saved[leaf.arguments[0]]))
    return leaf.uses_commune


async def test_nobody_else_is_in_any_audience(crowd: Crowd) -> None:
    everybody = expression_in("in:FR or not in:FR")
    assert await found(crowd, everybody) == set(crowd.supporters)
    rows = await crowd.tx.execute(sa.select(people).where(sa.not_(SUPPORTERS)))
    assert {row.state for row in rows} == {"stopped", "restricted", "new", "registered"}


async def test_the_place_of_who_did_not_agree_chooses_nothing(crowd: Crowd) -> None:
    rows = (await crowd.tx.execute(sa.select(people))).mappings()
    discreet = {
        row["id"]: row for row in rows if not row["consent_commune"] and row["id"] in crowd.supporters
    }
    assert any(lives_in("69", row) for row in discreet.values())
    for typed in ("in:69", "not in:69", "near:69266:30", "not near:69266:30", "in:69 or not in:69"):
        assert not await found(crowd, expression_in(typed)) & set(discreet), typed
    volunteers = {number for number in discreet if crowd.supporters[number].volunteer}
    assert volunteers
    assert await found(crowd, expression_in("volunteer or in:69")) >= volunteers
