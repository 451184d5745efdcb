"""The play: the clock jumps from instant to instant; at each one what is due leaves, and people do what they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

import db.rehearsal
from bot.campaign.campaign import Campaign
from bot.frozen import Frozen
from bot.rehearsal.agenda import (
    Agenda,
    due_instants,
    event_instants,
    follow_up,
    opening,
    step_occurrences,
)
from bot.rehearsal.cast import CastMember
from bot.rehearsal.conduct import ERASURE, Doing, answer_to, asked, own_acts
from bot.rehearsal.evidence import EventFaults
from bot.rehearsal.organizing import ORGANIZER
from bot.rehearsal.stage import Stage
from bot.rules.reminders import GAP_BEFORE_FOLLOW_UP
from bot.rules.territories import ABROAD
from db.rehearsal import LoggedDelivery

CHUNK = 1 << 20

Line = dict[str, Any]
Progress = Callable[[datetime, int], None]
"""Told each instant that was played, and how many messages and edits the local Telegram took so far."""


class Impossible(Frozen):
    """Something that a person could not do: the button was not there, or the local Telegram refused it."""

    at: datetime
    person: int
    act: str
    why: str


@dataclass(kw_only=True)
class Played:
    """The result of the play, beside the journal."""

    instants: int = 0
    acts: int = 0
    impossible: list[Impossible] = field(default_factory=list)
    # What was known of people before they had themselves erased.
    erased: list[LoggedDelivery] = field(default_factory=list)
    # What was found of events while their answers were there: they are erased before the end.
    faults: EventFaults = field(default_factory=EventFaults)
    # The most that waited at one time, by broadcast and reason.
    held_back: dict[tuple[int, str], int] = field(default_factory=dict)


def agenda_of(campaign: Campaign, members: Sequence[CastMember], staff: Sequence[Doing]) -> Agenda:
    """Everything that is known before it begins."""
    agenda = Agenda()
    places = {place for member in members for place in (member.place, member.moves_to) if place is not None}
    territories = sorted({place.territory for place in places})
    zones_abroad = sorted({place.zone for place in places if place.territory == ABROAD})
    start = opening(campaign)
    agenda.add(start)
    agenda.add(*due_instants(campaign, step_occurrences(campaign, territories, zones_abroad)))
    for doing in [*staff, *(doing for member in members for doing in own_acts(member, campaign))]:
        if doing.at > start:
            agenda.plan(doing)
    return agenda


class Play:
    """Runs an agenda to its end."""

    def __init__(
        self,
        stage: Stage,
        campaign: Campaign,
        members: Sequence[CastMember],
        agenda: Agenda,
        *,
        until: datetime,
        progress: Progress,
    ) -> None:
        self._stage, self._campaign, self._agenda = stage, campaign, agenda
        self._members = {each.telegram_id: each for each in members}
        self._until, self._progress = until, progress
        self._played = Played()
        followed = {step.follows for step in campaign.steps if step.follows}
        # The question of each step that another one follows.
        self._followed = {str(step.asks): step.name for step in campaign.steps if step.name in followed}

    async def run(self) -> Played:
        """From the first instant to the last."""
        now: datetime | None = opening(self._campaign)
        with self._stage.journal.open("rb") as journal:
            while now is not None and now <= self._until:
                await self._instant(now)
                for line in lines(journal):
                    self._react(line, now)
                async with self._stage.app.database.read() as tx:
                    waiting = await db.rehearsal.next_due(tx, now)
                    for broadcast, reason, people in await db.rehearsal.held_back(tx):
                        most = self._played.held_back.get((broadcast, reason), 0)
                        self._played.held_back[broadcast, reason] = max(most, people)
                now = self._agenda.next(now, waiting)
        return self._played

    async def _instant(self, now: datetime) -> None:
        """Plays an instant: messages that are due leave first; then people act, and are answered."""
        await self._stage.move(now)
        waiting = await self._stage.settled()
        doings = self._agenda.doings(now)
        if doings:
            await self._remember_the_erased(doings)
            self._played.acts += sum(len(doing.acts) for doing in doings)
            await self._stage.act((doing.person, doing.acts) for doing in doings)
            waiting = await self._stage.settled()
            await self._note_impossible(now)
        if any(doing.person == ORGANIZER["id"] for doing in doings):
            await self._plan_events()
        if doings:
            await self._played.faults.look(self._stage.app.database)
        self._played.instants += 1
        self._progress(now, waiting.accepted)

    async def _remember_the_erased(self, doings: Sequence[Doing]) -> None:
        """Once they are erased, nothing tells which message was which."""
        leaving = [doing.person for doing in doings if ERASURE in doing.acts]
        if leaving:
            async with self._stage.app.database.read() as tx:
                self._played.erased += await db.rehearsal.deliveries_of(tx, leaving)

    async def _note_impossible(self, now: datetime) -> None:
        """Nothing happens any more: whoever still waits for a button waits in vain."""
        ended = await self._stage.drop_scripts()
        found = [(each["person"], each["act"], "") for each in ended["dropped"]]
        found += [(each["person"], each["act"], each["error"]) for each in ended["refused"]]
        self._played.impossible += [
            Impossible(at=now, person=person, act=act.get("data") or act.get("text") or act["act"], why=error)
            for person, act, error in found
            if not act.get("optional")
        ]

    async def _plan_events(self) -> None:
        async with self._stage.app.database.read() as tx:
            for starts_at, ends_at, zone in await db.rehearsal.event_times(tx):
                self._agenda.add(*event_instants(self._campaign, starts_at, ends_at, zone))

    def _react(self, line: Line, now: datetime) -> None:
        """Somebody received a message: what they are going to do about it."""
        if line.get("do") != "sendMessage":
            return
        member = self._members.get(line["to"])
        if member is None:
            return
        question, about = asked(line["data"])
        if question in self._followed:
            self._follow_up(member, int(about), self._followed[question], now)
        doing = answer_to(member, line["data"], now)
        if doing is not None:
            self._agenda.plan(doing)

    def _follow_up(self, member: CastMember, ballot: int, step: str, now: datetime) -> None:
        """Looks again when what follows this message may leave, if that is not when it is due anyway."""
        place = member.place_at(now)
        due = follow_up(self._campaign, ballot, step, place.territory, place.zone)
        if due is not None and now + GAP_BEFORE_FOLLOW_UP > due:
            self._agenda.add(now + GAP_BEFORE_FOLLOW_UP)


def lines(journal: BinaryIO) -> Iterator[Line]:
    """The whole lines from where the journal was left, a piece at a time."""
    rest = b""
    while piece := journal.read(CHUNK):
        whole, newline, rest = (rest + piece).rpartition(b"\n")
        for line in whole.split(b"\n") if newline else ():
            yield orjson.loads(line)
    journal.seek(-len(rest), 1)


def journal_lines(file: Path) -> Iterator[Line]:
    """The whole journal, from its beginning."""
    with file.open("rb") as journal:
        yield from lines(journal)
