"""The pages that there are: the console and the Mini App, where people reach them safely, and events for everybody."""

from __future__ import annotations

from dataclasses import replace

from bot.rules.console import Entrance
from bot.web.app import PageGroup
from bot.web.console.console import Console
from bot.web.desk import Desk
from bot.web.mini_app.mini_app import MiniApp
from bot.web.public import PublicEvents


def parts_of(desk: Desk) -> list[PageGroup]:
    """All of them. The doors are there where the site has an address; events, where the campaign file says so."""
    parts: list[PageGroup] = []
    if desk.site.address is not None:
        parts += [Console(desk), MiniApp(replace(desk, door=Entrance.APP))]
    if desk.site.campaign.shows_events:
        parts.append(
            PublicEvents(
                desk.site,
                database=desk.database,
                clock=desk.clock,
                gazetteer=desk.gazetteer,
                bot_username=desk.composer.bot_username,
            )
        )
    return parts
