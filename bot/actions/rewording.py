"""Other words of an event that many were invited to: kept in the news of them, shown once a second person agreed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import db.events
import db.faces
from db.broadcast_accounts import Broadcast
from db.events import Event, EventText, EventTexts


def kept(events: Sequence[Event], texts: EventTexts) -> Mapping[str, Any]:
    """The new words of these events, as the broadcast that tells of them keeps them."""
    words = {language: [text.title, text.description] for language, text in texts.items()}
    return {"events": [event.id for event in events], "texts": words}


def new_texts(broadcast: Broadcast) -> EventTexts:
    """The words that a broadcast brings; of most, none."""
    words = (broadcast.reworded or {}).get("texts") or {}
    return {
        language: EventText(title=title, description=description)
        for language, (title, description) in words.items()
    }


async def apply(tx: AsyncConnection, broadcast: Broadcast, now: datetime) -> None:
    """The new words stand from now on wherever their events are shown, in chats too; of one that is off, nowhere."""
    numbers = (broadcast.reworded or {}).get("events") or ()
    for event in (await db.events.get_many(tx, numbers)).values():
        if await db.events.change(tx, event.id, sequence=event.sequence):
            before = await db.events.texts_of(tx, event.id)
            await db.events.put_texts(tx, event.id, {**before, **new_texts(broadcast)})
            await db.faces.look(tx, now, event=event.id)
