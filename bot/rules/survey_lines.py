"""A question of a survey and its answers, as they are typed: on one line each, or with a mark before each answer."""

from __future__ import annotations

import re

from bot.frozen import Frozen
from bot.rules.survey_forms import LEAST_OPTIONS, LIMITS

_MARK = re.compile(r"^(?:[•◦▪●○] ?|\* |(?:[-–—]|\d{1,2}[.)]|[a-zA-Z]\))(?: |(?=[^\W\d_])))(?=\S)")
"""What lists have before each line. Right before a digit a dash is a minus, and a point is that of a number."""


class TypedQuestion(Frozen):
    """How a message was understood: the question, and the answers below it, if any. `stray`: a line without a mark that
    stands below one with it, so that it is neither.
    """

    text: str
    answers: tuple[str, ...] = ()
    stray: str = ""


def lines_in(typed: str) -> list[str]:
    """One option for each line that is typed."""
    return [" ".join(line.split()) for line in typed.splitlines() if line.strip()]


def answers_in(typed: str) -> list[str]:
    """The answers that stand in what was typed, one on each line, without what lists have before each."""
    lines = lines_in(typed)
    return _without_marks(lines) if all(map(_MARK.match, lines)) else lines


def question_in(typed: str) -> TypedQuestion:
    """A question as it was typed. Below its first line those with a mark are its answers, and those above them belong
    to it; where no line has one, it ends with the first question mark at the end of a line, or with its first line, and
    has answers below it, if they are as short as answers.
    """
    lines = [" ".join(line.split()) for line in typed.strip().splitlines()]
    marked = next((number for number, line in enumerate(lines) if number and _MARK.match(line)), None)
    if marked is not None:
        below = [line for line in lines[marked:] if line]
        stray = next((line for line in below if not _MARK.match(line)), "")
        text = "\n".join(lines[:marked]).strip()
        return TypedQuestion(text=text, answers=tuple(_without_marks(below)), stray=stray)
    ends = next((number for number, line in enumerate(lines) if line.endswith("?")), 0)
    answers = list(filter(None, lines[ends + 1 :]))
    if len(answers) < LEAST_OPTIONS or max(map(len, answers)) > LIMITS["option"]:
        return TypedQuestion(text=typed.strip())
    return TypedQuestion(text="\n".join(lines[: ends + 1]), answers=tuple(answers))


def _without_marks(lines: list[str]) -> list[str]:
    return [_MARK.sub("", line) for line in lines]
