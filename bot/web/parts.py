"""The pages that there are: the console and the Mini App, where people reach them safely, and events for everybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bot.clock import Clock
from bot.departure.compose import Composer
from bot.rules.console import Door
from bot.rules.suppression import SuppressionKey
from bot.web.app import Part
from bot.web.console.console import Console
from bot.web.desk import Desk
from bot.web.mini_app.mini_app import MiniApp
from bot.web.public import PublicEvents
from bot.web.site import Site
from bot.words.texts import Texts
from db.engine import Database
from db.rolls import Rolls


@dataclass(frozen=True, kw_only=True)
class Stock:
    """What pages are made from: see `Desk`."""

    database: Database
    clock: Clock
    composer: Composer
    texts: Texts
    token: str = field(repr=False)
    suppression_key: SuppressionKey = field(repr=False)
    changed: Callable[[], None]
    rolls: Rolls | None


def parts_of(site: Site, stock: Stock) -> list[Part]:
    """All of them. The doors are there where the site has an address; events, where the campaign file says so."""
    return [*_behind_doors(site, stock), *_public(site, stock)]


def _behind_doors(site: Site, stock: Stock) -> list[Part]:
    if site.address is None:
        return []
    desk = Desk(
        site=site,
        address=site.address,
        database=stock.database,
        clock=stock.clock,
        composer=stock.composer,
        texts=stock.texts,
        token=stock.token,
        suppression_key=stock.suppression_key,
        changed=stock.changed,
        rolls=stock.rolls,
    )
    return [Console(desk), MiniApp(replace(desk, door=Door.APP))]


def _public(site: Site, stock: Stock) -> list[Part]:
    if not site.campaign.shows_events:
        return []
    return [
        PublicEvents(
            site,
            database=stock.database,
            clock=stock.clock,
            gazetteer=stock.composer.gazetteer,
            bot_username=stock.composer.bot_username,
        )
    ]
