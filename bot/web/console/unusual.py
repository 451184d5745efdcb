"""Times of an event or a message that are probably a slip of the finger: asked about once, in the form they were
typed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from markupsafe import Markup

from bot.rules.broadcast_draft import leaves_at, time_doubts
from bot.rules.events import event_doubts_of
from bot.rules.territories import zone as zone_named
from bot.web.desk import Visit

TIMES = ("starts", "ends", "repeat", "until", "times")


def meant(fields: Mapping[str, str]) -> str:
    """What the box of a form sends along that says that these times are meant: other ones are asked about anew."""
    return "/".join(fields.get(name, "") for name in TIMES)


def doubted(
    visit: Visit,
    fields: Mapping[str, str],
    starts_at: datetime,
    ends_at: datetime,
    *,
    zone: str,
    last: date | None = None,
) -> Markup | None:
    """The question whether these times are meant; None where nothing is unusual of them, or `sure` said so."""
    if fields.get("sure") == meant(fields):
        return None
    last = last or starts_at.astimezone(zone_named(zone)).date()
    votes = [ballot.day for ballot in visit.author.campaign.ballots]
    lasts = ends_at - starts_at
    doubts = event_doubts_of(starts_at, lasts, last, visit.now, votes, zone_named(zone))
    if not doubts:
        return None
    return visit.told(
        "console/unusual",
        doubts=[each.value for each in doubts],
        starts_at=starts_at,
        ends_at=ends_at,
        last=last,
        minutes=int(lasts.total_seconds()) // 60,
        last_vote=max(votes, default=None),
        place_zone=zone,
    )


def message_doubted(visit: Visit, data: Mapping[str, Any]) -> Markup | None:
    """The question whether a message is meant to leave then; None where nothing is unusual of that, or it was said."""
    votes = [ballot.day for ballot in visit.author.campaign.ballots]
    doubts = time_doubts(data, votes, now=visit.now, zone=visit.zone)
    if not doubts:
        return None
    return visit.told(
        "console/unusual_message",
        doubts=[each.value for each in doubts],
        leaves_at=leaves_at(data, now=visit.now, zone=visit.zone),
        last_vote=max(votes, default=None),
    )
