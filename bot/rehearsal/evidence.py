"""The bot's own log, as far as the checker and the report need it: which message was which, and what did not leave."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from string import ascii_lowercase
from types import MappingProxyType
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

import db.rehearsal
from bot.rehearsal.surveying import SKIPPED, KeptOption
from bot.rules import experiments
from db.engine import Database
from db.rehearsal import LoggedDelivery, RehearsedBroadcast

SENT = "sent"
HELD_OUT = "held_out"
DOOR = timedelta(hours=1)
"""So long before it begins people are let in at an event."""
LEFT_OUT = experiments.HELD_OUT
# Message numbers that are made room for at a time.
SPARE = 4096


class Evidence(Protocol):
    """The evidence of the bot's own log."""

    def sending(self, message_id: int) -> RehearsedBroadcast | None:
        """The broadcast that a message was; None for a reply."""

    def arrived(self, message_id: int) -> None:
        """Told each campaign message that the local Telegram took."""

    def not_received(self) -> Iterable[int]:
        """The broadcasts of messages that the bot says it sent and that never arrived, one for each."""

    def accounted(self, person: int) -> Iterable[int]:
        """The broadcasts that the bot says it did not send to somebody, whatever the reason."""

    def is_held_out(self, person: int) -> bool:
        """Whether the bot says that it left somebody without reminders, to measure their effect."""

    def was_left_out(self, person: int, broadcast: int) -> bool:
        """Whether the bot says that somebody drew to be left out of a broadcast."""

    def version(self, message_id: int) -> str | None:
        """The version that the bot says a message was; None where there was one."""

    @property
    def sendings(self) -> Mapping[int, RehearsedBroadcast]: ...
    @property
    def overfull(self) -> Collection[str]:
        """The codes of the events that more people said yes to than were to be promised a seat."""

    @property
    def two_shifts(self) -> Collection[str]:
        """The pairs of shifts at the same time that one person took."""

    @property
    def not_at_the_door(self) -> Collection[str]:
        """The codes of the events where somebody was noted as there before its door opened."""

    @property
    def knocks(self) -> Collection[tuple[str, datetime]]:
        """The walks on which somebody noted, on the way, what happened at a door, and when."""

    @property
    def survey_answers(self) -> Mapping[int, Collection[KeptOption]]:
        """What the bot kept of everybody's answers to the survey, by person."""

    @property
    def corrected(self) -> Mapping[int, Collection[int]]:
        """The broadcasts that staff corrected, each with whom the bot says it could not correct it for."""

    @property
    def taken_back(self) -> Mapping[int, Collection[int]]:
        """The broadcasts that staff took back, each with whom the bot says it could not take it back from."""


