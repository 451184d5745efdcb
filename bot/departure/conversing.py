"""What leaves of a conversation: read from it at the moment it leaves, so that nothing goes to who may not read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.conversations
import db.duties
import db.events
import db.people
from bot.actions.authority import area_name, roles_of
from bot.delivery.calls import Call
from bot.delivery.messages import edited, in_place_of, message
from bot.delivery.outcomes import Stop
from bot.departure.compose import Composer
from bot.departure.placeholders import filled
from bot.rules.conversations import WITHOUT_CAPTION, ConversationState, may_answer, team_area
from bot.words.telegram_html import CAPTION_LIMIT
from bot.words.texts import Text, Texts
from db.conversations import Conversation, Message
from db.events import text_in
from db.notices import PREFIX
from db.people import Person
from db.talks import Stands, Talk

MOST_SHOWN = 3_400
"""Characters of what was written that are shown at once; of what is longer the end."""
GONE = Stop(state="cancelled", reason="conversation_over")


class Talks:
    """Words what leaves of conversations, and what stands in a chat already and changed."""

    def __init__(self, *, texts: Texts, composer: Composer) -> None:
        self._texts, self._composer = texts, composer

    async def call(
        self, tx: AsyncConnection, reader: Person, template: str, details: Mapping[str, Any], now: datetime
    ) -> Call | Stop:
        """What leaves for `reader` now; or that it does not any more."""
        what = Talk(template.removeprefix(PREFIX))
        found = await db.conversations.get(tx, int(details["conversation"]))
        if what is Talk.TOLD:
            return message(reader.telegram_id, self._text(what, reader, **details))
        if found is None or not await self._may_read(tx, reader, found, what):
            return GONE
        if what is Talk.CARD:
            return await self._card(tx, reader, found, details, now)
        if what is Talk.OPENED:
            return message(reader.telegram_id, await self._opened(tx, reader, found, int(details["until"])))
        if what is Talk.CLOSED:
            return message(reader.telegram_id, self._text(what, reader, area=found.area))
        return await self._carrying(tx, reader, found, what, details, now)

    async def changed(
        self, tx: AsyncConnection, found: Conversation, stands: Sequence[Stands], now: datetime
    ) -> list[Call]:
        """The edits by which what stands in chats says what is written now."""
        calls = []
        for each in stands:
            reader = await db.people.find(tx, each.telegram_id)
            if each.message_id is None or reader is None:
                continue
            what = Talk.ANSWER if reader.id == found.person else Talk.RELAYED
            if each.details.get("signature") or not await self._may_read(tx, reader, found, what):
                continue
            if "until" in each.details:
                text = await self._opened(tx, reader, found, int(each.details["until"]))
                calls.append(edited(each.telegram_id, each.message_id, text))
                continue
            call = await self._carrying(tx, reader, found, what, each.details, now)
            if isinstance(call, Call):
                calls.append(in_place_of(call, each.message_id))
        return calls

    async def cards(
        self, tx: AsyncConnection, found: Conversation, stands: Sequence[Stands], now: datetime
    ) -> list[Call]:
        """The edits by which the cards of a conversation say whether it waits, and who has taken it. Of several in one
        chat (it was handed back, or went up) the newest alone has a button.
        """
        waiting = await db.conversations.waiting(tx, found.id)
        claimer = found.standing.claimed_by
        who = await db.duties.of_person(tx, claimer) if claimer is not None else None
        newest = {each.telegram_id: each for each in stands if each.message_id is not None}
        calls = []
        for each in stands:
            reader = await db.people.find(tx, each.telegram_id)
            if each.message_id is None or reader is None or waiting is None:
                continue
            if not may_answer(await roles_of(tx, reader), found.area):
                continue
            text = self._text(
                Talk.CARD,
                reader,
                waiting=waiting,
                area=found.area,
                escalated=False,
                claimer=who.name if who is not None else None,
                mine=reader.id == claimer,
                older=each is not newest[each.telegram_id],
                now=now,
            )
            calls.append(edited(each.telegram_id, each.message_id, text))
        return calls

    async def _may_read(self, tx: AsyncConnection, reader: Person, found: Conversation, what: Talk) -> bool:
        """The author reads answers, whoever has taken it the rest, and those who may take it that somebody waits."""
        if what in (Talk.ANSWER, Talk.CLOSED):
            return reader.id == found.person and reader.is_registered
        author = await db.people.get(tx, found.person)
        if author is None or not author.is_registered:
            return False  # they restricted the use of their data, or want silence
        if not may_answer(await roles_of(tx, reader), found.area):
            return False
        if what is Talk.CARD:
            return found.standing.state is ConversationState.WAITING
        return reader.id == found.standing.claimed_by

    async def _card(
        self,
        tx: AsyncConnection,
        reader: Person,
        found: Conversation,
        details: Mapping[str, Any],
        now: datetime,
    ) -> Call | Stop:
        waiting = await db.conversations.waiting(tx, found.id)
        if waiting is None:
            return GONE
        text = self._text(
            Talk.CARD,
            reader,
            waiting=waiting,
            area=found.area,
            escalated=bool(details.get("escalated")),
            claimer=None,
            mine=False,
            older=False,
            now=now,
        )
        return message(reader.telegram_id, text)

    async def _opened(self, tx: AsyncConnection, reader: Person, found: Conversation, until: int) -> Text:
        """What was written so far, to whoever has taken it: the newest of it where it is long."""
        written = [each for each in await db.conversations.messages_of(tx, found.id) if each.id <= until]
        shown: list[Message] = []
        room = MOST_SHOWN
        for each in reversed(written):
            room -= len(each.text or "") + 60
            if room < 0 and shown:
                break
            shown.append(each)
        author = await db.people.get(tx, found.person)
        signs = await db.duties.of_person(tx, reader.id)
        return self._text(
            Talk.OPENED,
            reader,
            conversation=found,
            area=found.area,
            written=shown[::-1],
            left_out=len(written) - len(shown),
            titles=await self._titles(tx, reader, written),
            spoken=author.language if author is not None else None,
            signed=signs.name if signs is not None else "",
        )

    async def _titles(
        self, tx: AsyncConnection, reader: Person, written: Sequence[Message]
    ) -> dict[str, str]:
        """The titles of the events that messages are about, by code."""
        about = {each.about for each in written if each.about is not None}
        texts = await db.events.texts_by_code(tx, about) if about else {}
        spoken, first = self._composer.language_of(reader), self._composer.campaign.languages[0]
        return {code: text_in(each, spoken, first).title for code, each in texts.items()}

    async def _one(
        self, tx: AsyncConnection, reader: Person, found: Conversation, carried: Message, what: Talk
    ) -> Text:
        titles = await self._titles(tx, reader, [carried])
        return self._text(what, reader, conversation=found, area=found.area, written=carried, titles=titles)

    async def _carrying(
        self,
        tx: AsyncConnection,
        reader: Person,
        found: Conversation,
        what: Talk,
        details: Mapping[str, Any],
        now: datetime,
    ) -> Call | Stop:
        """What one side wrote, for the other. `details`: see `bot.actions.inbox.answer`."""
        carried = await db.conversations.message(tx, int(details["message"]))
        if carried is None:
            return GONE
        if details.get("filled") is not None and carried.text is not None:
            words = filled(self._composer, carried.text, reader, language=details["filled"], now=now)
            carried = replace(carried, text=words)
        if details.get("signature"):
            carried = replace(carried, media=None, text=None)
        if carried.media is None:
            return message(reader.telegram_id, await self._one(tx, reader, found, carried, what))
        return await self._copied(tx, reader, found, carried, what, details.get("signature", True))

    async def _copied(
        self,
        tx: AsyncConnection,
        reader: Person,
        found: Conversation,
        carried: Message,
        what: Talk,
        is_signed: bool,
    ) -> Call | Stop:
        """A picture and the like, which Telegram copies from the chat of whoever sent it; a caption goes with it."""
        source = found.person if not carried.by_team else carried.author
        sender = await db.people.get(tx, source) if source is not None else None
        if sender is None:
            return GONE
        text = await self._one(tx, reader, found, carried, what)
        copied: dict[str, Any] = {
            "chat_id": reader.telegram_id,
            "from_chat_id": sender.telegram_id,
            "message_id": carried.message_id,
        }
        if text.keyboard:
            copied["reply_markup"] = text.markup
        if carried.media not in WITHOUT_CAPTION:
            if is_signed and len(text.plain) <= CAPTION_LIMIT:
                copied |= {"caption": text.html, "parse_mode": "HTML"}
            elif len(carried.text or "") <= CAPTION_LIMIT:
                copied["caption"] = carried.text or ""
            # A longer one, of somebody whom Telegram allows it, no bot may send: it is copied as it stands.
        return Call(method="copyMessage", payload=copied)

    def _text(self, what: Talk, reader: Person, **values: Any) -> Text:
        area = team_area(str(values["area"])) if "area" in values else ""
        return self._texts.render(
            f"{PREFIX}{what}",
            self._composer.language_of(reader),
            **{
                "zone": reader.zone or "Europe/Paris",
                "person": reader,
                "place": area_name(self._composer.gazetteer, str(values.get("area", ""))),
                "team": area_name(self._composer.gazetteer, area),
                **values,
            },
        )
