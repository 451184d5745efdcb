"""What a bot may never need is not loaded with it, and what libraries load in vain is there for whoever uses it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from bot.spared import DONE_WITHOUT, SPARED

# One worker, with one process that has loaded the bot and nothing else: each program is run by a copy of it.
pytestmark = pytest.mark.xdist_group("spared")

LARGE = ("httpx", "sqlalchemy.orm", "apscheduler", "asyncpg")
END = "\0\n"
COPIES = f"""
import json, os, sys, traceback
import bot.app
for line in sys.stdin:
    child = os.fork()
    if not child:
        try:
            exec(json.loads(line), {{"sys": sys}})
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(child, 0)
    print({END.strip()!r}, flush=True)
"""

Ask = Callable[[str], str]


@pytest.fixture(scope="module")
def said_by() -> Iterator[Ask]:
    """What a program says, where a bot was loaded; this process has loaded whatever other tests needed."""
    with subprocess.Popen(
        [sys.executable, "-c", COPIES],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asks, answers = process.stdin, process.stdout

        def ask(program: str) -> str:
            asks.write(json.dumps(program) + "\n")
            asks.flush()
            said = ""
            while not said.endswith(END):
                line = answers.readline()
                assert line, f"It ended: {said}"
                said += line
            return said.removesuffix(END).strip()

        yield ask
        asks.close()


def test_a_bot_loads_none_of_it(said_by: Ask) -> None:
    spared = {name for names in (*SPARED.values(), *DONE_WITHOUT.values()) for name in names}
    looked_for = sorted({*LARGE, *spared})
    assert said_by(f"print(*(set({looked_for}) & set(sys.modules)))") == ""


def test_a_bot_loads_nothing_that_it_may_never_need(said_by: Ask) -> None:
    """Each takes a hundredth to a tenth of the start; the first file, page or server that needs it loads it."""
    unneeded = [
        *(
            "PIL",
            "aiohttp",
            "alembic",
            "asyncpg",
            "fpdf",
            "icalendar",
            "pyarrow",
            "segno",
            "starlette",
            "uvicorn",
        ),
        *("bot.demo", "bot.documents", "bot.rehearsal", "bot.web.console", "bot.web.mini_app", "simulator"),
    ]
    assert said_by(f"print(*(name for name in {unneeded} if name in sys.modules))") == ""


def test_a_bot_makes_the_functions_of_few_kinds_of_what_is_frozen(said_by: Ask) -> None:
    """To write and compile those of all took a fifth of the start."""
    kinds = "from bot.frozen import Frozen; kinds = Frozen.__subclasses__(); "
    said = said_by(kinds + "print(len(kinds), sum('__dataclass_fields__' in vars(kind) for kind in kinds))")
    loaded, made = map(int, said.split())
    assert (loaded > 300, made < loaded / 5) == (True, True), (loaded, made)


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
def test_whoever_uses_it_has_it(said_by: Ask, use: str, loaded: str) -> None:
    assert said_by(f"{use}; print({loaded!r} in sys.modules)") == "True"


def test_a_server_is_reached_by_the_driver_that_its_address_names(said_by: Ask) -> None:
    engine = (
        "from sqlalchemy.ext.asyncio import create_async_engine as c; e = c('postgresql+asyncpg://h/d'); "
    )
    assert said_by(f"{engine} print(e.dialect.driver, 'asyncpg' in sys.modules)") == "asyncpg True"


def told(imported: str, use: str) -> str:
    """A program that says what somebody is told who uses it in a way that it does not serve."""
    return f"{imported}\ntry: {use}\nexcept (RuntimeError, TypeError) as e: print(e)"


def test_whoever_makes_a_class_of_it_is_told_where_the_real_one_is(said_by: Ask) -> None:
    said = said_by(told("from sqlalchemy.ext.asyncio import AsyncSession as A", "type('Ours', (A,), {})"))
    assert "import sqlalchemy.ext.asyncio.session" in said


def test_python_telegram_bot_has_no_queue_of_jobs(said_by: Ask) -> None:
    assert "must be installed" in said_by(told("from telegram.ext import JobQueue", "JobQueue()"))
