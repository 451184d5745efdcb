"""Consent: the four purposes that a person agrees to or not, each asked apart, and what each allows."""

from collections.abc import Collection
from enum import StrEnum

AGE_GATE = 17
"""Nobody younger is registered: EU 2024/900 art. 18 forbids targeting people at least one year below voting
age.
"""


class Purpose(StrEnum):
    """The choices of the sign-up (DOMAIN.md 3.1). Refusing the last three never blocks the first."""

    CONTACT = "contact"
    COMMUNE = "commune"
    TEAM = "team"
    KEEP = "keep"


REQUIRED: frozenset[Purpose] = frozenset({Purpose.CONTACT})
OPTIONAL: frozenset[Purpose] = frozenset(Purpose) - REQUIRED

SUSPENDED_UNTIL_RENEWED: frozenset[Purpose] = frozenset(Purpose) - {Purpose.KEEP}
"""What stops, once its text has changed, until the person answers the new one. Being kept goes on as it was agreed:
nothing begins by it, and an erasure could not be undone.
"""


def is_old_enough(age: int) -> bool:
    """Whether somebody of this age, in whole years, may register."""
    return age >= AGE_GATE


def may_contact(consents: Collection[Purpose]) -> bool:
    """Whether the campaign may write to this person at all."""
    return Purpose.CONTACT in consents


def may_choose_by_commune(consents: Collection[Purpose]) -> bool:
    """Whether messages may be chosen by where the person votes or lives."""
    return may_contact(consents) and Purpose.COMMUNE in consents


def may_share_with_team(consents: Collection[Purpose]) -> bool:
    """Whether an export may name this person; without it rows are pseudonymous."""
    return Purpose.TEAM in consents


def may_keep_after_ballot(consents: Collection[Purpose]) -> bool:
    """Whether the profile outlives the ballot."""
    return Purpose.KEEP in consents
