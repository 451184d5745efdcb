"""Who wrote to the bot, what they agreed to, and who asked to be left alone."""

from __future__ import annotations

import sqlalchemy as sa

from db.schema.columns import Instant, Json, RowId, flag, metadata, new_friend_code, row_id

people = sa.Table(
    "people",
    metadata,
    row_id(),
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
    flag("consent_contact"),
    flag("consent_commune"),
    flag("consent_team"),
    flag("consent_keep"),
    # Choices that are put to people when they serve, and once: the first yes to an event, the thanks after a vote.
    flag("asked_team"),
    flag("asked_keep"),
    # Agreed to on a text that has changed since: asked anew, see bot.actions.renewals.
    flag("renew_contact"),
    flag("renew_commune"),
    flag("renew_team"),
    flag("renew_keep"),
    # Kinds of message the person turned off in /settings.
    flag("mutes_events"),
    flag("mutes_news"),
    flag("mutes_reminders"),
    flag("volunteer"),
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
    sa.Index(None, "department"),
    # All that is asked of every supporter, and nothing else: counts begin with one pass through it (db.rolls).
    sa.Index(
        "ix_people_register",
        *("territory", "zone", "consent_commune", "language", "volunteer", "consent_team"),
        *("mutes_events", "mutes_news", "mutes_reminders", "unreachable_at"),
        sqlite_where=sa.text("state = 'registered' AND consent_contact"),
        postgresql_where=sa.text("state = 'registered' AND consent_contact"),
    ),
    # Whoever agreed to be known to the team is looked up by the beginning of their name.
    sa.Index(
        "ix_people_named",
        "first_name",
        sqlite_where=sa.text("state = 'registered' AND consent_team"),
        postgresql_where=sa.text("state = 'registered' AND consent_team"),
    ),
    # Who joined lately, and where, of however many there are: no row is read for it.
    sa.Index("ix_people_joined", "registered_at", "state", "commune", "consent_team"),
    # Everything that chooses an audience by place, so that no row is read for it (db.expressions).
    sa.Index(
        "ix_people_audience",
        "commune",
        *("state", "consent_contact", "consent_commune", "unreachable_at", "mutes_events", "mutes_news"),
        *("language", "volunteer", "territory", "zone", "consent_team", "mutes_reminders"),
    ),
    # Looked up person by person: where each supporter votes, and who may be listed by which name (db.supporters).
    sa.Index(
        "ix_people_registered",
        *("id", "commune", "territory", "consent_team"),
        sqlite_where=sa.text("state = 'registered' AND id > 0"),
        postgresql_where=sa.text("state = 'registered' AND id > 0"),
    ),
    sa.Index(
        "ix_people_listed",
        *("id", "first_name", "commune", "territory"),
        sqlite_where=sa.text("state = 'registered' AND consent_team AND id > 0"),
        postgresql_where=sa.text("state = 'registered' AND consent_team AND id > 0"),
    ),
    sqlite_autoincrement=True,  # an erased person's number is never given to another
)

# Something that decides what is due for them changed since the planner last looked; it looks at these alone.
people_to_plan = sa.Table(
    "people_to_plan",
    metadata,
    # No foreign key: PostgreSQL would lock a person's row for each mark. Who is erased is taken out of it.
    sa.Column("person", RowId, primary_key=True, autoincrement=False),
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
    row_id(),
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
