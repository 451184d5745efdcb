"""Where one lives abroad, in the dialogs of handlers.registration_dialog: the country, then the consular post or city
where that is not enough to know the hours, or where there are several posts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from telegram import Update

from bot.actions.registration import vote_abroad
from bot.communes.abroad import country_of, find_country
from bot.communes.consulates import Home, home_named, home_of, homes_in
from bot.rules.areas import ABROAD_AREA
from handlers.buttons import arguments
from handlers.context import Context
from handlers.registration_dialog import (
    FLOW,
    MOVING,
    ask_place,
    asks_place,
    out_of_turn,
    placed,
    point_to_question,
    show_step,
)
from handlers.routing import Awaited, Handler, MalformedButton
from handlers.typed_communes import SUGGESTIONS

NO_POST = "-"
"""In a button, instead of a consular post: none of them."""


async def type_country(update: Update, context: Context) -> None:
    """The country one lives in, or a city there, gives the hours at which one may be written to."""
    assert context.message is not None  # a text handler
    typed = context.message.text or ""
    if context.vocabulary.meaning(typed) is not None:
        point_to_question(context)
        return
    asked = context.kept.get("country") if context.step == "home" else None
    if asked and (home := home_named(typed, asked, context.language)):
        await _live_in(context, asked, context.say, home)
        return
    countries = find_country(typed, context.language)
    if len(countries) != 1:
        context.say("registration/country_unknown", countries=countries[:SUGGESTIONS])
        return
    (country,) = countries
    home = home_named(country.city, country.code, context.language) if country.city else None
    await _live_in(context, country.code, context.say, home)


async def choose_country(update: Update, context: Context) -> None:
    """A country among those offered; if it was offered for a city that was typed, that city is known too."""
    (code,) = arguments(context, 1)
    if country_of(code, context.language) is None or not asks_place(context):
        await out_of_turn(context)
        return
    city = context.kept.get("city") if context.kept.get("abroad") == code else None
    await _live_in(context, code, context.edit, home_named(city, code, context.language) if city else None)


async def choose_home(update: Update, context: Context) -> None:
    """The consular post or the city; none of them means the country's main hours."""
    code, key = arguments(context, 2)
    homes = homes_in(code, context.language)
    home = homes[0] if homes and key == NO_POST else home_of(code, key, context.language)
    if home is None:
        raise MalformedButton
    if not asks_place(context):
        await out_of_turn(context)
        return
    await _live_in(context, code, context.edit, replace(home, is_post=home.is_post and key != NO_POST))


async def _live_in(
    context: Context, country: str, answer: Callable[..., None], home: Home | None = None
) -> None:
    if not context.campaign.votes(ABROAD_AREA):
        await ask_place(context, "elsewhere")
        await show_step(context, answer)
        return
    homes = homes_in(country, context.language)
    if home is None and len(homes) > 1:
        await ask_place(context, "home", country=country)
        await show_step(context, answer)
        return
    await vote_abroad(
        context.tx,
        context.person,
        context.origin,
        country=country,
        zone=(home or homes[0]).zone,
        consulate=home.key if home is not None and home.is_post else None,
    )
    await placed(context, answer)


BUTTONS: dict[str, Handler] = {"country": choose_country, "home": choose_home}
_STEPS = {"country": Awaited(text=type_country), "home": Awaited(text=type_country)}
DIALOGS = {FLOW: _STEPS, MOVING: _STEPS}
