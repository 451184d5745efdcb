"""The checker: which rule was broken, by what the local Telegram received and what people did, in their order.

It knows nothing of what the bot decided. Of the bot's own log it takes two things: which broadcast each message was
(`Evidence.sending`), and what the bot says it did not send, because a step that did not arrive must be accounted for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain
from types import MappingProxyType
from typing import Any

from bot.rehearsal.almanac import GAP, PARIS, PARTISAN, Almanac, clock_of
from bot.rehearsal.broken import BrokenRule, Rule, round_name
from bot.rehearsal.cast import CastMember
from bot.rehearsal.evidence import Evidence
from bot.rehearsal.lives import WEEK, Life
from bot.rehearsal.reminding import LastDays, Reminded, Reminders
from bot.rehearsal.stepping import Steps
from bot.rehearsal.surveying import SurveyAnswers, closes_at
from bot.rules.territories import METROPOLE
from db.rehearsal import RehearsedBroadcast

CANCELLATION = "broadcasts/event_cancelled"
OFFERS = ("broadcasts/event_offer", "broadcasts/shift_offer")
DOOR = timedelta(minutes=30)
"""So long before an event begins its seats are offered to nobody any more."""
OFFERED_AS = "persuasion"
"""A seat that came free is offered when a message of the campaign may ring, although it is news of an event."""
NEUTRAL_REMINDER = "neutral/reminder"
NEUTRAL_IN_A_WEEK = 2
ANSWERS = ("notices/conversation_answer", "notices/conversation_closed")
READ = ("notices/conversation_opened", "notices/conversation_relayed")
"""What the team reads of conversations; the key of each tells which one: `talk:<number>:…`."""
OVER = "notices/conversation_told"
LET_GO = ("talk_back", "talk_close", "talk_pass_to")
"""The buttons by which whoever has taken a conversation lets it go."""
CORRECTED = "corrected"
"""The name of what the organizers correct a message to, among the beginnings of what they write."""
MUTED_BY = {"gotv": "reminders", "civic_neutral": "reminders", "event_invite": "events"}
NEWS = frozenset({"persuasion", "poll", "result"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """A campaign message as it arrived."""

    at: datetime
    member: CastMember
    sending: RehearsedBroadcast


class Checker:
    """Reads the journal line by line. `arrived` is told every campaign message.

    `reminders`: how many people were reminded in the last two days before each round, or why not.
    """

    def __init__(
        self,
        almanac: Almanac,
        members: Sequence[CastMember],
        evidence: Evidence,
        *,
        start: datetime,
        staff: Iterable[int] = (),
        arrived: Callable[[Arrival], None] = lambda arrival: None,
        beginnings: Mapping[str, str] = MappingProxyType({}),
        closes: datetime | None = None,
    ) -> None:
        self._almanac, self._evidence, self._arrived = almanac, evidence, arrived
        self._campaign = almanac.campaign
        self._lives = {member.telegram_id: Life(member, start) for member in members}
        self._staff = frozenset(staff)
        self._steps = Steps(almanac, evidence.sendings)
        self._reminders = Reminders(almanac, evidence.sendings)
        self.reminders: Counter[tuple[int, Reminded]] = Counter()
        self.broken: list[BrokenRule] = []
        # What was taken back, by message, until it is gone; what was corrected, until it reads so.
        self._to_go: dict[int, tuple[Life, RehearsedBroadcast]] = {}
        self._to_correct: dict[int, tuple[Life, RehearsedBroadcast]] = {}
        # By the number of a conversation: who of the team reads it.
        self._readers: dict[str, int] = {}
        # What people chose in the survey, by the taps that were to be taken.
        self._answered: dict[int, SurveyAnswers] = {}
        self._closes = closes or closes_at(self._campaign)
        # What each version that the organizers wrote begins with.
        self._beginnings = beginnings

    def read(self, line: Mapping[str, Any]) -> None:
        """One line of the journal."""
        person = line.get("to", line.get("by"))
        life = self._lives.get(person) if isinstance(person, int) else None
        if life is None:
            if isinstance(person, int) and person in self._staff:
                self._of_the_team(person, line)
            return
        at = _instant_of(line["at"])
        self._live_until(life, at)
        if "by" in line:
            said = str(line.get("data") or line.get("text") or "")
            on = line.get("id")
            answers = on is not None and self._evidence.sending(on) is not None
            self._answers(life, said.split(":")[1:], at)
            life.acts(line["act"], said, at, self._campaign, answers=answers)
        elif line["do"].startswith("send"):
            self._receive(life, at, line["id"], line.get("begins", ""))
        else:
            deleted = line["do"] == "deleteMessage"
            self._change(life, at, line["id"], line.get("begins", ""), deleted=deleted)

    def finish(self, end: datetime, *, last: bool = True) -> list[BrokenRule]:
        """The end of the journal: what was due and neither came nor was accounted for.

        `last`: every other life was looked at before, so that what reached nobody is known.
        """
        for life in self._lives.values():
            self._live_until(life, end)
            if not life.expected:
                continue
            accounted = {*life.received, *self._evidence.accounted(life.member.telegram_id)}
            for ballot, step in life.expected:
                if self._steps.number(ballot, step) not in accounted:
                    self._break(Rule.MISSING, life, None, f"step:{ballot}:{step}")
        for message, (life, broadcast) in self._to_go.items():
            if broadcast.id not in life.received:
                continue  # who had everything forgotten is not known any more
            self._break(Rule.NOT_TAKEN_BACK, life, None, f"{broadcast.key}: {message}")
        for message, (life, broadcast) in self._to_correct.items():
            if broadcast.id in life.received:
                self._break(Rule.NOT_CORRECTED, life, None, f"{broadcast.key}: {message}")
        self._of_the_survey()
        if last:
            self._of_events()
        for number in self._evidence.not_received() if last else ():
            about = self._evidence.sendings[number].key
            self.broken.append(BrokenRule(rule=Rule.NOT_RECEIVED, at=None, person=None, about=about))
        return self.broken

    def _of_the_team(self, member: int, line: Mapping[str, Any]) -> None:
        """What the team is told of itself; of conversations, what one of them alone may read."""
        if "by" in line:
            _version, what, *about = [*str(line.get("data") or "").split(":"), "", ""]
            if what in LET_GO:
                self._readers.pop(about[0], None)
            return
        if not line["do"].startswith(("send", "copy")):
            return
        self._evidence.arrived(line["id"])
        sending = self._evidence.sending(line["id"])
        if sending is None or not sending.key.startswith("talk:"):
            return
        number = sending.key.split(":")[1]
        if sending.template == OVER:
            self._readers.pop(number, None)
        elif sending.template in READ and self._readers.setdefault(number, member) != member:
            at = _instant_of(line["at"])
            self.broken.append(BrokenRule(rule=Rule.READ_BY_TWO, at=at, person=member, about=sending.key))

    def _answers(self, life: Life, parts: Sequence[str], at: datetime) -> None:
        """A tap under the survey, or one that takes it back: only the first needs that answers are taken."""
        person, place = life.member.telegram_id, life.place(at)
        match parts:
            case ["survey", _, *rest]:
                silent = self._almanac.is_quiet("poll", place.territory, place.zone, at) is not None
                if at < self._closes and not (life.is_away or silent):
                    self._answered.setdefault(person, SurveyAnswers()).tap(rest)
            case ["survey_mine", _, "yes"] | ["delete", "yes"]:
                self._answered.pop(person, None)

    def _of_the_survey(self) -> None:
        """What is kept of everybody is what they chose, once for each question, and nothing of it came too late."""
        for life in self._lives.values():
            person = life.member.telegram_id
            kept = self._evidence.survey_answers.get(person, ())
            for fault in self._answered.get(person, SurveyAnswers()).faults(kept, self._closes):
                self._break(Rule(fault.value), life, None, "survey")

    def _of_events(self) -> None:
        """What may be said of no event, whoever was there."""
        for rule, found in (
            (Rule.OVERFULL, self._evidence.overfull),
            (Rule.TWO_SHIFTS, self._evidence.two_shifts),
            (Rule.NOT_AT_THE_DOOR, self._evidence.not_at_the_door),
        ):
            self.broken += [BrokenRule(rule=rule, at=None, person=None, about=about) for about in found]
        self.broken += [
            BrokenRule(rule=Rule.KNOCKED, at=at, person=None, about=walk)
            for walk, at in self._evidence.knocks
            if not self._may_knock(at)
        ]

    def _may_knock(self, at: datetime) -> bool:
        """By day, in the town that was invented in metropolitan France, and not while the law asks for silence."""
        hours, local = self._campaign.walking, at.astimezone(clock_of(PARIS)).time()
        silence = self._almanac.is_quiet("persuasion", METROPOLE, PARIS, at)
        return silence is None and hours.opens <= local < hours.closes

    def _break(self, rule: Rule, life: Life, at: datetime | None, about: str) -> None:
        self.broken.append(BrokenRule(rule=rule, at=at, person=life.member.telegram_id, about=about))

    # -- what arrives --

    def _receive(self, life: Life, at: datetime, message_id: int, begins: str) -> None:
        sending = self._evidence.sending(message_id)
        if sending is None:
            if life.acted != at:  # no answer to anything
                self._break(Rule.UNEXPLAINED, life, at, str(message_id))
            return
        found = self._common(life, sending, at), self._of_its_step(life, sending, at)
        drawn = self._of_what_was_drawn(life, sending, message_id, begins)
        for rule in chain(*found, self._of_a_neutral_reminder(life, sending, at), drawn):
            self._break(rule, life, at, sending.key)
        asks = sending.step is not None and self._almanac.steps[sending.step].asks is not None
        life.takes(sending.id, sending.kind, at, asks=asks)
        self._evidence.arrived(message_id)
        as_it_was = self._evidence.corrected.get(sending.id)
        if (
            as_it_was is not None
            and life.member.telegram_id not in as_it_was
            and not self._is_corrected(begins)
        ):
            self._to_correct[message_id] = (life, sending)
        kept_by = self._evidence.taken_back.get(sending.id)
        if kept_by is not None and life.member.telegram_id not in kept_by:
            self._to_go[message_id] = (life, sending)
        self._arrived(Arrival(at=at, member=life.member, sending=sending))

    def _of_what_was_drawn(
        self, life: Life, sending: RehearsedBroadcast, message_id: int, begins: str
    ) -> Iterable[Rule]:
        """Nothing to who drew to be left out; to everybody else the version that they drew."""
        if self._evidence.was_left_out(life.member.telegram_id, sending.id):
            yield Rule.LEFT_OUT
        drawn = self._evidence.version(message_id)
        if drawn is not None and self._named(begins) != drawn:
            yield Rule.OTHER_VERSION

    def _named(self, begins: str) -> str | None:
        """The version, or the correction, that begins so."""
        return next((name for words, name in self._beginnings.items() if begins.startswith(words)), None)

    def _is_corrected(self, begins: str) -> bool:
        return self._named(begins) == CORRECTED

    def _change(self, life: Life, at: datetime, message_id: int, begins: str, *, deleted: bool) -> None:
        """A message is edited or deleted: taken back or corrected, unless that answers what somebody just did."""
        self._to_go.pop(message_id, None)
        if deleted or self._is_corrected(begins):
            self._to_correct.pop(message_id, None)
        sending = self._evidence.sending(message_id)
        if sending is not None and sending.key.startswith("survey:") and at < self._closes:
            place = life.place(at)
            if self._almanac.is_quiet(sending.kind, place.territory, place.zone, at):
                self._break(Rule.ASKED_IN_SILENCE, life, at, sending.key)
        if sending is None or life.acted == at or sending.id in self._evidence.taken_back:
            return
        place = life.place(at)
        if deleted:
            self._break(Rule.UNEXPLAINED, life, at, f"{sending.key}: {message_id}")
        elif self._almanac.is_quiet(sending.kind, place.territory, place.zone, at):
            self._break(Rule.QUIET_PERIOD, life, at, sending.key)

    def _common(self, life: Life, sending: RehearsedBroadcast, at: datetime) -> Iterable[Rule]:
        """The rules for every campaign message."""
        place, kind = life.place(at), OFFERED_AS if sending.template in OFFERS else sending.kind
        if life.stopped or not life.active:
            yield Rule.AFTER_STOP
        if life.restricted:
            yield Rule.RESTRICTED
        if life.blocked:
            yield Rule.AFTER_BLOCK
        if sending.id in life.received:
            yield Rule.TWICE
        if sending.template in ANSWERS and not life.wrote:
            yield Rule.NOT_ASKED
        if sending.template != CANCELLATION and self._almanac.is_quiet(kind, place.territory, place.zone, at):
            yield Rule.QUIET_PERIOD
        if not self._almanac.is_courteous(kind, place.zone, at, evening=self._is_of_the_evening(sending)):
            yield Rule.COURTESY_HOURS
        if MUTED_BY.get(sending.kind, "news" if sending.kind in NEWS else "") in life.muted:
            yield Rule.MUTED
        if sending.template == OFFERS[0] and sending.begins and at >= sending.begins - DOOR:
            yield Rule.TOO_LATE
        if sending.kind in PARTISAN:
            yield from self._caps(life, sending, place.zone, at)

    def _is_of_the_evening(self, sending: RehearsedBroadcast) -> bool:
        return sending.step is not None and self._almanac.steps[sending.step].evening

    def _caps(self, life: Life, sending: RehearsedBroadcast, zone: str, at: datetime) -> Iterable[Rule]:
        """The general caps, and the lower one of those who left questions unanswered; but for what remains for them."""
        caps = self._campaign.caps
        remains = sending.step is not None and self._almanac.steps[sending.step].when_silent
        today = at.astimezone(clock_of(zone)).date()
        if sum(each.astimezone(clock_of(zone)).date() == today for each in life.partisan) >= caps.per_day:
            yield Rule.CAP_DAY
        silent = life.unanswered >= caps.silent_after and not remains
        per_week = caps.per_week_when_silent if silent else caps.per_week
        if sum(at - each < WEEK for each in life.partisan) >= per_week:
            yield Rule.CAP_WEEK

    def _of_its_step(self, life: Life, sending: RehearsedBroadcast, at: datetime) -> Iterable[Rule]:
        """The rules for a step: once, at its time, and only for whom it is meant."""
        if sending.ballot is None or sending.step is None:
            return
        ballot, step = sending.ballot, self._almanac.steps[sending.step]
        if ballot in life.voted and not step.when_voted:
            yield Rule.AFTER_VOTED
        if ballot in life.cannot:
            yield Rule.AFTER_CANNOT
        if not step.when_silent and life.unanswered >= self._campaign.caps.silent_after:
            yield Rule.NOT_MEANT
        due = self._steps.due(life, ballot, step.name, at)
        followed = self._steps.followed(life, ballot, step)
        if due is None:
            yield Rule.NOT_MEANT
        elif at < due.at or (followed is not None and at - followed < GAP):
            yield Rule.TOO_EARLY
        elif at >= due.expires:
            yield Rule.TOO_LATE
        elif life.changed < due.at and not self._steps.is_on_time(life, due, at):
            yield Rule.DELAYED

    def _of_a_neutral_reminder(self, life: Life, sending: RehearsedBroadcast, at: datetime) -> Iterable[Rule]:
        """Of one that the team sent: the program’s words, no more than its caps allow, to nobody who told already."""
        if sending.kind != "civic_neutral" or sending.step is not None:
            return
        if sending.template != NEUTRAL_REMINDER:
            yield Rule.NOT_NEUTRAL
        if sending.ballot in life.voted:
            yield Rule.AFTER_VOTED
        if sending.ballot in life.cannot:
            yield Rule.AFTER_CANNOT
        zone, known = clock_of(life.place(at).zone), self._evidence.sendings
        neutral = [
            (each, known[number].step is None)
            for number, each in life.received.items()
            if known[number].kind == "civic_neutral"
        ]
        if any(each.astimezone(zone).date() == at.astimezone(zone).date() for each, _ in neutral):
            yield Rule.CAP_DAY
        if sum(of_the_team and at - each < WEEK for each, of_the_team in neutral) >= NEUTRAL_IN_A_WEEK:
            yield Rule.CAP_WEEK

    # -- what should arrive --

    def _live_until(self, life: Life, at: datetime) -> None:
        """Everything that became due to a person since their last line, as they were then."""
        if at <= life.cursor:
            return
        place = life.place(life.cursor)
        for due in self._almanac.dues(place.territory, place.zone):
            if life.cursor < due.at <= at and self._steps.is_meant(life, due):
                life.expected.append((due.ballot, due.step))
        for days in self._reminders.last_days(place.territory, place.zone):
            if life.cursor < days.closes <= at:
                self._look_back(life, days)
        life.cursor = at

    def _look_back(self, life: Life, days: LastDays) -> None:
        """The polls have closed where somebody votes: were they reminded?"""
        held_out = self._evidence.is_held_out(life.member.telegram_id)
        found = self._reminders.looked_back(life, days, held_out=held_out)
        if found is None:
            self._break(Rule.NOT_REMINDED, life, days.closes, round_name(days.ballot))
        else:
            self.reminders[days.ballot, found] += 1


# One object for all the lines of an instant: a life keeps many of them.
_instant_of = lru_cache(maxsize=16)(datetime.fromisoformat)
