"""The kinds of message, and which groups of kinds each rule speaks of."""

from enum import StrEnum


class Kind(StrEnum):
    """What a message is, in the eyes of the law and of courtesy (DESIGN.md, "Kinds of message")."""

    PERSUASION = "persuasion"
    EVENT_INVITE = "event_invite"
    EVENT_SERVICE = "event_service"
    GOTV = "gotv"
    CIVIC_NEUTRAL = "civic_neutral"
    POLL = "poll"
    RESULT = "result"
    SERVICE = "service"


PARTISAN: frozenset[Kind] = frozenset(
    {Kind.PERSUASION, Kind.EVENT_INVITE, Kind.GOTV, Kind.POLL, Kind.RESULT},
)
"""What speaks for the campaign. These kinds, and only these, count towards the daily and weekly caps."""

COURTEOUS: frozenset[Kind] = PARTISAN | {Kind.CIVIC_NEUTRAL}
"""What waits for courtesy hours. An event's service messages follow the event's own clock (a reminder at
8:00,
a cancellation at once), and a person's rights have no office hours."""

BROADCAST_KINDS: tuple[Kind, ...] = (
    Kind.PERSUASION,
    Kind.EVENT_INVITE,
    Kind.GOTV,
    Kind.CIVIC_NEUTRAL,
    Kind.POLL,
    Kind.RESULT,
)
"""What staff may call a broadcast. The service kinds, which caps and courtesy spare, are the program's
own.
"""

MUTABLE: frozenset[Kind] = frozenset(Kind) - {Kind.SERVICE}
"""What a person may switch off in their settings: everything but what their rights need."""
