"""The files that are made when they are about to be sent: exports, with their progress, and why there is none."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.people
from bot.actions import audit, downloads, exports
from bot.actions.authority import Author, author_of
from bot.actions.exports import CHAT_BYTES, Commission, ExportTooLarge, Order
from bot.campaign.campaign import Campaign
from bot.clock import Clock
from bot.communes import Gazetteer
from bot.delivery.calls import Attachment, Call
from bot.delivery.messages import edited, message
from bot.errors import NotAllowed
from bot.links import download_url
from bot.words.texts import Text, Texts
from db.engine import Database

MOST_AT_ONCE = 2
"""Each holds a reader of the database, and up to CHAT_BYTES of memory."""
EDIT_SECONDS = 3.0
"""Between two edits of the message that shows how far a file is."""


class ExportFiles:
    """Makes the files of exports that were ordered in the chat, in memory: on the disk nobody would encrypt them.

    `post` makes a call that belongs to no reply; `links_to` is the address of the web part, None where it is off.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        campaign: Campaign,
        gazetteer: Gazetteer,
        texts: Texts,
        links_to: str | None,
        post: Callable[[Call], Awaitable[object]],
    ) -> None:
        self._database, self._clock, self._campaign = database, clock, campaign
        self._gazetteer, self._texts = gazetteer, texts
        self._links_to, self._post = links_to, post
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)

    async def __call__(self, arguments: Mapping[str, Any]) -> Attachment | Call:
        """The file of a commission; where it is too large for the chat, the message that says what else there is.

        Where the role that allowed it was withdrawn meanwhile, the message that says so. Raises where it cannot be
        made: what is said then is in the reply that waits for it.
        """
        commission = Commission.from_arguments(arguments)
        try:
            order = await self._required(commission)
            made = await self._made(replace(commission, order=order))
            if await self._required(commission) != order:  # making it may have taken minutes
                raise NotAllowed("The role changed meanwhile.", message="errors/not_allowed_role")
        except NotAllowed:
            await self._note_refused(commission)
            return message(commission.chat, self._text(commission, "exports/withdrawn"))
        return made

    async def _required(self, commission: Commission) -> Order:
        """What the reader may have now. Raises NotAllowed."""
        async with self._database.read() as tx:
            author = await self._author(tx, commission)
        exports.require(author, commission.order)
        return exports.as_read_by(author, commission.order)

    async def _author(self, tx: AsyncConnection, commission: Commission) -> Author:
        """The order’s author with the roles held now. Raises NotAllowed where nobody has that number any more."""
        person = await db.people.find(tx, commission.chat)
        if person is None:
            raise NotAllowed("Whoever ordered this export was erased.", message="errors/not_allowed_role")
        return await author_of(
            tx, person, campaign=self._campaign, gazetteer=self._gazetteer, now=self._clock.now()
        )

    async def _note_refused(self, commission: Commission) -> None:
        actor, now = audit.staff_actor(commission.chat), self._clock.now()
        async with self._database.write() as tx:
            await exports.note(tx, commission.order, actor=actor, now=now, refused=True)

    async def _made(self, commission: Commission) -> Attachment | Call:
        try:
            return await self._file(commission)
        except ExportTooLarge as refusal:
            return await self._instead(commission, refusal)

    async def _file(self, commission: Commission) -> Attachment:
        file = io.BytesIO()
        progress = self._progress(commission)
        async with self._turns:
            await exports.write(
                self._database, commission.order, file, most_bytes=CHAT_BYTES, progress=progress
            )
        name = commission.order.file_name(commission.number)
        return Attachment(field="document", name=name, content=file.getvalue())

    def _progress(self, commission: Commission) -> exports.Progress:
        shown_at = time.monotonic()

        async def show(rows: int) -> None:
            nonlocal shown_at
            if time.monotonic() - shown_at < EDIT_SECONDS:
                return
            shown_at = time.monotonic()
            text = self._text(commission, "exports/progress", done=rows, rows=commission.rows)
            await self._edit(commission, text)

        return show

    async def _instead(self, commission: Commission, refusal: ExportTooLarge) -> Call:
        """A link to what is too large for the chat; where there can be none, what to do."""
        if self._links_to is None:
            return message(commission.chat, self._text(commission, refusal.message))
        async with self._database.write() as tx:
            author = await self._author(tx, commission)
            token = await downloads.offer(tx, author, commission.order, commission.language)
        url = download_url(self._links_to, token)
        return message(commission.chat, self._text(commission, "exports/link", url=url))

    def _text(self, commission: Commission, name: str, **values: Any) -> Text:
        return self._texts.render(name, commission.language, **values)

    async def _edit(self, commission: Commission, text: Text) -> None:
        action = {"chat_id": commission.chat, "action": "upload_document"}
        await asyncio.gather(
            self._post(edited(commission.chat, commission.message, text)),
            self._post(Call(method="sendChatAction", payload=action)),
        )
