"""What import contracts cannot say: every rule runs, SQL stands in `db` alone, handlers ask actions for all of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.callers import Code, Name

RULES = "bot.rules"
PRODUCT = ("bot", "handlers", "db", "locales", "campaigns")
SQL = {"sqlalchemy", "alembic", "aiosqlite", "asyncpg", "sqlcipher3", "sqlite3"}
RUNNING = {"execute", "executemany", "executescript", "exec_driver_sql", "scalar", "scalars"}
"""How a connection is told to run a statement."""


def is_a_rule(name: Name) -> bool:
    return name[0].startswith(f"{RULES}.") and not name[1].startswith("_")


def idle_rules(code: Code) -> list[str]:
    """The public names of the rules that nothing outside of them leads to."""
    outside = [
        name
        for module, tree in code.modules.items()
        if not module.startswith(RULES)
        for name in code.uses(module, tree)
    ]
    reached = code.reached_from(outside)
    return sorted(".".join(name) for name in code.definitions if is_a_rule(name) and name not in reached)


def test_every_rule_has_a_caller_in_the_product() -> None:
    """A rule that only tests call says what the product does not do: it is called by who decides so, or goes."""
    assert idle_rules(Code.of(*PRODUCT)) == []


def test_a_rule_that_only_another_idle_rule_calls_is_found() -> None:
    modules = {
        "bot.rules.votes": "def may_vote():\n    return _of_age()\n\n\ndef may_both():\n    return may_vote()\n\n\n"
        "def _of_age():\n    return True\n\n\ndef is_open():\n    return True\n",
        "bot.rules.people": "from bot.rules.votes import is_open\n\nLEAST = 17\n",
        "bot.actions.votes": "import bot.rules.votes as votes\nfrom bot.rules.people import is_open\n\n"
        "def vote():\n    return is_open()\n",
    }
    code = Code({name: ast.parse(text) for name, text in modules.items()})
    assert idle_rules(code) == [
        "bot.rules.people.LEAST",
        "bot.rules.votes.may_both",
        "bot.rules.votes.may_vote",
    ]


def imports_of(tree: ast.Module) -> Iterator[tuple[str, str | None]]:
    """The modules that are imported, each with the name that is taken from it, None: the module itself."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((each.name, None) for each in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from ((module, each.name) for each in names)


def is_of(package: str, module: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def sql_outside(code: Code) -> list[str]:
    """What modules take of SQLAlchemy, or of a driver, beyond the type of the transaction they hand on."""
    return sorted(
        f"{module}: {source}.{name or ''}"
        for module, tree in code.modules.items()
        for source, name in imports_of(tree)
        if source.split(".")[0] in SQL and (source, name) != ("sqlalchemy.ext.asyncio", "AsyncConnection")
    )


def statements_outside(code: Code) -> list[str]:
    """Where modules run a statement themselves."""
    return sorted(
        f"{module}: {node.func.attr}"
        for module, tree in code.modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RUNNING
    )


def queries_taken(code: Code, records: Code) -> list[str]:
    """What modules take of `db` that asks the database: a module, or a function that has to be awaited."""
    return sorted(
        f"{module}: {source}.{name or ''}"
        for module, tree in code.modules.items()
        for source, name in imports_of(tree)
        if is_of("db", source) and not (name is not None and is_plain(records, (source, name)))
    )


def is_plain(records: Code, name: Name) -> bool:
    """Whether it is a type, or a function that needs no database."""
    match records.definitions.get(name):
        case ast.ClassDef() | ast.FunctionDef():
            return True
        case ast.Assign():
            return name[1][0].isupper() and not name[1].isupper()
    return False


def test_sql_stands_only_in_db() -> None:
    """Not in the actions either, and no text of it."""
    code = Code.of("bot", "handlers", "locales", "campaigns")
    assert sql_outside(code) == []
    assert statements_outside(code) == []


def test_handlers_reach_the_database_through_actions_alone() -> None:
    """Of `db` they know the records that actions give them, and what can be read off these; they ask nothing."""
    assert queries_taken(Code.of("handlers"), Code.of("db")) == []


@pytest.mark.parametrize(
    "line",
    [
        "import sqlalchemy as sa",
        "from sqlalchemy import text",
        "from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine",
        "import aiosqlite",
    ],
)
def test_sql_in_an_action_is_found(line: str) -> None:
    assert sql_outside(Code({"bot.actions.votes": ast.parse(line)}))


def test_a_statement_in_an_action_is_found() -> None:
    text = "async def vote(tx):\n    await tx.exec_driver_sql('DELETE FROM people')\n"
    assert statements_outside(Code({"bot.actions.votes": ast.parse(text)})) == [
        "bot.actions.votes: exec_driver_sql"
    ]


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("from db.people import Person, renewals_due", False),
        ("import db.people", True),
        ("from db import people", True),
        ("from db.people import change", True),
        ("from db.schema import people", True),
    ],
)
def test_a_handler_that_asks_the_database_is_found(line: str, *, refused: bool) -> None:
    assert bool(queries_taken(Code({"handlers.votes": ast.parse(line)}), Code.of("db"))) is refused
