"""The console as one part of the web: its doors and its rooms."""

from __future__ import annotations

from bot.web.console.conversations import Conversations
from bot.web.console.correcting import Correcting
from bot.web.console.door import EventDoor
from bot.web.console.event_team import EventTeam
from bot.web.console.events import Events
from bot.web.console.ground import GroundRoom
from bot.web.console.lists import Lists
from bot.web.console.map import MapRoom
from bot.web.console.messages import Messages
from bot.web.console.new_event import NewEventRoom
from bot.web.console.people import People
from bot.web.console.reading import Reading
from bot.web.console.shifts import Shifts
from bot.web.console.surveys import Surveys
from bot.web.console.today import Today
from bot.web.console.writing import Writing
from bot.web.doors import EntrancePages
from bot.web.rooms import Rooms


class Console(Rooms):
    """Every page of the console."""

    rooms = (
        EntrancePages,
        Today,
        Writing,
        Correcting,
        Messages,
        NewEventRoom,
        Events,
        Lists,
        EventDoor,
        Shifts,
        EventTeam,
        Conversations,
        Surveys,
        People,
        MapRoom,
        GroundRoom,
        Reading,
    )
