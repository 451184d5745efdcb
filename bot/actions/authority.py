"""Who acts for the campaign: the person, the roles held at this moment, and what their actions work with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.hosts
import db.staff
from bot.actions import audit
from bot.actions.audit import COMMAND_LINE
from bot.campaign.campaign import Campaign
from bot.communes import Gazetteer
from bot.errors import NotAllowed, OutOfSight, PortevoixError
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE
from bot.rules.permissions import (
    Action,
    Role,
    Staff,
    may,
    may_approve_broadcast,
    may_change_event,
    may_control_broadcast,
    may_manage_staff,
    may_supervise,
    reader_of,
    supervises,
)
from bot.rules.small_counts import Reader
from db.people import NOBODY, Person

HOST = "host"
"""How the audit log calls whoever runs an event without a role in the team."""


class CandidateOut(PortevoixError):
    """Nothing is sent any more for a candidate who is out."""

    default_message = "errors/candidate_out"


class Author(Frozen):
    """A member of staff in the middle of an action; `roles` are read in its transaction, so revoking holds.

    `is_operator`: whoever has the machine, by the command line; they are no person of the database. `hosted`: the
    events that are theirs without a role, by id, and as what: `host` or `co`.
    """

    person: Person
    roles: tuple[Staff, ...]
    campaign: Campaign
    gazetteer: Gazetteer
    now: datetime
    is_operator: bool = False
    hosted: Mapping[int, str] = field(default_factory=dict)

    @property
    def id(self) -> int | None:
        return None if self.is_operator else self.person.id

    @property
    def telegram_id(self) -> int | None:
        return None if self.is_operator else self.person.telegram_id

    @property
    def name(self) -> str:
        """How the audit log calls them."""
        if self.is_operator:
            return COMMAND_LINE
        return f"{'staff' if self.roles else HOST}:{self.person.telegram_id}"

    def areas(self, action: Action) -> tuple[str, ...]:
        """Where they may do it."""
        return tuple(role.area for role in self.roles if may(role, action, role.area))

    def supervised(self) -> tuple[str, ...]:
        """Where they may act on what others made."""
        return tuple(role.area for role in self.roles if may_supervise(role))

    def supervises(self, area: str) -> bool:
        """Whether they may act on what others made for an area."""
        return any(supervises(role, area) for role in self.roles)

    def may_change_event(self, area: str, author: int | None) -> bool:
        """Whether they may change an event in an area that this author made."""
        return any(may_change_event(role, event_area=area, author=author) for role in self.roles)

    def may_control(self, area: str, author: int | None) -> bool:
        """Whether they may pause, resume and cancel what this author wrote for an area."""
        return any(may_control_broadcast(role, audience_area=area, author=author) for role in self.roles)

    def may_approve(self, area: str, author: int | None) -> bool:
        """Whether they may let go what this author wrote for an area: never their own."""
        return any(may_approve_broadcast(role, audience_area=area, author=author) for role in self.roles)

    @property
    def reader(self) -> Reader:
        """How they read counts: small ones could tell who is who to staff of one area."""
        return reader_of(self.roles)

    def may(self, action: Action, area: str) -> bool:
        return any(may(role, action, area) for role in self.roles)

    def require(self, action: Action, area: str | None = None) -> None:
        """Raises NotAllowed unless one of the roles allows it: there, or anywhere."""
        areas = self.areas(action)
        if not areas:
            raise NotAllowed(f"Your role does not allow {action}.", message="errors/not_allowed_role")
        if area is not None and not self.may(action, area):
            raise NotAllowed(**self._elsewhere(areas))

    def require_sight(self, action: Action, area: str) -> None:
        """The same of something that was found: raises OutOfSight where they may not look there, or nowhere."""
        if self.may(action, area):
            return
        if areas := self.areas(action):
            raise OutOfSight(**self._elsewhere(areas))
        raise OutOfSight(f"Your role does not allow {action}.", message="errors/not_allowed_role")

    def _elsewhere(self, areas: Sequence[str]) -> dict[str, Any]:
        return {
            "sentence": f"You may do this in {', '.join(areas)} only.",
            "message": "errors/not_allowed_area",
            "areas": [area_name(self.gazetteer, each) for each in areas],
        }

    def require_management(self, role: Role, area: str) -> None:
        """Raises NotAllowed where they would give or take a role above their own or beyond their area."""
        if not any(may_manage_staff(held, role=role, area=area) for held in self.roles):
            self.require(Action.ADD_STAFF, area)
            raise NotAllowed(
                f"Your role does not allow {Action.ADD_STAFF}.", message="errors/not_allowed_role"
            )

    def require_standing(self) -> None:
        """Raises CandidateOut unless there is still something to campaign for."""
        if self.campaign.is_out(self.now):
            raise CandidateOut("The candidate is out: no message leaves any more.")


async def roles_of(tx: AsyncConnection, person: Person) -> tuple[Staff, ...]:
    """The roles the person holds at this moment."""
    held = await db.staff.roles_of(tx, person.telegram_id)
    return tuple(Staff(id=person.id, role=Role(row.role), area=row.area) for row in held)


async def author_of(
    tx: AsyncConnection, person: Person, *, campaign: Campaign, gazetteer: Gazetteer, now: datetime
) -> Author:
    """The person with the roles they hold now, if any."""
    roles = await roles_of(tx, person)
    hosted = await hosted_by(tx, person)
    return Author(person=person, roles=roles, campaign=campaign, gazetteer=gazetteer, now=now, hosted=hosted)


def operator(*, campaign: Campaign, gazetteer: Gazetteer, now: datetime, area: str = EVERYWHERE) -> Author:
    """Whoever has the machine: an admin of an area, in everything but that they are nobody of the team."""
    return Author(
        person=NOBODY,
        roles=(Staff(id=0, role=Role.ADMIN, area=area),),
        campaign=campaign,
        gazetteer=gazetteer,
        now=now,
        is_operator=True,
    )


async def in_turn(tx: AsyncConnection, author: Author) -> Author:
    """The author with the roles of this moment, which nobody takes from them before the transaction ends.

    Whatever makes or changes something begins so: of two who act at once the second waits, and sees what the first did.
    """
    await audit.take_turn(tx)
    if author.is_operator:
        return author
    return replace(author, roles=await roles_of(tx, author.person), hosted=await hosted_by(tx, author.person))


async def hosted_by(tx: AsyncConnection, person: Person) -> Mapping[int, str]:
    """The events that are somebody's without a role: see `Author.hosted`."""
    return await db.hosts.parts_of(tx, person.id) if person.is_registered else {}


def area_name(gazetteer: Gazetteer, area: str) -> str:
    """The name of a région, a département or a commune; the code itself where there is none (`FR`, `abroad`)."""
    if area.startswith("R") and area[1:] in gazetteer.regions():
        return gazetteer.regions()[area[1:]].name
    if area in gazetteer.departments():
        return gazetteer.departments()[area].name
    commune = gazetteer.by_code(area)
    return area if commune is None else commune.name
