"""What each table keeps, and of whom: the facts behind the register of processing and the impact assessment.

A test compares this with the schema: a table or a column that is added is described here, or the test fails. The
words for each datum stand in `locales/templates/documents/<language>/_words.md.j2`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from bot.frozen import Frozen


class Subject(StrEnum):
    """The people whom the data of a table are about."""

    SUPPORTERS = "supporters"
    TEAM = "team"
    NOBODY = "nobody"


class Kept(StrEnum):
    """How long, in words that the campaign file's [retention] fills."""

    PROFILE = "profile"
    DELIVERIES = "deliveries"
    DIALOG = "dialog"
    EVENT_ANSWERS = "event_answers"
    VOTES = "votes"
    DOORS = "doors"
    SURVEYS = "surveys"
    CONVERSATIONS = "conversations"
    UPDATES = "updates"
    UNREAD = "unread"
    ANSWERS = "answers"
    COUNTS = "counts"
    PROOF = "proof"
    SUPPRESSION = "suppression"
    ROLES = "roles"
    AUDIT = "audit"
    CAMPAIGN = "campaign"
    LINK = "link"
    DAY = "day"
    SESSION = "session"
    APPROVAL = "approval"
    INSTALLATION = "installation"


class Erased(StrEnum):
    """The effect of `/delete` on the rows of a person."""

    DELETED = "deleted"
    COUNTED = "counted"
    CUT_LOOSE = "cut_loose"
    SEALED = "sealed"
    ADDED = "added"
    # What stays: a log that names the team, rows whose author is a number that leads to nobody any more, texts that
    # somebody has to correct by hand.
    LOG_STAYS = "log_stays"
    NUMBER_STAYS = "number_stays"
    TEXT_STAYS = "text_stays"
    NOT_CONCERNED = "not_concerned"


