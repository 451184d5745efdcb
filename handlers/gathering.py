"""What is found together for many who tap at once: when everybody answers one invitation, or stands at a door."""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.actions import canvass_doors, event_cards, people
from bot.actions.people import Meetings
from bot.frozen import changed
from db.canvass_doors import Tapped
from db.tapped_events import Tap
from handlers.buttons import tapped

_ANSWER = tapped("rsvp")
_SEATS = tapped("rsvp", "attend", "guests", "seats_all", "came", "stars", "change")
_NOTING = tapped("knock", "nobody_until", "undo_door", "dwellings_are")
_DOOR = re.compile(
    tapped(
        "leg", "at_door", "knock", "nobody_from", "nobody_until", "undo_door", "dwellings", "dwellings_are"
    ).pattern
    + rb"(?::([0-9]{1,15})[:\"])?"
)
_LONGEST = 16
"""Digits of a walk's number."""


def locked(body: bytes) -> str:
    """What a tap locks, from an update's JSON: a walk by its number, an event by its code; or "". In the order in which
    a batch locks them: all walks at once, by their numbers, then one event after the other.
    """
    if found := _NOTING.search(body):
        return " " + found[1].decode().rjust(_LONGEST, "0")
    found = _SEATS.search(body)
    return found[1].decode() if found is not None else ""


def is_quick(body: bytes) -> bool:
    """Whether an update answers an invitation or is of somebody at a door: thousands of these come at once."""
    return bool(_ANSWER.search(body) or _DOOR.search(body))


async def meet(tx: AsyncConnection, updates: Mapping[int, bytes]) -> Meetings:
    """Those who wrote before, by chat; where each of them answers an invitation or is at a door, with the event and
    what they said, or with the side of the street.

    Where one does anything else it might change the event that the next one answers, or their walk: then each reads it
    in its turn.
    """
    met = await people.find_all(tx, updates)
    answers = {chat: found[1].decode() for chat, body in updates.items() if (found := _ANSWER.search(body))}
    doors = {chat: found for chat, body in updates.items() if (found := _DOOR.search(body))}
    if len(answers) + len(doors) < len(updates):
        return met
    at_doors = {
        chat: Tapped(person=met[chat].person.id, walk=int(found[1]), door=int(found[2]))
        for chat, found in doors.items()
        if chat in met and found[2] is not None and found[1].isdigit()
    }
    standing = await canvass_doors.find_standing(tx, at_doors.values())
    taps = {
        met[chat].person.id: Tap(code=code, message=_message(updates[chat]))
        for chat, code in answers.items()
        if chat in met
    }
    answered = await event_cards.find_tapped(tx, taps)
    return {
        chat: changed(
            meeting,
            tapped=answered.get(meeting.person.id),
            at_door=standing.get(at_doors[chat]) if chat in at_doors else None,
        )
        for chat, meeting in met.items()
    }


def _message(body: bytes) -> int | None:
    """The number of the message that was tapped, in a tap's JSON. What a Mini App sent may read as one, and is none."""
    message = orjson.loads(body).get("callback_query", {}).get("message")
    return None if message is None else int(message["message_id"])
