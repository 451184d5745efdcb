"""Every action x role x area: who may do what, where. A new action that is not in these tables fails the test.

The target of every action lies in Lyon (69123); what varies is the role and the area it is held for.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import bot.actions
import db.people
import db.staff
from bot import communes
from bot.actions import audiences, broadcasts, doubts, downloads, events, exports, staff, statistics
from bot.actions.authority import Author, author_of
from bot.actions.broadcasts import NewBroadcast
from bot.actions.events import EventChange, NewEvent
from bot.actions.exports import Order
from bot.errors import NotAllowed
from bot.rules.areas import contains, covers, department_of, region_of
from bot.rules.audiences import Audience
from bot.rules.kinds import Kind
from bot.rules.permissions import Action, Role
from bot.rules.sending import all_at
from db.engine import Database
from db.events import Event, EventText
from db.exports import Selection
from db.people import Person
from db.schema import deliveries, metadata, people
from tests.conversation import CAMPAIGN, paris

NOW = paris("2016-11-02T10:00")
LYON, MARSEILLE, PARIS = "69123", "13055", "75056"
AREAS = {"inside": LYON, "wider": "69", "everywhere": "FR", "narrower": "69381", "outside": "13"}
ROLES = ("supporter", "organizer", "coordinator", "admin", "revoked", "outsider")
ACTOR, COLLEAGUE = 7, 8


@dataclass(frozen=True, kw_only=True)
class World:
    """What there is: an event and a broadcast of a colleague, and the actor's own, all in Lyon."""

    tx: AsyncConnection
    actor: Person
    event: Event
    own_event: Event
    broadcast: int
    own_broadcast: int
    unapproved: int
    orphan: int
    role: int
    link: int


@dataclass(frozen=True, kw_only=True)
class Row:
    """An action and the least role for it. `where`: the area must hold the `target`, be `everywhere`, or any is enough.

    `check` is told what came out and whether the area held the target: where any area is enough, that decides what
    they see.
    """

    run: Callable[[World, Author], Awaitable[Any]]
    least: str
    where: str = "target"
    check: Callable[[World, Author, Any], Awaitable[None]] | None = None


DOUBTFUL = (LYON, "69381")


def ordered(table: str) -> Order:
    return Order(table=table, format="csv", selection=Selection(area=LYON))


def order(table: str) -> Callable[[World, Author], Awaitable[Any]]:
    return lambda world, author: exports.order_in_chat(world.tx, author, ordered(table))


async def require(author: Author, table: str) -> None:
    exports.require(author, ordered(table))


def new_event(author: Author) -> NewEvent:
    commune = author.gazetteer.by_code(LYON)
    assert commune is not None
    return NewEvent(
        texts={"fr": EventText(title="Réunion", description="Venez")},
        commune=commune,
        address="Salle Molière",
        pin=None,
        starts_at=NOW + timedelta(days=5),
        duration=timedelta(hours=2),
        audience=Audience(),
    )


NEWS = NewBroadcast(
    key="staff:1", kind=Kind.PERSUASION, audience=Audience(), when=all_at(NOW), texts={"fr": "Bonjour"}
)
REMINDER = {
    "key": "step:1:where",
    "kind": "gotv",
    "audience": {},
    "area": LYON,
    "starts_at": NOW,
    "created_at": NOW,
}
"""One that no member of staff wrote."""
MOVED = EventChange(address="Salle Rameau")


def moved_away(author: Author) -> EventChange:
    return EventChange(commune=author.gazetteer.by_code(MARSEILLE))


async def reaches_nobody_else(world: World, author: Author, queued: Any) -> None:
    """What was sent is for those who vote in the area, all of them and nobody else."""
    reached = set(await world.tx.scalars(_recipients(queued.broadcast)))
    everybody = (await world.tx.execute(sa.select(people.c.id, people.c.commune))).all()
    here = {
        row.id
        for row in everybody
        if row.commune and any(_lives(role.area, row.commune) for role in author.roles)
    }
    assert reached == here


def _recipients(broadcast: int) -> sa.Select[Any]:
    return sa.select(deliveries.c.person).where(deliveries.c.broadcast == broadcast)


def _lives(area: str, commune: str) -> bool:
    return covers(area, commune=commune, department=department_of(commune), region=region_of(commune))


