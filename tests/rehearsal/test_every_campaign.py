"""Every campaign that comes with the program, and every kind that `portevoix init` writes, plays without a broken rule.

People abroad in the Americas are among the players: under the electoral code they vote, and hear of it, a day earlier.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from bot.campaign.campaign import load_campaign
from bot.cli import main
from tests.commanding import run_here

ROOT = Path(__file__).parent.parent.parent
SHIPPED = sorted(file.parent for file in (ROOT / "campaigns").glob("*/campaign.toml"))
COMMON = "--name Vote --sender Équipe --statement Nous. --controller Asso --address X --privacy-contact a@b.org --yes"
INIT = {
    "two rounds, Saturday overseas": "--kind presidential --period avril --days 2027-04-11,2027-04-25",
    "one round, everywhere on Sunday": "--kind european --period juin --days 2027-06-13 --saturday no --languages en",
}
"""What is answered to `init`."""
# Two people of each territory; abroad one of them lives in the Americas.
PEOPLE = 30
PATIENCE = 600


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_campaign_that_comes_with_the_program_is_clean(folder: Path, tmp_path: Path) -> None:
    rehearse(folder, tmp_path)


@pytest.mark.parametrize("kind", INIT)
def test_a_campaign_that_init_writes_is_clean(kind: str, tmp_path: Path) -> None:
    assert main(["init", str(tmp_path / "mine"), *COMMON.split(), *INIT[kind].split()]) == 0
    rehearse(tmp_path / "mine", tmp_path)


def rehearse(campaign: Path, folder: Path) -> None:
    """Plays it with a few people; nothing is broken, and whoever votes a day earlier is asked a day earlier."""
    ended = run_here(
        *("rehearse", "--json", "--supporters", str(PEOPLE), "--report", str(folder / "page.html")),
        environment={"PORTEVOIX_CAMPAIGN": str(campaign), "PORTEVOIX_DATA": str(folder / "data")},
        seconds=PATIENCE,
    )
    assert (ended.returncode, "No rule was broken." in ended.stderr) == (0, True), ended.stderr
    known = load_campaign(campaign)
    if not known.law.americas_vote_the_day_before:
        return
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    asked = {
        (line["at_utc"][:10], line["at_local"][-6:])
        for line in lines
        if (line["territory"], line["step"]) == ("abroad", "pledge")
    }
    sunday = (known.ballots[0].day - timedelta(days=21)).isoformat()
    saturday = (known.ballots[0].day - timedelta(days=22)).isoformat()
    american = {day for day, offset in asked if offset.startswith("-")}
    assert saturday in american, asked
    assert sunday in {day for day, offset in asked if offset.startswith("+")}, asked
