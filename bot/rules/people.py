"""What rules know of one person: facts that the database fills in, never the person's name or chat."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from bot.frozen import Frozen
from bot.rules.consent import Purpose
from bot.rules.kinds import Mute

FIRST_NAME_LIMIT = 64
"""Characters of a first name that are kept, as Telegram allows them."""
NOT_A_SUPPORTER = "not_a_supporter"
"""Why a message did not leave: for somebody who left, asked for silence, or restricted the use of their data. Which of
them is not told."""


class PersonState(StrEnum):
    """Where a person stands with the campaign. Only `active` people get campaign messages."""

    UNFINISHED = "unfinished"
    ACTIVE = "active"
    STOPPED = "stopped"
    UNREACHABLE = "unreachable"
    RESTRICTED = "restricted"


class VoteState(StrEnum):
    """A person's last word on their vote in one ballot."""

    NONE = "none"
    UNSURE = "unsure"
    WILL = "will"
    LATER = "later"
    CANNOT = "cannot"
    VOTED = "voted"


class RsvpAnswer(StrEnum):
    """An answer to an invitation."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


class VoteFacts(Frozen):
    """One person and one ballot: what they said, when they plan to go, which steps left and when (aware UTC).

    `slot` names a slot of the campaign, None without a plan.
    """

    state: VoteState = VoteState.NONE
    slot: str | None = None
    sent: Mapping[str, datetime] = field(default_factory=dict)


NO_VOTE_FACTS = VoteFacts()


class PersonFacts(Frozen):
    """One person. `territory` None: no place named; `zone` is the person's own, also abroad.

    `unanswered`: questions of steps in a row that were not answered. `votes` by ballot number.
    """

    territory: str | None
    zone: str
    state: PersonState = PersonState.ACTIVE
    consents: frozenset[Purpose] = frozenset()
    mutes: frozenset[Mute] = frozenset()
    unanswered: int = 0
    votes: Mapping[int, VoteFacts] = field(default_factory=dict)

    def vote(self, ballot: int) -> VoteFacts:
        """The facts known of this person's vote in a ballot."""
        return self.votes.get(ballot, NO_VOTE_FACTS)
