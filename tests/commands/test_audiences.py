"""`portevoix audiences`: counted, explained, saved under a name; what is wrong is pointed at."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from bot.cli import main
from bot.rules.leaves import LEAVES
from bot.settings import Settings
from bot.startup import opened
from db.schema import audit, broadcasts, deliveries, events, people, rsvps, staff, vote_plans
from tests.commanding import refusal
from tests.places import place_of

NOW = datetime(2016, 11, 16, 7, tzinfo=UTC)
LYON = {**place_of("69123"), "territory": "FR", "zone": "Europe/Paris", "consent_commune": True}
PARIS = {**place_of("75056"), "territory": "FR", "zone": "Europe/Paris", "consent_commune": True}
PEOPLE: dict[int, dict[str, Any]] = {
    1: LYON | {"volunteer": True},
    2: LYON | {"volunteer": True, "mutes_news": True},
    3: LYON | {"volunteer": True, "unreachable_at": NOW},
    4: LYON | {"consent_commune": False, "volunteer": True},
    5: LYON | {"state": "stopped", "volunteer": True},
    6: PARIS | {"volunteer": True},
    7: LYON,
    8: LYON | {"volunteer": True},
}


@pytest.fixture
def crowd() -> None:
    """Eight people; the eighth got a message an hour ago, and was invited to an event and said yes."""

    async def fill() -> None:
        async with opened(Settings.from_environment()) as database, database.write() as tx:
            for number, values in PEOPLE.items():
                row = {
                    "telegram_id": number,
                    "pseudonym": f"p{number}",
                    "state": "registered",
                    "language": "fr",
                }
                row |= {"consent_contact": True, "created_at": NOW, "seen_at": NOW, "registered_at": NOW}
                await tx.execute(sa.insert(people).values({**row, **values}))
            times = {"starts_at": NOW, "created_at": NOW}
            row = {"key": "staff:1", "kind": "persuasion", "audience": {}, "area": "FR"}
            await tx.execute(sa.insert(broadcasts).values(**row, **times))
            left = {"state": "sent", "due_at": NOW, "changed_at": NOW, "sent_at": NOW}
            await tx.execute(sa.insert(deliveries).values(broadcast=1, person=8, **left))
            row = {
                "code": "ab12",
                "zone": "Europe/Paris",
                "address": "x",
                "ends_at": NOW,
                **place_of("69123"),
            }
            await tx.execute(sa.insert(events).values(territory="FR", **row, **times))
            await tx.execute(sa.insert(rsvps).values(event=1, person=8, answer="yes", at=NOW))
            await tx.execute(sa.insert(vote_plans).values(person=1, ballot=1, vote="voted", at=NOW))
            row = {"telegram_id": 1, "role": "organizer", "area": "69", "added_at": NOW}
            await tx.execute(sa.insert(staff).values(row))

    asyncio.run(fill())


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["audiences", *arguments]) == 0
    return capsys.readouterr().out


def counted(capsys: pytest.CaptureFixture[str], expression: str) -> dict[str, Any]:
    found = json.loads(told(capsys, "count", expression, "--json"))
    assert isinstance(found, dict)
    return found


@pytest.mark.usefixtures("crowd")
def test_a_count_says_who_is_reached_and_how_it_grew(capsys: pytest.CaptureFixture[str]) -> None:
    found = counted(capsys, "in:69 AND volunteer and not (vote:1:voted)")
    assert found == {
        "expression": "in:69 and volunteer and not vote:1:voted",
        "people": 3,
        # The eighth had a message today, and gets this one tomorrow.
        "reachable": 1,
        "held": {"unreachable": 1, "muted": 1},
        "steps": [
            {"leaf": "in:69", "people": 5, "alone": 5},
            {"leaf": "volunteer", "people": 4, "alone": 6},
            {"leaf": "not vote:1:voted", "people": 3, "alone": 6},
        ],
    }
    assert found["reachable"] + sum(found["held"].values()) == found["people"]
    # Parts that overlap are counted once.
    assert counted(capsys, "in:69 or volunteer or in:R84")["people"] == 7
    assert counted(capsys, "in:FR")["people"] == 7
    assert counted(capsys, "not in:FR")["people"] == 0
    assert counted(capsys, '{"any": ["rsvp:ab12:yes", "got:1"]}')["people"] == 1


@pytest.mark.usefixtures("crowd")
def test_a_count_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    said = told(capsys, "count", "in:69 and volunteer")
    assert said.splitlines()[0] == "in:69 and volunteer"
    assert "        4  people are in it" in said
    assert "        2  would get a message of news that is sent now, within its 2 days" in said
    assert "        1  would not: switched news off" in said
    assert "1  person is in it" in told(capsys, "count", "staff")


@pytest.mark.usefixtures("crowd")
def test_why(capsys: pytest.CaptureFixture[str]) -> None:
    asked = "in:69 and not vote:1:voted or named"
    assert told(capsys, "why", asked, "--telegram-id", "7") == (
        "7 is in it: in:69, not vote:1:voted.\nA message of news that is sent now would reach them.\n"
    )
    assert told(capsys, "why", asked, "--telegram-id", "1").startswith(
        "1 is not in it, for this does not hold: not vote:1:voted, named.\n"
    )
    assert "in:69 (they did not agree that their commune is used)" in told(
        capsys, "why", asked, "--telegram-id", "4"
    )
    assert "would not reach them: switched news off" in told(capsys, "why", asked, "--telegram-id", "2")
    assert told(capsys, "why", "in:FR", "--telegram-id", "5") == (
        "5 is in no audience: they have not signed up, asked for silence, or restricted their data.\n"
    )
    assert "Nobody with the Telegram number 99" in refusal(
        capsys, "audiences", "why", asked, "--telegram-id", "99"
    )


@pytest.mark.usefixtures("crowd")
def test_audiences_under_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "list").split() == ["name", "area", "saved", "expression"]
    saved = told(capsys, "save", "Volontaires", "volunteer and in:FR", "--area", "69")
    assert saved == "“volontaires” is saved for 69: volunteer and in:FR\n"
    # Its area limits it, and so asks for the consent to the commune.
    assert counted(capsys, "audience:VOLONTAIRES")["people"] == 4
    assert counted(capsys, "volunteer and not audience:volontaires")["people"] == 1
    assert told(capsys, "save", "all", "audience:volontaires or in:75").startswith("“all” is saved for FR")
    assert counted(capsys, "audience:all")["people"] == 5
    assert "4" in told(capsys, "why", "audience:all", "--telegram-id", "4")
    changed = told(capsys, "save", "volontaires", "volunteer or named")
    assert changed == "“volontaires” is saved for 69: volunteer or named, in place of: volunteer and in:FR\n"
    listed = told(capsys, "list").splitlines()
    assert [line.split()[:2] for line in listed[1:]] == [["all", "FR"], ["volontaires", "69"]]
    assert "“volontaires” would name itself (volontaires → all → volontaires)" in refusal(
        capsys, "audiences", "save", "volontaires", "audience:all"
    )
    assert "“volontaires” is named by all: save it without it first" in refusal(
        capsys, "audiences", "delete", "volontaires"
    )
    assert told(capsys, "delete", "all") == "“all” is deleted; it was: audience:volontaires or in:75\n"
    assert told(capsys, "delete", "volontaires").startswith("“volontaires” is deleted")
    assert "No audience is saved as “all”" in refusal(capsys, "audiences", "delete", "all")

    async def noted() -> list[tuple[str, dict[str, Any]]]:
        async with opened(Settings.from_environment()) as database, database.read() as tx:
            rows = await tx.execute(sa.select(audit).order_by(audit.c.id))
            return [(row.action, row.details) for row in rows]

    log = asyncio.run(noted())
    assert [action for action, _ in log] == [*["save_audience"] * 3, *["delete_audience"] * 2]
    assert log[2][1] == {
        "name": "volontaires",
        "area": "69",
        "area_before": "69",
        "expression": "volunteer or named",
        "before": "volunteer and in:FR",
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("count", ""), "The expression is empty"),
        (("count", "in:69 and volonteer"), "At character 11, “volonteer”: there is no condition “volonteer”"),
        (("count", "staff or in:69999"), "At character 10, “in:69999”: there is no commune 69999"),
        (("count", "near:69999:5"), "there is no commune 69999"),
        (("count", "language:de"), "the campaign has no language de: write one of fr, en."),
        (("count", "vote:3:voted"), "the campaign has no ballot 3: write one of 1, 2."),
        (("count", "plan:1:midnight"), "the campaign has no slot midnight: write one of any, none, morning,"),
        (("count", "rsvp:zz:yes"), "At character 1, “rsvp:zz:yes”: there is no event zz"),
        (("count", "not got:7"), "At character 5, “got:7”: there is no message number 7"),
        (("count", "audience:x"), "no audience is saved as “x”"),
        (("count", '{"not": "audience:x"}'), "“audience:x”: no audience is saved as “x”"),
        (("save", "7", "staff"), "“7” is no name of an audience"),
        (("save", "x", "audience:x"), "“x” would name itself"),
        (("save", "x", "rsvp:zz:yes"), "there is no event zz"),
        (("save", "x", "staff", "--area", "Lyon"), "is not the code of an area: Lyon is 69123"),
        (("why", "staff", "--telegram-id", "x"), "--telegram-id is “x”"),
        (("delete", "x"), "No audience is saved as “x”"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    assert sentence in refusal(capsys, "audiences", *arguments)


@pytest.mark.usefixtures("crowd")
def test_what_a_saved_one_names_may_be_gone_since(capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "save", "came", "rsvp:ab12:yes")

    async def forget() -> None:
        async with opened(Settings.from_environment()) as database, database.write() as tx:
            await tx.execute(sa.delete(events))

    asyncio.run(forget())
    assert "In the saved audience “came”, “rsvp:ab12:yes”: there is no event ab12" in refusal(
        capsys, "audiences", "count", "audience:came"
    )


def test_help_tells_every_condition(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("count", "why", "save"):
        with pytest.raises(SystemExit):
            main(["audiences", command, "--help"])
        said = capsys.readouterr().out
        assert all(form.example in said for form in LEAVES.values())
