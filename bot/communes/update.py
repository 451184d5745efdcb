"""Bring the gazetteer up to date from the State's own service, where it can be reached.

`geo.api.gouv.fr` (Licence Ouverte 2.0) gives every commune's true centre, and the year's mergers. What it
leaves out (a centre, the former names) is kept from the gazetteer in use.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from http.client import HTTPException
from pathlib import Path
from typing import Any

from bot.communes import SHIPPED, UPDATED_NAME, load
from bot.communes.errors import GazetteerUnreadable, UpdateFailed
from bot.communes.store import header_of, pack, unpack
from bot.rules.communes_table import DEGREE, FormerName, Place, Table, build_table, department_of

OFFICIAL_API = "https://geo.api.gouv.fr"
COMMUNES = (
    "/communes?fields=nom,code,codesPostaux,population,centre&zone=metro,drom,com"
    "&type=commune-actuelle,arrondissement-municipal"
)
FORMER = "/communes_associees_deleguees?fields=nom,code,chefLieu"
LARGEST_ANSWER = 64 * 2**20
"""Bytes read of an answer at most: the whole list has about eight million."""
FEWEST_KEPT = 0.9
"""Share of today's communes that a new list must still have: a shorter one is not the whole list."""


@dataclass(frozen=True, kw_only=True)
class Update:
    """What an update changed: counts of communes, and whether the former names could be read too."""

    vintage: str
    communes: int
    added: int
    removed: int
    approximate: int
    former_names_read: bool


def update(folder: Path, *, today: date, url: str = OFFICIAL_API, timeout_s: float = 60) -> Update:
    """Read the official list and write the new gazetteer in the data folder, at once or not at all.

    Raises `UpdateFailed`, with the reason, when the list cannot be read or is not whole; the gazetteer in
    use then stays as it was. Processes that run already keep theirs until they start again.
    """
    old_data = _data_in_use(folder)
    old = unpack(old_data)
    places = _merge_places(old, _read(url + COMMUNES, timeout_s))
    try:
        former = _former_names(_read(url + FORMER, timeout_s))
    except UpdateFailed:
        former = None  # The list of former names changes little: yesterday's is better than none.
    vintage = f"{today.isoformat()} ({OFFICIAL_API.removeprefix('https://')})"
    table = replace(
        build_table(
            places=places,
            former=_old_former_names(old) if former is None else former,
            departments=old.departments,
            regions=old.regions,
            foreign=(),
            vintage=vintage,
        ),
        foreign_keys=old.foreign_keys,
        foreign_places=old.foreign_places,
        foreign_labels=old.foreign_labels,
    )
    _write(folder, pack(table, _sources(old_data)))
    load.cache_clear()
    before, after = set(old.codes), set(table.codes)
    return Update(
        vintage=vintage,
        communes=len(after),
        added=len(after - before),
        removed=len(before - after),
        approximate=sum(table.approximate),
        former_names_read=former is not None,
    )


def _data_in_use(folder: Path) -> bytes:
    """The bytes of the readable gazetteer: the updated one, else the shipped."""
    for path in (folder / UPDATED_NAME, SHIPPED):
        try:
            data = path.read_bytes()
            header_of(data)
        except (OSError, GazetteerUnreadable):
            continue
        return data
    raise GazetteerUnreadable


def _read(url: str, timeout_s: float) -> list[Any]:
    """The list of JSON records at `url`; raises `UpdateFailed`."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as answer:
            body = answer.read(LARGEST_ANSWER + 1)
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise UpdateFailed(
            f"The official list of communes cannot be read ({reason}): nothing was changed, try again later."
        ) from error
    try:
        records = json.loads(body) if len(body) <= LARGEST_ANSWER else None
    except ValueError:
        records = None
    if not isinstance(records, list):
        raise UpdateFailed(
            "The official service did not answer with a list: nothing was changed, try again later."
        )
    return records


def _merge_places(old: Table, records: Iterable[Any]) -> list[Place]:
    """The places of the official list, completed with what is known of them; raises `UpdateFailed`."""
    known = {place.code: place for place in _old_places(old)}
    places: dict[str, Place] = {}
    for record in records:
        try:
            place = _place_of(record, known.get(record["code"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UpdateFailed(
                f"The official list has an unreadable commune ({str(record)[:80]}): nothing was changed."
            ) from error
        if place is not None and department_of(place.code) in old.departments:
            places[place.code] = place
    kept = len(known.keys() & places.keys())
    if kept < FEWEST_KEPT * len(known):
        raise UpdateFailed(
            f"The official list has only {kept} of the {len(known)} communes known: nothing was changed."
        )
    # The lands without inhabitants, which the service leaves out, stay.
    uninhabited = {
        code: place for code, place in known.items() if not place.population and code not in places
    }
    return [*places.values(), *uninhabited.values()]


def _place_of(record: dict[str, Any], known: Place | None) -> Place | None:
    """A place from the official record; None for a new commune whose centre is not given."""
    centre = (record.get("centre") or {}).get("coordinates")
    if centre is None and known is None:
        return None
    longitude, latitude = centre or (known.longitude, known.latitude)  # type: ignore[union-attr] # one is there
    return Place(
        code=str(record["code"]),
        name=str(record["nom"]).removesuffix(" Arrondissement"),
        postcodes=tuple(
            str(postcode) for postcode in record.get("codesPostaux") or (known.postcodes if known else ())
        ),
        population=int(record.get("population") or (known.population if known else 0)),
        latitude=float(latitude),
        longitude=float(longitude),
        approximate=centre is None and known is not None and known.approximate,
    )


def _former_names(records: Iterable[Any]) -> list[FormerName]:
    """The former communes of the official list; those without a commune of today are left out."""
    return [
        FormerName(name=str(record["nom"]), code=str(record["chefLieu"]))
        for record in records
        if isinstance(record, dict) and record.get("nom") and record.get("chefLieu")
    ]


def _old_places(table: Table) -> Iterable[Place]:
    for at, code in enumerate(table.codes):
        yield Place(
            code=code,
            name=table.names[at],
            postcodes=tuple(table.postcodes[at].split()),
            population=table.populations[at],
            latitude=table.latitudes[at] / DEGREE,
            longitude=table.longitudes[at] / DEGREE,
            approximate=bool(table.approximate[at]),
        )


def _old_former_names(table: Table) -> list[FormerName]:
    names = table.names[len(table.codes) :]
    return [
        FormerName(name=name, code=table.codes[owner])
        for name, owner in zip(names, table.owners, strict=True)
    ]


def _sources(old_data: bytes) -> list[dict[str, str]]:
    """The sources of the old file and the official service, once."""
    official = {
        "what": "communes, postcodes, populations, centres",
        "from": OFFICIAL_API,
        "licence": "Licence Ouverte 2.0",
    }
    return [source for source in header_of(old_data)["sources"] if source != official] + [official]


def _write(folder: Path, data: bytes) -> None:
    """Put the file in the folder whole: a reader sees the old one or the new one; raises `UpdateFailed`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch = folder / f"{UPDATED_NAME}.new"
        scratch.write_bytes(data)
        scratch.replace(folder / UPDATED_NAME)
    except OSError as error:
        raise UpdateFailed(
            f"The new list cannot be written in {folder} ({error.strerror}): nothing was changed."
        ) from error
