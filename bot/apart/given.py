"""What the process that makes pages is given: over a pipe, so that it stands on no command line and in no environment.

The bot’s token is not among it: no page needs it.
"""

from __future__ import annotations

import io
import pickle
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

from bot.campaign.campaign import Campaign
from bot.clock import Clock, MovableClock, RealClock
from bot.rules.suppression import SuppressionKey
from db.key import DatabaseKey

_LENGTH = struct.Struct("!Q")


@dataclass(frozen=True, kw_only=True)
class Time:
    """A clock that can be moved, at an instant of this machine (`time.monotonic`, which all processes share)."""

    now: datetime
    speed: float
    at: float

    def clock(self) -> MovableClock:
        passed = (time.monotonic() - self.at) * self.speed
        return MovableClock(self.now + timedelta(seconds=passed), self.speed)


@dataclass(frozen=True, kw_only=True)
class Given:
    """All that pages are made from. `file`: the SQLite file, and its key; else `url`: PostgreSQL. `address`: where
    people reach the console; None: nobody does. `clock`: None: real time; an address: the clock that is served there.
    """

    campaign: Campaign
    file: Path | None
    key: DatabaseKey | None
    url: str | None = field(repr=False)
    suppression_key: SuppressionKey
    bot_username: str
    address: str | None
    clock: Time | str | None
    log_level: int


def time_of(clock: Clock, served: str | None) -> Time | str | None:
    """How the other process knows the time; `served`: where its clock is served, if it is."""
    if served is not None or isinstance(clock, RealClock):
        return served
    return Time(now=clock.now(), speed=clock.speed, at=time.monotonic())


class UnchangeablePickler(pickle.Pickler):
    """A campaign holds mappings that nobody can change: Python has no way of its own to write those down."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, MappingProxyType):
            return _unchangeable, (dict(value),)
        return NotImplemented


def _unchangeable(values: Mapping[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(values)


def packed(given: Given) -> bytes:
    """What goes over the pipe, with its length before it: the pipe stays open."""
    stream = io.BytesIO()
    UnchangeablePickler(stream).dump(given)
    content = stream.getvalue()
    return _LENGTH.pack(len(content)) + content


def read(pipe: IO[bytes]) -> Given:
    """From the pipe. Raises EOFError where the bot ended meanwhile."""
    front = pipe.read(_LENGTH.size)
    if len(front) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(front)
    content = pipe.read(length)
    if len(content) < length:
        raise EOFError
    given = pickle.loads(content)
    assert isinstance(given, Given)
    return given
