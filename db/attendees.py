"""Who said they come to an event, who may, and who waits for a seat: by first name where they agreed to be known."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.attendees import Attendee
from db.headcounts import known_to
from db.restrictions import IS_USABLE
from db.schema import people, rsvps


async def of_event(tx: AsyncConnection, event: int, known_in: Sequence[str]) -> list[Attendee]:
    """Everybody who answered, but for who said no or let an offer pass; named where they agreed to it in `known_in`.

    The others have a number, in an order that tells nothing of them.
    """
    name = sa.case((known_to(known_in), people.c.first_name), else_=None)
    columns = (rsvps.c.answer, rsvps.c.guests, rsvps.c.confirmed, rsvps.c.attended, rsvps.c.ticket)
    query = (
        sa.select(
            sa.func.row_number().over(order_by=people.c.friend_code).label("number"), name.label("name")
        )
        .add_columns(*columns)
        .select_from(rsvps.join(people, people.c.id == rsvps.c.person))
        .where(rsvps.c.event == event, rsvps.c.answer.not_in(("no", "lapsed")), IS_USABLE)
    )
    return [Attendee._make(row) for row in await tx.execute(query)]
