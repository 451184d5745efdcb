"""Errors for people: one small tree, one clear sentence each.

An error carries two ways of being told. `sentence` is plain English for the command line: what is wrong and
what to do. `message` names the text of `locales/` that a chat user sees, filled with `values`.
"""

from typing import Any, ClassVar


class PortevoixError(Exception):
    """Something that a person asked for cannot be done; the reason is fit to be shown to them."""

    default_message: ClassVar[str] = "errors/refused"
    may_pass: ClassVar[bool] = False
    """Whether the same may succeed a while later though nobody mended anything."""

    def __init__(self, sentence: str, *, message: str | None = None, **values: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.message = message or self.default_message
        self.values: dict[str, Any] = values


class SettingsError(PortevoixError):
    """An environment variable is missing, malformed or contradicts another one."""


class Unanswered(PortevoixError):
    """Telegram did not do what a start needs, and may do it later."""

    may_pass = True


class CampaignError(PortevoixError):
    """The campaign file cannot be read or contains faults; the sentence lists every one of them."""


class NotAllowed(PortevoixError):
    """The person's role or area does not cover what was asked."""

    default_message = "errors/not_allowed_role"


class OutOfSight(NotAllowed):
    """Something of another area or another author, of which nothing is shown to them: a page tells them what it tells
    of one that there is not.
    """


class UnknownArea(PortevoixError):
    """A staff or audience area code that exists nowhere."""


class UnknownTerritory(PortevoixError):
    """A territory code, or a commune code that belongs to no territory."""


class UnknownZone(PortevoixError):
    """A time zone name that the IANA database does not hold."""


class BadAudience(PortevoixError):
    """A stored or typed audience that cannot be understood. `why` names the fault for `errors/audience`, which shows
    the `word` that it is about between what stands `before` and `after` it, as far as they are known.
    """

    default_message = "errors/audience"

    def __init__(self, sentence: str, *, why: str = "", **values: object) -> None:
        known: dict[str, Any] = {"before": "", "word": "", "after": "", **values}
        super().__init__(sentence, why=why, **known)

    @property
    def clause(self) -> str:
        """The sentence as it goes on after where the fault stands; none begins with a name."""
        return f"{self.sentence[:1].lower()}{self.sentence[1:]}"


class BadPlaceholder(PortevoixError):
    """A text written by staff uses a placeholder or a template tag that is not allowed."""
