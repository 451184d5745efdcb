"""A database as 0.1.0 left it, in the night before a message was to leave: upgraded, nobody and nothing of it is lost,
and nothing is sent twice. `make_0_1_0.py` tells how it was made.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa

import simulator.updates
from bot.settings import Settings
from bot.startup import opened
from db.engine import FILE_NAME
from db.schema import consents, deliveries, people, responses, rsvps, staff, vote_plans
from db.upgrade import revisions
from simulator.client import Person, Simulator
from tests.conftest import KEY
from tests.reading import Reader
from tests.story import Story, command, environment_of, telling

FIXTURES = Path(__file__).parent
CLAIRE, SOPHIE, KARIM, PAUL = "Claire", "Sophie", "Karim", "Paul"
MORNING = "2016-11-17T09:30+01:00"
OLD = "0006"
HELD = {
    people: 4,
    consents: 8,
    staff: 2,
    rsvps: 2,
    vote_plans: 1,
    deliveries: 16,
    responses: 25,
}
"""How many rows of each kind 0.1.0 left."""
READ = Reader("fr")


@dataclass
class Left:
    """What 0.1.0 left: the settings that open it, and the people in the order in which Telegram knew them."""

    settings: Mapping[str, str]
    people: dict[str, Person] = field(default_factory=dict)

    async def load(self) -> Mapping[str, str]:
        """Fills the server, where it is one; the settings."""
        if (url := self.settings.get("PORTEVOIX_DATABASE")) is not None:
            connection = await asyncpg.connect(url.replace("+asyncpg", ""))
            await connection.execute((FIXTURES / "portevoix-0.1.0.sql").read_text(encoding="utf-8"))
            await connection.close()
        return self.settings

    async def prepare(self, _settings: Settings, simulator: Simulator) -> None:
        for name in (CLAIRE, SOPHIE, KARIM, PAUL):
            self.people[name] = await simulator.person(name, started=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def left(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Left:
    # Telegram goes on counting, where a local one begins anew.
    monkeypatch.setattr(simulator.updates, "FIRST_ID", simulator.updates.FIRST_ID + 1_000)
    if request.param == "postgresql":
        keys = tmp_path / "keys" / "database.key"
        url = request.getfixturevalue("empty_postgresql")
        return Left({"PORTEVOIX_DATABASE": url, "PORTEVOIX_DATABASE_KEY_FILE": str(keys)})
    (tmp_path / "data").mkdir()
    shutil.copyfile(FIXTURES / "portevoix-0.1.0.db", tmp_path / "data" / FILE_NAME)
    return Left({"PORTEVOIX_DATABASE_KEY": KEY.hex})


async def test_everybody_is_there_and_a_copy_from_before(left: Left, tmp_path: Path) -> None:
    environment = {**environment_of("http://127.0.0.1:9", tmp_path), **await left.load()}
    del environment["PORTEVOIX_CLOCK"]
    refused = await command(environment, "staff", "list")
    assert refused.status == 2
    assert f"(revision {OLD}, which makes {revisions()[-1]})" in refused.err
    upgraded = await command(environment, "db", "upgrade")
    assert upgraded.status == 0, upgraded.err
    (copy,) = (tmp_path / "data").glob(f"*revision-{OLD}*")
    assert str(copy) in upgraded.out
    async with opened(Settings.from_environment(environment)) as database, database.read() as tx:
        for table, count in HELD.items():
            assert (await tx.execute(sa.select(sa.func.count()).select_from(table))).scalar_one() == count, (
                table
            )
    # The copy is a backup as any other, also of a server: here it comes to an empty folder.
    elsewhere = {**environment, "PORTEVOIX_DATA": str(tmp_path / "elsewhere")}
    elsewhere.pop("PORTEVOIX_DATABASE", None)
    restored = await command(elsewhere, "restore", str(copy))
    assert restored.status == 0, restored.err
    async with opened(Settings.from_environment(elsewhere)) as database, database.read() as tx:
        assert (await tx.execute(sa.select(sa.func.count()).select_from(people))).scalar_one() == HELD[people]


async def test_nothing_is_sent_twice_and_nothing_before_a_changed_text_is_agreed_to(
    left: Left, tmp_path: Path
) -> None:
    """What waited for the morning is due when the bot starts: it waits for the answer to the text that changed."""
    async with telling(tmp_path, at=MORNING, prepare=left.prepare, more=await left.load()) as story:
        await story.settled()
        claire, paul = left.people[CLAIRE], left.people[PAUL]
        for person in (claire, paul):
            (asked,) = await received(person)
            assert READ.says("What you agreed to is worded differently now").search(asked)
        for person in (left.people[SOPHIE], left.people[KARIM]):
            assert await received(person) == []  # of the team, and no supporters
        await agree(claire)
        await story.settled()
        await story.jump("2016-11-18T18:00+01:00")
        await claire.expect(READ.says("Is your plan still on?"))
        await story.jump("2016-11-20T11:00+01:00")
        await claire.expect(READ.says("Today is polling day"))
        texts = await received(claire)
        assert len(texts) == len(set(texts))
        assert await received(paul) == [asked]  # he did not answer
        await finds_her_plan(story)


async def agree(person: Person) -> None:
    await person.tap(READ.label("Writing to me"))
    await person.tap(READ.label("Yes, write to me"))


async def finds_her_plan(story: Story) -> None:
    """What she told 0.1.0 is what the export tells today."""
    rows = await story.exported("responses")
    assert ("plan.slot", "1", "midday") in {(row["question"], row["subject"], row["answer"]) for row in rows}


async def received(person: Person) -> list[str]:
    return [message.text for message in await person.messages() if message.sender == "bot"]
