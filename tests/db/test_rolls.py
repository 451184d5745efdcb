"""Audiences counted in memory are those that SQL finds, whoever wrote what, and whenever it was committed."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

import db.audiences
from bot.rules.expression_text import expression_in
from bot.rules.expressions import Expression, text_of
from bot.rules.kinds import Kind
from bot.rules.leaves import often_asked
from db import changes, roll_calls, rolls
from db.audiences import Target
from db.changes import WATCHED
from db.engine import Database
from db.expressions import members
from db.rolls import Rolls
from db.schema import (
    Instant,
    broadcasts,
    deliveries,
    events,
    metadata,
    people,
    rsvps,
    staff,
    survey_answers,
    surveys,
    vote_plans,
)
from tests.actions.test_expressions import CROWD, NOW, SETTING, fill
from tests.expressions import expressions
from tests.thorough import examples

Change = Callable[[AsyncConnection, random.Random], Awaitable[object]]
OFTEN = tuple(often_asked([1, 2]))
EACH_LEAF = expression_in(
    "(in:69 or near:69266:30 or language:fr or volunteer or staff) and not (recruiter and recruited and named)"
    " and (rsvp:aa11:yes or not rsvp:any:silent or plan:1:any or not vote:1:voted or survey:s1:none)"
    " and (got:1 or not answered:2 or joined:<7d or seen:<30d or sample:50 or audience:friends)"
)


class Counted:
    """A crowd that is committed, and bitmaps that stay while it changes."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.rolls = Rolls(database, OFTEN)

    async def check(self, trees: list[Expression]) -> None:
        async with self.database.read() as tx:
            expected = [
                set(await tx.scalars(sa.select(people.c.id).where(members(tree, SETTING)))) for tree in trees
            ]
        for tree, whom in zip(trees, expected, strict=True):
            assert await self.rolls.ids(tree, SETTING) == whom, text_of(tree)
        async with self.rolls.look(trees, SETTING) as look:
            assert [look.count(tree) for tree in trees] == [len(whom) for whom in expected]


@pytest.fixture
async def counted(database: Database) -> Counted:
    async with database.write() as tx:
        await fill(tx, random.Random(1))
    return Counted(database)


def _somebody(chance: random.Random) -> int:
    return chance.randint(1, CROWD)


async def _profile(tx: AsyncConnection, chance: random.Random) -> None:
    values = {
        "state": chance.choice(("registered", "registered", "stopped", "restricted")),
        "consent_contact": chance.random() < 0.9,
        "consent_commune": chance.random() < 0.7,
        "consent_team": chance.random() < 0.5,
        "volunteer": chance.random() < 0.5,
        "language": chance.choice(("fr", "en", None)),
        "commune": chance.choice(("69123", "75056", "13055", None)),
        "territory": chance.choice(("FR", "abroad", None)),
        "zone": chance.choice(("Europe/Paris", "America/Cayenne", None)),
        "recruiter": chance.choice((None, _somebody(chance))),
        "unreachable_at": chance.choice((None, NOW)),
        "mutes_news": chance.random() < 0.3,
        "registered_at": NOW - timedelta(days=chance.randint(0, 60)),
        "seen_at": NOW - timedelta(hours=chance.randint(0, 1500)),
    }
    some = dict(chance.sample(list(values.items()), k=3))
    await tx.execute(sa.update(people).where(people.c.id == _somebody(chance)).values(some))


async def _leave(tx: AsyncConnection, chance: random.Random) -> None:
    await tx.execute(sa.delete(people).where(people.c.id == _somebody(chance)))


async def _answer(tx: AsyncConnection, chance: random.Random) -> None:
    values = {"answer": chance.choice(("yes", "no", "waiting")), "attended": chance.choice((None, True))}
    mine = rsvps.c.person == _somebody(chance)
    if chance.random() < 0.5:
        await tx.execute(sa.delete(rsvps).where(mine))
    else:
        await tx.execute(sa.update(rsvps).where(mine).values(values))


async def _plan(tx: AsyncConnection, chance: random.Random) -> None:
    values = {"slot": chance.choice((None, "morning")), "vote": chance.choice((None, "voted", "later"))}
    await tx.execute(sa.update(vote_plans).where(vote_plans.c.person == _somebody(chance)).values(values))


async def _survey(tx: AsyncConnection, chance: random.Random) -> None:
    mine = survey_answers.c.person == _somebody(chance)
    await tx.execute(sa.update(survey_answers).where(mine).values(option=chance.choice(("yes", "no", ""))))


async def _role(tx: AsyncConnection, chance: random.Random) -> None:
    await tx.execute(sa.delete(staff).where(staff.c.telegram_id == _somebody(chance)))
    row = {"role": "organizer", "area": "69", "added_at": NOW, "revoked_at": chance.choice((None, NOW))}
    await tx.execute(sa.insert(staff).values(telegram_id=_somebody(chance), **row))


async def _delivery(tx: AsyncConnection, chance: random.Random) -> None:
    mine = deliveries.c.person == _somebody(chance)
    values = {"state": chance.choice(("sent", "queued")), "answered_at": chance.choice((None, NOW))}
    await tx.execute(sa.update(deliveries).where(mine).values(values))


async def _cascade(tx: AsyncConnection, chance: random.Random) -> None:
    """What hangs on it goes with it."""
    table = chance.choice((events, surveys, broadcasts))
    await tx.execute(sa.delete(table).where(table.c.id == chance.randint(2, 3)))


async def _purge(tx: AsyncConnection, _: random.Random) -> None:
    await changes.forget_some(tx, most=1_000)


CHANGES: tuple[Change, ...] = (
    *(_profile, _profile, _leave, _answer, _plan, _survey, _role, _delivery, _cascade, _purge),
)


