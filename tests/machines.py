"""Playing a state machine of hypothesis on a database, on each engine: fresh for each of its runs."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeAlias

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine

from bot.commands.running import new_loop
from db.engine import FILE_NAME, Database, open_database, prepared
from db.key import DatabaseKey
from db.schema import metadata
from tests.thorough import IS_THOROUGH

Opened: TypeAlias = Callable[[Path], Coroutine[Any, Any, Database]]
"""Opens an empty database; a file of it lies in the folder."""


class Machine(RuleBasedStateMachine):
    """A machine with an event loop and a folder of its own. `opened` is set by `played`."""

    opened: Opened
    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=new_loop)
        self.folder = tempfile.TemporaryDirectory()

    def run(self, work: Any) -> Any:
        return self.runner.run(asyncio.wait_for(work, 60))

    async def open_database(self) -> Database:
        self.database = await type(self).opened(Path(self.folder.name))
        return self.database

    def teardown(self) -> None:
        try:
            if hasattr(self, "database"):
                self.run(self.database.close())
        finally:
            self.runner.close()  # what still runs in its loop is ended first, or would be told of as lost
            self.folder.cleanup()


def played(machine: type[Machine], opened: Opened, *, examples: int, steps: int) -> None:
    """By day half of its runs: each is a long one."""
    case = type(machine.__name__, (machine,), {"opened": staticmethod(opened)}).TestCase
    case.settings = settings(
        max_examples=examples if IS_THOROUGH else -(-examples // 2),
        stateful_step_count=steps,
        deadline=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    case("runTest").runTest()


def on_sqlite(template: Path, key: DatabaseKey) -> Opened:
    async def opened(folder: Path) -> Database:
        shutil.copyfile(template, folder / FILE_NAME)
        return prepared(folder / FILE_NAME, key, here=True)

    return opened


def on_postgresql(address: str) -> Opened:
    async def opened(folder: Path) -> Database:
        database = await open_database(address, folder=folder)
        tables = ", ".join(table.name for table in metadata.sorted_tables)
        async with database.write() as tx:
            await tx.execute(sa.text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
        return database

    return opened
