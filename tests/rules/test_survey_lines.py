"""Which lines of a typed question are its answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.survey_lines import TypedQuestion, answers_in, lines_in, question_in


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("Oui ?", TypedQuestion(text="Oui ?")),
        ("A ?\nOui\nNon", TypedQuestion(text="A ?", answers=("Oui", "Non"))),
        ("A ?\nOui", TypedQuestion(text="A ?\nOui")),  # one line is no choice
        (f"A ?\nOui\n{'x' * 41}", TypedQuestion(text=f"A ?\nOui\n{'x' * 41}")),
        ("A.\nB.\nC ?", TypedQuestion(text="A.\nB.\nC ?")),  # what is asked is no answer
        ("A.\nB ?\nOui\nNon", TypedQuestion(text="A.\nB ?", answers=("Oui", "Non"))),
        ("A :\nOui\nNon", TypedQuestion(text="A :", answers=("Oui", "Non"))),
        ("A\nB ?\n- Oui\n- Non", TypedQuestion(text="A\nB ?", answers=("Oui", "Non"))),
        ("A\n\nB ?\n\n• Oui\n\n• Non\n", TypedQuestion(text="A\n\nB ?", answers=("Oui", "Non"))),
        (
            "1. A ?\n2. Oui\n3. Non",
            TypedQuestion(text="1. A ?", answers=("Oui", "Non")),
        ),  # the first is the question
        ("A ?\n- Oui\nMerci", TypedQuestion(text="A ?", answers=("Oui", "Merci"), stray="Merci")),
        (
            "A ?\n1.5 km\n2.5 km",
            TypedQuestion(text="A ?", answers=("1.5 km", "2.5 km")),
        ),  # numbers are no marks
        ("A ?\n-5 °C\n-10 °C", TypedQuestion(text="A ?", answers=("-5 °C", "-10 °C"))),  # nor is a minus
        ("A ?\n*Oui*\n*Non*", TypedQuestion(text="A ?", answers=("*Oui*", "*Non*"))),
        ("A ?\n1.\u00a0Oui\n2.\u202fNon", TypedQuestion(text="A ?", answers=("Oui", "Non"))),
        ("", TypedQuestion(text="")),
    ],
)
def test_a_question_and_its_answers_as_they_are_typed(typed: str, understood: TypedQuestion) -> None:
    assert question_in(typed) == understood


@given(typed=st.text(alphabet=" \n-•*1.)aé"))
def test_no_line_is_lost(typed: str) -> None:
    found = question_in(typed)
    lines = [*lines_in(found.text), *found.answers]
    assert len(lines) == len(lines_in(typed))
    assert all(whole.endswith(line) for whole, line in zip(lines_in(typed), lines, strict=True))


@given(typed=st.text(alphabet=" \n-•*1.)aé"))
def test_marks_are_taken_away_from_all_answers_or_from_none(typed: str) -> None:
    answers = answers_in(typed)
    assert answers == lines_in(typed) or not set(answers) & set(lines_in(typed))
