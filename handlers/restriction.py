"""/restrict: everything about somebody is kept, and nothing is made of it, until they say so (GDPR, article 18)."""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

from bot.actions import restriction
from bot.rules.restriction import NO_GROUND, RestrictionGround
from handlers.buttons import arguments, one_of
from handlers.context import Context
from handlers.questions import as_asked
from handlers.routing import Awaited, Handler

ASK, REFRAIN, LIFT, END, LEAVE = WORDS = ("ask", "refrain", "lift", "end", "leave")
"""What the buttons say beside a ground or none: the question and its no; the question whether to end it, yes and no."""


async def ask(update: Update, context: Context) -> None:
    _show(context, context.say)


def _show(context: Context, answer: Callable[..., None]) -> None:
    """The question; where it was answered already, where one stands; nothing where there is nothing to keep."""
    if context.person.is_restricted:
        answer("privacy/restriction_stands")
    elif context.person.registered_at is None:
        answer("privacy/nothing_to_restrict", in_team=bool(context.staff))
    else:
        answer("privacy/restrict", in_team=bool(context.staff))


async def decide(update: Update, context: Context) -> None:
    (said,) = arguments(context, 1)
    if said == ASK:
        _show(context, context.edit)
    elif said == REFRAIN:
        context.edit("privacy/not_restricted")
    elif said == LEAVE:
        context.edit("privacy/restriction_stands")
    elif said in (LIFT, END):
        await _lift(context, decided=said == END)
    else:
        await _restrict(context, None if said == NO_GROUND else one_of(RestrictionGround, said))


async def _restrict(context: Context, ground: RestrictionGround | None) -> None:
    told = context.render("privacy/restricted", ground=ground)
    is_new = await restriction.restrict(
        context.tx,
        context.person,
        context.origin,
        ground=ground,
        language=context.language,
        text=told.written,
    )
    if is_new:
        context.dialog = None
        context.show(told)
    else:
        _show(context, context.edit)


async def _lift(context: Context, *, decided: bool) -> None:
    """Nobody's data are used again before they were told what that means (article 18(3))."""
    if not context.person.is_restricted:
        context.toast("toasts/already_answered")
        return
    if not decided:
        context.edit("privacy/restriction_lift")
        return
    question = as_asked(context, "privacy/restriction_lift")
    if question is None:  # other words stood there
        context.edit("privacy/restriction_lift")
        return
    await restriction.lift(
        context.tx, context.person, context.origin, language=question.language, text=question.text
    )
    await context.refresh()
    context.edit("privacy/restriction_lifted")


BUTTONS: dict[str, Handler] = {"restriction": decide}

DIALOGS: dict[str, dict[str, Awaited]] = {}
