"""Updates that come one by one are kept and handled in one transaction; whatever goes wrong there, they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.calls import Call
from bot.delivery.processing import AT_ONCE
from db import updates
from db.schema import responses


async def kept(bench: Any) -> int:
    async with bench.database.read() as tx:
        return int(await tx.scalar(sa.select(sa.func.count()).select_from(updates.updates)))


async def answers(bench: Any) -> list[int]:
    async with bench.database.read() as tx:
        return list(await tx.scalars(sa.select(responses.c.update_id).order_by(responses.c.update_id)))


@pytest.mark.parametrize(
    ("came", "seen"),
    [
        (1, 0),  # whoever handles it is in the transaction that keeps it: nobody else sees it yet
        (AT_ONCE + 1, AT_ONCE + 1),  # of many the next are asked for while these are handled
    ],
)
async def test_few_are_handled_where_they_are_kept(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch, came: int, seen: int
) -> None:
    found: list[int] = []
    process = bench.app.process

    async def looking(tx: AsyncConnection, update: dict[str, Any], met: Mapping[int, Any]) -> Sequence[Call]:
        found.append(await kept(bench))
        answered: Sequence[Call] = await process(tx, update, met)
        return answered

    bench.app.process = looking
    monkeypatch.setattr("bot.delivery.processing.LOOK_SECONDS", 60.0)
    async with bench.running(poll=True) as engine:
        await helpers.until(lambda: bench.telegram.offsets and engine._processing._is_free)
        bench.telegram.person_says(*(helpers.message(number, number) for number in range(1, came + 1)))
        await helpers.until(lambda: len(bench.telegram.texts()) == came)
        await bench.idle(engine)
        assert engine.intake.received == came
    assert found[0] == seen
    assert await answers(bench) == list(range(1, came + 1))


async def test_what_follows_in_the_same_chat_is_handled_too(bench: Any, helpers: Any) -> None:
    async with bench.running(poll=True) as engine:
        await helpers.until(lambda: bench.telegram.offsets)
        bench.telegram.person_says(*(helpers.message(number, 1) for number in (1, 2, 3)))
        await helpers.until(lambda: len(bench.telegram.texts()) == 3)
        await bench.idle(engine)
    assert await answers(bench) == [1, 2, 3]


@pytest.mark.parametrize(
    "fault",
    [
        sa.exc.OperationalError("UPDATE", None, OSError("disk full")),
        sa.exc.IntegrityError("UPDATE", None, ValueError()),
        RuntimeError("a fault of ours"),
    ],
)
async def test_what_cannot_be_handled_is_kept_and_handled_later(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    answer, broken = updates.answer, []

    async def failing(tx: AsyncConnection, batch: Sequence[Any], owner: str) -> None:
        if not broken:
            broken.append(await answer(tx, batch, owner))
            raise fault
        await answer(tx, batch, owner)

    monkeypatch.setattr(updates, "answer", failing)
    monkeypatch.setattr("bot.delivery.processing.RETRY_SECONDS", 0.01)
    async with bench.running(poll=True) as engine:
        await helpers.until(lambda: bench.telegram.offsets)
        bench.telegram.person_says(helpers.message(1, 1), helpers.message(2, 2))
        await helpers.until(lambda: len(bench.telegram.texts()) == 2)
        await bench.idle(engine)
        assert (engine.intake.received, engine.intake.unread) == (2, 0)
    assert broken
    assert await answers(bench) == [1, 2]


async def test_before_it_runs_what_comes_is_kept_alone(bench: Any, helpers: Any) -> None:
    engine = bench.engine()
    await engine.intake.store(
        b'{"update_id": 1, "message": {"message_id": 1, "chat": {"id": 1}, "text": "a"}}'
    )
    assert await kept(bench) == 1
    assert await answers(bench) == []
    async with bench.running() as running:
        await bench.idle(running)
    assert await answers(bench) == [1]
