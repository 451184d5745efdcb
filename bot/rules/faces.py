"""What all cards of an event show alike: when it changes, the messages that show it are edited."""

from __future__ import annotations

from datetime import timedelta

from bot.rules.event_reminders import EventStep
from bot.rules.sending import CHANGE, INVITATION, OFFER

WORDED_AHEAD = timedelta(seconds=60)
"""So long before it left a message may have been worded: what left sooner after a change may show what was before."""
WORDED_AT_ONCE = (CHANGE, OFFER)
"""What tells of the change itself, or is worded for one person: it is true when it leaves."""
CARDS = (INVITATION, CHANGE, OFFER, f"broadcasts/{EventStep.EVE}", f"broadcasts/{EventStep.SAME_DAY}")
"""The messages that show an event; what tells that it is off, or asks afterwards, stays as it is."""
SHOWS_OTHERWISE = 2_000_000_000
"""The face of a message that shows something else now: somebody leafed on in it."""
UNTRUE = -1
"""The face of a message that is to be edited whatever the event's is: how its reader stands has changed by itself."""
LOOKED_AFTER = timedelta(days=1)
"""So long after its end the messages of an event still learn that it is over."""


def face(*, sequence: int, is_cancelled: bool, is_full: bool, is_over: bool) -> str:
    """What is compared: the event moved or was reworded, was cancelled, filled or freed, or is over."""
    return f"{sequence}:{int(is_cancelled)}:{int(is_full)}:{int(is_over)}"


NEW = face(sequence=0, is_cancelled=False, is_full=False, is_over=False)
"""What the cards of an event show that was just announced."""
