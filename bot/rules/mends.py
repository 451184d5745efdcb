"""Second thoughts about what has left: a correction puts other words in its place, a recall takes it back.

Neither rings: no courtesy hours, no caps. A recall only takes away and is always allowed. A correction says something
new, so that the law holds for it as for the message it mends, by the kind of that message: on the eve of a vote, what
speaks for the campaign is not reworded either. It waits, and expires if the quiet period outlasts its use.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from bot.rules.kinds import Kind
from bot.rules.sending import ON_THE_WAY

DELETABLE_FOR = timedelta(hours=48)
"""So long after it was sent, Telegram lets a bot delete its message from a chat; after that only edit it."""
IN_TIME = timedelta(minutes=1)
"""What a deletion may be late by: Telegram counts by its own clock."""
RECALLED = "mends/recalled"
"""The template of the neutral line that stands where a message could only be edited; it marks a recall."""

REACHED = ("sent", "sending", "in_doubt")
"""States of a delivery whose message stands in a chat, or may."""
NEVER_LEFT = (*ON_THE_WAY, "expired", "cancelled", "failed", "unreachable", "held_out")


class Mend(StrEnum):
    """The two second thoughts."""

    CORRECTION = "correction"
    RECALL = "recall"


def may_be_deleted(sent_at: datetime, now: datetime) -> bool:
    """Whether Telegram still lets a bot delete what it sent then."""
    return now < sent_at + DELETABLE_FOR - IN_TIME


def may_be_recalled(kind: Kind) -> bool:
    """Whether a message of this kind can be taken back: not what people are owed (news of an event, their rights)."""
    return kind not in (Kind.SERVICE, Kind.EVENT_SERVICE)


def may_be_corrected(kind: Kind, *, template: str | None) -> bool:
    """Whether its words can be put right: those that staff wrote. What the program words follows its facts, and a
    neutral reminder has no other words.
    """
    return template is None and kind is not Kind.CIVIC_NEUTRAL and may_be_recalled(kind)


def says_something_else(texts: Mapping[str, str], before: Mapping[str, str]) -> bool:
    """Whether a correction changes anything in any language."""
    return {code: text for code, text in texts.items() if text} != {
        code: text for code, text in before.items() if text
    }
