"""`portevoix init`: every kind of vote, asked or answered by options, gives a file that the law and `check` accept."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import cycle
from pathlib import Path

import pytest

from bot.campaign.campaign import Campaign, load_campaign
from bot.cli import main
from bot.commands import founding
from bot.rules.ballot_kinds import BallotKind
from bot.rules.territories import ABROAD, METROPOLE, TERRITORIES
from tests.founding import options

pytestmark = pytest.mark.usefixtures("no_question")

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
        ("Cote-d'Or", "Côte-d’Or (21)"),
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
