"""The almanac: when things are due and when they are forbidden, worked out from the campaign's data alone.

On purpose this shares no calculation with `bot.rules`: what the bot decides is checked against it. It reads the same
data (ballots, windows of the law, steps, hours), and does its own arithmetic with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from bot.campaign.campaign import Campaign
from bot.rules.ballots import Ballot
from bot.rules.kinds import Kind
from bot.rules.moments import Anchor, Moment
from bot.rules.quiet import End, QuietWindow
from bot.rules.steps import Step
from bot.rules.territories import TERRITORIES, territories_in

PARIS = "Europe/Paris"
ABROAD = "abroad"
FRANCE = "FR"
# What follows another step waits so long after it.
GAP = timedelta(hours=1)
# Where the next courteous hour abroad would be too late, a step leaves so long before the last courteous one ends.
LAST_HALF_HOUR = timedelta(minutes=30)

PARTISAN = frozenset({"persuasion", "event_invite", "gotv", "poll", "result"})
AT_COURTEOUS_HOURS = PARTISAN | {"civic_neutral"}


@dataclass(frozen=True, kw_only=True, slots=True)
class QuietTime:
    """No message of a kind from one instant to another, both aware UTC."""

    starts: datetime
    ends: datetime
    ballot: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedStep:
    """A step of a ballot for people with one plan (None: without): from `at` until `expires`, both aware UTC."""

    at: datetime
    expires: datetime
    ballot: int
    step: str
    slot: str | None


@cache
def clock_of(zone: str) -> ZoneInfo:
    return ZoneInfo(zone)


def instant(day: date, at: time, zone: str) -> datetime:
    """A wall-clock time as an instant (UTC)."""
    return datetime.combine(day, at, tzinfo=clock_of(zone)).astimezone(UTC)


class Almanac:
    """One campaign's dates."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.steps = {step.name: step for step in campaign.steps}
        self._slots = {slot.name: slot for slot in campaign.slots}
        # Asked for every message, and the same for everybody of a place.
        self.quiets = lru_cache(maxsize=4096)(self._quiets)
        self.dues = lru_cache(maxsize=512)(self._dues)

    # -- quiet periods --

    def is_quiet(self, kind: str, territory: str, zone: str, at: datetime) -> QuietTime | None:
        """The quiet period that an instant lies in, if it does."""
        for quiet in self.quiets(kind, territory, zone):
            if quiet.starts <= at < quiet.ends:
                return quiet
        return None

    def _quiets(self, kind: str, territory: str, zone: str) -> tuple[QuietTime, ...]:
        if kind == "service":
            return ()
        found: list[QuietTime] = []
        for ballot in self.campaign.ballots:
            for window in self.campaign.law.windows:
                if Kind(kind) in window.kinds:
                    found += self._windows(ballot, window, territory, zone)
        return tuple(found)

    def _windows(self, ballot: Ballot, window: QuietWindow, territory: str, zone: str) -> Iterator[QuietTime]:
        """Where a territory has no part in the ballot, the window of everybody who has."""
        votes = [polling.territory for polling in ballot.pollings]
        for each in [territory] if territory in votes else votes:
            if window.territories and each not in window.territories:
                continue
            polling = next(polling for polling in ballot.pollings if polling.territory == each)
            days = window.days_before + (1 if self._votes_a_day_earlier(each, zone) else 0)
            clocks = {TERRITORIES[each].zone, self.voting_clock(ballot, each, zone)}
            starts = min(instant(polling.day - timedelta(days=days), time(), clock) for clock in clocks)
            yield QuietTime(starts=starts, ends=self._end(ballot, window, each, zone), ballot=ballot.number)

    def _end(self, ballot: Ballot, window: QuietWindow, territory: str, zone: str) -> datetime:
        if window.ends is End.EMBARGO:
            return self.embargo(ballot) + window.longer
        closes = self.close(ballot, territory), self.close(ballot, territory, zone)
        return max(self.metropolitan_close(ballot), *closes) + window.longer

    def voting_clock(self, ballot: Ballot, territory: str, zone: str) -> str:
        """The zone of the hours of voting: at a consulate that of the place, online that of Paris."""
        polling = next(polling for polling in ballot.pollings if polling.territory == territory)
        return zone if territory == ABROAD and not polling.online else TERRITORIES[territory].zone

    def _votes_a_day_earlier(self, territory: str, zone: str) -> bool:
        american = zone.startswith("America/") or zone in (
            "Atlantic/Bermuda",
            "Atlantic/Stanley",
            "Pacific/Easter",
            "Pacific/Galapagos",
            "Pacific/Honolulu",
        )
        return territory == ABROAD and american and self.campaign.law.americas_vote_the_day_before

    def close(self, ballot: Ballot, territory: str, zone: str = PARIS) -> datetime:
        """When the last polling place of a territory closes; abroad for those who live by a zone."""
        polling = next(polling for polling in ballot.pollings if polling.territory == territory)
        closing = [polling.hours.closes] + [
            exception.hours.closes
            for exception in ballot.exceptions
            if territory in territories_in(exception.area)
        ]
        day = self.polling_day(ballot, territory, zone)
        assert day is not None  # its polling was found
        return instant(day, max(closing), self.voting_clock(ballot, territory, zone))

    def polling_day(self, ballot: Ballot, territory: str, zone: str) -> date | None:
        """The day on which people of a territory vote who live by a zone; None where the ballot is not held."""
        polling = next((each for each in ballot.pollings if each.territory == territory), None)
        if polling is None:
            return None
        earlier = self._votes_a_day_earlier(territory, zone) and not polling.online
        return polling.day - timedelta(days=1) if earlier else polling.day

    def metropolitan_close(self, ballot: Ballot) -> datetime:
        votes = [polling.territory for polling in ballot.pollings]
        return max(self.close(ballot, each) for each in ([FRANCE] if FRANCE in votes else votes))

    def embargo(self, ballot: Ballot) -> datetime:
        """When results may be told."""
        told = instant(ballot.day, self.campaign.law.embargo, PARIS)
        return max(told, self.metropolitan_close(ballot))

    # -- courtesy --

    def is_courteous(self, kind: str, zone: str, at: datetime, *, evening: bool) -> bool:
        return self.courteous_from(kind, zone, at, evening=evening) == at

    def courteous_from(self, kind: str, zone: str, at: datetime, *, evening: bool) -> datetime:
        """The first courteous instant from `at` on, by a person's own clock."""
        if kind not in AT_COURTEOUS_HOURS:
            return at
        hours = self.campaign.courtesy
        local = at.astimezone(clock_of(zone))
        if local.time() < hours.opens:
            return instant(local.date(), hours.opens, zone)
        if local.time() >= (hours.evening_closes if evening else hours.closes):
            return instant(local.date() + timedelta(days=1), hours.opens, zone)
        return at

    # -- steps --

    def _dues(self, territory: str, zone: str) -> tuple[ExpectedStep, ...]:
        """Every step of every ballot for people of a territory who live by a zone, earliest first."""
        found = []
        for ballot in self.campaign.ballots:
            if territory not in [polling.territory for polling in ballot.pollings]:
                continue
            for step in self.campaign.steps:
                if step.ballots and ballot.number not in step.ballots:
                    continue
                slots = (*self._slots, None) if step.when.anchor is Anchor.SLOT else (None,)
                found += [self._due(ballot, step, slot, territory, zone) for slot in slots]
        return tuple(sorted(found, key=lambda due: due.at))

    def _due(self, ballot: Ballot, step: Step, slot: str | None, territory: str, zone: str) -> ExpectedStep:
        expires = self._moment(ballot, step.until, slot, territory, zone)
        own = self.voting_clock(ballot, territory, zone)
        planned = self._moment(ballot, step.when, slot, territory, zone)
        at = self.courteous_from(step.kind.value, own, planned, evening=step.evening)
        at = at if at < expires else planned
        if territory == ABROAD:
            at = self._abroad(at, expires, step, zone)
        return ExpectedStep(at=at, expires=expires, ballot=ballot.number, step=step.name, slot=slot)

    def _abroad(self, at: datetime, expires: datetime, step: Step, zone: str) -> datetime:
        """Put off to the person's own courteous hours, or before them where that is too late."""
        courteous = self.courteous_from(step.kind.value, zone, at, evening=step.evening)
        if courteous < expires:
            return courteous
        local = at.astimezone(clock_of(zone))
        closes = self.campaign.courtesy.closes
        day = local.date() if local.time() >= closes else local.date() - timedelta(days=1)
        return instant(day, closes, zone) - LAST_HALF_HOUR

    def _moment(
        self, ballot: Ballot, moment: Moment, slot: str | None, territory: str, own_zone: str
    ) -> datetime:
        polling = next(polling for polling in ballot.pollings if polling.territory == territory)
        zone, day = (
            self.voting_clock(ballot, territory, own_zone),
            self.polling_day(ballot, territory, own_zone),
        )
        assert day is not None  # its polling was found
        if moment.anchor is Anchor.POLLING_DAY:
            before = day - timedelta(days=moment.days_before)
            at = instant(before, moment.at, zone)
            return min(at, instant(before, moment.at, TERRITORIES[territory].zone)) if before < day else at
        if moment.anchor is Anchor.EMBARGO:
            return self.embargo(ballot) - moment.before
        if moment.anchor is Anchor.CLOSE:
            return self.close(ballot, territory, own_zone) - moment.before
        planned = self._slots[slot or self.campaign.default_slot]
        if planned.before_close is not None:
            return instant(day, polling.hours.closes, zone) - planned.before_close - moment.before
        return instant(day, planned.starts or polling.hours.opens, zone) - moment.before
