"""Polling places: imported as a whole from a file, and chosen by people where their commune has several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.polling_places
from bot.actions import audit
from bot.actions.responses import Origin, record
from bot.actions.vote_plans import require_not_over
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.permissions import Action
from bot.rules.polling_places import (
    NOWHERE_KNOWN,
    NewPlace,
    PollingPlace,
    Where,
    communes_asked,
    where_to_vote,
)
from bot.rules.steps import StepQuestion
from bot.words.step_values import Vote
from db.people import Person

CHOSEN = "chosen"


class PlaceGone(PortevoixError):
    """A polling place that cannot be chosen any more."""

    default_message = "toasts/places_changed"


class Difference(Frozen):
    """The difference that an import makes to the places imported before, by their keys."""

    added: dict[str, PollingPlace]
    changed: dict[str, PollingPlace]
    same: int
    removed: tuple[int, ...]

    @property
    def counts(self) -> dict[str, int]:
        return {
            "added": len(self.added),
            "changed": len(self.changed),
            "same": self.same,
            "removed": len(self.removed),
        }


async def difference(tx: AsyncConnection, places: Sequence[NewPlace]) -> Difference:
    """The changes when these places take the place of those imported before."""
    before = await db.polling_places.stored(tx)
    after = {new.key: new.place for new in places}
    common = before.keys() & after.keys()
    changed = {key: after[key] for key in after if key in common and replace(before[key], id=0) != after[key]}
    return Difference(
        added={key: place for key, place in after.items() if key not in before},
        changed=changed,
        same=len(common) - len(changed),
        removed=tuple(place.id for key, place in before.items() if key not in after),
    )


async def import_places(
    tx: AsyncConnection, places: Sequence[NewPlace], *, file: str, actor: str, now: datetime
) -> Difference:
    """All of these places and no other, noted in the audit log. Who chose a place that stays keeps it."""
    found = await difference(tx, places)
    await db.polling_places.remove_many(tx, found.removed)
    await db.polling_places.change_many(tx, found.changed)
    await db.polling_places.add_many(tx, found.added)
    details = {"file": file, "places": len(places), **found.counts}
    await audit.note(tx, actor=actor, action=Action.IMPORT_POLLING_PLACES, details=details, now=now)
    return found


async def where_of(tx: AsyncConnection, person: Person, ballot: int) -> Where:
    """Where the person votes, as far as it is known: they told their commune, at least for that."""
    communes = communes_asked(person.commune)
    if not communes:
        return NOWHERE_KNOWN
    chosen = await db.polling_places.chosen_by(tx, [person.id])
    return where_to_vote(
        await db.polling_places.of_communes(tx, communes),
        commune=person.commune,
        ballot=ballot,
        chosen=chosen.get(person.id, ()),
    )


async def choose(
    tx: AsyncConnection, person: Person, origin: Origin, *, vote: Vote, number: str
) -> PollingPlace:
    """The person says which of the commune's places is theirs; the log tells that they did, not which.

    Raises NotASupporter, VoteOver, and PlaceGone where the places were imported again since, or the person moved.
    """
    require_not_over(person, vote, origin.at)
    where = await where_of(tx, person, vote.ballot)
    place = next((each for each in where.choices if str(each.id) == number), None)
    if place is None:
        raise PlaceGone("This is no polling place of the person's commune.")
    await db.polling_places.choose(tx, person=person.id, place=place)
    await record(tx, person, origin, StepQuestion.PLACE, CHOSEN, subject=str(vote.ballot))
    return place
