"""Permissions: every action x role x area."""

from itertools import product

import pytest

from bot.rules.permissions import (
    ACTIONS,
    Action,
    Role,
    Staff,
    may,
    may_approve_broadcast,
    may_broadcast_to,
    may_change_event,
    may_control_broadcast,
    may_manage_staff,
    needs_approval,
    reader_of,
    supervises,
)

RHONE = "69"
# The least role that may do each action: written again by hand, so that no change of the table goes unseen.
LEAST_ROLE = {
    "create_event": "organizer",
    "change_event": "organizer",
    "see_event_answers": "organizer",
    "approve_host": "organizer",
    "trust_host": "organizer",
    "check_in": "organizer",
    "broadcast": "organizer",
    "control_broadcast": "organizer",
    "change_broadcast": "organizer",
    "correct_broadcast": "organizer",
    "recall_broadcast": "organizer",
    "approve_broadcast": "coordinator",
    "send_again": "organizer",
    "take_offer": "organizer",
    "answer_conversation": "organizer",
    "save_answer": "coordinator",
    "export_conversations": "coordinator",
    "see_statistics": "organizer",
    "see_calendar": "organizer",
    "export_responses": "coordinator",
    "export_supporters": "coordinator",
    "export_deliveries": "coordinator",
    "export_audit": "admin",
    "import_polling_places": "coordinator",
    "import_addresses": "coordinator",
    "import_stations": "coordinator",
    "import_results": "coordinator",
    "cut_walks": "coordinator",
    "export_doors": "coordinator",
    "offer_walk": "coordinator",
    "import_opt_outs": "coordinator",
    "ask_survey": "organizer",
    "find_people": "organizer",
    "see_survey": "organizer",
    "import_survey": "coordinator",
    "see_staff": "admin",
    "add_staff": "admin",
    "revoke_staff": "admin",
    "approve_admin": "admin",
    "approve_export": "admin",
    "open_console": "organizer",
    "end_console": "admin",
    "purge": "admin",
    "restore": "admin",
}
# An area asked for, and whether staff of the Rhône cover it.
AREAS = {"69": True, "69123": True, "69381": True, "FR": False, "R84": False, "75": False, "abroad": False}


def test_every_action_is_in_the_table_and_here() -> None:
    assert set(ACTIONS) == set(Action)
    assert set(LEAST_ROLE) == set(Action)


@pytest.mark.parametrize(("action", "role"), list(product(Action, Role)))
def test_a_role_may_do_an_action_in_its_area_only(action: Action, role: Role) -> None:
    enough = role is not Role.SUPPORTER and role.rank >= Role(LEAST_ROLE[action]).rank
    for area, covered in AREAS.items():
        assert may(Staff(id=1, role=role, area=RHONE), action, area) is (enough and covered)
        assert may(Staff(id=1, role=role), action, area) is enough


@pytest.mark.parametrize("action", Action)
def test_a_supporter_may_do_nothing(action: Action) -> None:
    assert not may(Staff(id=1, role=Role.SUPPORTER), action)


def test_an_organizer_changes_only_their_own_events_and_broadcasts() -> None:
    organizer = Staff(id=1, role=Role.ORGANIZER, area=RHONE)
    coordinator = Staff(id=2, role=Role.COORDINATOR, area=RHONE)
    for check in (
        lambda staff, area, author: may_change_event(staff, event_area=area, author=author),
        lambda staff, area, author: may_control_broadcast(staff, audience_area=area, author=author),
    ):
        assert check(organizer, "69123", 1)
        assert not check(organizer, "69123", 2)
        assert not check(organizer, "69123", None)  # whoever made it was erased
        assert not check(organizer, "75056", 2)
        assert check(coordinator, "69123", 1)
        assert check(coordinator, "69123", None)
        assert not check(coordinator, "75056", 1)
        assert not check(Staff(id=1, role=Role.SUPPORTER, area=RHONE), "69123", 1)


def test_one_s_own_beyond_one_s_area_can_be_stopped_but_not_changed() -> None:
    organizer = Staff(id=1, role=Role.ORGANIZER, area=RHONE)
    assert may_control_broadcast(organizer, audience_area="75056", author=1)
    assert not may_change_event(organizer, event_area="75056", author=1)


def test_nobody_approves_their_own_broadcast() -> None:
    coordinator = Staff(id=2, role=Role.COORDINATOR, area=RHONE)
    assert may_approve_broadcast(coordinator, audience_area="69", author=1)
    assert not may_approve_broadcast(coordinator, audience_area="69", author=2)
    assert not may_approve_broadcast(Staff(id=3, role=Role.ORGANIZER), audience_area="69", author=1)
    assert not may_approve_broadcast(coordinator, audience_area="FR", author=1)


@pytest.mark.parametrize(
    ("recipients", "above", "expected"), [(500, 500, False), (501, 500, True), (10**6, None, False)]
)
def test_many_recipients_need_a_second_person(recipients: int, above: int | None, *, expected: bool) -> None:
    assert needs_approval(recipients=recipients, approval_above=above) is expected


def test_an_admin_of_an_area_makes_no_staff_beyond_it() -> None:
    admin = Staff(id=1, role=Role.ADMIN, area=RHONE)
    assert may_manage_staff(admin, role=Role.ADMIN, area="69123")
    assert not may_manage_staff(admin, role=Role.ORGANIZER, area="FR")
    assert not may_manage_staff(Staff(id=2, role=Role.COORDINATOR), role=Role.ORGANIZER, area="69")


def test_the_sentences_say_what_the_table_says() -> None:
    organizer = Staff(id=1, role=Role.ORGANIZER, area=RHONE)
    assert may_broadcast_to(organizer, "69123")
    assert not may_broadcast_to(organizer, "FR")
    assert not supervises(organizer, "69123")
    assert supervises(Staff(id=2, role=Role.COORDINATOR, area=RHONE), "69123")
    assert not supervises(Staff(id=2, role=Role.COORDINATOR, area=RHONE), "FR")


def test_one_role_over_everything_reads_exact_counts() -> None:
    local, other = (Staff(id=1, role=Role.COORDINATOR, area=area) for area in ("69", "75"))
    everywhere = Staff(id=1, role=Role.ORGANIZER)
    assert reader_of([local, everywhere]).known_in is None
    assert reader_of([local, other]).known_in == ("69", "75")
    assert reader_of([]).known_in == ()  # who holds no role any more knows nobody
