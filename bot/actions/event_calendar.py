"""Events as a calendar file, that phones and mail programs open: one, or all that there are in an area."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.areas
import db.event_files
from bot.actions.event_cards import EventCard
from bot.campaign.campaign import Campaign
from bot.communes import Gazetteer
from bot.event_files.calendars import CalendarEvent, calendar_of
from bot.frozen import Frozen
from bot.links import event_link
from bot.rules.kinds import Kind
from bot.rules.seats import ON_THE_LIST
from db.events import Event, EventInWords, text_in

MOST_NAME = 60
"""Characters of a file's name before its ending."""
STILL_SHOWN = timedelta(days=30)
"""So long after its end an event still stands in a calendar that people follow: they look back, too."""
MOST_FOLLOWED = 1_000
"""Events in a calendar that people follow: it is fetched again and again."""


def file_name(card: EventCard) -> str:
    """The name under which the file lies among others, after the event: `Réunion-à-Lyon.ics`."""
    words = re.findall(r"\w+", card.title)
    return f"{'-'.join(words)[:MOST_NAME].rstrip('-') or card.code}.ics"


def calendar_file(event: Event, card: EventCard, *, sender: str, now: datetime) -> bytes:
    """The event in the person's language, as they stand with it: whoever waits for a seat knows yet of none."""
    entry = entry_of(
        event,
        title=card.title,
        description=card.description,
        commune=card.commune,
        sender=sender,
        link=card.link,
    )
    if card.answer in ON_THE_LIST and not event.is_cancelled:
        entry = replace(entry, status="TENTATIVE")
    return calendar_of([entry], now=now)


def entry_of(
    event: Event, *, title: str, description: str, commune: str, sender: str, link: str
) -> CalendarEvent:
    """An event in a calendar, as everybody sees it."""
    has_point = event.latitude is not None and event.longitude is not None
    return CalendarEvent(
        code=event.code,
        sequence=event.sequence,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        zone=event.zone,
        title=title,
        description="\n\n".join(part for part in (description, "\n".join((sender, link)).strip()) if part),
        location=f"{event.address}, {commune}",
        status="CANCELLED" if event.is_cancelled else "CONFIRMED",
        link=link,
        point=(event.latitude or 0.0, event.longitude or 0.0) if has_point else None,
    )


class Publishing(Frozen):
    """What a calendar of several events is made with; `bot_username` blank: where no bot has run yet, no link.

    `on_the_web`: everybody fetches it, and so it keeps silent when the law asks for it.
    """

    campaign: Campaign
    gazetteer: Gazetteer
    bot_username: str
    language: str
    now: datetime
    on_the_web: bool = False

    def calendar(self, found: Sequence[EventInWords], *, name: str = "") -> bytes:
        """The calendar of some events, in one language."""
        return calendar_of(map(self._entry, found), now=self.now, name=name)

    def _entry(self, found: EventInWords) -> CalendarEvent:
        text = text_in(found.texts, self.language, self.campaign.languages[0])
        known = self.gazetteer.by_code(found.event.commune)
        commune = known.name if known is not None else found.event.commune
        entry = entry_of(
            found.event,
            title=text.title,
            description=text.description,
            commune=commune,
            sender=self.campaign.sender.name,
            link=event_link(self.bot_username, found.event.code) if self.bot_username else "",
        )
        if self.on_the_web and is_silent(self.campaign, found.event, self.now):
            # What was typed is silent, and who sends it: when and where it would have been is left.
            return replace(entry, title=commune, description="", location=commune, link="", point=None)
        return entry


async def all_public(tx: AsyncConnection, area: str) -> list[EventInWords]:
    """Every event of an area that everybody may see, past and to come, those that were cancelled among them."""
    return await db.event_files.public(tx, db.areas.event_in(area))


class Followed(Frozen):
    """What a calendar holds that people follow; `is_silent`: the law asks for silence somewhere in its area, so that it
    does not name who sends it.
    """

    events: Sequence[EventInWords]
    is_silent: bool


async def followed(tx: AsyncConnection, area: str, campaign: Campaign, now: datetime) -> Followed | None:
    """The events of a calendar that people follow. None while the law asks for silence about all that are to come:
    their programs keep what they had.

    Of an event in a territory where it asks for silence alone, nothing is told but that it is cancelled, by its date
    and commune.
    """
    found = await db.event_files.followed(
        tx, db.areas.event_in(area), since=now - STILL_SHOWN, now=now, most=MOST_FOLLOWED
    )
    told = [each for each in found if each.event.is_cancelled or not is_silent(campaign, each.event, now)]
    if found and not told:
        return None
    home = campaign.quiet(kind=Kind.EVENT_INVITE, territory=campaign.home, now=now)
    silent = any(is_silent(campaign, each.event, now) for each in found) if found else home is not None
    return Followed(events=told, is_silent=silent)


def is_silent(campaign: Campaign, event: Event, now: datetime) -> bool:
    """Whether the law asks for silence where an event takes place."""
    quiet = campaign.quiet(kind=Kind.EVENT_INVITE, territory=event.territory, now=now, zone=event.zone)
    return quiet is not None
