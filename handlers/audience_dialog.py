"""Choosing whom a message is for: one screen with the conditions so far, and one for each condition.

It serves every dialog of staff that has a step `audience`: the choice is kept in that dialog's data, under
`audience`, and the screen's last button is that dialog's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from telegram import Update

from bot.actions import audiences, events
from bot.actions.audiences import RSVP_CHOICES, VOTE_CHOICES, Reach
from bot.actions.authority import Author, area_name
from bot.errors import BadAudience, UnknownArea
from bot.rules.areas import ABROAD_AREA, EVERYWHERE, department_of, normal_area
from bot.rules.audiences import Audience, RsvpCondition, VoteCondition, radius_around
from bot.rules.kinds import Kind
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


def audience_of(context: Context) -> Audience:
    """The audience of the open dialog; everybody until something was chosen."""
    kept = context.kept.get("audience") if context.dialog is not None else None
    return Audience.from_json(kept) if kept else Audience()


def is_open(context: Context) -> bool:
    return context.dialog is not None and context.dialog.flow in DONE and context.dialog.step == STEP


async def reach(context: Context, author: Author, *, kind: Kind, when: SendingTime | None = None) -> Reach:
    """How many people the audience is, and whom of them the law silences when it is due."""
    return await audiences.reach(
        context.tx,
        audiences.targets_of(author, audience_of(context), Action.BROADCAST),
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
        audience=await audiences.view(context.tx, author, audience_of(context), context.language),
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
        context.edit(f"audience/{name}", ballots=context.campaign.ballots, audience=audience_of(context))
    else:
        await show(context, context.edit)


async def _show_events(context: Context) -> None:
    author = await desk.author(context)
    page = await events.managed(context.tx, author)
    first = context.campaign.languages[0]
    titles = [(event, text_in(page.texts[event.id], context.language, first).title) for event in page.events]
    context.edit("audience/events", events=titles)


async def choose_event(update: Update, context: Context) -> None:
    (event,) = arguments(context, 1)
    if is_open(context):
        context.edit("audience/answers", event=desk.number(event))
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
        await _choose(context, replace(audience_of(context), area=places[0].area, radius=None), context.say)
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
        chosen = _with(audience_of(context), name, values)
    except (BadAudience, UnknownArea, KeyError, ValueError, TypeError):
        # Whatever does not fit was never offered.
        raise MalformedButton from None
    if not await _is_offered(context, chosen):
        raise MalformedButton
    await _choose(context, chosen, context.edit)


async def _is_offered(context: Context, chosen: Audience) -> bool:
    """Whether the language, the ballot and the event are among those that the screens show to this author."""
    if chosen.language not in (None, *context.campaign.languages):
        return False
    if chosen.vote is not None and chosen.vote.ballot not in {
        each.number for each in context.campaign.ballots
    }:
        return False
    if chosen.rsvp is None or chosen.rsvp == audience_of(context).rsvp:
        return True
    page = await events.managed(context.tx, await desk.author(context))
    return chosen.rsvp.event in {event.id for event in page.events}


async def _choose(context: Context, chosen: Audience, answer: Callable[..., None]) -> None:
    assert context.dialog is not None  # called while the dialog is open
    await context.ask(context.dialog.flow, STEP, audience=chosen.to_json())
    await show(context, answer)


def _with(audience: Audience, name: str, values: list[str]) -> Audience:
    """The audience with one condition set, or cleared by `any`."""
    if name == "all":
        return Audience()
    if name == "area":
        (area,) = values
        return replace(audience, area=normal_area(area), radius=None)
    if name == "around":
        commune, km = values
        return replace(audience, area=EVERYWHERE, radius=radius_around(commune, desk.number(km)))
    if name == "language":
        (language,) = values
        return replace(audience, language=None if language == "any" else language)
    if name == "volunteers":
        return replace(audience, volunteers=not audience.volunteers)
    if name == "rsvp":
        return replace(audience, rsvp=_rsvp(values))
    if name == "vote":
        return replace(audience, vote=_vote(values))
    raise ValueError(name)


def _rsvp(values: list[str]) -> RsvpCondition | None:
    if values == ["any"]:
        return None
    event, answers = values
    return RsvpCondition(event=desk.number(event), answers=RSVP_CHOICES[answers])


def _vote(values: list[str]) -> VoteCondition | None:
    if values == ["any"]:
        return None
    ballot, choice = values
    states, planned = VOTE_CHOICES[choice]
    return VoteCondition(ballot=desk.number(ballot), states=states, planned=planned)


BUTTONS: dict[str, Handler] = {
    "audience": open_screen,
    "audience_is": set_condition,
    "audience_event": choose_event,
    "audience_commune": choose_commune,
}
AWAITED = {STEP: Awaited(text=type_place)}
