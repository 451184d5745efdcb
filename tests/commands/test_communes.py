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


LOOKS_LIKE = "finds a commune’s code: INSEE’s (69123 for Lyon), not its postcode."
OF_AREAS = (
    ("staff", "add", "--telegram-id", "5", "--role", "organizer", "--territory"),
    ("staff", "link", "--role", "organizer", "--territory"),
    ("staff", "revoke", "--telegram-id", "5", "--territory"),
    ("export", "supporters", "--format", "csv", "--out", "-", "--territory"),
    ("audiences", "save", "mine", "volunteer", "--area"),
    ("canvass", "rank"),
    ("canvass", "cut"),
    ("canvass", "walks"),
)
WRONG_AREAS = (
    ("69999", "There is no commune 69999: 69389 (Lyon 9e), "),
    ("69300", "There is no commune 69300: it is the postcode of 69034 (Caluire-et-Cuire); "),
    ("20123", "“20123” is not an area: it is the postcode of 2A232 (Pila-Canale) or "),
    ("Lyonn", "“Lyonn” is not an area: Yonne (89), Lyon (69123) or "),
    ("R99", "“R99” is not an area: Corse (R94), "),
    ("", "“” is not an area: write FR (everywhere), abroad, a region (R84), "),  # a variable that is not set
)


@pytest.mark.parametrize("command", OF_AREAS, ids=" ".join)
@pytest.mark.parametrize(("code", "said"), WRONG_AREAS)
def test_a_command_says_what_is_wrong_with_an_area_what_one_looks_like_and_what_finds_it(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...], code: str, said: str
) -> None:
    told = refusal(capsys, *command, code)
    assert told.startswith(said)
    # Its walks are cut and listed of a polling station too.
    of_stations = command[:2] in (("canvass", "cut"), ("canvass", "walks"))
    assert told.endswith(f"{LOOKS_LIKE} A station is written as 69123_0101." if of_stations else LOOKS_LIKE)


@pytest.mark.parametrize(
    "command", [("communes", "info"), ("canvass", "invent", "town", "--commune")], ids=" ".join
)
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("69999", "There is no commune 69999: 69389 (Lyon 9e), "),
        ("69300", "There is no commune 69300: it is the postcode of 69034 (Caluire-et-Cuire); "),
        ("Lyonn", "There is no commune Lyonn: 69123 (Lyon), "),
        ("2a999", "There is no commune 2a999: 2A363 (Zoza), "),
        ("R99", "There is no commune R99: `portevoix communes search NAME` finds"),
        ("", "There is no commune without a code: `portevoix"),
    ],
)
def test_a_command_says_what_is_wrong_with_the_code_of_a_commune(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...], code: str, said: str
) -> None:
    told = refusal(capsys, *command, code)
    assert told.startswith(said)
    assert told.endswith(LOOKS_LIKE)


def test_letters_of_a_code_may_be_small(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["communes", "info", "2a004"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "Ajaccio"