class Log:
    """The deliveries of a rehearsal, kept small: a number for each message, and for each person what they missed."""

    def __init__(
        self,
        sendings: Iterable[RehearsedBroadcast],
        taken_back: Mapping[int, Collection[int]] = MappingProxyType({}),
        overfull: Collection[str] = (),
        corrected: Mapping[int, Collection[int]] = MappingProxyType({}),
        two_shifts: Collection[str] = (),
        not_at_the_door: Collection[str] = (),
        knocks: Collection[tuple[str, datetime]] = (),
        survey_answers: Mapping[int, Collection[KeptOption]] = MappingProxyType({}),
    ) -> None:
        self._sendings = {sending.id: sending for sending in sendings}
        self.taken_back, self.overfull, self.corrected = taken_back, overfull, corrected
        self.two_shifts, self.not_at_the_door = two_shifts, not_at_the_door
        self.knocks, self.survey_answers = knocks, survey_answers
        self._by_message = array("H")
        self._not_sent: dict[int, tuple[int, ...]] = {}
        self._arrived = bytearray()
        self._held_out: set[int] = set()
        # Who was left out of which broadcast, and which version a message was, where versions are compared.
        self._left_out: set[tuple[int, int]] = set()
        self._versions: dict[int, str] = {}
        # What did not leave, by broadcast, state and reason.
        self.outcomes: Counter[tuple[int, str, str]] = Counter()

    @property
    def sendings(self) -> Mapping[int, RehearsedBroadcast]:
        return self._sendings

    def sending(self, message_id: int) -> RehearsedBroadcast | None:
        """The broadcast that a message was; None for a reply."""
        if message_id >= len(self._by_message):
            return None
        return self._sendings.get(self._by_message[message_id])

    def accounted(self, person: int) -> Iterable[int]:
        """The broadcasts that the bot says it did not send to somebody."""
        return self._not_sent.get(person, ())

    def is_held_out(self, person: int) -> bool:
        """Whether the bot says that it left somebody without reminders, to measure their effect."""
        return person in self._held_out

    def was_left_out(self, person: int, broadcast: int) -> bool:
        """Whether the bot says that somebody drew to be left out of a broadcast."""
        return (person, broadcast) in self._left_out

    def version(self, message_id: int) -> str | None:
        """The version that the bot says a message was; None where there was one."""
        return self._versions.get(message_id)

    def note(self, delivery: LoggedDelivery) -> None:
        if delivery.state == SENT:
            if delivery.message_id is not None:
                self._label(delivery.message_id, delivery.broadcast)
                if delivery.variant is not None:
                    self._versions[delivery.message_id] = delivery.variant
            return
        if delivery.state == LEFT_OUT and delivery.person is not None:
            self._left_out.add((delivery.person, delivery.broadcast))
        self.outcomes[delivery.broadcast, delivery.state, delivery.reason or ""] += 1
        if delivery.person is not None:
            known = self._not_sent.get(delivery.person, ())
            self._not_sent[delivery.person] = (*known, delivery.broadcast)
            if delivery.reason == HELD_OUT:
                self._held_out.add(delivery.person)

    def _label(self, message_id: int, broadcast: int) -> None:
        missing = message_id + 1 - len(self._by_message)
        if missing > 0:
            self._by_message.extend([0] * (missing + SPARE))
            self._arrived.extend(bytes(missing + SPARE))
        self._by_message[message_id] = broadcast

    def arrived(self, message_id: int) -> None:
        """The local Telegram took this message."""
        if message_id < len(self._arrived):
            self._arrived[message_id] = 1

    def not_received(self) -> list[int]:
        """The broadcasts of messages that the bot says it sent and that never arrived, one for each."""
        return [
            broadcast
            for broadcast, arrived in zip(self._by_message, self._arrived, strict=True)
            if broadcast and not arrived
        ]


@dataclass
class EventFaults:
    """What may be said of no event, as it was found while people acted."""

    overfull: set[str] = field(default_factory=set)
    two_shifts: set[str] = field(default_factory=set)
    not_at_the_door: set[str] = field(default_factory=set)

    async def look(self, database: Database) -> None:
        async with database.read() as tx:
            self.overfull |= set(await db.rehearsal.overfull(tx))
            self.two_shifts |= set(await db.rehearsal.two_shifts(tx))
            self.not_at_the_door |= set(await db.rehearsal.not_at_the_door(tx, DOOR))


def _kept(rows: Iterable[tuple[int, str, str, datetime]]) -> dict[int, list[KeptOption]]:
    """By person: the bot calls its questions q1, q2 …, and their options a, b …"""
    found: dict[int, list[KeptOption]] = {}
    for person, question, option, at in rows:
        chosen = ascii_lowercase.index(option) if option else SKIPPED
        kept = KeptOption(question=int(question[1:]) - 1, option=chosen, at=at)
        found.setdefault(person, []).append(kept)
    return found


async def read_log(
    tx: AsyncConnection, erased: Iterable[LoggedDelivery] = (), faults: EventFaults | None = None
) -> Log:
    """Everything that the bot wrote down about its deliveries; `erased`: what it knew of people who are gone, and
    `faults`: what was found of events on the way.
    """
    faults = faults or EventFaults()
    log = Log(
        await db.rehearsal.sendings(tx),
        await db.rehearsal.taken_back(tx),
        faults.overfull,
        await db.rehearsal.corrected(tx),
        faults.two_shifts,
        faults.not_at_the_door,
        await db.rehearsal.knocks(tx),
        _kept(await db.rehearsal.survey_answers(tx)),
    )
    for delivery in erased:
        log.note(delivery)
    async for delivery in db.rehearsal.logged_deliveries(tx):
        log.note(delivery)
    return log
