"""Where people live, as a row of `people` tells it, and whether that lies in an area."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.rules.areas import ABROAD_AREA, DEPARTMENTS, EVERYWHERE, contains, department_of
from bot.rules.territories import ABROAD


def place_of(commune: str | None) -> dict[str, str | None]:
    """A commune with the département and the région that follow from its code."""
    if commune is None:
        return {"commune": None, "department": None, "region": None}
    department = department_of(commune)
    return {"commune": commune, "department": department, "region": DEPARTMENTS[department]}


def lives_in(area: str, row: Mapping[str, Any]) -> bool:
    """Whether somebody lies in an area: by their territory abroad, else by their commune, which only FR needs not."""
    if row.get("territory") == ABROAD:
        return contains(area, ABROAD_AREA)
    return area == EVERYWHERE or (row["commune"] is not None and contains(area, row["commune"]))
