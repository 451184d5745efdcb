"""Who is alike: people to whom a message says the same, but for what is filled in for each."""

from __future__ import annotations

from collections.abc import Hashable
from operator import attrgetter
from typing import Any

from bot.campaign.campaign import Campaign
from bot.errors import UnknownTerritory
from bot.rules.territories import territory_of
from db.people import Person

# What no decision and no wording depends on, or what is filled in for each reader: `bot.departure.placeholders.OWN`,
# and the link for friends.
_OWN = (
    *("id", "telegram_id", "pseudonym", "friend_code", "first_name"),
    *("commune", "department", "region", "latitude", "longitude"),
    *("recruiter", "created_at", "registered_at", "seen_at", "puzzled_at", "newest_message"),
)


_common = attrgetter(*(name for name in Person._fields if name not in _OWN))


def likeness(person: Person) -> Hashable:
    """What people have to have in common to be alike: everything known of them but their own. Equal for all who are."""
    common: Hashable = _common(person)
    return common


def anybody(person: Person, *kept: str) -> Person:
    """The person without what is their own but for these fields: what is found for this one holds for all alike."""
    without: dict[str, Any] = {name: None for name in _OWN if name not in kept}
    return person._replace(**without)


def vote_in(campaign: Campaign, commune: str | None) -> Hashable:
    """All that a commune tells of the vote there: whether it is held, and at which hours.

    One where nobody votes, whose hours nobody can be told, is like no other.
    """
    if commune is None:
        return None
    try:
        territory = territory_of(commune)
    except UnknownTerritory:
        return commune
    held = (ballot for ballot in campaign.ballots if ballot.takes_place_in(territory))
    return campaign.votes(commune), territory, *(ballot.hours_in(commune) for ballot in held)
