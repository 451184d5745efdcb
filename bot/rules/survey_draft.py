"""A survey while it is being written: what was said so far, as the dialog keeps it, and what is missing.

kind                poll or persuasion
titles, purposes    language -> words; blank where it was skipped
questions           each with `texts` (language -> words; blank where skipped), `options` (language -> their words, in
                    order), `several`, and `leads` (number of an option, or OTHERWISE -> that of the question that
                    follows, or END)
anew                one of them that is written anew: its `number`, and what was `said` of it so far; until that is
                    whole the old one stands among the questions
read                how a question of several lines was understood, until that is agreed to: `text`, `answers`, and what
                    was `typed`
complete            whether there are no more questions
audience, chosen    an audience as JSON; whether it was settled
wall                when it closes, in its author's zone (ISO 8601, no offset)
opens               when it goes out, written alike; at once where nothing was said
kept                days after its end at which answers are erased; as many as usual where nothing was said
reopened            what is asked again that is not asked by itself: opens or kept
before              what was said of it that is asked again from the summary, until it is said anew
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.frozen import Frozen
from bot.rules.event_draft import DraftQuestion
from bot.rules.surveys import END, Form, Option, Question

REOPENED: Mapping[str, Mapping[str, Any]] = {
    "kind": {"kind": None},
    "texts": {"titles": {}, "purposes": {}},
    "questions": {"complete": None},
    "audience": {"chosen": None, "knowing": None},
    "closes": {"wall": None, "knowing": None},
    "opens": {"reopened": "opens", "knowing": None},
    "kept": {"reopened": "kept"},
}
"""What the summary leads back to, and the values that make it be asked again."""
_STAYS = "questions"
"""What is led back to without forgetting anything: there each question has its own way back."""
KEPT_DAYS = 30
"""How long after it has closed the answers are kept, where nothing else was said."""
TERMS = (1, 7, 30, 90, 365)
"""Days after its end at which answers can be erased."""
OTHERWISE = "otherwise"
"""Stands in `leads` for leaving the question out; of one with several answers, for whatever is said to it."""
OF_A_QUESTION = ("question", "read", "options", "several")
"""The steps that ask for what is missing of one."""
_LETTERS = "abcdefgh"


def reopened(data: Mapping[str, Any], field: str) -> dict[str, Any]:
    """What is kept where the summary leads back to a field: what was said of it is known until it is said anew."""
    forgotten = REOPENED[field]
    before = {name: data.get(name) for name in (*forgotten, *(("audience",) if field == "audience" else ()))}
    return {**forgotten, "before": None if field == _STAYS else before}


def next_question(data: Mapping[str, Any], languages: Sequence[str]) -> DraftQuestion:
    """The first thing still to be said; `summary` when everything was."""
    if not data.get("kind"):
        return DraftQuestion(step="kind")
    written = _unwritten(data, languages)
    if written is not None:
        return written
    if not data.get("complete"):
        return DraftQuestion(step="more")
    if not data.get("chosen"):
        return DraftQuestion(step="audience")
    if not data.get("wall"):
        return DraftQuestion(step="closes")
    return DraftQuestion(step=data.get("reopened") or "summary")


def _unwritten(data: Mapping[str, Any], languages: Sequence[str]) -> DraftQuestion | None:
    """The next text that is missing. Those of the first language are needed, in others they may be skipped."""
    first = languages[0]
    for key, step in (("titles", "title"), ("purposes", "purpose")):
        for language in languages:
            if language not in (data.get(key) or {}):
                return DraftQuestion(step=step, language=language, may_skip=language != first)
    questions = in_hand(data)
    gap = _gap(questions[being_written(questions, languages)], languages)
    return replace(gap, step="read") if gap is not None and data.get("read") else gap


def _gap(question: Mapping[str, Any], languages: Sequence[str]) -> DraftQuestion | None:
    """The next that is missing of one question."""
    for language in languages:
        if language not in question.get("texts", {}):
            return DraftQuestion(step="question", language=language, may_skip=language != languages[0])
    for language in languages:
        if question["texts"][language] and language not in question.get("options", {}):
            return DraftQuestion(step="options", language=language, may_skip=False)
    uneven = _uneven(question, languages)
    if uneven is not None:
        return DraftQuestion(step="options", language=uneven, may_skip=False)
    return DraftQuestion(step="several") if question.get("several") is None else None


def _uneven(question: Mapping[str, Any], languages: Sequence[str]) -> str | None:
    """The first language in which a question has more answers, or fewer, than in the one before all others."""
    options = question.get("options", {})
    said = [language for language in languages if language in options]
    return next((each for each in said if len(options[each]) != len(options[said[0]])), None)


def gaps(data: Mapping[str, Any], languages: Sequence[str]) -> list[StillMissing]:
    """What is missing first of each question that is not whole."""
    found = []
    for number, question in enumerate(in_hand(data)):
        gap = _gap(question, languages)
        if gap is not None:
            found.append(StillMissing(step=_step_of(gap, question), language=gap.language, question=number))
    return found


def _step_of(gap: DraftQuestion, question: Mapping[str, Any]) -> str:
    """The step that asks for what is missing of a question; `other_number` where answers are there and do not match."""
    return (
        "other_number" if gap.step == "options" and gap.language in question.get("options", {}) else gap.step
    )


def being_written(questions: Sequence[Mapping[str, Any]], languages: Sequence[str]) -> int:
    """The number from 0 of the question of which something is missing: one that is written anew, or else the last."""
    unfinished = (number for number, each in enumerate(questions) if _gap(each, languages))
    return next(unfinished, len(questions) - 1)


class StillMissing(Frozen):
    """What is still to be said: the step that asks it, in which language, of which question (its number from 0)."""

    step: str
    language: str | None = None
    question: int | None = None


def missing(
    data: Mapping[str, Any], languages: Sequence[str], questions: Sequence[Mapping[str, Any]]
) -> StillMissing | None:
    """The first thing that is missing of what is asked; as many options are needed in each language."""
    if not data.get("kind"):
        return StillMissing(step="kind")
    for number in range(max(1, len(questions))):
        alone = {"questions": list(questions[: number + 1]), "anew": None, "read": None}
        gap = _unwritten({**data, **alone}, languages)
        if gap is not None:
            if gap.step not in OF_A_QUESTION:
                return StillMissing(step=gap.step, language=gap.language)
            step = _step_of(gap, questions[number] if questions else {})
            language = None if step == "other_number" else gap.language
            return StillMissing(step=step, language=language, question=number)
    return None


def without(questions: Sequence[Mapping[str, Any]], dropped: int) -> list[dict[str, Any]]:
    """The questions but one; what led to it leads to the one below again."""
    left = []
    for question in (each for number, each in enumerate(questions) if number != dropped):
        leads = {
            place: to if to == END or int(to) < dropped else int(to) - 1
            for place, to in question.get("leads", {}).items()
            if to != dropped
        }
        left.append({**question, "leads": leads})
    return left


def with_said(
    questions: Sequence[Mapping[str, Any]], number: int, key: str, language: str, said: Any
) -> list[dict[str, Any]]:
    """The questions, with more said of one of them."""
    return _with(questions, number, {key: {**questions[number].get(key, {}), language: said}})


def with_several(
    questions: Sequence[Mapping[str, Any]], number: int, *, several: bool
) -> list[dict[str, Any]]:
    """The questions, with how many answers one of them takes. Of what followed its answers before it was written anew
    what follows answers that it still has is left.
    """
    ways = ways_of({**questions[number], "several": several})
    leads = {way: to for way, to in questions[number].get("leads", {}).items() if way in ways}
    return _with(questions, number, {"several": several, "leads": leads})


def in_hand(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The questions as they are being written: what was said so far of one that is written anew stands in its place."""
    questions, anew = list(data.get("questions") or [{}]), data.get("anew")
    if anew:
        questions[anew["number"]] = anew["said"]
    return questions


