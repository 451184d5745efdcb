"""The calendar: every step of every ballot in every territory, and whether the law lets it leave.

`calendar_entries` holds what `portevoix calendar` prints; `as_json` and `as_row` are its two forms.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from bot.campaign.model import Campaign
from bot.frozen import Frozen
from bot.rules.ballots import Ballot
from bot.rules.quiet import Quiet, Reason
from bot.rules.reminders import StepOccurrence
from bot.rules.steps import Step
from bot.rules.territories import zone

HEADERS = ("ballot", "territory", "zone", "step", "kind", "local time", "blocked")


class CalendarEntry(Frozen):
    """One step of one ballot in one territory.

    `at` is in the territory's zone; None where the step follows each person's own plan, whose local hours
    are then in `slots`. `quiet`: what blocks it, for at least one slot.
    """

    ballot: int
    territory: str
    zone: str
    step: str
    kind: str
    at: datetime | None
    slots: tuple[tuple[str | None, datetime], ...]
    quiet: Quiet | None

    @cached_property
    def first(self) -> datetime:
        """When it leaves for the first, in the territory's time: at each slot where people planned."""
        return self.at or min(at for _, at in self.slots)

    @cached_property
    def last(self) -> datetime:
        return self.at or max(at for _, at in self.slots)


MADE = "calendar"


def calendar_entries(campaign: Campaign) -> Sequence[CalendarEntry]:
    """All entries, by ballot, then territory, then step in the order of the campaign file.

    Once the candidate is out there is only the last choice. Made once of a campaign, and kept with what is cached of
    it: pages look into it.
    """
    known = vars(campaign)
    if MADE not in known:
        known[MADE] = tuple(_entries(campaign))
    entries: Sequence[CalendarEntry] = known[MADE]
    return entries


def _entries(campaign: Campaign) -> Iterator[CalendarEntry]:
    for ballot in campaign.ballots:
        for territory in ballot.territories:
            for step in campaign.steps:
                found = tuple(
                    each for each in campaign.occurrences(ballot, step, territory) if stands(campaign, each)
                )
                if found:
                    yield _entry(campaign, ballot, territory, step, found)
            if campaign.last_choice is not None and campaign.last_choice.belongs_to(ballot.number):
                asked = campaign.occurrences(ballot, campaign.last_choice, territory)
                yield _entry(campaign, ballot, territory, campaign.last_choice, asked)


def stands(campaign: Campaign, occurrence: StepOccurrence) -> bool:
    """Whether the candidate still stands when a step is due; if not it never leaves."""
    return not campaign.is_out(occurrence.at_utc)


def _entry(
    campaign: Campaign, ballot: Ballot, territory: str, step: Step, found: tuple[StepOccurrence, ...]
) -> CalendarEntry:
    zone_name = ballot.polling(territory).zone.key
    blocking = (
        campaign.quiet(kind=each.kind, territory=territory, now=each.at_utc, zone=zone_name) for each in found
    )
    return CalendarEntry(
        ballot=ballot.number,
        territory=territory,
        zone=zone_name,
        step=step.name,
        kind=step.kind.value,
        at=None if step.follows_slot else found[0].at_local,
        slots=tuple((each.slot, each.at_local) for each in found) if step.follows_slot else (),
        quiet=next((quiet for quiet in blocking if quiet is not None), None),
    )


_REASONS: Mapping[Reason, str] = {
    Reason.QUIET_PERIOD: "",
    Reason.RESULTS_EMBARGO: "; results are under embargo",
    Reason.CIVIC_NEUTRAL_NOT_ALLOWED: "; the campaign file does not allow civic_neutral",
    Reason.UNKNOWN_TERRITORY: "; the territory is unknown",
}


def reason_sentence(quiet: Quiet, zone_name: str) -> str:
    """Why something is blocked and until when, in plain English and in a zone's time."""
    until = quiet.until.astimezone(zone(zone_name)).isoformat(timespec="minutes")
    more = _REASONS[quiet.reason]
    return f"quiet period of ballot {quiet.ballot} under {quiet.profile} until {until}{more}"


def as_json(entry: CalendarEntry) -> dict[str, Any]:
    """The object of `portevoix calendar --json` (a contract: see DESIGN.md)."""
    return {
        "ballot": entry.ballot,
        "territory": entry.territory,
        "zone": entry.zone,
        "step": entry.step,
        "kind": entry.kind,
        "at_local": entry.at.isoformat() if entry.at is not None else None,
        "at_utc": entry.at.astimezone(UTC).isoformat() if entry.at is not None else None,
        "blocked": entry.quiet is not None,
        "reason": reason_sentence(entry.quiet, entry.zone) if entry.quiet is not None else None,
    }


def as_row(entry: CalendarEntry) -> tuple[str, ...]:
    """The cells of the readable table, in the order of HEADERS."""
    if entry.at is not None:
        when = f"{entry.at:%a %Y-%m-%d %H:%M %z}"
    else:
        when = "own plan: " + ", ".join(f"{slot or 'none'} {at:%H:%M}" for slot, at in entry.slots)
    blocked = reason_sentence(entry.quiet, entry.zone) if entry.quiet is not None else ""
    return (str(entry.ballot), entry.territory, entry.zone, entry.step, entry.kind, when, blocked)
