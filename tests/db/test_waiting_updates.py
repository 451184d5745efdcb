"""Which of the updates that wait are handled next: the oldest of each chat, of those first whom we know."""

from __future__ import annotations

import random
from typing import Any

import pytest
import sqlalchemy as sa

from db.engine import Database
from db.schema import updates as rows
from db.updates import waiting
from tests.conversation import paris

OWNER, OTHER = "ours", "theirs"
AT = paris("2016-11-16T10:00")


def some(dice: random.Random) -> list[dict[str, Any]]:
    """Updates of some chats, in any state, of whom any number are known."""
    chats, known, count = dice.randint(1, 40), dice.random(), dice.randint(1, 120)
    return [
        {
            "update_id": number,
            "state": dice.choices(["received", "answered", "done"], [8, 1, 1])[0],
            "chat": dice.randint(1, chats),
            "body": b"{}",
            "received_at": AT,
            "lease_owner": dice.choice([OWNER, OTHER]),
            "holds_chat": dice.random() < 0.5,
            "known": dice.random() < known,
        }
        for number in range(1, count + 1)
    ]


def expected(given: list[dict[str, Any]], room: int, *, strangers: bool) -> list[int]:
    first: dict[int, dict[str, Any]] = {}
    for one in given:
        holds = one["state"] == "answered" and (one["holds_chat"] or one["lease_owner"] != OWNER)
        if holds or one["state"] == "received":
            first.setdefault(one["chat"], one)
    free = [one for one in first.values() if one["state"] == "received" and (strangers or one["known"])]
    free.sort(key=lambda one: (not one["known"], one["update_id"]))
    return [one["update_id"] for one in free[:room]]


@pytest.mark.parametrize("strangers", [True, False])
async def test_the_oldest_of_each_chat_are_next_however_many_wait(
    database: Database, *, strangers: bool
) -> None:
    dice = random.Random(11)
    for _ in range(60):
        given, room = some(dice), dice.randint(1, 12)
        async with database.write() as tx:
            await tx.execute(sa.delete(rows))
            await tx.execute(sa.insert(rows), given)
            found, others_wait = await waiting(tx, room, OWNER, strangers=strangers)
        assert [one.update_id for one in found] == expected(given, room, strangers=strangers)
        assert others_wait == (sum(one["state"] == "received" for one in given) > len(found))
