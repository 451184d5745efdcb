"""What is found together for many who tap at once, as when everybody answers one invitation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.actions import event_cards, people
from bot.actions.people import Meetings
from handlers.buttons import tapped

_ANSWER = tapped("rsvp")
_SEATS = ("rsvp", "attend", "guests", "seats_all", "came", "stars", "change")
_DOORS = ("knock", "nobody_until", "undo_door")
_LOCKING = tapped(*_SEATS, *_DOORS)


def locked(body: bytes) -> str:
    """What a tap locks, from an update's JSON: an event by its code, a walk by its number; or ""."""
    found = _LOCKING.search(body)
    return found[1].decode() if found is not None else ""


async def meet(tx: AsyncConnection, updates: Mapping[int, bytes]) -> Meetings:
    """Those who wrote before, by chat; where each of them answers an invitation, with the event and what they said.

    Where one does anything else it might change the event that the next one answers: then each reads it in its turn.
    """
    met = await people.find_all(tx, updates)
    codes = {chat: found[1].decode() for chat, body in updates.items() if (found := _ANSWER.search(body))}
    if len(codes) < len(updates):
        return met
    asked = {meeting.person.id: codes[chat] for chat, meeting in met.items()}
    answered = await event_cards.find_with_answers(tx, asked)
    return {chat: replace(meeting, tapped=answered.get(meeting.person.id)) for chat, meeting in met.items()}
