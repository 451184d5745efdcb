"""Check-in: the code of the minute on the host's phone, and when there is somebody to check in.

The code follows by a keyed hash from the event and the minute: a photograph of it is worth nothing a minute later, and
nobody makes one without the key. `token` stands in a link and its QR code, `digits` are read aloud or typed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.people import RsvpAnswer
from bot.rules.seats import Rsvp, Standing
from bot.rules.suppression import SuppressionKey

SECONDS = 60
OLD_THAT_COUNT = 1
"""Besides the code on the screen one old one: it takes a moment to scan, and to arrive."""
EARLY = timedelta(hours=1)
"""So long before the start people are let in."""
MAC_DIGITS = 24
"""Of a link: 96 bits, which nobody guesses."""
DIGITS = 6
MOST_WRONG = 5
WRONG_WITHIN = timedelta(minutes=10)
"""Who types so many wrong codes within so long is asked to turn to the host: six digits could be guessed."""

_TOKEN = re.compile(r"([0-9A-Za-z]{1,16})-([0-9a-f]{1,9})-([0-9a-f]{24})")
_TYPED = re.compile(r"\s*(\d{3})[\s\u00a0\u202f.-]?(\d{3})\s*", re.ASCII)


class How(StrEnum):
    """The way by which somebody was checked in."""

    LINK = "link"
    CODE = "code"
    LIST = "list"
    WALK_IN = "walk_in"


class CheckInRefused(PortevoixError):
    """A code that is none, or an event where nobody can be checked in now."""

    default_message: ClassVar[str] = "check_ins/forged"


class DoorKey(Frozen):
    """The secret from which the codes of every event and minute follow."""

    secret: bytes = field(repr=False)

    def token(self, event: str, minute: int) -> str:
        """What stands in the link: the event's public code, the minute, and the proof that we made it."""
        return f"{event}-{minute:x}-{self._mac(f'link:{event}:{minute}')[:MAC_DIGITS]}"

    def digits(self, event: str, minute: int) -> str:
        """Six digits, for who cannot scan."""
        return f"{int(self._mac(f'digits:{event}:{minute}'), 16) % 10**DIGITS:0{DIGITS}}"

    def mark(self, event: str, telegram_id: int) -> str:
        """What is kept at a door of somebody who is not signed up: that it is the same person, and not who."""
        return self._mac(f"walk-in:{event}:{telegram_id}")

    def _mac(self, text: str) -> str:
        return hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()


def door_key(key: SuppressionKey) -> DoorKey:
    """The key of the doors, which tells nothing of the one it is made from."""
    return DoorKey(secret=bytes.fromhex(key.seal("check-in codes")))


def minute_of(now: datetime) -> int:
    """The minute whose code is on the screen, counted from 1970."""
    return int(now.timestamp()) // SECONDS


def event_of_token(token: str, key: DoorKey, now: datetime) -> str:
    """The public code of the event whose door somebody stands at.

    Raises CheckInRefused for what we never made, and, with words of their own, for what is over.
    """
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise CheckInRefused("This is no code of ours.")
    event, minute = found[1], int(found[2], 16)
    if not hmac.compare_digest(token.encode(), key.token(event, minute).encode()):
        raise CheckInRefused("This is no code of ours.")
    if not minute_of(now) - OLD_THAT_COUNT <= minute <= minute_of(now):
        raise CheckInRefused("This code was of another minute.", message="check_ins/old_code")
    return event


def typed_digits(text: str) -> str | None:
    """The six digits that somebody typed, `482 913` or `482913`; None where it is something else."""
    found = _TYPED.fullmatch(text)
    return found[1] + found[2] if found is not None else None


def event_of_digits(digits: str, events: Iterable[str], key: DoorKey, now: datetime) -> str | None:
    """Which of some events has this code now, by their public codes; each is compared, whichever it is."""
    minutes = range(minute_of(now) - OLD_THAT_COUNT, minute_of(now) + 1)
    found = None
    for event in events:
        for minute in minutes:
            if hmac.compare_digest(digits.encode(), key.digits(event, minute).encode()):
                found = event
    return found


def is_at_its_door(starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Whether people are let in at an event: from an hour before it begins until it is over."""
    return starts_at - EARLY <= now < ends_at


def arrived(own: Rsvp | None, blank: Rsvp, *, reach: int | None, ticked: bool = False) -> Rsvp:
    """How somebody stands who is there. `blank`: their row as if they had said nothing; `reach`: seats they may have.

    Where no seat is left they keep what they said, and who was not expected may come: nobody loses a seat by it. Who
    was `ticked` by somebody else keeps what they said too: a mistaken tick gives nobody a seat or takes their place.
    """
    if ticked and own is not None:
        return replace(own, attended=True, at=blank.at)
    if own is not None and own.answer == Standing.YES:
        return replace(own, attended=True, at=blank.at)
    if reach is None or reach >= 1:
        offers = own.offers if own is not None else 0
        return replace(blank, answer=Standing.YES.value, attended=True, offers=offers)
    return replace(own or replace(blank, answer=RsvpAnswer.MAYBE.value), attended=True, at=blank.at)
