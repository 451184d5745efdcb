"""Conversations: who may read and answer what a supporter writes to the team, and when it goes to somebody else.

    waiting -> claimed -> waiting (handed back, or left idle) | closed -> waiting (its author writes again)

One of the team reads and answers at a time. Whoever takes it has a while to do something about it; what nobody
answers goes up to the coordinators.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Any, ClassVar

from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.areas import city_of
from bot.rules.permissions import Action, Role, Staff, may
from bot.rules.shifts import BadShift, read_hours

PURPOSE = "conversation"
"""The purpose under which the consent ledger holds that what somebody writes may be read by those who answer."""
MOST_A_MINUTE = 10
"""Messages that are taken of one person in a minute."""
LONGEST = 3_500
"""Characters of a text: it leaves with who wrote it above it, and Telegram holds 4,096 in all."""
REOPENS_FOR = timedelta(hours=24)
"""How long after it was closed whoever writes again goes on with it without being asked."""
BLOCKS = (timedelta(days=1), timedelta(days=7), timedelta(days=30))
"""For how long somebody may be kept from writing."""
MINUTE = timedelta(minutes=1)


class ConversationState(StrEnum):
    """The state of a conversation."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    CLOSED = "closed"


class Media(StrEnum):
    """What somebody may send beside text: Telegram copies it, and nothing of it is kept but what it was."""

    PHOTO = "photo"
    VIDEO = "video"
    VOICE = "voice"
    AUDIO = "audio"
    DOCUMENT = "document"
    STICKER = "sticker"
    PLACE = "place"


WITHOUT_CAPTION = frozenset({Media.STICKER, Media.PLACE})
"""What can bear no words of ours."""
LONGEST_SIGNED = 800
"""Characters of a caption that leaves with who wrote it above it: Telegram holds 1,024 in all."""


def is_signed_apart(media: Media | None, text: str | None) -> bool:
    """Whether who answers stands in a message before it, as the answer has no room for it."""
    return media in WITHOUT_CAPTION or (media is not None and len(text or "") > LONGEST_SIGNED)


def may_become(media: str | None, text: str) -> bool:
    """Whether what was sent may say this instead: a text says something, a caption may go."""
    has_words = bool(text.strip()) if media is None else media not in WITHOUT_CAPTION
    return has_words and len(text) <= LONGEST


class Claims(Frozen):
    """How long a claim may rest before it goes back, and a question before it goes up to the coordinators."""

    idle: timedelta = timedelta(hours=2)
    escalation: timedelta = timedelta(hours=24)


class ConversationStanding(Frozen):
    """Where a conversation stands. `claimed_by`: the number of a person; instants are aware.

    `waiting_since`: since when its author waits for an answer. `touched_at`: when whoever took it last did something
    about it.
    """

    state: ConversationState
    waiting_since: datetime | None = None
    claimed_by: int | None = None
    claimed_at: datetime | None = None
    touched_at: datetime | None = None
    escalated_at: datetime | None = None
    closed_at: datetime | None = None


_UNCLAIMED: dict[str, Any] = {"claimed_by": None, "claimed_at": None, "touched_at": None}
NEW = ConversationStanding(state=ConversationState.CLOSED)
"""A conversation in which nothing was written yet."""


def written_to(standing: ConversationStanding, now: datetime) -> ConversationStanding:
    """Its author wrote: they wait, unless they do already; whoever has taken it keeps it."""
    waits = replace(standing, waiting_since=standing.waiting_since or now)
    return (
        waits
        if standing.state is ConversationState.CLAIMED
        else replace(waits, state=ConversationState.WAITING, closed_at=None)
    )


def claimed(standing: ConversationStanding, by: int, now: datetime) -> ConversationStanding:
    """Somebody took it; it must be waiting."""
    return replace(standing, state=ConversationState.CLAIMED, claimed_by=by, claimed_at=now, touched_at=now)


def answered(standing: ConversationStanding, now: datetime) -> ConversationStanding:
    """Whoever has taken it answered."""
    return replace(standing, waiting_since=None, escalated_at=None, touched_at=now)


