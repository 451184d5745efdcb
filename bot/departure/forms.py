"""What a message says to all who are alike, worded once: a form, which becomes the call that each of them gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

from bot.delivery.calls import Call
from bot.words.friends import addressed, is_for_friends
from bot.words.texts import Text
from db.people import Person

Form = Callable[[Person], Call]
NO_CHAT = 0
"""Stands in a call that is nobody's yet."""


def same_for_all(call: Call) -> Form:
    """A form in which nothing is anybody's own but the chat."""
    return lambda reader: call.to(reader.telegram_id)


def filled_for_each(
    cut: Sequence[str], own: Mapping[str, Callable[[Person], str]], whole: Callable[[str], Call]
) -> Form:
    """The form of a text that is cut at what is each reader's own: words, a name, words, …, words.

    `own`: what each name stands for, plain. `whole`: the call that shows a text.
    """
    if len(cut) == 1:
        return same_for_all(whole(cut[0]))
    gaps = [(index, own[cut[index]]) for index in range(1, len(cut), 2)]
    call = whole("")
    says = "text" if "text" in call.payload else "caption"
    below = call.payload[says]

    def form(reader: Person) -> Call:
        filled = list(cut)
        for index, value in gaps:
            filled[index] = escape(value(reader))
        return call.to(reader.telegram_id, **{says: "".join(filled) + below})

    return form


def with_own_link(text: Text, whole: Callable[[Text], Call]) -> Form:
    """The form of a text that may hold each reader's own link for friends."""
    if not is_for_friends(text):
        return same_for_all(whole(text))
    return lambda reader: whole(addressed(text, reader.friend_code)).to(reader.telegram_id)
