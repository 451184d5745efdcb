"""`portevoix staff …`: the first admin, invitations, and who has which role."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli import main
from tests.commanding import refusal
from tests.frozen import FROZEN


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


def test_an_area_that_takes_no_part_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (FROZEN / "campaign.toml").read_text(encoding="utf-8")
    (tmp_path / "campaign.toml").write_text(text.replace("[polling]\n", '[polling]\nareas = ["69266"]\n', 1))
    monkeypatch.setenv("PORTEVOIX_CAMPAIGN", str(tmp_path))
    warning = "warning: Paris (75056) takes no part in this vote. Who votes: Villeurbanne (69266).\n"
    for number, (area, told) in enumerate((("75056", warning), ("69266", ""), ("R84", ""), ("FR", "")), 1):
        given = ["--telegram-id", str(number), "--role", "organizer", "--territory", area]
        assert main(["staff", "add", *given]) == 0
        assert capsys.readouterr().err == told
    assert main(["export", "supporters", "--area", "75056", "--format", "csv", "--out", "-"]) == 0
    assert capsys.readouterr().err.startswith(warning)


def test_an_invitation_without_the_bots_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["staff", "link", "--role", "coordinator", "--territory", "69"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("/start s_")
    assert said.err.startswith("PORTEVOIX_TOKEN is not set. So there is no link")


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


def given(*roles: tuple[str, str]) -> None:
    """42 holds these, and 43 administers the whole campaign."""
    assert main(["staff", "add", "--telegram-id", "43", "--role", "admin"]) == 0
    for role, territory in roles:
        assert main(["staff", "add", "--telegram-id", "42", "--role", role, "--territory", territory]) == 0


LYON = ("organizer", "69123")
RHONE = ("organizer", "69")
ADMIN = ("admin", "FR")


@pytest.mark.parametrize(
    ("narrowed", "withdrawn"),
    [
        ([], {LYON, RHONE, ADMIN}),
        (["--role", "organizer"], {LYON, RHONE}),
        (["--territory", "69"], {RHONE}),
        (["--role", "organizer", "--territory", "69123"], {LYON}),
        (["--role", "admin", "--territory", "FR"], {ADMIN}),
    ],
)
def test_roles_are_withdrawn_all_or_some(
    capsys: pytest.CaptureFixture[str], narrowed: list[str], withdrawn: set[tuple[str, str]]
) -> None:
    given(LYON, RHONE, ADMIN)
    capsys.readouterr()
    assert main(["staff", "revoke", "--telegram-id", "42", *narrowed]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert len(said.out.splitlines()) == len(withdrawn)
    assert ("42 is no longer an organizer of Lyon.\n" in said.out) is (LYON in withdrawn)
    assert ("42 is no longer an admin of the whole campaign.\n" in said.out) is (ADMIN in withdrawn)
    assert main(["staff", "list"]) == 0
    listed = [line.split()[:3] for line in capsys.readouterr().out.splitlines()[1:]]
    left = [["42", *role] for role in (LYON, RHONE, ADMIN) if role not in withdrawn]
    assert [row for row in listed if row[0] == "42"] == left
    assert main(["audit", "verify"]) == 0
    # The first admin, three roles, and one entry for each that was withdrawn.
    assert capsys.readouterr().out.startswith(f"{4 + len(withdrawn)} entries")


def test_the_last_admin_can_be_withdrawn_and_it_is_said_what_follows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    given()
    capsys.readouterr()
    assert main(["staff", "revoke", "--telegram-id", "43"]) == 0
    said = capsys.readouterr()
    assert said.out == "43 is no longer an admin of the whole campaign.\n"
    assert said.err.startswith("Nobody is an admin of the whole campaign now")
    assert "portevoix staff add" in said.err


@pytest.mark.parametrize("narrowed", [[], ["--role", "admin"], ["--role", "organizer", "--territory", "13"]])
def test_a_role_that_nobody_holds_is_not_withdrawn(
    capsys: pytest.CaptureFixture[str], narrowed: list[str]
) -> None:
    if narrowed:
        given(RHONE)
    said = refusal(capsys, "staff", "revoke", "--telegram-id", "42", *narrowed)
    assert said == "42 has no such role; `portevoix staff list` shows who has which."


def test_the_team_is_listed_with_who_gave_each_role(capsys: pytest.CaptureFixture[str]) -> None:
    given()
    capsys.readouterr()
    assert main(["staff", "list"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.endswith("given by")
    assert row.endswith("command line")
