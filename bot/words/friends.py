"""A text that many share, but for the link for friends in it, which is each reader's own."""

from __future__ import annotations

from bot.frozen import changed
from bot.words.texts import Button, Text

SOMEBODY = "PORTEVOIXSOMEBODY"
"""Stands for the reader's code while the text is rendered; the same in HTML and in an address."""


def addressed(text: Text, friend_code: str) -> Text:
    """The text with the reader's own link for friends, where it has one."""
    if not is_for_friends(text):
        return text
    rows = tuple(
        tuple(
            button._replace(url=_named(button.url, friend_code)) if _for_friends(button) else button
            for button in row
        )
        for row in text.keyboard
    )
    return changed(text, html=_named(text.html, friend_code), keyboard=rows)


def is_for_friends(text: Text) -> bool:
    """Whether each reader's own link stands in it."""
    return SOMEBODY in text.html or any(_for_friends(button) for row in text.keyboard for button in row)


def _for_friends(button: Button) -> bool:
    return button.url is not None and SOMEBODY in button.url


def _named(text: str | None, friend_code: str) -> str:
    return (text or "").replace(SOMEBODY, friend_code)
