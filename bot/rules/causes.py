"""Why somebody did not get a message: one cause for all that its author is told in the same words.

While it waits a delivery holds why. That is why it expired, and not why it was cancelled.
"""

from bot.rules.courtesy import UNDISTURBED, CapReason
from bot.rules.leaving import COURTESY_HOURS
from bot.rules.quiet import Reason

USELESS = "useless"
_SAME = {
    **{str(reason): str(Reason.QUIET_PERIOD) for reason in Reason},
    **{str(reason): str(CapReason.DAY) for reason in CapReason},
    COURTESY_HOURS: COURTESY_HOURS,
}
"""Why it waits, and the cause that stands for all of its words."""
_STOPPED = frozenset(
    {
        *("muted", "not_a_supporter", "erased", "not_by_commune", "event_cancelled", "offer_over"),
        *("not_coming", "answered", "candidate_out", "not_neutral", "voted"),
    }
)


def cause_of(state: str, reason: str | None) -> str | None:
    """The cause, of a delivery that ended as `cancelled`, `expired`, `unreachable` or `failed`; None: the state says
    it all.
    """
    if state == "expired":
        return None if reason is None else _SAME.get(reason)
    if state != "cancelled" or reason is None or reason in _SAME or reason == UNDISTURBED:
        return None
    if reason == "cannot":  # vote: told as whoever has voted
        return "voted"
    return reason if reason in _STOPPED else USELESS
