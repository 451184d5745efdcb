"""What `portevoix init` and `check` say of a mistake: one sentence each, and nothing is made."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli import main
from bot.commands.founding_questions import QUESTIONS
from tests.commanding import refusal
from tests.founding import COMMON, PUBLIC, options

pytestmark = pytest.mark.usefixtures("no_question")


MEMBERS, MUNICIPAL = (
    {"kind": "members"},
    {"kind": "municipal", "area": "Lyon", "days": "2027-03-14 2027-03-21"},
)
EUROPEAN = {"kind": "european", "days": "2027-06-06"}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"kind": "senate"}, "“senate” is no kind of vote: choose among election, primary,"),
        ({"kind": ""}, "“” is no kind of vote"),
        ({"kind": "municipal primary"}, "“municipal primary” is no kind of vote"),
        ({**MUNICIPAL, "name": ""}, "--name: This is needed"),
        ({**MUNICIPAL, "name": "Ren\udcff"}, "--name: “Ren\\udcff” holds what is not UTF-8: write it anew"),
        ({**MUNICIPAL, "days": "2027\udcff"}, "--days: “2027\\udcff” holds what is not UTF-8"),
        ({**MUNICIPAL, "languages": "fr xx"}, "--languages: There are no words in “xx”: choose among fr, en"),
        ({**MUNICIPAL, "languages": ""}, "--languages: Choose among"),
        ({**MUNICIPAL, "languages": "français"}, "There are no words in “français”"),
        ({**MUNICIPAL, "privacy_contact": "nowhere"}, "Write an e-mail address"),
        ({**MUNICIPAL, "privacy_contact": "http://a.org"}, "the https address of a page"),
        ({**MUNICIPAL, "rounds": "0"}, "“0” is no number of rounds: write one from 1 to 4"),
        ({**MUNICIPAL, "rounds": "two"}, "“two” is no number of rounds"),
        ({**MUNICIPAL, "rounds": "5"}, "“5” is no number of rounds"),
        ({**EUROPEAN, "rounds": "2"}, "A vote of kind “european” has one round: write 1"),
        ({**MUNICIPAL, "days": "2027-02-31 2027-03-21"}, "“2027-02-31” is no day of the calendar"),
        ({**MUNICIPAL, "days": "2027-03-21 2027-03-14"}, "Round 2 (2027-03-14) is not after round 1"),
        ({**MUNICIPAL, "days": "2027-03-14 2027-03-14"}, "Round 2 (2027-03-14) is not after round 1"),
        ({**MUNICIPAL, "days": "2027-03-14"}, "Write 2 days, one for each round"),
        ({**EUROPEAN, "days": "2027-06-06 2027-06-13"}, "Write one day, such as"),
        (
            {**MUNICIPAL, "area": "Xyzzyville"},
            "“Xyzzyville” is no commune, département or région that I know",
        ),
        ({**MUNICIPAL, "area": "Polynesie"}, "do you mean Polynésie française (987) or"),
        ({**MUNICIPAL, "area": "Charente Maritme"}, "do you mean Charente-Maritime (17)"),
        ({**MUNICIPAL, "area": "69999"}, "“69999” is no commune"),
        ({**MUNICIPAL, "area": "Sainte-Colombe"}, "do you mean Sainte-Colombe"),
        (
            {**MUNICIPAL, "area": "Vienne"},
            "“Vienne” is a département (86) and a commune (38544): write its code",
        ),
        ({**MUNICIPAL, "area": ", ,"}, "Write communes, départements or régions"),
        ({**MUNICIPAL, "hours": "18:00-08:00"}, "The vote closes at 08:00, not after it opens at 18:00"),
        ({**MUNICIPAL, "hours": "25:00-26:00"}, "“25:00-26:00” is no span of hours"),
        ({**MUNICIPAL, "hours": "all day"}, "“all day” is no span of hours: write it such as 08:00-18:00"),
        ({**EUROPEAN, "saturday": "perhaps"}, "--saturday: Answer yes or no"),
        ({**MUNICIPAL, "online": "yes"}, "--online does not concern such a vote: leave it out"),
        ({**MUNICIPAL, "reveals": "nothing"}, "--reveals does not concern such a vote"),
        ({**MEMBERS, "area": "Lyon", "days": "2027-03-20"}, "--area does not concern such a vote"),
        ({**MEMBERS, "reveals": "everything", "days": "2027-03-20"}, "“everything” is none of these"),
        ({**MEMBERS, "online": "maybe", "days": "2027-03-20"}, "--online: Answer yes or no"),
        ({"kind": "municipal", "days": "2027-03-14 2027-03-21"}, "answer with --area"),
    ],
)
def test_a_mistake_is_one_sentence(
    given: dict[str, str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = {name: value for name, value in given.items() if name != "kind"}
    said = refusal(capsys, *options(given["kind"], tmp_path / "mine", **more))
    assert sentence in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "mine").exists()


def test_a_mistake_that_is_typed_is_asked_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = "Sainte-Colombe\nVilleurbanne\n"  # the first is not known for certain
    monkeypatch.setattr(
        "sys.stdin", io.StringIO("senate\nmunicipal\n\n\n2027-02-31\n2027-03-14 2027-03-21\n" + typed + "\n")
    )
    given = [
        part
        for option, value in {**COMMON, **PUBLIC, "--languages": "fr"}.items()
        for part in (option, value)
    ]
    assert main(["init", str(tmp_path / "mine"), *given]) == 0
    told = capsys.readouterr().out
    assert "“senate” is no kind of vote" in told
    assert "“2027-02-31” is no day of the calendar" in told


def test_a_ballot_in_the_past_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(options("european", tmp_path / "mine", days="2024-06-09")) == 0
    assert "the last ballot, on 2024-06-09, is over" in capsys.readouterr().out


def test_each_question_is_an_option_of_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["init", "--help"])
    told = capsys.readouterr().out
    assert all(question.option in told for question in QUESTIONS)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: text.replace('"69266"', '"69999"'), "there is no commune 69999"),
        (lambda text: text.replace('["69266"]', "[]"), "polling.areas is empty"),
        (lambda text: text.replace('["69266"]', '["Lyon"]'), "polling.areas has “Lyon”: write a commune"),
        (lambda text: text.replace('["69266"]', '"69266"'), "polling.areas is “69266”"),
        (lambda text: text.replace("[polling]", '[polling]\nterritories = ["FR"]'), "keep one of them"),
        (lambda text: text.replace('"municipal"', '"senate"'), "kind is “senate”: write one of election"),
        (lambda text: text.replace('"municipal"', '"members"'), "reveals is missing: write one of nothing"),
        (lambda text: 'reveals = "nothing"\n' + text, "reveals a political opinion: remove reveals"),
    ],
)
def test_check_names_what_is_wrong_in_the_file(
    change: Callable[[str], str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    days = "2027-03-14 2027-03-21"
    assert main(options("municipal", tmp_path / "mine", area="Villeurbanne", days=days)) == 0
    file = tmp_path / "mine" / "campaign.toml"
    changed = change(file.read_text(encoding="utf-8"))
    file.write_text(changed, encoding="utf-8")
    capsys.readouterr()
    assert main(["check", str(file)]) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: text.replace('"fr-L49-2020"', '"none"'), "is under the electoral code"),
        (
            lambda text: text.replace('"municipal"', '"referendum"'),
            "a vote of kind “referendum” has one round",
        ),
        (
            lambda text: text.replace('"municipal"', '"members"\nreveals = "nothing"').replace(
                "areas =", "# "
            ),
            "no electoral law speaks of a vote of members",
        ),
        (
            lambda text: text.replace("2027-03-21", "2027-03-16"),
            "step “plan” of ballot 2 leaves before ballot 1 is over: name the ballots that it is for",
        ),
    ],
)
def test_check_warns_of_a_law_that_is_another_votes(
    change: Callable[[str], str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    days = "2027-03-14 2027-03-21"
    assert main(options("municipal", tmp_path / "mine", area="Villeurbanne", days=days)) == 0
    file = tmp_path / "mine" / "campaign.toml"
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
    capsys.readouterr()
    assert main(["check", str(file)]) == 0
    assert sentence in capsys.readouterr().err
