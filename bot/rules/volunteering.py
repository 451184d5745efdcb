"""Offers to help: what one may offer and when, and who of the team hears of it."""

from collections.abc import Iterable
from enum import StrEnum

from bot.rules.areas import ABROAD_AREA, DEPARTMENTS, EVERYWHERE, areas_around, contains
from bot.rules.permissions import Role, Staff

PURPOSE = "help"
"""The purpose under which the consent ledger holds whether the team may write to whoever offers help."""


class Task(StrEnum):
    """The help one may offer; a column of `volunteering` holds each."""

    MEETING = "meeting"
    DOORS = "doors"
    LIFTS = "lifts"
    PHONE = "phone"
    TEAM = "team"


class FreeTime(StrEnum):
    """When one is free; a column of `volunteering` holds each."""

    EVENINGS = "evenings"
    WEEKENDS = "weekends"
    POLLING_DAY = "polling_day"


def area_of(*, commune: str | None, territory: str | None) -> str:
    """The area in which somebody helps: where they vote, as far as they said it."""
    if commune is not None:
        return commune
    if territory == ABROAD_AREA:
        return ABROAD_AREA
    department = (territory or "").partition("-")[0]
    return department if department in DEPARTMENTS else EVERYWHERE


def told_first(team: Iterable[Staff], area: str) -> list[list[Staff]]:
    """Whom an offer from an area is told, by turns: the next ones only where nobody of those before can be reached.

    Organizers and coordinators of the narrowest area around it first, admins last; only who may act there.
    """
    around = areas_around(area)
    covering = [member for member in team if contains(member.area, area)]

    def distance(member: Staff) -> int:
        if member.role is Role.ADMIN:
            return len(around)
        # A collectivity is a region and a département at once: whoever stands for either is told together.
        return next(
            at
            for at, each in enumerate(around)
            if contains(member.area, each) and contains(each, member.area)
        )

    turns = sorted({distance(member) for member in covering})
    return [[member for member in covering if distance(member) == turn] for turn in turns]
