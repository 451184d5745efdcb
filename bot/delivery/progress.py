"""How far a broadcast has come, in the message that its author follows it by: edited in place, and not too often."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import db.broadcast_accounts
import db.people
from bot.delivery.calls import Call
from bot.delivery.outcomes import Outcome
from bot.texts import Text, Texts
from db.broadcast_accounts import Broadcast, Progress
from db.engine import Database

EDIT_SECONDS = 3.0
PREFIX = "progress:"


def progress_text(texts: Texts, progress: Progress, *, language: str, zone: str) -> Text:
    """The same message that /broadcast shows; it has buttons as long as there is something to pause or cancel."""
    return texts.render("broadcasts/progress", language, progress=progress, zone=zone, asking=False)


class ProgressBoard:
    """Keeps the progress messages of the latest broadcasts true."""

    def __init__(self, *, database: Database, texts: Texts, languages: tuple[str, ...]) -> None:
        self._database, self._texts, self._languages = database, texts, languages
        self._shown: dict[int, Text] = {}
        self._edited_at = float("-inf")

    async def remember(self, name: str, message: Mapping[str, Any]) -> None:
        """A message that was sent is the one that shows a broadcast (`progress:<id>`)."""
        if name.startswith(PREFIX):
            async with self._database.write() as tx:
                await db.broadcast_accounts.show_progress_on(
                    tx,
                    int(name.removeprefix(PREFIX)),
                    chat=message["chat"]["id"],
                    message=message["message_id"],
                )

    async def refresh(self, post: Callable[[Call], Awaitable[Outcome]]) -> None:
        """Edits what is no longer true, at most every few seconds."""
        if time.monotonic() - self._edited_at < EDIT_SECONDS:
            return
        self._edited_at = time.monotonic()
        async with self._database.read() as tx:
            edits = []
            for broadcast in await db.broadcast_accounts.followed(tx):
                account = await db.broadcast_accounts.account(tx, broadcast.id)
                author = await db.people.find(tx, broadcast.progress_chat or 0)
                language = (
                    author.language if author and author.language in self._languages else self._languages[0]
                )
                zone = (author.zone if author else None) or "Europe/Paris"
                progress = Progress(broadcast=broadcast, account=account)
                edits.append((broadcast, progress_text(self._texts, progress, language=language, zone=zone)))
        for broadcast, text in edits:
            if self._shown.get(broadcast.id) != text:
                self._shown[broadcast.id] = text
                await post(edit_of(broadcast, text))


def edit_of(broadcast: Broadcast, text: Text) -> Call:
    """The call that puts a text in place of the progress message."""
    payload = {
        "chat_id": broadcast.progress_chat,
        "message_id": broadcast.progress_message,
        "text": text.html,
        "parse_mode": "HTML",
        "reply_markup": text.markup,
    }
    return Call(method="editMessageText", payload=payload)
