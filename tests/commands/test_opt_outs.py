"""`portevoix opt-outs import`: asked for, and imported whole or not at all."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from bot.cli import main
from tests.commanding import refusal


def test_a_list_of_people_who_opted_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "stop.csv"
    file.write_text("name;telegram_id\nX;5\nY;6\nZ;6\n", encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    assert main(["opt-outs", "import", str(file)]) == 1
    said = capsys.readouterr()
    assert "names 2 people (lines that repeat one: 1)" in said.out
    assert "2  are unknown" in said.out
    assert "Nothing was changed." in said.err
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert "with --yes" in refusal(capsys, "opt-outs", "import", str(file))
    assert main(["opt-outs", "import", str(file), "--yes"]) == 0
    assert "0 stood on the suppression list before" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    assert main(["opt-outs", "import", str(file)]) == 0
    assert "2 stood on the suppression list before" in capsys.readouterr().out
    assert main(["audit", "verify"]) == 0
    assert capsys.readouterr().out.startswith("2 entries")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"1\nx\n2\n-5", "has 2 faults: nothing was imported"),
        (b"1\n\xff\xfe", "line 2: this is not UTF-8"),
        (b"\n# nobody\n", "names nobody"),
        (b"1\n" + b"x\n" * 29, "has 29 faults (the first 20 are above)"),
        (None, "cannot be read (no such file or directory)"),
    ],
)
def test_a_list_with_a_fault_is_not_imported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, sentence: str
) -> None:
    file = tmp_path / "stop.txt"
    if content is not None:
        file.write_bytes(content)
    assert sentence in refusal(capsys, "opt-outs", "import", str(file), "--yes")
    assert main(["audit", "verify"]) == 0
    assert capsys.readouterr().out.startswith("0 entries")
