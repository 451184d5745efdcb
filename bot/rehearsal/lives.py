"""Lives: what became of each person, as their own acts and the messages they received tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bot.campaign.campaign import Campaign
from bot.rehearsal.almanac import PARTISAN
from bot.rehearsal.cast import CastMember, CastPlace
from bot.rules.steps import StepQuestion

WEEK = timedelta(days=7)
# What left is looked back at two days later.
REMEMBERED = WEEK + timedelta(days=2)
NEVER = datetime.min.replace(tzinfo=UTC)


class Life:
    """One person at the present instant of the journal.

    `changed`: when they last did something that may change what is meant for them. `here_since`: when they last signed
    up or came back. `partisan`: when messages that count for the caps arrived in the last nine days. `received`: the
    broadcasts that arrived, and when. `expected`: the ballots and steps that were due to them.
    """

    __slots__ = (
        "acted",
        "active",
        "blocked",
        "cannot",
        "changed",
        "cursor",
        "expected",
        "here_since",
        "member",
        "muted",
        "partisan",
        "received",
        "restricted",
        "slots",
        "stopped",
        "unanswered",
        "voted",
        "wrote",
    )

    def __init__(self, member: CastMember, start: datetime) -> None:
        self.member = member
        self.active = member.joins_at is None
        self.stopped = self.blocked = self.restricted = False
        self.changed = self.acted = self.here_since = NEVER
        self.cursor = start
        self.unanswered = 0
        self.wrote = False
        self.muted: frozenset[str] = frozenset()
        self.voted: frozenset[int] = frozenset()
        self.cannot: frozenset[int] = frozenset()
        self.slots: Mapping[int, str] = {}
        self.partisan: tuple[datetime, ...] = ()
        self.received: dict[int, datetime] = {}
        self.expected: list[tuple[int, str]] = []

    @property
    def is_away(self) -> bool:
        """Nothing may be sent to them by the campaign."""
        return self.stopped or self.blocked or self.restricted or not self.active

    def place(self, at: datetime) -> CastPlace:
        return self.member.place_at(at)

    def takes(self, broadcast: int, kind: str, at: datetime, *, asks: bool) -> None:
        """A campaign message arrived. `asks`: it is a question that waits for an answer."""
        self.received[broadcast] = at
        self.unanswered += asks
        if kind in PARTISAN:
            self.partisan = (*(each for each in self.partisan if at - each < REMEMBERED), at)

    def acts(self, act: str, data: str, at: datetime, campaign: Campaign, *, answers: bool) -> None:
        """They did something. `answers`: it is said on a campaign message."""
        self.acted = self.changed = at
        if answers and not self.restricted:  # else it was refused
            self.unanswered = 0
        if act == "block":
            self.blocked = True
        elif act in ("start", "unblock"):
            self.here_since = at if self.blocked else self.here_since
            self.blocked = False
        elif act == "send":
            self.stopped = self.stopped or data.casefold() in ("stop", "/stop")
            self.active = self.active and not self.stopped
        elif act == "tap":
            self._taps(data.split(":")[1:], at, campaign)

    def _taps(self, parts: Sequence[str], at: datetime, campaign: Campaign) -> None:
        # What is agreed to ends with the mark of the words that stood there.
        match parts:
            case ["consent", "contact", "yes", _]:  # where they vote is said in the same moment
                self.here_since = self.here_since if self.active else at
                self.active, self.stopped = True, False
            case ["delete", "yes"]:
                self._forgotten()
            case ["talk_write", _]:  # what they write next goes to the team
                self.wrote = True
            case ["optout", what]:
                self.muted |= {what}
            case ["restriction", "end", _]:
                self.here_since, self.restricted = at, False
            case ["restriction", "lift" | "ask" | "refrain" | "leave"]:
                pass
            case ["restriction", _]:
                self.restricted = True
            case ["step", ballot, question, said] if not self.restricted:
                self._tells(int(ballot), question, said, campaign)

    def _forgotten(self) -> None:
        """Nothing that was before counts any more: who comes back is somebody new."""
        self.active, self.stopped, self.restricted = False, True, False
        self.wrote = False
        self.muted = frozenset()
        self.voted = self.cannot = frozenset()
        self.slots = {}
        self.unanswered = 0
        self.received, self.expected = {}, []

    def _tells(self, ballot: int, question: str, said: str, campaign: Campaign) -> None:
        if said == "voted":
            self.voted |= {ballot}
            self.cannot -= {ballot}
        elif said == "cannot":
            # Said to a question that is put once, it holds for the later ballots too.
            once = any(step.ballots for step in campaign.steps if step.asks is StepQuestion(question))
            numbers = [each.number for each in campaign.ballots if each.number >= ballot]
            self.cannot |= set(numbers) if once else {ballot}
        elif question == "plan" and said != "open":
            if said != "keep":
                self.slots = {**self.slots, ballot: said}
            if ballot in self.slots:
                self.cannot -= {ballot}
        elif question == "keep_plan" and said == "keep" and ballot in self.slots:
            self.slots = {**self.slots, ballot + 1: self.slots[ballot]}
