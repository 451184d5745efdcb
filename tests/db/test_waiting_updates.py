"""Which of the updates that wait are handled next: the oldest of each chat, of those first whom we know."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa

from db.engine import Database
from db.schema import updates as rows
from db.updates import waiting
from tests.conversation import paris

OWNER, OTHER = "ours", "theirs"
MOST_OVERTAKEN = 3
"""What stands alone goes before the new messages of so many updates of its chat."""
AT = paris("2016-11-16T10:00")


def some(dice: random.Random) -> list[dict[str, Any]]:
    """Updates of some chats, in any state, of whom any number are known."""
    chats, known, count = dice.randint(1, 40), dice.random(), dice.randint(1, 120)
    return [
        {
            "update_id": number,
            "state": dice.choices(["received", "answered", "done"], [8, dice.choice([1, 4]), 1])[0],
            "chat": dice.randint(1, chats),
            "body": b"{}",
            "received_at": AT,
            "lease_owner": dice.choice([OWNER, OTHER]),
            "holds_chat": dice.random() < 0.5,
            "known": dice.random() < known,
            "stands_alone": dice.random() < 0.5,
        }
        for number in range(1, count + 1)
    ]


def expected(given: list[dict[str, Any]], room: int, *, strangers: bool) -> list[int]:
    first: dict[int, dict[str, Any]] = {}
    ours, theirs = Counter[int](), Counter[int]()
    for one in given:
        if one["state"] == "received":
            first.setdefault(one["chat"], one)
        elif one["state"] == "answered":
            ours[one["chat"]] += one["holds_chat"] and one["lease_owner"] == OWNER
            theirs[one["chat"]] += one["lease_owner"] != OWNER
    free = [
        one
        for chat, one in first.items()
        if not theirs[chat] and ours[chat] <= (MOST_OVERTAKEN if one["stands_alone"] else 0)
    ]
    free = [one for one in free if strangers or one["known"]]
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
