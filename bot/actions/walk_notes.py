"""What walkers' pages say of doors, also of what happened while there was no network: in order, and each note once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from sqlalchemy.ext.asyncio import AsyncConnection

import db.canvass_doors
import db.canvass_walks
import db.walk_notes
from bot.actions.authority import CandidateOut
from bot.actions.canvass_doors import Going, NotYourWalk, WalkAtNight, WalkQuiet, require_time
from bot.actions.people import require_supporter
from bot.frozen import Frozen
from bot.rules.canvass.doors import Door, Plane
from bot.rules.canvass.notes import Note, NoteKind, Refusal, fresh, may_have_happened
from bot.rules.canvass.visits import MOST_DWELLINGS, DoorOutcome, DoorState, after, reached
from db.batches import DatabaseVisit, together
from db.canvass_doors import Leg, WalkView
from db.postponed import Row
from db.walk_notes import WalkDoor


class WalkPage(Frozen):
    """A walk as its page shows it: the sides of its streets with their doors, and where each door stands, in metres."""

    walk: WalkView
    sides: Sequence[Sequence[WalkDoor]]
    spots: Mapping[int, tuple[float, float]]
    over: bool


async def page(tx: AsyncConnection, going: Going) -> WalkPage:
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
    return WalkPage(
        walk=walk,
        sides=[list(some) for _leg, some in groupby(doors, key=lambda door: door.leg)],
        spots=_spots(doors),
        over=spell[1] is not None or not doors,
    )


def _spots(doors: Sequence[WalkDoor]) -> dict[int, tuple[float, float]]:
    if not doors:  # all of them are gone from a newer file
        return {}
    plane = Plane.around([Door(str(each.id), "", 0, "", each.latitude, each.longitude) for each in doors])
    return {each.id: plane.spot(each.latitude, each.longitude) for each in doors}


async def keep(
    tx: AsyncConnection, going: Going, outing: int, notes: Sequence[Note]
) -> dict[int, Refusal | None]:
    """Keeps notes in their order; what became of each, by its key: None for what is kept. Raises NotASupporter."""
    require_supporter(going.person)

    def work(visit: DatabaseVisit) -> dict[int, Refusal | None]:
        walk = db.canvass_doors.ground(visit, going.walk, going.person.id)
        spell = db.walk_notes.spell(visit, going.walk, outing, going.person.id)
        if walk is None or spell is None:
            return {note.key: Refusal.OVER for note in notes}
        db.canvass_doors.lock(visit, [walk.id])
        said: dict[int, Refusal | None] = {note.key: None for note in notes}
        new = fresh(notes, db.walk_notes.known(visit, walk.id, said))
        keeping = _Keeping(visit, going, replace(walk, outing=outing), spell)
        for note in new:
            said[note.key] = keeping.keep(note)
        keeping.write()
        db.walk_notes.keep(visit, walk.id, [note.key for note in new])
        return said

    return await together(tx, work)


class _Keeping:
    """Notes of one walk as they are kept, one after the other: each side of a street is read once, and what is noted
    at its doors is written together, unless it is about what was noted before.
    """

    def __init__(
        self, visit: DatabaseVisit, going: Going, walk: WalkView, spell: tuple[datetime, datetime | None]
    ) -> None:
        self._visit, self._going, self._walk, self._spell = visit, going, walk, spell
        self._legs: dict[int, Leg] = {}  # by each of their doors
        self._noted: list[Row] = []

    def write(self) -> None:
        """Writes what waits."""
        if self._noted:
            db.canvass_doors.note(self._visit, self._noted)
            self._noted = []

    def keep(self, note: Note) -> Refusal | None:
        """Keeps one note, as of the instant at which it was made; why not, where it may not be."""
        taken_at, left_at = self._spell
        now = self._going.now
        possible = may_have_happened(note.at, taken_at=taken_at, left_at=left_at, now=now)
        refusals = {at: self._refusal(at) for at in possible}
        at = next((at for at in possible if refusals[at] is None), possible[0])
        if refusals[at] is not None:
            return refusals[at]
        leg = self._leg(note.door)
        if leg is None:
            return Refusal.GONE
        self._note(note, leg, at)
        return None

    def _refusal(self, at: datetime) -> Refusal | None:
        """Why nothing may be noted of this instant."""
        _taken_at, left_at = self._spell
        if left_at is not None and at > left_at:
            return Refusal.OVER
        then = replace(self._going, origin=replace(self._going.origin, at=at))
        try:
            require_time(then, self._walk)
        except CandidateOut:
            return Refusal.OVER
        except WalkQuiet:
            return Refusal.QUIET
        except WalkAtNight:
            return Refusal.NIGHT
        return None

    def _leg(self, door: int) -> Leg | None:
        if door not in self._legs:
            self.write()
            self._keep_in_mind(db.canvass_doors.leg(self._visit, self._walk, door))
        return self._legs.get(door)

    def _keep_in_mind(self, leg: Leg | None) -> None:
        self._legs |= {} if leg is None else dict.fromkeys((each.id for each in leg.doors), leg)

    def _note(self, note: Note, leg: Leg, at: datetime) -> None:
        if note.kind is NoteKind.NOBODY:
            passed = reached(leg.doors, note.door, note.other)
            self._outcomes(
                note, leg, at, [(each, DoorOutcome.NOBODY) for each in passed for _ in range(each.left)]
            )
            return
        if note.outcome is not None:
            here = next(each for each in leg.doors if each.id == note.door)
            if not here.is_done:
                self._outcomes(note, leg, at, [(here, note.outcome)])
                return
        self.write()
        self._legs.clear()
        if note.kind is NoteKind.UNDO:
            db.canvass_doors.take_back(self._visit, self._walk, self._going.person.id, note.other)
        elif note.kind is NoteKind.DWELLINGS:
            number = max(1, min(MOST_DWELLINGS, note.other))
            db.canvass_doors.count_dwellings(self._visit, self._walk.id, note.door, number)
        elif note.outcome is not None:
            self._another(note, here, note.outcome, at)

    def _outcomes(
        self, note: Note, leg: Leg, at: datetime, noted: Sequence[tuple[DoorState, DoorOutcome]]
    ) -> None:
        self._noted += self._rows(note, noted, at)
        self._keep_in_mind(replace(leg, doors=after(leg.doors, noted)))

    def _another(self, note: Note, here: DoorState, outcome: DoorOutcome, at: datetime) -> None:
        """One more at a door of which all was noted: in the place of the last, unless that was later."""
        later = db.walk_notes.later(self._visit, self._walk, note.door, at)
        if later is None:
            db.canvass_doors.note(self._visit, self._rows(note, [(here, outcome)], at))
            return
        db.walk_notes.note_late(
            self._visit,
            self._walk,
            here.id,
            outcome,
            person=self._going.person.id,
            tap=note.tap,
            later=later,
            moment=at,
        )

    def _rows(self, note: Note, noted: Sequence[tuple[DoorState, DoorOutcome]], at: datetime) -> list[Row]:
        person = self._going.person.id
        return db.canvass_doors.noting(self._walk, noted, person=person, tap=note.tap, paper=False, now=at)
