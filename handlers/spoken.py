"""Yes and no, typed where a button was expected."""

from __future__ import annotations

import re

_YES = re.compile(
    r"^\W*(oui|ouais|yes|yep|ok|okay|d[’']accord|exact|parfait|right|correct)\W*$", re.IGNORECASE
)
_NO = re.compile(r"^\W*(non|no|nope|faux|wrong)\W*$", re.IGNORECASE)


def yes_or_no_in(text: str) -> bool | None:
    """Whether the text agrees; None if it says something else."""
    if _YES.match(text):
        return True
    return False if _NO.match(text) else None