def supervises(author: Author) -> bool:
    return any(contains(role.area, LYON) and role.role is not Role.ORGANIZER for role in author.roles)


async def sends_again_in_its_area(world: World, author: Author, again: int) -> None:
    """Of the two people in doubt, those who live where the author holds a role."""
    assert again == sum(any(_lives(role.area, home) for role in author.roles) for home in DOUBTFUL)


async def lists_broadcasts(world: World, author: Author, found: Any) -> None:
    """One's own, and those of others where one supervises."""
    listed = {each.id for each in found}
    assert world.own_broadcast in listed
    assert (world.broadcast in listed) is supervises(author)


async def lists_events(world: World, author: Author, found: Any) -> None:
    listed = {each.id for each in found.events}
    assert world.own_event.id in listed
    assert (world.event.id in listed) is supervises(author)


async def lists_its_area(world: World, author: Author, team: Any) -> None:
    for each in (*team.members, *team.links):
        assert author.may(Action.SEE_STAFF, each.area)


MATRIX: dict[str, dict[str, Row]] = {
    "broadcasts.send": {
        "": Row(
            run=lambda w, a: broadcasts.send(w.tx, a, NEWS),
            least="organizer",
            where="any",
            check=reaches_nobody_else,
        ),
    },
    "broadcasts.recent": {
        "": Row(
            run=lambda w, a: broadcasts.recent(w.tx, a),
            least="organizer",
            where="any",
            check=lists_broadcasts,
        ),
    },
    "broadcasts.followed": {
        "own": Row(
            run=lambda w, a: broadcasts.followed(w.tx, a, w.own_broadcast), least="organizer", where="any"
        ),
        "another’s": Row(run=lambda w, a: broadcasts.followed(w.tx, a, w.broadcast), least="coordinator"),
    },
    "broadcasts.control": {
        "own": Row(
            run=lambda w, a: broadcasts.control(w.tx, a, w.own_broadcast, "pause"),
            least="organizer",
            where="any",
        ),
        "another’s": Row(
            run=lambda w, a: broadcasts.control(w.tx, a, w.broadcast, "cancel"), least="coordinator"
        ),
        "approving": Row(
            run=lambda w, a: broadcasts.control(w.tx, a, w.unapproved, "resume"), least="coordinator"
        ),
        "adopting their own": Row(
            run=lambda w, a: broadcasts.control(w.tx, a, w.orphan, "resume"), least="coordinator"
        ),
    },
    "doubts.doubts_of": {
        "own": Row(
            run=lambda w, a: doubts.doubts_of(w.tx, a, w.own_broadcast), least="organizer", where="any"
        ),
        "another’s": Row(run=lambda w, a: doubts.doubts_of(w.tx, a, w.broadcast), least="coordinator"),
    },
    "doubts.send_again": {
        "own": Row(
            run=lambda w, a: doubts.send_again(w.tx, a, w.own_broadcast, until=NOW),
            least="organizer",
            where="any",
            check=sends_again_in_its_area,
        ),
        "another’s": Row(
            run=lambda w, a: doubts.send_again(w.tx, a, w.broadcast, until=NOW), least="coordinator"
        ),
    },
    "events.announce": {
        "": Row(run=lambda w, a: events.announce(w.tx, a, new_event(a)), least="organizer"),
    },
    "events.managed": {
        "": Row(run=lambda w, a: events.managed(w.tx, a), least="organizer", where="any", check=lists_events),
    },
    "events.find_managed": {
        "own": Row(run=lambda w, a: events.find_managed(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: events.find_managed(w.tx, a, w.event.code), least="coordinator"),
    },
    "events.find_open": {
        "own": Row(run=lambda w, a: events.find_open(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: events.find_open(w.tx, a, w.event.code), least="coordinator"),
    },
    "events.change_event": {
        "own": Row(
            run=lambda w, a: events.change_event(w.tx, a, w.own_event.code, MOVED, sequence=0),
            least="organizer",
        ),
        "another’s": Row(
            run=lambda w, a: events.change_event(w.tx, a, w.event.code, MOVED, sequence=0),
            least="coordinator",
        ),
        "moving it away": Row(
            run=lambda w, a: events.change_event(w.tx, a, w.own_event.code, moved_away(a), sequence=0),
            least="organizer",
            where="everywhere",
        ),
    },
    "events.cancel_event": {
        "own": Row(run=lambda w, a: events.cancel_event(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: events.cancel_event(w.tx, a, w.event.code), least="coordinator"),
    },
    "events.told": {
        "own": Row(run=lambda w, a: events.told(w.tx, a, w.own_event, cancellation=True), least="organizer"),
        "another’s": Row(
            run=lambda w, a: events.told(w.tx, a, w.event, cancellation=True), least="coordinator"
        ),
    },
    "exports.order_in_chat": {
        "responses": Row(run=order("responses"), least="coordinator"),
        "supporters": Row(run=order("supporters"), least="coordinator"),
        "deliveries": Row(run=order("deliveries"), least="coordinator"),
        "attendance": Row(run=order("attendance"), least="coordinator"),
        "audit": Row(run=order("audit"), least="admin", where="everywhere"),
    },
    "exports.require": {
        "responses": Row(run=lambda w, a: require(a, "responses"), least="coordinator"),
        "audit": Row(run=lambda w, a: require(a, "audit"), least="admin", where="everywhere"),
    },
    "downloads.offer": {
        "responses": Row(
            run=lambda w, a: downloads.offer(w.tx, a, ordered("responses"), "fr"), least="coordinator"
        ),
        "audit": Row(
            run=lambda w, a: downloads.offer(w.tx, a, ordered("audit"), "fr"),
            least="admin",
            where="everywhere",
        ),
    },
    "staff.team": {
        "": Row(run=lambda w, a: staff.team(w.tx, a), least="admin", where="any", check=lists_its_area),
    },
    "staff.invite": {
        "": Row(run=lambda w, a: staff.invite(w.tx, a, role=Role.ADMIN, area=LYON), least="admin"),
    },
    "staff.find": {"": Row(run=lambda w, a: staff.find(w.tx, a, w.role), least="admin")},
    "staff.revoke": {"": Row(run=lambda w, a: staff.revoke(w.tx, a, w.role), least="admin")},
    "staff.revoke_link": {"": Row(run=lambda w, a: staff.revoke_link(w.tx, a, w.link), least="admin")},
    "statistics.overview": {
        "": Row(run=lambda w, a: statistics.overview(w.tx, a, LYON, "fr"), least="organizer"),
    },
    "statistics.logged": {
        "": Row(run=lambda w, a: statistics.logged(w.tx, a, LYON), least="organizer"),
    },
}
"""What is done on behalf of staff: it checks their role and their area itself."""

OWN = """
polling_places.choose polling_places.where_of
erasure.erase erasure.forget people.find_all people.meet people.lose preferences.want_messages preferences.volunteer
registration.choose_language registration.decide_consent registration.declare_age
registration.vote_in_commune registration.stop_choosing_by_commune renewals.may_ask
registration.vote_in_territory registration.vote_abroad registration.brought_by registration.register
responses.record responses.response
rights.stop rights.delete rights.keep_me rights.why rights.holding rsvps.answer_invitation
rsvps.confirm_coming rsvps.tell_whether_came event_cards.upcoming_page staff.join vote_plans.pledge
vote_plans.tell_place vote_plans.plan_slot vote_plans.plan_departure vote_plans.plan_company
vote_plans.answer_echo vote_plans.tell_turnout vote_plans.keep_plan
"""
"""What people do about themselves: the person who acts is the only one it touches."""

MACHINE = """
audit.note audit.verify planning.plan planning.look opt_outs.preview opt_outs.import_list
polling_places.difference polling_places.import_places renewals.look_at_some retention.purge staff.add staff.make_link
authority.roles_of authority.author_of staff.roles_of exports.note
"""
"""What the bot does by itself, or whoever has the machine with the command line."""

AFTERWARDS = """
audiences.reach audiences.view broadcasts.queue broadcasts.progress_of broadcasts.event_titles
broadcasts.pause_orphans exports.write exports.content
"""
"""What others call once they checked: targets that `targets_of` narrowed, a broadcast just made or `followed`, an
export that was ordered, the titles of events, which are public.
"""

BY_LINK = "downloads.look downloads.use"
"""What a one-time link opens, as long as the roles of its owner allow it: tests/actions/test_downloads.py."""

NARROWING = "audiences.targets_of exports.tables_for doubts.unattended"
"""What gives less to who may do less, and nothing to who may do nothing: tested on its own below."""

PURE = """
audiences.target audiences.places_named audit.staff_actor audit.chained authority.area_name
erasure.suppression_hash events.silence_at
event_calendar.calendar_file event_cards.event_card event_cards.distance_to
event_cards.nearest_first events.draft_of events.changed planning.open_steps planning.step_key
renewals.text_hash renewals.consent_texts rights.area_name staff.hash_of statistics.level_within statistics.wider_area
vote_plans.may_still_tell_turnout vote_plans.next_ballot_for
"""
"""What computes and touches no database."""


def actions() -> dict[str, Any]:
    """Every public function of bot.actions, and every class that is called like one."""
    found = {}
    for module in pkgutil.iter_modules(bot.actions.__path__):
        loaded = importlib.import_module(f"bot.actions.{module.name}")
        for name, value in vars(loaded).items():
            defined_here = getattr(value, "__module__", "") == loaded.__name__
            callable_ = inspect.isfunction(value) or (inspect.isclass(value) and "__call__" in vars(value))
            if defined_here and callable_ and not name.startswith("_"):
                found[f"{module.name}.{name}"] = value
    return found


def test_every_action_is_in_one_table() -> None:
    listed = [*MATRIX, *" ".join((OWN, MACHINE, AFTERWARDS, BY_LINK, NARROWING, PURE)).split()]
    assert len(listed) == len(set(listed))
    assert set(actions()) - set(listed) == set(), "say in this file who may do it"
    assert set(listed) - set(actions()) == set()


def test_what_is_said_to_be_pure_touches_no_database() -> None:
    found = actions()
    for name in PURE.split():
        assert not {"tx", "database"} & set(inspect.signature(found[name]).parameters), name


def test_whoever_acts_for_others_is_known_by_their_role() -> None:
    """An action in the matrix is given its author; one that people do themselves is not."""
    found = actions()
    for name in MATRIX:
        assert "author" in inspect.signature(found[name]).parameters, name
    for name in (*OWN.split(), *MACHINE.split()):
        assert "author" not in inspect.signature(found[name]).parameters, name


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[World]:
    async with sqlite_database.write() as tx:
        yield await _world(tx)


async def _world(tx: AsyncConnection) -> World:
    actor = await db.people.create(tx, telegram_id=ACTOR, pseudonym="actor", now=NOW)
    colleague = await db.people.create(tx, telegram_id=COLLEAGUE, pseudonym="colleague", now=NOW)
    base = {"state": "registered", "consent_contact": True, "consent_commune": True, "zone": "Europe/Paris"}
    for number, commune in enumerate((LYON, "69381", "69266", MARSEILLE, PARIS), start=100):
        place = {"commune": commune, "department": department_of(commune), "region": region_of(commune)}
        row = {"telegram_id": number, "pseudonym": str(number), "created_at": NOW, "seen_at": NOW}
        await tx.execute(sa.insert(people).values(territory="FR", **base, **place, **row))
    # Roles that make what is there; the actor's own are withdrawn again.
    for telegram_id in (ACTOR, COLLEAGUE):
        await db.staff.add(tx, telegram_id=telegram_id, role="admin", area="FR", added_by=None, now=NOW)
    mine, theirs = [await _author(tx, each) for each in (actor, colleague)]
    for_lyon = replace(NEWS, audience=Audience(area=LYON))
    made = [
        (await broadcasts.send(tx, author, replace(for_lyon, key=key))).broadcast
        for author, key in ((theirs, "a"), (mine, "b"), (mine, "c"))
    ]
    reminder = await db.broadcasts.create(tx, REMINDER)
    assert reminder is not None
    one = sa.select(people.c.id).where(people.c.commune == LYON)
    await db.broadcasts.queue_deliveries(tx, broadcast=reminder, people=one, due_at=NOW, now=NOW)
    await tx.execute(sa.update(deliveries).values(state="in_doubt"))
    many = replace(theirs, campaign=replace(CAMPAIGN, approval_above=1))
    unapproved = (await broadcasts.send(tx, many, replace(for_lyon, key="d"))).broadcast
    announced = [(await events.announce(tx, author, new_event(author))).event for author in (theirs, mine)]
    await staff.invite(tx, theirs, role=Role.ORGANIZER, area=LYON)
    (link,) = await db.staff.open_links(tx, NOW)
    member = await staff.add(tx, telegram_id=9, role=Role.ORGANIZER, area=LYON, actor="test", now=NOW)
    (role,) = await db.staff.roles_of(tx, ACTOR)
    await db.staff.revoke(tx, role.id, NOW)
    # The actor's last broadcast alone is left without somebody who may send it.
    orphans = {each.id for each in await broadcasts.pause_orphans(tx, ACTOR)}
    assert made[2] in orphans
    await db.facts.forget_fact(tx, f"orphan:{made[1]}")
    await db.broadcasts.resume(tx, made[1])
    return World(
        tx=tx,
        actor=actor,
        event=announced[0],
        own_event=announced[1],
        broadcast=made[0],
        own_broadcast=made[1],
        unapproved=unapproved,
        orphan=made[2],
        role=member.id,
        link=link.id,
    )


async def _author(tx: AsyncConnection, person: Person) -> Author:
    return await author_of(tx, person, campaign=CAMPAIGN, gazetteer=communes.load(), now=NOW)


async def appointed(world: World, role: str, area: str) -> Author:
    """The actor in a role over an area."""
    tx = world.tx
    if role == "supporter":
        await db.people.change(tx, world.actor.id, state="registered", consent_contact=True)
    elif role != "outsider":
        held = await db.staff.add(
            tx,
            telegram_id=ACTOR,
            role="admin" if role == "revoked" else role,
            area=area,
            added_by=None,
            now=NOW,
        )
        if role == "revoked":
            await db.staff.revoke(tx, held.id, NOW)
    return await _author(tx, world.actor)


async def contents(tx: AsyncConnection) -> dict[str, str]:
    return {
        table.name: repr((await tx.execute(sa.select(table).order_by(*table.primary_key.columns))).all())
        for table in metadata.sorted_tables
    }


RANK = {"organizer": 1, "coordinator": 2, "admin": 3}


def is_allowed(row: Row, role: str, area: str) -> bool:
    """The matrix, said again without the code's own tables."""
    if RANK.get(role, 0) < RANK[row.least]:
        return False
    return {
        "any": True,
        "target": area in ("inside", "wider", "everywhere"),
        "everywhere": area == "everywhere",
    }[row.where]


@pytest.mark.parametrize(
    ("action", "variant"),
    [(action, variant) for action, variants in MATRIX.items() for variant in variants],
    ids=lambda text: text or "-",
)
async def test_only_who_may(world: World, action: str, variant: str) -> None:
    """Who may does it; who may not is refused, and nothing is written."""
    row = MATRIX[action][variant]
    for role, area in product(ROLES, AREAS):
        trial = await world.tx.begin_nested()
        author = await appointed(world, role, AREAS[area])
        before = await contents(world.tx)
        try:
            result = await row.run(world, author)
        except NotAllowed:
            assert not is_allowed(row, role, area), f"{role} {area} was refused"
            assert await contents(world.tx) == before, f"{role} {area} was refused, and something was written"
        else:
            assert is_allowed(row, role, area), f"{role} {area} was allowed"
            if row.check is not None:
                await row.check(world, author, result)
        await trial.rollback()


async def test_what_narrows_gives_nothing_to_others(world: World) -> None:
    for role, area in product(ROLES, AREAS):
        trial = await world.tx.begin_nested()
        author = await appointed(world, role, AREAS[area])
        targets = audiences.targets_of(author, Audience(), Action.BROADCAST)
        assert [each.audience.area for each in targets] == ([AREAS[area]] if role in RANK else [])
        tables = {table.name for table in exports.tables_for(author, LYON)}
        here = area in ("inside", "wider", "everywhere") and RANK.get(role, 0) >= RANK["coordinator"]
        assert bool(tables - {"audit"}) is here
        assert ("audit" in tables) is (role == "admin" and area == "everywhere")
        assert len(await doubts.unattended(world.tx, author)) == int(here)
        await trial.rollback()
