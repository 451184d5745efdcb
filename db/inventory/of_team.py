"""What is kept of the team: who did, wrote or decided what."""

from __future__ import annotations

from db.inventory.kinds import DataSubject, Erased, KeptFor, TableHolding

TEAM: tuple[TableHolding, ...] = (
    TableHolding(
        table="duties",
        subject=DataSubject.TEAM,
        kept=KeptFor.ROLES,
        erased=Erased.DELETED,
        data={"duty": ("person", "name", "on_duty", "from_hour", "to_hour")},
        plain=("shown",),
    ),
    TableHolding(
        table="saved_answers",
        subject=DataSubject.TEAM,
        kept=KeptFor.CAMPAIGN,
        erased=Erased.TEXT_STAYS,
        data={"words": ("title", "text")},
        plain=("id", "area", "language", "saved_at"),
    ),
    TableHolding(
        table="surveys",
        subject=DataSubject.TEAM,
        kept=KeptFor.CAMPAIGN,
        erased=Erased.NUMBER_STAYS,
        data={"survey_author": ("created_by", "created_at")},
        plain=("id", "code", "state", "form", "broadcast", "area", "closes_at", "erase_at"),
    ),
    TableHolding(
        table="staff",
        subject=DataSubject.TEAM,
        kept=KeptFor.ROLES,
        erased=Erased.DELETED,
        data={"role": ("telegram_id", "role", "area", "added_at", "added_by", "approved_by", "revoked_at")},
        plain=("id",),
    ),
    TableHolding(
        table="staff_links",
        subject=DataSubject.TEAM,
        kept=KeptFor.ROLES,
        erased=Erased.NUMBER_STAYS,
        data={"invitation": ("created_by", "created_at", "used_at", "revoked_at")},
        plain=("id", "token_hash", "role", "area", "expires_at"),
    ),
    TableHolding(
        table="approvals",
        subject=DataSubject.TEAM,
        kept=KeptFor.APPROVAL,
        erased=Erased.DELETED,
        data={
            "approval": (
                *("asked_by", "telegram_id", "decided_by", "details"),
                *("asked_at", "decided_at", "granted", "used_at", "shown_at"),
            )
        },
        plain=("id", "what", "broadcast", "expires_at"),
    ),
    TableHolding(
        table="downloads",
        subject=DataSubject.TEAM,
        kept=KeptFor.LINK,
        erased=Erased.DELETED,
        data={"download": ("telegram_id", "export", "language", "created_at", "expires_at", "used_at")},
        plain=("id", "token_hash"),
    ),
    TableHolding(
        table="console_sessions",
        subject=DataSubject.TEAM,
        kept=KeptFor.SESSION,
        erased=Erased.DELETED,
        data={"console_session": ("telegram_id", "language", "created_at", "opened_at", "expires_at")},
        plain=("id", "opener_hash", "cookie_hash"),
    ),
    TableHolding(
        table="events",
        subject=DataSubject.TEAM,
        kept=KeptFor.CAMPAIGN,
        erased=Erased.NUMBER_STAYS,
        data={
            "event_author": ("created_by", "created_at"),
            "venue": ("address", "latitude", "longitude", "pinned", "commune", "department", "region"),
        },
        plain=(
            *("id", "code", "state", "starts_at", "ends_at", "zone", "territory", "sequence"),
            *("capacity", "overbooking", "guests", "counted", "has_shifts"),
        ),
    ),
    TableHolding(
        table="check_in_screens",
        subject=DataSubject.TEAM,
        kept=KeptFor.EVENT_ANSWERS,
        erased=Erased.DELETED,
        data={"check_in_screen": ("event", "person", "message", "shown", "until")},
    ),
    TableHolding(
        table="event_texts",
        subject=DataSubject.TEAM,
        kept=KeptFor.CAMPAIGN,
        erased=Erased.TEXT_STAYS,
        data={"words": ("title", "description")},
        plain=("event", "language"),
    ),
    TableHolding(
        table="broadcasts",
        subject=DataSubject.TEAM,
        kept=KeptFor.CAMPAIGN,
        erased=Erased.CUT_LOOSE,
        data={
            "broadcast_author": ("created_by", "created_at", "progress_chat", "progress_message"),
            "notice": ("details",),
        },
        plain=(
            *(
                "id",
                "key",
                "kind",
                "state",
                "template",
                "event",
                "ballot",
                "step",
                "audience",
                "area",
                "photo",
            ),
            *("starts_at", "local_time", "expires_at", "finished_at", "mends", "experiment", "measured"),
        ),
    ),
    TableHolding(
        table="broadcast_texts",
        subject=DataSubject.TEAM,
        kept=KeptFor.CAMPAIGN,
        erased=Erased.TEXT_STAYS,
        data={"words": ("text",)},
        plain=("broadcast", "variant", "language"),
    ),
    TableHolding(
        table="audit",
        subject=DataSubject.TEAM,
        kept=KeptFor.AUDIT,
        erased=Erased.LOG_STAYS,
        data={"audit": ("at", "actor", "action", "details")},
        plain=("id", "previous_hash", "hash"),
    ),
    TableHolding(
        table="audit_numbers",
        subject=DataSubject.TEAM,
        kept=KeptFor.AUDIT,
        erased=Erased.LOG_STAYS,
        data={"audit_number": ("number",)},
        plain=("entry",),
    ),
    TableHolding(
        table="walks",
        subject=DataSubject.TEAM,
        kept=KeptFor.INSTALLATION,
        erased=Erased.NUMBER_STAYS,
        data={"walk_offered": ("offered_by", "offered_at")},
        plain=(
            *("id", "code", "station", "state", "doors", "metres", "cut_at", "outing", "done_at"),
            *("meets_at", "meets_where"),
        ),
    ),
)
