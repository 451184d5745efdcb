"""What is to be sent next in an area: the calendar of the campaign, folded so that people can read it.

The same step leaves at the same local time in many territories; they are shown together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from bot.campaign.calendar import calendar_entries
from bot.campaign.campaign import Campaign
from bot.frozen import Frozen
from bot.rules.territories import territories_in


class UpcomingStep(Frozen):
    """One step of one ballot at one local time, in the territories where it is that time.

    `at` is a wall-clock time without a zone. `by_plan`: it leaves from then on, at each person's own time.
    """

    ballot: int
    step: str
    at: datetime
    by_plan: bool
    blocked: bool
    territories: tuple[str, ...]


@dataclass
class _Group:
    first: datetime
    territories: list[str] = field(default_factory=list)


def upcoming(campaign: Campaign, area: str, now: datetime) -> list[UpcomingStep]:
    """The steps that did not leave yet in an area, the next first. Raises UnknownArea."""
    reached = territories_in(area)
    groups: dict[tuple[int, str, datetime, bool, bool], _Group] = {}
    for entry in calendar_entries(campaign):
        if entry.territory not in reached or entry.last <= now:
            continue
        key = (
            entry.ballot,
            entry.step,
            entry.first.replace(tzinfo=None),
            entry.at is None,
            entry.quiet is not None,
        )
        group = groups.setdefault(key, _Group(first=entry.first))
        group.first = min(group.first, entry.first)
        group.territories.append(entry.territory)
    return [
        UpcomingStep(
            ballot=ballot,
            step=step,
            at=at,
            by_plan=by_plan,
            blocked=blocked,
            territories=tuple(group.territories),
        )
        for (ballot, step, at, by_plan, blocked), group in _in_order(groups.items())
    ]


def _in_order(
    groups: Iterable[tuple[tuple[int, str, datetime, bool, bool], _Group]],
) -> list[tuple[tuple[int, str, datetime, bool, bool], _Group]]:
    return sorted(groups, key=lambda group: (group[1].first, group[0][:3]))
