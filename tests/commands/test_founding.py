"""`portevoix init`: every kind of vote, asked or answered by options, gives a file that the law and `check` accept."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from itertools import cycle
from pathlib import Path

import pytest

from bot.campaign.campaign import Campaign, load_campaign
from bot.cli import main
from bot.commands import founding
from bot.commands.founding_questions import QUESTIONS
from bot.rules.ballot_kinds import BallotKind
from bot.rules.territories import ABROAD, METROPOLE, TERRITORIES
from tests.commanding import refusal

COMMON = {
    "--name": "Vote",
    "--sender": "Équipe",
    "--statement": "Nous vous écrivons.",
    "--controller": "Association",
    "--address": "1 rue X",
    "--privacy-contact": "a@example.org",
}
PUBLIC = {"--period": "avril"}
AREAS = {
    "a commune": ("Villeurbanne", ("69266",), {METROPOLE}),
    "a commune overseas": ("97411", ("97411",), {"974"}),
    "a list": ("Bron, 69266, Vénissieux", ("69029", "69266", "69259"), {METROPOLE}),
    "a département": ("Rhône", ("69",), {METROPOLE}),
    "a département and its commune": ("69, Bron", ("69",), {METROPOLE}),
    "a région": ("Bretagne", ("R53",), {METROPOLE}),
    "Polynesia": ("987", ("987",), {"987", "987-marquises", "987-gambier"}),
    "everywhere": ("everywhere", ("FR",), set(TERRITORIES)),
}
"""What is answered, the areas in the file, and the territories that vote."""
TWO_ROUNDS = ("2027-04-11 2027-04-25", "2027-06-13 2027-06-20")  # the legislative rounds are a week apart
PUBLIC_KINDS = [kind for kind in BallotKind if kind is not BallotKind.MEMBERS]
WORDED = set(zip(cycle(PUBLIC_KINDS), AREAS, strict=False))
"""Each kind and each area at least once: there each step is worded for everybody, as `check` does: it takes long."""


def options(kind: str, folder: Path, **more: str | None) -> list[str]:
    """The command that leaves no question open; None leaves an option out."""
    given = {"--kind": kind, **COMMON, **(PUBLIC if kind != BallotKind.MEMBERS else {})}
    given |= {f"--{name.replace('_', '-')}": value for name, value in more.items()}  # type: ignore[dict-item]
    chosen = (part for option, value in given.items() if value is not None for part in (option, value))
    return ["init", str(folder), "--yes", *chosen]


@pytest.fixture(autouse=True)
def no_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is asked something ends here."""
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    monkeypatch.setenv("PORTEVOIX_CLOCK", "2027-01-10T08:00:00+01:00@0")


