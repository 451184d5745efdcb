"""Steps: the reminders that a campaign plans, the slots of the day, and what they ask. All of it is data."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from bot.frozen import Frozen
from bot.rules.courtesy import CourtesyHours
from bot.rules.kinds import Kind
from bot.rules.moments import Anchor, Moment
from bot.rules.quiet import LawProfile
from bot.rules.vote_plans import Turnout


class StepQuestion(StrEnum):
    """The question of a step; each is answered by the buttons of its message."""

    PLEDGE = "pledge"
    PLACE = "place"
    PLAN = "plan"
    ECHO = "echo"
    TURNOUT = "turnout"
    LAST_CALL = "last_call"
    KEEP_PLAN = "keep_plan"


_OF_A_VOTE = frozenset(StepQuestion) - {StepQuestion.KEEP_PLAN}
_SETTLED = {
    **{str(question): frozenset({question}) for question in StepQuestion},
    "polling_place": frozenset({StepQuestion.PLACE}),
    StepQuestion.PLAN: frozenset({StepQuestion.PLEDGE, StepQuestion.PLAN}),
}


def settled_by(question: str, answer: str) -> frozenset[StepQuestion]:
    """The questions about a vote that an answer leaves nothing to ask of, wherever it was given.

    Who has voted, or cannot, is asked nothing more about that vote. What only opens another screen answers nothing.
    """
    if answer in ("open", "map"):
        return frozenset()
    if question in (StepQuestion.TURNOUT, StepQuestion.LAST_CALL) and answer != Turnout.LATER:
        return _OF_A_VOTE
    return _SETTLED.get(question, frozenset())


class Slot(Frozen):
    """A time of the polling day that people plan for: it starts at a local time, or so long before the
    close.
    """

    name: str
    starts: time | None = None
    before_close: timedelta | None = None


def slot_at(slots: Iterable[Slot], at: time, *, closes: time) -> Slot:
    """The slot in which somebody goes at a local time; the first one for whoever comes earlier."""
    day = date.min + timedelta(days=1)

    def start(slot: Slot) -> time:
        before = slot.before_close or timedelta(0)
        return slot.starts or (datetime.combine(day, closes) - before).time()

    ordered = sorted(slots, key=start)
    return next((slot for slot in reversed(ordered) if start(slot) <= at), ordered[0])


class Step(Frozen):
    """One planned reminder.

    `ballots` empty: every ballot. `asks` names the question that the message puts, if any. `follows` names
    the step whose answer it waits for: it leaves only if that one left and was answered "later" or not at
    all. `when_silent`: remains after the unanswered questions of the caps. `when_voted`: remains once the
    person voted. `evening`: may leave until the evening's end of courtesy hours. `courteous`: waits for
    courtesy hours though its kind need not.
    """

    name: str
    when: Moment
    until: Moment
    kind: Kind
    template: str
    ballots: tuple[int, ...] = ()
    asks: StepQuestion | None = None
    follows: str | None = None
    when_silent: bool = False
    when_voted: bool = False
    evening: bool = False
    courteous: bool = False

    def __hash__(self) -> int:
        # Cheap, because calculations are cached by their arguments and asked for every message.
        return hash(self.name)

    def belongs_to(self, ballot: int) -> bool:
        """Whether the step is planned for this ballot."""
        return not self.ballots or ballot in self.ballots

    def unanswered_before(self, unanswered: int) -> int:
        """How many unanswered questions count against it under the caps: none where it remains for the silent."""
        return 0 if self.when_silent else unanswered

    @property
    def follows_slot(self) -> bool:
        """Whether the step leaves at each person's own time."""
        return self.when.anchor is Anchor.SLOT

    @property
    def is_on_polling_day(self) -> bool:
        """Whether the step leaves while one can vote on the last day: at one’s own time, or by the day or its close."""
        on_the_day = self.when.anchor is Anchor.POLLING_DAY and self.when.days_before == 0
        return on_the_day or self.when.anchor in {Anchor.SLOT, Anchor.CLOSE}


class Schedule(Frozen):
    """Everything that turns steps into instants: slots, the slot of those without a plan, courtesy hours, law."""

    slots: tuple[Slot, ...]
    default_slot: str
    courtesy: CourtesyHours
    law: LawProfile

    def __hash__(self) -> int:
        # Cheap, because calculations are cached by their arguments and asked for every message.
        return hash(self.default_slot)

    def slot(self, name: str | None) -> Slot:
        """The slot of that name; the default one for None and for a name that the campaign file no longer
        has.
        """
        by_name = {slot.name: slot for slot in self.slots}
        return by_name.get(name or self.default_slot, by_name[self.default_slot])
