"""/settings: the language, where one votes, which kinds of message, volunteer or not; and the opt-out buttons."""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

from bot.actions import preferences
from bot.actions.registration import choose_language as keep_language
from bot.rules.consent import Purpose
from bot.rules.kinds import Mute
from handlers import place
from handlers.buttons import arguments, one_of, yes_or_no
from handlers.choices import ask_once
from handlers.context import Context
from handlers.registration_dialog import commune_of, must_sign_up
from handlers.routing import Awaited, Handler, MalformedButton


async def settings(update: Update, context: Context) -> None:
    if not await must_sign_up(context):
        show(context, context.edit if context.update.callback_query is not None else context.say)


def show(context: Context, answer: Callable[..., None]) -> None:
    answer("settings/settings", commune=commune_of(context))


async def choose_language(update: Update, context: Context) -> None:
    (language,) = arguments(context, 1)
    if language not in context.campaign.languages:
        raise MalformedButton
    if await must_sign_up(context):
        return
    await keep_language(context.tx, context.person, context.origin, language)
    await context.refresh()
    show(context, context.edit)


async def change_place(update: Update, context: Context) -> None:
    arguments(context, 0)
    if not await must_sign_up(context):
        await place.begin_move(context, context.edit)


async def choose_messages(update: Update, context: Context) -> None:
    """A kind of message, on or off."""
    kind, said = arguments(context, 2)
    group, wanted = one_of(Mute, kind), yes_or_no(said, yes="on", no="off")
    if await must_sign_up(context):
        return
    await preferences.want_messages(context.tx, context.person, context.origin, group, wanted=wanted)
    await context.refresh()
    context.toast("toasts/noted")
    show(context, context.edit)


async def choose_volunteering(update: Update, context: Context) -> None:
    (said,) = arguments(context, 1)
    willing = yes_or_no(said)
    if await must_sign_up(context):
        return
    await preferences.volunteer(context.tx, context.person, context.origin, willing=willing)
    await context.refresh()
    context.toast("toasts/noted")
    show(context, context.edit)
    if willing:
        await ask_once(context, Purpose.TEAM)


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