def anew(questions: Sequence[Mapping[str, Any]], number: int) -> dict[str, Any]:
    """What is kept where a question is to be written anew: what led to it leads to what is written in its place."""
    return {"anew": {"number": number, "said": {"leads": questions[number].get("leads", {})}}}


def is_added(data: Mapping[str, Any] | None, languages: Sequence[str]) -> bool:
    """Whether what is asked now is missing of one question among several, and that one is not written anew."""
    if not data or is_anew(data) or len(data.get("questions") or ()) < 2:
        return False
    return next_question(data, languages).step in OF_A_QUESTION


def is_anew(data: Mapping[str, Any] | None) -> bool:
    """Whether a question of a draft, if there is one, is being written anew."""
    return bool(data and data.get("anew"))


AS_IT_WAS: Mapping[str, Any] = {"anew": None, "read": None, "before": None}
"""What is kept where something is not said anew after all."""


def kept_of(
    data: Mapping[str, Any], questions: Sequence[Mapping[str, Any]], languages: Sequence[str]
) -> dict[str, Any]:
    """What is kept of the questions in hand: one that is written anew takes the place of the old one once whole."""
    anew = data.get("anew")
    if anew and _gap(questions[anew["number"]], languages) is not None:
        return {"anew": {**anew, "said": questions[anew["number"]]}, "read": None}
    return {"questions": list(questions), "anew": None, "read": None}


