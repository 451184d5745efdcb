"""What a tap makes of somebody's answers, whatever the survey asks and in whatever order it is tapped."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.survey_forms import LIMITS, MOST_OPTIONS, Wrong, faults
from bot.rules.surveys import (
    END,
    Answers,
    Form,
    Move,
    Option,
    Question,
    SurveyStanding,
    SurveyTap,
    as_json,
    from_json,
    progress,
    standing,
    tapped,
    way,
)


def option(name: str, following: str | None = None) -> Option:
    return Option(id=name, text={"fr": name}, next=following)


def question(name: str, *options: Option, several: bool = False, following: str | None = None) -> Question:
    offered = options or (option("yes"), option("no"))
    return Question(id=name, text={"fr": name}, options=offered, several=several, next=following)


def form(*questions: Question) -> Form:
    return Form(title={"fr": "t"}, purpose={"fr": "p"}, questions=questions)


TREE = form(
    question("cars", option("yes", "which"), option("no", "why")),
    question("which", option("diesel"), option("electric"), several=True, following="age"),
    question("why", option("city"), option("price")),
    question("age", option("young", END), option("old")),
    question("last"),
)


@st.composite
def forms(draw: st.DrawFn) -> Form:
    """Forms of any length, whose answers may lead further down or to the end."""
    names = [f"q{number}" for number in range(draw(st.integers(1, 10)))]
    made = []
    for number, name in enumerate(names):
        following = st.sampled_from([None, END, *names[number + 1 :]])
        several = draw(st.booleans())
        options = [
            option(f"o{place}", None if several else draw(following))
            for place in range(draw(st.integers(2, 8)))
        ]
        made.append(question(name, *options, several=several, following=draw(following)))
    return form(*made)


TAPS = st.lists(
    st.builds(
        SurveyTap, move=st.sampled_from(list(Move)), question=st.integers(0, 11), option=st.integers(0, 9)
    ),
    max_size=40,
)


@given(asked=forms(), taps=TAPS)
def test_whatever_is_tapped_what_is_kept_is_what_the_screens_tell(asked: Form, taps: list[SurveyTap]) -> None:
    """Every answer is to a question that the person was led through, and its options are those marked there."""
    at = standing(asked, {})
    for tap in taps:
        at = tapped(asked, at.answers, tap)
        led = way(asked, at.answers)
        assert set(at.answers) <= {each.id for each in led}
        assert at.question is None or at.question in led
        for name, chosen in at.answers.items():
            of = asked.question(name)
            assert of is not None
            assert set(chosen) <= {each.id for each in of.options}
            assert of.several or len(chosen) <= 1
        far = progress(asked, at)
        assert 1 <= far.number <= len(asked.questions)
        assert far.number - (at.question is None) <= far.total <= len(asked.questions)
        assert (at.question is not None) or len(led) == len(at.answers)  # the end comes after every answer


@given(asked=forms(), taps=TAPS)
def test_a_tap_changes_the_answer_that_it_is_under_and_what_no_longer_follows(
    asked: Form, taps: list[SurveyTap]
) -> None:
    answers: Answers = {}
    for tap in taps:
        after = tapped(asked, answers, tap).answers
        under = asked.questions[tap.question].id if tap.question < len(asked.questions) else None
        for name, chosen in after.items():
            assert name == under or answers.get(name) == chosen
        if tap.move not in (Move.CHOOSE, Move.SKIP):
            assert after == answers
        answers = after


@given(asked=forms(), taps=TAPS)
def test_who_comes_back_goes_on_where_they_left(asked: Form, taps: list[SurveyTap]) -> None:
    answers: Answers = {}
    for tap in taps:
        answers = tapped(asked, answers, tap).answers
    found = standing(asked, answers)
    assert found.answers == answers
    assert found.question is None or found.question.id not in answers


@given(asked=forms())
def test_a_form_is_kept_as_it_is_and_has_no_fault_but_what_is_never_asked(asked: Form) -> None:
    assert from_json(as_json(asked)) == asked
    assert {each.wrong for each in faults(asked, "fr")} <= {Wrong.NEVER_ASKED}


def answer(at: SurveyStanding, number: int, place: int) -> SurveyStanding:
    return tapped(TREE, at.answers, SurveyTap(move=Move.CHOOSE, question=number, option=place))


def test_an_answer_decides_what_is_asked_next() -> None:
    at = answer(standing(TREE, {}), 0, 0)
    assert at.question is TREE.questions[1]
    assert (progress(TREE, at).number, progress(TREE, at).total) == (2, 4)
    at = answer(answer(at, 1, 0), 1, 1)  # several: the question stays
    assert at.question is TREE.questions[1]
    assert at.answers["which"] == ("diesel", "electric")
    at = tapped(TREE, at.answers, SurveyTap(move=Move.NEXT, question=1))
    assert at.question is TREE.questions[3]
    at = answer(at, 3, 0)
    assert at.question is None


def test_who_changes_an_answer_takes_back_what_followed_the_other_one() -> None:
    at = answer(answer(standing(TREE, {}), 0, 0), 1, 0)
    at = tapped(TREE, at.answers, SurveyTap(move=Move.BACK, question=1))
    assert at.question is TREE.questions[0]
    at = answer(at, 0, 1)
    assert at.answers == {"cars": ("no",)}
    assert at.question is TREE.questions[2]
    stale = answer(at, 1, 1)  # the button of the question that is asked no more
    assert stale == at


def test_what_is_left_out_is_an_answer_too() -> None:
    at = tapped(TREE, {}, SurveyTap(move=Move.SKIP, question=0))
    assert at.answers == {"cars": ()}
    assert at.question is TREE.questions[1]


WRONG = {
    Wrong.NO_QUESTION: form(),
    Wrong.TOO_MANY_QUESTIONS: form(*(question(f"q{number}") for number in range(11))),
    Wrong.TOO_FEW_OPTIONS: form(question("q", option("yes"))),
    Wrong.TOO_MANY_OPTIONS: form(question("q", *(option(f"o{number}") for number in range(9)))),
    Wrong.NAME: form(question("Ça va")),
    Wrong.RESERVED: form(question("q", option("any"), option("no"))),
    Wrong.TWICE: form(question("q"), question("q")),
    Wrong.NO_TEXT: replace(form(question("q")), purpose={"en": "p"}),
    Wrong.TOO_LONG: replace(form(question("q")), title={"fr": "x" * (LIMITS["title"] + 1)}),
    Wrong.SAME_TEXT: form(question("q", option("a"), replace(option("b"), text={"fr": "A"}))),
    Wrong.NO_SUCH_QUESTION: form(question("q", option("a", "nowhere"), option("b"))),
    Wrong.CIRCLE: form(question("q"), question("r", option("a", "q"), option("b"))),
    Wrong.NEXT_OF_SEVERAL: form(question("q", option("a", "r"), option("b"), several=True), question("r")),
    Wrong.NEVER_ASKED: form(question("q", following=END), question("r")),
}


@pytest.mark.parametrize("wrong", Wrong)
def test_what_cannot_be_asked_is_told(wrong: Wrong) -> None:
    assert [each.wrong for each in faults(WRONG[wrong], "fr")] == [wrong]


def test_of_more_answers_than_can_be_offered_only_so_many_are_looked_at() -> None:
    """Somebody pastes a book: to compare each line with all before it would stop the bot for minutes."""
    lines = (
        replace(option(f"o{number}"), text={"fr": "x" * (LIMITS["option"] + 1)}) for number in range(999)
    )
    found = [each.wrong for each in faults(form(question("q", *lines)), "fr")]
    assert found[0] is Wrong.TOO_MANY_OPTIONS
    assert len(found) < 3 * MOST_OPTIONS


def test_an_answer_that_leads_to_its_own_question_is_a_circle() -> None:
    assert faults(form(question("q", option("a", "q"), option("b"))), "fr")[0].wrong is Wrong.CIRCLE
