"""Who is alike: people to whom a message says the same, but for what is filled in for each."""

from __future__ import annotations

from collections.abc import Hashable
from operator import attrgetter
from typing import Any

from db.people import Person

# What no decision and no wording depends on, or what is filled in for each reader: `bot.departure.placeholders.OWN`,
# and the link for friends.
_OWN = (
    *("id", "telegram_id", "pseudonym", "friend_code", "first_name"),
    *("commune", "department", "region", "latitude", "longitude"),
    *("recruiter", "created_at", "registered_at", "seen_at", "puzzled_at", "newest_message"),
)


class Likeness:
    """What people have to have in common to be alike: everything known of them that is not in `own`."""

    def __init__(self, *own: str) -> None:
        self._common = attrgetter(*(name for name in Person._fields if name not in own))
        self._without: dict[str, Any] = dict.fromkeys(own)

    def of(self, person: Person) -> Hashable:
        """Equal for all who are alike."""
        common: Hashable = self._common(person)
        return common

    def anybody(self, person: Person) -> Person:
        """The person without what is their own: what is found for this one holds for all who are alike."""
        return person._replace(**self._without)


ALIKE = Likeness(*_OWN)
IN_ONE_COMMUNE = Likeness(*(name for name in _OWN if name != "commune"))
"""Where it matters when and where they vote."""
