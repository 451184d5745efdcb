"""The ground that every part of a running bot stands on."""

from __future__ import annotations

from dataclasses import dataclass

from bot.clock import Clock
from bot.delivery.transport import Transport
from bot.settings import Settings
from db.engine import Database
from handlers.context import Services


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The ground that every part stands on."""

    settings: Settings
    services: Services
    clock: Clock
    database: Database
    transport: Transport
