"""The rules that must hold in a rehearsal, and one that was broken."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from bot.frozen import Frozen


class Rule(StrEnum):
    """A rule that must hold for every message; names what the report says of it."""

    QUIET_PERIOD = "quiet_period"
    NOT_NEUTRAL = "not_neutral"
    TWICE = "twice"
    COURTESY_HOURS = "courtesy_hours"
    CAP_DAY = "cap_day"
    CAP_WEEK = "cap_week"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    DELAYED = "delayed"
    MISSING = "missing"
    NOT_REMINDED = "not_reminded"
    AFTER_VOTED = "after_voted"
    AFTER_CANNOT = "after_cannot"
    AFTER_STOP = "after_stop"
    RESTRICTED = "restricted"
    AFTER_BLOCK = "after_block"
    MUTED = "muted"
    NOT_MEANT = "not_meant"
    UNEXPLAINED = "unexplained"
    NOT_RECEIVED = "not_received"
    NOT_TAKEN_BACK = "not_taken_back"
    OVERFULL = "overfull"
    TWO_SHIFTS = "two_shifts"
    NOT_AT_THE_DOOR = "not_at_the_door"
    KNOCKED = "knocked"
    LEFT_OUT = "left_out"
    OTHER_VERSION = "other_version"
    NOT_CORRECTED = "not_corrected"
    NOT_ASKED = "not_asked"
    READ_BY_TWO = "read_by_two"
    ANSWERED_TWICE = "answered_twice"
    ANSWERED_LATE = "answered_late"
    ANSWERED_ASTRAY = "answered_astray"
    ANSWERED_OTHERWISE = "answered_otherwise"
    ASKED_IN_SILENCE = "asked_in_silence"


class BrokenRule(Frozen):
    """A rule that was broken: for whom, by which message, when."""

    rule: Rule
    at: datetime | None
    person: int | None
    about: str


def round_name(ballot: int) -> str:
    """The name of a round in a rule that it broke as a whole."""
    return f"round:{ballot}"
