"""`portevoix surveys`: a file is asked once and counted; each fault is told with its line."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.cli import main
from bot.settings import Settings
from bot.startup import opened
from db.schema import audit, broadcasts, deliveries, people, survey_answers, surveys
from tests.commanding import refusal
from tests.places import place_of

NOW = datetime(2016, 11, 16, 7, tzinfo=UTC)
TRAINS = """\
code = "trains"
title.fr = "Vos trajets"
purpose.fr = "Pour notre programme."
closes = 2016-11-18
audience = "in:69"

[[questions]]
id = "train"
text.fr = "Prenez-vous le train ?"
[[questions.options]]
id = "yes"
text.fr = "Oui"
[[questions.options]]
id = "no"
text.fr = "Non"
next = "end"

[[questions]]
id = "when"
text.fr = "Quand ?"
several = true
[[questions.options]]
id = "morning"
text.fr = "Le matin"
[[questions.options]]
id = "evening"
text.fr = "Le soir"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A survey for the Rhône; three people of Lyon and one of Paris."""

    async def fill() -> None:
        async with opened(Settings.from_environment()) as database, database.write() as tx:
            for number, commune in enumerate(("69123", "69123", "69123", "75056"), start=1):
                row = {
                    "telegram_id": number,
                    "pseudonym": str(number),
                    "state": "registered",
                    "zone": "Europe/Paris",
                }
                agreed = {"consent_contact": True, "consent_commune": True, "registered_at": NOW}
                moments = {"created_at": NOW, "seen_at": NOW}
                await tx.execute(
                    sa.insert(people).values(territory="FR", **place_of(commune), **row, **agreed, **moments)
                )

    asyncio.run(fill())
    written = tmp_path / "trains.toml"
    written.write_text(TRAINS, encoding="utf-8")
    return written


async def rows(query: sa.Select[tuple[object, ...]]) -> list[tuple[object, ...]]:
    async with opened(Settings.from_environment()) as database, database.read() as tx:
        return [tuple(row) for row in await tx.execute(query)]


def chosen(*options: tuple[int, str, str]) -> None:
    async def put() -> None:
        async with opened(Settings.from_environment()) as database, database.write() as tx:
            for person, question, option in options:
                row = {"survey": 1, "person": person, "question": question, "option": option, "at": NOW}
                await tx.execute(sa.insert(survey_answers).values(**row))

    asyncio.run(put())


def test_a_file_is_asked_of_its_audience_and_once(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["surveys", "import", str(file), "--dry-run"]) == 0
    assert "would go to 3 people" in capsys.readouterr().out
    assert asyncio.run(rows(sa.select(surveys.c.id))) == []
    assert main(["surveys", "import", str(file)]) == 0
    assert "goes to 3 people, as message 1" in capsys.readouterr().out
    assert main(["surveys", "import", str(file)]) == 0
    assert "is there already" in capsys.readouterr().out
    assert asyncio.run(rows(sa.select(deliveries.c.person))) == [(1,), (2,), (3,)]
    (sent,) = asyncio.run(rows(sa.select(broadcasts.c.kind, broadcasts.c.area, broadcasts.c.expires_at)))
    assert sent == ("poll", "69", datetime(2016, 11, 18, 23, tzinfo=UTC))
    ((erased,),) = asyncio.run(rows(sa.select(surveys.c.erase_at)))
    assert erased == datetime(2016, 11, 18, 23, tzinfo=UTC) + timedelta(days=30)
    noted = asyncio.run(rows(sa.select(audit.c.actor, audit.c.action)))
    assert noted.count(("command line", "import_survey")) == 1
    file.write_text(TRAINS.replace("Oui", "Souvent"), encoding="utf-8")
    assert "which asks something else" in refusal(capsys, "surveys", "import", str(file))


def test_what_was_answered_is_counted_option_by_option(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["surveys", "import", str(file)])
    chosen((1, "train", "yes"), (1, "when", "morning"), (1, "when", "evening"))
    chosen((2, "train", "yes"), (2, "when", ""), (3, "train", "no"))
    capsys.readouterr()
    assert main(["surveys", "results", "trains", "--json"]) == 0
    told = [tuple(row.values()) for row in json.loads(capsys.readouterr().out)]
    assert told == [
        ("train", "yes", 2),
        ("train", "no", 1),
        ("when", "morning", 1),
        ("when", "evening", 1),
        ("when", None, 1),
    ]
    assert main(["surveys", "results", "trains"]) == 0
    shown = capsys.readouterr().out
    assert "Vos trajets: 3 people answered." in shown
    assert "67% " in shown
    # Who says no is not asked at what hours: the shares are of the two who were.
    assert "Prenez-vous le train ? (answered or skipped by 3 people)" in shown
    hours = shown.split("Quand ? (answered or skipped by 2 people)")[1]
    assert hours.count(" 50%") == 3
    assert main(["surveys", "list", "--json"]) == 0
    (line,) = json.loads(capsys.readouterr().out)
    assert (line["code"], line["title"], line["state"], line["people"]) == (
        "trains",
        "Vos trajets",
        "open",
        3,
    )
    assert main(["surveys", "list"]) == 0
    assert "trains" in capsys.readouterr().out


def test_audiences_are_made_of_answers(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["surveys", "import", str(file)])
    chosen((1, "train", "yes"), (2, "train", "no"), (3, "train", ""))
    for leaf, counted in {"yes": 1, "train.no": 1, "any": 2, "none": 2}.items():
        capsys.readouterr()
        assert main(["audiences", "count", f"survey:trains:{leaf}", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["people"] == counted, leaf
    assert "there is no survey cars" in refusal(capsys, "audiences", "count", "survey:cars:yes")
    said = refusal(capsys, "audiences", "count", "survey:trains:maybe")
    assert "write one of any, none, yes, no, morning, evening" in said


WRONG = {
    "an empty file": ("", "line 1: title is missing"),
    "no TOML": ("code = ", "this is not TOML"),
    "a key that is not known": (TRAINS.replace("several", "severall"), "line 21: questions.severall is not known"),
    "one option": (TRAINS[: TRAINS.rindex("[[questions.options]]")], "line 22: the question has too few"),
    "a circle": (TRAINS + 'next = "train"\n', "line 28: an option of a question with several answers"),
    "up again": (TRAINS.replace("several = true", 'next = "train"'), "line 21: next leads back to “train”"),
    "no such question": (TRAINS.replace('"end"', '"nowhere"'), "line 16: next is “nowhere”"),
    "an option of 200 characters": (TRAINS.replace("Oui", "x" * 200), "line 12: the text is 200 characters long"),
    "another language": (TRAINS.replace("title.fr", "title.en"), "line 2: title has no fr"),
    "a bad audience": (TRAINS.replace("in:69", "in:Lyon"), "line 5: the audience cannot be read"),
    "a postal code of many places": (
        TRAINS.replace("in:69", "in:69000"),
        "there is no commune 69000: 69123 (Lyon), 69266 (Villeurbanne) or 69259 (Vénissieux) perhaps; `portevoix",
    ),
    "past": (TRAINS.replace("2016-11-18", "2016-11-01"), "A survey closes in the future"),
    "kept too long": (TRAINS.replace("audience", "erase = 2019-01-01\naudience"), "within a year"),
    "a number": (TRAINS.replace('"trains"', '"1"'), "line 1: the code is “1”"),
    "half a letter": (TRAINS.encode() + b"\xff", "line 28: this is not UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_asked_is_told_by_its_line(
    file: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    written, said = WRONG[name]
    file.write_bytes(written if isinstance(written, bytes) else written.encode())
    assert main(["surveys", "import", str(file)]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told
    assert asyncio.run(rows(sa.select(surveys.c.id))) == []


def test_a_survey_that_is_not_there(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "There is no survey cars" in refusal(capsys, "surveys", "results", "cars")
    assert main(["surveys", "list"]) == 0
    assert "There is no survey yet" in capsys.readouterr().out
