"""The checker finds each kind of broken rule when it is planted, and nothing in a life where all is well."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.campaign.campaign import load_campaign
from bot.rehearsal.almanac import Almanac
from bot.rehearsal.cast import Character, Member, Place
from bot.rehearsal.checker import CORRECTED, Checker, Rule, round_name
from bot.rehearsal.reminding import Reminded
from bot.rehearsal.surveying import SKIPPED, Kept
from db.rehearsal import Sending
from tests.frozen import FROZEN

CAMPAIGN = load_campaign(FROZEN)
START = datetime(2016, 10, 20, tzinfo=UTC)
END = datetime(2016, 11, 30, tzinfo=UTC)
PERSON = 7_000_001
PARIS = Place(territory="FR", zone="Europe/Paris", typed="Lyon 69")
NOUMEA = Place(territory="988", zone="Pacific/Noumea", typed="Nouméa 988")
CLAIRE = Member(
    telegram_id=PERSON,
    first_name="Claire",
    language="fr",
    character=Character.DILIGENT,
    place=PARIS,
    registered_at=START,
)

STEPS = {name: number for number, name in enumerate(step.name for step in CAMPAIGN.steps)}
NEWS, INVITATION, CANCELLED, RESULT, SPEECH = 101, 102, 103, 104, 105
NEUTRAL, NEUTRAL_AGAIN, NEUTRAL_MORE, TYPED = 106, 107, 108, 109
OFFERED = 110
ANSWER, OPENED, OVER = 111, 112, 113
SURVEY = 114
MEETING = datetime(2016, 11, 24, 18, tzinfo=UTC)


def step(ballot: int, name: str) -> int:
    return 10 * ballot + STEPS[name]


SENDINGS = (
    {
        step(ballot.number, each.name): Sending(
            id=step(ballot.number, each.name),
            key=f"step:{ballot.number}:{each.name}",
            kind=each.kind.value,
            ballot=ballot.number,
            step=each.name,
            template=each.template,
        )
        for ballot in CAMPAIGN.ballots
        for each in CAMPAIGN.steps
    }
    | {
        number: Sending(
            id=number, key=key, kind=kind, ballot=None, step=None, template=template, begins=MEETING
        )
        for number, key, kind, template in (
            (NEWS, "staff:1", "persuasion", None),
            (INVITATION, "event:1:invite", "event_invite", "broadcasts/event_invitation"),
            (OFFERED, "event:1:offer:1", "event_service", "broadcasts/event_offer"),
            (CANCELLED, "event:1:cancel", "event_service", "broadcasts/event_cancelled"),
            (RESULT, "staff:2", "result", None),
            (SPEECH, "staff:3", "persuasion", None),
            (ANSWER, "talk:3:answer:a", "service", "notices/conversation_answer"),
            (OPENED, "talk:3:opened:a", "service", "notices/conversation_opened"),
            (OVER, "talk:3:told:a", "service", "notices/conversation_told"),
            (SURVEY, "survey:1", "poll", "surveys/question"),
        )
    }
    | {
        number: Sending(
            id=number, key=f"staff:{number}", kind="civic_neutral", ballot=1, step=None, template=template
        )
        for number, template in (
            (NEUTRAL, "neutral/reminder"),
            (NEUTRAL_AGAIN, "neutral/reminder"),
            (NEUTRAL_MORE, "neutral/reminder"),
            (TYPED, None),
        )
    }
)


@dataclass
class Told:
    """Evidence as a test tells it: which message was which, and what the bot says it did not send."""

    by_message: dict[int, int] = field(default_factory=dict)
    missed: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()
    sendings: Mapping[int, Sending] = field(default_factory=lambda: SENDINGS)
    taken_back: Mapping[int, Collection[int]] = field(default_factory=dict)
    corrected: Mapping[int, Collection[int]] = field(default_factory=dict)
    left_out: tuple[int, ...] = ()
    versions: Mapping[int, str] = field(default_factory=dict)
    overfull: tuple[str, ...] = ()
    two_shifts: tuple[str, ...] = ()
    not_at_the_door: tuple[str, ...] = ()
    knocks: tuple[tuple[str, datetime], ...] = ()
    survey_answers: Mapping[int, Collection[Kept]] = field(default_factory=dict)

    def sending(self, message_id: int) -> Sending | None:
        return SENDINGS.get(self.by_message.get(message_id, 0))

    def arrived(self, message_id: int) -> None:
        pass

    def accounted(self, person: int) -> Iterable[int]:
        return self.missed

    def not_received(self) -> Iterable[int]:
        return self.lost

    def is_held_out(self, person: int) -> bool:
        return False

    def was_left_out(self, person: int, broadcast: int) -> bool:
        return broadcast in self.left_out

    def version(self, message_id: int) -> str | None:
        return self.versions.get(message_id)


ALL_STEPS = tuple(number for number, sending in SENDINGS.items() if sending.step is not None)

Happening = tuple[str, int | str]
"""When (ISO 8601 with offset), and a broadcast that arrives or what the person does."""


def rules(
    *happenings: Happening,
    member: Member = CLAIRE,
    missed: tuple[int, ...] = ALL_STEPS,
    lost: tuple[int, ...] = (),
) -> list[Rule]:
    """The rules that the checker finds broken, but for reminders that did not come in the last two days of a round.

    What did not arrive is accounted for, unless a test says otherwise.
    """
    checker = checked(*happenings, member=member, missed=missed, lost=lost)
    return [broken.rule for broken in checker.broken if broken.rule is not Rule.NOT_REMINDED]


def reminded(*happenings: Happening, member: Member = CLAIRE) -> list[Reminded | None]:
    """What the checker says of the last two days of the first round; None: nothing explains why nobody reminded."""
    checker = checked(*happenings, member=member)
    told: list[Reminded | None] = [why for ballot, why in checker.reminders if ballot == 1]
    return told + [None for broken in checker.broken if broken.about == round_name(1)]


def checked(
    *happenings: Happening,
    member: Member,
    missed: tuple[int, ...] = ALL_STEPS,
    lost: tuple[int, ...] = (),
) -> Checker:
    """A checker that has read these happenings to their end."""
    evidence = Told(missed=missed, lost=lost)
    checker = Checker(Almanac(CAMPAIGN), [member], evidence, start=START)
    for number, (when, what) in enumerate(happenings, 1):
        at = datetime.fromisoformat(when).astimezone(UTC).isoformat()
        if isinstance(what, int):
            evidence.by_message[number] = what
            checker.read({"at": at, "do": "sendMessage", "to": PERSON, "id": number, "data": []})
        else:
            checker.read({"at": at, "by": PERSON, **act(what, number)})
    checker.finish(END)
    return checker


def act(what: str, number: int) -> dict[str, Any]:
    if what.startswith("1:"):
        return {"act": "tap", "data": what, "id": number - 1}
    return {"act": what} if what in ("start", "block", "reply") else {"act": "send", "text": what}


PLEDGE, WHERE, PLAN = step(1, "pledge"), step(1, "where"), step(1, "plan")
ECHO, GO, LAST, THANKS = step(1, "echo"), step(1, "go"), step(1, "last"), step(1, "thanks")
WILL = "1:step:1:pledge:will"
PLANNED_LATE = ("2016-11-16T18:20+01:00", "1:step:1:plan:last_hour")

# A whole first round in Paris: each step answered some minutes after it came.
ALL_IS_WELL: tuple[Happening, ...] = (
    ("2016-10-30T18:00+01:00", PLEDGE),
    ("2016-10-30T18:20+01:00", WILL),
    ("2016-11-12T18:00+01:00", WHERE),
    ("2016-11-12T18:20+01:00", "1:step:1:place:known"),
    ("2016-11-16T18:00+01:00", PLAN),
    ("2016-11-16T18:20+01:00", "1:step:1:plan:midday"),
    ("2016-11-18T18:00+01:00", ECHO),
    ("2016-11-18T18:20+01:00", "1:step:1:echo:ok"),
    ("2016-11-20T11:00+01:00", GO),
    ("2016-11-20T11:20+01:00", "1:step:1:turnout:later"),
    ("2016-11-20T16:30+01:00", LAST),
    ("2016-11-20T17:20+01:00", "1:step:1:last_call:voted"),
    ("2016-11-20T20:30+01:00", THANKS),
)


CHANGED = datetime.fromisoformat("2016-11-02T13:00+01:00")
ON_THE_EVE = datetime.fromisoformat("2016-11-19T12:00+01:00")


@pytest.mark.parametrize(
    ("taken_back", "change", "at", "expected"),
    [
        ({NEWS: ()}, "deleteMessage", CHANGED, []),
        ({NEWS: ()}, "editMessageText", CHANGED, []),  # a neutral line stands there
        ({NEWS: ()}, "editMessageText", ON_THE_EVE, []),  # which is always allowed
        ({NEWS: ()}, None, CHANGED, [Rule.NOT_TAKEN_BACK]),
        ({NEWS: (PERSON,)}, None, CHANGED, []),  # the bot says that it could not
        ({}, "deleteMessage", CHANGED, [Rule.UNEXPLAINED]),
        ({}, "editMessageText", CHANGED, []),  # corrected
        ({}, "editMessageText", ON_THE_EVE, [Rule.QUIET_PERIOD]),
    ],
)
def test_what_is_changed_in_a_chat(
    taken_back: dict[int, tuple[int, ...]], change: str | None, at: datetime, expected: list[Rule]
) -> None:
    """A message that arrived is taken back, or corrected where the law allows."""
    evidence = Told(missed=ALL_STEPS, by_message={1: NEWS}, taken_back=taken_back)
    checker = Checker(Almanac(CAMPAIGN), [CLAIRE], evidence, start=START)
    line = {"at": "2016-11-02T11:00:00+00:00", "do": "sendMessage", "to": PERSON, "id": 1, "data": []}
    checker.read(line)
    if change is not None:
        checker.read({**line, "at": at.astimezone(UTC).isoformat(), "do": change})
    checker.finish(END)
    assert [each.rule for each in checker.broken if each.rule is not Rule.NOT_REMINDED] == expected


@pytest.mark.parametrize("rule", [Rule.OVERFULL, Rule.TWO_SHIFTS, Rule.NOT_AT_THE_DOOR])
def test_what_may_be_said_of_no_event_is_told_once(rule: Rule) -> None:
    told = Told(missed=ALL_STEPS, **{rule.value: ("ab12cd34",)})  # type: ignore[arg-type]  # one of its names
    checker = Checker(Almanac(CAMPAIGN), [CLAIRE], told, start=START)
    assert [each for each in checker.finish(END, last=False) if each.rule is rule] == []
    assert [each.about for each in checker.finish(END) if each.rule is rule] == ["ab12cd34"]


YES, NO = "0:choose:0", "0:choose:1"
BOTH = [YES, "1:choose:0", "1:choose:1", "1:next:0", "2:choose:1"]
BOTH_KEPT = [(0, 0), (1, 0), (1, 1), (2, 1)]


@pytest.mark.parametrize(
    ("taps", "kept", "expected"),
    [
        (BOTH, BOTH_KEPT, []),
        ([YES, "1:choose:0", "1:back:0", NO, "2:choose:1"], [(0, 1), (2, 1)], []),
        ([*BOTH, NO], [(0, 1), (2, 1)], []),  # what it does not lead to is taken back
        ([NO, "1:choose:0"], [(0, 1)], []),  # a button of a question that is not asked
        ([YES, "1:choose:0", "1:choose:0"], [(0, 0), (1, SKIPPED)], []),
        ([*BOTH, "mine"], [], []),
        (["late"], [], []),
        (["late"], [(0, 0)], [Rule.ANSWERED_LATE, Rule.ANSWERED_OTHERWISE]),
        ([YES], [], [Rule.ANSWERED_OTHERWISE]),
        ([YES], [(0, 0), (0, 1)], [Rule.ANSWERED_TWICE, Rule.ANSWERED_OTHERWISE]),
        ([NO, "2:choose:1"], [(0, 1), (1, 0), (2, 1)], [Rule.ANSWERED_ASTRAY, Rule.ANSWERED_OTHERWISE]),
        ([NO, "1:delete"], [(0, 1)], [Rule.ANSWERED_OTHERWISE]),
    ],
)
def test_what_is_kept_of_a_survey(taps: list[str], kept: list[tuple[int, int]], expected: list[Rule]) -> None:
    """What was tapped while it was open, once for each question, and nothing that the answers do not lead to."""
    opened, closed = "2016-11-07T12:00:00+00:00", "2016-11-12T12:00:00+00:00"
    at = closed if "late" in taps else opened
    rows = [Kept(question=q, option=o, at=datetime.fromisoformat(at)) for q, o in kept]
    told = Told(missed=ALL_STEPS, by_message={1: SURVEY}, survey_answers={PERSON: rows})
    checker = Checker(Almanac(CAMPAIGN), [CLAIRE], told, start=START)
    checker.read({"at": opened, "do": "sendMessage", "to": PERSON, "id": 1, "data": []})
    words = {"mine": "1:survey_mine:abc:yes", "late": f"1:survey:abc:{YES}", "1:delete": "1:delete:yes"}
    for each in taps:
        data = words.get(each, f"1:survey:abc:{each}")
        checker.read({"at": at, "by": PERSON, "act": "tap", "data": data, "id": 1})
    broken = [each.rule for each in checker.finish(END) if each.rule is not Rule.NOT_REMINDED]
    assert broken == expected


def test_no_question_is_shown_in_silence() -> None:
    """Not even in answer to a tap: a survey that is open then keeps what it shows."""
    told = Told(missed=ALL_STEPS, by_message={1: SURVEY})
    checker = Checker(Almanac(CAMPAIGN), [CLAIRE], told, start=START, closes=ON_THE_EVE + timedelta(days=1))
    line = {"to": PERSON, "id": 1, "data": []}
    checker.read({"at": "2016-11-07T12:00:00+00:00", "do": "sendMessage", **line})
    eve = {"at": ON_THE_EVE.astimezone(UTC).isoformat()}
    checker.read({**eve, "by": PERSON, "act": "tap", "data": f"1:survey:abc:{YES}", "id": 1})
    checker.read({**eve, "do": "editMessageText", **line})
    broken = [each.rule for each in checker.finish(END) if each.rule is not Rule.NOT_REMINDED]
    assert broken == [Rule.ASKED_IN_SILENCE]


BEGINNINGS = {"Bonjour": "A", "Salut": "B", "Corrigé": CORRECTED}


@pytest.mark.parametrize(
    ("told", "lines", "expected"),
    [
        (Told(versions={1: "B"}), [("sendMessage", "Salut Claire")], []),
        (Told(versions={1: "B"}), [("sendMessage", "Bonjour Clai")], [Rule.OTHER_VERSION]),
        (Told(versions={1: "A"}), [("sendMessage", "Ohé")], [Rule.OTHER_VERSION]),
        (Told(left_out=(NEWS,)), [("sendMessage", "Salut Claire")], [Rule.LEFT_OUT]),
        (Told(corrected={NEWS: ()}), [("sendMessage", "Bonjour"), ("editMessageText", "Corrigé :")], []),
        (Told(corrected={NEWS: ()}), [("sendMessage", "Corrigé :")], []),  # it left with the new words
        (Told(corrected={NEWS: ()}), [("sendMessage", "Bonjour")], [Rule.NOT_CORRECTED]),
        (
            Told(corrected={NEWS: ()}),
            [("sendMessage", "Bonjour"), ("editMessageText", "Salut")],
            [Rule.NOT_CORRECTED],
        ),
        (
            Told(corrected={NEWS: (PERSON,)}),
            [("sendMessage", "Bonjour")],
            [],
        ),  # the bot says that it could not
    ],
)
def test_versions_and_corrections(told: Told, lines: list[tuple[str, str]], expected: list[Rule]) -> None:
    """Each gets the version that they drew, who drew to be left out gets none, and what was corrected reads so."""
    evidence = replace(told, missed=ALL_STEPS, by_message={1: NEWS})
    checker = Checker(Almanac(CAMPAIGN), [CLAIRE], evidence, start=START, beginnings=BEGINNINGS)
    for hour, (do, begins) in enumerate(lines, 11):
        at = f"2016-11-02T{hour}:00:00+00:00"
        checker.read({"at": at, "do": do, "to": PERSON, "id": 1, "data": [], "begins": begins})
    checker.finish(END)
    assert [each.rule for each in checker.broken if each.rule is not Rule.NOT_REMINDED] == expected


def test_who_had_everything_forgotten_is_not_looked_for() -> None:
    evidence = Told(missed=ALL_STEPS, by_message={1: NEWS}, taken_back={NEWS: ()})
    checker = Checker(Almanac(CAMPAIGN), [CLAIRE], evidence, start=START)
    line = {"at": "2016-11-02T11:00:00+00:00", "do": "sendMessage", "to": PERSON, "id": 1, "data": []}
    checker.read(line)
    checker.read({"at": "2016-11-02T12:00:00+00:00", "by": PERSON, **act("1:delete:yes", 2)})
    checker.finish(END)
    assert not [each for each in checker.broken if each.rule is Rule.NOT_TAKEN_BACK]


def test_a_life_in_which_all_is_well() -> None:
    assert rules(*ALL_IS_WELL, missed=tuple(n for n in ALL_STEPS if n >= 20)) == []


@pytest.mark.parametrize(
    ("rule", "happenings"),
    [
        # Saturday noon in Paris: the charter has ended the campaign.
        (Rule.QUIET_PERIOD, [("2016-11-19T12:00+01:00", NEWS)]),
        # Sunday 19:59: the last polling places are closed, and results still under embargo.
        (Rule.QUIET_PERIOD, [("2016-11-20T19:59+01:00", RESULT)]),
        (Rule.TWICE, [("2016-11-02T12:00+01:00", NEWS), ("2016-11-10T12:00+01:00", NEWS)]),
        # The first minute that is too late, and the last that is too early.
        (Rule.COURTESY_HOURS, [("2016-11-02T20:30+01:00", NEWS)]),
        # A seat that came free is offered at no other hour, and in no quiet period.
        (Rule.COURTESY_HOURS, [("2016-11-02T20:30+01:00", OFFERED)]),
        (Rule.TOO_LATE, [("2016-11-24T18:30+01:00", OFFERED)]),
        (Rule.QUIET_PERIOD, [("2016-11-19T10:00+01:00", OFFERED)]),
        (Rule.COURTESY_HOURS, [("2016-11-02T08:59+01:00", NEWS)]),
        (Rule.CAP_DAY, [("2016-11-02T12:00+01:00", NEWS), ("2016-11-02T19:00+01:00", INVITATION)]),
        # Three partisan messages in seven days, then a fourth a minute before the first leaves them.
        (
            Rule.CAP_WEEK,
            [
                ("2016-11-01T12:00+01:00", NEWS),
                ("2016-11-03T12:00+01:00", INVITATION),
                ("2016-11-05T12:00+01:00", SPEECH),
                ("2016-11-08T11:59+01:00", RESULT),
            ],
        ),
        (Rule.TOO_EARLY, [("2016-10-30T17:59+01:00", PLEDGE)]),
        # It leaves an hour after what it follows, and not sooner.
        (Rule.TOO_EARLY, [PLANNED_LATE, ("2016-11-20T17:00+01:00", GO), ("2016-11-20T17:59+01:00", LAST)]),
        (Rule.TOO_LATE, [("2016-11-12T18:00+01:00", PLEDGE)]),
        (Rule.DELAYED, [("2016-10-30T18:10+01:00", PLEDGE)]),
        (
            Rule.AFTER_VOTED,
            [
                ("2016-11-20T11:00+01:00", GO),
                ("2016-11-20T12:20+01:00", "1:step:1:turnout:voted"),
                ("2016-11-20T16:30+01:00", LAST),
            ],
        ),
        (
            Rule.AFTER_CANNOT,
            [
                ("2016-10-30T18:00+01:00", PLEDGE),
                ("2016-10-30T18:20+01:00", "1:step:1:pledge:cannot"),
                ("2016-11-12T18:00+01:00", WHERE),
            ],
        ),
        # "Can't" to the pledge, which is asked once, holds for the second round too.
        (
            Rule.AFTER_CANNOT,
            [
                ("2016-10-30T18:00+01:00", PLEDGE),
                ("2016-10-30T18:20+01:00", "1:step:1:pledge:cannot"),
                ("2016-11-23T18:00+01:00", step(2, "plan")),
            ],
        ),
        (Rule.AFTER_STOP, [("2016-11-01T10:00+01:00", "STOP"), ("2016-11-02T12:00+01:00", NEWS)]),
        (Rule.AFTER_STOP, [("2016-11-01T10:00+01:00", "1:delete:yes"), ("2016-11-02T12:00+01:00", NEWS)]),
        (
            Rule.RESTRICTED,
            [("2016-11-01T10:00+01:00", "1:restriction:accuracy"), ("2016-11-02T12:00+01:00", NEWS)],
        ),
        (Rule.AFTER_BLOCK, [("2016-11-01T10:00+01:00", "block"), ("2016-11-02T12:00+01:00", NEWS)]),
        (Rule.MUTED, [("2016-11-01T10:00+01:00", "1:optout:news"), ("2016-11-02T12:00+01:00", NEWS)]),
        (
            Rule.MUTED,
            [("2016-11-01T10:00+01:00", "1:optout:reminders"), ("2016-11-18T18:00+01:00", ECHO)],
        ),
        # Two questions left unanswered: only echo and go remain.
        (
            Rule.NOT_MEANT,
            [
                ("2016-10-30T18:00+01:00", PLEDGE),
                ("2016-11-12T18:00+01:00", WHERE),
                ("2016-11-16T18:00+01:00", PLAN),
            ],
        ),
        (Rule.UNEXPLAINED, [("2016-11-02T12:00+01:00", 999)]),
        # Neutral reminders of the team: the program's words, one a day, two in seven days, not to who has told.
        (Rule.NOT_NEUTRAL, [("2016-11-19T12:00+01:00", TYPED)]),
        (Rule.CAP_DAY, [("2016-11-19T12:00+01:00", NEUTRAL), ("2016-11-19T18:00+01:00", NEUTRAL_AGAIN)]),
        (Rule.CAP_DAY, [("2016-11-20T11:00+01:00", GO), ("2016-11-20T12:00+01:00", NEUTRAL)]),
        (
            Rule.CAP_WEEK,
            [
                ("2016-11-13T12:01+01:00", NEUTRAL),
                ("2016-11-19T12:00+01:00", NEUTRAL_AGAIN),
                ("2016-11-20T12:00+01:00", NEUTRAL_MORE),
            ],
        ),
        (
            Rule.AFTER_VOTED,
            [
                ("2016-11-20T10:20+01:00", "1:step:1:turnout:voted"),
                ("2016-11-20T12:00+01:00", NEUTRAL),
            ],
        ),
        (
            Rule.AFTER_CANNOT,
            [
                ("2016-11-18T10:20+01:00", "1:step:1:turnout:cannot"),
                ("2016-11-19T12:00+01:00", NEUTRAL),
            ],
        ),
    ],
)
def test_a_planted_breach_is_found(rule: Rule, happenings: list[Happening]) -> None:
    assert rules(*happenings) == [rule]


@pytest.mark.parametrize(
    "happenings",
    [
        # A cancelled event must be told, whenever.
        [("2016-11-19T12:00+01:00", CANCELLED)],
        # The evening's end of the hours is for the thanks alone.
        [("2016-11-20T20:30+01:00", THANKS)],
        # The fourth one leaves once the first is seven days old.
        [
            ("2016-11-01T12:00+01:00", NEWS),
            ("2016-11-03T12:00+01:00", INVITATION),
            ("2016-11-05T12:00+01:00", SPEECH),
            ("2016-11-08T12:00+01:00", RESULT),
        ],
        # What the caps put off comes later: the day before was the day's one message.
        [("2016-10-30T12:00+01:00", NEWS), ("2016-10-31T09:00+01:00", PLEDGE)],
        # Who answers at last is asked again.
        [
            ("2016-10-30T18:00+01:00", PLEDGE),
            ("2016-11-12T18:00+01:00", WHERE),
            ("2016-11-12T18:20+01:00", "1:step:1:place:known"),
            ("2016-11-16T18:00+01:00", PLAN),
        ],
        # Neutral reminders on the eve, on the day, and again in the second week; they count for nobody else's caps.
        [
            ("2016-11-12T12:00+01:00", NEUTRAL),
            ("2016-11-18T12:00+01:00", NEUTRAL_AGAIN),
            ("2016-11-19T12:00+01:00", NEUTRAL_MORE),
            ("2016-11-20T11:00+01:00", GO),
        ],
        # It follows an hour after what came late, by a plan for the last hour.
        [PLANNED_LATE, ("2016-11-20T17:00+01:00", GO), ("2016-11-20T18:00+01:00", LAST)],
        # An answer at the same instant is no message that nobody asked for.
        [("2016-11-02T12:00+01:00", "/menu"), ("2016-11-02T12:00+01:00", 999)],
    ],
)
def test_what_looks_like_a_breach_and_is_none(happenings: list[Happening]) -> None:
    assert rules(*happenings) == []


def test_a_step_that_neither_comes_nor_is_accounted_for() -> None:
    but_the_pledge = tuple(number for number in ALL_STEPS if number != PLEDGE)
    assert rules(missed=but_the_pledge) == [Rule.MISSING]


def test_a_message_that_the_bot_says_it_sent_and_that_never_arrived() -> None:
    assert rules(lost=(NEWS,)) == [Rule.NOT_RECEIVED]


def test_who_signs_up_late_catches_up_and_nobody_is_written_to_before() -> None:
    late = replace(CLAIRE, joins_at=datetime(2016, 11, 5, 9, tzinfo=UTC))
    joined = ("2016-11-05T10:00+01:00", "1:consent:contact:yes")
    assert rules(joined, ("2016-11-05T10:00+01:00", PLEDGE), member=late) == []
    assert rules(("2016-11-04T12:00+01:00", NEWS), joined, member=late) == [Rule.AFTER_STOP]


def test_the_clock_is_the_persons_own() -> None:
    """Friday 20:00 in Paris is Saturday 6:00 in Nouméa: the eve, and the night."""
    far = replace(CLAIRE, place=NOUMEA)
    assert rules(("2016-11-18T20:00+01:00", NEWS)) == []
    assert rules(("2016-11-18T20:00+01:00", NEWS), member=far) == [Rule.QUIET_PERIOD, Rule.COURTESY_HOURS]


def test_who_moves_follows_the_new_place_from_then_on() -> None:
    moved = replace(CLAIRE, moves_to=NOUMEA, moves_at=datetime(2016, 11, 15, tzinfo=UTC))
    assert rules(("2016-11-16T18:00+11:00", PLAN), member=moved) == []
    assert rules(("2016-11-16T18:00+01:00", PLAN), member=moved) == [Rule.COURTESY_HOURS, Rule.DELAYED]


SILENT: tuple[Happening, ...] = (("2016-10-30T18:00+01:00", PLEDGE), ("2016-11-12T18:00+01:00", WHERE))
TWO_IN_THE_WEEK: tuple[Happening, ...] = (
    *SILENT,
    ("2016-11-14T12:00+01:00", NEWS),
    ("2016-11-16T12:00+01:00", SPEECH),
)


def test_what_remains_for_the_silent_gives_way_to_the_general_caps_alone() -> None:
    """Two messages in the week are the most for who left two questions unanswered, but for the step marked for them."""
    late = (*SILENT, ("2016-11-14T12:00+01:00", NEWS))
    assert rules(*late, ("2016-11-18T18:00+01:00", ECHO)) == []
    assert rules(*late, ("2016-11-18T18:00+01:00", SPEECH)) == [Rule.CAP_WEEK]
    assert rules(*late, ("2016-11-16T12:00+01:00", INVITATION), ("2016-11-18T18:00+01:00", ECHO)) == [
        Rule.CAP_WEEK,
        Rule.CAP_WEEK,
    ]


@pytest.mark.parametrize(
    ("why", "happenings"),
    [
        (Reminded.YES, [("2016-11-18T18:00+01:00", ECHO), ("2016-11-20T11:00+01:00", GO)]),
        # The day's one message was another: the caps held back `echo`, and nothing `go`.
        (Reminded.YES, [("2016-11-18T12:00+01:00", NEWS), ("2016-11-20T11:00+01:00", GO)]),
        # What remains for the silent was due to somebody silent, and there was room.
        (None, [("2016-11-18T18:00+01:00", ECHO)]),
        (None, [*TWO_IN_THE_WEEK[2:], ("2016-11-20T11:00+01:00", GO)]),
        (Reminded.LEFT, [("2016-11-15T12:00+01:00", "STOP")]),
        (Reminded.LEFT, [("2016-11-19T12:00+01:00", "block")]),
        (Reminded.MUTED, [("2016-11-15T12:00+01:00", "1:optout:reminders")]),
        (
            Reminded.CANNOT,
            [("2016-10-30T18:00+01:00", PLEDGE), ("2016-10-30T18:20+01:00", "1:step:1:pledge:cannot")],
        ),
        # Out of reach when both were due, and back on the day.
        (Reminded.LATE, [("2016-11-15T12:00+01:00", "block"), ("2016-11-20T14:00+01:00", "start")]),
        # Nothing held `go` back, whatever held back `echo`.
        (None, [("2016-11-18T12:00+01:00", NEWS)]),
        # A news of the week before is no reminder of this round.
        (None, [("2016-11-12T18:00+01:00", WHERE)]),
        (None, TWO_IN_THE_WEEK),
    ],
)
def test_who_was_reminded_in_the_last_two_days_or_why_not(
    why: Reminded | None, happenings: list[Happening]
) -> None:
    assert reminded(*happenings) == [why]


@pytest.mark.parametrize(
    ("why", "happenings"),
    [
        # The day's one message was another, and the quiet period begins at midnight.
        (Reminded.CAPS, [("2016-11-18T12:00+01:00", NEWS)]),
        # Three in the week.
        (Reminded.CAPS, [*TWO_IN_THE_WEEK, ("2016-11-17T12:00+01:00", INVITATION)]),
        # Two are no reason.
        (None, list(TWO_IN_THE_WEEK[2:])),
    ],
)
def test_without_reminders_on_the_day_the_caps_may_stop_the_last_one(
    why: Reminded | None, happenings: list[Happening], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = tuple(each for each in CAMPAIGN.steps if each.name not in {"go", "last"})
    monkeypatch.setattr("tests.rehearsal.test_checker.CAMPAIGN", replace(CAMPAIGN, steps=steps))
    assert reminded(*happenings) == [why]
    only_where = tuple(each for each in steps if each.name != "echo")
    monkeypatch.setattr("tests.rehearsal.test_checker.CAMPAIGN", replace(CAMPAIGN, steps=only_where))
    assert reminded(*happenings) == [Reminded.NO_STEP]


def test_a_step_that_the_silent_do_not_get_is_said_to_be_none_of_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = tuple(replace(each, when_silent=False) for each in CAMPAIGN.steps)
    monkeypatch.setattr("tests.rehearsal.test_checker.CAMPAIGN", replace(CAMPAIGN, steps=steps))
    assert reminded(*SILENT) == [Reminded.SILENT]
    assert reminded(*SILENT[:1]) == [None]


def test_where_the_law_holds_back_the_reminders_of_the_day_it_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Under the electoral code, which lets no neutral reminder leave unless the campaign file allows it."""
    code = load_campaign(Path(__file__).parents[2] / "campaigns" / "presidentielle-2027").law
    steps = tuple(each for each in CAMPAIGN.steps if each.name != "echo")
    monkeypatch.setattr("tests.rehearsal.test_checker.CAMPAIGN", replace(CAMPAIGN, steps=steps, law=code))
    assert reminded() == [Reminded.QUIET]


