"""What people asked for since a backup was made, carried from the database it replaces into the restored one.

Going back in time must not undo an erasure, a silence, a withdrawn consent or a withdrawn role, nor let a message
leave twice (`db.carried_outbox`). What cannot be read (the replaced database is lost or damaged) cannot be carried:
whoever restores is told.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import field
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.suppression import SuppressionKey, suppression_of
from db import console, conversations, schema, sqlite
from db.carried_outbox import Outbox, carry_outbox, went_on
from db.erasing import Sealing, erase_people, erase_roles
from db.key import DatabaseKey
from db.replaced import columns_of_both, drop_what_is_gone, keep_numbers, take_over
from db.schema import downloads, people, unread_updates
from db.suppression_key import FINGERPRINT_FACT, KEY_FACT, told_by

CHUNK = 500

_CHOICES = ("consent_contact", "consent_commune", "consent_team", "consent_keep")
_ASKED = ("asked_team", "asked_keep")
_RENEWALS = ("renew_contact", "renew_commune", "renew_team", "renew_keep")
_MUTES = ("mutes_events", "mutes_news", "mutes_reminders")
_ASKED_FOR = ("what", "asked_by", "asked_at")
_DECIDED = ("details", "decided_at", "decided_by", "granted", "used_at", "shown_at")
_LEDGER = "pseudonym, purpose, given, text_version, text_hash, language, at, update_id"


class Carried(Frozen):
    """The contents of the replaced database. `known`: it could be read.

    `erased`: Telegram ids of people whom it no longer knows, and whose mark it has. `others`: those that were erased
    and are somebody new since, under another pseudonym. `unsaid`: conversations whose authors erased them.
    `foreign_marks`: how many marks of people who left were made with another suppression key, and tell nothing.
    `outbox`: what it knew of messages; None: it tells nothing of what left since.
    """

    known: bool
    foreign_marks: int = 0
    erased: frozenset[int] = field(default_factory=frozenset)
    others: frozenset[int] = field(default_factory=frozenset)
    unsaid: frozenset[int] = field(default_factory=frozenset)
    outbox: Outbox | None = None


def carry(copy: Path, replaced: Path, key: DatabaseKey | None, suppression_key: SuppressionKey) -> Carried:
    """Copies wishes and withdrawals from `replaced` into `copy`, whose tables and marks are at this version."""
    if not replaced.exists():
        return Carried(known=False)
    with closing(sqlite.connect(copy, key, sqlite.WRITER_PRAGMAS)) as connection:
        try:
            spelled = f"\"x'{key.hex}'\"" if key is not None else "''"
            connection.execute(f"ATTACH DATABASE ? AS replaced KEY {spelled}", (str(replaced),))
            connection.execute("BEGIN IMMEDIATE")
            tells = _tells_of_messages(connection)
            (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM main.consents").fetchone()
            foreign_marks, marks = _carry_marks(connection, suppression_key, since=last)
            erased = _erased_since(connection, suppression_key, marks)
            others = _carry(connection, since=last)
            unsaid = _take_back(connection)
            outbox = _carry_outbox(connection, gone=erased | others) if tells else None
            keep_numbers(connection)
            connection.execute("COMMIT")
            # Folds its write-ahead log into the file, which is about to be renamed.
            connection.execute("PRAGMA replaced.wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite.Error:  # a damaged database is why one restores
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return Carried(known=False)
    return Carried(
        known=True,
        foreign_marks=foreign_marks,
        erased=erased,
        others=others,
        unsaid=unsaid,
        outbox=outbox,
    )


def _tells_of_messages(connection: Connection) -> bool:
    try:
        return went_on(connection)
    except sqlite.Error:
        return False


def _carry_outbox(connection: Connection, *, gone: Collection[int]) -> Outbox | None:
    """Where some of it is damaged, nothing of it is carried, and what people asked for all the same."""
    connection.execute("SAVEPOINT outbox")
    try:
        return carry_outbox(connection, gone=gone)
    except sqlite.Error:
        connection.execute("ROLLBACK TO outbox")
        return None


def _carry_marks(connection: Connection, key: SuppressionKey, *, since: int) -> tuple[int, frozenset[str]]:
    """Puts those erased since on the suppression list too, with the proof of their consents.

    How many marks another key made, which are left; and all the others of the replaced database.
    """
    facts = {
        name: json.loads(value)
        for name, value in connection.execute(
            "SELECT name, value FROM replaced.facts WHERE name IN (?, ?)", (KEY_FACT, FINGERPRINT_FACT)
        )
    }
    known = told_by(kept=facts.get(KEY_FACT), fingerprint=facts.get(FINGERPRINT_FACT))
    day = (
        "day" if "day" in columns_of_both(connection, "suppressions") else "substr(at, 1, 10)"
    )  # older tables knew the instant
    marks = connection.execute(f"SELECT hash, {day} FROM replaced.suppressions").fetchall()
    proofs = _proofs_since(connection, since)
    earlier = key.earlier(known.fingerprint) if known.fingerprint is not None else None
    if earlier is None:
        return len(marks) + len(proofs), frozenset()
    current = [(key.carried_on(mark, earlier), day) for mark, day in marks]
    connection.executemany("INSERT OR IGNORE INTO main.suppressions (hash, day) VALUES (?, ?)", current)
    connection.executemany(
        f"INSERT INTO main.consents (sealed, sealed_on, {_LEDGER}) VALUES (?, ?{', ?' * 8})",
        [(key.carried_on(proof, earlier), *others) for proof, *others in proofs],
    )
    return 0, frozenset(mark for mark, _ in current)


def _erased_since(connection: Connection, key: SuppressionKey, marks: frozenset[str]) -> frozenset[int]:
    """Who is in the backup, and was erased since. A mark alone does not tell: whom an imported list stopped has one,
    and is there. Nor does their absence, but of those who had not finished: they leave no mark.
    """
    gone = connection.execute(
        """SELECT telegram_id, registered_at IS NULL AND telegram_id NOT IN (SELECT telegram_id FROM main.staff)
                AND EXISTS (SELECT 1 FROM replaced.people JOIN main.people USING (pseudonym))
            FROM main.people WHERE telegram_id NOT IN (SELECT telegram_id FROM replaced.people)"""
    )
    return frozenset(
        telegram_id
        for telegram_id, is_unfinished in gone
        if is_unfinished or suppression_of(key, telegram_id) in marks
    )


def _proofs_since(connection: Connection, since: int) -> list[Sequence[Any]]:
    """Sealed proofs of people who came and left since; those of the others are sealed again when they are erased again.

    Older tables have none.
    """
    if "sealed" not in columns_of_both(connection, "consents"):
        return []
    rows = connection.execute(
        f"SELECT sealed, sealed_on, {_LEDGER} FROM replaced.consents WHERE sealed IS NOT NULL AND id > ?",
        (since,),
    )
    return rows.fetchall()


def _carry(connection: Connection, *, since: int) -> frozenset[int]:
    columns = columns_of_both(connection, "people")
    wishes = ", ".join(
        f"{name} = newer.{name}" for name in (*_CHOICES, *_ASKED, *_RENEWALS, *_MUTES) if name in columns
    )
    statements = (
        f"""INSERT INTO main.consents ({_LEDGER}) SELECT {_LEDGER} FROM replaced.consents
            WHERE id > {int(since)}
              AND pseudonym IN (SELECT pseudonym FROM main.people)""",
        # What the ledger says last of being written to holds for an offer to help: one taken back since is gone.
        """DELETE FROM main.volunteering WHERE contact AND NOT coalesce(
               (SELECT given FROM main.consents JOIN main.people USING (pseudonym)
                 WHERE people.id = volunteering.person AND purpose = 'help'
                 ORDER BY consents.id DESC LIMIT 1), 0)""",
        f"""UPDATE main.people SET {wishes},
                state = CASE people.state WHEN 'new' THEN 'new' ELSE newer.state END
            FROM replaced.people AS newer
            WHERE newer.telegram_id = people.telegram_id AND newer.pseudonym = people.pseudonym""",
    )
    for statement in statements:
        connection.execute(statement)
    take_over(connection, "staff", ("id", "telegram_id"), ("revoked_at",), "newer.revoked_at IS NOT NULL")
    take_over(connection, "staff_links", ("token_hash",), ("used_at", "revoked_at"))
    take_over(connection, "host_links", ("token_hash",), ("used_at",))
    take_over(connection, "approvals", ("id", *_ASKED_FOR), _DECIDED, "newer.decided_at IS NOT NULL")
    changed = """SELECT people.telegram_id FROM main.people JOIN replaced.people AS newer
        ON newer.telegram_id = people.telegram_id AND newer.pseudonym <> people.pseudonym"""
    return frozenset(row[0] for row in connection.execute(changed))


def _take_back(connection: Connection) -> frozenset[int]:
    """Deletes messages and answers to surveys that their authors erased since; the conversations that went whole.

    Of those alone who are the same in both: a database in which nobody is known tells nothing of what was erased.
    """
    if not all(columns_of_both(connection, table) for table in ("messages", "survey_answers")):
        return frozenset()  # an older one had none
    same = "SELECT main.people.id FROM main.people JOIN replaced.people USING (pseudonym)"
    unsaid = f"""SELECT id FROM main.conversations
        WHERE person IN ({same}) AND id NOT IN (SELECT id FROM replaced.conversations)"""
    found = frozenset(row[0] for row in connection.execute(unsaid))
    theirs = f"conversation IN (SELECT id FROM main.conversations WHERE person IN ({same}))"
    drop_what_is_gone(connection, "messages", ("id", "conversation", "message_id"), theirs)
    # Whose answers were erased with everybody's, at the survey's end, are counted first when that day comes again.
    taken_back = f"""SELECT survey, person FROM main.survey_answers
        JOIN replaced.surveys ON replaced.surveys.id = survey AND replaced.surveys.state <> 'counted'
        WHERE person IN ({same}) AND NOT EXISTS (SELECT 1 FROM replaced.survey_answers AS kept
            WHERE kept.survey = main.survey_answers.survey AND kept.person = (
                SELECT replaced.people.id FROM replaced.people JOIN main.people USING (pseudonym)
                WHERE main.people.id = main.survey_answers.person))"""
    for survey, person in set(map(tuple, connection.execute(taken_back).fetchall())):
        connection.execute(
            "DELETE FROM main.survey_answers WHERE survey = ? AND person = ?", (survey, person)
        )
        connection.execute(
            """DELETE FROM main.responses WHERE person = ? AND question = 'survey'
                AND subject = (SELECT code FROM main.surveys WHERE id = ?)""",
            (person, survey),
        )
    return found


async def erase_again(tx: AsyncConnection, carried: Carried, sealing: Sealing) -> int:
    """Erases people who were erased since, and perhaps came back as somebody new, and conversations that were; how
    many people.
    """
    # Which of the one-time links were used since is told by nothing that is left of them: none works any more.
    await tx.execute(sa.delete(downloads))
    await console.forget_all(tx)
    # Nor is it known whose these are.
    await tx.execute(sa.delete(unread_updates))
    await conversations.erase_all(tx, schema.conversations.c.id.in_(carried.unsaid))
    doomed = sorted(carried.erased | carried.others)
    erased = 0
    for start in range(0, len(doomed), CHUNK):
        some = doomed[start : start + CHUNK]
        erased += await erase_people(tx, people.c.telegram_id.in_(some), sealing)
        for telegram_id in some:
            if telegram_id not in carried.others:
                await erase_roles(tx, telegram_id)
    return erased
