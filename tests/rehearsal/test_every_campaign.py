"""Every campaign that comes with the program, and every kind that `portevoix init` writes, plays without a broken rule.

People abroad in the Americas are among the players: under the electoral code they vote, and hear of it, a day earlier.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from bot.campaign.campaign import load_campaign
from bot.cli import main
from tests.frozen import SHIPPED as PRIMARY
from tests.rehearsal.test_rehearsal import MEMBERS
from tests.rehearsal.test_rehearsal import rehearse as play
from tests.thorough import IS_THOROUGH

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
EACH, FEW, SEED = 2, 8, 1


FOR_THE_OTHERS = ("FR", "971", "987-marquises", "988", "abroad")
"""Where the presidential election is held at each run, and each night everywhere: at home; a day earlier, in hours of
the Americas and in those of half an hour; on the Sunday that begins first; and abroad, where the Americas vote a day
earlier than the rest. The primary is played in every territory at each run.
"""
POLLING, DAY_BEFORE = "[polling]\n", "day_before = ["


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
async def test_a_campaign_that_comes_with_the_program_is_clean(folder: Path, tmp_path: Path) -> None:
    if load_campaign(folder).is_everywhere and not IS_THOROUGH:
        folder = held_in_some(folder, tmp_path / "campaign")
    await rehearse(folder, tmp_path)


def held_in_some(folder: Path, copy: Path) -> Path:
    """The campaign as it is shipped, but held in those territories alone."""
    file = Path(shutil.copytree(folder, copy)) / "campaign.toml"
    written = file.read_text(encoding="utf-8")
    (line,) = [line for line in written.splitlines() if line.startswith(DAY_BEFORE)]
    earlier = [code for code in FOR_THE_OTHERS if f'"{code}"' in line]
    assert earlier
    assert POLLING in written
    written = written.replace(line, DAY_BEFORE + quoted(earlier) + "]")
    written = written.replace(POLLING, f"{POLLING}territories = [{quoted(FOR_THE_OTHERS)}]\n")
    file.write_text(written, encoding="utf-8")
    assert load_campaign(copy).ballots[0].territories == FOR_THE_OTHERS
    return copy


def quoted(codes: Sequence[str]) -> str:
    return ", ".join(f'"{code}"' for code in codes)


@pytest.mark.parametrize("kind", INIT)
async def test_a_campaign_that_init_writes_is_clean(kind: str, tmp_path: Path) -> None:
    words = ["init", str(tmp_path / "mine"), *COMMON.split(), *INIT[kind].split()]
    assert await asyncio.to_thread(main, words) == 0  # it has a loop of its own
    await rehearse(tmp_path / "mine", tmp_path)


async def rehearse(campaign: Path, folder: Path) -> None:
    """Plays it with a few people; nothing is broken, and whoever votes a day earlier is asked a day earlier."""
    known = load_campaign(campaign)
    territories = {each for ballot in known.ballots for each in ballot.territories}
    people = max(EACH * len(territories), FEW)
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
