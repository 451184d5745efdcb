"""Texts that begin in some way, such that the index on their column finds them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType


def begins(column: sa.ColumnElement[str], beginning: str) -> sa.ColumnElement[bool]:
    """Whether the text of a column begins so."""
    pattern = column.startswith(beginning, autoescape=True)
    return _Begins(pattern, column >= beginning, column < _end(beginning))


def begins_with(column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """The same in a statement that is built once, and given `beginning` each time."""
    pattern = column.like(sa.bindparam("pattern"), escape="/")
    return _Begins(pattern, column >= sa.bindparam("first"), column < sa.bindparam("end"))


def beginning(text: str) -> dict[str, str]:
    """What `begins_with` is given."""
    escaped = text.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return {"pattern": f"{escaped}%", "first": text, "end": _end(text)}


def _end(beginning: str) -> str:
    return beginning[:-1] + chr(ord(beginning[-1]) + 1)


class _Begins(FunctionElement[bool]):
    """The pattern, and the range of texts between which those lie that begin so."""

    inherit_cache = True
    type = sa.Boolean()

    def self_group(self, against: OperatorType | None = None) -> _Begins:
        """As it is: compared with 1, as SQLAlchemy would have it on SQLite, no index is used."""
        return self


# SQLite finds nothing by LIKE, which would be blind to capitals, and reads the table whole; or a larger one, which it
# then takes for the better one to begin with. It compares texts byte by byte.
@compiles(_Begins, "sqlite")
def _(element: _Begins, compiler: SQLCompiler, **options: Any) -> str:
    _pattern, first, end = element.clauses
    return f"({compiler.process(first, **options)} AND {compiler.process(end, **options)})"


# PostgreSQL compares texts as a language orders them.
@compiles(_Begins, "postgresql")
def _(element: _Begins, compiler: SQLCompiler, **options: Any) -> str:
    pattern, *_range = element.clauses
    return f"({compiler.process(pattern, **options)})"
