"""The kinds of vote that a campaign may be about, and what taking part in one reveals about somebody."""

from __future__ import annotations

from enum import StrEnum

ELSEWHERE = "elsewhere"
"""Stands for the territory of who votes in none of the campaign's communes, and helps: no ballot is held there."""


class BallotKind(StrEnum):
    """The kind of vote. `election`: any other public one. `members`: of an association, a union, a party among its own;
    no electoral law speaks of it, and nobody is asked for a commune.
    """

    ELECTION = "election"
    PRIMARY = "primary"
    MUNICIPAL = "municipal"
    LEGISLATIVE = "legislative"
    PRESIDENTIAL = "presidential"
    EUROPEAN = "european"
    REFERENDUM = "referendum"
    MEMBERS = "members"


class Reveals(StrEnum):
    """What of article 9 of the GDPR it tells of somebody that they take part, if anything."""

    NOTHING = "nothing"
    POLITICAL_OPINION = "political_opinion"
    UNION_MEMBERSHIP = "union_membership"
    BELIEFS = "beliefs"


UNDER_THE_ELECTORAL_CODE = frozenset(
    {
        BallotKind.MUNICIPAL,
        BallotKind.LEGISLATIVE,
        BallotKind.PRESIDENTIAL,
        BallotKind.EUROPEAN,
        BallotKind.REFERENDUM,
    }
)
"""What the French electoral code and the decrees that call the voters speak of."""

ONE_ROUND = frozenset({BallotKind.EUROPEAN, BallotKind.REFERENDUM})
"""What is never held in two rounds."""
