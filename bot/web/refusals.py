"""What the console and the Mini App refuse by themselves, and the status of every refusal."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.actions.console import SignedOut, SignInLinkDead
from bot.actions.surveys import SurveyRefused
from bot.errors import NotAllowed, OutOfSight, PortevoixError


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


_OF_NOTHING: Mapping[str, str] = MappingProxyType(
    {
        "messages": "errors/broadcast_gone",
        "events": "errors/event_gone",
        "conversations": "inbox/gone",
        "surveys": "errors/survey",
    }
)
"""By room, what is said of an address of it at which there is nothing."""


def as_told(refusal: PortevoixError, path: str) -> PortevoixError:
    """What whoever asks is told: of what they may not see the same as of what there is not, so that an address tells
    nobody whether something is there.
    """
    if not isinstance(refusal, OutOfSight):
        return refusal
    room = next((message for name, message in _OF_NOTHING.items() if f"/{name}/" in path), None)
    if room == "errors/survey":
        return SurveyRefused("There is no such survey.")
    return Missing("There is nothing that they may see.", message=room)


def status_of(refusal: PortevoixError) -> int:
    """Of the answer to what cannot be done. 409: what was seen has changed meanwhile, or cannot be so."""
    if refusal.message in _GONE or (
        refusal.message == "errors/survey" and refusal.values["why"] == "unknown"
    ):
        return 404
    return next((code for kind, code in _STATUS.items() if isinstance(refusal, kind)), 409)
