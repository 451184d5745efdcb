"""`portevoix init`, `check` and `calendar`: a campaign file is written, checked and laid out in time."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from bot.campaign.campaign import load_campaign
from bot.cli import main
from tests.commanding import refusal
from tests.frozen import FROZEN

# Empty lines take what is offered; "nowhere" is no address, so it is asked again.
ANSWERS = """presidential
Élection « 2027 »

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


@pytest.mark.parametrize("command", ["calendar", "documents papers"])
def test_the_example_is_named_where_no_campaign_is(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is shown, written or played of a campaign; nobody’s database is the example’s."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PORTEVOIX_CAMPAIGN")
    assert main(command.split()) == 0
    told = capsys.readouterr().err
    assert told.startswith(
        "PORTEVOIX_CAMPAIGN is not set: this is about the example, campaigns/primaire-2016."
    )
    said = refusal(capsys, "check", "--accept")
    assert said.startswith("PORTEVOIX_CAMPAIGN is missing: `export PORTEVOIX_CAMPAIGN=FOLDER`")


def test_a_folder_for_backups_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (FROZEN / "campaign.toml").read_text(encoding="utf-8")
    for folder, told in ((tmp_path / "nothing", True), (tmp_path, False)):
        (tmp_path / "campaign.toml").write_text(f'{text}\n[backup]\nfolder = "{folder}"\n', encoding="utf-8")
        assert main(["check", str(tmp_path)]) == 0
        assert (f"the folder of [backup], {folder}, is not there" in capsys.readouterr().err) is told


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
    folder = tmp_path / "our vote"
    monkeypatch.setattr("sys.stdin", io.StringIO(ANSWERS))
    monkeypatch.chdir(tmp_path)
    assert main(["init", "our vote"]) == 0
    assert f"\n    export PORTEVOIX_CAMPAIGN='{folder}'\n" in capsys.readouterr().out  # holds in every folder
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


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A campaign file to be changed."""
    file = tmp_path / "campaign.toml"
    shutil.copyfile(FROZEN / "campaign.toml", file)
    return file


def changed(file: Path, old: str, new: str) -> Path:
    written = file.read_text(encoding="utf-8")
    assert old in written
    file.write_text(written.replace(old, new, 1), encoding="utf-8")
    return file


def test_a_file_that_was_named_is_not_blamed_on_the_variable(capsys: pytest.CaptureFixture[str]) -> None:
    said = refusal(capsys, "check", "wrongpath")
    assert said == (
        "There is no campaign file at wrongpath: name a campaign.toml, or the folder that holds it."
    )


@pytest.mark.parametrize(("table", "before"), [("polling", "[[ballots]]"), ("ballots", "[ballots.online]")])
def test_hours_of_a_commune_that_does_not_exist_are_a_fault(
    mine: Path, capsys: pytest.CaptureFixture[str], table: str, before: str
) -> None:
    """Said once for all rounds, or for one: they would silently be nobody’s."""
    code = '"69999" = { opens = "08:00", closes = "20:00" }'
    changed(mine, before, f"[{table}.hours]\n{code}\n\n{before}")
    line = mine.read_text(encoding="utf-8").splitlines().index(code) + 1
    assert main(["check", str(mine)]) == 2
    said = capsys.readouterr().err
    assert (
        f"line {line}: there is no commune 69999: find its INSEE code with `portevoix communes search" in said
    )
    changed(mine, "69999", "69123")
    assert main(["check", str(mine)]) == 0


def test_what_breaks_at_the_end_of_a_file_has_a_line_too(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = mine.read_text(encoding="utf-8")
    mine.write_text(written + 'last = "', encoding="utf-8")
    number = len(written.splitlines()) + 1
    assert f"line {number}: this is not TOML" in refusal(capsys, "check", str(mine))


def test_a_campaign_that_is_wholly_over_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["check"]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("PORTEVOIX_CLOCK", "2016-11-28T08:00:00+01:00@0")
    assert main(["check"]) == 0
    said = capsys.readouterr()
    assert "the last ballot, on 2016-11-27, is over, so nothing will be sent any more" in said.err
    assert "is valid" in said.out


def test_init_warns_of_days_that_are_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTEVOIX_CLOCK", "2027-05-01T08:00:00+02:00@0")
    monkeypatch.setattr("sys.stdin", io.StringIO(ANSWERS))
    assert main(["init", str(tmp_path / "mine")]) == 0
    assert "the last ballot, on 2027-04-25, is over" in capsys.readouterr().out


def test_what_init_writes_can_be_read_by_the_bots_own_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(ANSWERS))
    before = os.umask(0o077)  # as root’s may be
    try:
        assert main(["init", str(tmp_path / "mine")]) == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "mine").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "mine" / "campaign.toml").stat().st_mode) == 0o644


def test_one_is_no_plural(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "list.txt").write_text("7482913650\n")
    main(["opt-outs", "import", str(tmp_path / "list.txt"), "--yes"])
    assert "names 1 person (" in capsys.readouterr().out
    assert main(["audit", "verify"]) == 0
    assert "1 entry, the chain is whole." in capsys.readouterr().out
