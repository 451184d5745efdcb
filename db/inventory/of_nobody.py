"""What is kept and tells nothing of anybody."""

from __future__ import annotations

from db.inventory.kinds import DataSubject, Erased, Holding, Kept

NOBODY: tuple[Holding, ...] = (
    Holding(
        table="inbox_topics",
        subject=DataSubject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("area", "topic", "message_id", "shown"),
    ),
    Holding(
        table="survey_counts",
        subject=DataSubject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("survey", "question", "option", "people"),
    ),
    Holding(
        table="answer_counts",
        subject=DataSubject.NOBODY,
        kept=Kept.INSTALLATION,
        erased=Erased.NOT_CONCERNED,
        plain=("day", "question", "subject", "answer", "area", "count"),
    ),
    Holding(
        table="seats",
        subject=DataSubject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("event", "taken", "waiting", "offered", "tickets", "face", "face_at", "faced"),
    ),
    Holding(
        table="shifts",
        subject=DataSubject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("id", "event", "role", "starts_at", "ends_at", "capacity", "state", "changes"),
    ),
    Holding(
        table="doors",
        subject=DataSubject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("event", "numbered", "sheets", "walk_ins"),
    ),
    Holding(
        table="event_figures",
        subject=DataSubject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("event", "figure", "option", "people"),
    ),
    Holding(
        table="series",
        subject=DataSubject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("id", "rule", "created_at"),
    ),
    Holding(
        table="series_events",
        subject=DataSubject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("event", "series"),
    ),
    Holding(
        table="event_keys",
        subject=DataSubject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("key", "event"),
    ),
    Holding(
        table="saved_audiences",
        subject=DataSubject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("name", "area", "expression", "saved_at"),
    ),
    Holding(
        table="polling_places",
        subject=DataSubject.NOBODY,
        kept=Kept.INSTALLATION,
        erased=Erased.NOT_CONCERNED,
        plain=(
            *("id", "key", "commune", "ballot", "name", "address", "opens", "closes"),
            *("streets", "surnames_from", "surnames_to", "latitude", "longitude"),
        ),
    ),
    Holding(
        table="stations",
        subject=DataSubject.NOBODY,
        kept=Kept.INSTALLATION,
        erased=Erased.NOT_CONCERNED,
        plain=(
            *("code", "commune", "department", "region", "name", "address", "latitude", "longitude", "place"),
            *("registered", "voters", "cast", "ours"),
        ),
    ),
    Holding(
        table="addresses",
        subject=DataSubject.NOBODY,
        kept=Kept.INSTALLATION,
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
    Holding(
        table="station_addresses",
        subject=DataSubject.NOBODY,
        kept=Kept.INSTALLATION,
        erased=Erased.NOT_CONCERNED,
        plain=("ban", "commune", "station", "weight", "edition"),
    ),
    Holding(
        table="walk_notes",
        subject=DataSubject.NOBODY,
        kept=Kept.DOORS,
        erased=Erased.NOT_CONCERNED,
        plain=("walk", "key"),
    ),
    Holding(
        table="street_counts",
        subject=DataSubject.NOBODY,
        kept=Kept.INSTALLATION,
        erased=Erased.NOT_CONCERNED,
        plain=("station", "street", "day", "outcome", "doors"),
    ),
    Holding(
        table="facts",
        subject=DataSubject.NOBODY,
        kept=Kept.INSTALLATION,
        erased=Erased.NOT_CONCERNED,
        plain=("name", "value"),
    ),
)
