"""What is made of catalogues and templates is kept for the next process, and serves only what it was made of."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jinja2 import DictLoader

from bot.words import texts
from locales import compiled


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, where things may be kept."""
    monkeypatch.setattr(compiled, "__file__", str(tmp_path / "compiled.py"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    return tmp_path


def test_it_is_found_by_who_asks_for_the_same_source(folder: Path) -> None:
    assert compiled.find("portevoix.fr", b"source") is None
    compiled.keep("portevoix.fr", b"source", b"made")
    compiled.keep("portevoix.en", b"source", b"other")
    assert compiled.find("portevoix.fr", b"source") == b"made"
    assert compiled.find("portevoix.fr", b"source, corrected") is None
    compiled.keep("portevoix.fr", b"source, corrected", b"made anew")
    assert compiled.find("portevoix.fr", b"source, corrected") == b"made anew"
    assert len(list(folder.rglob("*.*"))) == 2  # nothing half-written is left


@pytest.mark.parametrize("damage", [b"", b"\0" * 16, b"short"])
def test_a_damaged_one_is_made_anew(folder: Path, damage: bytes) -> None:
    compiled.keep("portevoix.fr", b"source", b"made")
    next(folder.rglob("*.kept")).write_bytes(damage)
    assert compiled.find("portevoix.fr", b"source") is None


def test_nothing_is_written_where_python_writes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    compiled.keep("portevoix.fr", b"source", b"made")
    assert not list(folder.iterdir())


def test_an_installation_that_belongs_to_somebody_else_serves_as_well(folder: Path) -> None:
    (folder / "__pycache__").write_text("stands for a folder that may not be written")
    compiled.keep("portevoix.fr", b"source", b"made")
    assert compiled.find("portevoix.fr", b"source") is None


def test_a_template_is_compiled_once_for_all_processes_and_anew_when_it_changes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"greeting.html.j2": "Hello {{ name }}"}

    def rendered() -> tuple[str, int]:
        """As a process of its own; how often it compiled."""
        monkeypatch.setattr(texts._CompiledOnce, "compiled", {})
        environment = texts.markdown_environment("en", {})
        environment.loader = DictLoader(said)
        times = 0
        compile_ = environment.compile

        def counted(*given: object, **named: object) -> object:
            nonlocal times
            times += 1
            return compile_(*given, **named)  # type: ignore[call-overload]  # passed on as they are

        monkeypatch.setattr(environment, "compile", counted)
        return environment.get_template("greeting.html.j2").render(name="Zoé"), times

    assert rendered() == ("Hello Zoé", 1)
    assert rendered() == ("Hello Zoé", 0)
    said["greeting.html.j2"] = "Good evening {{ name }}"
    assert rendered() == ("Good evening Zoé", 1)
    texts._made_with.cache_clear()
    monkeypatch.setattr("babel.__version__", "0")
    assert rendered() == ("Good evening Zoé", 1)
    texts._made_with.cache_clear()
    assert len(list(folder.rglob("*.kept"))) == 1
