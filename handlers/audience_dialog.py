"""Choosing whom a message is for: one screen with the conditions so far, and one for each condition.

It serves every dialog of staff that has a step `audience`: the choice is kept in that dialog's data, under
`audience`, and the screen's last button is that dialog's own.
"""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

from bot.actions import audience_words, audiences, events
from bot.actions.audience_words import AudienceView
from bot.actions.audiences import Reach
from bot.actions.authority import Author, area_name
from bot.errors import BadAudience
from bot.rules.areas import ABROAD_AREA, EVERYWHERE, department_of
from bot.rules.audience_building import PLACES, SAID, event_choice, holds, set_like, vote_choice
from bot.rules.expressions import EVERYBODY, Expression, as_json, leaves_of, stored
from bot.rules.kinds import Kind
from bot.rules.leaves import ANY, read_leaf
from bot.rules.permissions import Action
from bot.rules.sending import SendingTime, all_at
from db.events import text_in
from handlers import desk
from handlers.buttons import arguments
from handlers.context import Context
from handlers.routing import Awaited, Handler, MalformedButton

STEP = "audience"
DONE = {"new_event": "event_audience", "broadcast": "broadcast_audience"}
"""The button that ends the choice, by dialog."""
RADII = (10, 30, 60)
"""Kilometres."""


def audience_of(context: Context) -> Expression:
    """The audience of the open dialog; everybody until something was chosen."""
    return stored(context.kept.get("audience") if context.dialog is not None else None)


async def view(context: Context, audience: Expression) -> AudienceView:
    """An audience in names."""
    return await audience_words.view(
        context.tx,
        audience,
        context.services.gazetteer,
        language=context.language,
        fallback=context.campaign.languages[0],
    )


def is_open(context: Context) -> bool:
    return context.dialog is not None and context.dialog.flow in DONE and context.dialog.step == STEP


async def reach(context: Context, author: Author, *, kind: Kind, when: SendingTime | None = None) -> Reach:
    """How many people the audience is, and whom of them the law silences when it is due."""
    return await audiences.reach(
        context.tx,
        await audiences.target_of(context.tx, author, audience_of(context), author.areas(Action.BROADCAST)),
        kind=kind,
        when=when or all_at(context.now),
        campaign=context.campaign,
        reader=author.reader,
    )


async def show(context: Context, answer: Callable[..., None]) -> None:
    """The screen with everything chosen so far."""
    assert context.dialog is not None  # called while the dialog is open
    author = await desk.author(context)
    kind = Kind(context.kept.get("kind") or Kind.EVENT_INVITE)
    answer(
        "audience/audience",
        audience=await view(context, audience_of(context)),
        reach=await reach(context, author, kind=kind),
        limits=_limits(author),
        counts=author.reader,
        done=DONE[context.dialog.flow],
    )


def _limits(author: Author) -> list[str]:
    """The names of the areas that staff are limited to; none for those who may write to everybody."""
    areas = author.areas(Action.BROADCAST)
    return [] if EVERYWHERE in areas else [area_name(author.gazetteer, area) for area in areas]


# -- one screen for each condition --


async def open_screen(update: Update, context: Context) -> None:
    (name,) = arguments(context, 1)
    if not is_open(context):
        context.toast("toasts/already_answered")
    elif name == "where":
        author = await desk.author(context)
        areas = [(area, area_name(author.gazetteer, area)) for area in author.areas(Action.BROADCAST)]
        context.edit("audience/where", areas=areas, abroad=author.may(Action.BROADCAST, ABROAD_AREA))
    elif name == "event":
        await _show_events(context)
    elif name in ("who", "vote"):
        audience = audience_of(context)
        languages = [code for code in context.campaign.languages if holds(audience, f"language:{code}")]
        context.edit(
            f"audience/{name}",
            ballots=context.campaign.ballots,
            chosen=languages,
            volunteers=holds(audience, "volunteer"),
        )
    else:
        await show(context, context.edit)


async def _show_events(context: Context) -> None:
    author = await desk.author(context)
    page = await events.managed(context.tx, author)
    first = context.campaign.languages[0]
    titles = [
        (event.code, text_in(page.texts[event.id], context.language, first).title) for event in page.events
    ]
    context.edit("audience/events", events=titles)


async def choose_event(update: Update, context: Context) -> None:
    (code,) = arguments(context, 1)
    if is_open(context):
        context.edit("audience/answers", event=code)
    else:
        context.toast("toasts/already_answered")


