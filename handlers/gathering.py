"""What is found together for many who tap at once, as when everybody answers one invitation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.actions import event_cards, people
from bot.actions.people import Meetings
from handlers.buttons import tapped

_ANSWER = tapped("rsvp")


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
