"""The scripts that look at the documentation’s site and that give a release its version."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path("scripts") / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ('<a href="b/#here">b</a> <a href="https://elsewhere.example/">may be read</a>', []),
        ('<a href="c/">c</a>', ["index.html links to c/: there is no such page"]),
        ('<a href="b/#there">b</a>', ["index.html links to b/#there: there is no such place on it"]),
        ('<a href="#nowhere">b</a>', ["index.html links to #nowhere: there is no such place on it"]),
        ('<script src="https://x.example/a.js"></script>', ["index.html loads https://x.example/a.js"]),
        ('<link rel="stylesheet" href="//x.example/a.css">', ["index.html loads //x.example/a.css"]),
        ('<link rel="canonical" href="https://x.example/">', []),
        ('<img src="data:image/png;base64,AA==">', []),
    ],
)
def test_a_site_is_read_as_a_browser_reads_it(body: str, faults: list[str], tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "index.html").write_text('<h1 id="here">b</h1>')
    (tmp_path / "index.html").write_text(body)
    assert script("check_site").faults_in(tmp_path) == faults


def test_a_style_that_loads_from_elsewhere_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("body { background: url('https://x.example/a.png') }")
    assert script("check_site").faults_in(tmp_path) == ["a.css loads https://x.example/a.png"]


def test_a_release_gives_what_is_unreleased_a_version() -> None:
    changelog = Path("CHANGELOG.md").read_text(encoding="utf-8")
    module = script("set_version")
    history = module.released("# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.1.0\n", "0.3.0", "2026-12-01")
    assert history == "# Changelog\n\n## Unreleased\n\n## 0.3.0, 2026-12-01\n\n- New.\n\n## 0.1.0\n"
    with pytest.raises(ValueError, match="nothing under"):
        module.released(history, "0.3.1", "2026-12-01")
    assert module.UNRELEASED in changelog


def test_a_release_says_what_changed_in_it() -> None:
    module = script("set_version")
    history = "# Changelog\n\n## Unreleased\n\n## 0.3.0, 2026-12-01\n\n### Added\n\n- New.\n\n## 0.1.0\n\nThe first.\n"
    assert module.notes(history, "0.3.0") == "Portevoix 0.3.0\n\n### Added\n\n- New.\n"
    assert module.notes(history, "0.1.0") == "Portevoix 0.1.0\n\nThe first.\n"
    with pytest.raises(ValueError, match="tells nothing of"):
        module.notes(history, "0.3")


def test_the_version_stands_in_one_place() -> None:
    project = Path("pyproject.toml").read_text(encoding="utf-8")
    version = tomllib.loads(project)["project"]["version"]
    changed = script("set_version").with_version(project, "9.8.7")
    assert tomllib.loads(changed)["project"]["version"] == "9.8.7"
    assert changed.replace("9.8.7", version) == project
    said = re.compile(rf"(?<![\d.]){re.escape(version)}(?![\d.])")
    code = [*Path("bot").rglob("*.py"), *Path("locales").rglob("*.po"), *Path("simulator").rglob("*.py")]
    assert [str(file) for file in code if said.search(file.read_text(encoding="utf-8"))] == []