async def type_place(update: Update, context: Context) -> None:
    """A région, a département or a commune, typed."""
    assert context.message is not None  # a text handler
    typed = context.message.text or ""
    places = audiences.places_named(context.services.gazetteer, typed)
    if not places:
        context.say("audience/place_unknown", typed=typed[:60])
    elif len(places) == 1 and places[0].kind == "commune":
        _offer_distances(context, places[0].area, context.say)
    elif len(places) == 1:
        place = read_leaf(f"in:{places[0].area}")
        await _choose(context, set_like(audience_of(context), place, PLACES), context.say)
    else:
        context.say("audience/places", places=places)


async def choose_commune(update: Update, context: Context) -> None:
    """A commune among those that were meant: how far around it?"""
    (code,) = arguments(context, 1)
    if not is_open(context):
        context.toast("toasts/already_answered")
    elif context.services.gazetteer.by_code(code) is None:
        raise MalformedButton
    else:
        _offer_distances(context, code, context.edit)


def _offer_distances(context: Context, code: str, answer: Callable[..., None]) -> None:
    gazetteer = context.services.gazetteer
    commune = gazetteer.by_code(code)
    rough = bool(gazetteer.approximate_among([code]))
    answer("audience/distances", commune=commune, radii=RADII, rough=rough, department=department_of(code))


# -- choosing --


async def set_condition(update: Update, context: Context) -> None:
    """A button that sets one condition: its name, then its values."""
    if not is_open(context):
        context.toast("toasts/already_answered")
        return
    name, *values = context.arguments or [""]
    try:
        chosen, like = _condition(audience_of(context), name, values)
    except (BadAudience, KeyError, ValueError):
        # Whatever does not fit was never offered.
        raise MalformedButton from None
    if chosen is not None and not await _is_offered(context, chosen):
        raise MalformedButton
    audience = EVERYBODY if name == "all" else set_like(audience_of(context), chosen, like)
    await _choose(context, audience, context.edit)


async def _is_offered(context: Context, chosen: Expression) -> bool:
    """Whether the place, the language, the ballot and the event are among those that the screens show."""
    ballots = {str(each.number) for each in context.campaign.ballots}
    for leaf in leaves_of(chosen):
        first = leaf.arguments[0] if leaf.arguments else ""
        if leaf.name == "language" and first not in context.campaign.languages:
            return False
        if leaf.name in SAID and first not in ballots:
            return False
        if leaf.name in PLACES and len(first) == 5 and context.services.gazetteer.by_code(first) is None:
            return False
        if leaf.name == "rsvp":
            page = await events.managed(context.tx, await desk.author(context))
            if first not in {event.code for event in page.events}:
                return False
    return True


async def _choose(context: Context, chosen: Expression, answer: Callable[..., None]) -> None:
    assert context.dialog is not None  # called while the dialog is open
    await context.ask(context.dialog.flow, STEP, audience=as_json(chosen))
    await show(context, answer)


def _condition(
    audience: Expression, name: str, values: list[str]
) -> tuple[Expression | None, frozenset[str]]:
    """The condition that a button sets (None: none any more), and what it takes the place of."""
    if name == "all" and not values:
        return None, frozenset()
    if name == "area":
        (area,) = values
        return read_leaf(f"in:{area}"), PLACES
    if name == "around":
        commune, km = values
        return read_leaf(f"near:{commune}:{km}"), PLACES
    if name == "language":
        (language,) = values
        return (None if language == ANY else read_leaf(f"language:{language}")), frozenset({name})
    if name == "volunteers" and not values:
        volunteer = read_leaf("volunteer")
        return (None if holds(audience, "volunteer") else volunteer), frozenset({volunteer.name})
    if name == "rsvp":
        return (None if values == [ANY] else event_choice(*_two(values))), frozenset({name})
    if name == "vote":
        return (None if values == [ANY] else vote_choice(*_two(values))), SAID
    raise ValueError(name)


def _two(values: list[str]) -> tuple[str, str]:
    first, second = values
    return first, second


BUTTONS: dict[str, Handler] = {
    "audience": open_screen,
    "audience_is": set_condition,
    "audience_event": choose_event,
    "audience_commune": choose_commune,
}
AWAITED = {STEP: Awaited(text=type_place)}
