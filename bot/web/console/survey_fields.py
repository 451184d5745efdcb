"""The fields of a survey's page: what they say, and at which of them something is to be put right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.rules.survey_draft import OTHERWISE, StillMissing
from bot.rules.survey_forms import MOST_OPTIONS, MOST_QUESTIONS, FormFault
from bot.rules.surveys import END
from bot.rules.typed import is_number
from bot.web.console.forms import plain


def field_of_gap(gap: StillMissing, first_language: str) -> str:
    """Where what is missing is written."""
    code = gap.language or first_language
    if gap.step == "kind":
        return "kind"
    if gap.step in ("title", "purpose"):
        return f"{gap.step}-{code}"
    return f"{'text' if gap.step == 'question' else 'options'}-{gap.question or 0}-{code}"


def field_of_fault(fault: FormFault, first_language: str) -> str:
    """Where what cannot be asked so is written."""
    if fault.question is None:
        part = fault.part if fault.part in ("title", "purpose") else "text-0"
        return f"{part}-{first_language}"
    if fault.part == "next":
        return f"lead-{fault.question}-{OTHERWISE if fault.option is None else fault.option}"
    is_of_answers = fault.part == "options" or fault.option is not None
    return f"{'options' if is_of_answers else 'text'}-{fault.question}-{first_language}"


def texts_said(form: Mapping[str, str], name: str, languages: Sequence[str]) -> dict[str, str]:
    """One text by language, on one line: blank where it is left out, absent where the first language lacks it."""
    return {code: " ".join(text.split()) for code, text in questions_said(form, name, languages).items()}


def questions_said(form: Mapping[str, str], name: str, languages: Sequence[str]) -> dict[str, str]:
    """The same of a question, which may have several lines."""
    typed = {code: plain(form.get(f"{name}-{code}", "")).splitlines() for code in languages}
    said = {
        code: "\n".join(" ".join(line.split()) for line in lines).strip() for code, lines in typed.items()
    }
    return {code: text for code, text in said.items() if text or code != languages[0]}


def leads_said(form: Mapping[str, str], number: int, *, several: bool) -> dict[str, int | str]:
    """What follows which answer to a question; where several may be chosen, what follows them all. One that leads up
    again is kept as it was said: that it cannot is told beside it.
    """
    answers = [] if several else list(map(str, range(MOST_OPTIONS)))
    leads: dict[str, int | str] = {}
    for way in (*answers, OTHERWISE):
        to = form.get(f"lead-{number}-{way}", "")
        if to == END:
            leads[way] = END
        elif is_number(to) and int(to) < MOST_QUESTIONS:
            leads[way] = int(to)
    return leads
