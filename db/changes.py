"""Of whom something changed that an audience may ask: noted by triggers, so that no writer, of whichever process, can
forget it. What is kept in memory (db.rolls) is brought up to date by it.

A version says how far somebody has read. SQLite has one writer, so that the numbers of rows are in the order in which
they became visible; PostgreSQL's transactions end in any order: there a version is the oldest transaction that had not
ended yet, and what it and all later ones wrote is read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from db.facts import get_fact, set_fact
from db.schema import changed_people

FLOOR = "changes:floor"
"""The fact that tells from which version on everything is still noted."""
TABLE = changed_people.name
_FUNCTION = "note_changed_person"


class _Watched(Frozen):
    """A table of which rows change who is in an audience: `of` are the people of a row (SQL; `$` is the row), `columns`
    what is asked of it. `counts`: only rows like this are asked at all. `hourly`: columns of which the hour is asked.
    """

    of: tuple[str, ...]
    columns: tuple[str, ...]
    counts: str = ""
    hourly: tuple[str, ...] = ()


_PLACE = ("commune", "territory", "zone")
_CHOICES = (
    "consent_contact",
    "consent_commune",
    "consent_team",
    "mutes_events",
    "mutes_news",
    "mutes_reminders",
)
_OF_PEOPLE = ("state", "language", "volunteer", "recruiter", "registered_at", "unreachable_at")

WATCHED: Mapping[str, _Watched] = {
    # Who brought somebody is a recruiter as long as that one is registered.
    "people": _Watched(
        of=("$.id", "$.recruiter"), columns=(*_OF_PEOPLE, *_PLACE, *_CHOICES), hourly=("seen_at",)
    ),
    "staff": _Watched(
        of=("(SELECT id FROM people WHERE people.telegram_id = $.telegram_id)",),
        columns=("telegram_id", "revoked_at"),
    ),
    "rsvps": _Watched(of=("$.person",), columns=("event", "person", "answer", "attended")),
    "vote_plans": _Watched(of=("$.person",), columns=("person", "ballot", "intention", "slot", "vote")),
    "survey_answers": _Watched(of=("$.person",), columns=("survey", "question", "person", "option")),
    "deliveries": _Watched(
        of=("$.person",),
        columns=("broadcast", "person", "state", "answered_at"),
        counts="($.state = 'sent' OR $.answered_at IS NOT NULL)",
    ),
}
"""Everything that a leaf of an expression reads, by table: a test changes each and looks whether it was noted."""


def triggers(dialect: str) -> Iterator[tuple[str, str]]:
    """The name of each trigger with its table, and the statement that makes it."""
    for table, watched in WATCHED.items():
        for event, rows in (("insert", ("NEW",)), ("delete", ("OLD",)), ("update", ("OLD", "NEW"))):
            name = f"{TABLE}_{table}_{event}"
            when = _changes(watched, dialect) if event == "update" else watched.counts.replace("$", rows[0])
            columns = f" OF {', '.join((*watched.columns, *watched.hourly))}" if event == "update" else ""
            head = f"CREATE TRIGGER {name} AFTER {event.upper()}{columns} ON {table} FOR EACH ROW"
            condition = f" WHEN ({when})" if when else ""
            if dialect == "postgresql":
                yield (
                    f"{name} ON {table}",
                    f"{head}{condition} EXECUTE FUNCTION {_FUNCTION}_{table}_{event}()",
                )
            else:
                yield name, f"{head}{condition} BEGIN {_noting(watched, rows, dialect)} END"


def _noting(watched: _Watched, rows: Sequence[str], dialect: str, writer: str = "NULL") -> str:
    """One statement for each: those of whom there is no number are left out, and who was there before too is noted
    once: a message that leaves changes nothing about whose it is.
    """
    *before, now = rows
    noted = []
    for each in watched.of:
        known = each.replace("$", now)
        noted.append((known, f"{known} IS NOT NULL"))
        for row in before:
            gone = each.replace("$", row)
            noted.append((gone, f"{gone} IS NOT NULL AND {_DIFFER[dialect].format(gone, known)}"))
    return " ".join(
        f"INSERT INTO {TABLE} (person, writer) SELECT {each}, {writer} WHERE {condition};"
        for each, condition in noted
    )


_DIFFER = {"sqlite": "{} IS NOT {}", "postgresql": "{} IS DISTINCT FROM {}"}


def _changes(watched: _Watched, dialect: str) -> str:
    """Whether an update changed anything that is asked."""
    differ = _DIFFER[dialect]
    hour = "date_trunc('hour', {})" if dialect == "postgresql" else "substr({}, 1, 13)"
    changes = [differ.format(f"OLD.{name}", f"NEW.{name}") for name in watched.columns]
    changes += [
        differ.format(hour.format(f"OLD.{name}"), hour.format(f"NEW.{name}")) for name in watched.hourly
    ]
    changed = " OR ".join(changes)
    if not watched.counts:
        return changed
    old, new = (watched.counts.replace("$", row) for row in ("OLD", "NEW"))
    return f"({changed}) AND ({old} OR {new})"


def _functions() -> Iterator[tuple[str, str]]:
    """PostgreSQL's: what a trigger does stands in a function there."""
    for table, watched in WATCHED.items():
        for event, rows in (("insert", ("NEW",)), ("delete", ("OLD",)), ("update", ("OLD", "NEW"))):
            name = f"{_FUNCTION}_{table}_{event}()"
            writer = "CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)"
            noting = _noting(watched, rows, "postgresql", writer)
            yield (
                name,
                f"CREATE FUNCTION {name} RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {noting} RETURN NULL; END $$",
            )