class Holding(Frozen):
    """One table: its personal columns by what they tell, and the others."""

    table: str
    subject: Subject
    kept: Kept
    erased: Erased
    data: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    plain: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is described, of people or not."""
        return (*(column for columns in self.data.values() for column in columns), *self.plain)


HOLDINGS: tuple[Holding, ...] = (
    Holding(
        table="people",
        subject=Subject.SUPPORTERS,
        kept=Kept.PROFILE,
        erased=Erased.DELETED,
        data={
            "telegram_id": ("telegram_id",),
            "pseudonym": ("pseudonym",),
            "friend_code": ("friend_code",),
            "first_name": ("first_name",),
            "language": ("language",),
            "place": (
                *("commune", "department", "region", "territory", "country", "zone"),
                *("latitude", "longitude"),
            ),
            "choices": (
                *("consent_contact", "consent_commune", "consent_team", "consent_keep"),
                *("asked_team", "asked_keep"),
                *("renew_contact", "renew_commune", "renew_team", "renew_keep"),
            ),
            "mutes": ("mutes_events", "mutes_news", "mutes_reminders"),
            "volunteer": ("volunteer",),
            "recruiter": ("recruiter",),
            "standing": ("state", "unanswered", "unreachable_at", "newest_message"),
            "moments": ("created_at", "registered_at", "seen_at", "undisturbed_until", "puzzled_at"),
        },
        plain=("id", "replan"),
    ),
    Holding(
        table="dialogs",
        subject=Subject.SUPPORTERS,
        kept=Kept.DIALOG,
        erased=Erased.DELETED,
        data={"dialog": ("person", "flow", "step", "data", "updated_at")},
    ),
    Holding(
        table="consents",
        subject=Subject.SUPPORTERS,
        kept=Kept.PROOF,
        erased=Erased.SEALED,
        data={
            "pseudonym": ("pseudonym",),
            "consent": ("purpose", "given", "text_version", "text_hash", "language", "at", "update_id"),
            "proof": ("sealed", "sealed_on"),
        },
        plain=("id",),
    ),
    Holding(
        table="suppressions",
        subject=Subject.SUPPORTERS,
        kept=Kept.SUPPRESSION,
        erased=Erased.ADDED,
        data={"suppression": ("hash", "day")},
    ),
    Holding(
        table="rsvps",
        subject=Subject.SUPPORTERS,
        kept=Kept.EVENT_ANSWERS,
        erased=Erased.DELETED,
        data={
            "rsvp": ("event", "person", "answer", "confirmed", "attended", "at"),
            "waitlist": ("guests", "ticket", "whole", "offered", "offer_until", "offers", "lost"),
        },
    ),
    Holding(
        table="vote_plans",
        subject=Subject.SUPPORTERS,
        kept=Kept.VOTES,
        erased=Erased.DELETED,
        data={
            "vote_plan": ("person", "ballot", "intention", "slot", "departure", "company"),
            "voted": ("vote", "at"),
        },
    ),
    Holding(
        table="chosen_places",
        subject=Subject.SUPPORTERS,
        kept=Kept.VOTES,
        erased=Erased.DELETED,
        data={"polling_place": ("person", "ballot", "place")},
    ),
    Holding(
        table="volunteering",
        subject=Subject.SUPPORTERS,
        kept=Kept.VOTES,
        erased=Erased.DELETED,
        data={
            "volunteering": (
                *("person", "meeting", "doors", "lifts", "phone", "team"),
                *("evenings", "weekends", "polling_day", "contact", "at", "taken_by", "taken_at"),
            )
        },
        plain=("id",),
    ),
    Holding(
        table="survey_answers",
        subject=Subject.SUPPORTERS,
        kept=Kept.SURVEYS,
        erased=Erased.DELETED,
        data={"survey_answer": ("survey", "person", "question", "option", "at")},
    ),
    Holding(
        table="conversations",
        subject=Subject.SUPPORTERS,
        kept=Kept.CONVERSATIONS,
        erased=Erased.DELETED,
        data={
            "conversation": (
                *("person", "area", "state", "opened_at", "waiting_since", "escalated_at", "closed_at"),
                *("claimed_by", "claimed_at", "touched_at"),
            ),
            "block": ("blocked_until", "block_reason"),
        },
        plain=("id", "carded"),
    ),
    Holding(
        table="messages",
        subject=Subject.SUPPORTERS,
        kept=Kept.CONVERSATIONS,
        erased=Erased.DELETED,
        data={
            "message": (
                *("conversation", "at", "by_team", "text", "media", "about", "message_id", "edited_at"),
                *("author", "signed"),
            )
        },
        plain=("id", "waited"),
    ),
    Holding(
        table="duties",
        subject=Subject.TEAM,
        kept=Kept.ROLES,
        erased=Erased.DELETED,
        data={"duty": ("person", "name", "on_duty", "from_hour", "to_hour")},
        plain=("shown",),
    ),
    Holding(
        table="saved_answers",
        subject=Subject.TEAM,
        kept=Kept.CAMPAIGN,
        erased=Erased.TEXT_STAYS,
        data={"words": ("title", "text")},
        plain=("id", "area", "language", "saved_at"),
    ),
    Holding(
        table="inbox_topics",
        subject=Subject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("area", "topic", "message_id", "shown"),
    ),
    Holding(
        table="survey_counts",
        subject=Subject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("survey", "question", "option", "people"),
    ),
    Holding(
        table="surveys",
        subject=Subject.TEAM,
        kept=Kept.CAMPAIGN,
        erased=Erased.NUMBER_STAYS,
        data={"survey_author": ("created_by", "created_at")},
        plain=("id", "code", "state", "form", "broadcast", "area", "closes_at", "erase_at"),
    ),
    Holding(
        table="responses",
        subject=Subject.SUPPORTERS,
        kept=Kept.ANSWERS,
        erased=Erased.COUNTED,
        data={
            "answer": (
                "person",
                "question",
                "subject",
                "answer",
                "at",
                "broadcast",
                "message_id",
                "update_id",
            ),
            "answer_place": ("commune", "department", "region"),
        },
        plain=("id",),
    ),
    Holding(
        table="answer_counts",
        subject=Subject.NOBODY,
        kept=Kept.INSTALLATION,
        erased=Erased.NOT_CONCERNED,
        plain=("day", "question", "subject", "answer", "area", "count"),
    ),
    Holding(
        table="answer_remainders",
        subject=Subject.SUPPORTERS,
        kept=Kept.COUNTS,
        erased=Erased.COUNTED,
        data={"remainder": ("cell", "count")},
    ),
    Holding(
        table="deliveries",
        subject=Subject.SUPPORTERS,
        kept=Kept.DELIVERIES,
        erased=Erased.CUT_LOOSE,
        data={
            "delivery": ("person", "broadcast", "state", "reason", "message_id", "face"),
            "delivery_moments": ("due_at", "changed_at", "sent_at", "answered_at"),
            "draw": ("variant",),
        },
        plain=("id", "expires_at", "lease_owner", "attempts"),
    ),
    Holding(
        table="updates",
        subject=Subject.SUPPORTERS,
        kept=Kept.UPDATES,
        erased=Erased.CUT_LOOSE,
        data={"update": ("chat", "body", "replies", "error", "received_at", "asks", "known")},
        plain=("update_id", "state", "begun", "lease_owner", "holds_chat"),
    ),
    Holding(
        table="unread_updates",
        subject=Subject.SUPPORTERS,
        kept=Kept.UNREAD,
        erased=Erased.DELETED,
        data={"unread_update": ("body", "received_at")},
        plain=("id", "digest", "update_id", "size", "error"),
    ),
    Holding(
        table="staff",
        subject=Subject.TEAM,
        kept=Kept.ROLES,
        erased=Erased.DELETED,
        data={"role": ("telegram_id", "role", "area", "added_at", "added_by", "approved_by", "revoked_at")},
        plain=("id",),
    ),
    Holding(
        table="staff_links",
        subject=Subject.TEAM,
        kept=Kept.ROLES,
        erased=Erased.NUMBER_STAYS,
        data={"invitation": ("created_by", "created_at", "used_at", "revoked_at")},
        plain=("id", "token_hash", "role", "area", "expires_at"),
    ),
    Holding(
        table="approvals",
        subject=Subject.TEAM,
        kept=Kept.APPROVAL,
        erased=Erased.DELETED,
        data={
            "approval": (
                *("asked_by", "telegram_id", "decided_by", "details"),
                *("asked_at", "decided_at", "granted", "used_at", "shown_at"),
            )
        },
        plain=("id", "what", "broadcast", "expires_at"),
    ),
    Holding(
        table="downloads",
        subject=Subject.TEAM,
        kept=Kept.LINK,
        erased=Erased.DELETED,
        data={"download": ("telegram_id", "export", "language", "created_at", "expires_at", "used_at")},
        plain=("id", "token_hash"),
    ),
    Holding(
        table="console_sessions",
        subject=Subject.TEAM,
        kept=Kept.SESSION,
        erased=Erased.DELETED,
        data={"console_session": ("telegram_id", "language", "created_at", "opened_at", "expires_at")},
        plain=("id", "opener_hash", "cookie_hash"),
    ),
    Holding(
        table="app_sessions",
        subject=Subject.SUPPORTERS,
        kept=Kept.SESSION,
        erased=Erased.DELETED,
        data={"app_session": ("telegram_id", "language", "created_at", "opened_at", "expires_at")},
        plain=("id", "opener_hash", "cookie_hash"),
    ),
    Holding(
        table="events",
        subject=Subject.TEAM,
        kept=Kept.CAMPAIGN,
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
    Holding(
        table="seats",
        subject=Subject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("event", "taken", "waiting", "offered", "tickets", "face", "face_at", "faced"),
    ),
    Holding(
        table="shown_cards",
        subject=Subject.SUPPORTERS,
        kept=Kept.EVENT_ANSWERS,
        erased=Erased.DELETED,
        data={"shown_card": ("person", "message", "event")},
        plain=("id", "face"),
    ),
    Holding(
        table="shifts",
        subject=Subject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("id", "event", "role", "starts_at", "ends_at", "capacity", "state", "changes"),
    ),
    Holding(
        table="shift_places",
        subject=Subject.SUPPORTERS,
        kept=Kept.EVENT_ANSWERS,
        erased=Erased.DELETED,
        data={
            "shift": ("shift", "person", "answer", "at"),
            "shift_waitlist": ("ticket", "offered", "offer_until", "offers", "lost"),
        },
    ),
    Holding(
        table="doors",
        subject=Subject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("event", "numbered", "sheets", "walk_ins"),
    ),
    Holding(
        table="walk_in_marks",
        subject=Subject.SUPPORTERS,
        kept=Kept.EVENT_ANSWERS,
        erased=Erased.NOT_CONCERNED,
        data={"walk_in_mark": ("event", "mark")},
    ),
    Holding(
        table="attendee_numbers",
        subject=Subject.SUPPORTERS,
        kept=Kept.EVENT_ANSWERS,
        erased=Erased.DELETED,
        data={"attendee_number": ("event", "person", "number")},
    ),
    Holding(
        table="check_ins",
        subject=Subject.SUPPORTERS,
        kept=Kept.EVENT_ANSWERS,
        erased=Erased.DELETED,
        data={"check_in": ("event", "person", "at", "how")},
    ),
    Holding(
        table="check_in_screens",
        subject=Subject.TEAM,
        kept=Kept.EVENT_ANSWERS,
        erased=Erased.DELETED,
        data={"check_in_screen": ("event", "person", "message", "shown", "until")},
    ),
    Holding(
        table="event_feedback",
        subject=Subject.SUPPORTERS,
        kept=Kept.EVENT_ANSWERS,
        erased=Erased.DELETED,
        data={"feedback": ("event", "person", "question", "option", "at")},
    ),
    Holding(
        table="event_figures",
        subject=Subject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("event", "figure", "option", "people"),
    ),
    Holding(
        table="hosts",
        subject=Subject.SUPPORTERS,
        kept=Kept.EVENT_ANSWERS,
        erased=Erased.DELETED,
        data={"host": ("event", "person", "part", "since")},
    ),
    Holding(
        table="proposals",
        subject=Subject.SUPPORTERS,
        kept=Kept.EVENT_ANSWERS,
        erased=Erased.DELETED,
        data={"proposal": ("event", "person", "asked_at", "decided_at", "reason")},
    ),
    Holding(
        table="trusted_hosts",
        subject=Subject.SUPPORTERS,
        kept=Kept.PROFILE,
        erased=Erased.DELETED,
        data={"trust": ("person", "area", "given_at")},
    ),
    Holding(
        table="host_links",
        subject=Subject.SUPPORTERS,
        kept=Kept.LINK,
        erased=Erased.NUMBER_STAYS,
        data={"invitation": ("created_by", "created_at", "expires_at", "used_at")},
        plain=("token_hash", "event"),
    ),
    Holding(
        table="series",
        subject=Subject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("id", "rule", "created_at"),
    ),
    Holding(
        table="series_events",
        subject=Subject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("event", "series"),
    ),
    Holding(
        table="event_keys",
        subject=Subject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("key", "event"),
    ),
    Holding(
        table="event_texts",
        subject=Subject.TEAM,
        kept=Kept.CAMPAIGN,
        erased=Erased.TEXT_STAYS,
        data={"words": ("title", "description")},
        plain=("event", "language"),
    ),
    Holding(
        table="saved_audiences",
        subject=Subject.NOBODY,
        kept=Kept.CAMPAIGN,
        erased=Erased.NOT_CONCERNED,
        plain=("name", "area", "expression", "saved_at"),
    ),
    Holding(
        table="broadcasts",
        subject=Subject.TEAM,
        kept=Kept.CAMPAIGN,
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
    Holding(
        table="broadcast_texts",
        subject=Subject.TEAM,
        kept=Kept.CAMPAIGN,
        erased=Erased.TEXT_STAYS,
        data={"words": ("text",)},
        plain=("broadcast", "variant", "language"),
    ),
    Holding(
        table="audit",
        subject=Subject.TEAM,
        kept=Kept.AUDIT,
        erased=Erased.LOG_STAYS,
        data={"audit": ("at", "actor", "action", "details")},
        plain=("id", "previous_hash", "hash"),
    ),
    Holding(
        table="polling_places",
        subject=Subject.NOBODY,
        kept=Kept.INSTALLATION,
        erased=Erased.NOT_CONCERNED,
        plain=(
            *("id", "key", "commune", "ballot", "name", "address", "opens", "closes"),
            *("streets", "surnames_from", "surnames_to", "latitude", "longitude"),
        ),
    ),
    Holding(
        table="changed_people",
        subject=Subject.SUPPORTERS,
        kept=Kept.DAY,
        erased=Erased.DELETED,
        data={"change": ("person",)},
        plain=("id", "writer"),
    ),
    Holding(
        table="stations",
        subject=Subject.NOBODY,
        kept=Kept.INSTALLATION,
        erased=Erased.NOT_CONCERNED,
        plain=(
            *("code", "commune", "department", "region", "name", "address", "latitude", "longitude", "place"),
            *("registered", "voters", "cast", "ours"),
        ),
    ),
    Holding(
        table="addresses",
        subject=Subject.NOBODY,
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
        subject=Subject.NOBODY,
        kept=Kept.INSTALLATION,
        erased=Erased.NOT_CONCERNED,
        plain=("ban", "commune", "station", "weight", "edition"),
    ),
    Holding(
        table="walks",
        subject=Subject.TEAM,
        kept=Kept.INSTALLATION,
        erased=Erased.NUMBER_STAYS,
        data={"walk_offered": ("offered_by", "offered_at")},
        plain=(
            *("id", "code", "station", "state", "doors", "metres", "cut_at", "outing", "done_at"),
            *("meets_at", "meets_where"),
        ),
    ),
    Holding(
        table="walkers",
        subject=Subject.SUPPORTERS,
        kept=Kept.DOORS,
        erased=Erased.DELETED,
        data={"walk_taken": ("walk", "outing", "person", "taken_at", "left_at")},
    ),
    Holding(
        table="visits",
        subject=Subject.SUPPORTERS,
        kept=Kept.DOORS,
        erased=Erased.CUT_LOOSE,
        data={"visit": ("address", "walk", "outing", "outcome", "at", "person", "tap", "replaced", "paper")},
        plain=("id",),
    ),
    Holding(
        table="walk_notes",
        subject=Subject.NOBODY,
        kept=Kept.DOORS,
        erased=Erased.NOT_CONCERNED,
        plain=("walk", "key"),
    ),
    Holding(
        table="street_counts",
        subject=Subject.NOBODY,
        kept=Kept.INSTALLATION,
        erased=Erased.NOT_CONCERNED,
        plain=("station", "street", "day", "outcome", "doors"),
    ),
    Holding(
        table="facts",
        subject=Subject.NOBODY,
        kept=Kept.INSTALLATION,
        erased=Erased.NOT_CONCERNED,
        plain=("name", "value"),
    ),
)
