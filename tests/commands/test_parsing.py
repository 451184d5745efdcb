"""What was mistyped is one sentence that says what is wrong and what to do."""

from __future__ import annotations

import pytest

from bot.cli import main
from tests.commanding import refusal


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


STAFF_HELP = "`portevoix staff add --help` tells"
MISTYPED = {
    "nothing": ("", "This needs a command: `portevoix --help` lists them."),
    "a command": ("chek", "There is no command chek: did you mean check?"),
    "a command unlike any": ("xyzzy", "There is no command xyzzy: `portevoix --help` lists them."),
    "half a command": ("staff", "This needs a command: `portevoix staff --help` lists them."),
    "a command of a group": ("staff ad", "There is no command ad: did you mean add?"),
    "an option before the command": ("--verison", "There is no option --verison: did you mean --version?"),
    # The option that is missing is the one that was mistyped.
    "an option": (
        "staff add --rol admin --telegram-id 4",
        "There is no option --rol: did you mean --role?",
    ),
    # Taken for --dry-run today, an abbreviation could mean another option tomorrow.
    "an abbreviation": ("purge --dry", "There is no option --dry: did you mean --dry-run?"),
    "an option of one letter": (
        "check -x",
        "“-x” has no meaning here: leave it out, or see `portevoix check --help`.",
    ),
    "a word too many": (
        "check a b",
        "“b” has no meaning here: leave it out, or see `portevoix check --help`.",
    ),
    "what is missing": ("staff add", f"This needs --telegram-id, --role too: {STAFF_HELP} what to write."),
    "a value that is missing": (
        "staff add --telegram-id 4 --role",
        f"--role needs a value: {STAFF_HELP} which.",
    ),
    "a value that is none": (
        "staff add --telegram-id 4 --role boss",
        "--role is “boss”: write one of organizer, coordinator, admin.",
    ),
    "a value that is not wanted": ("calendar --json=x", "--json takes no value: write it alone."),
    "letters for a number": ("communes search paris --limit x", "--limit is “x”: write a whole number."),
    "letters for degrees": ("communes nearest x 4.84", "LAT is “x”: write a number, such as 45.76."),
}


@pytest.mark.parametrize("name", MISTYPED)
def test_what_was_mistyped_is_one_sentence(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    words, sentence = MISTYPED[name]
    assert main(words.split()) == 2
    said = capsys.readouterr()
    assert said.err == f"portevoix: {sentence}\n"
    assert said.out == ""


def test_what_looks_like_an_option_can_be_written_after_two_dashes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["communes", "search", "--", "--lyon"]) == 0
    assert "69123  Lyon" in capsys.readouterr().out
