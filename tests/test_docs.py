"""The documents say what is: their links lead somewhere, what they have people run works."""

from __future__ import annotations

import re
import shlex
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.cli import parser
from bot.settings import VARIABLES
from db.backup import RESTORED_AT
from db.engine import Database
from db.facts import get_fact
from db.schema import broadcasts, deliveries, people, updates
from handlers import COMMANDS
from tests.conversation import paris

README = Path("README.md")
DOCUMENTS = [*sorted(Path().glob("*.md")), *sorted(Path("docs").glob("*.md"))]
HOSTING = Path("docs/hosting.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target.partition("#")[0]).exists(), target


def test_the_readme_leads_to_every_document() -> None:
    written = README.read_text(encoding="utf-8")
    for document in set(DOCUMENTS) - {README}:
        assert str(document) in written


@pytest.mark.parametrize("line", re.findall(r"^ +(?:\./)?portevoix [a-z].*", HOSTING, re.MULTILINE))
def test_every_command_of_hosting_is_understood(line: str) -> None:
    # What the shell fills in, and the end of a text that runs over several lines.
    plain = re.sub(r"\$\([^)]*\)", "DATE", line.partition("#")[0])
    for command in plain.removesuffix('"' if plain.count('"') % 2 else "").split("&&"):
        words = shlex.split(command)[1:]
        parser().parse_args(words)


def test_every_setting_of_hosting_exists() -> None:
    assert set(re.findall(r"PORTEVOIX_[A-Z_]+", HOSTING)) <= set(VARIABLES)


def commands(of: ArgumentParser, path: str = "portevoix") -> Iterator[tuple[str, ArgumentParser]]:
    """Each command that does something, by what is typed."""
    groups = [action for action in of._actions if isinstance(action, _SubParsersAction)]
    for group in groups:
        for name, below in group.choices.items():
            yield from commands(below, f"{path} {name}")
    if not groups:
        yield path, of


def test_every_command_and_option_is_told() -> None:
    told = Path("docs/commands.md").read_text(encoding="utf-8")
    everywhere = "".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    for command, its in commands(parser()):
        assert f"`{command}" in told, f"docs/commands.md does not tell `portevoix {command}`"
        for option in (word for action in its._actions for word in action.option_strings):
            assert option in everywhere or option in ("-h", "--help"), (command, option)
    for command in COMMANDS:
        assert f"`/{command.name}`" in told, f"docs/commands.md does not tell /{command.name}"


async def test_after_a_restored_dump_nothing_leaves_twice(postgresql_database: Database) -> None:
    """The SQL that hosting.md has people run, on PostgreSQL."""
    script = re.search(r"```sql\nBEGIN;\n(.*?)COMMIT;\n```", HOSTING, re.DOTALL)
    assert script is not None
    now = paris("2016-11-16T10:00")
    later = datetime.max.replace(tzinfo=now.tzinfo) - timedelta(days=9)
    async with postgresql_database.write() as tx:
        person = {"telegram_id": 1, "pseudonym": "p", "created_at": now, "seen_at": now}
        made = await tx.execute(sa.insert(people).values(person).returning(people.c.id))
        number = made.scalar_one()
        for key, state, due in (
            ("due", "queued", now),
            ("posted", "sending", now),
            ("later", "queued", later),
        ):
            row = {"key": key, "kind": "gotv", "state": "scheduled", "audience": {}, "area": "FR"}
            row |= {"starts_at": due, "created_at": now}
            added = await tx.execute(sa.insert(broadcasts).values(row).returning(broadcasts.c.id))
            delivery = {"broadcast": added.scalar_one(), "person": number, "state": state}
            await tx.execute(sa.insert(deliveries).values(delivery | {"due_at": due, "changed_at": now}))
        answered = {"update_id": 5, "state": "answered", "body": b"x", "replies": [{}], "received_at": now}
        await tx.execute(sa.insert(updates).values(answered))
    async with postgresql_database.write() as tx:
        for statement in script[1].split(";\n"):
            if statement.strip():
                await tx.exec_driver_sql(statement)
    async with postgresql_database.read() as tx:
        states = (await tx.execute(sa.select(deliveries.c.state).order_by(deliveries.c.id))).scalars().all()
        assert states == ["in_doubt", "in_doubt", "queued"]
        paused = (await tx.execute(sa.select(broadcasts.c.state).order_by(broadcasts.c.id))).scalars().all()
        assert paused == ["paused", "paused", "scheduled"]
        kept = (await tx.execute(sa.select(updates.c.state, updates.c.body, updates.c.replies))).one()
        assert tuple(kept) == ("done", None, None)
        restored_at = datetime.fromisoformat(await get_fact(tx, RESTORED_AT))
    assert restored_at.tzinfo is not None
