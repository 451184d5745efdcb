"""The rules stay pure: no I/O, no clock, nothing of the program above them."""

import ast
from pathlib import Path

import pytest

FILES = sorted(Path("bot/rules").glob("*.py"))
ALLOWED_FROM_BOT = ("bot.rules.", "bot.errors", "bot.frozen")
FORBIDDEN = {
    "asyncio",
    "os",
    "pathlib",
    "time",
    "socket",
    "telegram",
    "sqlalchemy",
    "starlette",
    "jinja2",
    "aiohttp",
}
FORBIDDEN_CALLS = {"open", "print", "now", "utcnow", "today"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_rule_imports_and_calls_nothing_that_is_not_pure(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                assert not {alias.name.split(".")[0] for alias in names} & (FORBIDDEN | {"bot"})
            case ast.ImportFrom(module=str(module)):
                assert module.split(".")[0] not in FORBIDDEN
                assert not module.startswith("bot.") or module.startswith(ALLOWED_FROM_BOT)
            case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
                assert name not in FORBIDDEN_CALLS


def test_there_are_rules() -> None:
    assert len(FILES) > 15
