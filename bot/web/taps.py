"""A message of the chat in a page: its words, and those of its buttons that the page answers itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from markupsafe import Markup

from bot.frozen import Frozen
from bot.words.shown_html import shown_html
from bot.words.texts import Text


class Key(Frozen):
    """A button: what it says, and what a form sends of it (`rsvp:ab12:yes`), or where it leads."""

    label: str
    tap: str = ""
    url: str = ""

    @property
    def holds(self) -> bool:
        """Whether it is the answer that was given."""
        return self.label.startswith("✓")


class ShownMessage(Frozen):
    """A message: its words, and its buttons by row."""

    words: Markup
    rows: Sequence[Sequence[Key]]


def shown(text: Text, taps: Collection[str]) -> ShownMessage:
    """`taps`: what the page answers itself. The other buttons lead on in the chat and are left out."""
    rows = []
    for buttons in text.keyboard:
        row = [
            Key(label=each.label, tap=tap, url=each.url or "")
            for each in buttons
            if (tap := _tap(each.data)).partition(":")[0] in taps or each.url
        ]
        if row:
            rows.append(row)
    return ShownMessage(words=shown_html(text.html), rows=rows)


def _tap(data: str | None) -> str:
    """`1:rsvp:ab12:yes` without the version of buttons."""
    return (data or "").partition(":")[2]
