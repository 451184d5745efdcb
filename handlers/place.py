"""Where one votes: a commune typed, shared or chosen, or only the part of France. It is asked of whoever signs up and
of supporters who moved; what is asked of those who live abroad is in handlers.abroad.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from telegram import Update

from bot.actions import registration
from bot.campaign.campaign import Campaign
from bot.communes import Abroad, Commune
from bot.rules.areas import ABROAD_AREA
from bot.rules.communes.query import parse_query
from bot.rules.territories import ABROAD, METROPOLE, TERRITORIES
from bot.rules.typed import Meaning
from handlers import volunteering
from handlers.buttons import arguments
from handlers.context import Context
from handlers.registration_dialog import (
    FLOW,
    MOVING,
    ask_place,
    asks_place,
    is_drafting,
    out_of_turn,
    placed,
    places,
    point_to_question,
    show_step,
)
from handlers.routing import Awaited, Handler, MalformedButton
from handlers.typed_communes import SUGGESTIONS

LONGEST_NAME, MOST_WORDS = 45, 4
"""Characters and words of what is repeated as the name of a commune that nobody knows."""
WAYS = {"again": "place", "abroad": "country", "unsaid": "territory", "elsewhere": "elsewhere"}
"""The step that each of these ways leads to."""


async def begin_move(context: Context, answer: Callable[..., None]) -> None:
    """Asks a supporter where they vote now."""
    if is_drafting(context):
        context.say("registration/draft_open")
        return
    await context.ask(MOVING, "place")
    await show_step(context, answer)


async def type_place(update: Update, context: Context) -> None:
    """A name, a postcode, "st etienne", "Paris 15"."""
    assert context.message is not None  # a text handler
    await _put_keyboard_away(context)
    typed = context.message.text or ""
    query = parse_query(typed)
    found = context.services.gazetteer.search(typed, limit=SUGGESTIONS)
    meaning = context.vocabulary.meaning(typed)
    if found.elsewhere:
        await _go(context, "abroad", context.say)
    elif found.confident and meaning is None:
        await ask_place(context, "place", former=_former_names(found.results))
        await _settle(context, found.results[0], context.say)
    elif found.results or (found.abroad and context.campaign.votes(ABROAD_AREA)):
        await _offer(context, found.results, abroad=found.abroad, postcode=query.code)
    elif found.abroad:
        await _go(context, "elsewhere", context.say)
    elif meaning is not None:
        point_to_question(context)
    else:
        await ask_place(context, context.step)
        name = typed if _may_be_a_name(typed) else ""
        context.say("registration/place_unknown", typed=name, code=query.code)


def _may_be_a_name(typed: str) -> bool:
    """Whether it is worth repeating as a name: what else was typed was never meant as one."""
    return len(typed) <= LONGEST_NAME and len(typed.split()) <= MOST_WORDS and any(map(str.isalpha, typed))


async def _put_keyboard_away(context: Context) -> None:
    """The key that shares the location would stay below the chat of whoever types instead."""
    if context.kept.get("sharing"):
        await ask_place(context, context.step, sharing=False)
        context.put_keyboard_away("registration/place_typed")


async def share_place(update: Update, context: Context) -> None:
    """The location becomes communes to choose from, and is forgotten."""
    assert context.message is not None  # a location handler
    location = context.message.location
    assert location is not None  # the handler's filter
    await ask_place(context, context.step, sharing=False)
    context.put_keyboard_away("registration/location_forgotten")
    near = context.services.gazetteer.nearest(location.latitude, location.longitude, limit=SUGGESTIONS)
    if near:
        await _offer(context, [commune for commune, _ in near])
    else:
        context.say("registration/place_far")


def _former_names(communes: Sequence[Commune]) -> dict[str, str]:
    return {commune.code: commune.matched_name for commune in communes if commune.matched_name}


def _territory_of(campaign: Campaign, communes: Sequence[Commune]) -> str | None:
    """The territory overseas that all of them are in: where its name was typed, it may be all that is said, if all of
    it votes.
    """
    territories = [commune.territory for commune in communes]
    alone = len(territories) > 1 and len(set(territories)) == 1 and territories[0] != METROPOLE
    return territories[0] if alone and campaign.votes_in(territories[0]) else None


async def _offer(
    context: Context, communes: Sequence[Commune], abroad: Abroad | None = None, postcode: str | None = None
) -> None:
    await ask_place(
        context,
        "candidates",
        candidates=[commune.code for commune in communes],
        former=_former_names(communes),
        abroad=abroad.country if abroad and context.campaign.votes(ABROAD_AREA) else None,
        city=abroad.city if abroad else "",
        postcode=postcode,
        territory=_territory_of(context.campaign, communes),
    )
    await show_step(context, answer=context.say)


async def _settle(context: Context, commune: Commune, answer: Callable[..., None]) -> None:
    """The commune is theirs; where its people do not vote, they are told so and may help."""
    if not context.campaign.votes(commune.code):
        await _go(context, "elsewhere", answer)
        return
    await registration.vote_in_commune(context.tx, context.person, context.origin, commune)
    await placed(context, answer)


async def choose_place(update: Update, context: Context) -> None:
    """A commune among those offered."""
    (code,) = arguments(context, 1)
    commune = context.services.gazetteer.by_code(code)
    if commune is None or not asks_place(context):
        await out_of_turn(context)
        return
    await _settle(context, commune, context.edit)


async def other_place(update: Update, context: Context) -> None:
    """The ways of answering that are not a commune: share the location, abroad, none, or type again."""
    (way,) = arguments(context, 1)
    if way not in ("share", *WAYS):
        raise MalformedButton
    if not asks_place(context):
        await out_of_turn(context)
    elif way == "share":
        await ask_place(context, context.step, sharing=True)
        context.say("registration/share_location")
    else:
        await _go(context, way, context.edit)


async def _go(context: Context, way: str, answer: Callable[..., None]) -> None:
    """Asks the question that a way leads to; the ways of those whose vote it is not lead elsewhere."""
    campaign = context.campaign
    is_theirs = {"abroad": campaign.votes(ABROAD_AREA), "unsaid": campaign.is_everywhere}.get(way, True)
    await ask_place(context, WAYS[way if is_theirs else "elsewhere"])
    await show_step(context, answer)


async def choose_whether_here(update: Update, context: Context) -> None:
    """Yes, I vote there; no, but I help; or no."""
    (said,) = arguments(context, 1)
    if said not in ("yes", "help", "no"):
        raise MalformedButton
    if not asks_place(context) or context.campaign.is_everywhere:
        await out_of_turn(context)
    else:
        await _say_whether_here(context, said, context.edit)


async def type_whether_here(update: Update, context: Context) -> None:
    """Yes or no in words; whoever types a commune means that one."""
    assert context.message is not None  # a text handler
    meaning = context.vocabulary.meaning(context.message.text or "")
    if context.campaign.is_everywhere or meaning not in (Meaning.YES, Meaning.NO):
        await type_place(update, context)
    elif context.step == "elsewhere":
        await _say_whether_here(context, "help" if meaning is Meaning.YES else "no", context.say)
    elif context.campaign.only_commune is None:
        point_to_question(context)
    elif meaning is Meaning.YES:
        await _say_whether_here(context, "yes", context.say)
    else:
        await _go(context, "elsewhere", context.say)


async def _say_whether_here(context: Context, said: str, answer: Callable[..., None]) -> None:
    only = context.campaign.only_commune
    commune = context.services.gazetteer.by_code(only) if only else None
    if said == "yes" and commune is not None:
        await _settle(context, commune, answer)
    elif said == "yes":
        await _go(context, "again", answer)
    elif said == "help" or context.is_in(MOVING):  # a supporter stays one
        await registration.help_from_elsewhere(context.tx, context.person, context.origin, context.campaign)
        came_for_an_event = bool(context.kept.get("start"))
        await placed(context, answer)
        if said == "help" and not came_for_an_event and context.campaign.needs_hands(context.now):
            await volunteering.show_step(context, volunteering.WHAT, context.say)
    else:
        await registration.votes_elsewhere(
            context.tx, context.person, context.origin, sealing=context.sealing
        )
        answer("registration/not_theirs", places=places(context), in_team=bool(context.staff))


async def choose_territory(update: Update, context: Context) -> None:
    (territory,) = arguments(context, 1)
    if territory not in TERRITORIES:
        raise MalformedButton
    if not asks_place(context):
        await out_of_turn(context)
    elif territory == ABROAD or not context.campaign.votes_in(territory):
        await _go(context, "abroad" if territory == ABROAD else "unsaid", context.edit)
    else:
        await registration.vote_in_territory(context.tx, context.person, context.origin, territory)
        await placed(context, context.edit)


BUTTONS: dict[str, Handler] = {
    "place": choose_place,
    "place_by": other_place,
    "territory": choose_territory,
    "votes_here": choose_whether_here,
}
_AWAITED = Awaited(text=type_place, location=share_place)
_HERE = Awaited(text=type_whether_here, location=share_place)
_STEPS = {"place": _HERE, "candidates": _AWAITED, "territory": _AWAITED, "elsewhere": _HERE}
DIALOGS = {FLOW: _STEPS, MOVING: _STEPS}
