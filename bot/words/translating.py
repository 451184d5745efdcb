"""What templates call for their words: `_` and its kind, and what keeps what a macro made of the same values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from gettext import NullTranslations
from typing import Any

from jinja2.runtime import Macro
from markupsafe import Markup, escape

TEXTS_KEPT = 4096


class Kept:
    """What macros made of the same values before, for those of a list that is on many pages: to call a macro takes
    Jinja ten times as long. The macro may depend on nothing but its values, and on what is the same in all pages.
    """

    def __init__(self) -> None:
        self._made: dict[tuple[object, ...], str] = {}

    def __call__(self, macro: Macro, *values: object) -> str:
        # By their kinds too: text that is safe already equals the same that is not.
        key = (macro.name, *values, *map(type, values))
        made = self._made.get(key)
        if made is None:
            if len(self._made) >= TEXTS_KEPT:
                self._made.clear()
            made = self._made[key] = macro(*values)
        return made

    def joined(self, macro: Macro, rows: Iterable[Sequence[object]]) -> str:
        """What it makes of each row, one behind the other."""
        return Markup("").join([self(macro, *row) for row in rows])


_SAFE = frozenset({Markup, int, float})
"""Nothing in them is to be escaped."""


def translating(translations: NullTranslations, kind: type[str]) -> dict[str, Callable[..., str]]:
    """`gettext`, `_` and `ngettext` of templates. Jinja's own ask their context, and make the same text anew each time:
    a quarter of what the page of the log took.
    """
    translated = lru_cache(TEXTS_KEPT * 2)(lambda text: kind(translations.gettext(text)))
    # Without values a text is one with none to fill in: 50 %% is 50 %.
    whole = lru_cache(TEXTS_KEPT * 2)(lambda text: translated(text) % {})

    def gettext(text: str, /, **values: Any) -> str:
        if not values:
            return whole(text)
        if kind is not Markup:
            return translated(text) % values
        # Markup would wrap the values, and each of them, to escape what a text takes of them: four times as long.
        for name, value in values.items():
            if type(value) is str:
                values[name] = escape(value)
            elif type(value) not in _SAFE:
                return translated(text) % values
        return Markup(str.__mod__(translated(text), values))

    def ngettext(one: str, many: str, number: int, /, **values: Any) -> str:
        return kind(translations.ngettext(one, many, number)) % {"num": number, **values}

    return {"gettext": gettext, "_": gettext, "ngettext": ngettext}
