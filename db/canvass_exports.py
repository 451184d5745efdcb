"""What exports tell of door to door: doors and walks, and no name anywhere, neither of residents nor of walkers."""

from __future__ import annotations

import sqlalchemy as sa

from db.canvass import station_in
from db.canvass_walks import went
from db.export_columns import hour
from db.export_sources import ExportSource, Selection, within
from db.schema import addresses, stations, visits, walkers, walks


def doors(selection: Selection) -> ExportSource:
    """A row for each visit of a door in the area, and, without a period, one for each door that was never visited."""
    of_visits = within(visits.c.at, selection)
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
    query = (
        sa.select(*columns)
        .select_from(
            addresses.join(stations, stations.c.code == addresses.c.station)
            .join(visits, counts, isouter=not of_visits)
            .outerjoin(walks, walks.c.id == addresses.c.walk)
        )
        .where(station_in(selection.area), *of_visits)
    )
    return ExportSource(query=query, keys=(addresses.c.id, visits.c.id))


def walks_of(selection: Selection) -> ExportSource:
    """A row for each walk of the area, with what was noted since it was offered last: the period is of the offer."""
    noted = sa.and_(
        visits.c.walk == walks.c.id, visits.c.outing == walks.c.outing, visits.c.replaced.is_(None)
    )

    def number(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        return sa.select(sa.func.count()).select_from(visits).where(noted, *conditions).scalar_subquery()

    there = sa.select(sa.func.count()).select_from(walkers)
    there = there.where(walkers.c.walk == walks.c.id, walkers.c.outing == walks.c.outing)
    there = there.where(sa.or_(walkers.c.left_at.is_(None), went(walkers)))
    opened = visits.c.outcome.in_(("opened", "refused", "again"))
    query = (
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
        .where(station_in(selection.area), *within(walks.c.offered_at, selection))
    )
    return ExportSource(query=query, keys=(walks.c.id,))
