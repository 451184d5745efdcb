"""What is known, decided or asked for is frozen: a dataclass that nobody changes, made by keyword alone.

Python writes and compiles six functions for each kind of dataclass. There are four hundred, of which a process that
starts makes a fifth: therefore a kind gets its functions when the first of it is made, or it is asked for its fields.
"""

from __future__ import annotations

from dataclasses import Field, dataclass, field
from threading import RLock
from typing import Any, dataclass_transform

_completing = RLock()


class _Fields:
    """What `dataclasses` looks for in a class, for `fields`, `replace` and `asdict`."""

    def __get__(self, _instance: object, kind: type[Frozen]) -> dict[str, Field[Any]]:
        if kind is Frozen:
            raise AttributeError("Frozen itself has no fields.")
        _complete(kind)
        made: dict[str, Field[Any]] = kind.__dataclass_fields__
        return made


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class Frozen:
    """`class Person(Frozen)` reads as `@dataclass(frozen=True, kw_only=True) class Person`. None is made of another.

    What stands here is found until the kind has its own. A thread that comes while another one makes them waits here.
    """

    __dataclass_fields__ = _Fields()

    def __init_subclass__(cls) -> None:
        if any(issubclass(base, Frozen) and base is not Frozen for base in cls.__bases__):
            raise TypeError(
                f"{cls.__name__} is made of another kind, whose functions it would have: name all fields."
            )

    def __init__(self, *arguments: Any, **values: Any) -> None:
        _complete(type(self))
        self.__init__(*arguments, **values)  # type: ignore[misc]

    def __eq__(self, other: object) -> bool:
        _complete(type(self))
        return self.__eq__(other)

    def __hash__(self) -> int:
        _complete(type(self))
        return self.__hash__()


def _complete(kind: type[Frozen]) -> None:
    with _completing:
        if "__dataclass_fields__" not in vars(kind):
            dataclass(frozen=True, kw_only=True)(kind)
