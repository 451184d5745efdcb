"""Bring the gazetteer up to date from the State's own service, where it can be reached.

`geo.api.gouv.fr` (Licence Ouverte 2.0) gives every commune's true centre, and the year's mergers. What it
leaves out (a centre, the former names) is kept from the gazetteer in use.
"""

import json
import os
import re
import time
import urllib.request
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from http.client import HTTPException
from pathlib import Path
from typing import Any

from bot.communes import OFFICIAL_API, SHIPPED, UPDATED_NAME, forget
from bot.communes.errors import GazetteerUnreadable, UpdateFailed
from bot.communes.store import header_of, pack, unpack
from bot.frozen import Frozen
from bot.rules.communes.table import DEGREE, CommuneRow, CommuneTable, FormerName, build_table, department_of
from bot.rules.communes.text import key_of, words_of

COMMUNES = (
    "/communes?fields=nom,code,codesPostaux,population,centre&zone=metro,drom,com"
    "&type=commune-actuelle,arrondissement-municipal"
)
FORMER = "/communes_associees_deleguees?fields=nom,code,chefLieu"
LARGEST_ANSWER = 64 * 2**20
"""Bytes read of an answer at most: the whole list has about eight million."""
LONGEST_ANSWER_S = 300.0
"""Seconds that an answer may take in all, however steadily it trickles."""
FEWEST_KEPT = 0.9
"""Share of today's communes that a new list must still have: a shorter one is not the whole list."""
FEWEST_FORMER = 0.5
"""The same for the former names, which the service may count otherwise."""

_CODE = re.compile(r"(?:[0-9]{2}|2[AB])[0-9]{3}")
_POSTCODE = re.compile(r"[0-9]{5}")
_LONGEST_NAME = 100
_MOST_INHABITANTS = 10**8


class CommuneChanges(Frozen):
    """The changes of an update: counts of communes, and whether the former names could be read too."""

    vintage: str
    communes: int
    added: int
    removed: int
    approximate: int
    former_names_read: bool


def update(folder: Path, *, today: date, url: str = OFFICIAL_API, timeout_s: float = 60) -> CommuneChanges:
    """Read the official list and write the new gazetteer in the data folder, at once or not at all.

    Raises `UpdateFailed`, with the reason, when the list cannot be read or is not whole; the gazetteer in
    use then stays as it was. Processes that run already keep theirs until they start again.
    """
    old_data = _data_in_use(folder)
    old = unpack(old_data)
    places = _merge_places(old, _read(url + COMMUNES, timeout_s))
    former = _read_former_names(url, timeout_s, known=_old_former_names(old))
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
    forget()
    before, after = set(old.codes), set(table.codes)
    return CommuneChanges(
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
        body = _body(url, timeout_s)
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise UpdateFailed(
            f"The official list of communes cannot be read ({reason}): nothing was changed, try again later."
        ) from error
    try:
        records = json.loads(body)
    except (ValueError, RecursionError):
        records = None
    if not isinstance(records, list):
        raise UpdateFailed(
            "The official service did not answer with a list: nothing was changed, try again later."
        )
    return records


def _body(url: str, timeout_s: float) -> bytes:
    """The content at `url`; raises `ValueError` when it is too long or no web address, and the network's errors."""
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url.partition('/communes')[0]} is not a web address")
    ends = time.monotonic() + LONGEST_ANSWER_S
    body = bytearray()
    with urllib.request.urlopen(url, timeout=timeout_s) as answer:
        while piece := answer.read1(2**16):
            body += piece
            if len(body) > LARGEST_ANSWER:
                raise ValueError("the answer does not end")
            if time.monotonic() > ends:
                raise TimeoutError("the answer takes too long")
        announced = answer.length  # what is left of the length announced; None if none was
    if announced:
        raise ValueError("the answer was cut short")
    return bytes(body)


def _merge_places(old: CommuneTable, records: Iterable[Any]) -> list[CommuneRow]:
    """The places of the official list, completed with what is known of them; raises `UpdateFailed`."""
    known = {place.code: place for place in _old_places(old)}
    places: dict[str, CommuneRow] = {}
    for record in records:
        try:
            place = _place_of(record, known.get(record["code"]))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
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


def _place_of(record: dict[str, Any], known: CommuneRow | None) -> CommuneRow | None:
    """A place from the official record; None for a new commune whose centre is not given.

    Raises an error of `_merge_places` for anything that cannot be: one bad value would spoil the whole file.
    """
    centre = (record.get("centre") or {}).get("coordinates")
    if centre is None and known is None:
        return None
    longitude, latitude = centre or (known.longitude, known.latitude)  # type: ignore[union-attr] # one is there
    place = CommuneRow(
        code=_text(record["code"]),
        name=_text(record["nom"]).removesuffix(" Arrondissement"),
        postcodes=tuple(
            _text(postcode) for postcode in record.get("codesPostaux") or (known.postcodes if known else ())
        ),
        population=int(record.get("population") or (known.population if known else 0)),
        latitude=float(latitude),
        longitude=float(longitude),
        approximate=centre is None and known is not None and known.approximate,
    )
    if not (
        _CODE.fullmatch(place.code)
        and all(map(_POSTCODE.fullmatch, place.postcodes))
        and 0 <= place.population < _MOST_INHABITANTS
        and -90 <= place.latitude <= 90
        and -180 <= place.longitude <= 180
    ):
        raise ValueError(place)
    return place


def _text(value: object) -> str:
    """A text of one line, as the file's columns hold; raises `TypeError` or `ValueError`."""
    if not isinstance(value, str):
        raise TypeError(value)
    if not (0 < len(value) <= _LONGEST_NAME and value.isprintable() and key_of(words_of(value))):
        raise ValueError(value)
    return value


def _read_former_names(url: str, timeout_s: float, known: list[FormerName]) -> list[FormerName] | None:
    """The official list of former names; None if it cannot be had whole: it changes little, so that yesterday's is
    better than none.
    """
    try:
        found = _former_names(_read(url + FORMER, timeout_s))
    except UpdateFailed:
        return None
    return found if len(found) >= FEWEST_FORMER * len(known) else None


def _former_names(records: Iterable[Any]) -> list[FormerName]:
    """The former communes of the official list; those without a name or a commune of today are left out."""
    found = []
    for record in records:
        try:
            found.append(FormerName(name=_text(record["nom"]), code=_text(record["chefLieu"])))
        except (KeyError, TypeError, ValueError):
            continue
    return found


def _old_places(table: CommuneTable) -> Iterable[CommuneRow]:
    for at, code in enumerate(table.codes):
        yield CommuneRow(
            code=code,
            name=table.names[at],
            postcodes=tuple(table.postcodes[at].split()),
            population=table.populations[at],
            latitude=table.latitudes[at] / DEGREE,
            longitude=table.longitudes[at] / DEGREE,
            approximate=bool(table.approximate[at]),
        )


def _old_former_names(table: CommuneTable) -> list[FormerName]:
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
        with scratch.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(folder / UPDATED_NAME)
    except OSError as error:
        raise UpdateFailed(
            f"The new list cannot be written in {folder} ({error.strerror}): nothing was changed."
        ) from error
