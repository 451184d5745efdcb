"""What everybody may see, where the campaign file says so: a page for each event, and a calendar of each area.

Nobody signs in and nothing is asked of them: no cookie, no script, no word about who comes. In a quiet period the
pages keep silent, and the calendars answer that they will be back, so that programs keep what they had.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.actions import event_calendar, public_events
from bot.actions.authority import area_name
from bot.actions.event_calendar import Publishing
from bot.actions.public_events import PublicEvent
from bot.clock import Clock
from bot.communes import Gazetteer
from bot.errors import UnknownArea
from bot.links import is_code
from bot.rules.areas import ABROAD_AREA, CODE_LENGTH, normal_area
from bot.rules.schema_org import event_data
from bot.web.site import HEADERS, Site
from db.engine import Database

CALENDAR = "text/calendar; charset=utf-8"
KEPT = timedelta(seconds=60)
"""So long a calendar is given again as it was made: programs fetch them all at the full hour."""
MOST_KEPT = 64
RETRY = 6 * 3600
"""Seconds after which a program asks again whether a quiet period is over."""
QUARTER = timedelta(minutes=15)
"""Quiet periods begin at midnight somewhere, which in every zone there is lies on a quarter of an hour."""
SEEN = MappingProxyType({"X-Robots-Tag": "all", "Vary": "Accept-Language"})
FRANCE = "FR"


def kept_for(now: datetime) -> timedelta:
    """How long what is shown now may be kept: never into a silence that begins meanwhile."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return min(KEPT, QUARTER - (now - hour) % QUARTER)


def seen(now: datetime) -> dict[str, str]:
    """The headers of what everybody may see, and how long they may keep it."""
    return {**SEEN, "Cache-Control": f"public, max-age={int(kept_for(now).total_seconds())}"}


@dataclass
class _Kept:
    """Calendars that were made a moment ago, by area and language; one at a time is made anew."""

    made: OrderedDict[tuple[str, str], tuple[datetime, bytes | None]] = field(default_factory=OrderedDict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(
        self, key: tuple[str, str], now: datetime, make: Callable[[], Awaitable[bytes | None]]
    ) -> bytes | None:
        async with self.lock:
            found = self.made.get(key)
            if found is None or not found[0] <= now < found[0] + kept_for(found[0]):
                found = self.made[key] = (now, await make())
                self.made.move_to_end(key)
            while len(self.made) > MOST_KEPT:
                self.made.popitem(last=False)
            return found[1]


class PublicEvents:
    """The pages and calendars of the events of a campaign."""

    def __init__(
        self, site: Site, *, database: Database, clock: Clock, gazetteer: Gazetteer, bot_username: str
    ) -> None:
        self._site, self._database, self._clock = site, database, clock
        self._gazetteer, self._bot_username = gazetteer, bot_username
        self._kept = _Kept()

    def routes(self) -> Sequence[Route]:
        get = ["GET", "HEAD"]
        return [
            Route("/feed/{area}.ics", self._feed, methods=get),
            Route("/event/{code}.ics", self._calendar, methods=get),
            Route("/event/{code}", self._page, methods=get),
        ]

    def _publishing(self, language: str) -> Publishing:
        return Publishing(
            campaign=self._site.campaign,
            gazetteer=self._gazetteer,
            bot_username=self._bot_username,
            language=language,
            now=self._clock.now(),
            on_the_web=True,
        )

    async def _feed(self, request: Request) -> Response:
        try:
            area = normal_area(request.path_params["area"])
        except UnknownArea:
            return self._site.missing(request)
        if len(area) == CODE_LENGTH and area != ABROAD_AREA and self._gazetteer.by_code(area) is None:
            return self._site.missing(request)
        language = self._site.language(request)

        async def make() -> bytes | None:
            publishing = self._publishing(language)
            async with self._database.read() as tx:
                found = await event_calendar.followed(tx, area, publishing.campaign, publishing.now)
            if found is None:
                return None
            name = area_name(self._gazetteer, area)
            if not found.is_silent:
                name = f"{publishing.campaign.sender.name} – {name}"
            return await asyncio.to_thread(publishing.calendar, found.events, name=name)

        content = await self._kept.get((area, language), self._clock.now(), make)
        if content is None:
            return Response(status_code=503, headers={**_plain(self._clock.now()), "Retry-After": str(RETRY)})
        return Response(content, media_type=CALENDAR, headers=_plain(self._clock.now()))

    async def _shown(self, request: Request) -> tuple[Publishing, PublicEvent | None]:
        publishing, code = self._publishing(self._site.language(request)), request.path_params["code"]
        if not is_code(code):
            return publishing, None
        async with self._database.read() as tx:
            return publishing, await public_events.shown(tx, code, publishing)

    async def _calendar(self, request: Request) -> Response:
        publishing, found = await self._shown(request)
        if found is None:
            return self._site.missing(request)
        if not found.is_told:
            return Response(status_code=503, headers={**_plain(self._clock.now()), "Retry-After": str(RETRY)})
        return Response(
            publishing.calendar([found.found]), media_type=CALENDAR, headers=_plain(self._clock.now())
        )

    async def _page(self, request: Request) -> Response:
        publishing, found = await self._shown(request)
        if found is None:
            return self._site.missing(request)
        language, path = publishing.language, f"/event/{found.card.code}"
        if not found.is_told:
            return self._site.page(
                "public/quiet",
                language,
                headers=seen(publishing.now),
                silence=found.silence,
                zone=found.card.zone,
            )
        if found.silence is not None:
            return self._site.page(
                "public/cancelled", language, headers=seen(publishing.now), event=found.card
            )
        return self._site.page(
            "public/event",
            language,
            headers=seen(publishing.now),
            event=found.card,
            path=path,
            data=_data(found, publishing, f"{self._site.address or ''}{path}"),
            others=[code for code in publishing.campaign.languages if code != language],
        )


def _plain(now: datetime) -> dict[str, str]:
    """The headers of a calendar: what a page says to the browser, and that it may be kept for a moment."""
    return {**HEADERS, **seen(now)}


def _data(found: PublicEvent, publishing: Publishing, address: str) -> dict[str, object]:
    event, card = found.found.event, found.card
    has_point = event.latitude is not None and event.longitude is not None
    return event_data(
        title=card.title,
        description=card.description,
        starts_at=card.starts_at,
        ends_at=card.ends_at,
        zone=card.zone,
        place={"street": card.address, "town": card.commune, "country": FRANCE},
        point=(event.latitude or 0.0, event.longitude or 0.0) if has_point else None,
        organizer=publishing.campaign.sender.name,
        address=address,
        join=card.link,
        language=publishing.language,
        cancelled=card.cancelled,
        capacity=card.capacity,
        full=card.is_full,
    )
