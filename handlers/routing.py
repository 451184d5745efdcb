"""How an update finds its handler: commands, buttons, and the answers a dialog waits for, each one table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from telegram import Message, Update
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, MessageHandler, filters

from bot.frozen import Frozen
from bot.rules.typed import Meaning
from bot.words.texts import CALLBACK_VERSION
from bot.words.vocabulary import asks_to_stop, is_stop_alone
from handlers.command import Command
from handlers.context import Context
from handlers.registration_dialog import is_drafting

Handler = Callable[[Update, Context], Coroutine[Any, Any, None]]
Asker = Callable[[Context, Callable[..., None]], Coroutine[Any, Any, None]]
"""Asks the open question of a dialog, with `context.say` or `context.edit`."""
AnyApplication = Application[Any, Any, Any, Any, Any, Any]


class Awaited(Frozen):
    """The answers that a step waits for: handlers by content, `anything` for what has none of its own. One that is
    missing: the question is pointed to.
    """

    text: Handler | None = None
    location: Handler | None = None
    photo: Handler | None = None
    anything: Handler | None = None

    @property
    def is_typed(self) -> bool:
        """Whether what is typed may answer it; if not, its buttons do, or what is shared."""
        return bool(self.text or self.anything)

    @property
    def is_shared(self) -> bool:
        """Whether a place or a picture answers it."""
        return bool(self.location or self.photo)


class Routes(Frozen):
    """Everything the bot answers to. `dialogs` is keyed by flow, then step.

    `waiting`: a dialog waits for something else. `unexpected`: nothing waits for anything.
    `changed`: somebody edited what they had sent. `calls_for_help`: does what the one word asks for that a walker
    types, whatever else they were writing; whether it stood there.
    """

    commands: tuple[Command, ...]
    buttons: Mapping[str, Handler]
    dialogs: Mapping[str, Mapping[str, Awaited]]
    stop: Handler
    perhaps_stop: Handler
    calls_for_help: Callable[[Context], Awaitable[bool]]
    changed: Handler
    waiting: Handler
    unexpected: Handler
    not_staff: Handler
    unknown_button: Handler


class _StopWord(filters.MessageFilter):
    """Unlike `filters.Regex` it hands PTB no data, which PTB would put in the context with `update()`."""

    def filter(self, message: Message) -> bool:
        return asks_to_stop(message.text or message.caption or "")


def register(application: AnyApplication, routes: Routes) -> None:
    """Hands the routes to PTB. The order matters: a tap, of which there are most, asks no other handler whether
    it is meant, and STOP is obeyed in the middle of any dialog.
    """
    application.add_handler(CallbackQueryHandler(_button_router(routes)))
    application.add_handler(MessageHandler(filters.StatusUpdate.ALL, _ignore))
    application.add_handler(MessageHandler(_StopWord(), _stop_router(routes)))
    for command in routes.commands:
        application.add_handler(
            CommandHandler(command.name, guarded(command, routes.not_staff), filters.UpdateType.MESSAGE)
        )
    application.add_handler(MessageHandler(filters.UpdateType.MESSAGE, _dialog_router(routes)))
    application.add_handler(MessageHandler(filters.UpdateType.EDITED_MESSAGE, _change_router(routes)))
    application.add_handler(MessageHandler(filters.ALL, _ignore))


def guarded(command: Command, not_staff: Handler) -> Handler:
    """The command for those whose role allows it; the others are told that it does not."""

    async def run(update: Update, context: Context) -> None:
        held = {member.role for member in context.staff}
        if command.roles and not held & command.roles:
            await not_staff(update, context)
        else:
            await command.handler(update, context)

    return run


def _button_router(routes: Routes) -> Handler:
    async def run(update: Update, context: Context) -> None:
        query = update.callback_query
        version, _, rest = (query.data or "" if query else "").partition(":")
        handler = routes.buttons.get(rest.split(":")[0]) if version == CALLBACK_VERSION else None
        try:
            await (handler or routes.unknown_button)(update, context)
        except MalformedButton:
            await routes.unknown_button(update, context)

    return run


def _change_router(routes: Routes) -> Handler:
    """What was edited answers nothing, but for STOP: whoever makes that of it means it."""

    async def run(update: Update, context: Context) -> None:
        await routes.changed(update, context)

    return run


def _stop_router(routes: Routes) -> Handler:
    """Staff who write something for the campaign may well write that others should stop: there the word alone is it."""
    to_dialog = _dialog_router(routes)

    async def run(update: Update, context: Context) -> None:
        means_it = not is_drafting(context) or is_stop_alone(_typed(update))
        otherwise = to_dialog if update.message is not None else routes.changed
        await (routes.stop if means_it else otherwise)(update, context)

    return run


def _dialog_router(routes: Routes) -> Handler:
    async def run(update: Update, context: Context) -> None:
        if await routes.calls_for_help(context):
            return
        awaited = _awaited(routes, update, context)
        if not is_drafting(context) and context.vocabulary.meaning(_typed(update)) is Meaning.PERHAPS_STOP:
            await routes.perhaps_stop(update, context)
        elif awaited is None and context.dialog is not None:
            await routes.waiting(update, context)
        else:
            await (awaited or routes.unexpected)(update, context)

    return run


def asking_again(questions: Mapping[str, Asker]) -> Handler:
    """The handler behind the button that shows the open question once more."""

    async def run(update: Update, context: Context) -> None:
        dialog = context.dialog
        ask = questions.get(dialog.flow) if dialog is not None else None
        if ask is None or dialog is None:
            context.toast("toasts/already_answered")
            context.drop_buttons()
        else:
            await context.ask(dialog.flow, dialog.step)
            await ask(context, context.edit)

    return run


def _typed(update: Update) -> str:
    message = update.message
    return (message.text or message.caption or "") if message is not None else ""


def _awaited(routes: Routes, update: Update, context: Context) -> Handler | None:
    message, dialog = update.message, context.dialog
    if message is None or dialog is None:
        return None
    awaited = routes.dialogs.get(dialog.flow, {}).get(dialog.step)
    if awaited is None or (message.text or "").startswith("/"):
        return None
    if message.location is not None:
        return awaited.location or awaited.anything
    if message.photo:
        return awaited.photo or awaited.anything
    return awaited.text if message.text else awaited.anything


async def _ignore(update: Update, context: Context) -> None:
    """Service messages: they answer nothing."""


class MalformedButton(Exception):
    """A button's data names a known action with arguments no version of it had: it was forged."""
