"""What the caps ask of those to whom the campaign wrote, found for many at once, is what is found for each alone."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import pytest
import sqlalchemy as sa

from bot.rules.courtesy import Caps
from bot.rules.kinds import PARTISAN, Kind, Mute
from bot.rules.reaching import today_in
from bot.rules.sending import ON_THE_WAY
from bot.rules.small_counts import Headcount
from db import broadcasts, written
from db.departure import IN_FLIGHT
from db.engine import Database
from db.reaching import NEUTRAL, OtherMessage, WrittenTo, others_leaving
from db.schema import broadcasts as broadcast_rows
from db.schema import deliveries, people
from tests.campaigning import supporter
from tests.conversation import Conversation, paris
from tests.places import lives_in

Row: TypeAlias = sa.RowMapping

NOW = paris("2016-11-16T10:00")
SINCE = NOW - timedelta(days=7)
CAPS = Caps()
STATES = ("queued", "queued", "withheld", "leased", "sent", "sent", "sent", "in_doubt", "failed", "expired")
PLACES: tuple[tuple[str | None, dict[str, str]], ...] = (
    ("69123", {}),
    ("97411", {}),
    ("98818", {}),
    (None, {"territory": "abroad"}),
)
PEOPLE, BROADCASTS = 60, 7


def day_of(zone: str | None) -> tuple[datetime, datetime]:
    return today_in(zone or "Europe/Paris", NOW)


async def fill(database: Database, seed: int) -> None:
    """People of all sorts, with messages in every state."""
    chance, conversation = random.Random(seed), Conversation(database, NOW)
    for number in range(1, PEOPLE + 1):
        commune, where = chance.choice(PLACES)
        values = {
            "state": chance.choice(("registered",) * 5 + ("stopped",)),
            "consent_team": chance.random() < 0.5,
            "unreachable_at": NOW if chance.random() < 0.1 else None,
            "unanswered": chance.choice((0, 0, 1, 2, 3)),
            **{f"mutes_{each}": chance.random() < 0.2 for each in Mute},
        }
        await supporter(conversation, number, commune, **values, **where)
    async with database.write() as tx:
        persons = list(await tx.scalars(sa.select(people.c.id).order_by(people.c.id)))
        for number in range(BROADCASTS):
            message = {
                "key": f"staff:{number}",
                "kind": chance.choice(("persuasion", "gotv", "event_invite", "civic_neutral")),
                "state": chance.choice(("active", "active", "active", "paused")),
                "finished_at": chance.choice((None, None, NOW - timedelta(days=1), NOW - timedelta(days=9))),
                **{"audience": {}, "area": "FR", "starts_at": NOW, "created_at": NOW},
            }
            broadcast = await broadcasts.create(tx, message)
            for person in chance.sample(persons, PEOPLE * 2 // 3):
                at = NOW - timedelta(
                    minutes=chance.choice((1, 2, 300, 800, 1500, 4000, 12000)), seconds=number
                )
                times = {"sent_at": chance.choice((at, None)), "changed_at": at}
                due = NOW + timedelta(
                    minutes=chance.choice((-60, 0, 90, 90, 1440)), seconds=chance.randrange(50)
                )
                expires = chance.choice((None, NOW + timedelta(days=2), due + timedelta(days=1)))
                delivery = {"broadcast": broadcast, "person": person, "state": chance.choice(STATES)}
                row = {**delivery, **times, "due_at": due, "expires_at": expires}
                await tx.execute(sa.insert(deliveries).values(row))


async def read(
    database: Database,
) -> tuple[Sequence[sa.RowMapping], Sequence[sa.RowMapping], Sequence[OtherMessage]]:
    async with database.read() as tx:
        everybody = (await tx.execute(sa.select(people))).mappings().all()
        told = sa.select(deliveries, broadcast_rows.c.kind, broadcast_rows.c.finished_at).join(broadcast_rows)
        sent = (await tx.execute(told)).mappings().all()
        return everybody, sent, await others_leaving(tx)


class Alone:
    """What is found of one person, row by row."""

    def __init__(
        self, person: Row, rows: Sequence[Row], others: Sequence[OtherMessage], kinds: Collection[Kind]
    ) -> None:
        mine = [row for row in rows if row["person"] == person["id"]]
        heard = {each.number for each in others if not any(person[f"mutes_{mute}"] for mute in each.mutes)}
        left = [(row, row["sent_at"] or row["changed_at"]) for row in mine if row["state"] in IN_FLIGHT]
        self.sent = sorted(
            at
            for row, at in left
            if at > SINCE
            and Kind(row["kind"]) in kinds
            and (row["finished_at"] is None or row["finished_at"] >= SINCE)
        )
        self.waits = [
            (
                row["broadcast"],
                minute(row["due_at"]) if row["state"] == "queued" and row["due_at"] > NOW else None,
                minute(row["expires_at"]),
            )
            for row in mine
            if row["state"] in ON_THE_WAY and row["broadcast"] in heard
        ]

    def asked(self, person: Row) -> tuple[Any, ...]:
        """Whether they are silent, how many left, and today; when the oldest did, and what waits."""
        silent = person["unanswered"] >= CAPS.silent_after
        cap = CAPS.per_week_when_silent if silent else CAPS.per_week
        asked = len(self.sent) + len(self.waits) + 1 - cap
        ends = [begins + timedelta(minutes=1) for at in self.sent if (begins := minute(at)) is not None]
        known = tuple(ends[: 1 if asked == 1 else None] if asked > 0 else ())
        start, end = day_of(person["zone"])
        today = sum(start <= at < end for at in self.sent)
        return silent, len(self.sent), today, known, tuple(sorted(self.waits, key=str))


def minute(at: datetime | None) -> datetime | None:
    return at and at.replace(second=0, microsecond=0)


AUDIENCES: dict[str, tuple[sa.ColumnElement[bool], tuple[str, ...] | None]] = {
    "everybody": (sa.true(), None),
    "those who live abroad": (people.c.territory == "abroad", ("abroad",)),
    "a few": (people.c.id <= 3, ("FR",)),
    "one": (people.c.id == 5, ("69", "974")),
    "everybody, for who knows some": (people.c.state == "registered", ("R84", "abroad")),
}


Counted: TypeAlias = Counter[tuple[Any, ...]]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("is_neutral", [False, True])
async def test_many_at_once_are_found_as_each_alone(
    database: Database, audience: str, seed: int, is_neutral: bool
) -> None:
    await fill(database, seed)
    everybody, rows, others = await read(database)
    kinds, others = (NEUTRAL, []) if is_neutral else (PARTISAN, others)
    among, known_in = AUDIENCES[audience]
    async with database.read() as tx:
        members = set(await tx.scalars(sa.select(people.c.id).where(among)))
        found = await written.met(
            tx,
            among,
            Mute.NEWS,
            since=SINCE,
            now=NOW,
            caps=None if is_neutral else CAPS,
            day_of=day_of,
            others=others,
            known_in=known_in,
            counting=kinds,
            only=5 if audience == "one" else None,
        )
    groups, said = Counted(), Counted()
    for person in everybody:
        if person["id"] not in members:
            continue
        alone = Alone(person, rows, others, kinds)
        agreed = person["state"] == "registered" and person["consent_team"]
        is_known = agreed and any(lives_in(area, person) for area in known_in or ())
        where = (person["territory"], person["zone"])
        got = bool(alone.sent or alone.waits)
        is_out = (person["unreachable_at"] is not None, person["mutes_news"])
        groups[*where, *is_out, got, is_known] += 1
        if got and not any(is_out) and not is_neutral:
            said[*where, *alone.asked(person), is_known] += 1
    assert groups == _told(
        ((each.territory, each.zone, each.unreachable, each.muted, each.recently), each.people)
        for each in found.groups
    )
    assert said == _told((_asked(each), each.people) for each in found.written)


def _asked(each: WrittenTo) -> tuple[Any, ...]:
    waits = sorted(((one.number, one.due_at, one.expires_at) for one in each.waits), key=str)
    return each.territory, each.zone, each.silent, each.sent, each.today, each.known, tuple(waits)


def _told(counts: Iterable[tuple[tuple[Any, ...], Headcount]]) -> Counted:
    found = Counted()
    for key, count in counts:
        found[*key, True] += count.known
        found[*key, False] += count.others
    return +found
