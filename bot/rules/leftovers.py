"""What people answered who left: never a row, but counts of at least ten, by day, question, answer and area.

A count of fewer would tell what one of a few said, and two counts that differ by fewer would too: they grow by tens
(bot.rules.small_counts).
What has not come to ten yet is kept under a sealed name, which only the campaign's own key can compare.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bot.rules.areas import ABROAD_AREA, EVERYWHERE, areas_around

ALL_DAYS = ""
"""Stands in place of a day in the count of all days together."""


class Cell(NamedTuple):
    """One count. `day` is ISO 8601 in UTC or ALL_DAYS; `subject` is empty for questions without one; `area` is a
    département, a region (R84), `abroad` or everywhere (FR).
    """

    day: str
    question: str
    subject: str
    answer: str
    area: str

    @property
    def name(self) -> str:
        """The name that is sealed in its place while it is under ten."""
        return "\n".join(("count", *self))


class LeftAnswer(NamedTuple):
    """An answer that somebody who left had given on a day, in which département they voted, or abroad."""

    day: str
    question: str
    subject: str
    answer: str
    department: str | None
    is_abroad: bool

    def cells(self) -> Iterator[Cell]:
        """Every count that it adds to: of its day and of all days, in each area around it."""
        areas: tuple[str, ...] = (EVERYWHERE,)
        if self.department is not None:
            areas = areas_around(self.department)
        elif self.is_abroad:
            areas = (ABROAD_AREA, EVERYWHERE)
        for day in (self.day, ALL_DAYS):
            for area in areas:
                yield Cell(
                    day=day, question=self.question, subject=self.subject, answer=self.answer, area=area
                )
