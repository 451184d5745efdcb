"""The code of the minute on hosts' phones: one message, whose picture and words are edited as the minute changes.

Below replies and paced like progress messages: at most every few seconds one look, and nothing while Telegram asks for
silence. Of several minutes that were missed the last alone is shown. Whoever lost the right to let people in, or the
event its day, sees it closed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import db.check_ins
import db.people
from bot.actions import check_ins
from bot.actions.authority import author_of
from bot.actions.check_ins import CheckInDoor
from bot.clock import Clock
from bot.delivery.calls import Attachment, Call
from bot.delivery.line import DeliveryLine
from bot.delivery.outcomes import Done, Rejected
from bot.departure.compose import Composer
from bot.errors import PortevoixError
from bot.links import check_in_link
from bot.printing.codes import qr_png
from bot.rules.check_ins import DoorKey, minute_of
from bot.words.texts import Text, Texts
from db.check_ins import Screen
from db.engine import Database
from db.events import text_in

LOOK_SECONDS = 2.0


class DoorScreens:
    """Keeps the screens true. `remember` is told of each message that was sent, `refresh` is called at every beat."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        texts: Texts,
        composer: Composer,
        key: DoorKey,
        bot_username: str,
    ) -> None:
        self._database, self._clock, self._key = database, clock, key
        self._texts, self._composer, self._bot_username = texts, composer, bot_username
        self._looked_at = float("-inf")

    async def remember(self, name: str, message: Mapping[str, Any]) -> None:
        """A message that was sent shows the code (`door:<code>`)."""
        await check_ins.remember_screen(self._database, name, message)

    async def refresh(self, line: DeliveryLine) -> None:
        """Edits what shows the code of another minute."""
        if line.pacing.blocked_until is not None:
            return  # an edit would wait for its turn, and the tick with it
        if time.monotonic() - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = time.monotonic()
        async with self._database.read() as tx:
            old = await db.check_ins.screens(tx, minute=minute_of(self._clock.now()))
        for screen in old:
            await self._refresh(line, screen)

    async def _refresh(self, line: DeliveryLine, screen: Screen) -> None:
        now = self._clock.now()
        shown = await self._door(screen, now)
        outcome = await line.call(self._edit(screen, shown, await self._language(screen)))
        async with self._database.write() as tx:
            if shown is None or isinstance(outcome, Rejected):
                # Closed; or the host deleted the message, or blocked the bot: there is nothing to edit any more.
                await db.check_ins.close_screen(tx, event=screen.event, person=screen.person)
            elif isinstance(outcome, Done):
                await db.check_ins.screen_shows(tx, screen, minute_of(now))

    async def _door(self, screen: Screen, now: datetime) -> CheckInDoor | None:
        """What the phone shows now; None where it shows nothing any more."""
        if now >= screen.until:
            return None
        async with self._database.read() as tx:
            person = await db.people.get(tx, screen.person)
            if person is None:
                return None
            composer = self._composer
            host = await author_of(
                tx, person, campaign=composer.campaign, gazetteer=composer.gazetteer, now=now
            )
            try:
                return await check_ins.door(tx, host, screen.code, self._key)
            except PortevoixError:  # a role that was withdrawn, an event that was cancelled or is over
                return None

    async def _language(self, screen: Screen) -> str:
        async with self._database.read() as tx:
            person = await db.people.get(tx, screen.person)
        return self._composer.campaign.languages[0] if person is None else self._composer.language_of(person)

    def _edit(self, screen: Screen, shown: CheckInDoor | None, language: str) -> Call:
        at = {"chat_id": screen.telegram_id, "message_id": screen.message}
        if shown is None:
            closed = self._texts.render("check_ins/closed", language)
            payload = {**at, "caption": closed.html, "parse_mode": "HTML", "reply_markup": closed.markup}
            return Call(method="editMessageCaption", payload=payload)
        caption = self._caption(shown, language)
        media = {
            "type": "photo",
            "media": "attach://code",
            "caption": caption.html,
            "parse_mode": "HTML",
        }
        picture = qr_png(check_in_link(self._bot_username, shown.token))
        return Call(
            method="editMessageMedia",
            payload={**at, "media": json.dumps(media), "reply_markup": caption.markup},
            attachment=Attachment(field="code", name="code.png", content=picture),
        )

    def _caption(self, shown: CheckInDoor, language: str) -> Text:
        first = self._composer.campaign.languages[0]
        return self._texts.render(
            "check_ins/screen",
            language,
            event=shown.found.event,
            text=text_in(shown.found.texts, language, first),
            there=shown.there,
            digits=shown.digits,
        )
