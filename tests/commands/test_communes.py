"""`portevoix communes …`: found, near, and known."""

from __future__ import annotations

import io
import json

import pytest

from bot.cli import main
from tests.commanding import refusal


def test_communes_answer_line_by_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("paris 15\n\nst etienne\nxyzzyx\n"))
    assert main(["communes", "search", "--jsonl", "--limit", "2"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["query"] for answer in answers] == ["paris 15", "", "st etienne", "xyzzyx"]
    assert answers[0]["confident"] is True
    assert answers[0]["results"][0] == {
        "code": "75115",
        "name": "Paris 15e",
        "department": "75",
        "postcodes": ["75015"],
        "zone": "Europe/Paris",
    }
    assert answers[3]["results"] == []


def test_communes_near_and_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["communes", "nearest", "-22.27", "166.44"]) == 0
    assert "Pacific/Noumea" in capsys.readouterr().out
    assert main(["communes", "info", "69123"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "Lyon"
    assert "There is no commune 00000" in refusal(capsys, "communes", "info", "00000")
    assert "No such point" in refusal(capsys, "communes", "nearest", "95", "0")
