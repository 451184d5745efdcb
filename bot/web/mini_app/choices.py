"""A choice made on a page, noted with the very words that the page showed."""

from __future__ import annotations

from bot.actions.registration import decide_consent
from bot.actions.renewals import question_of
from bot.frozen import Frozen
from bot.rules.consent import Purpose
from bot.web.desk import Visit


class Question(Frozen):
    """A question in one language, as Telegram HTML."""

    language: str
    text: str


def as_shown(visit: Visit, purpose: Purpose) -> Question:
    """The question in the language of the page that was sent: another may have been chosen since."""
    said = visit.form.get("language", "")
    language = said if said in visit.author.campaign.languages else visit.language
    return Question(language=language, text=visit.rendered_in(language, question_of(purpose)).written)


async def decide(visit: Visit, purpose: Purpose, *, given: bool) -> None:
    """In the ledger, and in force at once."""
    question = as_shown(visit, purpose)
    await decide_consent(
        visit.tx,
        visit.author.person,
        visit.origin,
        purpose=purpose,
        given=given,
        language=question.language,
        text=question.text,
    )
