"""Who is in an audience, said of one person in plain words: what the SQL for everybody is compared with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.rules.audiences import Audience, RsvpCondition, VoteCondition
from bot.rules.people import RsvpAnswer, VoteState
from tests.places import lives_in


@dataclass(frozen=True, kw_only=True)
class Member:
    """A row of `people`, with their rows of `vote_plans` by ballot and their answers by event."""

    row: Mapping[str, Any]
    plans: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    answers: Mapping[int, RsvpAnswer] = field(default_factory=dict)


def is_supporter(member: Member) -> bool:
    """Whether a person may be in any audience, reachable or not."""
    return bool(member.row["state"] == "registered" and member.row["consent_contact"])


def is_in(audience: Audience, member: Member, *, communes_within: Collection[str] = ()) -> bool:
    """Whether a person is in the audience: reachable, agreed to be contacted, and every condition holds."""
    row = member.row
    if not is_supporter(member) or row["unreachable_at"] is not None:
        return False
    if audience.uses_commune and not row["consent_commune"]:
        return False
    if not lives_in(audience.area, row):
        return False
    if audience.radius is not None and row["commune"] not in communes_within:
        return False
    if audience.language is not None and row["language"] != audience.language:
        return False
    if audience.volunteers and not row["volunteer"]:
        return False
    return _answered_so(audience.rsvp, member) and _votes_so(audience.vote, member)


def _answered_so(condition: RsvpCondition | None, member: Member) -> bool:
    if condition is None:
        return True
    answer = member.answers.get(condition.event)
    return answer in condition.answers if condition.answers else answer is None


def _votes_so(condition: VoteCondition | None, member: Member) -> bool:
    """What was said on the day outweighs what was intended."""
    if condition is None:
        return True
    plan = member.plans.get(condition.ballot, {})
    if condition.planned is not None and condition.planned != (plan.get("slot") is not None):
        return False
    said = plan.get("vote") or plan.get("intention") or VoteState.NONE
    return VoteState(said) in condition.states
