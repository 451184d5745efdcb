"""The question that somebody answered by a button, as it stood there (bot.words.questions)."""

from __future__ import annotations

from telegram import Message

from bot.actions.registration import decide_consent
from bot.actions.renewals import question_of
from bot.rules.consent import Purpose
from bot.words.questions import QuestionText, marked
from bot.words.telegram_html import parse_html
from bot.words.texts import Text
from handlers.context import Context
from locales import LANGUAGES


def as_asked(context: Context, name: str, *, mark: str | None = None) -> QuestionText | None:
    """The question of a template whose words the tapped button stands under; None where they are not today's.

    `mark`: the one of the words, where they were answered by typing.
    """
    return marked(
        context.mark if mark is None else mark, LANGUAGES, lambda code: context.render_in(code, name)
    )


def of_today(context: Context, name: str) -> QuestionText:
    """The question as it would be put now: a no counts whatever it was said to, also where nobody knows what."""
    return QuestionText(language=context.language, text=context.render(name).written)


def is_shown(context: Context, text: Text) -> bool:
    """Whether these words stand in the tapped message: its buttons are not kept."""
    return " ".join(parse_html(text.html).split()) in _in_one_line(context.message)


async def decide(context: Context, purpose: Purpose, *, given: bool, mark: str | None = None) -> bool:
    """A choice of the person, in the ledger with the words that it was said to, and in force at once.

    False where nothing is noted: a yes to other words than today's, which are to be put now.
    """
    name = question_of(purpose)
    question = as_asked(context, name, mark=mark)
    if question is None and given:
        return False
    question = question or of_today(context, name)
    await decide_consent(
        context.tx,
        context.person,
        context.origin,
        purpose=purpose,
        given=given,
        language=question.language,
        text=question.text,
    )
    return True


def _in_one_line(message: Message | None) -> str:
    text = (message.text or message.caption or "") if message is not None else ""
    return " ".join(text.split())
