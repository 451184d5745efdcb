"""The kinds of message, and which groups of kinds each rule speaks of."""

from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """The kind of a message, in the eyes of the law and of courtesy (DESIGN.md, "Kinds of message")."""

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


class Mute(StrEnum):
    """The three groups of kinds that a person may switch off; a column `mutes_<group>` of `people` holds each."""

    EVENTS = "events"
    NEWS = "news"
    REMINDERS = "reminders"


MUTES: MappingProxyType[Kind, Mute] = MappingProxyType(
    {
        Kind.EVENT_INVITE: Mute.EVENTS,
        Kind.PERSUASION: Mute.NEWS,
        Kind.POLL: Mute.NEWS,
        Kind.RESULT: Mute.NEWS,
        Kind.GOTV: Mute.REMINDERS,
        Kind.CIVIC_NEUTRAL: Mute.REMINDERS,
    }
)
"""Which switch silences a kind; `service` and `event_service` have none: who accepted an event hears of it."""


def mutes_of_step(kind: Kind) -> frozenset[Mute]:
    """The switches any of which silences a step of this kind: its kind's, and that of reminders, which it is."""
    return frozenset({Mute.REMINDERS, MUTES.get(kind, Mute.REMINDERS)})
