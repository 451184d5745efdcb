"""`portevoix effects`: what is printed of a message of which versions were compared."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.cli import main
from bot.settings import Settings
from bot.startup import opened
from db.schema import broadcasts, deliveries, people, responses
from db.schema import events as event_rows
from tests.commanding import refusal
from tests.places import place_of

NOW = datetime(2016, 11, 16, 7, tzinfo=UTC)
SENT = NOW - timedelta(days=20)
PEOPLE = {"A": 40, "B": 40, "holdout": 20}
CAME = {"A": 4, "B": 30, "holdout": 2}


def sent(*, finished_at: datetime | None, lost: int = 0, state: str = "sent") -> None:
    """A message in two versions, of which `lost` people who drew B are gone; and one in one version."""

    async def fill() -> None:
        async with opened(Settings.from_environment()) as database, database.write() as tx:
            row = {"audience": {}, "area": "FR", "starts_at": SENT, "created_at": SENT, "kind": "persuasion"}
            compared = {"versions": 2, "holdout": 20, "goal": "rsvp"}
            for key, experiment in (("staff:1", compared), ("staff:2", None)):
                values = {"key": key, "experiment": experiment, "finished_at": finished_at}
                await tx.execute(sa.insert(broadcasts).values(**row, **values))
            place = {"zone": "Europe/Paris", "territory": "FR", "address": "x", **place_of("69123")}
            times = {"starts_at": NOW, "ends_at": NOW, "created_at": SENT}
            await tx.execute(sa.insert(event_rows).values(code="ab12", **place, **times))
            number = 0
            for variant, drawn in PEOPLE.items():
                for at in range(drawn - (lost if variant == "B" else 0)):
                    number += 1
                    who = {"telegram_id": number, "pseudonym": f"p{number}", "state": "registered"}
                    await tx.execute(sa.insert(people).values(**who, created_at=SENT, seen_at=SENT))
                    became = "held_out" if variant == "holdout" else state
                    got = {"broadcast": 1, "person": number, "variant": variant, "state": became}
                    await tx.execute(sa.insert(deliveries).values(due_at=SENT, changed_at=SENT, **got))
                    if at < CAME[variant]:
                        said = {
                            "person": number,
                            "question": "rsvp",
                            "subject": "ab12",
                            "answer": "yes",
                            "at": SENT,
                        }
                        await tx.execute(sa.insert(responses).values(said))

    asyncio.run(fill())


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    sent(finished_at=SENT)
    assert main(["effects", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["goal"], found["versions"], found["holdout"]) == ("rsvp", 2, 20)
    assert found["split"]["counted"] == PEOPLE
    assert found["split"]["fits"]
    rows = {(row["outcome"], row["variant"]): row for row in found["effects"]}
    assert len(rows) == len(found["effects"]), "One row for each group and outcome."
    better = rows["rsvp", "B"]
    assert better["against"] == "holdout"
    assert (better["n"], better["people"], better["rate"]) == (40, 30, 0.75)
    assert better["difference"] == pytest.approx(0.65)
    low, high = better["interval"]
    assert 0 < low < 0.65 < high
    assert better["verdict"] == "works"
    assert better["confidence"] == pytest.approx(1 - 0.05 / 3), (
        "Three comparisons share the one time in twenty."
    )
    other, beside = better["comparisons"]
    assert other == {name: better[name] for name in other}
    assert (beside["against"], beside["verdict"]) == ("A", "works")
    same = rows["rsvp", "A"]
    assert same["verdict"] == "too few to know"
    assert same["would_do"] > 1_000
    alone = rows["rsvp", "holdout"]
    assert (alone["n"], alone["verdict"], alone["interval"], alone["comparisons"]) == (20, None, None, [])
    assert rows["voted", "B"]["verdict"] == "too early", "The vote is to come."
    assert (found["left"], found["recalled"]) == ("all", False)


def test_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    sent(finished_at=SENT)
    assert main(["effects", "1"]) == 0
    told = capsys.readouterr().out
    assert "Message 1, drawn by lot: A 40, B 40, left out 20." in told
    assert "said yes to the event, what it was to change" in told
    assert "75.0%" in told
    assert "people in each group would do" in told
    assert "It is judged on 2016-11-21 " in told


def test_too_early(capsys: pytest.CaptureFixture[str]) -> None:
    sent(finished_at=None)
    assert main(["effects", "1"]) == 0
    told = capsys.readouterr().out
    assert "works" not in told
    assert "once the last message has left" in told


def test_what_nobody_got(capsys: pytest.CaptureFixture[str]) -> None:
    sent(finished_at=SENT, state="expired")
    assert main(["effects", "1"]) == 0
    assert capsys.readouterr().out == "Message 1 never left: there is nothing to compare.\n"
    assert main(["effects", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["left"], found["effects"]) == ("nothing", [])


def test_a_split_that_is_off_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    sent(finished_at=SENT, lost=36)
    assert main(["effects", "1"]) == 0
    told = capsys.readouterr().out
    assert "The groups are not as the lot made them" in told
    assert "works" not in told


def test_what_is_wrong_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    sent(finished_at=SENT)
    assert "no versions were compared" in refusal(capsys, "effects", "2")
    assert "There is no message 7" in refusal(capsys, "effects", "7")
    assert "NUMBER is “x”: write a whole number" in refusal(capsys, "effects", "x")
