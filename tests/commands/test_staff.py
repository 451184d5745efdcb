"""`portevoix staff …`: the first admin, invitations, and who has which role."""

from __future__ import annotations

import pytest

from bot.cli import main
from tests.commanding import refusal


def test_the_first_admin_and_the_team(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["staff", "list"]) == 0
    assert "Nobody has a role yet" in capsys.readouterr().err
    assert main(["staff", "add", "--telegram-id", "42", "--role", "admin"]) == 0
    assert capsys.readouterr().out == "42 is an admin of the whole campaign now.\n"
    again = refusal(capsys, "staff", "add", "--telegram-id", "42", "--role", "admin")
    assert again == "42 is an admin of the whole campaign already."
    assert main(["staff", "list"]) == 0
    assert "42           admin  FR    2016-11-16 07:00 UTC" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("territory", "name"),
    [
        ("R84", "Auvergne-Rhône-Alpes"),
        ("69", "Rhône"),
        ("69123", "Lyon"),
        ("974", "La Réunion"),
        ("abroad", "the voters abroad"),
    ],
)
def test_an_area_is_called_by_its_name(capsys: pytest.CaptureFixture[str], territory: str, name: str) -> None:
    assert main(["staff", "add", "--telegram-id", "42", "--role", "organizer", "--territory", territory]) == 0
    assert capsys.readouterr().out == f"42 is an organizer of {name} now.\n"


def test_an_invitation_without_the_bots_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["staff", "link", "--role", "coordinator", "--territory", "69"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("/start s_")
    assert said.err.startswith("PORTEVOIX_TOKEN is not set, so there is no link")


@pytest.mark.parametrize(
    ("territory", "sentence"),
    [
        ("Z9", "“Z9” is not an area"),
        ("zz top", "“zz top” is not an area"),  # as it was typed
        ("lyon", "“lyon” is not the code of an area: Lyon is 69123."),
        ("rhône", "“rhône” is not the code of an area: Rhône is 69."),
        ("Bretagne", "“Bretagne” is not the code of an area: Bretagne is R53."),
        ("69999", "There is no commune 69999"),
    ],
)
def test_a_role_over_nowhere_is_refused(
    capsys: pytest.CaptureFixture[str], territory: str, sentence: str
) -> None:
    said = refusal(capsys, "staff", "add", "--telegram-id", "42", "--role", "admin", "--territory", territory)
    assert said.startswith(sentence)
