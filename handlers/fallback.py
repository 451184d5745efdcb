"""What the bot did not expect gets a helpful answer, never silence."""

from __future__ import annotations

from telegram import Update

from handlers.context import Context
from handlers.registration_dialog import FLOW


async def not_staff(update: Update, context: Context) -> None:
    context.say("general/not_staff", roles={member.role for member in context.staff})


async def unknown_button(update: Update, context: Context) -> None:
    """A button of an older version, or a forged one."""
    context.toast("toasts/old_button", alert=True)


async def cancel(update: Update, context: Context) -> None:
    """Leaves the dialog that is open, except signing up, which only waits."""
    if context.is_in(FLOW):
        context.say("registration/waiting")
        return
    if context.dialog is None:
        context.say("general/nothing_to_cancel")
        return
    await context.end_dialog()
    context.say("general/cancelled")
