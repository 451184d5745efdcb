"""Every table, each in the file of its subject. Instants are aware UTC on both engines.

Words follow the glossary: a *person* is whoever wrote to the bot; a *supporter* is a person who consented
to be contacted; a *broadcast* is one message to an audience; a *delivery* is that message to one person.
"""

from __future__ import annotations

from db.schema.ballots import chosen_places, polling_places, volunteering, vote_plans
from db.schema.broadcasts import broadcast_texts, broadcasts, deliveries, fillings, saved_audiences
from db.schema.canvass import (
    addresses,
    station_addresses,
    stations,
    street_counts,
    visits,
    walk_notes,
    walkers,
    walks,
)
from db.schema.changes import changed_people
from db.schema.check_ins import (
    attendee_numbers,
    check_in_screens,
    check_ins,
    doors,
    event_feedback,
    event_figures,
    walk_in_marks,
)
from db.schema.columns import Instant, Json, RowId, metadata, new_friend_code
from db.schema.console import app_sessions, console_sessions
from db.schema.conversations import conversations, duties, inbox_topics, messages, saved_answers
from db.schema.event_files import event_keys
from db.schema.events import event_texts, events, rsvps, seats
from db.schema.hosts import host_links, hosts, proposals, trusted_hosts
from db.schema.people import consents, dialogs, people, people_to_plan, suppressions
from db.schema.responses import answer_counts, answer_remainders, responses
from db.schema.series import series, series_events
from db.schema.shifts import shift_places, shifts
from db.schema.shown_cards import shown_cards
from db.schema.staff import approvals, audit, audit_numbers, downloads, staff, staff_links
from db.schema.surveys import survey_answers, survey_counts, surveys
from db.schema.updates import facts, unread_updates, updates

__all__ = [
    "Instant",
    "Json",
    "RowId",
    "addresses",
    "answer_counts",
    "answer_remainders",
    "app_sessions",
    "approvals",
    "attendee_numbers",
    "audit",
    "audit_numbers",
    "broadcast_texts",
    "broadcasts",
    "changed_people",
    "check_in_screens",
    "check_ins",
    "chosen_places",
    "consents",
    "console_sessions",
    "conversations",
    "deliveries",
    "dialogs",
    "doors",
    "downloads",
    "duties",
    "event_feedback",
    "event_figures",
    "event_keys",
    "event_texts",
    "events",
    "facts",
    "fillings",
    "host_links",
    "hosts",
    "inbox_topics",
    "messages",
    "metadata",
    "new_friend_code",
    "people",
    "people_to_plan",
    "polling_places",
    "proposals",
    "responses",
    "rsvps",
    "saved_answers",
    "saved_audiences",
    "seats",
    "series",
    "series_events",
    "shift_places",
    "shifts",
    "shown_cards",
    "staff",
    "staff_links",
    "station_addresses",
    "stations",
    "street_counts",
    "suppressions",
    "survey_answers",
    "survey_counts",
    "surveys",
    "trusted_hosts",
    "unread_updates",
    "updates",
    "visits",
    "volunteering",
    "vote_plans",
    "walk_in_marks",
    "walk_notes",
    "walkers",
    "walks",
]
