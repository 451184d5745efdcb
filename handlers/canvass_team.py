"""/canvass: coordinators see where to go first, cut stations into walks, offer them, and hear how they went."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from telegram import Update

from bot.actions import canvass, canvass_offers, canvass_results
from bot.actions.authority import area_name
from bot.actions.canvass_doors import zone_at
from bot.actions.canvass_walks import WalkGone
from bot.canvass.sheet import paper_of, sheet_pdf
from bot.links import walk_link, walks_link
from bot.rules.canvass.doors import commune_in
from bot.rules.canvass.meetings import MOST_PLACE, MeetingPoint
from bot.rules.canvass.visits import DoorOutcome
from bot.rules.dates import read_moment
from handlers import broadcasts, desk
from handlers.buttons import arguments, whole_number
from handlers.canvass import commune_name
from handlers.context import Context
from handlers.routing import Awaited, Handler, MalformedButton

FLOW = "walk_meeting"
MOST_LISTED = 8


async def open_(update: Update, context: Context) -> None:
    """The stations of one’s areas, the best first; or the one that is named (`/canvass 69123_0109`)."""
    if context.args:
        try:
            await _station(context, context.args[0].upper())
        except WalkGone:
            context.say("canvass/no_station", code=context.args[0])
        return
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


async def _list(context: Context, reference: str) -> None:
    """A page of them; no reference: the first."""
    author, page = await desk.author(context), whole_number(reference or "0")
    found = await canvass_offers.stations_for(context.tx, author)
    context.edit(
        "canvass/stations",
        stations=found[page * MOST_LISTED : (page + 1) * MOST_LISTED],
        page=page,
        more=len(found) > (page + 1) * MOST_LISTED,
        commune_name=commune_name(context),
    )


async def _station(context: Context, code: str) -> None:
    found = await canvass_offers.station_for(context.tx, await desk.author(context), code)
    _show_station(context, found)


def _show_station(context: Context, found: canvass_offers.StationSeen) -> None:
    context.edit(
        "canvass/station", seen=found, outcomes=tuple(DoorOutcome), commune_name=commune_name(context)
    )


async def _cut(context: Context, code: str) -> None:
    await canvass.cut_station(context.tx, await desk.author(context), code)
    await _station(context, code)


async def _offer(context: Context, code: str) -> None:
    await desk.keep_language(context)
    _show_station(context, await canvass_offers.offer(context.tx, await desk.author(context), code))


async def _plan(context: Context, code: str) -> None:
    """The walks of a station for an hour and a place: they are asked."""
    await _ask_when(context, station=code)


async def _plan_one(context: Context, number: str) -> None:
    found = await canvass_offers.account(context.tx, await desk.author(context), desk.number(number))
    await _ask_when(context, station=found.walk.station, walk=found.walk.id)


async def _ask_when(context: Context, **about: object) -> None:
    author = await desk.author(context)
    await canvass_offers.station_for(context.tx, author, str(about["station"]))
    await context.ask_anew(FLOW, "when", **about)
    await show_step(context, context.say)


async def show_step(context: Context, answer: Callable[..., None]) -> None:
    """Asks the open question of a meeting."""
    zone = zone_at(context.services.gazetteer, commune_in(context.kept["station"]))
    answer(
        f"walk_meeting/{context.step}", hours=context.campaign.walking, at=_meets_at(context), zone_there=zone
    )


def _meets_at(context: Context) -> datetime | None:
    at = context.kept.get("at")
    return None if at is None else datetime.fromisoformat(at)


async def type_when(update: Update, context: Context) -> None:
    """The hour, by the clock of the place."""
    assert context.message is not None  # a text handler
    author, commune = await desk.author(context), commune_in(context.kept["station"])
    zone = zone_at(context.services.gazetteer, commune)
    at = read_moment(context.message.text or "", context.vocabulary.dates, now=context.now, zone=zone)
    canvass_offers.require_sound(author, commune, MeetingPoint(at=at, where=""))
    await context.ask(FLOW, "where", at=at.isoformat())
    await show_step(context, context.say)


async def type_where(update: Update, context: Context) -> None:
    """The place; then the walks are offered."""
    place, kept, at = desk.typed(context, MOST_PLACE), dict(context.kept), _meets_at(context)
    assert at is not None  # asked before
    await context.end_dialog()
    await desk.keep_language(context)
    author, meeting = await desk.author(context), MeetingPoint(at=at, where=place)
    try:
        found = await canvass_offers.offer(context.tx, author, kept["station"], kept.get("walk"), meeting)
    except WalkGone:
        context.say("walk_meeting/none_free")
        return
    _show_station(context, found)


async def _walk(context: Context, number: str) -> None:
    _show_walk(
        context, await canvass_offers.account(context.tx, await desk.author(context), desk.number(number))
    )


def _show_walk(context: Context, found: canvass_offers.WalkAccount) -> None:
    context.edit("canvass/account", seen=found, outcomes=tuple(DoorOutcome), link=found.walk.state != "cut")


async def _offer_one(context: Context, number: str) -> None:
    author, walk = await desk.author(context), desk.number(number)
    await desk.keep_language(context)
    found = await canvass_offers.account(context.tx, author, walk)
    await canvass_offers.offer(context.tx, author, found.walk.station, walk)
    await _walk(context, number)


async def _learnt(context: Context, code: str) -> None:
    found = await canvass_results.learnt(context.tx, await desk.author(context), code)
    context.edit("canvass/learnt", seen=found, most=MOST_LISTED)


async def _free(context: Context, number: str) -> None:
    _show_walk(
        context, await canvass_offers.free(context.tx, await desk.author(context), desk.number(number))
    )


async def _withdraw(context: Context, number: str) -> None:
    _show_walk(
        context, await canvass_offers.withdraw(context.tx, await desk.author(context), desk.number(number))
    )


async def _sign_out(context: Context, number: str) -> None:
    """A phone was lost: the pages of everybody on the walk are signed out."""
    ended = await canvass_offers.sign_out(context.tx, await desk.author(context), desk.number(number))
    context.say("canvass/signed_out", ended=ended)


async def _invite(context: Context, code: str) -> None:
    """A message to those who offered to help near the station, ready to be read, changed and sent as any other."""
    found = await canvass_offers.station_for(context.tx, await desk.author(context), code)
    commune = area_name(context.services.gazetteer, found.commune)
    link = walks_link(context.services.bot_username)
    texts = {
        language: context.render_in(language, "canvass/invitation", commune=commune, link=link).html
        for language in context.campaign.languages
    }
    await broadcasts.begin_with(context, canvass_offers.invited_to(found.commune), texts)


async def _link(context: Context, number: str) -> None:
    found = await canvass_offers.account(context.tx, await desk.author(context), desk.number(number))
    context.say("canvass/link", link=walk_link(context.services.bot_username, found.walk.code))


async def _sheet(context: Context, number: str) -> None:
    """The walk on paper, for who has no phone at hand."""
    found = await canvass_offers.sheet(context.tx, await desk.author(context), desk.number(number))
    paper = paper_of(
        found.walk,
        found.doors,
        said=lambda name, **values: context.words(f"canvass/{name}", **values).strip(),
        commune=area_name(context.services.gazetteer, found.walk.commune),
        place=found.place,
        number=found.number,
        destroy_on=found.destroy_on,
        bot_username=context.services.bot_username,
        now=context.now,
    )
    context.send_file(
        sheet_pdf(paper),
        name=f"{found.walk.code}-{found.number}.pdf",
        caption="canvass/sheet",
        walk=found.walk,
        number=found.number,
        destroy_on=found.destroy_on,
    )


VERBS = {
    "list": _list,
    "station": _station,
    "cut": _cut,
    "offer": _offer,
    "plan": _plan,
    "plan_one": _plan_one,
    "walk": _walk,
    "offer_one": _offer_one,
    "withdraw": _withdraw,
    "free": _free,
    "learnt": _learnt,
    "link": _link,
    "invite": _invite,
    "sign_out": _sign_out,
    "sheet": _sheet,
}

BUTTONS: dict[str, Handler] = {"ground": ground}

DIALOGS: dict[str, dict[str, Awaited]] = {
    FLOW: {"when": Awaited(text=type_when), "where": Awaited(text=type_where)}
}
