"""The question that somebody answered by a button, in the words that stood there: the ledger proves them."""

from __future__ import annotations

from telegram import Message

from bot.actions.registration import decide_consent
from bot.actions.renewals import question_of
from bot.frozen import Frozen
from bot.rules.consent import Purpose
from bot.words.telegram_html import parse_html
from bot.words.texts import Text
from handlers.context import Context


class Question(Frozen):
    """A question in one language, as Telegram HTML."""

    language: str
    text: str


def as_asked(context: Context, name: str) -> Question:
    """The question of a template as it stands in the tapped message: the language may have been changed since.

    In today's language where none stands there: words were typed, or the message is too old for Telegram to tell it.
    """
    for language in (context.language, *context.campaign.languages):
        text = context.render_in(language, name)
        if is_shown(context, text):
            return Question(language=language, text=text.written)
    return Question(language=context.language, text=context.render(name).written)


def is_shown(context: Context, text: Text) -> bool:
    """Whether these words stand in the tapped message: its buttons are not kept."""
    return " ".join(parse_html(text.html).split()) in _in_one_line(context.message)


async def decide(
    context: Context, purpose: Purpose, *, given: bool, question: Question | None = None
) -> None:
    """A choice of the person, in the ledger with the words that stood in the tapped message, and in force at once."""
    question = question or as_asked(context, question_of(purpose))
    await decide_consent(
        context.tx,
        context.person,
        context.origin,
        purpose=purpose,
        given=given,
        language=question.language,
        text=question.text,
    )


def _in_one_line(message: Message | None) -> str:
    text = (message.text or message.caption or "") if message is not None else ""
    return " ".join(text.split())