def _with(
    questions: Sequence[Mapping[str, Any]], number: int, said: Mapping[str, Any]
) -> list[dict[str, Any]]:
    changed = [dict(each) for each in questions]
    changed[number].update(said)
    return changed


def may_lead(questions: Sequence[Mapping[str, Any]]) -> list[int]:
    """The questions of which it can be said what follows: all that stand above another one."""
    return list(range(len(questions) - 1))


def ways_of(question: Mapping[str, Any]) -> list[str]:
    """The answers to a question that each lead somewhere, as `leads` names them."""
    if question["several"]:
        return [OTHERWISE]
    return [*map(str, range(max(len(each) for each in question["options"].values()))), OTHERWISE]


def led(data: Mapping[str, Any], question: int, way: str, to: int | str) -> list[dict[str, Any]]:
    """The questions, where a way of one now leads to another one (its number), or to the end."""
    leads = data["questions"][question].get("leads", {})
    return _with(data["questions"], question, {"leads": {**leads, way: to}})


def form_of(data: Mapping[str, Any]) -> Form:
    """Everything that was said of what is asked."""
    return Form(
        title=_said(data["titles"]),
        purpose=_said(data["purposes"]),
        questions=tuple(
            _question(number, each, _below(number, data["questions"]))
            for number, each in enumerate(data["questions"])
        ),
    )


def _below(number: int, questions: Sequence[Mapping[str, Any]]) -> str:
    return _name(number + 1) if number + 1 < len(questions) else END


def _question(number: int, said: Mapping[str, Any], below: str) -> Question:
    options: Mapping[str, Sequence[str]] = said["options"]
    count = max(len(each) for each in options.values())
    leads = said.get("leads") or {}
    otherwise = _following(leads.get(OTHERWISE))
    # Where leaving it out leads elsewhere, an answer of which nothing was said still leads to the question below.
    unsaid = None if otherwise is None or said["several"] else below
    return Question(
        id=_name(number),
        text=_said(said["texts"]),
        several=bool(said["several"]),
        options=tuple(
            Option(
                id=_LETTERS[place] if place < len(_LETTERS) else f"o{place}",
                text={language: each[place] for language, each in options.items() if place < len(each)},
                next=None if said["several"] else _following(leads.get(str(place))) or unsaid,
            )
            for place in range(count)
        ),
        next=otherwise,
    )


def _name(number: int) -> str:
    return f"q{number + 1}"


def _following(lead: int | str | None) -> str | None:
    return lead if lead in (None, END) else _name(int(lead))


def _said(words: Mapping[str, str]) -> dict[str, str]:
    return {language: text for language, text in words.items() if text}
