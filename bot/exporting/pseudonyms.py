"""What stands for people in a set of files: another name in each set, so that two sets cannot be joined."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

KEY_BYTES = 32


class Pseudonyms:
    """Names people in one set of files.

    The key of a set is drawn at random, kept nowhere and gone with it, so that nobody can tell afterwards whom a
    pseudonym stood for. Who agreed to be known to a team needs a name that lasts where files follow each other: theirs
    come from a key of the campaign.
    """

    def __init__(self, *, key: bytes, lasting: bytes) -> None:
        self._key, self._lasting = key, lasting

    def of(self, person: str, *, lasts: bool = False) -> str:
        """16 hexadecimal digits for somebody, from the random name that never leaves the database."""
        key = self._lasting if lasts else self._key
        return hashlib.blake2b(person.encode(), key=key, digest_size=8).hexdigest()

    def put_on(
        self, rows: Sequence[Sequence[Any]], *, supporter: int, lasts_where: int | None
    ) -> list[list[Any]]:
        """The rows with their people renamed, and mixed: person by person, each one's rows as they stood.

        `supporter` is the column of the name, `lasts_where` that which is filled where the name lasts. In the order
        in which rows were written two files would be joined line by line.
        """
        renamed = []
        for row in rows:
            cells, person = list(row), row[supporter]
            if person is not None:
                lasts = lasts_where is not None and row[lasts_where] is not None
                cells[supporter] = self.of(person, lasts=lasts)
            renamed.append(cells)
        renamed.sort(key=lambda cells: cells[supporter] or "")
        return renamed


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)
