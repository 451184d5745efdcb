"""Whether everybody who could be reached was reminded in the last two days before each round; and if not, why not.

The why is worked out from the campaign file and from what the person received and did, as the checker works out all
else. Where nothing explains it, a rule is broken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache

from bot.rehearsal.almanac import PARTISAN, Almanac, ExpectedStep, clock_of, instant
from bot.rehearsal.lives import WEEK, Life
from bot.rules.steps import Step
from db.rehearsal import RehearsedBroadcast

LAST_DAYS = timedelta(days=2)
REMINDING = frozenset({"gotv", "civic_neutral"})


class Reminded(StrEnum):
    """The fate of one person in the last two days before a round: reminded, or why not."""

    YES = "reminded"
    CAPS = "caps"
    QUIET = "quiet"
    SILENT = "silent"
    LATE = "late"
    MOVED = "moved"
    NO_STEP = "no_step"
    HELD_OUT = "held_out"
    # Who could not be reached, or had said all there was to say.
    LEFT = "left"
    MUTED = "muted"
    CANNOT = "cannot"
    VOTED = "voted"


OUT_OF_REACH = frozenset({Reminded.LEFT, Reminded.MUTED, Reminded.CANNOT, Reminded.VOTED})


@dataclass(frozen=True, kw_only=True, slots=True)
class LastDays:
    """The last two days before a round in one place, and the hours of voting: aware UTC."""

    ballot: int
    starts: datetime
    closes: datetime


class Reminders:
    """Looks back at each life when the polls close where it votes."""

    def __init__(self, almanac: Almanac, sendings: Mapping[int, RehearsedBroadcast]) -> None:
        self._almanac, self._sendings = almanac, sendings
        self._campaign = almanac.campaign
        self._numbers = {(each.ballot, each.step): each.id for each in sendings.values() if each.step}
        self.last_days = lru_cache(maxsize=512)(self._last_days)

    def _last_days(self, territory: str, zone: str) -> tuple[LastDays, ...]:
        """Of every round that is held in a territory, for those who live by a zone."""
        found = []
        for ballot in self._campaign.ballots:
            day = self._almanac.polling_day(ballot, territory, zone)
            if day is not None:
                clock = self._almanac.voting_clock(ballot, territory, zone)
                starts = instant(day - LAST_DAYS, time(), clock)
                closes = self._almanac.close(ballot, territory, zone)
                found.append(LastDays(ballot=ballot.number, starts=starts, closes=closes))
        return tuple(found)

    def looked_back(self, life: Life, days: LastDays, *, held_out: bool) -> Reminded | None:
        """The fate of this person, to be asked when the polls close; None where nothing explains what did not come.

        One reminder is enough, but a step that remains for the silent must come to whoever is silent.
        """
        if not held_out and any(
            self._was_withheld(life, due, step, days) for due, step in self._dues(life, days)
        ):
            return None
        if self._was_reminded(life, days):
            return Reminded.YES
        if life.is_away:
            return Reminded.LEFT
        if "reminders" in life.muted:
            return Reminded.MUTED
        if days.ballot in life.cannot:
            return Reminded.CANNOT
        if days.ballot in life.voted:
            return Reminded.VOTED
        if days.starts <= life.here_since:
            return Reminded.LATE
        if life.member.moves_at is not None and days.starts <= life.member.moves_at < days.closes:
            return Reminded.MOVED
        if held_out:
            return Reminded.HELD_OUT
        return self._why_not(life, days)

    def _was_reminded(self, life: Life, days: LastDays) -> bool:
        for number, at in life.received.items():
            sending = self._sendings[number]
            if (
                sending.ballot == days.ballot
                and sending.kind in REMINDING
                and days.starts <= at < days.closes
            ):
                return True
        return False

    def _was_withheld(self, life: Life, due: ExpectedStep, step: Step, days: LastDays) -> bool:
        """Whether a step that remains for the silent did not come to somebody it was for, though it might have left."""
        number = self._numbers.get((due.ballot, due.step))
        return (
            step.when_silent
            and number not in life.received
            and life.changed < due.at
            and self._is_here(life, days)
            and self._held_throughout(life, due, step, days) is None
        )

    def _is_here(self, life: Life, days: LastDays) -> bool:
        """Whether the person could be reached, and had not said all there was to say."""
        away = life.is_away or "reminders" in life.muted
        return not (away or days.ballot in life.cannot or days.ballot in life.voted)

    def _why_not(self, life: Life, days: LastDays) -> Reminded | None:
        dues = self._dues(life, days)
        if not dues:
            return Reminded.NO_STEP
        silent = life.unanswered >= self._campaign.caps.silent_after
        meant = [(due, step) for due, step in dues if step.when_silent or not silent]
        if not meant:
            return Reminded.SILENT
        held = {self._held_throughout(life, due, step, days) for due, step in meant}
        if None in held:
            return None
        return Reminded.CAPS if Reminded.CAPS in held else Reminded.QUIET

    def _dues(self, life: Life, days: LastDays) -> Sequence[tuple[ExpectedStep, Step]]:
        """The reminders of the round that were due to this person in its last days."""
        place, steps = life.place(days.closes), self._almanac.steps
        return [
            (due, steps[due.step])
            for due in self._almanac.dues(place.territory, place.zone)
            if due.ballot == days.ballot
            and days.starts <= due.at < days.closes
            and steps[due.step].kind.value in REMINDING
            and steps[due.step].follows is None
            and (not steps[due.step].follows_slot or due.slot == life.slots.get(days.ballot))
        ]

    def _held_throughout(self, life: Life, due: ExpectedStep, step: Step, days: LastDays) -> Reminded | None:
        """The reason why a step never left from its instant until it was useless; None where it might have left."""
        place, kind, at = life.place(days.closes), step.kind.value, due.at
        held = None
        while at < min(due.expires, days.closes):
            quiet = self._almanac.is_quiet(kind, place.territory, place.zone, at)
            courteous = self._almanac.courteous_from(kind, place.zone, at, evening=step.evening)
            room = self._room_from(life, step, place.zone, at) if kind in PARTISAN else at
            if quiet is not None:
                at, held = quiet.ends, held or Reminded.QUIET
            elif courteous > at:
                at = courteous
            elif room > at:
                at, held = room, Reminded.CAPS
            else:
                return None
        return held or Reminded.QUIET

    def _room_from(self, life: Life, step: Step, zone: str, at: datetime) -> datetime:
        """From when on the caps leave room, by what had arrived by then; a step for the silent has the general ones."""
        caps = self._campaign.caps
        per_week = caps.per_week if step.when_silent else min(caps.per_week, caps.per_week_when_silent)
        today = at.astimezone(clock_of(zone)).date()
        before = sorted(each for each in life.partisan if at - WEEK < each <= at)
        if _on_the_day(before, zone, today.toordinal()) >= caps.per_day:
            return instant(today + timedelta(days=1), time(), zone)
        if len(before) >= per_week:
            return before[-per_week] + WEEK
        return at


def _on_the_day(instants: Iterable[datetime], zone: str, day: int) -> int:
    return sum(each.astimezone(clock_of(zone)).toordinal() == day for each in instants)
