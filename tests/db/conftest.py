"""Here the database itself is tested: statements run in threads of their own, as they do in the bot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.script import ScriptDirectory

from db.upgrade import config


@pytest.fixture
def statements_run_here() -> bool:
    """They do not."""
    return False


@pytest.fixture(scope="session", autouse=True)
def revisions_are_read_once() -> Iterator[None]:
    """Alembic reads every file of them each time that it climbs or descends one."""
    scripts = ScriptDirectory.from_config(config())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScriptDirectory, "from_config", lambda _settings: scripts)
        yield
