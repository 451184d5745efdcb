"""What exports tell of door to door: doors and walks, and no name anywhere, neither of residents nor of walkers."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from db.canvass import station_in
from db.export_columns import hour
from db.schema import addresses, stations, visits, walkers, walks

DOOR_KEYS = (addresses.c.id, visits.c.id)


def doors(area: str, *of_visits: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """A row for each visit of a door in the area, and one for each door that was never visited.

    `of_visits`: conditions on visits; with them, those doors are left out.
    """
    columns = (
        addresses.c.ban,
        stations.c.commune,
        addresses.c.station,
        addresses.c.street,
        addresses.c.number,
        addresses.c.suffix,
        addresses.c.dwellings,
        walks.c.code.label("walk"),
        visits.c.outing,
        visits.c.outcome,
        hour(visits.c.at),
        visits.c.paper,
    )
    counts = sa.and_(visits.c.address == addresses.c.id, visits.c.replaced.is_(None))
    return (
        sa.select(*columns)
        .select_from(
            addresses.join(stations, stations.c.code == addresses.c.station)
            .join(visits, counts, isouter=not of_visits)
            .outerjoin(walks, walks.c.id == addresses.c.walk)
        )
        .where(station_in(area), *of_visits)
    )


def walk_lines(area: str) -> sa.Select[Any]:
    """A row for each walk of the area, with what was noted the last time that it was offered."""
    noted = sa.and_(
        visits.c.walk == walks.c.id, visits.c.outing == walks.c.outing, visits.c.replaced.is_(None)
    )

    def number(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        return sa.select(sa.func.count()).select_from(visits).where(noted, *conditions).scalar_subquery()

    there = sa.select(sa.func.count()).select_from(walkers)
    there = there.where(walkers.c.walk == walks.c.id, walkers.c.outing == walks.c.outing)
    opened = visits.c.outcome.in_(("opened", "refused", "again"))
    return (
        sa.select(
            walks.c.code.label("walk"),
            stations.c.commune,
            walks.c.station,
            walks.c.state,
            walks.c.doors,
            walks.c.metres,
            walks.c.outing,
            hour(walks.c.offered_at),
            hour(walks.c.done_at),
            there.scalar_subquery().label("walkers"),
            number().label("visited"),
            number(opened).label("opened"),
            number(visits.c.outcome == "again").label("again"),
        )
        .select_from(walks.join(stations, stations.c.code == walks.c.station))
        .where(station_in(area))
    )
