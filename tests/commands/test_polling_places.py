"""`portevoix polling-places import`: shown, asked for, imported whole or not at all."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from bot.cli import main

PLACES = "commune;nom;adresse\n69266;Mairie;1 place X\n"


def places_file(tmp_path: Path, text: str = PLACES) -> str:
    file = tmp_path / "places.csv"
    file.write_text(text, encoding="latin-1")
    return str(file)


def test_polling_places_are_shown_before_they_are_imported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = places_file(tmp_path)
    assert main(["polling-places", "import", file]) == 0  # standard input is no terminal here
    shown = capsys.readouterr().out
    assert "69266  Villeurbanne (69): 1 place, line 2" in shown
    assert "1 new, 0 changed, 0 the same, 0 removed" in shown
    assert "Nothing was imported: this is a preview. Run it again with --yes" in shown
    assert main(["polling-places", "import", file, "--yes"]) == 0
    assert "1 polling place imported." in capsys.readouterr().out
    assert main(["polling-places", "import", file]) == 0
    assert "0 new, 0 changed, 1 the same" in capsys.readouterr().out
    main(["export", "audit", "--format", "jsonl", "--out", "-"])
    assert '"import_polling_places"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("said", "status", "told"),
    [("oui", 0, "1 polling place imported."), ("", 1, "Nothing was imported."), ("n", 1, "Nothing was")],
)
def test_on_a_terminal_the_import_is_asked_for(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    status: int,
    told: str,
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(f"{said}\n"))
    assert main(["polling-places", "import", places_file(tmp_path)]) == status
    assert told in capsys.readouterr().out


def test_a_file_with_a_fault_imports_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = places_file(tmp_path, PLACES + "Xyzzyville;École;2 place X\n")
    assert main(["polling-places", "import", file, "--yes"]) == 2
    told = capsys.readouterr().err
    assert "line 3: there is no commune “Xyzzyville”" in told
    assert told.splitlines()[-1].startswith("portevoix: ")
    assert main(["polling-places", "import", places_file(tmp_path)]) == 0
    assert "1 new, 0 changed, 0 the same" in capsys.readouterr().out
    assert main(["polling-places", "import", str(tmp_path / "none.csv")]) == 2
    assert "none.csv cannot be read" in capsys.readouterr().err


def test_the_example_of_polling_places_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["polling-places", "import", "campaigns/primaire-2016/polling-places-example.csv"]) == 0
    assert "6 polling places in 4 communes" in capsys.readouterr().out
