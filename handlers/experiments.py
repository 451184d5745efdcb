"""Versions of a message that is being written, who is left out of it, and what it is to change: by taps."""

from __future__ import annotations

from telegram import Update

from bot.rules.broadcast_draft import OPEN, is_neutral
from bot.rules.experiments import SHARES, VERSIONS
from handlers import desk
from handlers.broadcast_so_far import goals_offered
from handlers.broadcasts import FLOW, proceed
from handlers.buttons import arguments
from handlers.context import Context
from handlers.routing import Awaited, Handler, MalformedButton


async def begin(update: Update, context: Context) -> None:
    """From the question for a photo: the screen where versions and who is left out are chosen."""
    arguments(context, 0)
    if desk.is_asked(context, FLOW, "photo"):
        await proceed(context, context.edit, trial=OPEN)


async def choose_version(update: Update, context: Context) -> None:
    """Writes the next version, or one of them anew; the last one can be dropped."""
    what, variant = arguments(context, 2)
    if not _is_open(context):
        return
    others = list(context.kept.get("others") or [])
    if what == "write" and variant in VERSIONS[1 : len(others) + 2]:
        at = VERSIONS.index(variant) - 1
        await _change(context, others=[*others[:at], {}, *others[at + 1 :]])
    elif what == "drop" and others and variant == VERSIONS[len(others)]:
        await _change(context, others=others[:-1])
    else:
        raise MalformedButton


async def leave_out(update: Update, context: Context) -> None:
    """So many percent do not get it; 0: everybody does."""
    (share,) = arguments(context, 1)
    if share not in {str(each) for each in (0, *SHARES)}:
        raise MalformedButton
    if _is_open(context):
        await _change(context, holdout=int(share))


async def _change(context: Context, **said: object) -> None:
    await context.ask(FLOW, "trial", **said)
    await proceed(context, context.edit)


def _is_open(context: Context) -> bool:
    return desk.is_asked(context, FLOW, "trial") and not is_neutral(context.kept)


async def settle(update: Update, context: Context) -> None:
    """Nothing more is compared than what was chosen."""
    arguments(context, 0)
    if desk.is_asked(context, FLOW, "trial"):
        await proceed(context, context.edit, trial=None)


async def choose_goal(update: Update, context: Context) -> None:
    """What the message is to change."""
    (goal,) = arguments(context, 1)
    if not desk.is_asked(context, FLOW, "goal"):
        return
    if goal not in goals_offered(context):
        raise MalformedButton
    await proceed(context, context.edit, goal=goal)


BUTTONS: dict[str, Handler] = {
    "trial": begin,
    "trial_version": choose_version,
    "trial_holdout": leave_out,
    "trial_done": settle,
    "trial_goal": choose_goal,
}
DIALOGS: dict[str, dict[str, Awaited]] = {}
