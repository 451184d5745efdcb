"""A campaign file that changed does something to people who are registered: it is said first, and done knowingly."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.actions.renewals import question_of, text_hash
from bot.campaign.campaign import load_campaign
from bot.cli import main
from bot.rules.consent import Purpose
from bot.settings import Settings
from bot.startup import opened, present
from bot.words.texts import campaign_texts
from db.schema import broadcasts, consents, deliveries, people, vote_plans
from tests.commanding import refusal
from tests.frozen import FROZEN

OURS = 'name = "Équipe Camille Durand"'
RENAMED = 'name = "Équipe de Camille Durand"'
ASKED = "2 people will be asked again for what they agreed to"
SILENT = "2 people will hear nothing until they answer"
PLANNED = "the hours of the vote changed for 1 person who planned when to vote"
ANOTHER_STEP = re.compile(r'\[\[steps\]\]\nname = "(?!go")(?:.+\n)+\n')
TOKEN = "PORTEVOIX_TOKEN is missing"  # what `run` says once it would go on


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A campaign file that the bot ran with; three people signed up, two agreed to contact, all planned."""
    shutil.copytree(FROZEN, tmp_path / "campaign")
    written = tmp_path / "campaign" / "campaign.toml"
    # `check` words every step for every territory: one is enough where nothing depends on what steps say.
    written.write_text(ANOTHER_STEP.sub("", written.read_text(encoding="utf-8")), encoding="utf-8")
    monkeypatch.setenv("PORTEVOIX_CAMPAIGN", str(tmp_path / "campaign"))
    assert TOKEN in refusal(capsys, "run")  # nobody is there yet: it would go on
    asyncio.run(sign_up(tmp_path / "campaign"))
    return written


async def sign_up(campaign: Path) -> None:
    texts = campaign_texts(load_campaign(campaign))
    settings = Settings.from_environment()
    now = await present(settings)
    agreed = {1: (Purpose.CONTACT, Purpose.KEEP), 2: (Purpose.CONTACT,), 3: ()}
    async with opened(settings) as database, database.write() as tx:
        for number, purposes in agreed.items():
            row = {
                "telegram_id": number,
                "pseudonym": f"p{number}",
                "state": "registered",
                "territory": "FR",
                "commune": {1: "69123", 2: "75056"}.get(number),
                "department": {1: "69", 2: "75"}.get(number),
                **{f"consent_{purpose}": True for purpose in purposes},
                **dict.fromkeys(("created_at", "registered_at", "seen_at"), now),
            }
            added = await tx.execute(sa.insert(people).values(row).returning(people.c.id))
            person = added.scalar_one()
            for purpose in purposes:
                html = texts.render(question_of(purpose), "fr").written
                said = {"pseudonym": f"p{number}", "purpose": purpose.value, "given": True, "language": "fr"}
                said |= {"text_version": "1"}
                await tx.execute(sa.insert(consents).values(**said, text_hash=text_hash(html), at=now))
            plan = {"person": person, "ballot": 1, "slot": "morning", "at": now}
            await tx.execute(sa.insert(vote_plans).values(plan))


def change(file: Path, old: str, new: str) -> None:
    written = file.read_text(encoding="utf-8")
    assert old in written
    file.write_text(written.replace(old, new, 1), encoding="utf-8")


def test_a_file_that_did_not_change_says_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert capsys.readouterr().err == ""
    change(file, 'opens = "09:00"', 'opens = "09:30"')  # courtesy hours: nobody agreed to them
    assert TOKEN in refusal(capsys, "run")


