"""What happened at each polling station: registered, voters, votes; of the lists those that the importer calls ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bot.canvass.files import CsvFile, Faults, UnreadableFile, open_csv, whole
from bot.communes import Gazetteer
from bot.frozen import Frozen
from bot.rules.areas import city_of
from bot.rules.canvass.ranking import StationResult
from bot.rules.canvass.stations import station_code

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "commune": (
        "code_insee",
        "insee",
        "codecommune",
        "code de la commune",
        "code commune",
        "code_commune",
        "commune",
    ),
    "department": ("code du departement", "code departement", "code_departement", "departement", "dep"),
    "station": (
        *(
            "station",
            "code_bv",
            "code bv",
            "code du b.vote",
            "code b.vote",
            "code_bvote",
            "id_brut_bv_reu",
            "bureau",
        ),
        *("bureau de vote", "bureau_de_vote", "numero bureau"),
    ),
    "registered": ("registered", "inscrits"),
    "voters": ("voters", "votants"),
    "cast": ("cast", "exprimes"),
}
"""The titles by which the columns are known where the importer names none."""
MOST_COLUMNS = 1_000
OPTIONAL = frozenset({"department", "cast"})
_OVERSEAS = {
    **{
        "ZA": "971",
        "ZB": "972",
        "ZC": "973",
        "ZD": "974",
        "ZM": "976",
        "ZS": "975",
        "ZW": "986",
        "ZP": "987",
    },
    **{"ZN": "988", "ZX": "977"},
}
"""The ministry’s own codes."""


class ResultsFile(Frozen):
    """A file of results, whose columns are known: `at` by field, `ours` those of our lists."""

    csv: CsvFile
    gazetteer: Gazetteer
    at: Mapping[str, int]
    ours: Sequence[int]

    def title(self, place: int) -> str:
        """What a column is called; beyond those that have titles, its number."""
        return self.csv.names[place] if place < len(self.csv.names) else f"column {place + 1}"

    def read(self, faults: Faults) -> Iterator[StationResult]:
        """Its stations. Lines of communes that are no more, and of voters abroad, are left out."""
        return self.csv.read(faults, _converter(self))


def open_results(
    path: Path, gazetteer: Gazetteer, *, ours: Sequence[str], named: Mapping[str, str]
) -> ResultsFile:
    """A file of results. `ours` and `named` (by field) are titles of columns, or their numbers from 1.

    Raises UnreadableFile.
    """
    csv = replace(open_csv(path), is_wider=True)
    at: dict[str, int] = {}
    for field, titles in COLUMNS.items():
        place = _place(csv, named[field]) if field in named else csv.place_of(*titles)
        if place is not None:
            at[field] = place
        elif field not in OPTIONAL:
            raise UnreadableFile(
                f"{path} has no column that is known as {field}: its first line names {csv.shown}. Name the column with"
                f" --{field} TITLE, or with its number."
            )
    return ResultsFile(csv=csv, gazetteer=gazetteer, at=at, ours=[_place(csv, title) for title in ours])


def _place(csv: CsvFile, title: str) -> int:
    """The column of a title or of a number. Raises UnreadableFile."""
    same = [place for place, name in enumerate(csv.names) if name.casefold() == title.strip().casefold()]
    if len(same) == 1:
        return same[0]
    if same:
        raise UnreadableFile(
            f"“{title}” is the title of {len(same)} columns of {csv.path}: name the one that is meant by its number,"
            f" such as {same[0] + 1}."
        )
    if title.isascii() and title.isdigit() and 1 <= int(title) <= MOST_COLUMNS:
        return int(title) - 1
    place = csv.place_of(title)
    if place is None:
        raise UnreadableFile(f"{csv.path} has no column “{title}”: its first line names {csv.shown}.")
    return place


def _converter(file: ResultsFile) -> Callable[[list[str]], StationResult | None]:
    at, seen = file.at, set[str]()

    def number(row: list[str], field: str) -> int:
        return whole(row[at[field]], field)

    def cell(row: list[str], place: int) -> int:
        if place >= len(row):
            raise ValueError(f"it has {len(row)} cells, and none in column {place + 1}")
        return whole(row[place], file.title(place))

    def convert(row: list[str]) -> StationResult | None:
        department = row[at["department"]].strip().upper() if "department" in at else ""
        commune = _commune(row[at["commune"]].strip().upper(), department)
        if file.gazetteer.by_code(commune) is None:
            return None
        code = station_code(city_of(commune), row[at["station"]].split("_")[-1])
        if code in seen:
            raise ValueError(f"the station {code} stands above already; keep one of the two")
        seen.add(code)
        voters = number(row, "voters")
        found = StationResult(
            station=code,
            commune=city_of(commune),
            registered=number(row, "registered"),
            voters=voters,
            cast=number(row, "cast") if "cast" in at else voters,
            ours=sum(cell(row, place) for place in file.ours),
        )
        _require_sound(found)
        return found

    return convert


def _commune(text: str, department: str) -> str:
    """The INSEE code: written whole, or the number of the commune in its département."""
    if len(text) >= 4 or not department:
        return text.zfill(5)
    department = _OVERSEAS.get(department, department.zfill(2))
    return department[:2] + text.zfill(3)


def _require_sound(found: StationResult) -> None:
    """Raises ValueError for numbers that cannot be."""
    for less, more, words in (
        (found.voters, found.registered, "voters than registered"),
        (found.cast, found.voters, "votes cast than voters"),
        (found.ours, found.cast, "votes for us than votes cast"),
    ):
        if less > more:
            raise ValueError(f"there are more {words} ({less} and {more}); check the columns")
