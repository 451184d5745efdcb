"""What the bot did not expect gets a helpful answer, never silence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from telegram import Update

from handlers.context import Context
from handlers.registration_dialog import FLOW
from handlers.routing import Handler

StepBack = Callable[[Context], Awaitable[bool]]
"""Gives up the part of a dialog that is in hand, and nothing else of it; whether there was one."""


async def not_staff(update: Update, context: Context) -> None:
    context.say("general/not_staff", roles={member.role for member in context.staff})


async def unknown_button(update: Update, context: Context) -> None:
    """A button of an older version, or a forged one."""
    context.toast("toasts/old_button", alert=True)


def cancelling(steps_back: Mapping[str, StepBack]) -> Handler:
    """/cancel leaves the dialog that is open, except signing up, which only waits. Where there is a step back in it,
    that alone is taken.
    """

    async def run(update: Update, context: Context) -> None:
        if context.is_in(FLOW):
            context.say("registration/waiting")
        elif context.dialog is None:
            context.say("general/nothing_to_cancel")
        elif not await _stepped_back(steps_back, context):
            await context.end_dialog()
            context.say("general/cancelled")

    return run


async def _stepped_back(steps_back: Mapping[str, StepBack], context: Context) -> bool:
    assert context.dialog is not None  # the caller looked
    step_back = steps_back.get(context.dialog.flow)
    return step_back is not None and await step_back(context)
