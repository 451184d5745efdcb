"""What is to be sent, and when, as the staff of an area may see it."""

from __future__ import annotations

from bot.actions.authority import Author
from bot.campaign.upcoming import UpcomingStep, upcoming
from bot.rules.permissions import Action


def coming(author: Author, area: str) -> list[UpcomingStep]:
    """The steps to come in an area, the next first. Raises NotAllowed."""
    author.require(Action.SEE_CALENDAR, area)
    return upcoming(author.campaign, area, author.now)
