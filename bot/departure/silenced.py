"""Replies that were worded before a quiet period and leave in it: the law is asked when their turn comes."""

from __future__ import annotations

from dataclasses import replace

import db.people
from bot.clock import Clock
from bot.delivery.calls import Call
from bot.delivery.messages import edited, message
from bot.departure.compose import Composer
from bot.rules.kinds import Kind
from bot.words.texts import Texts
from db.engine import Database


class Silenced:
    """Says what may leave in place of a reply that speaks for the campaign, once it is late."""

    def __init__(self, *, database: Database, clock: Clock, texts: Texts, composer: Composer) -> None:
        self._database, self._clock, self._texts, self._composer = database, clock, texts, composer

    async def __call__(self, call: Call) -> Call | None:
        """The reply itself where nothing forbids it now; in a quiet period, that events are back later; nothing to
        somebody of whom nothing is kept any more.
        """
        if call.chat is None:
            return call
        async with self._database.read() as tx:
            person = await db.people.find(tx, call.chat)
        if person is None:
            return None
        quiet = self._composer.campaign.quiet(
            kind=Kind.EVENT_INVITE,
            territory=person.territory,
            now=self._clock.now(),
            zone=person.zone,
        )
        if quiet is None:
            return call
        text = self._texts.render(
            "events/quiet",
            self._composer.language_of(person),
            person=person,
            zone=person.zone or "Europe/Paris",
            until=quiet.until,
        )
        number = call.payload.get("message_id")
        said = message(call.chat, text) if number is None else edited(call.chat, number, text)
        return replace(said, leave_before=call.leave_before)
