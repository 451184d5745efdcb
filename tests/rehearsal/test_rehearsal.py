"""`portevoix rehearse` from the command line: in every territory, a vote of members twice, and what is refused."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from bot.cli import main
from bot.rules.territories import TERRITORIES
from tests.bots import until
from tests.forking import begin, child_environment
from tests.frozen import FROZEN, SHIPPED

PATIENCE = 600.0
PEOPLE, FEW = 17, 8
MEMBERS = SHIPPED.parent / "assemblee-generale"


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """A rehearsal that ended, and everything it left behind."""

    status: int
    lines: list[dict[str, str]]
    said: str
    page: str
    left: list[str]


def with_a_second_look(folder: Path) -> Path:
    """The primary as it is shipped, but what is for more than ten people waits for the second organizer."""
    copy = Path(shutil.copytree(SHIPPED, folder / "campaign"))
    file = copy / "campaign.toml"
    written = file.read_text(encoding="utf-8")
    assert "approval_above = 5000" in written
    file.write_text(written.replace("approval_above = 5000", "approval_above = 10"), encoding="utf-8")
    return copy


async def rehearse(folder: Path, campaign: Path, people: int, *, seed: int = 7) -> Rehearsed:
    """In a process of its own, with its own folder for temporary files."""
    for name in ("data", "tmp"):
        (folder / name).mkdir(parents=True)
    environment = {
        "PORTEVOIX_CAMPAIGN": str(campaign),
        "PORTEVOIX_DATA": str(folder / "data"),
        "TMPDIR": str(folder / "tmp"),
    }
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = begin(
            *("bot.cli", "rehearse", "--json", "--supporters", str(people), "--seed", str(seed)),
            *("--report", str(folder / "page.html")),
            environment=child_environment(environment),
            out=out,
            err=err,
        )
        try:
            status = await asyncio.wait_for(process.wait(), PATIENCE)
        finally:
            if process.returncode is None:
                process.terminate()  # it ends its own local Telegram
                await process.wait()
    return Rehearsed(
        status=status,
        lines=[json.loads(line) for line in (folder / "out").read_text().splitlines()],
        said=(folder / "err").read_text(),
        page=(folder / "page.html").read_text(),
        left=[str(path) for name in ("data", "tmp") for path in (folder / name).rglob("*")],
    )


async def test_the_primary_in_every_territory(tmp_path: Path) -> None:
    """One test: a fixture would be made by each worker that needs it."""
    rehearsed = await rehearse(tmp_path, with_a_second_look(tmp_path), PEOPLE)
    no_rule_is_broken_in_any_territory(rehearsed)
    lines_are_in_order_and_tell_local_time(rehearsed)
    each_thing_of_a_campaign_is_played(rehearsed)
    nothing_is_left_behind(rehearsed)
    the_page_stands_by_itself(rehearsed)


async def test_the_same_seed_gives_the_same_messages(tmp_path: Path) -> None:
    """A vote of members, the shortest that is shipped, twice at the same time."""
    one, other = await asyncio.gather(*(rehearse(tmp_path / name, MEMBERS, FEW) for name in ("one", "other")))
    assert (one.status, "No rule was broken." in one.said) == (0, True), one.said
    assert one.lines
    assert one.lines == other.lines


def no_rule_is_broken_in_any_territory(rehearsed: Rehearsed) -> None:
    assert (rehearsed.status, "No rule was broken." in rehearsed.said) == (0, True), rehearsed.said
    named = "Rehearsed: Primaire de la droite et du centre 2016; ballots on 2016-11-20, 2016-11-27."
    assert named in rehearsed.said, rehearsed.said
    assert {line["territory"] for line in rehearsed.lines} == set(TERRITORIES)


def lines_are_in_order_and_tell_local_time(rehearsed: Rehearsed) -> None:
    lines = rehearsed.lines
    order = [(datetime.fromisoformat(line["at_utc"]), line["supporter"]) for line in lines]
    assert order == sorted(order)
    for line in lines:
        local = datetime.fromisoformat(line["at_local"])
        assert local == datetime.fromisoformat(line["at_utc"])
        if line["step"] == "plan" and local.minute == 0 and line["territory"] == "987-marquises":
            assert line["at_local"].endswith("-09:30")


def each_thing_of_a_campaign_is_played(rehearsed: Rehearsed) -> None:
    """Every step, both events with what is sent around them, what the organizers write, and their neutral reminder."""
    steps = {line["step"] for line in rehearsed.lines}
    assert steps >= {
        "pledge",
        "where",
        "plan",
        "echo",
        "go",
        "last",
        "thanks",
        "event_invitation-2",
        "series_invitation-1",
    }
    assert steps >= {"broadcast-1", "broadcast-2", "survey-1", "notices/conversation_answer"}
    assert "mis de côté, par tirage au sort" in rehearsed.page
    eve = {line["kind"] for line in rehearsed.lines if line["at_utc"].startswith("2016-11-19T1")}
    assert eve == {"civic_neutral"}


def nothing_is_left_behind(rehearsed: Rehearsed) -> None:
    assert rehearsed.left == []


def the_page_stands_by_itself(rehearsed: Rehearsed) -> None:
    page = rehearsed.page
    assert page.startswith("<!doctype html>")
    assert "Aucune règle n’a été enfreinte." in page
    assert page.count('<svg class="time"') == len(TERRITORIES)
    assert not any(reference in page for reference in ("src=", "<link", "@import", "url(http", "<script"))


async def test_stopped_in_the_middle_it_leaves_nothing_behind(tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = {
        "PORTEVOIX_CAMPAIGN": str(FROZEN),
        "PORTEVOIX_DATA": str(tmp_path / "data"),
        "TMPDIR": str(temporary),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli", "rehearse", "--report", str(tmp_path / "page.html")),
        env=child_environment(environment),
        stderr=asyncio.subprocess.PIPE,
    )
    await until(lambda: _has_begun(temporary), "the play has begun", seconds=PATIENCE)
    process.terminate()
    _, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert (process.returncode, err.count(b"\n")) == (2, 1), err.decode()
    assert os.listdir(tmp_path) == ["tmp"]
    assert os.listdir(temporary) == []


async def _has_begun(temporary: Path) -> bool:
    return any("journal.jsonl" in os.listdir(temporary / name) for name in os.listdir(temporary))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--supporters", "0"], "--supporters is “0”: write a whole number from 1 to"),
        (["--supporters", "-3"], "--supporters is “-3”: write a whole number from 1 to"),
        (["--supporters=-3"], "--supporters is “-3”: write a whole number from 1 to"),
        (["--supporters", "many"], "--supporters is “many”: write a whole number from 1 to"),
        (["--supporters", "2.5"], "--supporters is “2.5”: write a whole number from 1 to"),
        (["--seed", "x"], "--seed is “x”: write a whole number from 0 to"),
        (["--report", "nowhere/page.html"], "The report nowhere/page.html cannot be written"),
        (["--report", "."], "The report . cannot be written"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    arguments: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORTEVOIX_CAMPAIGN", str(SHIPPED))
    assert main(["rehearse", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"portevoix: {sentence}")
    assert said.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_campaign_that_cannot_be_read_leaves_no_page(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORTEVOIX_CAMPAIGN", str(tmp_path / "nothing"))
    assert main(["rehearse"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert os.listdir(tmp_path) == []
