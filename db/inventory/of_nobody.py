"""What is kept and tells nothing of anybody."""

from __future__ import annotations

from db.inventory.kinds import DataSubject, Erased, KeptFor, TableHolding

NOBODY: tuple[TableHolding, ...] = (
    TableHolding(
        table="inbox_topics",
        subject=DataSubject.NOBODY,
        kept=KeptFor.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("area", "topic", "message_id", "shown"),
    ),
    TableHolding(
        table="survey_counts",
        subject=DataSubject.NOBODY,
        kept=KeptFor.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("survey", "question", "option", "people"),
    ),
    TableHolding(
        table="answer_counts",
        subject=DataSubject.NOBODY,
        kept=KeptFor.INSTALLATION,
        erased=Erased.NOT_CONCERNED,
        plain=("day", "question", "subject", "answer", "area", "count"),
    ),
    TableHolding(
        table="seats",
        subject=DataSubject.NOBODY,
        kept=KeptFor.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("event", "taken", "waiting", "offered", "tickets", "face", "face_at", "faced"),
    ),
    TableHolding(
        table="shifts",
        subject=DataSubject.NOBODY,
        kept=KeptFor.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("id", "event", "role", "starts_at", "ends_at", "capacity", "state", "changes"),
    ),
    TableHolding(
        table="doors",
        subject=DataSubject.NOBODY,
        kept=KeptFor.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("event", "numbered", "sheets", "walk_ins"),
    ),
    TableHolding(
        table="event_figures",
        subject=DataSubject.NOBODY,
        kept=KeptFor.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("event", "figure", "option", "people"),
    ),
    TableHolding(
        table="series",
        subject=DataSubject.NOBODY,
        kept=KeptFor.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("id", "rule", "created_at"),
    ),
    TableHolding(
        table="series_events",
        subject=DataSubject.NOBODY,
        kept=KeptFor.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("event", "series"),
    ),
    TableHolding(
        table="event_keys",
        subject=DataSubject.NOBODY,
        kept=KeptFor.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("key", "event"),
    ),
    TableHolding(
        table="saved_audiences",
        subject=DataSubject.NOBODY,
        kept=KeptFor.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("name", "area", "expression", "saved_at"),
    ),
    TableHolding(
        table="polling_places",
        subject=DataSubject.NOBODY,
        kept=KeptFor.INSTALLATION,
        erased=Erased.NOT_CONCERNED,
        plain=(
            *("id", "key", "commune", "ballot", "name", "address", "opens", "closes"),
            *("streets", "surnames_from", "surnames_to", "latitude", "longitude"),
        ),
    ),
    TableHolding(
        table="stations",
        subject=DataSubject.NOBODY,
        kept=KeptFor.INSTALLATION,
        erased=Erased.NOT_CONCERNED,
        plain=(
            *("code", "commune", "department", "region", "name", "address", "latitude", "longitude", "place"),
            *("registered", "voters", "cast", "ours"),
        ),
    ),
    TableHolding(
        table="addresses",
        subject=DataSubject.NOBODY,
        kept=KeptFor.INSTALLATION,
        erased=Erased.NOT_CONCERNED,
        plain=(
            *(
                "id",
                "ban",
                "commune",
                "street",
                "number",
                "suffix",
                "latitude",
                "longitude",
                "station",
                "given",
            ),
            *("walk", "place", "leg", "dwellings"),
        ),
    ),
    TableHolding(
        table="station_addresses",
        subject=DataSubject.NOBODY,
        kept=KeptFor.INSTALLATION,
        erased=Erased.NOT_CONCERNED,
        plain=("ban", "commune", "station", "weight", "edition"),
    ),
    TableHolding(
        table="walk_notes",
        subject=DataSubject.NOBODY,
        kept=KeptFor.DOORS,
        erased=Erased.NOT_CONCERNED,
        plain=("walk", "key"),
    ),
    TableHolding(
        table="street_counts",
        subject=DataSubject.NOBODY,
        kept=KeptFor.INSTALLATION,
        erased=Erased.NOT_CONCERNED,
        plain=("station", "street", "day", "outcome", "doors"),
    ),
    TableHolding(
        table="facts",
        subject=DataSubject.NOBODY,
        kept=KeptFor.INSTALLATION,
        erased=Erased.NOT_CONCERNED,
        plain=("name", "value"),
    ),
)
