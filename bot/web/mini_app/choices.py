"""A choice made on a page, noted with the very words that the page showed: it may have been opened long ago."""

from __future__ import annotations

from bot.actions.registration import decide_consent
from bot.actions.renewals import question_of
from bot.rules.consent import Purpose
from bot.web.desk import Visit
from bot.words.questions import QuestionText, marked


def as_shown(visit: Visit, purpose: Purpose, mark: str) -> QuestionText | None:
    """The question whose words bore this mark; None where they are not today's."""
    languages = visit.author.campaign.languages
    return marked(mark, languages, lambda code: visit.rendered_in(code, question_of(purpose)))


def of_today(visit: Visit, purpose: Purpose) -> QuestionText:
    """The question as it would be put now: a no counts whatever it was said to."""
    return QuestionText(language=visit.language, text=visit.rendered(question_of(purpose)).written)


async def decide(visit: Visit, purpose: Purpose, mark: str, *, given: bool) -> bool:
    """In the ledger, and in force at once. False where nothing is noted: a yes to other words than today's."""
    question = as_shown(visit, purpose, mark)
    if question is None and given:
        return False
    question = question or of_today(visit, purpose)
    await decide_consent(
        visit.tx,
        visit.author.person,
        visit.origin,
        purpose=purpose,
        given=given,
        language=question.language,
        text=question.text,
    )
    return True
