"""/settings: the language, where one votes, which kinds of message, volunteer or not; and the opt-out buttons."""

from __future__ import annotations

from telegram import Update

from bot.actions import preferences, volunteering
from bot.actions.registration import choose_language as keep_language
from bot.rules.kinds import Mute
from handlers import place
from handlers.buttons import arguments, one_of, yes_or_no
from handlers.context import Context
from handlers.registration_dialog import commune_of, must_sign_up
from handlers.routing import Awaited, Handler, MalformedButton
from handlers.volunteering import OPEN, show_step


async def settings(update: Update, context: Context) -> None:
    if not await must_sign_up(context):
        await show(context)


async def show(context: Context) -> None:
    offer = await volunteering.offer_of(context.tx, context.person)
    context.edit("settings/settings", commune=commune_of(context), offer=offer)


async def choose_language(update: Update, context: Context) -> None:
    (language,) = arguments(context, 1)
    if language not in context.campaign.languages:
        raise MalformedButton
    if await must_sign_up(context):
        return
    await keep_language(context.tx, context.person, context.origin, language)
    await context.refresh()
    await show(context)


async def change_place(update: Update, context: Context) -> None:
    arguments(context, 0)
    if await must_sign_up(context):
        return
    if context.campaign.asks_place:
        await place.begin_move(context, context.edit)
    else:
        await show(context)


async def choose_messages(update: Update, context: Context) -> None:
    """A kind of message, on or off."""
    kind, said = arguments(context, 2)
    group, wanted = one_of(Mute, kind), yes_or_no(said, yes="on", no="off")
    if await must_sign_up(context):
        return
    await preferences.want_messages(context.tx, context.person, context.origin, group, wanted=wanted)
    await context.refresh()
    await show(context)


async def choose_volunteering(update: Update, context: Context) -> None:
    """Yes opens the offer; no takes it back, whatever it was."""
    (said,) = arguments(context, 1)
    willing = yes_or_no(said)
    if await must_sign_up(context):
        return
    if willing:
        await show_step(context, OPEN, context.say)
        return
    told = context.render("settings/not_helping").written
    await volunteering.withdraw(
        context.tx, context.person, context.origin, language=context.language, text=told
    )
    await preferences.volunteer(context.tx, context.person, context.origin, willing=False)
    await context.refresh()
    await show(context)


async def opt_out(update: Update, context: Context) -> None:
    """The button under every campaign message: it works for everybody, at once, and leaves the message as it is."""
    (kind,) = arguments(context, 1)
    group = one_of(Mute, kind)
    await preferences.want_messages(context.tx, context.person, context.origin, group, wanted=False)
    await context.refresh()
    context.say("settings/opted_out", group=group)


BUTTONS: dict[str, Handler] = {
    "settings_language": choose_language,
    "settings_place": change_place,
    "messages": choose_messages,
    "volunteer": choose_volunteering,
    "optout": opt_out,
}

DIALOGS: dict[str, dict[str, Awaited]] = {}
