"""The screens on which single conditions of an audience are tapped, and what is typed while it is chosen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from telegram import Update

from bot.actions import audience_typing, broadcast_cards, saved_audiences
from bot.actions.audiences import TypedArea, places_named
from bot.actions.authority import area_name
from bot.actions.expressions import Asked
from bot.errors import BadAudience
from bot.rules.areas import ABROAD_AREA, department_of
from bot.rules.audience_building import (
    PEOPLE,
    SAID,
    Join,
    condition_of,
    holds,
    without,
)
from bot.rules.events import is_over
from bot.rules.expression_text import pointing_in
from bot.rules.expressions import EVERYBODY, Expression, leaves_of
from bot.rules.leaves import ANY, LONGEST_NAME, Leaf, read_leaf, saved_name
from bot.rules.permissions import Action
from db.events import EventInWords, text_in
from handlers import desk
from handlers.audience_dialog import (
    DONE,
    STEP,
    audience_of,
    choose,
    is_open,
    join_by,
    join_of,
    put,
    show,
    take_back,
    view,
)
from handlers.buttons import arguments, one_of
from handlers.context import Context
from handlers.routing import Awaited, Handler, MalformedButton

RADII = (10, 30, 60)
"""Kilometres that are offered; others can be typed."""
MOST_EVENTS = 12
NAMING = "audience_name"
"""The step at which a name is typed, under which the audience is saved."""


async def open_screen(update: Update, context: Context) -> None:
    """A button of the screen that shows the whole audience."""
    (name,) = arguments(context, 1)
    if not is_open(context):
        return
    if name == "where":
        author = await desk.author(context)
        areas = [(area, area_name(author.gazetteer, area)) for area in author.areas(Action.BROADCAST)]
        context.edit("audience/where", areas=areas, abroad=author.may(Action.BROADCAST, ABROAD_AREA))
    elif name in ("event", "past"):
        await _show_events(context, past=name == "past")
    elif name == "saved":
        names = await audience_typing.saved_known(context.tx, await desk.author(context))
        context.edit("audience/saved", saved=[(name, _key(name)) for name in names])
    elif name == "message":
        author, fallback = await desk.author(context), context.campaign.languages[0]
        sent = await broadcast_cards.sent_to_their_areas(context.tx, author, context.language, fallback)
        context.edit("audience/messages", sent=sent)
    elif name == "save":
        assert context.dialog is not None  # it is open
        await context.ask(context.dialog.flow, NAMING)
        context.edit("audience/save", audience=await view(context, audience_of(context)))
    elif name == "who":
        audience = audience_of(context)
        languages = [code for code in context.campaign.languages if holds(audience, f"language:{code}")]
        people = [name for name, leaf in PEOPLE.items() if holds(audience, leaf)]
        context.edit("audience/who", chosen=languages, people=people, offered=list(PEOPLE))
    elif name == "vote":
        context.edit("audience/vote", ballots=context.campaign.ballots)
    elif name == "undo":
        await take_back(context)
        await show(context, context.edit)
    elif name == "back":
        await join_by(context, Join.AND)
        await show(context, context.edit)
    else:
        raise MalformedButton


async def choose_join(update: Update, context: Context) -> None:
    """Or, except: then a condition is chosen."""
    (how,) = arguments(context, 1)
    join = one_of(Join, how)
    if is_open(context):
        await join_by(context, join)
        saved = await audience_typing.saved_known(context.tx, await desk.author(context))
        context.edit("audience/join", join=join.value, has_saved=bool(saved))


async def _show_events(context: Context, *, past: bool) -> None:
    author = await desk.author(context)
    known = await audience_typing.events_known(context.tx, author)
    over = [each for each in known if is_over(each.event.ends_at, context.now)]
    coming = [each for each in reversed(known) if each not in over]
    listed = (over if past else coming)[:MOST_EVENTS]
    titles = [(each.event, _title(context, each)) for each in listed]
    context.edit("audience/events", events=titles, past=past, has_past=bool(over))


def _title(context: Context, event: EventInWords) -> str:
    return text_in(event.texts, context.language, context.campaign.languages[0]).title


async def choose_event(update: Update, context: Context) -> None:
    """Who answered what to it?"""
    (code,) = arguments(context, 1)
    if not is_open(context):
        return
    known = await audience_typing.events_known(context.tx, await desk.author(context))
    found = next((each for each in known if each.event.code == code), None)
    if found is None:
        raise MalformedButton
    over = is_over(found.event.ends_at, context.now)
    context.edit("audience/answers", event=code, title=_title(context, found), past=over)


async def choose_message(update: Update, context: Context) -> None:
    """Who got it, or who answered it?"""
    (number,) = arguments(context, 1)
    if not is_open(context):
        return
    author, fallback = await desk.author(context), context.campaign.languages[0]
    sent = await broadcast_cards.sent_to_their_areas(context.tx, author, context.language, fallback)
    found = next((each for each in sent if str(each[0].id) == number), None)
    if found is None:
        raise MalformedButton
    context.edit("audience/message", broadcast=found[0], title=found[1])


async def type_name(update: Update, context: Context) -> None:
    """The name under which the audience is saved; then it is built on."""
    assert context.message is not None  # a text handler
    assert context.dialog is not None  # its step
    typed = (context.message.text or "").strip()
    try:
        name = saved_name(typed)
    except BadAudience as fault:
        raise BadAudience(fault.sentence, why="bad_name", word=typed[:LONGEST_NAME]) from fault
    author = await desk.author(context)
    kept = await saved_audiences.save_for(context.tx, author, name, audience_of(context), as_typed=typed)
    await context.ask(context.dialog.flow, STEP)
    place = area_name(author.gazetteer, kept.audience.area)
    context.say(
        "audience/is_saved", called=name, area=kept.audience.area, place=place, again=kept.before is not None
    )
    await show(context, context.say)


async def keep_building(update: Update, context: Context) -> None:
    """Nothing is saved."""
    arguments(context, 0)
    if context.dialog is None or context.dialog.flow not in DONE or context.dialog.step != NAMING:
        context.toast("toasts/already_answered")
        return
    await context.ask(context.dialog.flow, STEP)
    await show(context, context.edit)


async def choose_commune(update: Update, context: Context) -> None:
    """A commune among those that were meant: how far around it?"""
    (code,) = arguments(context, 1)
    if not is_open(context):
        return
    if context.services.gazetteer.by_code(code) is None:
        raise MalformedButton
    _offer_distances(context, code, context.edit)


def _offer_distances(context: Context, code: str, answer: Callable[..., None]) -> None:
    gazetteer = context.services.gazetteer
    commune = gazetteer.by_code(code)
    rough = bool(gazetteer.approximate_among([code]))
    answer("audience/distances", commune=commune, radii=RADII, rough=rough, department=department_of(code))


# -- typed --


async def type_audience(update: Update, context: Context) -> None:
    """A place, a sentence or an expression. A whole sentence says it all anew; one condition joins the others."""
    assert context.message is not None  # a text handler
    vocabulary, typed = context.vocabulary, context.message.text or ""
    if desk.is_confirmation(context):
        raise pointing_in(typed, 0, len(typed), "send")
    read = await audience_typing.read(
        context.tx,
        await desk.author(context),
        typed,
        words=vocabulary.audience,
        dates=vocabulary.dates,
    )
    if read.expression is None:
        await _show_places(context, typed, read.places)
    elif join_of(context) is Join.AND and _is_whole(read.expression):
        await put(context, read.expression, context.say)
    else:
        await choose(context, read.expression, context.say)


def _is_whole(expression: Expression) -> bool:
    return expression == EVERYBODY or len(list(leaves_of(expression))) > 1


async def _show_places(context: Context, typed: str, places: Sequence[TypedArea]) -> None:
    """Which of them is meant; around the only commune, how far."""
    assert context.dialog is not None  # called while the dialog is open
    if not places:
        context.say("audience/place_unknown", typed=typed[:60])
        return
    await context.ask(context.dialog.flow, STEP, unclear=typed)
    if len(places) > 1:
        context.say("audience/places", places=places)
    else:
        _offer_distances(context, places[0].area, context.say)


async def asks_again(context: Context) -> bool:
    """Asks once more which place is meant, where that is open: nobody goes on with other people than they typed."""
    typed = context.kept.get("unclear")
    if not typed:
        return False
    places = places_named(context.services.gazetteer, typed)
    if places:
        await _show_places(context, typed, places)
    return bool(places)


# -- tapped --


async def set_condition(update: Update, context: Context) -> None:
    """A button that adds one condition, or takes away those of its kind: its name, then its values."""
    if not is_open(context):
        return
    name, *values = context.arguments or [""]
    try:
        audience = _cleared(audience_of(context), name, values)
        if audience is not None:
            await put(context, audience, context.edit)
            return
        chosen = await _condition(context, name, values)
        await audience_typing.require_usable(context.tx, await desk.author(context), Asked(expression=chosen))
    except BadAudience as fault:
        if fault.values["why"] == audience_typing.ELSEWHERE:
            raise  # its name was typed: the button says which of them
        raise MalformedButton from None  # whatever else does not fit was never offered
    except ValueError:
        raise MalformedButton from None
    await choose(context, chosen, context.edit)


def _cleared(audience: Expression, name: str, values: list[str]) -> Expression | None:
    """The audience without what a button takes away; None where it takes nothing."""
    if name == "all" and not values:
        return EVERYBODY
    if values == [ANY] and name in ("language", "rsvp", "vote"):
        return without(audience, SAID if name == "vote" else frozenset({name}))
    if name == "people" and len(values) == 1 and values[0] in PEOPLE and holds(audience, PEOPLE[values[0]]):
        return without(audience, frozenset({read_leaf(PEOPLE[values[0]]).name}))
    return None


async def _condition(context: Context, name: str, values: list[str]) -> Expression:
    """The condition that a button stands for. Raises BadAudience, and ValueError for none that is offered."""
    if name == "saved":
        (key,) = values
        saved = await audience_typing.saved_known(context.tx, await desk.author(context))
        return Leaf(name="audience", arguments=({_key(each): each for each in saved}.get(key, "-"),))
    return condition_of(name, values)


def _key(name: str) -> str:
    """A short name of a saved audience for a button, which holds few bytes."""
    return hashlib.sha256(name.encode()).hexdigest()[:12]


BUTTONS: dict[str, Handler] = {
    "audience": open_screen,
    "audience_is": set_condition,
    "audience_event": choose_event,
    "audience_commune": choose_commune,
    "audience_join": choose_join,
    "audience_message": choose_message,
    "audience_build": keep_building,
}
AWAITED = {STEP: Awaited(text=type_audience), NAMING: Awaited(text=type_name)}
