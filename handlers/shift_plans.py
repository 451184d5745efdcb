"""The shifts of one's own event: added, changed, called off.

The dialog `shift_plan` keeps `code` (of the event) or `shift` (its number, where one is changed), and what was said:
`role`, `hours` (two ISO 8601 instants).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from telegram import Update

from bot.actions import events, shift_plans
from bot.actions.authority import Author
from bot.actions.events import ManagedEvent
from bot.actions.shift_plans import PlannedShift
from bot.rules.shifts import LONGEST_ROLE, ROLES, placed, read_places, require_sound
from handlers import desk
from handlers.buttons import arguments
from handlers.context import Context
from handlers.routing import Awaited, Handler, MalformedButton

FLOW = "shift_plan"


CHANGES = {"plan_hours": "hours", "plan_task": "role", "plan_places": "places"}
"""What is asked by each button that changes a shift."""


async def show_all(update: Update, context: Context) -> None:
    (code,) = arguments(context, 1)
    await _show_all(context, await desk.author(context), code, context.edit)


async def _show_all(context: Context, author: Author, code: str, answer: Callable[..., None]) -> None:
    found, planned = await shift_plans.planned(context.tx, author, code)
    text = desk.event_text(context, found.texts)
    answer("shift_plans/list", event=found.event, text=text, shifts=planned)


async def show(update: Update, context: Context) -> None:
    (shift,) = arguments(context, 1)
    author = await desk.author(context)
    _show(context, await shift_plans.shift(context.tx, author, desk.number(shift)), context.edit)


def _show(context: Context, planned: PlannedShift, answer: Callable[..., None]) -> None:
    answer(
        "shift_plans/shift",
        event=planned.found.event,
        text=desk.event_text(context, planned.found.texts),
        shift=planned.filled.shift,
        seats=planned.filled.seats,
        helpers=planned.helpers,
    )


async def begin(update: Update, context: Context) -> None:
    """A shift more: what there is to do is asked first."""
    (code,) = arguments(context, 1)
    author = await desk.author(context)
    await events.find_open(context.tx, author, code)
    await context.ask_anew(FLOW, "role", code=code)
    context.say("shift_plans/role", roles=ROLES)


async def begin_change(update: Update, context: Context) -> None:
    """Other hours, something else to do, or more or fewer places."""
    (shift,) = arguments(context, 1)
    author = await desk.author(context)
    planned = await shift_plans.shift(context.tx, author, desk.number(shift))
    await context.end_dialog()
    await context.ask(
        FLOW, CHANGES[context.action], shift=planned.filled.shift.id, code=planned.found.event.code
    )
    _ask(context, planned.found, context.say)


def _ask(context: Context, found: ManagedEvent, answer: Callable[..., None]) -> None:
    hours = [datetime.fromisoformat(each) for each in context.kept.get("hours") or ()]
    answer(f"shift_plans/{context.step}", event=found.event, roles=ROLES, hours=hours)


async def show_step(context: Context, answer: Callable[..., None]) -> None:
    """Asks the open question again."""
    author = await desk.author(context)
    _ask(context, await events.find_managed(context.tx, author, context.kept["code"]), answer)


async def choose_role(update: Update, context: Context) -> None:
    (role,) = arguments(context, 1)
    if role not in ROLES:
        raise MalformedButton
    if desk.is_asked(context, FLOW, "role"):
        await _keep_role(context, role, context.edit)


async def type_role(update: Update, context: Context) -> None:
    await _keep_role(context, desk.typed(context, LONGEST_ROLE), context.say)


async def _keep_role(context: Context, role: str, answer: Callable[..., None]) -> None:
    author = await desk.author(context)
    found = await events.find_open(context.tx, author, context.kept["code"])
    if "shift" in context.kept:
        told = await shift_plans.change_role(context.tx, author, context.kept["shift"], role=role)
        await context.end_dialog()
        answer("shift_plans/told", event=found.event, told=told)
        return
    await context.ask(FLOW, "hours", role=role)
    _ask(context, found, answer)


async def type_hours(update: Update, context: Context) -> None:
    assert context.message is not None  # a text handler
    author = await desk.author(context)
    found = await events.find_open(context.tx, author, context.kept["code"])
    event, typed = found.event, context.message.text or ""
    if "shift" in context.kept:
        own = (await shift_plans.shift(context.tx, author, context.kept["shift"])).filled.shift
        starts_at, ends_at = placed(typed, around=(own.starts_at, own.ends_at), zone_name=event.zone)
        told = await shift_plans.change_hours(
            context.tx, author, context.kept["shift"], starts_at=starts_at, ends_at=ends_at
        )
        await context.end_dialog()
        context.say("shift_plans/told", event=event, told=told)
        return
    around = event.starts_at, event.ends_at
    starts_at, ends_at = placed(typed, around=around, zone_name=event.zone)
    require_sound(starts_at, ends_at, event=around, now=author.now)
    await context.ask(FLOW, "places", hours=[starts_at.isoformat(), ends_at.isoformat()])
    _ask(context, found, context.say)


async def type_places(update: Update, context: Context) -> None:
    assert context.message is not None  # a text handler
    await _keep_places(context, read_places(context.message.text or ""), context.say)


async def lift_places(update: Update, context: Context) -> None:
    arguments(context, 0)
    if desk.is_asked(context, FLOW, "places"):
        await _keep_places(context, None, context.edit)


async def _keep_places(context: Context, capacity: int | None, answer: Callable[..., None]) -> None:
    author, kept = await desk.author(context), dict(context.kept)
    if "shift" in kept:
        planned = await shift_plans.change_places(context.tx, author, kept["shift"], capacity=capacity)
        await context.end_dialog()
        _show(context, planned, answer)
        return
    starts_at, ends_at = map(datetime.fromisoformat, kept["hours"])
    values: dict[str, Any] = {"role": kept["role"], "starts_at": starts_at, "ends_at": ends_at}
    await shift_plans.add(context.tx, author, kept["code"], capacity=capacity, **values)
    await context.end_dialog()
    await _show_all(context, author, kept["code"], answer)


async def call_off(update: Update, context: Context) -> None:
    """Asked once whether it is meant; then who is concerned is told."""
    shift, said = arguments(context, 2)
    if said not in ("ask", "yes"):
        raise MalformedButton
    author, number = await desk.author(context), desk.number(shift)
    planned = await shift_plans.shift(context.tx, author, number)
    if said == "ask":
        context.edit("shift_plans/off", event=planned.found.event, shift=planned.filled.shift)
        return
    told = await shift_plans.call_off(context.tx, author, number)
    context.edit("shift_plans/told", event=planned.found.event, told=told)


BUTTONS: dict[str, Handler] = {
    "plan_shifts": show_all,
    "plan_shift": show,
    "plan_add": begin,
    **dict.fromkeys(CHANGES, begin_change),
    "plan_role": choose_role,
    "plan_enough": lift_places,
    "plan_off": call_off,
}

DIALOGS = {
    FLOW: {
        "role": Awaited(text=type_role),
        "hours": Awaited(text=type_hours),
        "places": Awaited(text=type_places),
    }
}
