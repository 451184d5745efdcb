"""Updates of every shape of the Bot API, at random: built from the classes that python-telegram-bot has for them.

What a class requires is always there; what is optional now and then. Names, texts and numbers are hostile.
"""

from __future__ import annotations

import inspect
import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import telegram

TEXTS = (
    *(
        "",
        "a",
        "<b>",
        "{{7*7}}",
        "{% raw %}",
        "%s",
        "\u202e",
        "💥",
        "x" * 300,
        "\n\nERROR forged line",
        "O'Brien & fils",
    ),
    *(
        "Zoé",
        "../../etc/passwd",
        "'; DROP TABLE people; --",
        "\x1b[31m",
        "1:delete:yes",
        "/start s_guess",
        "99999",
    ),
)
NUMBERS = (0, 1, -1, 7, 2**31, 2**52, -(2**52), 69123)
SOMETIMES = 0.04
DEEPEST = 4

REQUIRED_SINCE = {
    "persistent_id",
    "option_persistent_ids",
    "can_react_to_messages",
    "allows_revoting",
    "members_only",
}
"""What newer versions of the Bot API require, and the classes only when they are made."""

_CLASS = re.compile(r"\b([A-Z]\w+)\b")
KINDS = tuple(
    name
    for name in inspect.signature(telegram.Update.__init__).parameters
    if name not in ("self", "api_kwargs", "update_id")
)
"""Every kind of update there is."""
CONTENTS = tuple(
    name
    for name, parameter in inspect.signature(telegram.Message.__init__).parameters.items()
    if parameter.default is None and name not in ("api_kwargs", "from_user", "sender_chat")
)
"""Everything a message may hold."""


class Shapes:
    """The generator; the same seed gives the same updates."""

    def __init__(self, chosen: random.Random) -> None:
        self._random = chosen

    def update(self, number: int) -> dict[str, Any]:
        """An update of any kind."""
        kind = self._random.choice(KINDS)
        found = inspect.signature(telegram.Update.__init__).parameters[kind]
        content = self._value(found.annotation, DEEPEST)
        return {"update_id": number, kind: content.to_dict()}

    def message(self) -> dict[str, Any]:
        """A message that holds one thing for certain, whatever it is."""
        return self._build(telegram.Message, DEEPEST, {self._random.choice(CONTENTS)}).to_dict()

    def _build(self, kind: type, depth: int, wanted: frozenset[str] | set[str] = frozenset()) -> Any:
        kind = self._concrete(kind)
        values = {}
        for name, parameter in inspect.signature(kind.__init__).parameters.items():
            required = parameter.default is inspect.Parameter.empty or name in REQUIRED_SINCE
            if name in ("self", "api_kwargs") or parameter.kind is inspect.Parameter.VAR_KEYWORD:
                continue
            if required or name in wanted or (depth > 0 and self._random.random() < SOMETIMES):
                values[name] = self._value(parameter.annotation, depth - 1)
        return kind(**values)

    def _concrete(self, kind: type) -> type:
        """One of its kinds, where a class stands for several."""
        kinds = [each for each in kind.__subclasses__() if getattr(telegram, each.__name__, None) is each]
        return self._concrete(self._random.choice(kinds)) if kinds and kind is not telegram.Chat else kind

    def _value(self, annotation: Any, depth: int) -> Any:
        text = annotation if isinstance(annotation, str) else repr(annotation)
        names = [name for name in _CLASS.findall(text) if _is_object(name)]
        if names:
            found = self._build(getattr(telegram, self._random.choice(names)), depth)
            for _ in range(text.count("Sequence[")):
                found = [found]
            return found
        found = self._plain(text)
        for _ in range(text.count("Sequence[")):
            found = [found]
        return found

    def _plain(self, text: str) -> Any:
        chosen = self._random
        if "datetime.datetime" in text:
            return datetime(2016, 11, 16, 9, tzinfo=UTC) + timedelta(seconds=chosen.randrange(10**6))
        if "timedelta" in text:
            return timedelta(seconds=chosen.randrange(10**4))
        if "bool" in text:
            return chosen.random() < 0.5
        if "int" in text:
            return chosen.choice(NUMBERS)
        if "float" in text:
            return chosen.uniform(-90, 90)
        return chosen.choice(TEXTS)


def _is_object(name: str) -> bool:
    found = getattr(telegram, name, None)
    return inspect.isclass(found) and issubclass(found, telegram.TelegramObject)
