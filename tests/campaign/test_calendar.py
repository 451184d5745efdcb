"""The calendar: the contract of `portevoix calendar --json`, and its readable rows."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.campaign.calendar import HEADERS, as_json, as_row, calendar_entries
from bot.campaign.campaign import load_campaign
from bot.rules.territories import TERRITORIES
from tests.frozen import FROZEN

PRIMARY = load_campaign(FROZEN)
# Under the electoral code, with the neutral reminders that it blocks unless a campaign allows them.
PRESIDENTIAL = replace(load_campaign(Path("campaigns/presidentielle-2027")), steps=PRIMARY.steps)
KEYS = ["ballot", "territory", "zone", "step", "kind", "at_local", "at_utc", "blocked", "reason"]


@pytest.mark.parametrize("campaign", [PRIMARY, PRESIDENTIAL], ids=["primary", "presidential"])
def test_every_object_has_the_keys_of_the_contract(campaign: object) -> None:
    objects = json.loads(json.dumps([as_json(entry) for entry in calendar_entries(campaign)]))  # type: ignore[arg-type]
    # Seven steps in round 1, five in round 2, in fifteen territories.
    assert len(objects) == (7 + 5) * 15
    for each in objects:
        assert list(each) == KEYS
        assert each["zone"] == TERRITORIES[each["territory"]].zone
        assert (each["at_local"] is None) == (each["at_utc"] is None) == (each["step"] == "go")
        assert each["blocked"] == (each["reason"] is not None)
        if each["at_utc"] is not None:
            at_local, at_utc = (datetime.fromisoformat(each[key]) for key in ("at_local", "at_utc"))
            assert at_local == at_utc
            assert at_utc.utcoffset() == timedelta()


def test_nothing_of_the_primary_is_blocked() -> None:
    assert not [entry for entry in calendar_entries(PRIMARY) if entry.quiet is not None]


def test_the_neutral_reminders_of_2027_are_blocked_with_the_reason_and_the_end() -> None:
    blocked = [as_json(entry) for entry in calendar_entries(PRESIDENTIAL) if entry.quiet is not None]
    assert {each["step"] for each in blocked} == {"go", "last"}
    last = next(each for each in blocked if each["step"] == "last" and each["territory"] == "FR")
    assert last["reason"] == (
        "quiet period of ballot 1 under fr-L49-2020 until 2027-04-11T20:00+02:00; "
        "the campaign file does not allow civic_neutral"
    )


def test_a_partisan_step_on_the_eve_is_shown_as_blocked() -> None:
    echo = PRIMARY.step("echo")
    late = replace(echo, when=replace(echo.when, days_before=1), until=replace(echo.until, days_before=0))
    steps = tuple(late if step.name == "echo" else step for step in PRIMARY.steps)
    entries = [entry for entry in calendar_entries(replace(PRIMARY, steps=steps)) if entry.step == "echo"]
    assert len(entries) == 30
    assert all(entry.quiet is not None for entry in entries)


def test_rows_are_readable() -> None:
    rows = {(row[0], row[1], row[3]): row for row in map(as_row, calendar_entries(PRIMARY))}
    assert all(len(row) == len(HEADERS) for row in rows.values())
    assert rows["1", "988", "thanks"][5] == "Mon 2016-11-21 09:00 +1100"
    assert rows["1", "FR", "go"][5].startswith("own plan: morning 09:00, midday 11:00")
