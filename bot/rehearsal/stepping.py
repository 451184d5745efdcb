"""What the checker expects of the campaign file’s steps: for whom each is, when, and when it may arrive at first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from bot.rehearsal.almanac import GAP, PARTISAN, Almanac, ExpectedStep, clock_of, instant
from bot.rehearsal.lives import WEEK, Life
from bot.rules.steps import Step
from db.rehearsal import RehearsedBroadcast


class Steps:
    """`sendings`: every broadcast of the bot’s log, by its number."""

    def __init__(self, almanac: Almanac, sendings: Mapping[int, RehearsedBroadcast]) -> None:
        self._almanac = almanac
        self._numbers = {
            (sending.ballot, sending.step): sending.id
            for sending in sendings.values()
            if sending.step is not None
        }

    def number(self, ballot: int, step: str) -> int | None:
        """The broadcast that a step of a ballot was; None: it never left."""
        return self._numbers.get((ballot, step))

    def followed(self, life: Life, ballot: int, step: Step) -> datetime | None:
        """When the step that this one follows arrived."""
        number = self.number(ballot, step.follows or "")
        return None if number is None else life.received.get(number)

    def due(self, life: Life, ballot: int, step: str, at: datetime) -> ExpectedStep | None:
        """The step as somebody expects it who lives as this one does at an instant; None: they expect none."""
        place = life.place(at)
        slot = life.slots.get(ballot) if self._almanac.steps[step].follows_slot else None
        for due in self._almanac.dues(place.territory, place.zone):
            if (due.ballot, due.step, due.slot) == (ballot, step, slot):
                return due
        return None

    def is_on_time(self, life: Life, due: ExpectedStep, at: datetime) -> bool:
        """Whether a step that nothing changed about came at the first instant at which it might."""
        step, place = self._almanac.steps[due.step], life.place(at)
        kind, may_leave = step.kind.value, due.at
        if step.follows:
            followed = self.followed(life, due.ballot, step)
            may_leave = may_leave if followed is None else max(may_leave, followed + GAP)
        while may_leave < at:
            quiet = self._almanac.is_quiet(kind, place.territory, place.zone, may_leave)
            courteous = self._almanac.courteous_from(kind, place.zone, may_leave, evening=step.evening)
            if quiet is not None:
                may_leave = quiet.ends
            elif courteous > may_leave:
                may_leave = courteous
            else:
                # How long a cap holds depends on what left meanwhile: then any courteous moment is on time.
                return kind in PARTISAN and self._was_capped(life, place.zone, may_leave)
        return may_leave == at

    def _was_capped(self, life: Life, zone: str, at: datetime) -> bool:
        """Whether what arrived around an instant already past left no room, counted by the strictest of the caps."""
        caps = self._almanac.campaign.caps
        midnight = instant(at.astimezone(clock_of(zone)).date(), time(), zone)
        before = [each for each in life.partisan if each < at + timedelta(days=1)]
        on_the_day = [each for each in before if midnight <= each]
        in_the_week = [each for each in before if at - each < WEEK]
        few = min(caps.per_week, caps.per_week_when_silent)
        return len(on_the_day) >= caps.per_day or len(in_the_week) >= few

    def is_meant(self, life: Life, due: ExpectedStep) -> bool:
        """Whether a step that falls due is for this one, as they live now."""
        step = self._almanac.steps[due.step]
        if step.follows_slot and due.slot != life.slots.get(due.ballot):
            return False
        if life.is_away or "reminders" in life.muted:
            return False
        if due.ballot in life.cannot or (due.ballot in life.voted and not step.when_voted):
            return False
        if not step.when_silent and life.unanswered >= self._almanac.campaign.caps.silent_after:
            return False
        if step.follows:
            followed = self.followed(life, due.ballot, step)
            return followed is not None and due.at - followed >= GAP
        return True
