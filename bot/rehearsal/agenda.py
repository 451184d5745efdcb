"""The agenda: the instants at which something may happen, so that the clock jumps from one to the next."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from bot.campaign.campaign import Campaign
from bot.rehearsal.conduct import Doing
from bot.rules.event_reminders import event_occurrences
from bot.rules.reminders import GAP_BEFORE_FOLLOW_UP, StepOccurrence, in_own_zone
from bot.rules.territories import ABROAD

BEFORE_THE_FIRST_STEP = timedelta(days=3)
AFTER_THE_LAST = timedelta(hours=2)
ABOUT_TO_OPEN = timedelta(hours=9)


class Agenda:
    """Everything planned, by people and by the campaign. Instants come out in order and only once."""

    def __init__(self) -> None:
        self._instants: list[datetime] = []
        self._known: set[datetime] = set()
        self._doings: defaultdict[datetime, list[Doing]] = defaultdict(list)

    def add(self, *instants: datetime) -> None:
        for instant in instants:
            if instant not in self._known:
                self._known.add(instant)
                heapq.heappush(self._instants, instant)

    def plan(self, doing: Doing) -> None:
        """Somebody is going to do something."""
        if doing.at not in self._doings:
            self.add(doing.at)
        self._doings[doing.at].append(doing)

    def doings(self, instant: datetime) -> list[Doing]:
        """The doings of people at an instant, always in one order; it is then off the agenda."""
        return sorted(self._doings.pop(instant, ()), key=lambda doing: doing.person)

    def next(self, after: datetime, *others: datetime | None) -> datetime | None:
        """The next instant after another one, `others` included; None once nothing is left."""
        while self._instants and self._instants[0] <= after:
            heapq.heappop(self._instants)
        found = [self._instants[0]] if self._instants else []
        return min([*found, *(other for other in others if other is not None)], default=None)


def step_occurrences(
    campaign: Campaign, territories: Iterable[str], zones_abroad: Iterable[str]
) -> Iterator[StepOccurrence]:
    """Every step of every ballot for the territories and the zones abroad that somebody of the cast lives in."""
    territories, zones_abroad = list(territories), list(zones_abroad)
    for ballot in campaign.ballots:
        for step in campaign.steps:
            for territory in territories:
                if not ballot.takes_place_in(territory):
                    continue
                if territory != ABROAD:
                    yield from campaign.occurrences(ballot, step, territory)
                    continue
                for zone in zones_abroad:
                    # Some consulates vote the day before.
                    voted = campaign.ballot_for(ballot, territory=ABROAD, zone=zone)
                    for occurrence in campaign.occurrences(voted, step, ABROAD):
                        yield in_own_zone(occurrence, zone=zone, step=step, schedule=campaign.schedule)


def opening(campaign: Campaign) -> datetime:
    """When a rehearsal begins: some days before the first step anywhere, on the hour."""
    first = min(each.at_utc for each in _all(campaign))
    whole_day = (first - BEFORE_THE_FIRST_STEP).replace(hour=0, minute=0, second=0, microsecond=0)
    return (whole_day + ABOUT_TO_OPEN).astimezone(UTC)


def ending(campaign: Campaign) -> datetime:
    """When everything that was planned has left or expired."""
    return max(each.expires_at for each in _all(campaign)) + AFTER_THE_LAST


def _all(campaign: Campaign) -> list[StepOccurrence]:
    territories = {territory for ballot in campaign.ballots for territory in ballot.territories}
    return list(step_occurrences(campaign, sorted(territories), ("Europe/Paris",)))


def due_instants(campaign: Campaign, occurrences: Iterable[StepOccurrence]) -> set[datetime]:
    """When steps are due, with those that follow another one, and when a quiet period ends."""
    instants = {ballot.metropolitan_close for ballot in campaign.ballots}
    for occurrence in occurrences:
        instants.add(occurrence.at_utc)
        clock = str(occurrence.at_local.tzinfo)
        following = follow_up(campaign, occurrence.ballot, occurrence.step, occurrence.territory, clock)
        if following is not None and occurrence.at_utc + GAP_BEFORE_FOLLOW_UP > following:
            instants.add(occurrence.at_utc + GAP_BEFORE_FOLLOW_UP)
    return instants


def follow_up(campaign: Campaign, ballot: int, step: str, territory: str, zone: str) -> datetime | None:
    """When the step that follows this one is due in a territory, abroad by the clock of a zone, if one does."""
    held = campaign.ballot_for(campaign.ballot(ballot), territory=territory, zone=zone)
    dues = [
        each.at_utc
        for following in campaign.steps
        if following.follows == step and held.takes_place_in(territory)
        for each in campaign.occurrences(held, following, territory)
    ]
    return min(dues, default=None)


def event_instants(
    campaign: Campaign, starts_at: datetime, ends_at: datetime, zone: str
) -> Iterator[datetime]:
    """When the messages around an event are due."""
    for occurrence in event_occurrences(
        starts_at=starts_at, ends_at=ends_at, zone_name=zone, courtesy=campaign.courtesy
    ):
        yield occurrence.at_utc
