"""What became of a message. After its post, told apart by the only question that matters: may it be posted again?

| outcome | did the message leave? | posted again? |
|---|---|---|
| `Done` | yes, and Telegram answered | no |
| `NotSent` | surely not: refused connection, DNS, no free connection, 429, wrong token | yes |
| `InDoubt` | nobody knows: reset, read timeout, 5xx, unreadable answer | only what is repeatable |
| `Rejected` | no, and it never will: Telegram said why | no |

Before its post, whoever looks at it last may say `Stop` or `Wait`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.frozen import Frozen

BLOCKED = (
    "bot was blocked by the user",
    "user is deactivated",
    "bot can't initiate conversation",
    "bot was kicked",
)
GONE = ("chat not found", "user not found", "peer_id_invalid")
HARMLESS = (
    "message is not modified",
    "query is too old",
    "query id is invalid",
    "message to delete not found",
    "message to edit not found",
)
# What names the bot's balance where it cannot pay for a broadcast. The Bot API documents no answer for that. Telegram's
# own protocol lists `400 BALANCE_TOO_LOW` ("the current Telegram Stars balance is too low") among the errors of
# `messages.sendMessage`, and the Bot API server passes it on as "Bad Request: BALANCE_TOO_LOW", as it does most 403s
# and all codes that it does not know (`Client::fail_query_with_error`). None of it was seen at work.
NO_STARS = ("balance", "stars", "paid broadcast", "paid_broadcast", "floodskip")


# What the database's integers hold; Telegram's ids have 52 bits.
LARGEST = 2**63 - 1


class Done(Frozen):
    """Telegram did it and answered `result`."""

    result: Any


class NotSent(Frozen):
    """It surely did not leave.

    `retry_after` (seconds) is Telegram's own; none where we choose when to try again.
    """

    reason: str
    retry_after: float | None = None


class InDoubt(Frozen):
    """It may have left: no answer, or none that can be read."""

    reason: str


class Rejected(Frozen):
    """Telegram refused it for good. `migrate_to` is the new chat id of a group that became a supergroup."""

    code: int
    description: str
    migrate_to: int | None = None

    @property
    def unreachable(self) -> bool:
        """The person blocked the bot, left Telegram or never wrote: do not try again until they write."""
        text = self.description.lower()
        return any(part in text for part in (*BLOCKED, *GONE)) and self.code in (400, 403)

    @property
    def unpaid(self) -> bool:
        """The bot's Stars do not pay for it: without payment, at the free rate, it may leave."""
        text = self.description.lower()
        return self.code == 402 or (self.code in (400, 403) and any(part in text for part in NO_STARS))

    @property
    def is_final(self) -> bool:
        """Whether the message is there, and Telegram will not do this with it."""
        return not (self.unreachable or self.unpaid or self.harmless)

    @property
    def harmless(self) -> bool:
        """Nothing is lost: the wish is fulfilled already, or no longer matters (a button pressed too long ago)."""
        text = self.description.lower()
        return any(part in text for part in HARMLESS)


Outcome = Done | NotSent | InDoubt | Rejected
OUTCOMES: dict[type[Outcome], str] = {
    Done: "done",
    NotSent: "not_sent",
    InDoubt: "in_doubt",
    Rejected: "rejected",
}
"""What each is called where they are counted."""
PASSED_OVER = "passed_over"
"""What a reply is called that did not leave because a newer one took its place."""


class Wait(Frozen):
    """A message does not leave now: `withheld` by a quiet period, or simply `queued` again, until an instant."""

    until: datetime
    reason: str
    state: str = "withheld"


class Stop(Frozen):
    """A message never leaves: the state it ends in (`expired`, `cancelled`, `unreachable`, `failed`), and why."""

    state: str
    reason: str


# The reason of a `NotSent` whose token Telegram does not know (401 or 404).
WRONG_TOKEN = "wrong token"
# How the reason of an answer begins that no Bot API server would give.
TOO_LARGE = "too large an answer"
UNREADABLE = "unreadable answer"
UNEXPECTED = "an answer to something else"
NO_BOT_API = "not from a Bot API server: a gateway in between, or a wrong PORTEVOIX_API_BASE"


def as_id(value: object) -> int | None:
    """An id that a server gave, where it is one: anything else could not be kept, and would hold up all the others."""
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST:
        return None
    return value


def in_words(outcome: Outcome) -> str:
    """An outcome for whoever reads the log: what happened, and where it helps, what to look at."""
    if isinstance(outcome, Done):
        return f"{UNEXPECTED}, {NO_BOT_API}"
    if isinstance(outcome, Rejected):
        return f"Telegram refuses: {outcome.code} {outcome.description}"
    if isinstance(outcome, NotSent):
        if outcome.retry_after is not None:
            return f"Telegram asks us to wait {outcome.retry_after:g} s"
        if outcome.reason == WRONG_TOKEN:
            return "Telegram does not know this token: check PORTEVOIX_TOKEN, and PORTEVOIX_API_BASE if it is set"
        if "Cert" in outcome.reason:  # SSLCertVerificationError, ClientConnectorCertificateError
            return (
                f"the server’s certificate is none that this machine trusts ({outcome.reason}): check its clock, that"
                " ca-certificates is installed, and PORTEVOIX_API_BASE"
            )
        return f"the server cannot be reached ({outcome.reason}): check the network and PORTEVOIX_API_BASE"
    if outcome.reason.startswith((UNREADABLE, TOO_LARGE)):
        return f"{outcome.reason}, {NO_BOT_API}"
    if outcome.reason.startswith("HTTP"):
        return f"the server fails ({outcome.reason})"
    if "Timeout" in outcome.reason:
        return "the server is silent: no answer came in time"
    return f"the connection broke before the answer ({outcome.reason})"
