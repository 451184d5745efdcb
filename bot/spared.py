"""What libraries load for what nobody here asks of them is spared at the start, and loaded should it be used after all.

An ORM and a second client for HTTP are a sixth of what a bot would load before its first answer. While a library that
takes them loads, something stands in for them: a class of it may be named, as annotations do, and loads them when it is
called. Whoever imports them by name has the real ones.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

SPARED = {
    # The ORM.
    "sqlalchemy.ext.asyncio": ("sqlalchemy.ext.asyncio.session", "sqlalchemy.ext.asyncio.scoping"),
    # bot.delivery posts by itself.
    "telegram": ("httpx",),
    "telegram.ext": ("httpx",),
    # One driver serves, and is loaded with the database that it opens. The dialect is asked what an index may have.
    "sqlalchemy.dialects.postgresql": tuple(
        f"sqlalchemy.dialects.postgresql.{name}" for name in ("asyncpg", "pg8000", "psycopg2", "psycopg2cffi")
    ),
}
"""By the library that takes them as it loads."""

DONE_WITHOUT = {
    # A queue of jobs; bot.ticking loads what beats when whoever wrote has their answer.
    "telegram.ext": ("apscheduler.executors.asyncio",),
}
"""What a library can do without, and is told that it is not there."""


def spare() -> None:
    """From now on, in this process; what is loaded already stays."""
    if not any(isinstance(finder, _Sparing) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Sparing())


class _Sparing(MetaPathFinder):
    """Finds the libraries of the table as Python does, to load them with what stands in."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in SPARED:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(Loader):
    def __init__(self, own: Loader) -> None:
        self._own = own

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._own.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._own
        with _standing_in(module.__name__):
            self._own.exec_module(module)


@contextmanager
def _standing_in(library: str) -> Iterator[None]:
    here = {name: _StandIn(name) for name in SPARED[library] if name not in sys.modules}
    gone = {name: None for name in DONE_WITHOUT.get(library, ()) if name not in sys.modules}
    sys.modules.update({**here, **gone})  # type: ignore[dict-item]  # None: nothing may be imported by this name
    try:
        yield
    finally:
        for name in (*here, *gone):
            del sys.modules[name]
        for module in here.values():
            module.is_over = True


class _StandIn(ModuleType):
    """A module of which nothing is loaded until the library that takes it is."""

    is_over = False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if self.is_over:
            return getattr(import_module(self.__name__), name)
        return _named(self.__name__, name)


def _named(module: str, name: str) -> type:
    """A class that may be named, and loads the one it stands for when it is called."""

    def made(_kind: type, *arguments: Any, **values: Any) -> Any:
        return getattr(import_module(module), name)(*arguments, **values)

    def refused(kind: type) -> None:
        raise TypeError(f"{kind.__name__} is made of {module}.{name}, which was spared: import {module}.")

    return type(name, (), {"__module__": module, "__new__": made, "__init_subclass__": classmethod(refused)})
