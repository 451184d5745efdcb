"""/canvass: coordinators see where to go first, cut stations into walks, offer them, and hear how they went."""

from __future__ import annotations

from telegram import Update

from bot.actions import canvass, canvass_walks
from bot.actions.canvass_walks import WalkGone
from bot.links import walk_link
from bot.rules.canvass.visits import Outcome
from handlers import desk
from handlers.buttons import arguments
from handlers.canvass import commune_name
from handlers.context import Context
from handlers.routing import Awaited, Handler, MalformedButton

MOST_LISTED = 8


async def open_(update: Update, context: Context) -> None:
    """The stations of one’s areas, the best first."""
    await _list(context, "")


async def ground(update: Update, context: Context) -> None:
    """Everything that is done with a station or one of its walks."""
    verb, reference = arguments(context, 2)
    act = VERBS.get(verb)
    if act is None:
        raise MalformedButton
    try:
        await act(context, reference)
    except WalkGone as gone:
        context.toast(gone.message, alert=True)


async def _list(context: Context, _reference: str) -> None:
    author = await desk.author(context)
    found = await canvass_walks.stations_for(context.tx, author)
    context.edit("canvass/stations", stations=found[:MOST_LISTED], commune_name=commune_name(context))


async def _station(context: Context, code: str) -> None:
    found = await canvass_walks.station_for(context.tx, await desk.author(context), code)
    _show_station(context, found)


def _show_station(context: Context, found: canvass_walks.StationSeen) -> None:
    context.edit("canvass/station", seen=found, outcomes=tuple(Outcome), commune_name=commune_name(context))


async def _cut(context: Context, code: str) -> None:
    await canvass.cut_station(context.tx, await desk.author(context), code)
    await _station(context, code)


async def _offer(context: Context, code: str) -> None:
    await desk.keep_language(context)
    _show_station(context, await canvass_walks.offer(context.tx, await desk.author(context), code))


async def _walk(context: Context, number: str) -> None:
    _show_walk(
        context, await canvass_walks.account(context.tx, await desk.author(context), desk.number(number))
    )


def _show_walk(context: Context, found: canvass_walks.WalkAccount) -> None:
    context.edit("canvass/account", seen=found, outcomes=tuple(Outcome), link=found.walk.state != "cut")


async def _offer_one(context: Context, number: str) -> None:
    author, walk = await desk.author(context), desk.number(number)
    await desk.keep_language(context)
    found = await canvass_walks.account(context.tx, author, walk)
    await canvass_walks.offer(context.tx, author, found.walk.station, walk)
    await _walk(context, number)


async def _withdraw(context: Context, number: str) -> None:
    _show_walk(
        context, await canvass_walks.withdraw(context.tx, await desk.author(context), desk.number(number))
    )


async def _link(context: Context, number: str) -> None:
    found = await canvass_walks.account(context.tx, await desk.author(context), desk.number(number))
    context.say("canvass/link", link=walk_link(context.services.bot_username, found.walk.code))


VERBS = {
    "list": _list,
    "station": _station,
    "cut": _cut,
    "offer": _offer,
    "walk": _walk,
    "offer_one": _offer_one,
    "withdraw": _withdraw,
    "link": _link,
}

BUTTONS: dict[str, Handler] = {"ground": ground}

DIALOGS: dict[str, dict[str, Awaited]] = {}
