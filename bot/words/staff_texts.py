"""The texts that staff write: checked when they are written, filled for each person when they leave."""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from functools import lru_cache
from html import escape

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from bot.errors import BadPlaceholder
from bot.rules.placeholders import PLACEHOLDERS, allowed_placeholders, placeholders_in
from bot.words.no_break import bound
from bot.words.telegram_html import TEXT_LIMIT, check_html, parse_html
from locales import SOURCE_LANGUAGE

# The rules allow nothing but placeholders; the sandbox holds even if a text came past them.
_ENVIRONMENT = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)


_MARK = "\0"


@lru_cache(maxsize=256)
def _pieces(text: str, language: str) -> tuple[str, ...]:
    """A text in a language as the sandbox makes it, cut at its placeholders: words, a name, words, a name, …, words.

    A placeholder stands for a value and nothing else, so that one rendering serves everybody.
    """
    marked = {name: f"{_MARK}{name}{_MARK}" for name in PLACEHOLDERS}
    rendered = _ENVIRONMENT.from_string(text.replace(_MARK, "")).render(marked)
    return tuple(bound(rendered, language).split(_MARK))


def render_staff_text(text: str, language: str, value: Callable[[str], str]) -> str:
    """Telegram HTML: the text is HTML already, the `value` of each placeholder is plain and is escaped."""
    filled = list(_pieces(text, language))
    for index in range(1, len(filled), 2):
        filled[index] = escape(value(filled[index]))
    return "".join(filled)


def cut_for_each(
    text: str, language: str, value: Callable[[str], str], own: Container[str]
) -> tuple[str, ...]:
    """A text with everything filled in but each reader's `own`, and cut there: words, a name, words, …, words."""
    first, *others = _pieces(text, language)
    cut = [first]
    for name, words in zip(others[::2], others[1::2], strict=True):
        if name in own:
            cut += [name, words]
        else:
            cut[-1] += escape(value(name)) + words
    return tuple(cut)


_NAMED_AT_THE_END = re.compile(r"[\s,;:]+…[\s.!?]*$")
"""A placeholder that ends a sentence, with what ends it."""


def first_words(text: str, longest: int = 40) -> str:
    """How a text of staff begins, without tags, on one line: what it is known by in a list.

    “…” stands for a placeholder: what is between words may not leave a gap in the sentence.
    """
    plain = " ".join(parse_html("…".join(_pieces(text, SOURCE_LANGUAGE)[::2])).split()).lstrip(" ,;:.!?…")
    plain = _NAMED_AT_THE_END.sub("", plain)
    return plain if len(plain) <= longest else f"{plain[: longest - 1].rstrip()}…"


def check_staff_text(text: str, *, about_event: bool = False, limit: int = TEXT_LIMIT) -> None:
    """Raises BadPlaceholder or BadHtml, fit to be shown to whoever wrote the text."""
    try:
        placeholders_in(text, about_event=about_event)
    except BadPlaceholder as fault:
        raise BadPlaceholder(
            fault.sentence,
            message="errors/placeholder_unknown",
            placeholder=fault.values["name"],
            allowed=allowed_placeholders(about_event=about_event),
        ) from fault
    # No-break spaces count as the plain ones they stand for: any language will do.
    example = render_staff_text(text, SOURCE_LANGUAGE, lambda name: PLACEHOLDERS[name].example)
    check_html(example, limit)
