"""`portevoix export …`: what the files hold, what is noted, and what cannot be ordered."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main
from bot.exporting import formats
from tests.commanding import refusal


def test_an_export_appears_whole_and_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["staff", "add", "--telegram-id", "42", "--role", "admin"])
    out = tmp_path / "audit.csv"
    assert main(["export", "audit", "--format", "csv", "--out", str(out)]) == 0
    assert "holds 2 rows" in capsys.readouterr().err
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"))))
    assert [row["action"] for row in rows] == ["add_staff", "export_audit"]
    assert rows[0]["at"] == "2016-11-16T07:00:00.000Z"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir() if "audit" in file.name] == ["audit.csv"]
    assert main(["audit", "verify"]) == 0
    assert capsys.readouterr().out.startswith("2 entries, the chain is whole. Last hash: ")


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="Linux alone has files without a name")
def test_an_export_has_no_name_before_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of whoever is killed (SIGKILL), which nobody can tidy up after, nothing is left in the folder."""
    folder, real = tmp_path / "exports", formats._Csv.close
    folder.mkdir()
    seen: list[list[str]] = []

    def close(self: Any) -> None:
        seen.append(os.listdir(folder))
        real(self)

    monkeypatch.setattr(formats._Csv, "close", close)
    out = folder / "audit.csv"
    for before in ([], ["audit.csv"]):
        assert main(["export", "audit", "--format", "csv", "--out", str(out)]) == 0
        assert seen.pop() == before
        assert os.listdir(folder) == ["audit.csv"]
        assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_an_export_that_is_ended_leaves_no_half_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By `timeout`, a service manager, a logout: they send SIGTERM. Where each file has a name."""
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    main(["staff", "add", "--telegram-id", "42", "--role", "admin"])
    begun: list[str] = []

    def end(_self: object) -> None:
        begun.extend(file.name for file in tmp_path.iterdir() if file.name.endswith(".part"))
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("bot.exporting.formats._Csv.close", end)
    assert main(["export", "audit", "--format", "csv", "--out", str(tmp_path / "audit.csv")]) == 130
    assert begun
    assert [file.name for file in tmp_path.iterdir() if "audit" in file.name] == []


@pytest.mark.parametrize("format_", ["csv", "jsonl", "xlsx"])
def test_an_export_to_standard_output(format_: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["export", "responses", "--format", format_, "--out", "-"]) == 0
    said = capsysbinary.readouterr()
    assert said.out[:2] == {"csv": b"at", "jsonl": b"", "xlsx": b"PK"}[format_]
    assert b"nothing to export" in said.err


REFUSED_EXPORTS = {
    "a folder that does not exist": (["--out", "/nonexistent/x.csv"], "cannot be written"),
    "a folder as a file": (["--out", "/tmp"], "cannot be written"),
    "an unknown territory": (["--out", "-", "--territory", "Atlantis"], "is not an area"),
    "a day that does not exist": (["--out", "-", "--since", "2016-02-31"], "is not an instant"),
    "a period that ends before it begins": (
        ["--out", "-", "--since", "2016-11-20", "--until", "2016-11-19"],
        "is not before",
    ),
}


@pytest.mark.parametrize("name", REFUSED_EXPORTS)
def test_an_export_that_cannot_be(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, sentence = REFUSED_EXPORTS[name]
    assert sentence in refusal(capsys, "export", "responses", *arguments)
    main(["audit", "verify"])
    assert capsys.readouterr().out.startswith("0 entries")


def test_the_log_has_no_area(capsys: pytest.CaptureFixture[str]) -> None:
    assert "whole campaign" in refusal(capsys, "export", "audit", "--out", "-", "--territory", "69")


ORDERS = {
    "an area": (["responses", "--area", "69"], {"area": "69", "format": "csv"}),
    "an area by its older name": (["responses", "--territory", "69"], {"area": "69"}),
    "a ballot": (
        ["responses", "--ballot", "2", "--since", "2016-11-01", "--until", "2016-12-01"],
        {"ballot": 2, "since": "2016-11-01T00:00:00+00:00"},
    ),
    "a layout": (["supporters", "--layout", "nationbuilder"], {"layout": "nationbuilder", "format": "csv"}),
    "another": (["attendance", "--layout", "osdi", "--format", "jsonl"], {"layout": "osdi"}),
}


@pytest.mark.parametrize("name", ORDERS)
def test_an_export_narrowed_or_laid_out(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order, expected = ORDERS[name]
    assert main(["export", *order, "--out", str(tmp_path / "out")]) == 0
    assert "the file holds no rows" in capsys.readouterr().err
    assert main(["export", "audit", "--format", "jsonl", "--out", str(tmp_path / "log")]) == 0
    noted = json.loads((tmp_path / "log").read_text(encoding="utf-8").splitlines()[0])["details"]
    assert {name: noted[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["audit", "--area", "69"], "The audit log tells of the whole campaign: leave --area out."),
        (["audit", "--event", "x"], "audit cannot be narrowed by --event: leave it out."),
        (["attendance", "--ballot", "1"], "attendance cannot be narrowed by --ballot: leave it out."),
        (["responses", "--ballot", "9"], "There is no ballot 9: the campaign has 1, 2."),
        (["responses", "--event", "nope"], "There is no event nope: its code is in its link, after `ev_`."),
        (["responses", "--layout", "osdi"], "The layout osdi has no responses, only supporters, attendance."),
        (
            ["supporters", "--layout", "osdi", "--format", "csv"],
            "The layout osdi is written as jsonl: leave --format out.",
        ),
    ],
)
def test_an_export_that_makes_no_sense_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    assert refusal(capsys, "export", *arguments, "--out", str(tmp_path / "out")) == sentence
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="it has no pseudo-terminals")
def test_progress_is_shown_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import pty

    main(["staff", "add", "--telegram-id", "42", "--role", "admin"])
    seen, terminal = pty.openpty()
    with os.fdopen(terminal, "w") as screen:
        monkeypatch.setattr("sys.stderr", screen)
        assert main(["export", "audit", "--out", str(tmp_path / "log.csv")]) == 0
        screen.flush()
        shown = ""
        while "holds 2 rows." not in shown:
            shown += os.read(seen, 4096).decode()
    os.close(seen)
    assert "2 rows …" in shown
    assert "rows …" not in shown.rpartition("\x1b[K")[2]


def test_several_tables_are_a_set_in_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "set"
    assert main(["export", "supporters", "responses", "--out", str(folder)]) == 0
    assert sorted(each.name for each in folder.iterdir()) == ["responses.csv", "supporters.csv"]
    assert main(["export", "supporters", "responses", "--out", "-"]) == 2
    assert "--out names the folder" in capsys.readouterr().err


def test_a_file_for_a_team_is_of_an_area(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "supporters", "--for-team", "--out", "-"]) == 2
    assert "--for-team needs --area" in capsys.readouterr().err
