"""Every campaign that comes with the program, and every kind that `portevoix init` writes, plays without a broken rule.

People abroad in the Americas are among the players: under the electoral code they vote, and hear of it, a day earlier.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot.campaign.campaign import load_campaign
from bot.cli import main
from tests.frozen import SHIPPED as PRIMARY
from tests.rehearsal.test_rehearsal import MEMBERS
from tests.rehearsal.test_rehearsal import rehearse as play

ROOT = Path(__file__).parent.parent.parent
# The primary and the vote of members, twice, are played by test_rehearsal.py.
SHIPPED = sorted({file.parent for file in (ROOT / "campaigns").glob("*/campaign.toml")} - {PRIMARY, MEMBERS})
COMMON = "--name Vote --sender Équipe --statement Nous. --controller Asso --address X --privacy-contact a@b.org --yes"
INIT = {
    "a week between two rounds, overseas, in English": "--kind legislative --area 973,974 --languages en --period juin"
    " --days 2027-06-13,2027-06-20",
    "members who vote online": "--kind members --online yes --days 2027-03-21 --languages fr",
}
"""What is answered to `init`; tests/commands/test_founding.py checks the calendar of every kind in every area."""
# Two people of each territory; abroad one of them lives in the Americas. Where few territories vote, a few of each.
PEOPLE, FEW, SEED = 30, 8, 1


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
async def test_a_campaign_that_comes_with_the_program_is_clean(folder: Path, tmp_path: Path) -> None:
    await rehearse(folder, tmp_path)


@pytest.mark.parametrize("kind", INIT)
async def test_a_campaign_that_init_writes_is_clean(kind: str, tmp_path: Path) -> None:
    words = ["init", str(tmp_path / "mine"), *COMMON.split(), *INIT[kind].split()]
    assert await asyncio.to_thread(main, words) == 0  # it has a loop of its own
    await rehearse(tmp_path / "mine", tmp_path)


async def rehearse(campaign: Path, folder: Path) -> None:
    """Plays it with a few people; nothing is broken, and whoever votes a day earlier is asked a day earlier."""
    known = load_campaign(campaign)
    people = PEOPLE if known.is_everywhere and known.asks_place else FEW
    ended = await play(folder, campaign, people, seed=SEED)
    assert (ended.status, "No rule was broken." in ended.said) == (0, True), ended.said
    if not (known.law.americas_vote_the_day_before and known.ballots[0].takes_place_in("abroad")):
        return
    asked = {
        (line["at_utc"][:10], line["at_local"][-6:])
        for line in ended.lines
        if (line["territory"], line["step"]) == ("abroad", "pledge")
    }
    sunday = (known.ballots[0].day - timedelta(days=21)).isoformat()
    saturday = (known.ballots[0].day - timedelta(days=22)).isoformat()
    american = {day for day, offset in asked if offset.startswith("-")}
    assert saturday in american, asked
    assert sunday in {day for day, offset in asked if offset.startswith("+")}, asked
