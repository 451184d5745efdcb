"""At which field of its page a survey's questions are to be put right."""

from __future__ import annotations

from bot.rules.survey_draft import StillMissing
from bot.rules.survey_forms import FormFault


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
    if fault.part == "next" and fault.option is not None:
        return f"lead-{fault.question}-{fault.option}"
    is_of_answers = fault.part == "options" or fault.option is not None
    return f"{'options' if is_of_answers else 'text'}-{fault.question}-{first_language}"
