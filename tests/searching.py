"""Looking for people in what is kept: in every file of a folder, and in every column of every table."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from db.engine import Database
from db.json import to_json
from db.schema import metadata

SHORTEST = 5
SEAL = re.compile(r"[0-9a-f]{64}")
"""A name under a key, as db.suppression_key.SEALED holds: noise, in which seven digits stand by chance."""
PEOPLE_COLUMNS = ("person", "recruiter")
"""Columns that hold the number of a row of `people`."""


def files_that_hold(folder: Path, needles: Iterable[str]) -> list[tuple[str, str]]:
    """Which of the needles stand in which file, whatever it is, in the folder and below.

    Four bytes stand somewhere in 64 MB of noise once in seventy times: so short a word counts in readable files only.
    """
    wanted = {needle: needle.encode() for needle in needles}
    found = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = file.read_bytes()
        shortest = 1 if _is_readable(content) else SHORTEST
        found += [
            (file.name, needle)
            for needle, spelled in wanted.items()
            if len(spelled) >= shortest and spelled in content
        ]
    return found


def _is_readable(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


async def cells_that_hold(
    database: Database, *, telegram_id: int, texts: Iterable[str], number: int | None = None
) -> list[str]:
    """The columns where somebody is found: their texts in anything written, their ids in anything numbered.

    `number`: that of their row in `people`, where it was not erased it would lead to them.
    """
    texts = [text.casefold() for text in texts]
    found = []
    async with database.read() as tx:
        for table in metadata.sorted_tables:
            for row in await tx.execute(sa.select(table)):
                found += [
                    f"{table.name}.{name}: {value!r}"
                    for name, value in row._mapping.items()
                    if _holds(value, texts, str(telegram_id))
                    or value == telegram_id
                    or (value == number is not None and _counts_people(table, name))
                ]
    return found


def _counts_people(table: sa.Table, column: str) -> bool:
    return column in PEOPLE_COLUMNS or (table.name, column) == ("people", "id")


def _holds(value: Any, texts: list[str], digits: str) -> bool:
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if isinstance(value, dict | list):
        value = to_json(value)
    if not isinstance(value, str):
        return False
    written = value.casefold()
    return any(text in written for text in texts) or digits in SEAL.sub("", written)
