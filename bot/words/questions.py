"""The question that somebody answered by a button, in the very words that stood there: the ledger proves them.

The buttons under a question bear the mark of its words (`bot.words.texts.mark_of`). A message stays in a chat, and a
page in a browser, while the campaign file or a release changes what is asked: a yes counts for the words it was said
to, and for no others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from bot.frozen import Frozen
from bot.words.texts import Text, mark_of


class QuestionText(Frozen):
    """A question in one language, as Telegram HTML."""

    language: str
    text: str


def marked(mark: str, languages: Collection[str], render: Callable[[str], Text]) -> QuestionText | None:
    """Today's question in the language whose words bear this mark; None where other words stood there, or nobody knows
    which. `render`: what it is in a language.
    """
    for language in languages:
        text = render(language).written
        if mark == mark_of(text):
            return QuestionText(language=language, text=text)
    return None
