"""Restriction of processing (GDPR, article 18): what is known of somebody is kept, and nobody uses it."""

from enum import StrEnum

RESTRICTED = "restricted"
"""The state of somebody who asked for it. Whoever chooses people names the states it means: this is none of them."""

PURPOSE = "restriction"
"""What it is called in the consent ledger and in the log of answers: given when asked for, taken back when lifted."""

NO_GROUND, LIFTED = "none", "lifted"
"""What is logged where no ground was told, and when it ended."""


class RestrictionGround(StrEnum):
    """Why somebody may ask for it, as article 18(1) counts the reasons; nobody has to tell."""

    ACCURACY = "accuracy"
    UNLAWFUL = "unlawful"
    CLAIMS = "claims"
    OBJECTION = "objection"


def state_after(*, agreed_to_be_contacted: bool) -> str:
    """Where somebody stands once they lift it: who had asked for silence meanwhile or before is silent still."""
    return "registered" if agreed_to_be_contacted else "stopped"
