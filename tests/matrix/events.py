"""Who announces an event, changes it, and lets others hold one."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import db.broadcast_accounts
import db.event_files
from bot.actions import (
    announcing,
    event_drafts,
    event_history,
    event_imports,
    event_reach,
    event_words,
    events,
    hosts,
    maps,
    series,
)
from bot.actions.authority import Author
from bot.actions.events import EventChange
from bot.event_files.filed import FiledEvent
from bot.rules.areas import EVERYWHERE
from bot.rules.expressions import EVERYBODY
from bot.rules.series import Every
from db.events import EventText
from tests.acting import LYON, MARSEILLE, NOW, World, new_event
from tests.matrix.row import Row, Rows, reaches_nobody_else, supervises

THURSDAYS = series.Repeats(
    every=Every.WEEK, walls=[datetime.fromisoformat(f"{day}T19:00") for day in ("2016-11-24", "2016-12-01")]
)


MOVED = EventChange(address="Salle Rameau")


async def announces_a_draft(world: World, author: Author) -> None:
    """An event that was written down by its dialog."""
    commune = author.gazetteer.by_code(LYON)
    assert commune is not None
    said = {"titles": {"fr": "Réunion"}, "address": "Salle Molière", "pin": [], "seats": [], "minutes": 60}
    await event_drafts.announce(world.tx, author, {**said, "wall": "2016-11-24T19:00:00"}, commune)


def moved_away(author: Author) -> EventChange:
    return EventChange(commune=author.gazetteer.by_code(MARSEILLE))


async def lists_events(world: World, author: Author, found: Any) -> None:
    listed = {each.id for each in found.events}
    assert world.own_event.id in listed
    assert (world.event.id in listed) is supervises(author)


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


EVENTS: Rows = {
    "announcing.announce": {
        "": Row(run=lambda w, a: announcing.announce(w.tx, a, new_event(a)), least="organizer"),
    },
    "event_drafts.announce": {
        "": Row(run=announces_a_draft, least="organizer"),
    },
    "events.managed": {
        "": Row(run=lambda w, a: events.managed(w.tx, a), least="organizer", where="any", check=lists_events),
    },
    "event_history.past": {
        "": Row(run=lambda w, a: event_history.past(w.tx, a, 0), least="organizer", where="any"),
    },
    "event_history.cancelled": {
        "": Row(run=lambda w, a: event_history.cancelled(w.tx, a, 0), least="organizer", where="any"),
    },
    "events.find_for": {
        "own": Row(run=lambda w, a: events.find_for(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: events.find_for(w.tx, a, w.event.code), least="coordinator"),
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
    "events.cancel_event": {
        "own": Row(run=lambda w, a: events.cancel_event(w.tx, a, w.own_event.code), least="organizer"),
        "another’s": Row(run=lambda w, a: events.cancel_event(w.tx, a, w.event.code), least="coordinator"),
    },
    "event_reach.to_be_told": {
        "own": Row(run=lambda w, a: event_reach.to_be_told(w.tx, a, w.own_event, None), least="organizer"),
        "another’s": Row(
            run=lambda w, a: event_reach.to_be_told(w.tx, a, w.event, None), least="coordinator"
        ),
    },
    "maps.map_of": {
        "": Row(
            run=lambda w, a: maps.map_of(w.tx, a, LYON, maps.Layer.SUPPORTERS, by_share=False),
            least="organizer",
        ),
    },
}
