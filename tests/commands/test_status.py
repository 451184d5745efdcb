"""`portevoix status`: what runs, what comes next, and what waits for somebody."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import sqlalchemy as sa

from bot.actions import alarms
from bot.cli import main
from bot.rules.courtesy import CourtesyHours
from bot.rules.health import REMEDIES, Trouble
from bot.settings import Settings
from bot.startup import opened, present
from db.schema import broadcasts, deliveries, people


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["status", "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_what_there_is_and_what_comes_next(capsys: pytest.CaptureFixture[str]) -> None:
    main(["staff", "add", "--telegram-id", "1", "--role", "admin"])
    found = told(capsys)
    assert found["campaign"] == "Primaire de la droite et du centre 2016"
    assert (found["engine"], found["runs"]) == ("sqlite", False)
    assert found["next_ballot"] == "2016-11-20"
    # It is 8:00 in Paris, and 18:00 somewhere already.
    assert (found["next_step"], found["next_step_at_local"]) == ("plan", "2016-11-16T18:00")
    assert "FR" in found["next_step_in"]
    counts = {name: found[name] for name in ("staff", "supporters", "to_renew", "due", "in_doubt")}
    assert counts == {"staff": 1, "supporters": 0, "to_renew": 0, "due": 0, "in_doubt": 0}


def test_it_is_read_by_people_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTEVOIX_CLOCK", "2016-12-16T08:00:00+01:00@0")
    assert main(["status"]) == 0
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert (rows["runs"], rows["next_ballot"], rows["next_step"]) == ("no", "–", "–")


def test_a_bot_that_runs_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    async def while_it_runs() -> dict[str, Any]:
        async with opened(Settings.from_environment()) as bot:
            bot.claim()
            now = await present(Settings.from_environment())
            async with bot.write() as tx:
                await alarms.tell(
                    tx, present={Trouble.CONFLICT: now}, ended=(), courtesy=CourtesyHours(), now=now
                )
            return await asyncio.to_thread(told, capsys)

    found = asyncio.run(while_it_runs())
    assert (found["runs"], found["trouble"]) == (True, ["conflict"])
    assert found["why"] == [REMEDIES[Trouble.CONFLICT]]
    found = told(capsys)
    assert (found["runs"], found["trouble"]) == (False, []), "Of one that does not run nothing is known."


def test_who_waits_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Two supporters, one to be asked again; one who asked for silence stands in no count."""

    async def fill() -> None:
        settings = Settings.from_environment()
        now = await present(settings)
        times = dict.fromkeys(("created_at", "seen_at"), now)
        async with opened(settings) as database, database.write() as tx:
            for number, state, renews in (
                (1, "registered", True),
                (2, "registered", False),
                (3, "stopped", True),
            ):
                row = {
                    "telegram_id": number,
                    "pseudonym": f"p{number}",
                    "state": state,
                    "renew_contact": renews,
                }
                added = await tx.execute(sa.insert(people).values(**row, **times).returning(people.c.id))
                person = added.scalar_one()
            broadcast = {"key": "k", "kind": "gotv", "state": "active", "audience": {}, "area": "FR"}
            made = await tx.execute(
                sa.insert(broadcasts)
                .values(**broadcast, starts_at=now, created_at=now)
                .returning(broadcasts.c.id)
            )
            number = made.scalar_one()
            for receiver, state in ((person, "queued"), (person - 1, "in_doubt")):
                delivery = {"broadcast": number, "person": receiver, "state": state}
                await tx.execute(sa.insert(deliveries).values(**delivery, due_at=now, changed_at=now))

    asyncio.run(fill())
    found = told(capsys)
    counts = {name: found[name] for name in ("staff", "supporters", "to_renew", "due", "in_doubt")}
    assert counts == {"staff": 0, "supporters": 2, "to_renew": 1, "due": 1, "in_doubt": 1}
