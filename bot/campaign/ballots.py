"""The ballots of a campaign file: days, hours and exceptions of every territory, said once for all rounds
or by round.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, time, timedelta
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

from bot.campaign.electorate import read_areas, read_territories
from bot.campaign.toml import Source, TomlPath, TomlTable, Words
from bot.errors import UnknownArea
from bot.frozen import Frozen
from bot.rules.areas import ABROAD_AREA, normal_area
from bot.rules.ballot_kinds import BallotKind
from bot.rules.ballots import Ballot, Hours, HoursException, Polling
from bot.rules.territories import ABROAD, METROPOLE, TERRITORIES

_SATURDAY = 5
_DEFAULT_HOURS = Hours(opens=time(8), closes=time(19))


@lru_cache(maxsize=64)
def _known(ballot: Ballot) -> Ballot:
    """The first of equal ones: what was found out of it is looked for by it, and two that are not one are compared
    territory by territory, each time.
    """
    return ballot


class _Shared(Frozen):
    """Everything that the file says once for all rounds. `online_in`: the territory whose people may vote online."""

    usual: Hours
    territories: tuple[str, ...]
    day_before: tuple[str, ...]
    hours: Mapping[str, Hours]
    exceptions: tuple[HoursException, ...]
    online_in: str


class Ballots(Frozen):
    """The ballots that can be read, in order, numbered from 1; the names of all, and the areas whose people vote."""

    held: tuple[Ballot, ...]
    names: Mapping[int, Words]
    areas: tuple[str, ...]


def read_ballots(root: TomlTable, languages: tuple[str, ...], kind: BallotKind) -> Ballots:
    """The ballots; `[polling]` holds what is the same in each."""
    table = root.table("polling")
    areas = read_areas(table, kind)
    territories = read_territories(table, kind, areas)
    usual = _read_hours(table, _DEFAULT_HOURS)
    hours, exceptions = _read_exceptions(table.table("hours"), usual)
    shared = _Shared(
        usual=usual,
        territories=territories,
        day_before=table.some_of("day_before", tuple(TERRITORIES)),
        hours=hours,
        exceptions=exceptions,
        online_in=territories[0] if kind is BallotKind.MEMBERS else ABROAD,
    )
    table.done()
    tables = root.tables("ballots")
    if not tables and root.data.get("ballots") is not None:
        root.fault("ballots", "there is no ballot", "write at least one table [[ballots]]")
    names = {number: row.words("name", languages) for number, row in enumerate(tables, start=1)}
    ballots = (_read_ballot(row, number, shared) for number, row in enumerate(tables, start=1))
    held = tuple(_known(ballot) for ballot in ballots if ballot is not None)
    return Ballots(held=held, names=MappingProxyType(names), areas=areas)


def _read_ballot(table: TomlTable, number: int, shared: _Shared) -> Ballot | None:
    day = table.day("day")
    days = _read_days(table.table("days"))
    usual = _read_hours(table, shared.usual)
    hours, exceptions = _read_exceptions(table.table("hours"), usual)
    online = _read_online(table, day, shared.online_in)
    table.done()
    if day is None:
        return None
    # What a round says wins over what is said once for all rounds.
    shared_hours = shared.hours if usual == shared.usual else {}
    pollings = tuple(
        online
        if online is not None and code == online.territory
        else Polling(
            territory=code,
            day=days.get(code, day - timedelta(days=1) if code in shared.day_before else day),
            hours=hours.get(code, shared_hours.get(code, usual)),
        )
        for code in TERRITORIES
        if code in shared.territories
    )
    by_area = {each.area: each for each in (*shared.exceptions, *exceptions)}
    return Ballot(number=number, day=day, pollings=pollings, exceptions=tuple(by_area.values()))


def _read_hours(table: TomlTable, default: Hours) -> Hours:
    hours = Hours(
        opens=table.clock_time("opens", default=default.opens),
        closes=table.clock_time("closes", default=default.closes),
    )
    if hours.opens >= hours.closes:
        table.fault(
            "closes",
            f"polling places close at {hours.closes:%H:%M}, not after they open at {hours.opens:%H:%M}",
            "write a later closing time",
        )
        return default
    return hours


def _read_exceptions(table: TomlTable, usual: Hours) -> tuple[dict[str, Hours], tuple[HoursException, ...]]:
    """Hours by territory, and by smaller area."""
    territories: dict[str, Hours] = {}
    areas: list[HoursException] = []
    for code in table.codes():
        row = table.table(code)
        hours = _read_hours(row, usual)
        row.done()
        if code in TERRITORIES:
            territories[code] = hours
            continue
        try:
            areas.append(HoursException(area=normal_area(code), hours=hours))
        except UnknownArea:
            table.fault(
                code,
                f"“{code}” is neither a territory nor an area",
                "use a territory (971), a région (R84), a département (69) or a commune’s INSEE code (69123)",
            )
    return territories, tuple(areas)


def note_unknown_communes(source: Source, communes: Collection[str]) -> bool:
    """Notes communes that do not exist, where nobody would vote, now or at other hours; whether there are any."""
    tables: list[tuple[TomlPath, Iterable[str]]] = [
        (("polling", "areas"), map(str, source.data.get("polling", {}).get("areas", ()))),
        (("polling", "hours"), source.data.get("polling", {}).get("hours", {})),
        *(
            (("ballots", row, "hours"), ballot.get("hours", {}))
            for row, ballot in enumerate(source.data["ballots"])
        ),
    ]
    unknown = [
        (*path, code)
        for path, codes in tables
        for code in codes
        if code not in TERRITORIES and _is_no_commune(normal_area(code), communes)
    ]
    for path in unknown:
        source.fault(
            path,
            f"there is no commune {path[-1]}",
            "find its INSEE code with `portevoix communes search NAME` (Lyon’s is 69123, which is not its postcode)",
        )
    return bool(unknown)


def _is_no_commune(area: str, communes: Collection[str]) -> bool:
    return len(area) == 5 and area != ABROAD_AREA and area not in communes


def _read_days(table: TomlTable) -> dict[str, date]:
    """Polling days that differ, by territory."""
    days = {}
    for code in table.codes():
        day = table.day(code)
        if code not in TERRITORIES:
            table.fault(code, f"“{code}” is not a territory", f"use one of {', '.join(TERRITORIES)}")
        elif day is not None:
            days[code] = day
    return days


def _read_online(table: TomlTable, day: date | None, territory: str) -> Polling | None:
    """Online voting of people abroad, in Paris time, or of members, in theirs; None when the file has none."""
    if "online" not in table.data:
        return None
    online = table.table("online")
    opens, closes = online.local_instant("opens"), online.local_instant("closes")
    online.done()
    if opens is None or closes is None or day is None:
        return None
    if not opens < closes:
        online.fault("closes", "online voting closes before it opens", "write a later instant")
        return None
    if not day - timedelta(days=30) <= closes.date() <= day + timedelta(days=1):
        online.fault(
            "closes",
            "online voting does not end with the ballot",
            f"write an instant on {day} or shortly before",
        )
        return None
    return Polling(
        territory=territory,
        day=closes.date(),
        hours=Hours(opens=opens.time(), closes=closes.time()),
        online=True,
        opens_days_before=(closes.date() - opens.date()).days,
    )


def check_ballots(source: Source, ballots: tuple[Ballot, ...], kind: BallotKind) -> None:
    """Notes days that are unlikely, and rounds that overlap."""
    is_public = kind is not BallotKind.MEMBERS
    is_anywhere = is_public and "areas" not in source.data.get("polling", {})
    for ballot in ballots:
        path = ("ballots", ballot.number - 1, "day")
        if is_public and ballot.day.weekday() < _SATURDAY:
            source.fault(
                path,
                f"ballot {ballot.number} is on a {ballot.day:%A}",
                "check the date, since French ballots are held on Sundays",
                warning=True,
            )
        for polling in ballot.pollings:
            if abs((polling.day - ballot.day).days) > 7:
                source.fault(
                    ("ballots", ballot.number - 1, "days", polling.territory),
                    f"“{polling.territory}” votes on {polling.day}, far from {ballot.day}",
                    "write a day at most a week from it",
                )
        if is_anywhere and not ballot.takes_place_in(METROPOLE):
            source.fault(
                ("polling", "territories"),
                f"ballot {ballot.number} is not held in metropolitan France",
                "check this: quiet periods then end with the last polling place anywhere",
                warning=True,
            )
    for earlier, later in pairwise(ballots):
        opens = min(polling.voting_window.starts for polling in later.pollings)
        if opens <= earlier.ends_at:
            source.fault(
                ("ballots", later.number - 1, "day"),
                f"ballot {later.number} begins before ballot {earlier.number} is over",
                "write the rounds in order, on days that do not overlap",
            )