def watch(connection: sa.Connection) -> None:
    """Make the triggers, which tables that were just made or changed do not have."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        for _name, statement in _functions():
            connection.exec_driver_sql(statement)
    for _name, statement in triggers(dialect):
        connection.exec_driver_sql(statement)


def unwatch(connection: sa.Connection) -> None:
    """Remove the triggers: tables are about to be changed, and one that SQLite remakes loses its own."""
    dialect = connection.dialect.name
    if dialect == "postgresql":  # its functions take the triggers with them
        functions = ", ".join(name for name, _statement in _functions())
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {functions} CASCADE")
        return
    for name, _statement in triggers(dialect):
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")


async def version(tx: AsyncConnection) -> int:
    """How far the snapshot of this transaction sees."""
    if tx.dialect.name == "postgresql":
        query = "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)"
    else:
        query = f"SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = '{TABLE}'), 0)"
    return int((await tx.execute(sa.text(query))).scalar_one())


async def floor(tx: AsyncConnection) -> int:
    """From which version on everything is still noted: whoever has read less far begins anew."""
    return int(await get_fact(tx, FLOOR, 0))


async def since(tx: AsyncConnection, known: int, *, most: int) -> set[int] | None:
    """The people of whom something changed since a version; None: of more than `most`."""
    later = (
        changed_people.c.writer >= known if tx.dialect.name == "postgresql" else changed_people.c.id > known
    )
    query = sa.select(changed_people.c.person).where(later).distinct().limit(most + 1)
    found = set(await tx.scalars(query))
    return None if len(found) > most else found


async def forget_all(tx: AsyncConnection) -> None:
    """Notes begin anew, and so does whoever has read any: people were erased, and their numbers are to be nowhere."""
    await tx.execute(changed_people.delete())
    if tx.dialect.name == "postgresql":
        query = "SELECT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT) + 1"
        known = int((await tx.execute(sa.text(query))).scalar_one())
    else:
        known = await version(tx)
    await set_fact(tx, FLOOR, max(known, await floor(tx)))


async def forget_some(tx: AsyncConnection, *, most: int) -> int:
    """Notes no more what was changed first, `most` changes of it; how many. Who has read less far begins anew."""
    oldest = sa.select(changed_people.c.id).order_by(changed_people.c.id).limit(most)
    is_old = changed_people.c.id.in_(oldest)
    column = changed_people.c.writer if tx.dialect.name == "postgresql" else changed_people.c.id
    last = await tx.scalar(sa.select(sa.func.max(column)).where(is_old))
    if last is None:
        return 0
    known = last + 1 if tx.dialect.name == "postgresql" else last
    await set_fact(tx, FLOOR, max(known, await floor(tx)))
    return (await tx.execute(changed_people.delete().where(is_old))).rowcount
