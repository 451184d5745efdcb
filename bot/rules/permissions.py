"""Permissions: who may do what, where. Each check is a sentence and a pure function.

`ACTIONS` is the one table: every staff action, the roles that may do it. A staff member's area limits all
of them: it has to contain the area that the action touches. Only admins act on the whole campaign whatever
their area says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from bot.errors import NotAllowed
from bot.rules.areas import EVERYWHERE, contains
from bot.rules.small_counts import Reader


class Role(StrEnum):
    """What a person is to the campaign, from the least to the most."""

    SUPPORTER = "supporter"
    ORGANIZER = "organizer"
    COORDINATOR = "coordinator"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """0 for supporters up to 3 for admins."""
        return tuple(Role).index(self)


STAFF_ROLES: tuple[Role, ...] = (Role.ORGANIZER, Role.COORDINATOR, Role.ADMIN)


@dataclass(frozen=True, kw_only=True)
class Staff:
    """A person's role and the area it holds for. `id` tells people apart, for approval by a second one."""

    id: int
    role: Role
    area: str = EVERYWHERE


class Action(StrEnum):
    """Everything that staff can do; the audit log uses these names."""

    CREATE_EVENT = "create_event"
    CHANGE_EVENT = "change_event"
    SEE_EVENT_ANSWERS = "see_event_answers"
    BROADCAST = "broadcast"
    CONTROL_BROADCAST = "control_broadcast"
    APPROVE_BROADCAST = "approve_broadcast"
    SEND_AGAIN = "send_again"
    SEE_STATISTICS = "see_statistics"
    SEE_CALENDAR = "see_calendar"
    EXPORT_RESPONSES = "export_responses"
    EXPORT_SUPPORTERS = "export_supporters"
    EXPORT_DELIVERIES = "export_deliveries"
    EXPORT_AUDIT = "export_audit"
    IMPORT_POLLING_PLACES = "import_polling_places"
    IMPORT_OPT_OUTS = "import_opt_outs"
    SEE_STAFF = "see_staff"
    ADD_STAFF = "add_staff"
    REVOKE_STAFF = "revoke_staff"
    PURGE = "purge"


_ORGANIZERS = frozenset(STAFF_ROLES)
_COORDINATORS = frozenset({Role.COORDINATOR, Role.ADMIN})
_ADMINS = frozenset({Role.ADMIN})

ACTIONS: MappingProxyType[Action, frozenset[Role]] = MappingProxyType(
    {
        Action.CREATE_EVENT: _ORGANIZERS,
        Action.CHANGE_EVENT: _ORGANIZERS,
        Action.SEE_EVENT_ANSWERS: _ORGANIZERS,
        Action.BROADCAST: _ORGANIZERS,
        Action.CONTROL_BROADCAST: _ORGANIZERS,
        Action.APPROVE_BROADCAST: _COORDINATORS,
        Action.SEND_AGAIN: _ORGANIZERS,
        Action.SEE_STATISTICS: _ORGANIZERS,
        Action.SEE_CALENDAR: _ORGANIZERS,
        Action.EXPORT_RESPONSES: _COORDINATORS,
        Action.EXPORT_SUPPORTERS: _COORDINATORS,
        Action.EXPORT_DELIVERIES: _COORDINATORS,
        Action.EXPORT_AUDIT: _ADMINS,
        Action.IMPORT_POLLING_PLACES: _COORDINATORS,
        Action.IMPORT_OPT_OUTS: _COORDINATORS,
        Action.SEE_STAFF: _ADMINS,
        Action.ADD_STAFF: _ADMINS,
        Action.REVOKE_STAFF: _ADMINS,
        Action.PURGE: _ADMINS,
    }
)


def may(staff: Staff | None, action: Action, area: str = EVERYWHERE) -> bool:
    """Whether somebody may do an action that touches an area; None is a supporter. Raises UnknownArea."""
    if staff is None or staff.role not in ACTIONS[action]:
        return False
    return contains(staff.area, area)


def require(staff: Staff | None, action: Action, area: str = EVERYWHERE) -> None:
    """Raises NotAllowed, with the text to show, unless `may` says yes."""
    if may(staff, action, area):
        return
    if staff is None or staff.role not in ACTIONS[action]:
        raise NotAllowed(f"Your role does not allow {action}.", message="not_allowed_role", action=action)
    raise NotAllowed(
        f"You may do this in {staff.area} only, not in {area}.",
        message="not_allowed_area",
        action=action,
        area=staff.area,
        asked=area,
    )


def may_create_event_in(staff: Staff | None, area: str) -> bool:
    """Whether somebody may create an event in a commune or area."""
    return may(staff, Action.CREATE_EVENT, area)


def may_change_event(staff: Staff | None, *, event_area: str, author: int) -> bool:
    """Whether somebody may change or cancel an event: organizers their own, the others any in their area."""
    if not may(staff, Action.CHANGE_EVENT, event_area):
        return False
    return staff is not None and (staff.role is not Role.ORGANIZER or staff.id == author)


def may_broadcast_to(staff: Staff | None, audience_area: str) -> bool:
    """Whether somebody may send a broadcast to an audience of that area."""
    return may(staff, Action.BROADCAST, audience_area)


def may_control_broadcast(staff: Staff | None, *, audience_area: str, author: int) -> bool:
    """Whether somebody may pause, resume or cancel a broadcast: organizers their own, the others any in
    their area.
    """
    if not may(staff, Action.CONTROL_BROADCAST, audience_area):
        return False
    return staff is not None and (staff.role is not Role.ORGANIZER or staff.id == author)


def needs_approval(*, recipients: int, approval_above: int | None) -> bool:
    """Whether a broadcast needs a second person; None in the campaign file: never."""
    return approval_above is not None and recipients > approval_above


def may_approve_broadcast(staff: Staff | None, *, audience_area: str, author: int) -> bool:
    """Whether somebody may approve a broadcast: never one's own."""
    return may(staff, Action.APPROVE_BROADCAST, audience_area) and staff is not None and staff.id != author


def may_see_statistics(staff: Staff | None, area: str) -> bool:
    """Whether somebody may see the counts of an area."""
    return may(staff, Action.SEE_STATISTICS, area)


def may_export(staff: Staff | None, action: Action, area: str) -> bool:
    """Whether somebody may make one of the exports over an area; `action` is one of the EXPORT_ actions."""
    return may(staff, action, area)


def may_manage_staff(staff: Staff | None, *, role: Role, area: str) -> bool:
    """Whether somebody may add or revoke a member of staff of that role and area: never above or beyond
    themselves.
    """
    return may(staff, Action.ADD_STAFF, area) and staff is not None and role.rank <= staff.role.rank


def reader_of(roles: Sequence[Staff]) -> Reader:
    """How somebody with these roles reads counts: one role over everything shows them exactly."""
    areas = tuple(role.area for role in roles)
    return Reader(known_in=None if EVERYWHERE in areas else areas)