def lawful(campaign: Campaign) -> None:
    """Each step can leave everywhere while it is useful: what the law blocks is not proposed."""
    for ballot, step, occurrence in campaign.timetable:
        blocked = campaign.quiet(kind=step.kind, territory=occurrence.territory, now=occurrence.at_utc)
        assert blocked is None or blocked.until < occurrence.expires_at, (ballot.number, occurrence)
    if campaign.law.code == "fr-L49-2020":
        assert not {step.name for step in campaign.steps} & {"go", "last"}


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("kind", PUBLIC_KINDS)
def test_every_kind_in_every_area(
    kind: BallotKind,
    area: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if (kind, area) not in WORDED:
        monkeypatch.setattr(founding, "checked", load_campaign)
    said, codes, territories = AREAS[area]
    one_round = kind in (BallotKind.EUROPEAN, BallotKind.REFERENDUM)
    days = "2027-04-11" if one_round else TWO_ROUNDS[kind is BallotKind.LEGISLATIVE]
    assert main(options(kind, tmp_path / "mine", area=said, days=days)) == 0
    told = capsys.readouterr()
    assert told.err == "", "Not even a warning."
    campaign = load_campaign(tmp_path / "mine")
    assert (campaign.kind, set(campaign.areas)) == (kind, set(codes))
    assert set(campaign.ballots[0].territories) == territories
    assert campaign.only_commune == (codes[0] if area.startswith("a commune") else None)
    assert campaign.label is not None
    lawful(campaign)
    ballot = campaign.ballots[0]
    saturday = {polling.territory for polling in ballot.pollings if polling.day < ballot.day}
    expected = {"971", "972", "973", "975", "977", "978", "987", "987-marquises", "987-gambier"} & territories
    assert saturday == (set() if kind is BallotKind.MUNICIPAL else expected)
    assert "is valid: Vote" in told.out
    assert "What it will send" in told.out
    assert "portevoix rehearse" in told.out


@pytest.mark.parametrize("reveals", ["nothing", "union_membership", "political_opinion", "beliefs"])
@pytest.mark.parametrize(
    "how",
    [
        {"online": "yes", "hours": "9h-20h"},
        {"place": "Salle des fêtes", "hours": "18:00-20:30"},
        {"place": ""},
    ],
)
def test_a_vote_of_members(how: dict[str, str], reveals: str, tmp_path: Path) -> None:
    assert main(options("members", tmp_path / "mine", days="2027-03-20", reveals=reveals, **how)) == 0
    campaign = load_campaign(tmp_path / "mine")
    assert (campaign.reveals, campaign.asks_place, campaign.label) == (reveals, False, None)
    assert campaign.law.windows == ()
    assert campaign.ballots[0].territories == (METROPOLE,)
    assert campaign.ballots[0].pollings[0].online is (how.get("online") == "yes")
    assert campaign.practical_in("fr").place == how.get("place", "")
    lawful(campaign)
    written = (tmp_path / "mine" / "campaign.toml").read_text(encoding="utf-8").lower()
    assert not [word for word in ("2024/900", "electoral code", "polling_place", "listes") if word in written]


def test_large_cities_close_later_but_in_a_vote_of_their_own(tmp_path: Path) -> None:
    for folder, area, cities in (("all", "everywhere", 3), ("lyon", "Rhône", 1), ("paris", "Paris", 0)):
        days = "2027-03-14 2027-03-21"
        assert main(options("municipal", tmp_path / folder, area=area, days=days)) == 0
        assert len(load_campaign(tmp_path / folder).ballots[0].exceptions) == cities


@pytest.mark.parametrize(
    ("kind", "area", "closes"),
    [
        ("municipal", "Paris", 20),
        ("legislative", "75", 20),
        ("presidential", "Lyon", 20),
        ("european", "Marseille", 20),
        ("municipal", "69381", 20),  # its first arrondissement
        ("referendum", "Lyon, Paris", 20),
        ("municipal", "Lyon, Villeurbanne", 18),
        ("municipal", "Rhône", 18),
        ("presidential", "Villeurbanne", 19),
        ("presidential", "everywhere", 19),
        ("primary", "Paris", 19),  # a party’s own vote
    ],
)
def test_the_hours_that_are_offered_are_those_of_the_place(
    kind: BallotKind, area: str, closes: int, tmp_path: Path
) -> None:
    days = "2027-06-06" if kind in ("european", "referendum") else "2027-03-14 2027-03-21"
    assert main(options(kind, tmp_path / "mine", area=area, days=days)) == 0
    campaign = load_campaign(tmp_path / "mine")
    assert campaign.ballots[0].pollings[0].hours.closes.hour == closes


@pytest.mark.parametrize(
    ("hours", "reminded"),
    [
        ("18:00-18:30", {"go opening": "17:00"}),
        ("18:00-19:00", {"go opening": "17:00"}),
        ("18:00-20:00", {"go opening": "17:00", "go last_hour": "18:00"}),
        ("18:00-21:00", {"go opening": "17:00", "go last_hour": "19:00", "last": "19:00"}),
        (
            "09:00-18:00",
            {
                "go morning": "09:00",
                "go midday": "11:00",
                "go afternoon": "13:00",
                "go last_hour": "16:00",
                "last": "16:00",
            },
        ),
    ],
)
def test_a_meeting_of_any_length_has_times_that_differ(
    hours: str, reminded: dict[str, str], tmp_path: Path
) -> None:
    assert main(options("members", tmp_path / "mine", days="2027-03-20", hours=hours)) == 0
    campaign = load_campaign(tmp_path / "mine")
    found = {
        f"{step.name} {occurrence.slot or ''}".strip(): f"{occurrence.at_local:%H:%M}"
        for _ballot, step, occurrence in campaign.timetable
        if occurrence.slot or step.name == "last"
    }
    assert found == reminded
    assert len(campaign.slots) == sum(name.startswith("go ") for name in reminded)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Rhone", "Rhône (69)"),
        ("ile-de-france", "Île-de-France (R11)"),
        ("Cote-d'Or", "Côte-d'Or (21)"),
        ("bouches du rhone", "Bouches-du-Rhône (13)"),
        ("seine saint denis", "Seine-Saint-Denis (93)"),
        ("Hauts de France", "Hauts-de-France (R32)"),
        ("Vileurbanne", "Villeurbanne (69266)"),  # a typo: who is meant is said
        ("Rhone, Bron, abroad", "Rhône (69), abroad"),
        ("everywhere", "everywhere"),
    ],
)
def test_a_place_is_known_as_people_write_it_and_who_votes_is_said(
    said: str, meant: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(founding, "checked", load_campaign)
    days = "2027-03-14 2027-03-21"
    assert main(options("municipal", tmp_path / "mine", area=said, days=days)) == 0
    assert f"ballots on 2027-03-14, 2027-03-21; who votes: {meant}; 5 reminder" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kind", "gap"),
    [
        *((BallotKind.MEMBERS, gap) for gap in (1, 3, 4, 7)),
        (BallotKind.PRIMARY, 3),
        (BallotKind.PRESIDENTIAL, 2),
        (BallotKind.PRESIDENTIAL, 4),
    ],
)
def test_nothing_for_a_round_leaves_before_the_round_before_is_over(
    kind: BallotKind, gap: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(founding, "checked", load_campaign)
    days = f"2027-04-04 {date(2027, 4, 4) + timedelta(days=gap)}"
    area = None if kind is BallotKind.MEMBERS else "Lyon"
    assert main(options(kind, tmp_path / "mine", area=area, rounds="2", days=days)) == 0
    campaign = load_campaign(tmp_path / "mine")
    assert not [warning for warning in campaign.warnings if "is over" in warning.problem]
    first, second = campaign.ballots
    at = {step.name: found.at_utc for ballot, step, found in campaign.timetable if ballot is second}
    assert min(at.values()) > first.ends_at
    plan = next((when for name, when in at.items() if name.startswith("plan")), None)
    assert (plan is not None, "echo" in at) == (gap >= 3, gap >= 4)
    assert plan is None or "echo" not in at or plan < at["echo"]
    lawful(campaign)


def test_what_leaves_abroad_is_proposed_for_those_who_vote_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    days = "2027-06-13 2027-06-20"
    assert main(options("legislative", tmp_path / "mine", area="abroad", days=days)) == 0
    assert capsys.readouterr().err == "", "Not even a warning."
    campaign = load_campaign(tmp_path / "mine")
    echo, ballot = campaign.step("echo"), campaign.ballots[0]
    for zone, day in (("Europe/Berlin", 11), ("Asia/Tokyo", 11), ("America/Montreal", 10)):
        voted = campaign.ballot_for(ballot, territory=ABROAD, zone=zone)
        (found,) = campaign.occurrences(voted, echo, ABROAD)
        assert found.at_local.day == day
        assert not campaign.quiet(kind=echo.kind, territory=ABROAD, now=found.at_utc, zone=zone)


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
