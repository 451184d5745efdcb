"""People as tests put them in the database, and whether they are supporters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.rules.people import RsvpAnswer


@dataclass(frozen=True, kw_only=True)
class Member:
    """A row of `people`, with their rows of `vote_plans` by ballot and their answers by event."""

    row: Mapping[str, Any]
    plans: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    answers: Mapping[int, RsvpAnswer] = field(default_factory=dict)


def is_supporter(member: Member) -> bool:
    """Whether a person may be in any audience, reachable or not."""
    return bool(member.row["state"] == "registered" and member.row["consent_contact"])
