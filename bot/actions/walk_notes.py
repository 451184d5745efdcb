"""What walkers' pages say of doors, also of what happened while there was no network: in order, and each note once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from sqlalchemy.ext.asyncio import AsyncConnection

import db.canvass_doors
import db.canvass_walks
import db.walk_notes
from bot.actions.authority import CandidateOut
from bot.actions.canvass_doors import Going, NotYourWalk, WalkAtNight, WalkQuiet, require_time
from bot.actions.people import require_supporter
from bot.rules.canvass.doors import Door, Plane
from bot.rules.canvass.notes import Kind, Note, Refusal, fresh, happened_at
from bot.rules.canvass.visits import MOST_DWELLINGS, DoorState, Outcome, reached
from db.batches import Visit, together
from db.canvass_doors import Ground
from db.walk_notes import WalkDoor


@dataclass(frozen=True, kw_only=True)
class Page:
    """A walk as its page shows it: the sides of its streets with their doors, and where each door stands, in metres."""

    walk: Ground
    sides: Sequence[Sequence[WalkDoor]]
    spots: Mapping[int, tuple[float, float]]
    over: bool


async def page(tx: AsyncConnection, going: Going) -> Page:
    """The walk of somebody who is on it, or was until it ended. Raises NotASupporter, NotYourWalk."""
    require_supporter(going.person)
    walk = await db.canvass_walks.walk_seen(tx, going.walk, going.person.id)
    if walk is None:
        raise NotYourWalk("There is no such walk.")
    here, outing = walk.id, walk.outing
    spell = await together(tx, lambda visit: db.walk_notes.spell(visit, here, outing, going.person.id))
    if spell is None:
        raise NotYourWalk("This is no walk that you are on.")
    doors = await db.walk_notes.doors_of(tx, walk, going.person.id)
    plane = Plane.around([Door(str(each.id), "", 0, "", each.latitude, each.longitude) for each in doors])
    return Page(
        walk=walk,
        sides=[list(some) for _leg, some in groupby(doors, key=lambda door: door.leg)],
        spots={each.id: plane.spot(each.latitude, each.longitude) for each in doors},
        over=spell[1] is not None,
    )


async def keep(
    tx: AsyncConnection, going: Going, outing: int, notes: Sequence[Note]
) -> dict[int, Refusal | None]:
    """Keeps notes in their order; what became of each, by its key: None for what is kept. Raises NotASupporter."""
    require_supporter(going.person)

    def work(visit: Visit) -> dict[int, Refusal | None]:
        walk = db.canvass_doors.ground(visit, going.walk, going.person.id)
        spell = db.walk_notes.spell(visit, going.walk, outing, going.person.id)
        if walk is None or spell is None:
            return {note.key: Refusal.OVER for note in notes}
        walk = replace(walk, outing=outing)
        db.canvass_doors.lock(visit, walk.id)
        said: dict[int, Refusal | None] = {note.key: None for note in notes}
        for note in fresh(notes, db.walk_notes.known(visit, walk.id, said)):
            said[note.key] = _keep(visit, going, walk, note, spell)
            db.walk_notes.keep(visit, walk.id, note.key)
        return said

    return await together(tx, work)


def _keep(
    visit: Visit, going: Going, walk: Ground, note: Note, spell: tuple[datetime, datetime | None]
) -> Refusal | None:
    """Keeps one note, as of the instant at which it was made; why not, where it may not be."""
    taken_at, left_at = spell
    at = happened_at(note.at, taken_at=taken_at, now=going.now)
    if left_at is not None and at > left_at:
        return Refusal.OVER
    then = replace(going, origin=replace(going.origin, at=at, update_id=note.tap))
    try:
        require_time(then, walk)
    except CandidateOut:
        return Refusal.OVER
    except WalkQuiet:
        return Refusal.QUIET
    except WalkAtNight:
        return Refusal.NIGHT
    leg = db.canvass_doors.leg(visit, walk, note.door)
    if leg is None:
        return Refusal.GONE
    _write(visit, then, walk, note, leg.doors)
    return None


def _write(visit: Visit, then: Going, walk: Ground, note: Note, doors: Sequence[DoorState]) -> None:
    person, at = then.person.id, then.now
    if note.kind is Kind.UNDO:
        db.canvass_doors.take_back(visit, walk, person, note.other)
    elif note.kind is Kind.DWELLINGS:
        number = max(1, min(MOST_DWELLINGS, note.other))
        db.canvass_doors.count_dwellings(visit, walk.id, note.door, number)
    elif note.kind is Kind.NOBODY:
        passed = reached(doors, note.door, note.other)
        noted = [(each, Outcome.NOBODY) for each in passed for _ in range(each.left)]
        db.canvass_doors.note(visit, walk, noted, person=person, tap=note.tap, paper=False, now=at)
    elif note.outcome is not None:
        here = next(each for each in doors if each.id == note.door)
        later = db.walk_notes.later(visit, walk, note.door, at) if here.is_done else None
        if later is not None:
            db.walk_notes.note_late(
                visit, walk, here.id, note.outcome, person=person, tap=note.tap, later=later, moment=at
            )
            return
        noted = [(here, note.outcome)]
        db.canvass_doors.note(visit, walk, noted, person=person, tap=note.tap, paper=False, now=at)