def handed_back(standing: ConversationStanding, now: datetime) -> ConversationStanding:
    """Somebody else is to answer."""
    waits = standing.waiting_since or now
    return replace(standing, state=ConversationState.WAITING, waiting_since=waits, **_UNCLAIMED)


def closed(standing: ConversationStanding, now: datetime) -> ConversationStanding:
    """Nobody waits for anything any more."""
    ended = replace(
        standing, state=ConversationState.CLOSED, closed_at=now, waiting_since=None, escalated_at=None
    )
    return replace(ended, **_UNCLAIMED)


def escalated(standing: ConversationStanding, now: datetime) -> ConversationStanding:
    """The coordinators were told of it."""
    return replace(standing, escalated_at=now)


def is_idle(standing: ConversationStanding, claims: Claims, now: datetime) -> bool:
    """Whether whoever took it has let it rest for too long."""
    touched = standing.touched_at
    return (
        standing.state is ConversationState.CLAIMED and touched is not None and now - touched >= claims.idle
    )


def left_idle(standing: ConversationStanding, now: datetime) -> ConversationStanding:
    """It goes back where somebody waits for an answer, and is over where nobody does."""
    return handed_back(standing, now) if standing.waiting_since is not None else closed(standing, now)


def is_overdue(standing: ConversationStanding, claims: Claims, now: datetime) -> bool:
    """Whether somebody has waited so long that the coordinators are to know, and do not yet."""
    since = standing.waiting_since
    return since is not None and standing.escalated_at is None and now - since >= claims.escalation


def goes_on(standing: ConversationStanding, now: datetime) -> bool:
    """Whether what its author writes belongs to it, without their being asked."""
    if standing.state is not ConversationState.CLOSED:
        return True
    return standing.closed_at is not None and now - standing.closed_at < REOPENS_FOR


def is_too_much(written: Iterable[datetime], now: datetime) -> bool:
    """Whether somebody has written enough for this minute."""
    return sum(now - at < MINUTE for at in written) >= MOST_A_MINUTE


# -- who answers --


class Duty(Frozen):
    """Whether somebody of the team answers at present: `from_hour` to `to_hour` of their own day, None for all day."""

    on_duty: bool
    from_hour: int | None = None
    to_hour: int | None = None

    def is_at(self, hour: int) -> bool:
        """Whether they are told of what comes in at this hour of their day; from 22 to 6 goes over midnight."""
        if not self.on_duty:
            return False
        first, last = self.from_hour, self.to_hour
        if first is None or last is None or first == last:
            return True
        return first <= hour < last if first < last else hour >= first or hour < last


class BadDutyHours(PortevoixError):
    """Nobody can be on duty at these hours."""

    default_message: ClassVar[str] = "errors/duty_hours"


def duty_hours(typed: str) -> tuple[int, int]:
    """`18h-22h`, `6 pm to 10 pm`, `22 à 6`: whole hours of the day, 24 for its end. Raises BadDutyHours."""
    try:
        starts, ends = read_hours(typed)
    except BadShift:
        raise BadDutyHours("These are no hours.") from None
    if starts.minute or ends.minute or starts == ends:
        raise BadDutyHours("Whole hours are needed, and two of them.")
    return starts.hour, ends.hour or 24


def may_answer(team: Iterable[Staff], area: str) -> bool:
    """Whether somebody with these roles reads and answers what comes from an area."""
    return any(may(role, Action.ANSWER_CONVERSATION, area) for role in team)


def coordinates(team: Iterable[Staff], area: str) -> bool:
    """Whether somebody hears of what nobody in an area answered."""
    return any(
        role.role is not Role.ORGANIZER and may(role, Action.ANSWER_CONVERSATION, area) for role in team
    )


def team_area(area: str) -> str:
    """The area by which a team calls itself: the whole city of an arrondissement."""
    return city_of(area) if len(area) == 5 else area


def median_seconds(waited: Iterable[int]) -> int | None:
    """How long half of them waited at most; None where nobody did."""
    known = list(waited)
    return round(median(known)) if known else None
