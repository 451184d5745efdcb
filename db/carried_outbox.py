"""What left, waits or was called off since a backup was made, carried from the database that it replaces.

Everything else goes back in time with a backup; messages have been read. So where the replaced database went on from
the backup, its word holds on broadcasts, their texts and their deliveries, and on what they tell of: when and where an
event takes place, whether a shift does. Of those people alone who are the same in both.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import field
from sqlite3 import Connection

from bot.frozen import Frozen
from bot.rules.mends import RECALLED
from db.broadcast_accounts import ORPHAN
from db.broadcasts import TALK
from db.notices import PREFIX
from db.portable import CURRENT, numbered
from db.replaced import columns_of_both, drop_what_is_gone, take_over, take_texts

RESTORED_AT = "restored_at"
"""The fact, an instant in ISO 8601: what left until then is not known whole, since the database went back in time."""
RESTORED = "restored"
"""Why a delivery is in doubt that was due until then."""
AT_ONCE = 100_000
"""Deliveries in one statement: what it is about to change stands in memory."""
LOST = "lost:"
"""What the key of a broadcast begins with whose event is not in the backup: the next event may have its number."""

_SAME = "(SELECT id FROM temp.same_people)"
_BEFORE = "(SELECT id FROM temp.broadcasts_of_the_backup)"
_WAITS = "('queued', 'leased', 'withheld')"
_IS_NOTICE = f"coalesce(template, '') LIKE '{PREFIX}%'"
# Where an event stands in the key alone (`event:<number>:…`), SQLite reads the digits that come first.
_IS_LOST = """(key LIKE 'event:%' AND CAST(substr(key, 7) AS INTEGER) NOT IN (SELECT id FROM main.events)
    OR key LIKE 'series:%' AND CAST(substr(key, 8) AS INTEGER) NOT IN (SELECT id FROM main.series)
    OR event IS NOT NULL AND event NOT IN (SELECT id FROM main.events))"""
# Where something came, or left, one of these is another.
_SIGNS_OF_LIFE = (
    *(("audit", "max(id)"), ("consents", "max(id)"), ("responses", "max(id)")),
    ("deliveries", "max(sent_at)"),
)
# By what a thing is known besides its number; and what may be gone since, so that its number was given again.
_NAMES = (("broadcasts", "key", _IS_NOTICE), ("events", "code", "state IN ('proposed', 'returned')"))
_OF_AN_EVENT = (
    *("state", "starts_at", "ends_at", "zone", "commune", "department", "region", "territory", "address"),
    *("latitude", "longitude", "pinned", "sequence"),
)
_OF_A_SHIFT = ("role", "starts_at", "ends_at", "state", "changes")


class Outbox(Frozen):
    """What the replaced database knew of messages.

    `whole`: all that left for everybody in the backup; but for what was due until `restored_at`, if it came from a
    backup itself. `going`: the broadcasts that somebody wrote, have yet to leave, and go on as they were.
    """

    whole: bool
    restored_at: str | None = None
    going: frozenset[int] = field(default_factory=frozenset)


def went_on(connection: Connection) -> bool:
    """Whether the replaced database is the one that the backup was made of, and lived on since.

    Else it tells nothing of what left: it is a new one, an older one, or one that the server's own tools put back.
    """
    names = ", ".join(f"'{name}'" for name in numbered(CURRENT))
    numbers = f"SELECT name, seq FROM {{}}.sqlite_sequence WHERE name IN ({names})"
    mine = dict(connection.execute(numbers.format("main")).fetchall())
    theirs = dict(connection.execute(numbers.format("replaced")).fetchall())
    notes = [_last_note(connection, database) for database in ("main", "replaced")]
    is_older = notes[0] > notes[1] or any(number > theirs.get(name, 0) for name, number in mine.items())
    has_moved = mine != theirs or any(
        _one(
            connection,
            f"SELECT (SELECT {what} FROM main.{table}) IS NOT (SELECT {what} FROM replaced.{table})",
        )
        for table, what in _SIGNS_OF_LIFE
    )
    return not is_older and has_moved and not any(_is_another_story(connection, *names) for names in _NAMES)


def _last_note(connection: Connection, database: str) -> int:
    return int(_one(connection, f"SELECT coalesce(max(id), 0) FROM {database}.audit"))


def _is_another_story(connection: Connection, table: str, name: str, may_be_gone: str) -> bool:
    return bool(
        _one(
            connection,
            f"""SELECT EXISTS (SELECT 1 FROM main.{table} AS own JOIN replaced.{table} AS newer
                    ON newer.id = own.id AND newer.{name} <> own.{name}
                    OR newer.{name} = own.{name} AND newer.id <> own.id
                    WHERE NOT (own.id IN (SELECT id FROM main.{table} WHERE {may_be_gone})))""",
        )
    )


def carry_outbox(connection: Connection, *, gone: Collection[int]) -> Outbox:
    """Copies it, of a database that went on; `gone` are the Telegram ids of people who are about to be erased again."""
    connection.execute("CREATE TABLE temp.same_people (id INTEGER PRIMARY KEY)")
    connection.execute(
        """INSERT INTO temp.same_people SELECT main.people.id
            FROM main.people JOIN replaced.people USING (id, pseudonym)"""
    )
    for table, name, may_be_gone in _NAMES:  # taken back, withdrawn, or erased with whom it named
        drop_what_is_gone(connection, table, ("id", name), may_be_gone)
    connection.execute("CREATE TABLE temp.broadcasts_of_the_backup (id INTEGER PRIMARY KEY)")
    connection.execute("INSERT INTO temp.broadcasts_of_the_backup SELECT id FROM main.broadcasts")
    _carry_events(connection)
    _carry_broadcasts(connection)
    _carry_deliveries(connection)
    _carry_decisions(connection)
    outbox = _summary(connection, gone)
    for name in ("same_people", "broadcasts_of_the_backup"):
        connection.execute(f"DROP TABLE temp.{name}")
    return outbox


def _summary(connection: Connection, gone: Collection[int]) -> Outbox:
    strangers = connection.execute(f"SELECT telegram_id FROM main.people WHERE id NOT IN {_SAME}")
    # What was written since waits until somebody has looked at it, but for what is owed to those who said they come.
    going = connection.execute(
        f"""SELECT id FROM replaced.broadcasts WHERE created_by IS NOT NULL AND finished_at IS NULL
            AND (id IN {_BEFORE} OR kind = 'event_service' OR template = '{RECALLED}')"""
    )
    fact = connection.execute("SELECT value FROM replaced.facts WHERE name = ?", (RESTORED_AT,)).fetchone()
    return Outbox(
        whole=all(telegram_id in gone for (telegram_id,) in strangers),
        restored_at=None if fact is None else json.loads(fact[0]),
        going=frozenset(row[0] for row in going),
    )


def _carry_events(connection: Connection) -> None:
    """What was told of them since; who may run them no more; how often somebody was offered a place."""
    take_over(connection, "events", ("id",), _OF_AN_EVENT)
    take_over(connection, "shifts", ("id",), _OF_A_SHIFT)
    take_over(connection, "proposals", ("event", "person"), ("decided_at", "reason"))
    take_texts(connection, "event_texts", "event", "events")
    drop_what_is_gone(connection, "hosts", ("event", "person"), f"person IN {_SAME}")
    drop_what_is_gone(connection, "trusted_hosts", ("person", "area"), f"person IN {_SAME}")
    # The next offer is another message, under a number of its own.
    offered_since = f"newer.offers > own.offers AND own.person IN {_SAME}"
    take_over(connection, "rsvps", ("event", "person"), ("offers",), offered_since)
    take_over(connection, "shift_places", ("shift", "person"), ("offers",), offered_since)


def _carry_broadcasts(connection: Connection) -> None:
    columns = columns_of_both(connection, "broadcasts")
    take_over(connection, "broadcasts", ("id",), set(columns) - {"id", "key", "event"})
    # What a conversation says is with it, and a notice may name people who are in no backup: its number is kept.
    given = {name: name for name in columns} | {
        "key": f"CASE WHEN {_IS_LOST} THEN '{LOST}' || key ELSE key END",
        "event": f"CASE WHEN {_IS_LOST} THEN NULL ELSE event END",
        "state": f"CASE WHEN {_IS_LOST} OR {_IS_NOTICE} THEN 'cancelled' ELSE state END",
        "details": f"CASE WHEN {_IS_NOTICE} THEN NULL ELSE details END",
    }
    connection.execute(
        f"""INSERT INTO main.broadcasts ({", ".join(columns)})
            SELECT {", ".join(given[name] for name in columns)} FROM replaced.broadcasts
            WHERE key NOT LIKE '{TALK}%' AND id NOT IN {_BEFORE} ORDER BY id"""
    )
    take_texts(connection, "broadcast_texts", "broadcast", "broadcasts")


def _carry_deliveries(connection: Connection) -> None:
    columns = [name for name in columns_of_both(connection, "deliveries") if name != "id"]
    told = [name for name in columns if name not in ("broadcast", "person")]
    differ = " OR ".join(f"own.{name} IS NOT newer.{name}" for name in told)
    connection.execute(
        f"""DELETE FROM main.deliveries WHERE (state IN {_WAITS} OR reason = '{RESTORED}') AND person IN {_SAME}
              AND broadcast IN (SELECT id FROM replaced.broadcasts)
              AND NOT EXISTS (SELECT 1 FROM replaced.deliveries AS kept
                WHERE kept.broadcast = deliveries.broadcast AND kept.person = deliveries.person)"""
    )
    last = _one(connection, "SELECT coalesce(max(id), 0) FROM main.deliveries")
    for first in range(1, last + 1, AT_ONCE):
        connection.execute(
            f"""UPDATE main.deliveries AS own SET {", ".join(f"{name} = newer.{name}" for name in told)}
                FROM replaced.deliveries AS newer
                WHERE own.id BETWEEN {first} AND {first + AT_ONCE - 1} AND own.person IN {_SAME}
                  AND newer.broadcast = own.broadcast AND newer.person = own.person
                  AND ({differ}) AND NOT (own.state = 'sent' AND newer.state IN {_WAITS})"""
        )
    connection.execute(
        f"""INSERT INTO main.deliveries ({", ".join(columns)}) SELECT {", ".join(columns)}
            FROM replaced.deliveries AS newer
            WHERE person IN {_SAME} AND broadcast IN (SELECT id FROM main.broadcasts)
              AND NOT EXISTS (SELECT 1 FROM main.deliveries AS own
                WHERE own.broadcast = newer.broadcast AND own.person = newer.person) ORDER BY id"""
    )

    # The backup's own are filled up (`db.backup`): what goes on is what the replaced database was filling.
    columns = columns_of_both(connection, "fillings")
    if columns:
        connection.execute(
            f"""INSERT INTO main.fillings ({", ".join(columns)}) SELECT {", ".join(columns)}
                FROM replaced.fillings WHERE broadcast IN (SELECT id FROM main.broadcasts)"""
        )


def _carry_decisions(connection: Connection) -> None:
    """What a second person was asked of broadcasts, and whose author has left."""
    columns = ", ".join(columns_of_both(connection, "approvals"))
    if columns:
        connection.execute(
            f"""INSERT INTO main.approvals ({columns}) SELECT {columns} FROM replaced.approvals
                WHERE broadcast IN (SELECT id FROM main.broadcasts)
                  AND id NOT IN (SELECT id FROM main.approvals)"""
        )
    orphans = f"facts WHERE name LIKE '{ORPHAN}%'"
    connection.execute(f"DELETE FROM main.{orphans}")
    connection.execute(f"INSERT INTO main.facts (name, value) SELECT name, value FROM replaced.{orphans}")


def _one(connection: Connection, query: str) -> int:
    (value,) = connection.execute(query).fetchone()
    return int(value)
