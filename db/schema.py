"""Every table, in one place. Instants are aware UTC on both engines.

Words follow the glossary: a *person* is whoever wrote to the bot; a *supporter* is a person who consented
to be contacted; a *broadcast* is one message to an audience; a *delivery* is that message to one person.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware UTC datetime; naive ones are refused before they reach the database."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant needs a time zone.")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value


# SQLite numbers rows itself only for INTEGER; PostgreSQL needs BIGINT for millions of deliveries a campaign.
RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _id() -> sa.Column[Any]:
    return sa.Column("id", RowId, primary_key=True, autoincrement=True)


def new_friend_code() -> str:
    """Nobody guesses one of 2^64, and no other code of the person follows from it."""
    return secrets.token_hex(8)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean, nullable=False, default=False, server_default=sa.false())


people = sa.Table(
    "people",
    metadata,
    _id(),
    sa.Column("telegram_id", sa.BigInteger, nullable=False, unique=True),
    # What the consent ledger shows instead of the Telegram id. It never leaves the database: exports derive their own.
    sa.Column("pseudonym", sa.String(32), nullable=False, unique=True),
    # What the person's link for friends shows, and nothing else does.
    sa.Column(
        "friend_code", sa.String(16), nullable=False, default=new_friend_code, server_default=sa.text("''")
    ),
    # new: no consent yet (only the chat id is kept) | registered | stopped (asked for silence) | restricted (kept, and
    # used by nobody: db.restrictions)
    sa.Column("state", sa.String(16), nullable=False, default="new"),
    sa.Column("language", sa.String(8)),
    sa.Column("first_name", sa.String(64)),
    # Where the person votes. `zone` is the person's own, which abroad is not the territory's.
    sa.Column("commune", sa.String(5)),
    sa.Column("department", sa.String(3)),
    sa.Column("region", sa.String(3)),
    sa.Column("territory", sa.String(16)),
    sa.Column("country", sa.String(2)),
    sa.Column("zone", sa.String(40)),
    sa.Column("latitude", sa.Float),
    sa.Column("longitude", sa.Float),
    # The choices in force; the ledger `consents` is their proof.
    _flag("consent_contact"),
    _flag("consent_commune"),
    _flag("consent_team"),
    _flag("consent_keep"),
    # Choices that are put to people when they serve, and once: the first yes to an event, the thanks after a vote.
    _flag("asked_team"),
    _flag("asked_keep"),
    # Agreed to on a text that has changed since: asked anew, see bot.actions.renewals.
    _flag("renew_contact"),
    _flag("renew_commune"),
    _flag("renew_team"),
    _flag("renew_keep"),
    # Kinds of message the person turned off in /settings.
    _flag("mutes_events"),
    _flag("mutes_news"),
    _flag("mutes_reminders"),
    _flag("volunteer"),
    sa.Column("recruiter", RowId, index=True),
    sa.Column("unanswered", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("unreachable_at", Instant),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("registered_at", Instant),
    sa.Column("seen_at", Instant, nullable=False),
    # Came by the link of an event: until they answer, or until then, no other message joins its card.
    sa.Column("undisturbed_until", Instant),
    # When they last wrote what means nothing; NULL once they wrote, or tapped, anything else.
    sa.Column("puzzled_at", Instant),
    # The last message that answered them: what was sent by itself is in `deliveries`.
    sa.Column("newest_message", sa.BigInteger),
    # Something that decides what is due changed since the planner last looked; it looks at these alone.
    sa.Column("replan", sa.Boolean, nullable=False, default=True, server_default=sa.true()),
    sa.Index(None, "territory", "state", "zone"),
    sa.Index(
        "ix_people_friend_code",
        "friend_code",
        unique=True,
        sqlite_where=sa.text("friend_code <> ''"),
        postgresql_where=sa.text("friend_code <> ''"),
    ),
    # Few, and left out of every count.
    sa.Index(
        "ix_people_restricted",
        "id",
        sqlite_where=sa.text("state = 'restricted'"),
        postgresql_where=sa.text("state = 'restricted'"),
    ),
    sa.Index("ix_people_replan", "id", sqlite_where=sa.text("replan"), postgresql_where=sa.text("replan")),
    sa.Index(None, "department"),
    # Everything that chooses an audience by place, so that no row is read for it (db.expressions).
    sa.Index(
        "ix_people_audience",
        "commune",
        *("state", "consent_contact", "consent_commune", "unreachable_at", "mutes_events", "mutes_news"),
        *("language", "volunteer", "territory", "zone"),
    ),
    sqlite_autoincrement=True,  # an erased person's number is never given to another
)

dialogs = sa.Table(
    "dialogs",
    metadata,
    sa.Column("person", RowId, primary_key=True),
    sa.Column("flow", sa.String(32), nullable=False),
    sa.Column("step", sa.String(32), nullable=False),
    sa.Column("data", Json, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
)

consents = sa.Table(
    "consents",
    metadata,
    _id(),
    sa.Column("pseudonym", sa.String(32), nullable=False, index=True),
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("given", sa.Boolean, nullable=False),
    sa.Column("text_version", sa.String(16), nullable=False),
    sa.Column("text_hash", sa.String(64), nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("update_id", sa.BigInteger),
    # Of somebody who left: the reference under which the proof can be found, and the day from which its term counts.
    # The pseudonym is gone, and of the instants the day is left.
    sa.Column("sealed", sa.String(64), index=True),
    sa.Column("sealed_on", sa.Date),
)

suppressions = sa.Table(
    "suppressions",
    metadata,
    sa.Column("hash", sa.String(64), primary_key=True),
    # A day: an instant would be that of other rows, and lead from one to the other. Nor does the order of rows tell.
    sa.Column("day", sa.Date, nullable=False),
    sqlite_with_rowid=False,
)

staff = sa.Table(
    "staff",
    metadata,
    _id(),
    sa.Column("telegram_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("area", sa.String(8), nullable=False),
    sa.Column("added_at", Instant, nullable=False),
    sa.Column("added_by", RowId),
    # The second admin, where one had to agree.
    sa.Column("approved_by", RowId),
    sa.Column("revoked_at", Instant),
)

staff_links = sa.Table(
    "staff_links",
    metadata,
    _id(),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("area", sa.String(8), nullable=False),
    sa.Column("created_by", RowId),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("used_at", Instant),
    sa.Column("revoked_at", Instant),
)

# What waits for a second person, and what became of it.
approvals = sa.Table(
    "approvals",
    metadata,
    _id(),
    sa.Column("what", sa.String(16), nullable=False),  # admin | export | broadcast
    # People by their Telegram number, because roles are held by it: who asked, and whom a role is for.
    sa.Column("asked_by", sa.BigInteger),
    sa.Column("telegram_id", sa.BigInteger),
    sa.Column("broadcast", RowId, sa.ForeignKey("broadcasts.id", ondelete="CASCADE"), index=True),
    sa.Column("details", Json, nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("decided_at", Instant),
    sa.Column("decided_by", sa.BigInteger),
    sa.Column("granted", sa.Boolean),
    # When an export that was granted was fetched: it serves once.
    sa.Column("used_at", Instant),
    # When the messages of those who were asked said what had been decided of a broadcast.
    sa.Column("shown_at", Instant),
    sqlite_autoincrement=True,  # a button never means another one than it was shown with
)

# One-time links to the files that are too large for the chat. The file is made when the link is used.
downloads = sa.Table(
    "downloads",
    metadata,
    _id(),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    # Whose link it is: their roles are asked again when it is used.
    sa.Column("telegram_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("export", Json, nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("used_at", Instant),
)

events = sa.Table(
    "events",
    metadata,
    _id(),
    # The public name in links and buttons: `ev_<code>`.
    sa.Column("code", sa.String(16), nullable=False, unique=True),
    # hidden (its invitation waits for a second person) -> open -> cancelled; or dropped: nobody ever saw it
    sa.Column("state", sa.String(16), nullable=False, default="open"),
    sa.Column("starts_at", Instant, nullable=False),
    sa.Column("ends_at", Instant, nullable=False),
    sa.Column("zone", sa.String(40), nullable=False),
    sa.Column("commune", sa.String(5), nullable=False),
    sa.Column("department", sa.String(3), nullable=False),
    sa.Column("region", sa.String(3), nullable=False),
    sa.Column("territory", sa.String(16), nullable=False),
    sa.Column("address", sa.String(300), nullable=False),
    sa.Column("latitude", sa.Float),
    sa.Column("longitude", sa.Float),
    _flag("pinned"),  # the organizer gave the exact place; else it is the commune's centre
    sa.Column("created_by", RowId),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False, default=0, server_default="0"),  # iCalendar's SEQUENCE
    # How many seats there are; empty: enough. `overbooking`: percent promised beyond; `guests`: most of one person.
    sa.Column("capacity", sa.Integer),
    sa.Column("overbooking", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("guests", sa.Integer, nullable=False, default=0, server_default="0"),
    _flag("counted"),  # it had a capacity once: `seats` knows what is taken
    sa.Index(None, "starts_at"),
)

# The seats of an event in numbers, kept with every answer: whoever answers locks its row. See bot.rules.seats.
seats = sa.Table(
    "seats",
    metadata,
    sa.Column("event", RowId, sa.ForeignKey("events.id", ondelete="CASCADE"), primary_key=True),
    *(
        sa.Column(name, sa.Integer, nullable=False, default=0, server_default="0")
        for name in ("taken", "waiting", "offered", "tickets")
    ),
    # How often what its cards show has changed, when last, and what they show: see bot.rules.faces.
    sa.Column("face", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("face_at", Instant),
    sa.Column("faced", sa.String(40)),
)

event_texts = sa.Table(
    "event_texts",
    metadata,
    sa.Column("event", RowId, sa.ForeignKey("events.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("language", sa.String(8), primary_key=True),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("description", sa.Text, nullable=False),
)

rsvps = sa.Table(
    "rsvps",
    metadata,
    sa.Column("event", RowId, sa.ForeignKey("events.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True),
    sa.Column("answer", sa.String(8), nullable=False),  # yes | maybe | no | waiting | offered | lapsed
    _flag("confirmed"),
    sa.Column("attended", sa.Boolean),
    sa.Column("at", Instant, nullable=False),
    sa.Column("guests", sa.Integer, nullable=False, default=0, server_default="0"),
    # The place in the order of the waitlist; `whole`: fewer seats than the party needs were offered and not wanted.
    sa.Column("ticket", sa.Integer),
    _flag("whole"),
    # Seats held for them until then, and the number of the offer.
    sa.Column("offered", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("offer_until", Instant),
    sa.Column("offers", sa.Integer, nullable=False, default=0, server_default="0"),
    # How many offers in a row did not arrive since they last tapped.
    sa.Column("lost", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Index(
        "ix_rsvps_list",
        *("event", "ticket"),
        sqlite_where=sa.text("ticket IS NOT NULL"),
        postgresql_where=sa.text("ticket IS NOT NULL"),
    ),
)

vote_plans = sa.Table(
    "vote_plans",
    metadata,
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("ballot", sa.Integer, primary_key=True),
    sa.Column("intention", sa.String(16)),  # will | unsure | cannot
    sa.Column("slot", sa.String(16)),  # morning | midday | afternoon | last_hour
    sa.Column("departure", sa.String(16)),  # home | work | elsewhere
    sa.Column("company", sa.String(16)),  # alone | family | friends
    sa.Column("vote", sa.String(16)),  # voted | later | cannot
    sa.Column("at", Instant, nullable=False),
    sa.Index(None, "ballot", "vote"),
)

# What somebody offers to help with, and when; and whether the team of their area may write to them.
volunteering = sa.Table(
    "volunteering",
    metadata,
    _id(),
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False, unique=True),
    *(_flag(name) for name in ("meeting", "doors", "lifts", "phone", "team")),
    *(_flag(name) for name in ("evenings", "weekends", "polling_day")),
    sa.Column("contact", sa.Boolean),  # empty while it was not asked
    sa.Column("at", Instant, nullable=False),
    # Who of the team writes to them.
    sa.Column("taken_by", RowId, sa.ForeignKey("people.id", ondelete="SET NULL"), index=True),
    sa.Column("taken_at", Instant),
    sqlite_autoincrement=True,  # the button of an offer that was withdrawn never opens another
)

polling_places = sa.Table(
    "polling_places",
    metadata,
    _id(),
    # What tells it from every other place of a file: one that is imported again keeps its number.
    sa.Column("key", sa.String(64), nullable=False, unique=True),
    sa.Column("commune", sa.String(5), nullable=False),
    sa.Column("ballot", sa.Integer, nullable=False, default=0, server_default="0"),  # 0: every round
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("address", sa.String(300), nullable=False),
    # Local wall-clock times; empty: the hours of the campaign file.
    sa.Column("opens", sa.Time),
    sa.Column("closes", sa.Time),
    # Who votes there, as help to choose: streets in the file’s own words, surnames from one to another.
    sa.Column("streets", sa.String(300)),
    sa.Column("surnames_from", sa.String(40)),
    sa.Column("surnames_to", sa.String(40)),
    sa.Column("latitude", sa.Float),
    sa.Column("longitude", sa.Float),
    sa.Index(None, "commune"),
    sqlite_autoincrement=True,  # the button of a place that is gone never means another
)

# Where a commune has several, the one that a person said is theirs; why is not kept.
chosen_places = sa.Table(
    "chosen_places",
    metadata,
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("ballot", sa.Integer, primary_key=True),  # the place's own: 0 for every round
    sa.Column(
        "place", RowId, sa.ForeignKey("polling_places.id", ondelete="CASCADE"), nullable=False, index=True
    ),
)

# Audiences under a name, which staff of the area share and other audiences name.
saved_audiences = sa.Table(
    "saved_audiences",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    # Nobody outside is in it.
    sa.Column("area", sa.String(8), nullable=False),
    sa.Column("expression", Json, nullable=False),  # the tree: bot.rules.expressions
    sa.Column("saved_at", Instant, nullable=False),
)

broadcasts = sa.Table(
    "broadcasts",
    metadata,
    _id(),
    # What makes it one of its kind: `step:<ballot>:<step>`, `event:<id>:<what>`, `staff:<update>`.
    sa.Column("key", sa.String(64), nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),
    # scheduled (start later) | active | paused | cancelled | unapproved (a second person did not let it go)
    sa.Column("state", sa.String(16), nullable=False, default="active"),
    # The template that words it; none where staff wrote the texts.
    sa.Column("template", sa.String(64)),
    # What fills the template: of a notice to the team; in a neutral reminder of staff, `fields`, what it shows.
    sa.Column("details", Json),
    sa.Column("event", RowId, sa.ForeignKey("events.id", ondelete="SET NULL")),
    sa.Column("ballot", sa.Integer),
    sa.Column("step", sa.String(32)),
    # The tree of bot.rules.expressions, with what saved audiences meant in it; {}: the program chose people itself.
    sa.Column("audience", Json, nullable=False),
    sa.Column("area", sa.String(8), nullable=False),
    sa.Column("photo", sa.String(200)),
    sa.Column("starts_at", Instant, nullable=False),
    # True: `starts_at` is a wall-clock time (kept as UTC) that each person reads in their own zone.
    _flag("local_time"),
    sa.Column("expires_at", Instant),
    sa.Column("created_by", RowId),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("finished_at", Instant),
    sa.Column("progress_chat", sa.BigInteger),
    sa.Column("progress_message", sa.BigInteger),
    # The broadcast whose messages it corrects or takes back: see bot.rules.mends.
    sa.Column("mends", RowId, sa.ForeignKey("broadcasts.id", ondelete="CASCADE"), index=True),
    # How many versions are compared, what share is left out, what it is to change: bot.rules.experiments.
    sa.Column("experiment", Json),
    # How many did what in each group, once everybody was counted; it outlives what it was counted from.
    sa.Column("measured", Json),
    sa.Index(None, "state"),
)

broadcast_texts = sa.Table(
    "broadcast_texts",
    metadata,
    sa.Column("broadcast", RowId, sa.ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("variant", sa.String(1), primary_key=True, default="A", server_default="A"),
    sa.Column("language", sa.String(8), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    _id(),
    sa.Column("broadcast", RowId, sa.ForeignKey("broadcasts.id", ondelete="CASCADE"), nullable=False),
    # Empty once the person was erased, and the instants cut to the day: the counts still add up.
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="SET NULL")),
    # queued -> leased -> sending -> sent | failed | unreachable | in_doubt
    # queued -> withheld (back to queued when the quiet period ends) | expired | cancelled
    # held_out: drawn to be left out of an experiment; it never leaves
    sa.Column("state", sa.String(16), nullable=False, default="queued", server_default="queued"),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("lease_owner", sa.String(32)),
    sa.Column("attempts", sa.Integer, nullable=False, default=0, server_default="0"),
    # Why it waits or did not leave, as a message name of locales/templates/reasons.
    sa.Column("reason", sa.String(200)),
    sa.Column("message_id", sa.BigInteger),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("sent_at", Instant),
    sa.Column("answered_at", Instant),
    # The version that somebody drew, or `holdout`; forgotten with the person. Empty where nothing is compared.
    sa.Column("variant", sa.String(8)),
    # Of a message that shows an event: at which count of `seats.face` it was edited last; empty: never.
    sa.Column("face", sa.Integer),
    sa.UniqueConstraint("broadcast", "person"),
    # No more than needed: each costs a write whenever a message moves on.
    sa.Index(None, "person"),
    sa.Index(None, "broadcast", "state", "due_at"),
)

surveys = sa.Table(
    "surveys",
    metadata,
    _id(),
    # The name in commands and audiences: `survey:<code>:<option>`.
    sa.Column("code", sa.String(16), nullable=False, unique=True),
    # open -> withdrawn (nobody answers any more); counted: its answers were erased, what was counted of them is left
    sa.Column("state", sa.String(16), nullable=False, default="open", server_default="open"),
    sa.Column("form", Json, nullable=False),  # what it asks, in each language: bot.rules.surveys
    sa.Column("broadcast", RowId, sa.ForeignKey("broadcasts.id", ondelete="SET NULL"), unique=True),
    sa.Column("area", sa.String(8), nullable=False),
    sa.Column("closes_at", Instant, nullable=False),
    sa.Column("erase_at", Instant, nullable=False),
    sa.Column("created_by", RowId),
    sa.Column("created_at", Instant, nullable=False),
    sqlite_autoincrement=True,  # a button never means another one than it was shown with
)

# What somebody chose: a row for each option, or one of an empty option where they left a question out.
survey_answers = sa.Table(
    "survey_answers",
    metadata,
    sa.Column("survey", RowId, sa.ForeignKey("surveys.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True),
    sa.Column("question", sa.String(16), primary_key=True),
    sa.Column("option", sa.String(16), primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Index(None, "survey", "question", "option", "person"),
)

# What is left of the answers once they were erased. An empty question counts who answered any.
survey_counts = sa.Table(
    "survey_counts",
    metadata,
    sa.Column("survey", RowId, sa.ForeignKey("surveys.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("question", sa.String(16), primary_key=True),
    sa.Column("option", sa.String(16), primary_key=True),
    sa.Column("people", sa.Integer, nullable=False),
)

responses = sa.Table(
    "responses",
    metadata,
    _id(),
    sa.Column("at", Instant, nullable=False),
    # Empty in older databases where the person was erased: what is found so is counted and goes (db.leftovers).
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="SET NULL"), index=True),
    sa.Column("question", sa.String(32), nullable=False),
    sa.Column("subject", sa.String(64)),  # the event's code, the ballot's number, the consent's purpose
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("broadcast", RowId, sa.ForeignKey("broadcasts.id", ondelete="SET NULL")),
    sa.Column("message_id", sa.BigInteger),
    sa.Column("update_id", sa.BigInteger),
    sa.Column("commune", sa.String(5)),
    sa.Column("department", sa.String(3)),
    sa.Column("region", sa.String(3)),
    sa.UniqueConstraint("update_id", "question"),
    sa.Index(None, "at"),
)

# What people answered who left, as counts that grow by tens: see bot.rules.leftovers.
answer_counts = sa.Table(
    "answer_counts",
    metadata,
    sa.Column("day", sa.String(10), primary_key=True),  # 2016-11-20; empty: all days together
    sa.Column("question", sa.String(32), primary_key=True),
    sa.Column("subject", sa.String(64), primary_key=True),
    sa.Column("answer", sa.Text, primary_key=True),
    sa.Column("area", sa.String(8), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

# What has not come to ten yet, under a sealed name.
answer_remainders = sa.Table(
    "answer_remainders",
    metadata,
    sa.Column("cell", sa.String(64), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

updates = sa.Table(
    "updates",
    metadata,
    sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
    # received -> answered (its effects are committed, its replies are leaving) -> done; or failed
    sa.Column("state", sa.String(16), nullable=False, default="received"),
    sa.Column("chat", sa.BigInteger),
    sa.Column("body", sa.LargeBinary),
    sa.Column("received_at", Instant, nullable=False),
    # What answers it, as Bot API calls, saved with the effects and posted afterwards.
    sa.Column("replies", Json),
    # How many of them were begun: one that was begun and may not be repeated is never posted again.
    sa.Column("begun", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("error", sa.Text),
    sa.Column("lease_owner", sa.String(32)),
    # Whether the chat's next update waits until these replies have left.
    sa.Column("holds_chat", sa.Boolean, nullable=False, default=True, server_default=sa.true()),
    # From somebody who signed up, or of the team, when it came: they are answered before strangers.
    sa.Column("known", sa.Boolean, nullable=False, default=False, server_default=sa.false()),
    # The right that somebody makes use of (to be silent, to be forgotten …): never dropped from a flood.
    sa.Column("asks", sa.String(64)),
    sa.Index(None, "state", "update_id"),
)

# What came and could not be read, or not be kept as an update: its bytes, whoever sent them.
unread_updates = sa.Table(
    "unread_updates",
    metadata,
    _id(),
    # Of the bytes: the same thing sent again is kept once.
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("update_id", sa.BigInteger),
    sa.Column("body", sa.LargeBinary, nullable=False),
    # How many bytes came: of what is very large only the beginning is kept.
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("error", sa.String(64), nullable=False),
    sa.Column("received_at", Instant, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    _id(),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("action", sa.String(32), nullable=False),
    sa.Column("details", Json, nullable=False),
    sa.Column("previous_hash", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)

# Small facts of the installation: the polling offset, the time of the last tick.
facts = sa.Table(
    "facts",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", Json, nullable=False),
)
