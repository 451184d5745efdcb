"""What is done on behalf of staff: each action, the least role for it, and where that must be held."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

import db.broadcast_accounts
import db.event_files
from bot.actions import (
    admissions,
    announcing,
    attendees,
    broadcast_approvals,
    broadcast_cards,
    broadcast_changes,
    broadcast_drafts,
    broadcasts,
    calendar,
    canvass,
    canvass_offers,
    canvass_results,
    check_ins,
    console,
    doubts,
    downloads,
    duties,
    event_drafts,
    event_history,
    event_imports,
    event_seats,
    event_words,
    events,
    export_orders,
    exports,
    helpers,
    hosts,
    inbox,
    look_up,
    maps,
    mends,
    saved_answers,
    saved_audiences,
    series,
    shift_plans,
    staff,
    staff_links,
    statistics,
    surveys,
    team_log,
    today,
    volunteering,
)
from bot.actions.authority import Author
from bot.actions.conversations import Content
from bot.actions.events import EventChange
from bot.actions.exports import Order
from bot.actions.look_up import LookedUp
from bot.event_files.filed import FiledEvent
from bot.rules.areas import EVERYWHERE, contains
from bot.rules.broadcast_lists import BroadcastPart
from bot.rules.check_ins import CheckInRefused, DoorKey
from bot.rules.expressions import EVERYBODY
from bot.rules.leaves import read_leaf
from bot.rules.mends import Mend
from bot.rules.permissions import Action, Role
from bot.rules.series import Every
from db.events import Event, EventText
from db.exports import Selection
from db.schema import deliveries, people
from tests.acting import LYON, MARSEILLE, NEWS, NOW, World, new_event, new_survey
from tests.ground import STATION

DOUBTFUL = (LYON, "69381")
LYONNAIS = read_leaf(f"in:{LYON}")
THURSDAYS = series.Repeats(
    every=Every.WEEK, walls=[datetime.fromisoformat(f"{day}T19:00") for day in ("2016-11-24", "2016-12-01")]
)
MOVED = EventChange(address="Salle Rameau")


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


def ordered(table: str) -> Order:
    return Order(table=table, format="csv", selection=Selection(area=LYON))


def order(table: str) -> Callable[[World, Author], Awaitable[Any]]:
    return lambda world, author: export_orders.order(world.tx, author, ordered(table))


async def require(author: Author, table: str) -> None:
    exports.require(author, ordered(table))


async def announces_a_draft(world: World, author: Author) -> None:
    """An event that was written down by its dialog."""
    commune = author.gazetteer.by_code(LYON)
    assert commune is not None
    said = {"titles": {"fr": "Réunion"}, "address": "Salle Molière", "pin": [], "seats": [], "minutes": 60}
    await event_drafts.announce(world.tx, author, {**said, "wall": "2016-11-24T19:00:00"}, commune)


async def shows_what_is_theirs(world: World, author: Author, found: Any) -> None:
    """The events of the area, and what they may control of the messages that are scheduled."""
    assert {each.event.id for each in found if each.event} == {world.event.id, world.own_event.id}


def moved_away(author: Author) -> EventChange:
    return EventChange(commune=author.gazetteer.by_code(MARSEILLE))


async def reaches_nobody_else(world: World, author: Author, queued: Any) -> None:
    """What was sent is for those who vote in the area, all of them and nobody else."""
    reached = set(await world.tx.scalars(_recipients(queued.broadcast)))
    everybody = (await world.tx.execute(sa.select(people.c.id, people.c.commune))).all()
    here = {
        row.id
        for row in everybody
        if row.commune and any(contains(role.area, row.commune) for role in author.roles)
    }
    assert reached == here


def _recipients(broadcast: int) -> sa.Select[Any]:
    return sa.select(deliveries.c.person).where(deliveries.c.broadcast == broadcast)


def supervises(author: Author) -> bool:
    return any(contains(role.area, LYON) and role.role is not Role.ORGANIZER for role in author.roles)


async def sends_again_in_its_area(world: World, author: Author, again: int) -> None:
    """Of the two people in doubt, those who live where the author holds a role."""
    assert again == sum(any(contains(role.area, home) for role in author.roles) for home in DOUBTFUL)


async def ranks_stations(world: World, author: Author, found: Any) -> None:
    """Those of the area alone."""
    assert bool(found) is supervises(author)


async def lists_broadcasts(world: World, author: Author, found: Any) -> None:
    """One's own, and those of others where one supervises."""
    listed = {each.broadcast.id for each in found.lines}
    assert world.own_broadcast in listed
    assert (world.broadcast in listed) is supervises(author)


