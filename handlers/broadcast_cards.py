"""/broadcasts: what was sent and what is to leave, a page at a time; each whole, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from telegram import Update

from bot.actions import broadcast_cards as actions
from bot.actions import broadcast_changes, broadcast_control, broadcast_drafts, doubts
from bot.actions.broadcast_subject import Subject
from bot.delivery.calls import Call
from bot.delivery.progress import template_of
from bot.departure.approving import previews
from bot.rules.broadcast_lists import BroadcastPart
from bot.rules.kinds import Kind
from db.broadcast_accounts import Broadcast
from handlers import broadcast_approvals, broadcasts, desk
from handlers.buttons import arguments, whole_number
from handlers.context import Context
from handlers.following import follow
from handlers.routing import Awaited, Handler, MalformedButton


async def list_broadcasts(update: Update, context: Context) -> None:
    await _list(context, BroadcastPart.ALL, 0, context.say)


async def turn_page(update: Update, context: Context) -> None:
    """Another page, or another part of the list."""
    part, number = arguments(context, 2)
    if part not in tuple(BroadcastPart):
        raise MalformedButton
    await _list(context, BroadcastPart(part), whole_number(number), context.edit)


async def _list(context: Context, part: BroadcastPart, number: int, answer: Callable[..., None]) -> None:
    author = await desk.author(context)
    page = await actions.listed(
        context.tx,
        author,
        part,
        number,
        language=context.language,
        fallback=context.campaign.languages[0],
    )
    doubtful = (
        await doubts.unattended(context.tx, author) if part is BroadcastPart.ALL and not page.number else []
    )
    answer("broadcasts/list", page=page, parts=tuple(BroadcastPart), doubtful=doubtful, counts=author.reader)


async def show_broadcast(update: Update, context: Context) -> None:
    """One of them whole; or, where it waits for this very person, what they decide on."""
    (broadcast,) = arguments(context, 1)
    author, number = await desk.author(context), desk.number(broadcast)
    if await broadcast_approvals.show_if_asked(context, author, number):
        return
    progress = await broadcast_control.followed(context.tx, author, number)
    if progress.broadcast.mends is None:
        card = await actions.card(context.tx, author, number, context.language)
        looks = [_looks(context, card.subject, texts) for texts in card.subject.versions]
        if all(looks):
            context.say("broadcasts/as_it_looks", broadcast=progress.broadcast)
            shown = iter(looks)
            desk.show_versions(context, card.subject.versions, lambda _: next(shown))
            if card.subject.survey is not None:
                desk.show_whole(context, card.subject.survey.form)
        context.say("broadcasts/card", card=card, counts=author.reader)
    await follow(context, number)


def _looks(context: Context, subject: Subject, texts: Mapping[str, str]) -> list[Call]:
    """A version of the message in each language; none where an older version wrote what nothing words any more."""
    try:
        return previews(desk.composer(context.services), subject, texts, context.person, context.now)
    except LookupError:
        return []


async def change(update: Update, context: Context) -> None:
    """The draft again, filled with what it says: its summary, from which everything can be changed."""
    (broadcast,) = arguments(context, 1)
    author = await desk.author(context)
    found = await broadcast_changes.changeable(context.tx, author, desk.number(broadcast))
    await _draft(context, found, **broadcast_drafts.replacing(found, context.zone))


async def duplicate(update: Update, context: Context) -> None:
    """A draft of its own with the same words and people; only the hour is asked."""
    (broadcast,) = arguments(context, 1)
    found = await broadcast_drafts.duplicable(context.tx, await desk.author(context), desk.number(broadcast))
    await _draft(context, found)


async def _draft(context: Context, broadcast: Broadcast, **values: Any) -> None:
    data = await broadcast_drafts.draft_of(context.tx, broadcast, await desk.author(context))
    await context.ask_anew(broadcasts.FLOW, "kind", **data, **values)
    await broadcasts.proceed(context, context.say)


async def ask_renew(update: Update, context: Context) -> None:
    """Who would get it if it were sent again now to those for whom it expired."""
    (broadcast,) = arguments(context, 1)
    author, number = await desk.author(context), desk.number(broadcast)
    found = await broadcast_changes.foreseen_again(context.tx, author, number)
    sent = await broadcast_control.controlled(context.tx, author, number)
    neutral = sent.kind == Kind.CIVIC_NEUTRAL
    context.say("broadcasts/renew", number=number, forecast=found, counts=author.reader, neutral=neutral)


async def renew(update: Update, context: Context) -> None:
    """Sends it again to those for whom it expired."""
    (broadcast,) = arguments(context, 1)
    author = await desk.author(context)
    renewed = await broadcast_changes.renew(context.tx, author, desk.number(broadcast))
    progress = await broadcast_control.followed(context.tx, author, renewed.id)
    context.drop_buttons()
    context.say(
        template_of(progress),
        remember=f"progress:{renewed.id}",
        progress=progress,
        counts=author.reader,
    )


BUTTONS: dict[str, Handler] = {
    "broadcasts": turn_page,
    "broadcast": show_broadcast,
    "broadcast_edit": change,
    "broadcast_copy": duplicate,
    "broadcast_renew": ask_renew,
    "broadcast_renew_now": renew,
}
DIALOGS: dict[str, dict[str, Awaited]] = {}
