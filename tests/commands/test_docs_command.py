"""`portevoix docs`, and the examples that the documents name: there in a checkout, in a wheel and in every folder."""

from __future__ import annotations

import sys
from pathlib import Path
from subprocess import run
from zipfile import ZipFile

import pytest

from bot.cli import main
from tests.commanding import refusal

ROOT = Path(__file__).parent.parent.parent
FILES = [file for file in (ROOT / "docs").iterdir() if file.suffix in (".md", ".json")]
PAGES = sorted(file.stem for file in FILES)
UNITS = sorted(file.name for file in (ROOT / "deploy").glob("portevoix*"))
EXAMPLES = sorted(file.parent.name for file in (ROOT / "campaigns").glob("*/campaign.toml"))


def test_every_page_and_example_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["docs"]) == 0
    rows = capsys.readouterr().out.splitlines()[1:]
    assert [row.split()[0] for row in rows] == PAGES + UNITS + EXAMPLES
    assert all(len(row.split()) > 1 for row in rows), "Each says what it is about."


@pytest.mark.parametrize(
    "named", ["settings", "settings.md", "docs/settings.md", "docs/settings.md#the-clock"]
)
def test_a_page_is_printed_however_a_text_names_it(capsys: pytest.CaptureFixture[str], named: str) -> None:
    assert main(["docs", named]) == 0
    assert capsys.readouterr().out == (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def test_the_dashboard_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["docs", "grafana"]) == 0
    assert capsys.readouterr().out == (ROOT / "docs" / "grafana.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("unit", UNITS)
def test_what_a_service_manager_needs_is_printed_as_it_is(
    capsys: pytest.CaptureFixture[str], unit: str
) -> None:
    assert main(["docs", unit]) == 0
    assert capsys.readouterr().out == (ROOT / "deploy" / unit).read_text(encoding="utf-8")


def test_an_example_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["docs", "campaigns/primaire-2016"]) == 0
    shown = capsys.readouterr().out
    assert shown == (ROOT / "campaigns" / "primaire-2016" / "campaign.toml").read_text(encoding="utf-8")


def test_a_page_that_does_not_exist_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(capsys, "docs", "setings") == "There is no page setings: did you mean settings?"
    assert refusal(capsys, "docs", "?") == "There is no page ?: `portevoix docs` lists them."


def test_the_wheel_brings_them_along(tmp_path: Path) -> None:
    built = run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    with ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    assert {f"bot/docs/{file.name}" for file in FILES} <= names
    assert {f"campaigns/{example}/campaign.toml" for example in EXAMPLES} <= names


def test_the_examples_of_the_documents_are_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check", "campaigns/presidentielle-2027"]) == 0
    assert main(["polling-places", "import", "campaigns/primaire-2016/polling-places-example.csv"]) == 0
    assert "polling places in" in capsys.readouterr().out
    assert "cannot be read" in refusal(capsys, "polling-places", "import", "campaigns/nothing.csv")
