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


ASKED_ONCE: frozenset[Purpose] = frozenset({Purpose.TEAM, Purpose.KEEP})
"""The choices that are put to people when they serve, and once: /consent shows them at any time."""

SUSPENDED_UNTIL_RENEWED: frozenset[Purpose] = frozenset(Purpose) - {Purpose.KEEP}
"""What stops, once its text has changed, until the person answers the new one. Being kept goes on as it was agreed:
nothing begins by it, and an erasure could not be undone.
"""


def may_contact(consents: Collection[Purpose]) -> bool:
    """Whether the campaign may write to this person at all."""
    return Purpose.CONTACT in consents