class GivenUp(Exception):
    """Raised to undo a transaction."""


@given(
    trees=st.lists(expressions(), min_size=1, max_size=4),
    steps=st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(), st.booleans()), max_size=4),
)
@settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
async def test_they_are_what_sql_finds_whatever_was_written_since(
    counted: Counted, trees: list[Expression], steps: list[tuple[Change, int, bool]]
) -> None:
    """The same bitmaps through all examples; some transactions are undone."""
    await counted.check(trees)
    for change, seed, is_kept in steps:
        try:
            async with counted.database.write() as tx:
                await change(tx, random.Random(seed))
                if not is_kept:
                    raise GivenUp
        except GivenUp:
            pass
    await counted.check([EACH_LEAF, *trees])


async def test_groups_are_what_sql_groups(counted: Counted) -> None:
    for kind in (None, Kind.PERSUASION, Kind.EVENT_INVITE):
        for known_in in (None, ("69",), ("FR",)):
            for text in ("in:FR", "not in:69 or volunteer", "in:abroad and not got:1"):
                meant = expression_in(text)
                target = Target(meant=meant, expression=meant, setting=SETTING, area="FR")
                async with counted.database.read() as tx:
                    expected = await db.audiences.groups(tx, target, kind, known_in=known_in)
                found = await counted.rolls.groups(target, kind, known_in=known_in)
                assert sorted(map(repr, found)) == sorted(map(repr, expected))
    nobody = Target(meant=meant, expression=None, setting=SETTING, area="FR")
    assert await counted.rolls.groups(nobody) == []


async def test_who_commits_late_is_counted(postgresql_database: Database) -> None:
    """Its number is older than what was read before it could be seen."""
    async with postgresql_database.write() as tx:
        await fill(tx, random.Random(1))
    counted = Counted(postgresql_database)
    everybody = expression_in("volunteer")
    late = sa.update(people).where(people.c.id <= 10).values(volunteer=sa.not_(people.c.volunteer))
    early = sa.update(people).where(people.c.id > 60).values(volunteer=sa.not_(people.c.volunteer))
    async with postgresql_database.write() as waiting:
        await waiting.execute(late)
        async with postgresql_database.write() as tx:
            await tx.execute(early)
        await counted.check([everybody])
    await counted.check([everybody])


async def test_of_too_many_changes_everybody_is_asked_anew(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    await counted.check([EACH_LEAF])
    monkeypatch.setattr(rolls, "MOST_RENEWED", 5)
    async with counted.database.write() as tx:
        await tx.execute(sa.update(people).values(volunteer=sa.not_(people.c.volunteer)))
        await tx.execute(sa.delete(rsvps).where(rsvps.c.person < CROWD / 2))
    await counted.check([EACH_LEAF, expression_in("volunteer")])


async def test_what_is_asked_often_is_read_beforehand_and_follows_what_changes(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A count finds it ready, and right; what nobody follows any more (too much changed) is asked anew."""
    await counted.rolls.warm()
    voted, yes = expression_in("vote:1:voted"), expression_in("rsvp:any:yes")
    await _noted(counted, sa.update(vote_plans).values(vote="voted"))
    await counted.rolls.follow()
    with monkeypatch.context() as patched:
        patched.setattr(roll_calls, "all_of", None)  # nobody is asked for everybody
        async with counted.rolls.look([voted, yes], replace(SETTING, saved={})) as look:
            ready = [set(look.members(each)) for each in (voted, yes)]
    assert ready == [await counted.rolls.ids(each, SETTING) for each in (voted, yes)]
    await counted.check([voted, yes])
    monkeypatch.setattr(rolls, "MOST_RENEWED", 3)
    await _noted(counted, sa.update(vote_plans).values(vote="later"))
    await counted.rolls.follow()
    await counted.check([voted, yes])
    await _noted(counted, sa.update(rsvps).values(answer="no"), _purge)
    await counted.rolls.follow()
    await counted.check([voted, yes])


async def _noted(counted: Counted, change: sa.Update, then: Change | None = None) -> None:
    async with counted.database.write() as tx:
        await tx.execute(change)
        if then is not None:
            await then(tx, random.Random(1))


async def test_no_more_conditions_are_kept_than_there_is_room_for(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rolls, "MOST_KEPT", 2)
    await counted.check([EACH_LEAF, expression_in("rsvp:aa11:yes")])
    assert len(counted.rolls._kept) == 2
    await counted.check([EACH_LEAF])


async def test_every_column_that_is_asked_is_watched(sqlite_database: Database) -> None:
    """And noted only where its value changes."""
    async with sqlite_database.write() as tx:
        await tx.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
        await fill(tx, random.Random(1))
        for name, watched in WATCHED.items():
            table = metadata.tables[name]
            is_asked = "state = 'sent'" if name == "deliveries" else "true"
            one = sa.text(f"rowid = (SELECT max(rowid) FROM {name} WHERE {is_asked})")
            for column in (table.c[each] for each in (*watched.columns, *watched.hourly)):
                before = await changes.version(tx)
                await tx.execute(sa.update(table).values({column.name: column}))  # nothing new
                assert await changes.version(tx) == before, column
                await tx.execute(sa.update(table).values({column.name: _other(column)}).where(one))
                assert await changes.since(tx, before, most=9), column
        await tx.rollback()


def _other(column: sa.Column[Any]) -> object:
    """Another value than any that stands there."""
    if isinstance(column.type, sa.Boolean):
        return sa.not_(sa.func.coalesce(column, sa.false()))
    if isinstance(column.type, Instant):
        return NOW + timedelta(days=99)
    if isinstance(column.type, sa.Integer):
        return 1 if column.name in ("person", "telegram_id", "recruiter") else 99
    return "zz"
