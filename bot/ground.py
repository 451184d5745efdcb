"""The ground that every part of a running bot stands on."""

from __future__ import annotations

from bot.clock import Clock
from bot.delivery.transport import Transport
from bot.frozen import Frozen
from bot.settings import Settings
from db.engine import Database
from handlers.context import Services


class Ground(Frozen):
    """The ground that every part stands on."""

    settings: Settings
    services: Services
    clock: Clock
    database: Database
    transport: Transport
