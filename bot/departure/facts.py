"""A supporter about to get a message, as the rules know them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.departure.batch import is_muted
from bot.rules.consent import Purpose
from bot.rules.kinds import Mute
from bot.rules.people import PersonFacts, PersonState, VoteFacts, VoteState
from bot.rules.restriction import RESTRICTED
from db.people import Person
from db.vote_plans import VotePlan


def facts_of(person: Person, ballot: int, plan: VotePlan | None, sent: Mapping[str, datetime]) -> PersonFacts:
    """A supporter as the rules know them, with what is known of a ballot. `sent`: when its steps left."""
    purposes = {purpose for purpose in Purpose if getattr(person, f"consent_{purpose.value}")}
    states = {
        "registered": PersonState.ACTIVE,
        "stopped": PersonState.STOPPED,
        RESTRICTED: PersonState.RESTRICTED,
    }
    state = (
        PersonState.UNREACHABLE if person.unreachable_at else states.get(person.state, PersonState.UNFINISHED)
    )
    return PersonFacts(
        territory=person.territory,
        zone=person.zone or "Europe/Paris",
        state=state,
        consents=frozenset(purposes),
        mutes=frozenset(mute for mute in Mute if is_muted(person, mute)),
        unanswered=person.unanswered,
        votes={
            ballot: VoteFacts(
                state=plan.state if plan is not None else VoteState.NONE,
                slot=plan.slot if plan is not None else None,
                sent=sent,
            )
        },
    )
