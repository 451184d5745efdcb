"""Moments of a ballot as a campaign file writes them.

`D-21 18:00` days before (or `D+2`, after) the local polling day, at a local time · `D 16:30` on the day ·
`slot-1h` before the slot that each person planned · `embargo` when results may be told · `close` when the
territory's last polling place closes · `close-30m`, `embargo-1h` so long before it.
"""

import re
from datetime import time, timedelta
from enum import StrEnum

from bot.frozen import Frozen


class Anchor(StrEnum):
    """The instant that a moment is counted from."""

    POLLING_DAY = "D"
    SLOT = "slot"
    EMBARGO = "embargo"
    CLOSE = "close"


class Moment(Frozen):
    """`days_before` (negative: after) and `at` belong to the polling day, `before` to the other anchors."""

    anchor: Anchor
    days_before: int = 0
    at: time = time()
    before: timedelta = timedelta()


_ON_A_DAY = re.compile(r"D(?:(?P<sign>[+-])(?P<days>\d{1,3}))? (?P<hour>\d{1,2}):(?P<minute>\d{2})")
_FROM_ANCHOR = re.compile(r"(?P<anchor>slot|embargo|close)(?:-(?P<number>\d{1,3})(?P<unit>h|m))?")


def parse_moment(text: str) -> Moment:
    """Reads a moment; raises ValueError with a sentence that shows the forms allowed."""
    if (match := _ON_A_DAY.fullmatch(text)) and int(match["hour"]) < 24 and int(match["minute"]) < 60:
        days = int(match["days"] or 0)
        return Moment(
            anchor=Anchor.POLLING_DAY,
            days_before=-days if match["sign"] == "+" else days,
            at=time(int(match["hour"]), int(match["minute"])),
        )
    if match := _FROM_ANCHOR.fullmatch(text):
        number = int(match["number"] or 0)
        before = timedelta(minutes=number) if match["unit"] == "m" else timedelta(hours=number)
        return Moment(anchor=Anchor(match["anchor"]), before=before)
    raise ValueError(
        f"“{text}” is not a moment: write D-21 18:00, D 16:30, D+2 20:30, slot-1h, embargo or close"
    )
