"""A broadcast about to leave, with all that is the same for its readers."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import db.event_news
import db.shifts
from bot.delivery.outcomes import Stop, Wait
from bot.departure.approving import TEMPLATE as CARD
from bot.departure.forms import Form
from bot.frozen import Frozen
from bot.rules.candidacy import LAST_CHOICE
from bot.rules.experiments import VERSIONS
from bot.rules.expressions import Expression
from bot.rules.kinds import Kind, Mute
from bot.rules.leaving import Hold
from bot.rules.sending import CANCELLATION, CHANGE, NEWS, OF_A_SHIFT, OFFER, SHIFT_OFFER
from db.broadcast_accounts import Broadcast
from db.events import Event, EventTexts
from db.friends import JOINED
from db.notices import PREFIX as NOTICES
from db.renewals import TEMPLATE as RENEWAL
from db.surveys import Survey
from db.talks import TEMPLATES as TALKS
from db.vote_plans import HOURS_CHANGED

# How the placeholders begin that stand for when one votes.
VOTING = "polling_"


class Freedom(Frozen):
    """Why law and hours hold a message back now, or until when they let it leave; the caps are each person's own.

    `at`: why they do at another instant. `capped`: why it waits for whoever got these before, as far as somebody asked:
    what left in one turn left at one instant. `is_quiet`: nothing that speaks for the campaign may be said now.
    """

    held: Hold | None
    at: Callable[[datetime], Hold | None]
    capped: dict[Hashable, Hold | None] = field(default_factory=dict)
    until: datetime | None
    is_quiet: bool


@dataclass(kw_only=True)
class Found:
    """What is found for a reader, or once for all who are alike: why it is not to leave, or when it may."""

    unwanted: Stop | Wait | None
    freedom: Freedom
    word: Callable[[], Form]

    @cached_property
    def form(self) -> Form:
        """What it says to them, worded when the first of them may get it."""
        return self.word()


class LeavingBroadcast(Frozen):
    """A broadcast about to leave, with all that is the same for its readers.

    `freedoms`: by (territory, zone), as far as somebody asked; `alike`: by what readers have in common, likewise.
    `otherwise`: who is in a broadcast that was chosen `by_commune` whether or not their commune may be used; None:
    nobody.
    """

    row: Broadcast
    kind: Kind
    mute: Mute | None
    by_commune: bool
    otherwise: Expression | None
    texts: Mapping[str, str]
    # Of each version that is compared with it.
    others: Sequence[Mapping[str, str]]
    event: Event | None
    event_texts: EventTexts | None
    survey: Survey | None = None
    freedoms: dict[tuple[str | None, str | None], Freedom] = field(default_factory=dict)
    alike: dict[Hashable, Found] = field(default_factory=dict)
    # What it corrects or takes back.
    mended: LeavingBroadcast | None = None

    def texts_for(self, variant: str | None) -> Mapping[str, str]:
        """The texts of the version that somebody drew."""
        versions = dict(zip(VERSIONS, (self.texts, *self.others), strict=False))
        return versions.get(variant or "", self.texts)

    @cached_property
    def is_for_many(self) -> bool:
        """Whether it says the same to all who are alike: it is no offer, no answer, nothing about the person alone."""
        return not (
            self.mended is not None
            or self.is_card
            or self.is_last_choice
            or self.is_notice
            or self.is_of_friends
            or self.is_of_hours
            or self.is_offer
            or self.is_renewal
            or self.is_talk
            or self.shift is not None
        )

    @cached_property
    def tells_of_the_vote(self) -> bool:
        """Whether it may tell when and where one votes, so that it is not the same everywhere."""
        texts = [text for version in (self.texts, *self.others) for text in version.values()]
        return self.row.ballot is not None or any(VOTING in text for text in texts)

    @property
    def is_talk(self) -> bool:
        """Whether it is part of a conversation between a supporter and the team."""
        return self.row.template in TALKS

    @property
    def is_last_choice(self) -> bool:
        return self.row.step == LAST_CHOICE

    @property
    def is_cancellation(self) -> bool:
        return self.row.template == CANCELLATION

    @property
    def is_change(self) -> bool:
        return self.row.template == CHANGE

    @property
    def is_why(self) -> bool:
        """Whether it says why its event changed or is off, apart from the news of it."""
        return self.row.event is not None and self.row.key.startswith(db.event_news.why_key(self.row.event))

    @property
    def news_before(self) -> datetime | None:
        """When the event begins, or began before it changed, if somebody tells news of it; None: it is none."""
        if self.event is None or self.row.template not in NEWS:
            return None
        return min(self.event.starts_at, self.row.starts or self.event.starts_at)

    @property
    def is_offer(self) -> bool:
        """Whether it offers a seat that came free."""
        return self.row.template == OFFER

    @property
    def shift(self) -> int | None:
        """The shift that it tells of; None: of none."""
        return db.shifts.shift_of_key(self.row.key) if self.row.template in OF_A_SHIFT else None

    @property
    def is_shift_offer(self) -> bool:
        """Whether it offers a place in a shift that came free."""
        return self.row.template == SHIFT_OFFER

    @property
    def is_neutral_of_staff(self) -> bool:
        return self.kind is Kind.CIVIC_NEUTRAL and self.row.step is None

    @property
    def is_renewal(self) -> bool:
        return self.row.template == RENEWAL

    @property
    def is_of_friends(self) -> bool:
        """Whether it tells somebody that a friend whom they invited is in."""
        return self.row.template == JOINED

    @property
    def is_of_hours(self) -> bool:
        """Whether it tells somebody who planned that the day or the hours of the vote are others now."""
        return self.row.template == HOURS_CHANGED

    @property
    def is_card(self) -> bool:
        """Whether it asks somebody to let another broadcast go."""
        return self.row.template == CARD

    @property
    def is_notice(self) -> bool:
        """Whether it tells the team something."""
        return (self.row.template or "").startswith(NOTICES)
