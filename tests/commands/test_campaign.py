"""`portevoix init`, `check` and `calendar`: a campaign file is written, checked and laid out in time."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from bot.campaign.campaign import load_campaign
from bot.cli import main
from tests.commanding import refusal

# Empty lines take what is offered; "nowhere" is no address, so it is asked again.
ANSWERS = """Élection « 2027 »

Équipe Test
Nous vous écrivons.
Association
1 rue X
nowhere
a@example.org

avril
2027-04-11 2027-04-25

"""


def test_check_names_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert "is valid" in capsys.readouterr().out
    broken = tmp_path / "campaign.toml"
    broken.write_text('slug = "x"\nlanguages = ["xx"]\n')
    assert main(["check", str(broken)]) == 2
    assert "line 2" in capsys.readouterr().err
    assert "There is no campaign file" in refusal(capsys, "check", str(tmp_path / "nothing"))


def test_the_calendar_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calendar", "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert set(entries[0]) == {
        "ballot",
        "territory",
        "zone",
        "step",
        "kind",
        "at_local",
        "at_utc",
        "blocked",
        "reason",
    }
    plan = next(each for each in entries if (each["territory"], each["step"]) == ("988", "plan"))
    assert plan["at_local"] == "2016-11-16T18:00:00+11:00"


def test_init_writes_a_campaign_that_check_accepts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mine"
    monkeypatch.setattr("sys.stdin", io.StringIO(ANSWERS))
    assert main(["init", str(folder)]) == 0
    campaign = load_campaign(folder)
    assert campaign.name["fr"] == "Élection « 2027 »"
    assert [str(ballot.day) for ballot in campaign.ballots] == ["2027-04-11", "2027-04-25"]
    capsys.readouterr()
    assert main(["check", str(folder)]) == 0
    assert capsys.readouterr().err == ""  # not even a warning
    assert "exists already" in refusal(capsys, "init", str(folder))


def test_init_without_answers_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Only a name\n"))
    assert main(["init", str(tmp_path / "mine")]) == 2
    said = capsys.readouterr()
    assert "ended too soon" in said.err
    assert said.out.endswith("\n"), "The sentence stands on a line of its own."
    assert not (tmp_path / "mine").exists()
