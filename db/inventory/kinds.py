"""The facts that are told of a table: of whom it is, how long it is kept, what `/delete` does with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from bot.frozen import Frozen


class DataSubject(StrEnum):
    """The people whom the data of a table are about."""

    SUPPORTERS = "supporters"
    TEAM = "team"
    NOBODY = "nobody"


class KeptFor(StrEnum):
    """How long, in words that the campaign file's [retention] fills."""

    PROFILE = "profile"
    DELIVERIES = "deliveries"
    DIALOG = "dialog"
    EVENT_ANSWERS = "event_answers"
    VOTES = "votes"
    DOORS = "doors"
    SURVEYS = "surveys"
    CONVERSATIONS = "conversations"
    UPDATES = "updates"
    UNREAD = "unread"
    ANSWERS = "answers"
    COUNTS = "counts"
    PROOF = "proof"
    SUPPRESSION = "suppression"
    ROLES = "roles"
    AUDIT = "audit"
    CAMPAIGN = "campaign"
    LINK = "link"
    DAY = "day"
    SESSION = "session"
    APPROVAL = "approval"
    INSTALLATION = "installation"


class Erased(StrEnum):
    """The effect of `/delete` on the rows of a person."""

    DELETED = "deleted"
    COUNTED = "counted"
    CUT_LOOSE = "cut_loose"
    SEALED = "sealed"
    ADDED = "added"
    # What stays: a log that names the team, rows whose author is a number that leads to nobody any more, texts that
    # somebody has to correct by hand.
    LOG_STAYS = "log_stays"
    NUMBER_STAYS = "number_stays"
    TEXT_STAYS = "text_stays"
    NOT_CONCERNED = "not_concerned"


class TableHolding(Frozen):
    """One table: its personal columns by what they tell, and the others."""

    table: str
    subject: DataSubject
    kept: KeptFor
    erased: Erased
    data: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    plain: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is described, of people or not."""
        return (*(column for columns in self.data.values() for column in columns), *self.plain)
