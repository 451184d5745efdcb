"""Supporters who organize: how much may wait for the team at once, and where somebody is trusted."""

from collections.abc import Iterable

from bot.rules.areas import contains, department_of, normal_area
from bot.rules.audience_limits import common_area, shared_area

PURPOSE = "host"
"""The purpose under which the consent ledger holds that the team may see who proposes an event, and write to them."""
MOST_WAITING = 3
"""Proposals of one person that wait for the team."""
MOST_REASON = 500
"""Characters of why a proposal is sent back."""


def covering(trusted: Iterable[str], place: str) -> list[str]:
    """Those of the areas in which somebody is trusted that a place lies in."""
    return [area for area in trusted if contains(area, place)]


def trusted_area(areas: tuple[str, ...], commune: str) -> str:
    """Where somebody is trusted whom the team of some areas trusts for an event in a commune: its département, as far
    as one of the areas goes.
    """
    department = department_of(normal_area(commune))
    shared = [found for area in areas if (found := shared_area(area, department)) is not None]
    return common_area(shared) if shared else commune
