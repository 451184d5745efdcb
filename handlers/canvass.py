"""/walks: going from door to door. A walk is taken, each side of a street has a card, and a tap notes what happened."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import lru_cache, partial
from typing import Any

from telegram import Update

from bot.actions import canvass_doors, canvass_walks, console
from bot.actions.authority import area_name
from bot.actions.canvass_doors import Going, NotYourWalk, SideCard, WalkAtNight, WalkQuiet
from bot.actions.canvass_walks import OtherWalk, WalkFull, WalkGone
from bot.actions.people import NotASupporter
from bot.delivery.calls import Attachment
from bot.delivery.messages import captioned
from bot.errors import PortevoixError
from bot.links import friend_link, walk_page
from bot.printing.codes import qr_png
from bot.rules.canvass.visits import DWELLINGS_OFFERED, MOST_DWELLINGS, DoorOutcome
from bot.words.texts import Texts
from handlers import app
from handlers.buttons import arguments, one_of, whole_number
from handlers.context import Context
from handlers.desk import number
from handlers.registration_dialog import must_sign_up
from handlers.routing import Awaited, Handler, MalformedButton

LIVE, PAPER = "d", "p"
Act = Callable[..., Coroutine[Any, Any, SideCard]]
"""Does something at a door: the context, who goes, the door, and what else the button says."""
_TOLD = (NotYourWalk, WalkQuiet, WalkAtNight, WalkGone, WalkFull, OtherWalk)


def _going(context: Context, walk: int, mode: str = LIVE) -> Going:
    if mode not in (LIVE, PAPER):
        raise MalformedButton
    return Going(
        person=context.person,
        origin=context.origin,
        campaign=context.campaign,
        gazetteer=context.services.gazetteer,
        walk=walk,
        paper=mode == PAPER,
        found=context.at_door,
    )


def commune_name(context: Context) -> Callable[[str], str]:
    """What templates call a commune by its code."""
    return partial(area_name, context.services.gazetteer)


def _refused(context: Context, refusal: PortevoixError) -> None:
    context.toast(refusal.message, alert=True, **refusal.values)


# -- walks --


async def _walks_again(update: Update, context: Context) -> None:
    """A page of the list, by its button; `list`: the first."""
    (page,) = arguments(context, 1)
    await _list(context, 0 if page == "list" else whole_number(page))


async def walks(update: Update, context: Context) -> None:
    """What is offered near, and the walk that one is on."""
    await _list(context, 0)


async def _list(context: Context, page: int) -> None:
    try:
        offered, more = await canvass_walks.offered_to(
            context.tx, context.person, context.services.gazetteer, context.now, page
        )
    except NotASupporter:
        await must_sign_up(context)
        return
    context.edit(
        "canvass/list",
        walks=offered,
        page=page,
        more=more,
        mine=await canvass_walks.mine(context.tx, context.person),
        hours=context.campaign.walking,
        commune_name=commune_name(context),
    )


async def walk(update: Update, context: Context) -> None:
    """Everything that is done with a walk as a whole."""
    verb, reference = arguments(context, 2)
    act = VERBS.get(verb)
    if act is None:
        raise MalformedButton
    try:
        await act(context, number(reference))
    except NotASupporter:
        await must_sign_up(context)
    except _TOLD as refusal:
        _refused(context, refusal)


async def from_link(context: Context, code: str, *, on_paper: bool) -> None:
    """A link that was passed on, or the QR code of a sheet."""
    try:
        await _show(context, await canvass_walks.by_code(context.tx, code), PAPER if on_paper else LIVE)
    except WalkGone as gone:
        context.say(gone.message)


async def _show(context: Context, number_: int, mode: str = LIVE) -> None:
    seen = await canvass_walks.seen(context.tx, _going(context, number_))
    _answer(context, seen, mode)


def _answer(context: Context, seen: canvass_walks.WalkSeen, mode: str) -> None:
    context.edit(
        "canvass/walk",
        seen=seen,
        mode=mode,
        commune_name=commune_name(context),
        safety_word=context.words("canvass/safety_word"),
        has_page=context.services.links_to is not None,
    )


async def _paper(context: Context, number_: int) -> None:
    await _show(context, number_, PAPER)


async def _take(context: Context, number_: int, mode: str = LIVE) -> None:
    _answer(context, await canvass_walks.take(context.tx, _going(context, number_)), mode)


async def _take_from_paper(context: Context, number_: int) -> None:
    await _take(context, number_, PAPER)


async def _leave(context: Context, number_: int) -> None:
    await canvass_walks.leave(context.tx, _going(context, number_))
    context.edit("canvass/left")


async def _end(context: Context, number_: int, mode: str = LIVE) -> None:
    """Over; where doors are left, it is asked first."""
    seen = await canvass_walks.seen(context.tx, _going(context, number_))
    left = seen.all_doors - seen.done
    if left:
        context.edit("canvass/end_first", left=left, walk=number_, mode=mode)
    else:
        await _end_surely(context, number_)


async def _end_from_paper(context: Context, number_: int) -> None:
    await _end(context, number_, PAPER)


async def _end_surely(context: Context, number_: int) -> None:
    ended = await canvass_walks.end(context.tx, _going(context, number_))
    context.edit("canvass/ended", ended=ended, outcomes=tuple(DoorOutcome))


async def _help(context: Context, number_: int) -> None:
    told = await canvass_walks.call_for_help(context.tx, _going(context, number_))
    context.say("canvass/help_called", told=told)


async def _code(context: Context, number_: int) -> None:
    """The link of whoever walks, as a code that a phone reads at the door."""
    await canvass_walks.seen(context.tx, _going(context, number_))
    link = friend_link(context.services.bot_username, context.person.friend_code)
    picture = Attachment(field="photo", name="code.png", content=qr_png(link))
    caption = context.render("canvass/code", link=link)
    context.replies.append(
        captioned(context.chat_id, caption, method="sendPhoto", file={}, attachment=picture)
    )


async def _phone(context: Context, number_: int) -> None:
    """The walk as a page that works without network: by a link that serves once, or within Telegram."""
    await canvass_walks.seen(context.tx, _going(context, number_))
    await app.offer(context, "canvass/phone", walk_page(number_), walk=number_)


async def _phone_lost(context: Context, _number: int) -> None:
    """Every page of theirs is signed out, on every device."""
    await console.sign_out_of_app(context.tx, context.person, context.now)
    context.edit("canvass/phone_lost")


VERBS = {
    "open": _show,
    "phone": _phone,
    "phone_lost": _phone_lost,
    "paper": _paper,
    "take": _take,
    "take_paper": _take_from_paper,
    "leave": _leave,
    "end": _end,
    "end_paper": _end_from_paper,
    "end_sure": _end_surely,
    "help": _help,
    "code": _code,
}


async def type_safety_word(context: Context) -> bool:
    """Whether the one word was typed that calls for help, by somebody who is on a walk."""
    text = context.message.text if context.message is not None else None
    if not text or text.strip().casefold() != context.words("canvass/safety_word").strip().casefold():
        return False
    walk_ = await canvass_walks.mine(context.tx, context.person)
    if walk_ is None:
        return False
    await _help(context, walk_)
    return True


# -- at the door --


def _at_door(act: Act, more: int = 0, *, template: str = "canvass/card", ranging: bool = False) -> Handler:
    """A handler of a button that names a walk, a door of it, `more` things, and whether a sheet is entered."""

    async def handle(update: Update, context: Context) -> None:
        walk_, door, *said, mode = arguments(context, 3 + more)
        going = _going(context, number(walk_), mode)
        try:
            card = await act(context, going, number(door), *said)
        except NotASupporter:
            await must_sign_up(context)
        except _TOLD as refusal:
            _refused(context, refusal)
        else:
            _show_card(context, card, mode, template=template, ranging=ranging)

    return handle


def _show_card(context: Context, card: SideCard, mode: str, *, template: str, ranging: bool) -> None:
    context.edit(
        template,
        walk=card.walk,
        side=card.side,
        mode=mode,
        paper=mode == PAPER,
        ranging=ranging,
        names=(names := _worded(context.services.texts, context.language, "outcome")),
        named=[(name, outcome.value) for outcome, name in names.items()],
        marks=_worded(context.services.texts, context.language, "mark"),
        numbers=DWELLINGS_OFFERED,
    )


@lru_cache(16)
def _worded(texts: Texts, language: str, name: str) -> Mapping[DoorOutcome, str]:
    """What every outcome is called, or marked with; said once in a language, however many tap."""
    return {each: texts.plain(f"canvass/{name}", language, outcome=each).strip() for each in DoorOutcome}


async def _look(context: Context, going: Going, door: int) -> SideCard:
    return await canvass_doors.look(context.tx, going, door)


async def _begin_leg(context: Context, going: Going, door: int) -> SideCard:
    return await canvass_doors.begin_leg(context.tx, going, door)


async def _note(context: Context, going: Going, door: int, outcome: str) -> SideCard:
    return await canvass_doors.note(context.tx, going, door, one_of(DoorOutcome, outcome))


async def _nobody(context: Context, going: Going, first: int, last: str) -> SideCard:
    return await canvass_doors.nobody(context.tx, going, first, number(last))


async def _undo(context: Context, going: Going, door: int) -> SideCard:
    return await canvass_doors.undo(context.tx, going, door)


async def _count(context: Context, going: Going, door: int, said: str) -> SideCard:
    many = whole_number(said)
    if not 1 <= many <= MOST_DWELLINGS:
        raise MalformedButton
    return await canvass_doors.count_dwellings(context.tx, going, door, many)


BUTTONS: dict[str, Handler] = {
    "walks": _walks_again,
    "walk": walk,
    "leg": _at_door(_begin_leg),
    "at_door": _at_door(_look),
    "knock": _at_door(_note, 1),
    "nobody_from": _at_door(_look, ranging=True),
    "nobody_until": _at_door(_nobody, 1),
    "undo_door": _at_door(_undo),
    "dwellings": _at_door(_look, template="canvass/dwellings"),
    "dwellings_are": _at_door(_count, 1),
}

DIALOGS: dict[str, dict[str, Awaited]] = {}
