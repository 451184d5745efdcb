"""The command line: every sub-command does its work, and errors are one sentence with status 2."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from bot.campaign import load_campaign
from bot.cli import main, parser

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


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty data folder, and none of the settings of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("PORTEVOIX_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PORTEVOIX_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PORTEVOIX_API_BASE", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("PORTEVOIX_CLOCK", "2016-11-16T08:00:00+01:00@0")


def leaves(root: object = None) -> list[list[str]]:
    """Every sub-command, as its words."""
    found: list[list[str]] = []
    pending = [([], parser())]
    while pending:
        words, each = pending.pop()
        subparsers = [action for action in each._actions if hasattr(action, "add_parser")]
        for action in subparsers:
            pending += [([*words, name], child) for name, child in action.choices.items()]  # type: ignore[union-attr]
        if not subparsers:
            found.append(words)
    return sorted(found)


@pytest.mark.parametrize("words", leaves(), ids=" ".join)
def test_every_command_explains_itself(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    assert ended.value.code == 0
    assert f"usage: portevoix {' '.join(words)}" in capsys.readouterr().out


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The sentence a command was refused with."""
    assert main(arguments) == 2
    said = capsys.readouterr().err.strip()
    assert "Traceback" not in said
    said = said.splitlines()[-1]
    assert said.startswith("portevoix: ")
    return said.removeprefix("portevoix: ")


def test_the_first_admin_and_the_team(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["staff", "list"]) == 0
    assert "Nobody has a role yet" in capsys.readouterr().err
    assert main(["staff", "add", "--telegram-id", "42", "--role", "admin"]) == 0
    assert capsys.readouterr().out == "42 is admin of FR now.\n"
    assert "already" in refusal(capsys, "staff", "add", "--telegram-id", "42", "--role", "admin")
    assert main(["staff", "list"]) == 0
    assert "42           admin  FR    2016-11-16 07:00 UTC" in capsys.readouterr().out


def test_an_invitation_without_the_bots_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["staff", "link", "--role", "coordinator", "--territory", "69"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("/start s_")
    assert "there is no link" in said.err


@pytest.mark.parametrize(
    ("territory", "sentence"),
    [
        ("Z9", "“Z9” is not an area"),
        ("69999", "There is no commune 69999"),
    ],
)
def test_a_role_over_nowhere_is_refused(
    capsys: pytest.CaptureFixture[str], territory: str, sentence: str
) -> None:
    said = refusal(capsys, "staff", "add", "--telegram-id", "42", "--role", "admin", "--territory", territory)
    assert said.startswith(sentence)


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


@pytest.mark.parametrize("format_", ["csv", "jsonl", "xlsx"])
def test_an_export_to_standard_output(format_: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["export", "responses", "--format", format_, "--out", "-"]) == 0
    said = capsysbinary.readouterr()
    assert said.out[:2] == {"csv": b"id", "jsonl": b"", "xlsx": b"PK"}[format_]
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


def test_a_lost_key_is_told_and_nothing_is_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["db", "upgrade"])
    capsys.readouterr()
    before = (tmp_path / "data" / "portevoix.db").read_bytes()
    (tmp_path / "data" / "database.key").unlink()
    assert "put the key file back" in refusal(capsys, "staff", "list")
    assert (tmp_path / "data" / "portevoix.db").read_bytes() == before
    assert not (tmp_path / "data" / "database.key").exists()


def test_backup_change_restore(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["staff", "add", "--telegram-id", "1", "--role", "admin"])
    copy = tmp_path / "copy.db"
    assert main(["backup", str(copy)]) == 0
    assert "exists already" in refusal(capsys, "backup", str(copy))
    main(["staff", "add", "--telegram-id", "2", "--role", "admin"])
    assert main(["restore", str(copy)]) == 0
    capsys.readouterr()
    main(["staff", "list"])
    said = capsys.readouterr().out
    assert "\n1 " in said
    assert "\n2 " not in said


def test_a_new_key_opens_the_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["staff", "add", "--telegram-id", "1", "--role", "admin"])
    key = (tmp_path / "data" / "database.key").read_text()
    assert main(["db", "rekey"]) == 0
    assert (tmp_path / "data" / "database.key").read_text() != key
    assert main(["staff", "list"]) == 0
    assert "1            admin" in capsys.readouterr().out


def test_a_dry_purge(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["purge", "--dry-run"]) == 0
    assert "would erase 0 profiles" in capsys.readouterr().out


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


def test_communes_answer_line_by_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("paris 15\n\nst etienne\nxyzzyx\n"))
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


def test_init_writes_a_campaign_that_check_accepts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mine"
    monkeypatch.setattr(sys, "stdin", io.StringIO(ANSWERS))
    assert main(["init", str(folder)]) == 0
    campaign = load_campaign(folder)
    assert campaign.name["fr"] == "Élection « 2027 »"
    assert [str(ballot.day) for ballot in campaign.ballots] == ["2027-04-11", "2027-04-25"]
    assert main(["check", str(folder)]) == 0
    assert "exists already" in refusal(capsys, "init", str(folder))


def test_init_without_answers_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("Only a name\n"))
    assert main(["init", str(tmp_path / "mine")]) == 2
    assert "ended too soon" in capsys.readouterr().err
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("demo", "--port", "99999"), "--port"),
        (("demo", "--port", "http"), "--port"),
        (("demo", "--supporters", "-1"), "--supporters"),
        (("staff", "add", "--role", "admin", "--telegram-id", "@nadia"), "--telegram-id"),
        (("staff", "add", "--role", "admin", "--telegram-id=-5"), "--telegram-id"),
    ],
)
def test_a_number_that_is_none_is_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], option: str
) -> None:
    said = refusal(capsys, *arguments)
    assert said.startswith(f"{option} is “")
    assert "write a whole number from" in said


def test_run_without_a_token_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "PORTEVOIX_TOKEN is missing" in refusal(capsys, "run")
    assert "PORTEVOIX_WEB" in refusal(capsys, "run", "--webhook", "https://example.org/bot")
    assert "is not an address" in refusal(capsys, "run", "--webhook", "example.org")
    monkeypatch.setenv("PORTEVOIX_TOKN", "x")
    assert "did you mean PORTEVOIX_TOKEN" in refusal(capsys, "run")


# -- polling places --

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

    monkeypatch.setattr(sys, "stdin", Terminal(f"{said}\n"))
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