def test_who_moves_in_the_last_days_may_miss_both_places_reminders() -> None:
    """At six in Paris it is four in the afternoon in Nouméa: too late for the one, and too early for the other."""
    moved = replace(CLAIRE, moves_to=NOUMEA, moves_at=datetime(2016, 11, 20, 5, tzinfo=UTC))
    happenings = [("2016-11-18T12:00+01:00", NEWS), ("2016-11-20T06:00+01:00", "/settings")]
    assert reminded(*happenings, member=moved) == [Reminded.MOVED]


@pytest.mark.parametrize(
    ("when", "broken"),
    [
        ("2016-11-16T15:00+01:00", []),
        ("2016-11-16T09:59+01:00", [Rule.KNOCKED]),
        ("2016-11-16T20:00+01:00", [Rule.KNOCKED]),
        ("2016-11-19T15:00+01:00", [Rule.KNOCKED]),  # on the eve
    ],
)
def test_nobody_knocks_by_night_or_in_silence(when: str, broken: list[Rule]) -> None:
    at = datetime.fromisoformat(when).astimezone(UTC)
    evidence = Told(missed=ALL_STEPS, knocks=(("69123_0001-1", at),))
    checker = Checker(Almanac(CAMPAIGN), [CLAIRE], evidence, start=START)
    checker.finish(END)
    assert [each.rule for each in checker.broken if each.rule is not Rule.NOT_REMINDED] == broken


