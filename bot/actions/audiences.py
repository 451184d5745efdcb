"""Whom a message reaches: an audience within its author's areas, counted, with whom the law silences now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.audiences
from bot.actions.authority import Author
from bot.campaign import Campaign
from bot.communes import Gazetteer
from bot.rules.audience_limits import limited_to
from bot.rules.audiences import Audience
from bot.rules.kinds import Kind
from bot.rules.permissions import Action
from bot.rules.quiet import Reason
from bot.rules.sending import SendingTime
from db.audiences import Group, Target


@dataclass(frozen=True, kw_only=True)
class Withheld:
    """Some of the recipients may not be written to when the message is due: why, and until when."""

    people: int
    reason: Reason
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How many people a message is for, and whom of them a quiet period keeps it from at first."""

    people: int
    withheld: tuple[Withheld, ...] = ()


def target(audience: Audience, gazetteer: Gazetteer) -> Target:
    """The audience with the communes within its radius."""
    radius = audience.radius
    within = gazetteer.within(radius.commune, radius.km) if radius is not None else frozenset()
    return Target(audience=audience, communes_within=within)


def targets_of(author: Author, audience: Audience, action: Action) -> tuple[Target, ...]:
    """The audience as far as its author may reach; nobody without a role."""
    return tuple(target(each, author.gazetteer) for each in limited_to(audience, author.areas(action)))


async def reach(
    tx: AsyncConnection,
    targets: Sequence[Target],
    *,
    kind: Kind,
    when: SendingTime,
    campaign: Campaign,
    cancellation: bool = False,
) -> Reach:
    """Counts the audience, set-based: one row for each territory and zone."""
    found = await db.audiences.groups(tx, targets, kind)
    silent: dict[tuple[Reason, datetime], int] = {}
    for group in found:
        quiet = campaign.quiet(
            kind=kind,
            territory=group.territory,
            now=when.due_in(group.zone),
            cancellation=cancellation,
            zone=group.zone,
        )
        if quiet is not None:
            key = (quiet.reason, quiet.until)
            silent[key] = silent.get(key, 0) + group.people
    return Reach(
        people=_total(found),
        withheld=tuple(
            Withheld(people=people, reason=reason, until=until)
            for (reason, until), people in sorted(silent.items(), key=lambda each: each[0][1])
        ),
    )


def _total(found: Sequence[Group]) -> int:
    return sum(group.people for group in found)
