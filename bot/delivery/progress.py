"""How far a broadcast has come, in the message that its author follows it by: edited in place, and not too often.

While Telegram asks for silence nothing is edited, with one exception: where the silence is long, whoever follows a
broadcast is told once until when. Otherwise they would learn of it when it is over.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

import db.broadcast_accounts
import db.people
import db.progress_messages
import db.staff
from bot.delivery.calls import Call
from bot.delivery.messages import edited
from bot.delivery.outcomes import Done, InDoubt, NotSent, Outcome
from bot.rules.permissions import Role, Staff, reader_of
from bot.words.texts import Text, Texts
from db.broadcast_accounts import Broadcast, BroadcastProgress
from db.engine import Database

EDIT_SECONDS = 3.0
# So often everything is read again, whatever seems to have changed: what another process did, and what changes by the
# way, is seen then.
READ_AGAIN_SECONDS = 30.0
# A silence that was prolonged by more than this is told again, if the first word got through.
PROLONGED = timedelta(minutes=1)
# The word about a silence goes to the latest broadcasts only: it is posted against Telegram's wish.
MOST_TOLD = 3
PREFIX = "progress:"


def template_of(progress: BroadcastProgress) -> str:
    """The message that shows how far it has come: what a second thought does reads otherwise than what is sent."""
    return "broadcasts/progress" if progress.broadcast.mends is None else "mends/progress"


def progress_text(
    texts: Texts, progress: BroadcastProgress, roles: Sequence[Staff], *, language: str, zone: str | None
) -> Text:
    """How far a broadcast has come, as a message; it has buttons as long as there is something to pause or cancel.

    `zone`: the reader's own; None: nobody knows it, and that of Paris is told.
    """
    return texts.render(
        template_of(progress),
        language,
        progress=progress,
        zone=zone or "Europe/Paris",
        is_own_clock=zone is not None,
        counts=reader_of(roles),
    )


class BoardPauses(Protocol):
    """The pauses of the pacing, as far as the board needs to know."""

    @property
    def blocked_until(self) -> datetime | None: ...
    @property
    def asked_until(self) -> datetime | None: ...
    @property
    def unpaid(self) -> bool: ...


class BoardLine(Protocol):
    """The line that the board posts through: `call` waits for its turn, `tell` does not."""

    @property
    def pacing(self) -> BoardPauses: ...
    async def call(self, call: Call) -> Outcome: ...
    async def tell(self, call: Call) -> Outcome: ...


class ProgressBoard:
    """Keeps the progress messages of the latest broadcasts true."""

    def __init__(self, *, database: Database, texts: Texts, languages: tuple[str, ...]) -> None:
        self._database, self._texts, self._languages = database, texts, languages
        self._shown: dict[int, tuple[BroadcastProgress, Text]] = {}
        # What is true in the chats was read so: of each that is at rest, and of the database as a whole.
        self._marks: dict[int, object] = {}
        self._true_of: object = None
        self._read_at = float("-inf")
        self._edited_at = float("-inf")
        self._asked_until: datetime | None = None
        self._told_until: datetime | None = None

    async def remember(self, name: str, message: Mapping[str, Any]) -> None:
        """A message that was sent is the one that shows a broadcast (`progress:<id>`)."""
        if name.startswith(PREFIX):
            broadcast = int(name.removeprefix(PREFIX))
            async with self._database.write() as tx:
                await db.progress_messages.show_progress_on(
                    tx, broadcast, chat=message["chat"]["id"], message=message["message_id"]
                )
            self._shown.pop(broadcast, None)
            self._marks.pop(broadcast, None)

    async def refresh(self, line: BoardLine) -> None:
        """Edits what is no longer true, at most every few seconds."""
        asked_until = line.pacing.asked_until
        if asked_until is not None and self._is_news(asked_until):
            self._asked_until = asked_until
            await self._tell(line)
        if line.pacing.blocked_until is not None:
            return  # an edit would wait for its turn, and the tick with it
        self._told_until = None
        if time.monotonic() - self._edited_at < EDIT_SECONDS:
            return
        self._edited_at = now = time.monotonic()
        if now - self._read_at >= READ_AGAIN_SECONDS:
            self._read_at, self._true_of = now, None
            self._marks.clear()
        # Where others share the database it is not known what they wrote.
        written = self._database.written if self._database.dialect == "sqlite" else object()
        pauses = (self._asked_until, line.pacing.unpaid)
        if (written, pauses) != self._true_of:
            all_true = await self._edit_changed(line, pauses)
            self._true_of = (written, pauses) if all_true else None

    async def _edit_changed(self, line: BoardLine, pauses: object) -> bool:
        """Edits what is no longer true; whether everything is now."""
        async with self._database.read() as tx:
            followed = await db.progress_messages.followed(tx)
            # What is leaving changes all the time: it is read at once.
            at_rest = {each.id: each for each in followed if each.state != "active" or each.finished_at}
            found = await db.broadcast_accounts.marks(tx, list(at_rest))
            marks = {number: (at_rest[number], mark, pauses) for number, mark in found.items()}
            changed = [each for each in followed if self._marks.get(each.id) != marks.get(each.id, each)]
            texts = await self._texts_of(tx, changed, line.pacing)
        for each in changed:
            self._marks.pop(each.id, None)  # it may be of an earlier rest
        all_true = True
        for progress, text in texts:
            number = progress.broadcast.id
            if self._has_changed(progress, text):
                if isinstance(await line.call(edit_of(progress.broadcast, text)), NotSent | InDoubt):
                    self._shown.pop(number, None)  # it may read so now, or as before
                    all_true = False
                    continue
                self._note_shown(progress, text)
            if number in marks:
                self._marks[number] = marks[number]
        return all_true

    def _has_changed(self, progress: BroadcastProgress, text: Text) -> bool:
        """Whether it reads otherwise because something happened to it, and not to who is known among its recipients."""
        before, shown = self._shown.get(progress.broadcast.id, (None, None))
        return shown != text and before != _in_total(progress)

    def _note_shown(self, progress: BroadcastProgress, text: Text) -> None:
        self._shown[progress.broadcast.id] = (_in_total(progress), text)

    def _is_news(self, until: datetime) -> bool:
        return self._told_until is None or until - self._told_until > PROLONGED

    async def _tell(self, line: BoardLine) -> None:
        async with self._database.read() as tx:
            followed = await db.progress_messages.followed(tx)
            texts = await self._texts_of(tx, followed, line.pacing, silent=True)
        self._true_of = None  # what is told now is true of the silence alone
        leaving = [each for each in texts if each[0].is_leaving]
        self._told_until = self._asked_until
        for progress, text in leaving[:MOST_TOLD]:
            self._note_shown(progress, text)
            if not isinstance(await line.tell(edit_of(progress.broadcast, text)), Done):
                # Not even this: no second attempt. The first edit after the silence tells of it.
                self._told_until = datetime.max.replace(tzinfo=UTC)
                return

    async def _texts_of(
        self, tx: AsyncConnection, followed: Sequence[Broadcast], pauses: BoardPauses, *, silent: bool = False
    ) -> list[tuple[BroadcastProgress, Text]]:
        """Broadcasts that somebody follows, each as its author reads it."""
        found = []
        for broadcast in followed:
            roles = await _roles_of(tx, broadcast.progress_chat or 0)
            if not roles:
                continue  # whoever left the team follows nothing any more
            progress = replace(
                await db.broadcast_accounts.progress(tx, broadcast, reader_of(roles).known_in),
                asked_until=self._asked_until,
                is_silent=silent,
                unpaid=pauses.unpaid,
            )
            author = await db.people.find(tx, broadcast.progress_chat or 0)
            language = (
                author.language if author and author.language in self._languages else self._languages[0]
            )
            zone = author.zone if author else None
            text = progress_text(self._texts, progress, roles, language=language, zone=zone)
            found.append((progress, text))
        return found


def _in_total(progress: BroadcastProgress) -> BroadcastProgress:
    return replace(progress, account=progress.account.in_total)


async def _roles_of(tx: AsyncConnection, telegram_id: int) -> list[Staff]:
    held = await db.staff.roles_of(tx, telegram_id)
    return [Staff(id=row.id, role=Role(row.role), area=row.area) for row in held]


def edit_of(broadcast: Broadcast, text: Text) -> Call:
    """The call that puts a text in place of the progress message."""
    assert broadcast.progress_chat is not None  # it is followed
    assert broadcast.progress_message is not None
    return edited(broadcast.progress_chat, broadcast.progress_message, text)
