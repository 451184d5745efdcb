"""The key that seals what stands for people who left: in a file of its own, never in the database.

The file (`Settings.suppression_key_file`) is for its owner alone: one link a line, 64 hexadecimal digits, the oldest
first (bot.rules.suppression). The database holds the key's fingerprint, so that a lost or exchanged file is noticed.
Databases of before the key moved out hold it as a fact: it is moved at their first start.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.suppression import LINK_BYTES, SuppressionKey
from db.engine import Database
from db.errors import MissingKey, UnsafeKey, WrongKey
from db.facts import forget_fact, get_fact, set_fact
from db.processes import Lock, lock
from db.schema import answer_remainders, consents, suppressions
from db.secret_files import Secret, pending, read_secret, sync_folder, write_secret

SECRET = Secret(name="suppression key", variable="PORTEVOIX_SUPPRESSION_KEY_FILE")
KEY_FACT = "suppression:key"
"""The fact that held the key itself, in hexadecimal, in older databases."""
FINGERPRINT_FACT = "suppression:fingerprint"

SEALED: tuple[sa.Column[str], ...] = (suppressions.c.hash, consents.c.sealed, answer_remainders.c.cell)
"""Every column of marks that the key made."""

_LINKS = re.compile(r"[0-9a-fA-F]{64}(\s+[0-9a-fA-F]{64})*")
AT_ONCE = 1_000


def read_suppression_key(file: Path) -> SuppressionKey:
    """The key saved in a file, which only its owner may read. Raises MissingKey and UnsafeKey."""
    return _parsed(read_secret(file, SECRET), file)


async def open_suppression_key(database: Database, file: Path) -> SuppressionKey:
    """The key of a database, from its file: made for a new database, moved out of an old one.

    Marks that an earlier key made are brought up to date. Raises MissingKey, WrongKey and UnsafeKey.
    """
    async with database.read() as tx:
        known = await made_with(tx)
    key = await asyncio.to_thread(_key_for, known, file)
    if not known.holds_key and known.fingerprint == key.fingerprint:
        return key
    async with database.write() as tx:
        await lock(tx, Lock.SUPPRESSION_KEY)
        # Another process may have been here meanwhile.
        known = await made_with(tx)
        key = await asyncio.to_thread(_key_for, known, file)
        if known.fingerprint is not None:
            await _carry_on(tx, _earlier(key, known.fingerprint, file), key)
        await forget_fact(tx, KEY_FACT)
        await set_fact(tx, FINGERPRINT_FACT, key.fingerprint)
    return key


class MadeWith(Frozen):
    """The key that a database's marks were made with, as it tells: None where there is none yet.

    `links`: the key itself, which an older database holds.
    """

    fingerprint: str | None
    links: tuple[bytes, ...] = ()

    @property
    def holds_key(self) -> bool:
        return bool(self.links)


async def made_with(tx: AsyncConnection) -> MadeWith:
    """The key that the database says its marks were made with."""
    return told_by(kept=await get_fact(tx, KEY_FACT), fingerprint=await get_fact(tx, FINGERPRINT_FACT))


def told_by(*, kept: str | None, fingerprint: str | None) -> MadeWith:
    """The key that made the marks, by the two facts as they were read."""
    if kept is None:
        return MadeWith(fingerprint=fingerprint)
    key = SuppressionKey(links=(bytes.fromhex(kept),))
    return MadeWith(fingerprint=key.fingerprint, links=key.links)


def _key_for(known: MadeWith, file: Path) -> SuppressionKey:
    """The key in the file, which is written where it belongs to nothing that was sealed before."""
    _finish_interrupted_change(file)
    if not file.exists():
        if known.fingerprint is not None and not known.holds_key:
            raise MissingKey(
                f"The suppression key {file} is gone, without which nobody can tell who asked to be erased: put it"
                " back, from the copy you keep with the database key or from the machine that runs the bot. If it is"
                " lost for good, `portevoix db rekey --suppression-key-lost` begins anew without those marks."
            )
        links = known.links or (secrets.token_bytes(LINK_BYTES),)
        write_suppression_key(file, SuppressionKey(links=links))
    key = read_suppression_key(file)
    if known.fingerprint is not None:
        _earlier(key, known.fingerprint, file)
    return key


def _earlier(key: SuppressionKey, fingerprint: str, file: Path) -> SuppressionKey:
    """The key as it was when it made the marks of a database. Raises WrongKey."""
    earlier = key.earlier(fingerprint)
    if earlier is None:
        raise WrongKey(
            f"The suppression key {file} is not the one this database was made with: put the right one there."
            " Nothing was changed."
        )
    return earlier


async def change_suppression_key(database: Database, file: Path) -> None:
    """Seals every mark once more, by a new link. Whoever had the file before has nothing any more.

    An end at any instant loses nothing: the new key is on the disk before it is used, and marks of the old one are
    still understood. Nobody else may have the database open.
    """
    new = (await open_suppression_key(database, file)).with_link(secrets.token_bytes(LINK_BYTES))
    write_suppression_key(pending(file), new)
    await open_suppression_key(database, file)


async def begin_anew(tx: AsyncConnection, file: Path) -> int:
    """A new key in place of one that is lost; what it had sealed tells of nobody any more, and is erased. How many
    marks that were. Raises UnsafeKey where the file is there.
    """
    await lock(tx, Lock.SUPPRESSION_KEY)
    key = SuppressionKey(links=(secrets.token_bytes(LINK_BYTES),))
    write_suppression_key(file, key)
    marks = 0
    for column in SEALED:
        marks += (await tx.execute(sa.delete(column.table).where(column.is_not(None)))).rowcount
    await forget_fact(tx, KEY_FACT)
    await set_fact(tx, FINGERPRINT_FACT, key.fingerprint)
    return marks


async def _carry_on(tx: AsyncConnection, earlier: SuppressionKey, key: SuppressionKey) -> None:
    """Marks made with the key as it was, as it makes them now."""
    if earlier.links == key.links:
        return
    for column in SEALED:
        marks = (await tx.scalars(sa.select(column).distinct().where(column.is_not(None)))).all()
        change = sa.update(column.table).where(column == sa.bindparam("before"))
        change = change.values({column.name: sa.bindparam("after")})
        for start in range(0, len(marks), AT_ONCE):
            some = marks[start : start + AT_ONCE]
            await tx.execute(
                change, [{"before": mark, "after": key.carried_on(mark, earlier)} for mark in some]
            )


def write_suppression_key(file: Path, key: SuppressionKey) -> None:
    """Saves the key in a new file for its owner alone. Raises UnsafeKey."""
    write_secret(file, "\n".join(link.hex() for link in key.links), SECRET)


def _finish_interrupted_change(file: Path) -> None:
    """A key that waits beside the one it continues takes its place; one that was half written was never used."""
    waiting = pending(file)
    if not waiting.exists():
        return
    try:
        new = read_suppression_key(waiting)
    except UnsafeKey:
        new = None
    if new is not None and (not file.exists() or _continues(new, file)):
        waiting.replace(file)
    else:
        waiting.unlink()
    sync_folder(file.parent)


def _continues(new: SuppressionKey, file: Path) -> bool:
    old = read_suppression_key(file)
    return new.earlier(old.fingerprint) is not None


def _parsed(text: str, file: Path) -> SuppressionKey:
    if not _LINKS.fullmatch(text):
        raise UnsafeKey(
            f"The suppression key {file} must hold lines of 64 hexadecimal digits and nothing else."
        )
    return SuppressionKey(links=tuple(bytes.fromhex(link) for link in text.split()))
