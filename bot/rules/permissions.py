"""Permissions: who may do what, where. Each check is a sentence and a pure function.

`ACTIONS` is the one table: every staff action, the roles that may do it. A staff member's area limits all
of them: it has to contain the area that the action touches. Only admins act on the whole campaign whatever
their area says.
"""

from collections.abc import Sequence
from enum import StrEnum
from types import MappingProxyType

from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE, contains
from bot.rules.small_counts import Reader


class Role(StrEnum):
    """A person's role in the campaign, from the least to the most."""

    SUPPORTER = "supporter"
    ORGANIZER = "organizer"
    COORDINATOR = "coordinator"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """0 for supporters up to 3 for admins."""
        return tuple(Role).index(self)


STAFF_ROLES: tuple[Role, ...] = (Role.ORGANIZER, Role.COORDINATOR, Role.ADMIN)


class Staff(Frozen):
    """A person's role and the area it holds for. `id` tells people apart, for approval by a second one."""

    id: int
    role: Role
    area: str = EVERYWHERE


class Action(StrEnum):
    """Everything that staff can do; the audit log uses these names."""

    CREATE_EVENT = "create_event"
    CHANGE_EVENT = "change_event"
    SEE_EVENT_ANSWERS = "see_event_answers"
    APPROVE_HOST = "approve_host"
    TRUST_HOST = "trust_host"
    CHECK_IN = "check_in"
    BROADCAST = "broadcast"
    CONTROL_BROADCAST = "control_broadcast"
    CHANGE_BROADCAST = "change_broadcast"
    APPROVE_BROADCAST = "approve_broadcast"
    SEND_AGAIN = "send_again"
    CORRECT_BROADCAST = "correct_broadcast"
    RECALL_BROADCAST = "recall_broadcast"
    TAKE_OFFER = "take_offer"
    ANSWER_CONVERSATION = "answer_conversation"
    SAVE_ANSWER = "save_answer"
    FIND_PEOPLE = "find_people"
    SEE_STATISTICS = "see_statistics"
    SEE_CALENDAR = "see_calendar"
    EXPORT_RESPONSES = "export_responses"
    EXPORT_SUPPORTERS = "export_supporters"
    EXPORT_DELIVERIES = "export_deliveries"
    EXPORT_DOORS = "export_doors"
    EXPORT_CONVERSATIONS = "export_conversations"
    EXPORT_AUDIT = "export_audit"
    IMPORT_POLLING_PLACES = "import_polling_places"
    IMPORT_OPT_OUTS = "import_opt_outs"
    IMPORT_ADDRESSES = "import_addresses"
    IMPORT_STATIONS = "import_stations"
    IMPORT_RESULTS = "import_results"
    CUT_WALKS = "cut_walks"
    OFFER_WALK = "offer_walk"
    ASK_SURVEY = "ask_survey"
    SEE_SURVEY = "see_survey"
    IMPORT_SURVEY = "import_survey"
    SEE_STAFF = "see_staff"
    ADD_STAFF = "add_staff"
    REVOKE_STAFF = "revoke_staff"
    APPROVE_ADMIN = "approve_admin"
    APPROVE_EXPORT = "approve_export"
    OPEN_CONSOLE = "open_console"
    END_CONSOLE = "end_console"
    PURGE = "purge"
    RESTORE = "restore"


_ORGANIZERS = frozenset(STAFF_ROLES)
_COORDINATORS = frozenset({Role.COORDINATOR, Role.ADMIN})
_ADMINS = frozenset({Role.ADMIN})

