"""Whether all is well: what is wrong with a running bot, told from a few signs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from bot.frozen import Frozen
from bot.rules.clock_back import WentBack

SILENT_SECONDS = 120.0
"""So long nothing could be fetched from Telegram before it is a trouble. A long poll is answered within 25 s."""
LATE_SECONDS = 600.0
"""A message that was due for longer than this, and does not only wait for its turn at the bot's rate, is late."""
STALLED_SECONDS = 300.0
"""Where nothing has left for so long, the rate is not what makes messages late."""
SPARE_BYTES = 500_000_000
"""Room on the disk, beside that for one more copy of the database, below which it is nearly full."""
BACKUP_GRACE = timedelta(hours=2)
"""How much later than planned a backup may be made before it is missed."""


class Trouble(StrEnum):
    """Something that somebody has to look at. `REMEDIES` tells each, and what to do."""

    REFUSED = "refused"
    CONFLICT = "conflict"
    SILENT = "silent"
    LATE = "late"
    DISK = "disk"
    DATABASE = "database"
    BACKUP = "backup"
    CLOCK = "clock"
    CLOCK_BACK = "clock_back"


REMEDIES = {
    Trouble.REFUSED: "Telegram does not know this token: check PORTEVOIX_TOKEN, or ask @BotFather for a new one.",
    Trouble.CONFLICT: "Another program asks Telegram for this bot’s updates: stop it, or remove its webhook.",
    Trouble.SILENT: "Nothing came from Telegram for two minutes: check the network, and the proxy of a webhook.",
    Trouble.LATE: "Messages that are due do not leave: see the log for why, and `/broadcasts` in the chat.",
    Trouble.DISK: "The disk is nearly full: make room before the next backup.",
    Trouble.DATABASE: "The database cannot be read or written: see the log, its disk, and its server.",
    Trouble.CLOCK: "The machine’s clock is ahead of Telegram’s, or nothing tells whether it is right after a long stop:"
    " set it if it is wrong; if it is right, run `portevoix purge`. Until then nothing is erased by itself.",
    Trouble.CLOCK_BACK: "The machine’s clock went back: what is due waits until it shows again what it had shown."
    " Set it if it is wrong; if it is right, wait.",
    Trouble.BACKUP: "The last planned backup was not made: see `backup_failed` in the log.",
}

NOT_REACHED_YET = (
    "Telegram has not been reached since the start: check the network and PORTEVOIX_API_BASE; "
    "it is asked again by itself."
)
NOT_REACHED = NOT_REACHED_YET.replace(":", " ({said}):", 1)
"""Of who has not begun; it counts as `Trouble.SILENT`."""

CAN_WAIT = frozenset({Trouble.DISK, Trouble.BACKUP})
"""Nobody is told of these at night."""


class Signs(Frozen):
    """What is seen of a running bot.

    `silent_seconds`: since Telegram last answered who asks it for updates, or was seen to get through by webhook; None
    where this process does not ask.
    `lag_seconds`: how long the oldest due message has been due; `due_total`: how many messages, sent ones too, the
    broadcasts with due ones have; `stalled_seconds`: since one of these left, None where none did yet.
    `rate`: messages a second. `free_bytes`: on the disk of the database; `copy_bytes`: what one more copy of it takes.
    """

    refused: bool = False
    conflict: bool = False
    silent_seconds: float | None = None
    lag_seconds: float = 0.0
    due_total: int = 0
    stalled_seconds: float | None = None
    rate: float = 30.0
    free_bytes: int | None = None
    copy_bytes: int = 0
    database_answers: bool = True
    backup_missed: bool = False
    clock_leapt: bool = False
    went_back: WentBack | None = None


def troubles(signs: Signs) -> tuple[Trouble, ...]:
    """What is wrong, worst first; empty where all is well."""
    found = {
        Trouble.REFUSED: signs.refused,
        Trouble.CONFLICT: signs.conflict,
        Trouble.SILENT: is_silent(signs),
        Trouble.LATE: is_late(signs),
        Trouble.DISK: signs.free_bytes is not None and signs.free_bytes < SPARE_BYTES + signs.copy_bytes,
        Trouble.DATABASE: not signs.database_answers,
        Trouble.BACKUP: signs.backup_missed,
        Trouble.CLOCK: signs.clock_leapt,
        Trouble.CLOCK_BACK: signs.went_back is not None,
    }
    return tuple(trouble for trouble, there in found.items() if there)


def is_silent(signs: Signs) -> bool:
    """Whether Telegram brings nothing, for a reason that no other trouble tells."""
    if signs.refused or signs.conflict or signs.silent_seconds is None:
        return False
    return signs.silent_seconds >= SILENT_SECONDS


def is_late(signs: Signs) -> bool:
    """Whether the oldest due message waits for more than its turn: a great many take long at the bot's rate."""
    if signs.lag_seconds < LATE_SECONDS:
        return False
    if signs.stalled_seconds is None or signs.stalled_seconds >= STALLED_SECONDS:
        return True
    return signs.lag_seconds >= LATE_SECONDS + signs.due_total / signs.rate


def in_words(found: Iterable[Trouble], signs: Signs) -> list[str]:
    """A sentence for each: what is wrong, by the signs of it, and what to do."""
    measured = {} if signs.went_back is None else {Trouble.CLOCK_BACK: signs.went_back.sentence}
    return [measured.get(trouble, REMEDIES[trouble]) for trouble in found]
