"""Reading a tapped button: what no version of the bot ever offered was forged, and is refused as such."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TypeVar

from handlers.context import Context
from handlers.routing import MalformedButton

Choice = TypeVar("Choice", bound=StrEnum)


def arguments(context: Context, count: int) -> list[str]:
    """The button's arguments, exactly so many; raises MalformedButton."""
    found = context.arguments
    if len(found) != count:
        raise MalformedButton
    return found


def tapped(*actions: str) -> re.Pattern[bytes]:
    """What finds, in an update's JSON, the first argument of a tap of one of these: the event, or the walk."""
    named = "|".join(actions).encode()
    return re.compile(rb'"data":\s*"1:(?:' + named + rb"):([0-9A-Za-z]{1,16})")


def one_of(choices: type[Choice], value: str) -> Choice:
    """The member of an enumeration; raises MalformedButton."""
    try:
        return choices(value)
    except ValueError:
        raise MalformedButton from None


def yes_or_no(value: str, *, yes: str = "yes", no: str = "no") -> bool:
    """True for the first word, False for the second; raises MalformedButton for any other."""
    if value not in (yes, no):
        raise MalformedButton
    return value == yes


def whole_number(value: str) -> int:
    """A number from 0 to 9999; raises MalformedButton."""
    if not (value.isascii() and value.isdigit() and len(value) <= 4):
        raise MalformedButton
    return int(value)