async def asks_nobody_else(world: World, author: Author, made: Any) -> None:
    """It waits for a second person unless a coordinator asks."""
    await reaches_nobody_else(world, author, made)
    assert made.awaits_approval is all(role.role is Role.ORGANIZER for role in author.roles)


async def lists_surveys(world: World, author: Author, found: Any) -> None:
    assert {each.code for each in found} == {"own", *(["theirs"] if supervises(author) else [])}


async def lists_events(world: World, author: Author, found: Any) -> None:
    listed = {each.id for each in found.events}
    assert world.own_event.id in listed
    assert (world.event.id in listed) is supervises(author)


async def lists_its_area(world: World, author: Author, team: Any) -> None:
    for each in (*team.members, *team.links):
        assert author.may(Action.SEE_STAFF, each.area)


async def lists_sessions(world: World, author: Author, found: Any) -> None:
    """Whoever may withdraw the roles of whoever signed in."""
    assert {each.id for each in found} == ({world.session} if author.may(Action.END_CONSOLE, LYON) else set())


async def decides_on_doubts(world: World, author: Author, found: Any) -> None:
    """One's own messages, and those of others where one supervises, for people of the author’s areas."""
    listed = {each.id for each in found}
    assert world.broadcast not in listed or supervises(author)


async def decides_what_is_theirs(world: World, author: Author, found: Any) -> None:
    asked = {each.number for each in found if each.matter == today.Matter.APPROVAL}
    assert asked == ({world.unapproved} if supervises(author) else set())


async def saves_for_its_area(world: World, author: Author, kept: Any) -> None:
    """Nobody outside the author’s areas is in it."""
    assert any(contains(kept.audience.area, role.area) for role in author.roles)


WORDS = Content(message_id=1, text="Bonjour")


async def lists_who_waits(world: World, author: Author, found: Any) -> None:
    """Those of their areas, and no word of any."""
    here = any(contains(role.area, LYON) for role in author.roles)
    assert {each.conversation.id for each in found.waiting} == ({world.waiting} if here else set())


DOOR = DoorKey(secret=b"k" * 32)


def later(event: Event) -> dict[str, Any]:
    """Hours of a shift of an event."""
    return {"starts_at": event.starts_at, "ends_at": event.starts_at + timedelta(hours=2)}


def hours(event: Event) -> dict[str, Any]:
    """A shift of an event."""
    return {"role": "welcome", **later(event), "capacity": 2}


def at_the_door(author: Author, event: Event) -> Author:
    """The author at the moment when people are let in."""
    return replace(author, now=event.starts_at)


async def ticked(world: World, author: Author, event: Event) -> None:
    """Nobody is on the list yet: that is said to who may tick, and to nobody else."""
    with suppress(CheckInRefused):
        await check_ins.tick(world.tx, at_the_door(author, event), event.code, 1, there=True)


def filed(author: Author, **changed: Any) -> FiledEvent:
    """An event of Lyon in a file, for everybody."""
    commune = author.gazetteer.by_code(LYON)
    assert commune is not None
    starts_at = NOW + timedelta(days=6)
    usual: dict[str, Any] = {
        "line": 2,
        "key": "k",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=2),
        "commune": commune,
        "address": "Salle Molière",
        "texts": {"fr": EventText(title="Réunion", description="")},
        "area": EVERYWHERE,
        "invite": EVERYBODY,
    }
    return FiledEvent(**{**usual, **changed})


async def planned_again(world: World, author: Author) -> Any:
    """The colleague’s event, as a file has it."""
    return await event_imports.plan(world.tx, author, [filed(author, key="theirs", invite=None)])


async def imported(world: World, author: Author) -> None:
    ready = await event_imports.make_ready(world.tx, author, [filed(author)])
    await event_imports.carry_out(world.tx, author, ready, file="events.csv")


async def invites_nobody_else(world: World, author: Author, nothing: Any) -> None:
    """Its invitation is for those who vote in the area, all of them and nobody else."""
    made = (await db.event_files.by_keys(world.tx, ["k"], {}))["k"].event
    invitation = await db.broadcast_accounts.invitation_to(world.tx, made.id)
    assert invitation is not None
    await reaches_nobody_else(world, author, SimpleNamespace(broadcast=invitation.id))