ACTIONS: MappingProxyType[Action, frozenset[Role]] = MappingProxyType(
    {
        Action.CREATE_EVENT: _ORGANIZERS,
        Action.CHANGE_EVENT: _ORGANIZERS,
        Action.SEE_EVENT_ANSWERS: _ORGANIZERS,
        Action.APPROVE_HOST: _ORGANIZERS,
        Action.TRUST_HOST: _ORGANIZERS,
        Action.CHECK_IN: _ORGANIZERS,
        Action.BROADCAST: _ORGANIZERS,
        Action.CONTROL_BROADCAST: _ORGANIZERS,
        Action.CHANGE_BROADCAST: _ORGANIZERS,
        Action.APPROVE_BROADCAST: _COORDINATORS,
        Action.SEND_AGAIN: _ORGANIZERS,
        Action.CORRECT_BROADCAST: _ORGANIZERS,
        Action.RECALL_BROADCAST: _ORGANIZERS,
        Action.TAKE_OFFER: _ORGANIZERS,
        Action.ANSWER_CONVERSATION: _ORGANIZERS,
        Action.SAVE_ANSWER: _COORDINATORS,
        Action.FIND_PEOPLE: _ORGANIZERS,
        Action.SEE_STATISTICS: _ORGANIZERS,
        Action.SEE_CALENDAR: _ORGANIZERS,
        Action.EXPORT_RESPONSES: _COORDINATORS,
        Action.EXPORT_SUPPORTERS: _COORDINATORS,
        Action.EXPORT_DELIVERIES: _COORDINATORS,
        Action.EXPORT_DOORS: _COORDINATORS,
        Action.EXPORT_CONVERSATIONS: _COORDINATORS,
        Action.EXPORT_AUDIT: _ADMINS,
        Action.IMPORT_POLLING_PLACES: _COORDINATORS,
        Action.IMPORT_OPT_OUTS: _COORDINATORS,
        Action.IMPORT_ADDRESSES: _COORDINATORS,
        Action.IMPORT_STATIONS: _COORDINATORS,
        Action.IMPORT_RESULTS: _COORDINATORS,
        Action.CUT_WALKS: _COORDINATORS,
        Action.OFFER_WALK: _COORDINATORS,
        Action.ASK_SURVEY: _ORGANIZERS,
        Action.SEE_SURVEY: _ORGANIZERS,
        Action.IMPORT_SURVEY: _COORDINATORS,
        Action.SEE_STAFF: _ADMINS,
        Action.ADD_STAFF: _ADMINS,
        Action.REVOKE_STAFF: _ADMINS,
        Action.APPROVE_ADMIN: _ADMINS,
        Action.APPROVE_EXPORT: _ADMINS,
        Action.OPEN_CONSOLE: _ORGANIZERS,
        Action.END_CONSOLE: _ADMINS,
        Action.PURGE: _ADMINS,
        Action.RESTORE: _ADMINS,
    }
)


def may(staff: Staff, action: Action, area: str = EVERYWHERE) -> bool:
    """Whether a role allows an action that touches an area. Raises UnknownArea."""
    return staff.role in ACTIONS[action] and contains(staff.area, area)


def supervises(staff: Staff, area: str) -> bool:
    """Whether somebody may act on what others made for an area: coordinators and admins, within theirs."""
    return may_supervise(staff) and contains(staff.area, area)


def may_supervise(staff: Staff) -> bool:
    """Whether a role reaches beyond what its holder made: an organizer's does not."""
    return staff.role in _COORDINATORS


def may_change_event(staff: Staff, *, event_area: str, author: int | None) -> bool:
    """Whether somebody may change or cancel an event: organizers their own, the others any, all in their area.

    `author` None: whoever made it was erased.
    """
    is_theirs = staff.id == author or supervises(staff, event_area)
    return is_theirs and may(staff, Action.CHANGE_EVENT, event_area)


def may_broadcast_to(staff: Staff, audience_area: str) -> bool:
    """Whether somebody may send a broadcast to an audience of that area."""
    return may(staff, Action.BROADCAST, audience_area)


def may_control_broadcast(staff: Staff, *, audience_area: str, author: int | None) -> bool:
    """Whether somebody may pause, resume or cancel a broadcast: their own, and coordinators any in their area.

    One's own also where one's role no longer reaches: whoever let it go must be able to stop it. `author` None:
    nobody of the staff wrote it, or whoever did was erased.
    """
    is_theirs = staff.id == author or supervises(staff, audience_area)
    return is_theirs and may(staff, Action.CONTROL_BROADCAST, staff.area)


def needs_approval(*, recipients: int, approval_above: int | None) -> bool:
    """Whether a broadcast needs a second person; None in the campaign file: never."""
    return approval_above is not None and recipients > approval_above


def may_approve_broadcast(staff: Staff, *, audience_area: str, author: int | None) -> bool:
    """Whether somebody may approve a broadcast: never their own."""
    return staff.id != author and may(staff, Action.APPROVE_BROADCAST, audience_area)


def may_manage_staff(staff: Staff, *, role: Role, area: str) -> bool:
    """Whether somebody may give or take a role over an area: never one above or beyond their own."""
    return may(staff, Action.ADD_STAFF, area) and role.rank <= staff.role.rank


def may_approve_admin(staff: Staff, *, area: str) -> bool:
    """Whether somebody may agree to a new admin of an area, besides whoever invited them."""
    return may(staff, Action.APPROVE_ADMIN, area)


def may_approve_export(staff: Staff) -> bool:
    """Whether somebody may agree to an export of the whole campaign, besides whoever asks for it."""
    return may(staff, Action.APPROVE_EXPORT, EVERYWHERE)


def reader_of(roles: Sequence[Staff]) -> Reader:
    """How somebody with these roles reads counts: one role over everything shows them exactly."""
    areas = tuple(role.area for role in roles)
    if EVERYWHERE in areas:
        return Reader(known_in=None)
    return Reader(known_in=areas, person=roles[0].id if roles else None)