def test_a_new_name_is_told_before_anybody_is_asked(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(file, OURS, RENAMED)
    assert main(["check"]) == 0
    told = capsys.readouterr().err
    assert ASKED in told
    assert SILENT in told
    assert "--accept" in refusal(capsys, "run")
    assert "--accept" in refusal(capsys, "run"), "Saying no is not remembered as yes."
    assert main(["check", "--accept"]) == 0
    assert ASKED in capsys.readouterr().err
    assert main(["check"]) == 0
    assert capsys.readouterr().err == "", "It is known now."
    assert TOKEN in refusal(capsys, "run")
    change(file, RENAMED, 'name = "Les autres"')
    assert "--accept" in refusal(capsys, "run"), "What was accepted was another change."


def test_run_goes_on_knowingly_by_itself(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(file, OURS, RENAMED)
    assert TOKEN in refusal(capsys, "run", "--accept")


@pytest.mark.parametrize(
    ("typed", "said"), [("accept\n", TOKEN), ("yes\n", "Nothing was done"), ("", "Nothing was done")]
)
def test_a_word_typed_on_a_terminal_is_enough(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, typed: str, said: str
) -> None:
    change(file, OURS, RENAMED)
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    assert said in refusal(capsys, "run")


def test_other_hours_are_told_for_those_who_planned_there(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(file, "[[ballots]]", '[polling.hours]\n"69123" = { closes = "20:00" }\n\n[[ballots]]')
    assert main(["check"]) == 0
    assert PLANNED in capsys.readouterr().err
    assert "--accept" in refusal(capsys, "run")
    assert TOKEN in refusal(capsys, "run", "--accept")
    change(file, '{ closes = "20:00" }', '{ closes = "21:00" }')
    assert "--accept" in refusal(capsys, "run")


def test_a_ballot_that_is_over_concerns_nobody(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    change(file, "[[ballots]]", '[polling.hours]\n"69123" = { closes = "20:00" }\n\n[[ballots]]')
    monkeypatch.setenv("PORTEVOIX_CLOCK", "2016-11-22T08:00:00+01:00@0")
    assert TOKEN in refusal(capsys, "run")


def test_check_goes_on_where_the_database_cannot_be_asked(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Settings.from_environment().database_key_file.unlink()
    assert main(["check"]) == 0
    assert "Not compared with the database: " in capsys.readouterr().err
    assert "put the key file back" in refusal(capsys, "check", "--accept")


GONE = "1 person chose a time that is gone: add --tell to --accept, or type tell"


def open_late_in_lyon(file: Path) -> None:
    change(file, "[[ballots]]", '[polling.hours]\n"69123" = { opens = "11:00" }\n\n[[ballots]]')


async def word_of_hours() -> int:
    """How many people are to be told of it."""
    async with opened(Settings.from_environment()) as database, database.read() as tx:
        waiting = sa.select(sa.func.count()).select_from(deliveries.join(broadcasts))
        return int(await tx.scalar(waiting.where(broadcasts.c.key.like("hours:%"))) or 0)


@pytest.mark.parametrize("command", [("check",), ("run",)])
def test_people_whose_time_is_gone_are_told_once_where_that_is_wanted(
    file: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    open_late_in_lyon(file)
    assert main(["check"]) == 0
    assert GONE in capsys.readouterr().err
    main([*command, "--accept", "--tell"])
    assert "1 person will be told of the new day or hours" in capsys.readouterr().err
    assert asyncio.run(word_of_hours()) == 1
    main([*command, "--accept", "--tell"])
    assert "0 people will be told" in capsys.readouterr().err
    assert asyncio.run(word_of_hours()) == 1


def test_nobody_is_told_who_was_not_to_be(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_late_in_lyon(file)
    assert main(["check", "--accept"]) == 0
    assert asyncio.run(word_of_hours()) == 0
    assert "--tell goes with --accept" in refusal(capsys, "check", "--tell")
    assert "--tell goes with --accept" in refusal(capsys, "run", "--tell")


def test_a_time_that_still_holds_is_told(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(file, "[[ballots]]", '[polling.hours]\n"69123" = { closes = "20:00" }\n\n[[ballots]]')
    assert main(["check"]) == 0
    assert "The times that they chose still hold." in capsys.readouterr().err


def test_a_word_typed_tells_people_as_well(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    open_late_in_lyon(file)
    monkeypatch.setattr("sys.stdin", Terminal("tell\n"))
    assert TOKEN in refusal(capsys, "run")
    assert asyncio.run(word_of_hours()) == 1


def test_areas_that_were_narrowed_are_told_for_those_who_vote_outside_now(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = "voted there and lie outside now"
    change(file, "[polling]", '[polling]\nareas = ["69"]')
    assert main(["check"]) == 0
    assert f"1 person {told}" in capsys.readouterr().err
    assert "Nothing was done" in refusal(capsys, "run")
    assert main(["check", "--accept"]) == 0
    assert TOKEN in refusal(capsys, "run")  # gone on with
    change(file, 'areas = ["69"]', 'areas = ["69123"]')
    assert TOKEN in refusal(capsys, "run")  # nobody voted elsewhere in the département
    change(file, 'areas = ["69123"]', 'areas = ["69", "75"]')
    assert TOKEN in refusal(capsys, "run")  # wider: nobody is left out
    change(file, 'areas = ["69", "75"]', 'areas = ["75"]')
    assert main(["check"]) == 0
    assert f"1 person {told}" in capsys.readouterr().err
