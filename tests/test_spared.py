"""What libraries load in vain is not loaded with the bot, and is there for whoever uses it after all."""

from __future__ import annotations

import pytest

from bot.spared import DONE_WITHOUT, SPARED
from tests.commanding import run_here

LOADS = "import sys; import bot.app; "
LARGE = ("httpx", "sqlalchemy.orm", "apscheduler", "asyncpg")


def said_by(program: str) -> str:
    """By a process of its own: this one has loaded whatever other tests needed."""
    ended = run_here("-c", LOADS + program, environment={}, module=None)
    assert ended.stderr == ""
    return ended.stdout.strip()


def test_a_bot_loads_none_of_it() -> None:
    spared = {name for names in (*SPARED.values(), *DONE_WITHOUT.values()) for name in names}
    looked_for = sorted({*LARGE, *spared})
    assert said_by(f"print(*(set({looked_for}) & set(sys.modules)))") == ""


@pytest.mark.parametrize(
    ("use", "loaded"),
    [
        # A library that names a module uses it.
        ("from telegram.request import HTTPXRequest; HTTPXRequest()", "httpx"),
        # What was taken out of a module is called.
        ("from sqlalchemy.ext.asyncio import AsyncSession; AsyncSession()", "sqlalchemy.orm"),
        # Somebody imports it by name.
        ("import httpx; httpx.Client().close()", "httpx"),
        ("from sqlalchemy.dialects.postgresql.asyncpg import dialect; dialect()", "sqlalchemy.dialects"),
    ],
)
def test_whoever_uses_it_has_it(use: str, loaded: str) -> None:
    assert said_by(f"{use}; print({loaded!r} in sys.modules)") == "True"


def test_a_server_is_reached_by_the_driver_that_its_address_names() -> None:
    engine = (
        "from sqlalchemy.ext.asyncio import create_async_engine as c; e = c('postgresql+asyncpg://h/d'); "
    )
    assert said_by(f"{engine} print(e.dialect.driver, 'asyncpg' in sys.modules)") == "asyncpg True"


def told(imported: str, use: str) -> str:
    """What somebody is told who uses it in a way that it does not serve."""
    return said_by(f"pass\n{imported}\ntry: {use}\nexcept (RuntimeError, TypeError) as e: print(e)")


def test_whoever_makes_a_class_of_it_is_told_where_the_real_one_is() -> None:
    said = told("from sqlalchemy.ext.asyncio import AsyncSession as A", "type('Ours', (A,), {})")
    assert "import sqlalchemy.ext.asyncio.session" in said


def test_python_telegram_bot_has_no_queue_of_jobs() -> None:
    assert "must be installed" in told("from telegram.ext import JobQueue", "JobQueue()")
