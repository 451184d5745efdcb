"""A member of staff, and what there is to act on: events and broadcasts of theirs and of a colleague, all in Lyon."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.approvals
import db.broadcasts
import db.console
import db.conversations
import db.duties
import db.event_files
import db.events
import db.facts
import db.hosts
import db.people
import db.saved_answers
import db.shifts
import db.staff
import db.volunteering
from bot import communes
from bot.actions import admissions, announcing, broadcast_control, broadcasts, staff, staff_links, surveys
from bot.actions.announcing import NewEvent
from bot.actions.authority import Author, author_of
from bot.actions.broadcasts import NewBroadcast
from bot.actions.exports import Order
from bot.actions.surveys import NewSurvey
from bot.rules.console import Entrance
from bot.rules.conversations import claimed, written_to
from bot.rules.expressions import EVERYBODY
from bot.rules.kinds import Kind
from bot.rules.leaves import read_leaf
from bot.rules.permissions import Role
from bot.rules.sending import all_at
from db.events import Event, EventText
from db.exports import Selection
from db.people import Person
from db.schema import deliveries, people
from tests.conversation import CAMPAIGN, paris
from tests.ground import sow
from tests.places import place_of
from tests.surveying import TRAINS

NOW = paris("2016-11-02T10:00")
LYON, MARSEILLE, PARIS = "69123", "13055", "75056"
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
    request: int
    orphan: int
    role: int
    link: int
    admission: int
    export: int
    granted: int
    offer: int
    # What a supporter of Lyon proposes to host there, by its code, and who they are.
    proposal: str
    host: int
    waiting: int
    taken: int
    colleague: int
    saved: int
    session: int
    walk: int
    offered_walk: int
    taken_walk: int
    shift: int
    own_shift: int


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
        audience=EVERYBODY,
    )


async def _shift(tx: AsyncConnection, event: Event) -> int:
    starts = event.starts_at
    return await db.shifts.create(
        tx, event=event.id, role="welcome", starts_at=starts, ends_at=starts + timedelta(hours=1), capacity=2
    )


def new_survey(code: str) -> NewSurvey:
    """One for everybody, open for two days."""
    dates = {"closes_at": NOW + timedelta(days=2), "erase_at": NOW + timedelta(days=9)}
    return NewSurvey(code=code, kind=Kind.POLL, form=TRAINS, audience=EVERYBODY, **dates)


NEWS = NewBroadcast(
    key="staff:1",
    kind=Kind.PERSUASION,
    audience=EVERYBODY,
    when=all_at(NOW),
    texts={"fr": "Bonjour"},
    knowing=True,
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


async def made_world(tx: AsyncConnection) -> World:
    actor = await db.people.create(tx, telegram_id=ACTOR, pseudonym="actor", now=NOW)
    colleague = await db.people.create(tx, telegram_id=COLLEAGUE, pseudonym="colleague", now=NOW)
    base = {"state": "registered", "consent_contact": True, "consent_commune": True, "zone": "Europe/Paris"}
    for number, commune in enumerate((LYON, "69381", "69266", MARSEILLE, PARIS), start=100):
        row = {"telegram_id": number, "pseudonym": str(number), "created_at": NOW, "seen_at": NOW}
        await tx.execute(sa.insert(people).values(territory="FR", **base, **place_of(commune), **row))
    # Roles that make what is there; the actor's own are withdrawn again.
    for telegram_id in (ACTOR, COLLEAGUE):
        await db.staff.add(tx, telegram_id=telegram_id, role="admin", area="FR", added_by=None, now=NOW)
    mine, theirs = [await author_in(tx, each) for each in (actor, colleague)]
    for_lyon = replace(NEWS, audience=read_leaf(f"in:{LYON}"))
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
    request = await db.approvals.of_broadcast(tx, unapproved)
    assert request is not None
    for author, code in ((theirs, "theirs"), (mine, "own")):
        # What was sent before keeps a survey from everybody of Lyon.
        survey = replace(new_survey(code), audience=read_leaf(f"in:{LYON}"), knowing=True)
        await surveys.send(tx, author, survey)
    announced = [
        (await announcing.announce(tx, author, new_event(author))).event for author in (theirs, mine)
    ]
    await staff_links.invite(tx, theirs, role=Role.ORGANIZER, area=LYON)
    (link,) = await db.staff.open_links(tx, NOW)
    member = await staff.add(tx, telegram_id=9, role=Role.ORGANIZER, area=LYON, actor="test", now=NOW)
    admission = await admissions.ask(
        tx, telegram_id=10, area=LYON, by=COLLEAGUE, link="0" * 12, seconds=set(), now=NOW
    )
    everywhere = Order(table="responses", format="csv", selection=Selection())
    asked = {"what": "export", "details": {**everywhere.details, "rows": 1}, "asked_at": NOW}
    export = await db.approvals.ask(tx, asked_by=COLLEAGUE, **asked)
    granted = await db.approvals.ask(tx, asked_by=ACTOR, decided_at=NOW, granted=True, **asked)
    of_lyon = await db.people.find(tx, 100)
    assert of_lyon is not None
    offer = await db.volunteering.change(tx, of_lyon.id, NOW, meeting=True, contact=True)
    await db.saved_answers.save(tx, area=LYON, language="fr", title="Heures", text="8 h", now=NOW)
    (saved,) = await db.saved_answers.all_of_them(tx)
    waiting, taken = [await made_conversation(tx, number) for number in (100, 101)]
    found = await db.conversations.get(tx, taken)
    assert found is not None
    await db.conversations.move(tx, found, claimed(found.standing, actor.id, NOW))
    for answerer in (actor, colleague):
        await db.duties.change(tx, answerer.id, name="Sophie", on_duty=True)
    keys = {"opener_hash": "o", "cookie_hash": "c", "language": "fr"}
    await db.console.add_session(
        tx, Entrance.CONSOLE, telegram_id=9, now=NOW, expires_at=NOW + timedelta(hours=12), **keys
    )
    (session,) = await db.console.open_sessions(tx, Entrance.CONSOLE, NOW)
    await db.event_files.keep_key(tx, "theirs", announced[0].id)
    proposed = await db.events.create(
        tx,
        texts=new_event(mine).texts,
        created_by=of_lyon.id,
        created_at=NOW,
        **{**announcing.columns_of(new_event(mine), "proposed"), "state": "proposed"},
    )
    await db.hosts.add(tx, event=proposed.id, person=of_lyon.id, part="host", now=NOW)
    await db.hosts.propose(tx, event=proposed.id, person=of_lyon.id, now=NOW)
    (role,) = await db.staff.roles_of(tx, ACTOR)
    await db.staff.revoke(tx, role.id, NOW)
    # The actor's last broadcast alone is left without somebody who may send it.
    orphans = {each.id for each in await broadcast_control.pause_orphans(tx, ACTOR, NOW)}
    assert made[2] in orphans
    await db.facts.forget_fact(tx, f"orphan:{made[1]}")
    await db.broadcasts.resume(tx, made[1])
    walk, offered_walk, taken_walk = await sow(tx, NOW)
    return World(
        tx=tx,
        actor=actor,
        event=announced[0],
        own_event=announced[1],
        broadcast=made[0],
        own_broadcast=made[1],
        unapproved=unapproved,
        request=request.id,
        orphan=made[2],
        walk=walk,
        offered_walk=offered_walk,
        taken_walk=taken_walk,
        role=member.id,
        link=link.id,
        admission=admission.id,
        export=export.id,
        granted=granted.id,
        offer=offer.id,
        proposal=proposed.code,
        host=of_lyon.id,
        waiting=waiting,
        taken=taken,
        colleague=colleague.id,
        saved=saved.id,
        session=session.id,
        shift=await _shift(tx, announced[0]),
        own_shift=await _shift(tx, announced[1]),
    )


async def made_conversation(tx: AsyncConnection, telegram_id: int) -> int:
    """Somebody of Lyon who waits for an answer; the number of their conversation."""
    asker = await db.people.find(tx, telegram_id)
    assert asker is not None
    found = await db.conversations.open_for(tx, asker.id, LYON, NOW)
    await db.conversations.add(tx, conversation=found.id, at=NOW, text="Bonjour", message_id=1)
    assert await db.conversations.move(tx, found, written_to(found.standing, NOW))
    return found.id


async def author_in(tx: AsyncConnection, person: Person) -> Author:
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
    return await author_in(tx, world.actor)
