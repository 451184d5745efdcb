"""The holdout: a random share of people left without reminders, so that a campaign can measure their
effect.
"""

import hashlib


def is_held_out(*, campaign: str, person: int, percent: int) -> bool:
    """Whether a person belongs to the share, the same at every call; `campaign` is its slug, `percent` 0
    to 100.

    Raising the percentage only adds people.
    """
    digest = hashlib.sha256(f"{campaign}:{person}".encode()).digest()
    return int.from_bytes(digest[:8]) < percent * 2**64 // 100
