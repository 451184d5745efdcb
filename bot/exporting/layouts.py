"""Layouts that other systems import: which table of ours becomes what of theirs. docs/exports.md tells every field.

Sources: NationBuilder, “Fields available for import” (people import); OSDI 1.2, “Person”, “Attendance” and “Record
Attendance Helper”. A layout names nobody whom the plain table does not name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.communes import Gazetteer
from bot.exporting.cells import Values
from bot.exporting.tables import TABLES, Column, columns_of
from bot.frozen import Frozen

ORIGIN = "portevoix"
"""Who issued an identifier, as OSDI writes it: `portevoix:<pseudonym>`."""

Record = Mapping[str, Any]


class Shape(Frozen):
    """The shape that a table takes: its columns, and the row that each of its records gives."""

    columns: tuple[Column, ...]
    row: Callable[[Record, Gazetteer], Sequence[Any]]

    def convert(self, table: str, values: Sequence[Values], gazetteer: Gazetteer) -> list[Values]:
        """The values of its columns from those of the table's."""
        names = [column.name for column in TABLES[table].columns]
        records = (dict(zip(names, row, strict=True)) for row in zip(*values, strict=True))
        return list(zip(*(self.row(record, gazetteer) for record in records), strict=True))


class Layout(Frozen):
    """A system's layout: the one format it is written in, and what it makes of which tables."""

    name: str
    format: str
    shapes: Mapping[str, Shape]


def _place(record: Record, gazetteer: Gazetteer) -> tuple[str | None, str | None]:
    """The commune's name, and its postcode where it has only one; both only of who is known to the team."""
    commune = gazetteer.by_code(record["commune"]) if record["commune"] else None
    if commune is None:
        return None, None
    return commune.official_name, commune.postcodes[0] if len(commune.postcodes) == 1 else None


def _tags(record: Record) -> list[str]:
    """Tags, for what neither system has a field for."""
    told = {
        ORIGIN: True,
        f"{ORIGIN}-department-{record['department']}": record["department"] is not None,
        f"{ORIGIN}-territory-{record['territory']}": record["territory"] is not None,
        f"{ORIGIN}-pseudonymous": record["first_name"] is None,
        f"{ORIGIN}-{record['state']}": True,
    }
    return [tag for tag, holds in told.items() if holds]


def _nationbuilder_person(record: Record, gazetteer: Gazetteer) -> Sequence[Any]:
    city, postcode = _place(record, gazetteer)
    return (
        record["supporter"],
        record["first_name"],
        None,  # Telegram’s surname is not asked for
        record["language"],
        city,
        postcode,
        "Y" if record["volunteer"] else "N",
        ",".join(_tags(record)),
        record["registered_at"],
        None,  # free for the team
    )


def _osdi_person(record: Record, gazetteer: Gazetteer) -> Sequence[Any]:
    city, postcode = _place(record, gazetteer)
    address = {"primary": True, "locality": city, "postal_code": postcode, "region": record["department"]}
    address |= {"country": record["country"] or "FR"}
    flags = ("consent_contact", "consent_commune", "consent_team", "consent_keep", "volunteer")
    return (
        [f"{ORIGIN}:{record['supporter']}"],
        ORIGIN,
        record["registered_at"],
        record["first_name"],
        [record["language"]] if record["language"] else [],
        [_without_empty(address)],
        {name: record[name] for name in flags} | {"state": record["state"], "tags": _tags(record)},
    )


_STATUSES = {"yes": "accepted", "maybe": "tentative", "no": "declined"}


def _osdi_attendance(record: Record, gazetteer: Gazetteer) -> Sequence[Any]:
    who = f"{ORIGIN}:{record['supporter']}"
    person = {"identifiers": [who], "origin_system": ORIGIN, "given_name": record["first_name"]}
    event = {
        "identifiers": [f"{ORIGIN}:{record['event']}"],
        "title": record["title"],
        "start_date": record["starts_at"],
        "status": "confirmed" if record["event_state"] == "open" else "cancelled",
    }
    return (
        [f"{ORIGIN}:{record['event']}:{record['supporter']}"],
        ORIGIN,
        record["at"],
        _STATUSES.get(record["answer"], "needs action"),
        record["attended"],
        _without_empty(person),
        _without_empty(event),
    )


def _without_empty(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


LAYOUTS: Mapping[str, Layout] = {
    layout.name: layout
    for layout in (
        Layout(
            name="nationbuilder",
            format="csv",
            shapes={
                "supporters": Shape(
                    columns=columns_of(
                        "external_id first_name last_name language address_city address_zip is_volunteer"
                        " tag_list created_at:instant note"
                    ),
                    row=_nationbuilder_person,
                )
            },
        ),
        Layout(
            name="osdi",
            format="jsonl",
            shapes={
                "supporters": Shape(
                    columns=columns_of(
                        "identifiers:object origin_system created_date:instant given_name languages_spoken:object"
                        " postal_addresses:object custom_fields:object"
                    ),
                    row=_osdi_person,
                ),
                "attendance": Shape(
                    columns=columns_of(
                        "identifiers:object origin_system action_date:instant status attended:flag person:object"
                        " event:object"
                    ),
                    row=_osdi_attendance,
                ),
            },
        ),
    )
}


def layouts_of(table: str) -> list[Layout]:
    """The layouts that a table can be written in."""
    return [layout for layout in LAYOUTS.values() if table in layout.shapes]
