"""What the bot did not expect gets a helpful answer, never silence."""

from __future__ import annotations

from telegram import Update

from handlers import registration
from handlers.context import Context


async def unexpected(update: Update, context: Context) -> None:
    """Words outside any question: the open question is asked again, else what one can do is shown."""
    if registration.is_open(context):
        context.say("general/please_answer")
        await registration.show_step(context, answer=context.say)
    elif not context.person.is_registered and not context.staff:
        await registration.begin(context, "")
    elif context.dialog is not None:
        context.say("general/please_answer")
    else:
        context.say("general/unexpected", roles={member.role for member in context.staff})


async def not_staff(update: Update, context: Context) -> None:
    context.say("general/not_staff")


async def unknown_button(update: Update, context: Context) -> None:
    """A button of an older version, or a forged one."""
    context.toast("toasts/old_button", alert=True)


async def cancel(update: Update, context: Context) -> None:
    """Leaves the dialog that is open, except signing up, which only waits."""
    if context.dialog is None or registration.is_open(context):
        context.say("general/nothing_to_cancel")
        return
    await context.end_dialog()
    context.say("general/cancelled")
