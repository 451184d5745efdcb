"""The checker finds each kind of broken rule when it is planted, and nothing in a life where all is well."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.rehearsal.almanac import Almanac
from bot.rehearsal.broken import Rule
from bot.rehearsal.checker import CORRECTED, Checker
from bot.rehearsal.surveying import SKIPPED, KeptOption
from tests.rehearsal.lives import (
    ALL_STEPS,
    ANSWER,
    CAMPAIGN,
    CLAIRE,
    ECHO,
    END,
    INVITATION,
    NEWS,
    NOUMEA,
    OPENED,
    OVER,
    PERSON,
    PLAN,
    PLEDGE,
    SILENT,
    SPEECH,
    START,
    SURVEY,
    Happening,
    Told,
    act,
    rules,
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
    rows = [KeptOption(question=q, option=o, at=datetime.fromisoformat(at)) for q, o in kept]
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


def test_a_step_that_neither_comes_nor_is_accounted_for() -> None:
    but_the_pledge = tuple(number for number in ALL_STEPS if number != PLEDGE)
    assert rules(missed=but_the_pledge) == [Rule.MISSING]


def test_a_message_that_the_bot_says_it_sent_and_that_never_arrived() -> None:
    assert rules(lost=(NEWS,)) == [Rule.NOT_RECEIVED]


def test_who_signs_up_late_catches_up_and_nobody_is_written_to_before() -> None:
    late = replace(CLAIRE, joins_at=datetime(2016, 11, 5, 9, tzinfo=UTC))
    joined = ("2016-11-05T10:00+01:00", "1:consent:contact:yes:0a1b2c")
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
