"""Fields of the JSON objects inside a call, read and refused as Telegram's server does (JsonBuilder.cpp of tdlib)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from simulator.errors import BotApiError, bad_request

_WHOLE = re.compile(r"-?\d+")


@dataclass(frozen=True, slots=True)
class Fields:
    """An object of a call; `prefix` stands before whatever is wrong with it.

    A number passes for a text, and a text of digits for a number. A null is as if the field were not there.
    """

    values: dict[str, Any]
    prefix: str = ""

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def refused(self, why: str) -> BotApiError:
        return bad_request(self.prefix + why)

    def text(self, name: str, *, needed: bool = False) -> str:
        value = self._value(name, needed)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.refused(f'Field "{name}" must be of type String')
        return str(value)

    def whole(self, name: str, default: int = 0) -> int:
        value = self._value(name, False)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.refused(f'Field "{name}" must be a Number')
        if not _WHOLE.fullmatch(str(value)):
            raise self.refused(f'Field "{name}" must be a valid Number')
        return int(value)

    def number(self, name: str, *, needed: bool = False) -> float:
        value = self._value(name, needed)
        if value is None:
            return 0.0
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refused(f'Field "{name}" must be of type Number')
        return float(value)

    def flag(self, name: str) -> bool:
        value = self._value(name, False)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise self.refused(f'Field "{name}" must be of type Boolean')
        return value

    def inner(self, name: str, *, needed: bool = False) -> Fields | None:
        """An object inside this one."""
        value = self._value(name, needed)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.refused(f'Field "{name}" must be of type Object')
        return Fields(value, self.prefix)

    def _value(self, name: str, needed: bool) -> Any:
        value = self.values.get(name)
        if needed and value is None:
            raise self.refused(f'Can\'t find field "{name}"')
        return value
