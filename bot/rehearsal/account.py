"""What everybody received, counted: for the lines of `--json`, and for the report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from bot.rehearsal.almanac import clock_of
from bot.rehearsal.cast import Character
from bot.rehearsal.checker import Arrival
from bot.rehearsal.reminding import Reminded
from db.notices import PREFIX as NOTICES
from db.rehearsal import RehearsedBroadcast


def names_of(sendings: Iterable[RehearsedBroadcast]) -> dict[int, str]:
    """The name of each broadcast: the step, what a message is and the number of its event, what the team is told,
    `survey-1` …, `broadcast-1` …
    """
    names = {}
    written = 0
    for sending in sendings:
        if sending.step is not None:
            names[sending.id] = sending.step
        elif sending.key.startswith(("event:", "series:", "shift:")) and sending.template is not None:
            names[sending.id] = f"{sending.template.rpartition('/')[2]}-{sending.key.split(':')[1]}"
        elif sending.key.startswith("survey:"):
            names[sending.id] = sending.key.replace(":", "-")
        elif (sending.template or "").startswith(NOTICES):
            names[sending.id] = str(sending.template)
        else:
            written += 1
            names[sending.id] = f"broadcast-{written}"
    return names


class Lines:
    """One line of JSON for each message that left, those of an instant in a settled order."""

    def __init__(self, names: Mapping[int, str], write: Callable[[str], object]) -> None:
        self._names, self._write = names, write
        self._at: datetime | None = None
        self._together: list[tuple[int, str, str]] = []

    def add(self, arrival: Arrival) -> None:
        if arrival.at != self._at:
            self.flush()
            self._at = arrival.at
        name = self._names[arrival.sending.id]
        line = json.dumps(as_json(arrival, name), ensure_ascii=False)
        self._together.append((arrival.member.telegram_id, name, line))

    def flush(self) -> None:
        for _, _, line in sorted(self._together):
            self._write(line + "\n")
        self._together.clear()


def as_json(arrival: Arrival, name: str) -> dict[str, Any]:
    """The object of `portevoix rehearse --json` (a contract: see docs/rehearsal.md)."""
    member, place = arrival.member, arrival.member.place_at(arrival.at)
    return {
        "at_utc": arrival.at.isoformat(),
        "at_local": arrival.at.astimezone(clock_of(place.zone)).isoformat(),
        "territory": place.territory,
        "language": member.language,
        "step": name,
        "kind": arrival.sending.kind,
        "supporter": member.telegram_id,
    }


class RehearsalAccount:
    """How many messages left: by territory and instant, and by what kind of person received them.

    `reminders`: how many people were reminded in the last two days before each round, or why not.
    """

    def __init__(self) -> None:
        self.by_place: Counter[tuple[str, int, datetime]] = Counter()
        self.by_character: Counter[tuple[Character, int]] = Counter()
        self.by_language: Counter[str] = Counter()
        self.reminders: Counter[tuple[int, Reminded]] = Counter()

    def add(self, arrival: Arrival) -> None:
        territory = arrival.member.place_at(arrival.at).territory
        self.by_place[territory, arrival.sending.id, arrival.at] += 1
        self.by_character[arrival.member.character, arrival.sending.id] += 1
        self.by_language[arrival.member.language] += 1

    @property
    def messages(self) -> int:
        return self.by_language.total()
