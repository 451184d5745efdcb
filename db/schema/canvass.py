"""Tables of door to door. A door is a dwelling, never a person: nothing here tells who lives where."""

from __future__ import annotations

import sqlalchemy as sa

from db.schema.columns import Instant, RowId, flag, metadata, row_id

# Polling stations (`bureaux de vote`), and what happened there at the election that was imported.
stations = sa.Table(
    "stations",
    metadata,
    sa.Column("code", sa.String(16), primary_key=True),  # 69123_0101
    sa.Column("commune", sa.String(5), nullable=False, index=True),
    sa.Column("department", sa.String(3), nullable=False, index=True),
    sa.Column("region", sa.String(3), nullable=False),
    sa.Column("name", sa.String(120)),
    sa.Column("address", sa.String(300)),
    # Its own, or the middle of the addresses that a file says are its; empty where only its results are known.
    sa.Column("latitude", sa.Float),
    sa.Column("longitude", sa.Float),
    # Where those who are registered there vote this time: a primary merges stations.
    sa.Column("place", RowId, sa.ForeignKey("polling_places.id", ondelete="SET NULL"), index=True),
    sa.Column("registered", sa.Integer),
    sa.Column("voters", sa.Integer),
    sa.Column("cast", sa.Integer),
    sa.Column("ours", sa.Integer),
    sqlite_with_rowid=False,
)

# A stretch of doors for one pair. cut -> offered -> under_way -> done (and offered again)
walks = sa.Table(
    "walks",
    metadata,
    row_id(),
    sa.Column("code", sa.String(24), nullable=False, unique=True),  # 69123_0101-3
    sa.Column("station", sa.String(16), sa.ForeignKey("stations.code", ondelete="CASCADE"), nullable=False),
    sa.Column("state", sa.String(16), nullable=False, default="cut", server_default="cut"),
    sa.Column("doors", sa.Integer, nullable=False),
    sa.Column("metres", sa.Integer, nullable=False),
    sa.Column("cut_at", Instant, nullable=False),
    # How often it has been offered: what was noted at a door the time before is its last visit.
    sa.Column("outing", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("offered_by", RowId),
    sa.Column("offered_at", Instant),
    # When and where its people meet; empty: whenever they like.
    sa.Column("meets_at", Instant, index=True),
    sa.Column("meets_where", sa.String(200)),
    sa.Column("done_at", Instant),
    sa.Index(None, "station"),
    sqlite_autoincrement=True,  # the button of a walk that is gone never means another
)

# Addresses of the Base Adresse Nationale. Those of a walk are its doors, in the order of `place`.
addresses = sa.Table(
    "addresses",
    metadata,
    row_id(),
    sa.Column("ban", sa.String(40), nullable=False, unique=True),
    sa.Column("commune", sa.String(5), nullable=False, index=True),
    sa.Column("street", sa.String(100), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("suffix", sa.String(10), nullable=False),
    sa.Column("latitude", sa.Float, nullable=False),
    sa.Column("longitude", sa.Float, nullable=False),
    sa.Column("station", sa.String(16), sa.ForeignKey("stations.code", ondelete="SET NULL"), index=True),
    flag("given"),  # a file says so of this address; else it is the nearest
    sa.Column("walk", RowId, sa.ForeignKey("walks.id", ondelete="SET NULL")),
    sa.Column("place", sa.Integer),
    sa.Column("leg", sa.Integer),  # one side of one street
    sa.Column("dwellings", sa.Integer),  # as walkers counted them
    sa.Index(None, "walk", "place"),
    sqlite_autoincrement=True,  # the button of a door that is gone never means another
)

# What a file says of addresses, also of those that are not imported yet. `edition`: the import that said it.
station_addresses = sa.Table(
    "station_addresses",
    metadata,
    sa.Column("ban", sa.String(40), primary_key=True),
    sa.Column("commune", sa.String(5), nullable=False, index=True),
    sa.Column("station", sa.String(16), nullable=False),
    sa.Column("weight", sa.Integer, nullable=False),
    sa.Column("edition", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

# Who goes on a walk, each time that it is offered.
walkers = sa.Table(
    "walkers",
    metadata,
    sa.Column("walk", RowId, sa.ForeignKey("walks.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("outing", sa.Integer, primary_key=True),
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True),
    sa.Column("taken_at", Instant, nullable=False),
    sa.Column("left_at", Instant),
)

# What happened at a door, one row for each dwelling: nothing of who lives there.
visits = sa.Table(
    "visits",
    metadata,
    row_id(),
    sa.Column(
        "address", RowId, sa.ForeignKey("addresses.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    sa.Column("walk", RowId, sa.ForeignKey("walks.id", ondelete="SET NULL")),
    sa.Column("outing", sa.Integer, nullable=False),
    sa.Column("outcome", sa.String(12), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("person", RowId, sa.ForeignKey("people.id", ondelete="SET NULL"), index=True),
    # The tap that noted it (below zero: a note of the page), and the one that put another in its place: what one tap
    # did is undone at once.
    sa.Column("tap", sa.BigInteger, nullable=False),
    sa.Column("replaced", sa.BigInteger),
    flag("paper"),  # entered from a sheet, later
    sa.Index(None, "walk", "outing"),
)

# What the page of a walker said, by the key that the phone drew: what is sent twice counts once.
walk_notes = sa.Table(
    "walk_notes",
    metadata,
    sa.Column("walk", RowId, sa.ForeignKey("walks.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)

# What is left of visits once they were erased: of streets with enough doors, and of whole stations.
street_counts = sa.Table(
    "street_counts",
    metadata,
    sa.Column("station", sa.String(16), primary_key=True),
    sa.Column("street", sa.String(100), primary_key=True),  # empty: the streets that have too few doors
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("outcome", sa.String(12), primary_key=True),
    sa.Column("doors", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)
