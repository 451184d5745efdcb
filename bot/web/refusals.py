"""What the console and the Mini App refuse by themselves, and the status of every refusal."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.actions.console import SignedOut, SignInLinkDead
from bot.errors import NotAllowed, PortevoixError


class BadForm(PortevoixError):
    """A form that no page of this session sent, or that is no form."""

    default_message = "console/bad_form"


class TooLarge(PortevoixError):
    """A body beyond what any form of the console comes to."""

    default_message = "console/too_large"


class Missing(PortevoixError):
    """There is no such page, or nothing of that number that the reader may see."""

    default_message = "console/missing"


_STATUS: Mapping[type[PortevoixError], int] = MappingProxyType(
    {SignedOut: 401, NotAllowed: 403, BadForm: 403, Missing: 404, SignInLinkDead: 410, TooLarge: 413}
)


_GONE = frozenset({"errors/event_gone", "errors/broadcast_gone", "inbox/gone"})
"""What is said of a number or a code of which there is nothing."""


def status_of(refusal: PortevoixError) -> int:
    """Of the answer to what cannot be done. 409: what was seen has changed meanwhile, or cannot be so."""
    if refusal.message in _GONE or (
        refusal.message == "errors/survey" and refusal.values["why"] == "unknown"
    ):
        return 404
    return next((code for kind, code in _STATUS.items() if isinstance(refusal, kind)), 409)
