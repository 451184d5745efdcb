"""The holdout: a random share of people left without reminders, so that a campaign can measure their
effect.
"""

import hashlib
import hmac


def is_held_out(*, key: str, person: int, percent: int) -> bool:
    """Whether a person belongs to the share, the same at every call: by the campaign's `key`, without which nobody can
    tell it beforehand; `percent` 0 to 100.

    Raising the percentage only adds people.
    """
    digest = hmac.new(key.encode(), f"holdout:{person}".encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8]) < percent * 2**64 // 100