ASKS: Happening = ("2016-11-02T11:00+01:00", "1:talk_write:-")
ANSWER_AT = "2016-11-02T11:20+01:00"


@pytest.mark.parametrize(
    ("happenings", "expected"),
    [
        (((ANSWER_AT, ANSWER),), [Rule.NOT_ASKED]),
        ((ASKS, (ANSWER_AT, ANSWER)), []),
        ((ASKS, ("2016-11-19T23:00+01:00", ANSWER)), []),  # at night, on the eve: a question is answered
    ],
)
def test_the_team_answers_who_wrote(happenings: tuple[Happening, ...], expected: list[Rule]) -> None:
    assert rules(*happenings) == expected


@pytest.mark.parametrize(
    ("between", "expected"),
    [
        ([], [Rule.READ_BY_TWO]),
        ([{"by": 1, "act": "tap", "data": "1:talk_back:3"}], []),
        ([{"by": 1, "act": "tap", "data": "1:talk_back:4"}], [Rule.READ_BY_TWO]),
        ([{"do": "sendMessage", "to": 1, "id": 9}], []),  # the first was told that it is over
    ],
)
def test_one_of_the_team_reads_a_conversation(between: list[dict[str, object]], expected: list[Rule]) -> None:
    evidence = Told(missed=ALL_STEPS, by_message={1: OPENED, 2: OPENED, 9: OVER})
    checker = Checker(Almanac(CAMPAIGN), [CLAIRE], evidence, start=START, staff=[1, 2])
    at = {"at": "2016-11-02T11:00:00+00:00"}
    for line in (
        {"do": "sendMessage", "to": 1, "id": 1},
        *between,
        {"do": "sendMessage", "to": 2, "id": 2},
    ):
        checker.read({**at, **line})
    checker.finish(END)
    assert [each.rule for each in checker.broken if each.rule is not Rule.NOT_REMINDED] == expected