MATRIX: dict[str, dict[str, Row]] = {
    "broadcasts.send": {
        "": Row(
            run=lambda w, a: broadcasts.send(w.tx, a, NEWS),
            least="organizer",
            where="any",
            check=reaches_nobody_else,
        ),
    },
    "broadcast_cards.listed": {
        "": Row(
            run=lambda w, a: broadcast_cards.listed(
                w.tx, a, BroadcastPart.ALL, 0, language="fr", fallback="fr"
            ),
            least="organizer",
            where="any",
            check=lists_broadcasts,
        ),
    },
    "broadcast_cards.reminders": {
        "": Row(run=lambda w, a: broadcast_cards.reminders(w.tx, a), least="organizer", where="any"),
    },
    "broadcast_cards.card": {
        "own": Row(
            run=lambda w, a: broadcast_cards.card(w.tx, a, w.own_broadcast, "fr"),
            least="organizer",
            where="any",
        ),
        "another’s": Row(
            run=lambda w, a: broadcast_cards.card(w.tx, a, w.broadcast, "fr"), least="coordinator"
        ),
    },
    "broadcast_changes.changeable": {
        "another’s": Row(
            run=lambda w, a: broadcast_changes.changeable(w.tx, a, w.unapproved), least="coordinator"
        ),
    },
    "broadcast_drafts.duplicable": {
        "another’s": Row(
            run=lambda w, a: broadcast_drafts.duplicable(w.tx, a, w.unapproved), least="coordinator"
        ),
    },
    "broadcast_changes.change": {
        "another’s": Row(
            run=lambda w, a: broadcast_changes.change(w.tx, a, w.unapproved, NEWS), least="coordinator"
        ),
    },
    "broadcast_changes.renew": {
        "own": Row(
            run=lambda w, a: broadcast_changes.renew(w.tx, a, w.own_broadcast),
            least="organizer",
            where="any",
        ),
        "another’s": Row(run=lambda w, a: broadcast_changes.renew(w.tx, a, w.broadcast), least="coordinator"),
    },
    "broadcast_changes.foreseen_again": {
        "another’s": Row(
            run=lambda w, a: broadcast_changes.foreseen_again(w.tx, a, w.broadcast), least="coordinator"
        ),
    },
    "mends.mendable": {
        "another’s": Row(
            run=lambda w, a: mends.mendable(w.tx, a, w.broadcast, Mend.RECALL), least="coordinator"
        ),
        # Whose role no longer reaches there may take back what they wrote, and say nothing new.
        "own, elsewhere": Row(
            run=lambda w, a: mends.mendable(w.tx, a, w.own_broadcast, Mend.RECALL),
            least="organizer",
            where="any",
        ),
    },
    "saved_audiences.save_for": {
        "": Row(
            run=lambda w, a: saved_audiences.save_for(w.tx, a, "nous", LYONNAIS, as_typed="nous"),
            least="organizer",
            where="any",
            check=saves_for_its_area,
        ),
    },
    "mends.recall": {
        "own": Row(
            run=lambda w, a: mends.recall(w.tx, a, w.own_broadcast, key="mend:1"),
            least="organizer",
            where="any",
        ),
        "another’s": Row(
            run=lambda w, a: mends.recall(w.tx, a, w.broadcast, key="mend:1"), least="coordinator"
        ),
    },
    "mends.correct": {
        "own": Row(
            run=lambda w, a: mends.correct(w.tx, a, w.own_broadcast, {"fr": "Bonsoir"}, key="mend:1"),
            least="organizer",
        ),
        "another’s": Row(
            run=lambda w, a: mends.correct(w.tx, a, w.broadcast, {"fr": "Bonsoir"}, key="mend:1"),
            least="coordinator",
        ),
    },
    "broadcasts.followed": {
        "own": Row(
            run=lambda w, a: broadcasts.followed(w.tx, a, w.own_broadcast), least="organizer", where="any"
        ),
        "another’s": Row(run=lambda w, a: broadcasts.followed(w.tx, a, w.broadcast), least="coordinator"),
    },
    "broadcasts.controlled": {
        "own": Row(
            run=lambda w, a: broadcasts.controlled(w.tx, a, w.own_broadcast), least="organizer", where="any"
        ),
        "another’s": Row(run=lambda w, a: broadcasts.controlled(w.tx, a, w.broadcast), least="coordinator"),
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
        "adopting their own": Row(
            run=lambda w, a: broadcasts.control(w.tx, a, w.orphan, "resume"), least="coordinator"
        ),
    },
    "broadcasts.ask_again": {
        "another’s": Row(run=lambda w, a: broadcasts.ask_again(w.tx, a, w.unapproved), least="coordinator"),
    },
    "broadcast_approvals.shown_to": {
        "": Row(run=lambda w, a: broadcast_approvals.shown_to(w.tx, a, w.request, "fr"), least="coordinator"),
    },
    "broadcast_approvals.decided": {
        "": Row(run=lambda w, a: broadcast_approvals.decided(w.tx, a, w.request), least="coordinator"),
    },
    "broadcast_approvals.decide": {
        "letting it go": Row(
            run=lambda w, a: broadcast_approvals.decide(
                w.tx, a, w.request, broadcast_approvals.ApprovalDecision.ANYWAY
            ),
            least="coordinator",
        ),
        "refusing": Row(
            run=lambda w, a: broadcast_approvals.decide(
                w.tx, a, w.request, broadcast_approvals.ApprovalDecision.NO
            ),
            least="coordinator",
        ),
    },
    "canvass.cut_station": {
        "": Row(run=lambda w, a: canvass.cut_station(w.tx, a, STATION), least="coordinator"),
    },
    "canvass_results.lines": {
        "": Row(run=lambda w, a: canvass_results.lines(w.tx, a, "69123"), least="coordinator"),
    },
    "canvass_results.learnt": {
        "": Row(run=lambda w, a: canvass_results.learnt(w.tx, a, STATION), least="coordinator"),
    },
    "canvass_results.ways": {
        "": Row(run=lambda w, a: canvass_results.ways(w.tx, a, STATION), least="coordinator"),
    },
    "canvass_offers.stations_for": {
        "": Row(
            run=lambda w, a: canvass_offers.stations_for(w.tx, a),
            least="coordinator",
            where="any",
            check=ranks_stations,
        ),
    },
    "canvass_offers.station_for": {
        "": Row(run=lambda w, a: canvass_offers.station_for(w.tx, a, STATION), least="coordinator"),
    },
    "canvass_offers.commune_of": {
        "": Row(run=lambda w, a: canvass_offers.commune_of(w.tx, a, STATION), least="coordinator"),
    },
    "canvass_offers.offer": {
        "": Row(run=lambda w, a: canvass_offers.offer(w.tx, a, STATION), least="coordinator"),
    },
    "canvass_offers.account": {
        "": Row(run=lambda w, a: canvass_offers.account(w.tx, a, w.walk), least="coordinator"),
    },
    "canvass_offers.sheet": {
        "": Row(run=lambda w, a: canvass_offers.sheet(w.tx, a, w.offered_walk), least="coordinator"),
    },
    "canvass_offers.sign_out": {
        "": Row(run=lambda w, a: canvass_offers.sign_out(w.tx, a, w.walk), least="coordinator"),
    },
    "canvass_offers.free": {
        "": Row(run=lambda w, a: canvass_offers.free(w.tx, a, w.taken_walk), least="coordinator"),
    },
    "canvass_offers.withdraw": {
        "": Row(run=lambda w, a: canvass_offers.withdraw(w.tx, a, w.offered_walk), least="coordinator"),
    },
    "doubts.doubts_of": {
        "own": Row(
            run=lambda w, a: doubts.doubts_of(w.tx, a, w.own_broadcast), least="organizer", where="any"
        ),
        "another’s": Row(run=lambda w, a: doubts.doubts_of(w.tx, a, w.broadcast), least="coordinator"),
    },
    "doubts.to_decide": {
        "": Row(
            run=lambda w, a: doubts.to_decide(w.tx, a),
            least="organizer",
            where="any",
            check=decides_on_doubts,
        ),
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
    "announcing.announce": {
        "": Row(run=lambda w, a: announcing.announce(w.tx, a, new_event(a)), least="organizer"),
    },
    "event_drafts.announce": {
        "": Row(run=announces_a_draft, least="organizer"),
    },
    "events.managed": {
        "": Row(run=lambda w, a: events.managed(w.tx, a), least="organizer", where="any", check=lists_events),
    },
    "shift_plans.planned": {
        "own": Row(run=lambda w, a: shift_plans.planned(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: shift_plans.planned(w.tx, a, w.event.code), least="coordinator"),
    },
    "shift_plans.shift": {
        "own": Row(run=lambda w, a: shift_plans.shift(w.tx, a, w.own_shift), least="organizer"),
        "another’s": Row(run=lambda w, a: shift_plans.shift(w.tx, a, w.shift), least="coordinator"),
    },
    "shift_plans.add": {
        "own": Row(
            run=lambda w, a: shift_plans.add(w.tx, a, w.own_event.code, **hours(w.own_event)),
            least="organizer",
        ),
        "another’s": Row(
            run=lambda w, a: shift_plans.add(w.tx, a, w.event.code, **hours(w.event)), least="coordinator"
        ),
    },
    "shift_plans.change_hours": {
        "own": Row(
            run=lambda w, a: shift_plans.change_hours(w.tx, a, w.own_shift, **later(w.own_event)),
            least="organizer",
        ),
        "another’s": Row(
            run=lambda w, a: shift_plans.change_hours(w.tx, a, w.shift, **later(w.event)), least="coordinator"
        ),
    },
    "shift_plans.change_places": {
        "own": Row(
            run=lambda w, a: shift_plans.change_places(w.tx, a, w.own_shift, capacity=5), least="organizer"
        ),
        "another’s": Row(
            run=lambda w, a: shift_plans.change_places(w.tx, a, w.shift, capacity=5), least="coordinator"
        ),
    },
    "shift_plans.call_off": {
        "own": Row(run=lambda w, a: shift_plans.call_off(w.tx, a, w.own_shift), least="organizer"),
        "another’s": Row(run=lambda w, a: shift_plans.call_off(w.tx, a, w.shift), least="coordinator"),
    },
    "events.past": {
        "": Row(run=lambda w, a: events.past(w.tx, a, 0), least="organizer", where="any"),
    },
    "event_history.cancelled": {
        "": Row(run=lambda w, a: event_history.cancelled(w.tx, a, 0), least="organizer", where="any"),
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
    "event_imports.plan": {
        "new": Row(run=lambda w, a: event_imports.plan(w.tx, a, [filed(a)]), least="organizer"),
        "another’s": Row(run=lambda w, a: planned_again(w, a), least="coordinator"),
    },
    "event_imports.make_ready": {
        "": Row(run=lambda w, a: event_imports.make_ready(w.tx, a, [filed(a)]), least="organizer")
    },
    "event_imports.carry_out": {
        "new": Row(run=imported, least="organizer", check=invites_nobody_else),
    },
    "hosts.card": {"": Row(run=lambda w, a: hosts.card(w.tx, a, w.proposal), least="organizer")},
    "hosts.approve": {
        "": Row(run=lambda w, a: hosts.approve(w.tx, a, w.proposal), least="organizer"),
    },
    "hosts.send_back": {
        "": Row(
            run=lambda w, a: hosts.send_back(w.tx, a, w.proposal, "Non"),
            least="organizer",
        ),
    },
    "hosts.give_trust": {
        "": Row(
            run=lambda w, a: hosts.give_trust(w.tx, a, w.proposal, w.host),
            least="organizer",
        ),
    },
    "hosts.end_trust": {
        "": Row(
            run=lambda w, a: hosts.end_trust(w.tx, a, w.proposal, w.host),
            least="organizer",
        ),
    },
    "helpers.helpers": {
        "own": Row(run=lambda w, a: helpers.helpers(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: helpers.helpers(w.tx, a, w.event.code), least="coordinator"),
    },
    "helpers.invite_helper": {
        "own": Row(run=lambda w, a: helpers.invite_helper(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: helpers.invite_helper(w.tx, a, w.event.code), least="coordinator"),
    },
    "helpers.remove_helper": {
        "own": Row(run=lambda w, a: helpers.remove_helper(w.tx, a, w.own_event.code, 3), least="organizer"),
        "another’s": Row(
            run=lambda w, a: helpers.remove_helper(w.tx, a, w.event.code, 3), least="coordinator"
        ),
    },
    "event_words.write": {
        "own": Row(
            run=lambda w, a: event_words.write(w.tx, a, w.own_event.code, "Bonjour"), least="organizer"
        ),
        "another’s": Row(
            run=lambda w, a: event_words.write(w.tx, a, w.event.code, "Non"), least="coordinator"
        ),
    },
    "series.announce": {
        "": Row(run=lambda w, a: series.announce(w.tx, a, new_event(a), THURSDAYS), least="organizer"),
    },
    "series.change_following": {
        "own": Row(
            run=lambda w, a: series.change_following(w.tx, a, w.own_event.code, MOVED, sequence=0),
            least="organizer",
        ),
        "another’s": Row(
            run=lambda w, a: series.change_following(w.tx, a, w.event.code, MOVED, sequence=0),
            least="coordinator",
        ),
    },
    "series.cancel_following": {
        "own": Row(run=lambda w, a: series.cancel_following(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(
            run=lambda w, a: series.cancel_following(w.tx, a, w.event.code), least="coordinator"
        ),
    },
    "attendees.attendees": {
        "own": Row(run=lambda w, a: attendees.attendees(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: attendees.attendees(w.tx, a, w.event.code), least="coordinator"),
    },
    "attendees.attendees_file": {
        "own": Row(run=lambda w, a: attendees.attendees_file(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(
            run=lambda w, a: attendees.attendees_file(w.tx, a, w.event.code), least="coordinator"
        ),
    },
    "attendees.read_out": {
        "own": Row(run=lambda w, a: attendees.read_out(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: attendees.read_out(w.tx, a, w.event.code), least="coordinator"),
    },
    "attendees.paper_list": {
        "own": Row(run=lambda w, a: attendees.paper_list(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: attendees.paper_list(w.tx, a, w.event.code), least="coordinator"),
    },
    "check_ins.door": {
        "own": Row(
            run=lambda w, a: check_ins.door(w.tx, at_the_door(a, w.own_event), w.own_event.code, DOOR),
            least="organizer",
        ),
        "another’s": Row(
            run=lambda w, a: check_ins.door(w.tx, at_the_door(a, w.event), w.event.code, DOOR),
            least="coordinator",
        ),
    },
    "check_ins.open_screen": {
        "own": Row(
            run=lambda w, a: check_ins.open_screen(w.tx, at_the_door(a, w.own_event), w.own_event.code, DOOR),
            least="organizer",
        ),
        "another’s": Row(
            run=lambda w, a: check_ins.open_screen(w.tx, at_the_door(a, w.event), w.event.code, DOOR),
            least="coordinator",
        ),
    },
    "check_ins.close_screen": {
        "own": Row(run=lambda w, a: check_ins.close_screen(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: check_ins.close_screen(w.tx, a, w.event.code), least="coordinator"),
    },
    "check_ins.tick": {
        "own": Row(run=lambda w, a: ticked(w, a, w.own_event), least="organizer"),
        "another’s": Row(run=lambda w, a: ticked(w, a, w.event), least="coordinator"),
    },
    "event_seats.change_seats": {
        "own": Row(
            run=lambda w, a: event_seats.change_seats(w.tx, a, w.own_event.code, capacity=10),
            least="organizer",
        ),
        "another’s": Row(
            run=lambda w, a: event_seats.change_seats(w.tx, a, w.event.code, capacity=10), least="coordinator"
        ),
    },
    "events.cancel_event": {
        "own": Row(run=lambda w, a: events.cancel_event(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: events.cancel_event(w.tx, a, w.event.code), least="coordinator"),
    },
    "events.to_be_told": {
        "own": Row(run=lambda w, a: events.to_be_told(w.tx, a, w.own_event), least="organizer"),
        "another’s": Row(run=lambda w, a: events.to_be_told(w.tx, a, w.event), least="coordinator"),
    },
    "surveys.send": {
        "": Row(
            run=lambda w, a: surveys.send(w.tx, a, new_survey("s2")),
            least="organizer",
            where="any",
            check=asks_nobody_else,
        ),
    },
    "surveys.seen_by": {
        "": Row(
            run=lambda w, a: surveys.seen_by(w.tx, a), least="organizer", where="any", check=lists_surveys
        ),
    },
    "surveys.results_for": {
        "own": Row(run=lambda w, a: surveys.results_for(w.tx, a, "own"), least="organizer", where="any"),
        "another’s": Row(run=lambda w, a: surveys.results_for(w.tx, a, "theirs"), least="coordinator"),
    },
    "export_orders.order": {
        "responses": Row(run=order("responses"), least="coordinator"),
        "supporters": Row(run=order("supporters"), least="coordinator"),
        "answer_counts": Row(run=order("answer_counts"), least="coordinator"),
        "deliveries": Row(run=order("deliveries"), least="coordinator"),
        "attendance": Row(run=order("attendance"), least="coordinator"),
        "shifts": Row(run=order("shifts"), least="coordinator"),
        "hosts": Row(run=order("hosts"), least="coordinator"),
        "survey_answers": Row(run=order("survey_answers"), least="coordinator"),
        "doors": Row(run=order("doors"), least="coordinator"),
        "walks": Row(run=order("walks"), least="coordinator"),
        "conversations": Row(run=order("conversations"), least="coordinator"),
        "audit": Row(run=order("audit"), least="admin", where="everywhere"),
    },
    "export_orders.decide": {
        "": Row(
            run=lambda w, a: export_orders.decide(w.tx, a, w.export, granted=True),
            least="admin",
            where="everywhere",
        ),
    },
    "export_orders.fetch": {
        "": Row(
            run=lambda w, a: export_orders.fetch(w.tx, a, w.granted), least="coordinator", where="everywhere"
        ),
    },
    "admissions.decide": {
        "granted": Row(run=lambda w, a: admissions.decide(w.tx, a, w.admission, granted=True), least="admin"),
        "refused": Row(
            run=lambda w, a: admissions.decide(w.tx, a, w.admission, granted=False), least="admin"
        ),
    },
    "exports.latest_events": {
        "": Row(run=lambda w, a: exports.latest_events(w.tx, a, ordered("responses")), least="coordinator"),
    },
    "exports.event_of": {
        "": Row(run=lambda w, a: exports.event_of(w.tx, a, ordered("responses")), least="coordinator"),
    },
    "calendar.coming": {
        "": Row(
            run=lambda w, a: calendar.coming(w.tx, a, LYON, language="fr"),
            least="organizer",
            check=shows_what_is_theirs,
        ),
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
    "console.offer": {
        "": Row(run=lambda w, a: console.offer(w.tx, a, "fr"), least="organizer", where="any"),
    },
    "console.own_sessions": {
        "": Row(run=lambda w, a: console.own_sessions(w.tx, a), least="organizer", where="any"),
    },
    "console.sign_out_everywhere": {
        "": Row(run=lambda w, a: console.sign_out_everywhere(w.tx, a), least="organizer", where="any"),
    },
    "console.sessions": {
        "": Row(run=lambda w, a: console.sessions(w.tx, a), least="admin", where="any", check=lists_sessions),
    },
    "console.end_session": {
        "": Row(run=lambda w, a: console.end_session(w.tx, a, w.session), least="admin"),
    },
    "maps.map_of": {
        "": Row(
            run=lambda w, a: maps.map_of(w.tx, a, LYON, maps.Layer.SUPPORTERS, by_share=False),
            least="organizer",
        ),
    },
    "team_log.page": {
        "": Row(run=lambda w, a: team_log.page(w.tx, a), least="admin", where="everywhere"),
    },
    "team_log.told_of": {
        "": Row(run=lambda w, a: team_log.told_of(w.tx, a), least="admin", where="everywhere"),
    },
    "today.decisions": {
        "": Row(
            run=lambda w, a: today.decisions(w.tx, a, "fr"),
            least="organizer",
            where="any",
            check=decides_what_is_theirs,
        ),
    },
    "today.leaving": {
        "": Row(run=lambda w, a: today.leaving(w.tx, a, LYON, "fr"), least="organizer"),
    },
    "today.under_way": {
        "": Row(run=lambda w, a: today.under_way(w.tx, a, LYON, "fr"), least="organizer"),
    },
    "today.joined": {
        "": Row(run=lambda w, a: today.joined(w.tx, a, LYON, "Europe/Paris"), least="organizer"),
    },
    "staff.team": {
        "": Row(run=lambda w, a: staff.team(w.tx, a), least="admin", where="any", check=lists_its_area),
    },
    "staff_links.invite": {
        "": Row(run=lambda w, a: staff_links.invite(w.tx, a, role=Role.ADMIN, area=LYON), least="admin"),
    },
    "staff.find": {"": Row(run=lambda w, a: staff.find(w.tx, a, w.role), least="admin")},
    "staff.revoke": {"": Row(run=lambda w, a: staff.revoke(w.tx, a, w.role), least="admin")},
    "staff_links.revoke_link": {
        "": Row(run=lambda w, a: staff_links.revoke_link(w.tx, a, w.link), least="admin")
    },
    "look_up.search": {
        "": Row(run=lambda w, a: look_up.search(w.tx, a, "Awa"), least="organizer", where="any")
    },
    "look_up.note": {
        "": Row(
            run=lambda w, a: look_up.note(w.tx, a, LookedUp(name="Awa", people=(), more=False)),
            least="organizer",
            where="any",
        )
    },
    "inbox.opened": {
        "": Row(run=lambda w, a: inbox.opened(w.tx, a), least="organizer", where="any", check=lists_who_waits)
    },
    "inbox.claim": {"": Row(run=lambda w, a: inbox.claim(w.tx, a, w.taken), least="organizer")},
    "inbox.read": {"": Row(run=lambda w, a: inbox.read(w.tx, a, w.taken), least="organizer")},
    "inbox.require_taken": {
        "": Row(run=lambda w, a: inbox.require_taken(w.tx, a, w.taken), least="organizer")
    },
    "inbox.show_again": {"": Row(run=lambda w, a: inbox.show_again(w.tx, a, w.taken), least="organizer")},
    "inbox.answer": {"": Row(run=lambda w, a: inbox.answer(w.tx, a, w.taken, WORDS), least="organizer")},
    # Whoever has taken one can always let it go, also where its author moved away.
    "inbox.hand_back": {
        "": Row(run=lambda w, a: inbox.hand_back(w.tx, a, w.taken), least="organizer", where="any")
    },
    "inbox.may_pass_to": {"": Row(run=lambda w, a: inbox.may_pass_to(w.tx, a, w.taken), least="organizer")},
    "inbox.pass_on": {
        "": Row(run=lambda w, a: inbox.pass_on(w.tx, a, w.taken, w.colleague), least="organizer")
    },
    "inbox.close": {"": Row(run=lambda w, a: inbox.close(w.tx, a, w.taken), least="organizer", where="any")},
    "inbox.block": {
        "": Row(run=lambda w, a: inbox.block(w.tx, a, w.taken, 7, "insultes"), least="organizer")
    },
    "inbox.lift_block": {"": Row(run=lambda w, a: inbox.lift_block(w.tx, a, w.taken), least="organizer")},
    "saved_answers.listed": {
        "": Row(run=lambda w, a: saved_answers.listed(w.tx, a), least="organizer", where="any")
    },
    "saved_answers.usable": {
        "": Row(run=lambda w, a: saved_answers.usable(w.tx, a, w.taken), least="organizer")
    },
    "saved_answers.save": {
        "": Row(
            run=lambda w, a: saved_answers.save(w.tx, a, language="fr", title="Enfants", text="Oui !"),
            least="coordinator",
            where="any",
        )
    },
    "saved_answers.delete": {
        "": Row(run=lambda w, a: saved_answers.delete(w.tx, a, w.saved), least="coordinator")
    },
    "duties.sign_as": {
        "": Row(run=lambda w, a: duties.sign_as(w.tx, a, "Sophie"), least="organizer", where="any")
    },
    "duties.go_on_duty": {
        "": Row(run=lambda w, a: duties.go_on_duty(w.tx, a), least="organizer", where="any")
    },
    "duties.go_off_duty": {
        "": Row(run=lambda w, a: duties.go_off_duty(w.tx, a), least="organizer", where="any")
    },
    "duties.require_name": {
        "": Row(run=lambda w, a: duties.require_name(w.tx, a), least="organizer", where="any")
    },
    "volunteering.open_card": {
        "": Row(run=lambda w, a: volunteering.open_card(w.tx, a, w.offer), least="organizer"),
    },
    "volunteering.take": {
        "": Row(run=lambda w, a: volunteering.take(w.tx, a, w.offer), least="organizer"),
    },
    "statistics.overview": {
        "": Row(run=lambda w, a: statistics.overview(w.tx, a, LYON, "fr"), least="organizer"),
    },
    "statistics.logged": {
        "": Row(run=lambda w, a: statistics.logged(w.tx, a, LYON), least="organizer"),
    },
}
"""What is done on behalf of staff: it checks their role and their area itself."""
