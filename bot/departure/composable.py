"""What a message is composed of: the facts of a broadcast, sent or being written, and those of its event and reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, Required, TypedDict

from bot.frozen import Frozen
from bot.rules.polling_places import Where
from bot.rules.shifts import Shift
from db.events import Event, EventTexts
from db.surveys import Survey


class Fate(TypedDict, total=False):
    """The fate of a broadcast's call, besides its text: see `bot.delivery.calls.Call`."""

    leave_before: datetime | None
    asks: bool
    paid: bool


class About(Fate, total=False):
    """Everything that a broadcast's words depend on besides its reader, and its fate.

    `where`: where the person votes. `answer`: what they said to the event. `came`: it is known that they were there.
    `shifts`: those of the event that they took. `full`: whoever comes new finds no seat.
    """

    now: Required[datetime]
    event: Event | None
    event_texts: EventTexts | None
    survey: Survey | None
    where: Where
    answer: str | None
    came: bool
    shifts: Sequence[Shift]
    full: bool


class Composable(Protocol):
    """The facts that composing needs of a broadcast: any row or draft that has these."""

    @property
    def kind(self) -> str: ...
    @property
    def template(self) -> str | None: ...
    @property
    def photo(self) -> str | None: ...
    @property
    def fields(self) -> Sequence[str] | None: ...
    @property
    def ballot(self) -> int | None: ...
    @property
    def words(self) -> str: ...
    @property
    def series(self) -> Mapping[str, Any] | None: ...
    @property
    def follows(self) -> bool: ...
    @property
    def brief(self) -> bool: ...


class Draft(Frozen):
    """A broadcast that is being written, for its preview."""

    kind: str
    template: str | None = None
    photo: str | None = None
    fields: Sequence[str] | None = None
    ballot: int | None = None
    words: str = ""
    series: Mapping[str, Any] | None = None
    follows: bool = False
    brief: bool = False
