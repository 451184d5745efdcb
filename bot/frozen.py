"""What is known, decided or asked for is frozen: a dataclass that nobody changes, made by keyword alone.

`dataclasses` writes and compiles six functions for each kind. There are four hundred and more, of which a process that
starts makes a fifth: therefore all kinds have five of them in common, and the one that makes them is written when the
first of a kind is made, or it is asked for its fields.
"""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from reprlib import recursive_repr
from threading import RLock
from typing import Any, ClassVar, TypeVar, dataclass_transform

One = TypeVar("One", bound="Frozen")
_completing = RLock()


class _Made:
    """What a kind has once it is complete; whoever asks for it completes it."""

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, _instance: object, kind: type[Frozen]) -> Any:
        if kind is Frozen:
            raise AttributeError("Frozen itself has no fields.")
        _complete(kind)
        return vars(kind)[self._name]


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class Frozen:
    """`class Person(Frozen)` reads as `@dataclass(frozen=True, kw_only=True) class Person`. None is made of another.

    What stands here is found until the kind has its own. A thread that comes while another one makes it waits here.
    """

    __dataclass_fields__: ClassVar[Any] = _Made()
    __compared__: ClassVar[Any] = _Made()
    """What is equal of two that are, and hashed of one."""

    def __init_subclass__(cls) -> None:
        if any(issubclass(base, Frozen) and base is not Frozen for base in cls.__bases__):
            raise TypeError(
                f"{cls.__name__} is made of another kind, whose functions it would have: name all fields."
            )

    def __init__(self, *arguments: Any, **values: Any) -> None:
        _complete(type(self))
        self.__init__(*arguments, **values)  # type: ignore[misc]

    def __setattr__(self, name: str, _value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        compared = self.__compared__
        return bool(compared(self) == compared(other))

    def __hash__(self) -> int:
        return hash(self.__compared__(self))

    @recursive_repr()
    def __repr__(self) -> str:
        shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"


def changed(one: One, **values: Any) -> One:
    """One like it, with other `values`, for what is made of each tap or message: `dataclasses.replace` takes five times
    as long. The kind looks at nothing once it is made.
    """
    known = one.__dict__
    if not values.keys() <= known.keys():
        raise TypeError(f"{type(one).__name__} has no {', '.join(sorted(values.keys() - known.keys()))}.")
    other = object.__new__(type(one))
    other.__dict__.update(known, **values)
    return other


def _complete(kind: type[Frozen]) -> None:
    with _completing:
        if "__compared__" not in vars(kind):
            dataclass(init=False, repr=False, eq=False, kw_only=True)(kind)
            kind.__init__ = _maker(kind)  # type: ignore[method-assign]
            names = [each.name for each in fields(kind) if each.compare]
            kind.__compared__ = attrgetter(*names) if names else staticmethod(_nothing)


def _nothing(_one: Frozen) -> tuple[()]:
    return ()


def _maker(kind: type[Frozen]) -> Any:
    """`__init__` of a kind, as `dataclasses` writes it, in half the time: they set each field as one of any object."""
    named, body = list[str](), list[str]()
    known: dict[str, Any] = {"_unset": MISSING}
    for each in fields(kind):
        name, value = each.name, each.name
        if each.default is not MISSING:
            known[f"_of_{name}"] = each.default
            named.append(f"{name}=_of_{name}")
        elif each.default_factory is not MISSING:
            known[f"_of_{name}"] = each.default_factory
            named.append(f"{name}=_unset")
            value = f"_of_{name}() if {name} is _unset else {name}"
        else:
            named.append(name)
        body.append(f" _own[{name!r}] = {value}")
    if hasattr(kind, "__post_init__"):
        body.append(" self.__post_init__()")
    exec(
        f"def __init__(self{', *, ' if named else ''}{', '.join(named)}):\n _own = self.__dict__\n"
        + "\n".join(body),
        known,
    )
    made = known["__init__"]
    made.__qualname__ = f"{kind.__qualname__}.__init__"
    return made
