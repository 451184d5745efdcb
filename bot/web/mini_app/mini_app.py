"""The Mini App as one part of the web: its doors and its rooms."""

from __future__ import annotations

from bot.web.doors import EntrancePages
from bot.web.mini_app.events import Events
from bot.web.mini_app.me import Me
from bot.web.mini_app.vote import MyVote
from bot.web.mini_app.walks import Walks
from bot.web.rooms import Rooms


class MiniApp(Rooms):
    """Every page of supporters. `desk`: the one behind `Door.APP`."""

    rooms = (EntrancePages, Events, MyVote, Me, Walks)
