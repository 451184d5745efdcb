"""A campaign of a million people in its last week, in an encrypted SQLite file: what `benchmarks.web` asks for.

Made by a few large statements, with indexes and triggers only once the tables are full: 10,000,000 deliveries take
minutes and not hours. Everything is drawn from the same numbers: a database is the same each time.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.trust import BUILD_PRAGMAS, NUMBERS, text_of
from benchmarks.worker import KEY, MORNING
from bot import communes
from bot.actions.audit import FIRST, chained
from bot.actions.staff_links import hash_of
from bot.rules.surveys import Form, Option, Question, as_json
from db import sqlite
from db.engine import FILE_NAME

STAFF = 7
TOKEN, AREA_TOKEN = "benchmark", "benchmark of an area"
TO_ALL = 8
"""Broadcasts that left to everybody; one more is leaving."""
EVENTS, INVITED, ANSWERED = 4_000, 250, 100
"""Of each event: how many were invited, and answered."""
LARGE_EVENT = 1
LOGGED = 50_000
NAMES = ("Camille", "Inès", "Karim", "Louise", "Mathieu", "Nadia", "Olga", "Paul", "Sophie", "Zoé")
FORM = Form(
    title={"fr": "Vos trajets"},
    purpose={"fr": "Pour écrire notre programme sur les transports."},
    questions=tuple(
        Question(
            id=f"q{number}",
            text={"fr": f"Question {number} ?"},
            options=tuple(Option(id=f"o{each}", text={"fr": f"Réponse {each}"}) for each in range(4)),
        )
        for number in range(3)
    ),
)

# `n(i)` counts from 1 to :people.
PARTS = {
    "broadcasts": """
    INSERT INTO broadcasts (id, key, kind, state, audience, area, starts_at, created_at, finished_at, created_by)
    SELECT i, 'staff:' || i, 'persuasion', 'active', '{}', 'FR', CASE WHEN i <= :to_all THEN
        datetime(:now, '-' || (3 + 7 * (:to_all - i)) || ' days') || '.000000' ELSE :now END, :past,
        CASE WHEN i <= :to_all THEN datetime(:now, '-' || (2 + 7 * (:to_all - i)) || ' days') || '.000000' END, 7
    FROM n WHERE i <= :to_all + 1""",
    "broadcasts of events": """
    INSERT INTO broadcasts (id, key, kind, state, event, audience, area, starts_at, created_at, finished_at)
    SELECT 100 + id, 'event:' || id || ':invite', 'event_invite', 'active', id, '{}', department, :past, :past, :past
    FROM events""",
    "texts": """
    INSERT INTO broadcast_texts (broadcast, variant, language, text)
    SELECT id, 'A', 'fr', 'Bonjour <b>{{ first_name }}</b>, réunion publique à {{ commune }} jeudi à 19 h.'
    FROM broadcasts WHERE event IS NULL""",
    "deliveries to all": """
    INSERT INTO deliveries (broadcast, person, state, due_at, message_id, changed_at, sent_at, answered_at, reason)
    SELECT b.id, i, CASE WHEN i % 97 = 0 THEN 'unreachable' WHEN i % 9973 = 0 THEN 'failed' ELSE 'sent' END,
        b.starts_at, i, b.starts_at, CASE WHEN i % 97 THEN b.starts_at END,
        CASE WHEN (i + b.id) % 11 = 0 THEN b.starts_at END, CASE WHEN i % 97 = 0 THEN 'reasons/blocked' END
    FROM (SELECT id, starts_at FROM broadcasts WHERE id <= :to_all) AS b, n""",
    "deliveries that leave": """
    INSERT INTO deliveries (broadcast, person, state, due_at, changed_at)
    SELECT :to_all + 1, i, 'queued', :now, :now FROM n""",
    "deliveries of events": """
    INSERT INTO deliveries (broadcast, person, state, due_at, message_id, changed_at, sent_at)
    SELECT 100 + e.id, 1 + (e.id * 7919 + j.i * 3989) % :people, 'sent', :past, j.i, :past, :past
    FROM events AS e, (SELECT i FROM n WHERE i <= :invited) AS j""",
    "answers to events": """
    INSERT OR IGNORE INTO rsvps (event, person, answer, attended, at)
    SELECT e.id, 1 + (e.id * 7919 + j.i * 3989) % :people,
        CASE WHEN j.i % 5 < 3 THEN 'yes' WHEN j.i % 5 = 3 THEN 'maybe' ELSE 'no' END,
        CASE WHEN e.ends_at < :now THEN j.i % 3 > 0 END, :past
    FROM events AS e, (SELECT i FROM n WHERE i <= :answered) AS j""",
    "a large event": """
    INSERT OR IGNORE INTO rsvps (event, person, answer, at)
    SELECT :large_event, 1 + (i * 31) % :people, 'yes', :past FROM n WHERE i <= :people / 50""",
    "seats": """
    INSERT INTO seats (event, taken) SELECT event, sum(answer = 'yes') FROM rsvps GROUP BY event""",
    "vote plans": """
    INSERT INTO vote_plans (person, ballot, intention, slot, departure, at)
    SELECT i, 1, 'will', CASE i % 4 WHEN 0 THEN 'morning' WHEN 1 THEN 'midday' WHEN 2 THEN 'afternoon'
        ELSE 'last_hour' END, 'home', :past FROM n WHERE i % 3 = 0""",
    "volunteering": """
    INSERT INTO volunteering (person, meeting, doors, lifts, phone, team, contact, at)
    SELECT i, i % 2, i % 3 = 0, i % 5 = 0, i % 7 = 0, 1, 1, :past FROM n WHERE i % 20 = 0""",
    "conversations": """
    INSERT INTO conversations (id, person, area, state, opened_at, waiting_since, closed_at, carded)
    SELECT p.id / 50, p.id, p.department, CASE WHEN p.id % 2500 = 0 THEN 'waiting' ELSE 'closed' END, :past,
        CASE WHEN p.id % 2500 = 0 THEN datetime(:now, '-' || (p.id / 2500) || ' minutes') || '.000000' END,
        CASE WHEN p.id % 2500 > 0 THEN :past END, CASE WHEN p.id % 2500 = 0 THEN 'waiting:' ELSE 'closed:' END
    FROM people AS p WHERE p.id % 50 = 0 AND p.department IS NOT NULL""",
    "what is written in them": """
    INSERT INTO messages (conversation, at, by_team, text, message_id, waited)
    SELECT c.id, :past, j.i % 2 = 0, 'Où est la réunion de jeudi ?', j.i, CASE WHEN j.i % 2 = 0 THEN 600 END
    FROM conversations AS c, (SELECT i FROM n WHERE i <= 4) AS j""",
    "answers to surveys": """
    INSERT INTO survey_answers (survey, person, question, option, at)
    SELECT s.id, n.i, 'q' || q.i, 'o' || ((n.i + q.i) % 4), :past
    FROM surveys AS s, n, (SELECT 0 AS i UNION ALL SELECT 1 UNION ALL SELECT 2) AS q WHERE n.i % 5 = s.id % 5""",
    "the log of answers": """
    INSERT INTO responses (at, person, question, subject, answer, update_id, commune, department, region)
    SELECT r.at, r.person, 'rsvp', e.code, r.answer, 1000 + r.rowid, p.commune, p.department, p.region
    FROM rsvps AS r JOIN events AS e ON e.id = r.event JOIN people AS p ON p.id = r.person""",
    "the log of plans": """
    INSERT INTO responses (at, person, question, subject, answer, update_id, commune, department, region)
    SELECT v.at, v.person, q.question, '1', CASE q.question WHEN 'plan.slot' THEN v.slot ELSE 'will' END,
        10000000 + v.person, p.commune, p.department, p.region
    FROM vote_plans AS v JOIN people AS p ON p.id = v.person,
        (SELECT 'plan.intention' AS question UNION ALL SELECT 'plan.slot') AS q""",
}


def build(folder: Path, people: int) -> None:
    """Fills the tables of a new database that is upgraded already."""
    values = {
        "people": people,
        "now": text_of(MORNING),
        "past": text_of(MORNING - timedelta(days=10)),
        "to_all": TO_ALL,
        "invited": min(INVITED, people),
        "answered": min(ANSWERED, people),
        "large_event": LARGE_EVENT,
    }
    with closing(sqlite.connect(folder / FILE_NAME, KEY, BUILD_PRAGMAS)) as connection:
        with _bare(connection):
            connection.execute("BEGIN")
            _people(connection, people)
            _events(connection)
            _surveys(connection)
            _team(connection)
            for what, statement in PARTS.items():
                with _told(what):
                    connection.execute(f"{NUMBERS.replace(':most', ':people')} {statement}", values)
            connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL").fetchall()


@contextmanager
def _told(what: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    print(f"  {what}: {time.perf_counter() - began:.0f} s", flush=True)


@contextmanager
def _bare(connection: Any) -> Iterator[None]:
    """Within the block no index is kept, and nothing is noted of what is written; unique indexes stay."""
    query = (
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('index', 'trigger')"
        " AND sql NOT LIKE 'CREATE UNIQUE%'"
    )
    found = connection.execute(query).fetchall()
    for kind, name, _sql in found:
        connection.execute(f'DROP {kind} "{name}"')
    yield
    with _told(f"{len(found)} indexes and triggers"):
        for _kind, _name, sql in found:
            connection.execute(sql)


def _people(connection: Any, number: int) -> None:
    """People vote in communes by their size, and signed up over ten weeks."""
    gazetteer, chance = communes.load(), random.Random(19)
    places = [place for code in gazetteer.codes() if (place := gazetteer.by_code(code)) and place.population]
    chosen = chance.choices(places, [place.population for place in places], k=number)
    now = text_of(MORNING)
    columns = (
        "id, telegram_id, pseudonym, friend_code, state, language, first_name, commune, department, region, territory,"
        " zone, consent_contact, consent_commune, consent_team, volunteer, unreachable_at, recruiter,"
        " created_at, registered_at, seen_at"
    )
    with _told("people"):
        connection.executemany(
            f"INSERT INTO people ({columns}) VALUES ({', '.join('?' * 21)})",
            (
                (
                    *(i, 1_000_000 + i, f"p{i}", f"{i:016x}", "registered", "fr", NAMES[i % len(NAMES)]),
                    *(place.code, place.department, place.region, place.territory, place.zone),
                    *(1, 1, i % 5 == 0, i % 20 == 0, now if i % 97 == 0 else None, i // 4 or None),
                    *(now, text_of(MORNING - timedelta(minutes=chance.randrange(100_000))), now),
                )
                for i, place in enumerate(chosen, 1)
            ),
        )


def _events(connection: Any) -> None:
    """Three in four are over; those to come are within a month."""
    gazetteer, chance = communes.load(), random.Random(20)
    large = [
        place
        for code in gazetteer.codes()
        if (place := gazetteer.by_code(code)) and place.population > 2_000 and place.parent is None
    ]
    places = chance.choices(large, [place.population for place in large], k=EVENTS)
    with _told("events"):
        for i, place in enumerate(places, 1):
            hours = 24 + chance.randrange(29 * 24) if i % 4 == 1 else -chance.randrange(1, 80 * 24)
            starts = (MORNING + timedelta(hours=hours)).replace(minute=0)
            connection.execute(
                "INSERT INTO events (id, code, state, starts_at, ends_at, zone, commune, department, region,"
                " territory, address, latitude, longitude, created_by, created_at, capacity, counted)"
                f" VALUES ({', '.join('?' * 17)})",
                (
                    *(
                        i,
                        f"{i:08x}",
                        "open",
                        text_of(starts),
                        text_of(starts + timedelta(hours=2)),
                        place.zone,
                    ),
                    *(place.code, place.department, place.region, place.territory, "Salle des fêtes"),
                    *(place.latitude, place.longitude, STAFF, text_of(starts - timedelta(days=20))),
                    *(40_000 if i == LARGE_EVENT else 80, 1),
                ),
            )
            connection.execute(
                "INSERT INTO event_texts (event, language, title, description) VALUES (?, 'fr', ?, ?)",
                (i, f"Réunion publique n° {i}", "Venez en parler avec nous."),
            )


def _surveys(connection: Any) -> None:
    now, later = text_of(MORNING - timedelta(days=20)), text_of(MORNING + timedelta(days=3))
    for i in range(1, 6):
        connection.execute(
            "INSERT INTO surveys (id, code, state, form, broadcast, area, closes_at, erase_at, created_by, created_at)"
            " VALUES (?, ?, 'open', ?, ?, 'FR', ?, ?, ?, ?)",
            (i, f"s{i}", json.dumps(as_json(FORM)), i, later, later, STAFF, now),
        )


def _team(connection: Any) -> None:
    """An administrator and somebody of one département with a session each, 300 others, and what all of them did."""
    gone, until = text_of(MORNING - timedelta(days=30)), text_of(MORNING + timedelta(hours=12))
    roles = [("admin", "FR"), ("organizer", "69"), *[("organizer", "69"), ("coordinator", "R84")] * 150]
    for i, (role, area) in enumerate(roles):
        connection.execute(
            "INSERT INTO staff (telegram_id, role, area, added_at) VALUES (?, ?, ?, ?)",
            (1_000_000 + STAFF + i, role, area, gone),
        )
    for i, (table, token) in enumerate(
        (("console_sessions", TOKEN), ("console_sessions", AREA_TOKEN), ("app_sessions", TOKEN))
    ):
        connection.execute(
            f"INSERT INTO {table} (opener_hash, cookie_hash, telegram_id, language, created_at, opened_at, expires_at)"
            " VALUES (?, ?, ?, 'fr', ?, ?, ?)",
            (f"o{i}", hash_of(token), 1_000_000 + STAFF + i % 2, gone, gone, until),
        )
    _log(connection)


def _log(connection: Any) -> None:
    hash_, at = FIRST, MORNING - timedelta(minutes=LOGGED)
    rows = []
    for i in range(LOGGED):
        at += timedelta(minutes=1)
        entry: dict[str, Any] = {"at": at, "actor": f"staff:{1_000_000 + STAFF + i % 300}"}
        entry |= {"action": "find_people", "details": {"areas": ["69"], "people": i % 7}}
        before, hash_ = hash_, chained(hash_, **entry)
        rows.append((text_of(at), entry["actor"], "find_people", json.dumps(entry["details"]), before, hash_))
    connection.executemany(
        "INSERT INTO audit (at, actor, action, details, previous_hash, hash) VALUES (?, ?, ?, ?, ?, ?)", rows
    )
    connection.execute(
        "INSERT INTO audit_numbers (entry, number)"
        " SELECT id, substr(actor, 7) FROM audit UNION SELECT id, 69 FROM audit"
    )
    tail = {"count": LOGGED, "hash": hash_, "at": _isoformat(at)}
    connection.execute("INSERT INTO facts (name, value) VALUES ('audit_tail', ?)", (json.dumps(tail),))


def _isoformat(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")
