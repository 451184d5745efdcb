"""“I’d like to host”: a supporter proposes an event, the team lets it take place, and who runs it beside the team.

The questions are those of /new_event (handlers.new_event, `hosting` in its data). The dialog `host_reason` keeps the
event's code while the team writes why it sends a proposal back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from telegram import Update

from bot.actions import event_drafts, helpers, hosts, series
from bot.actions.dialogs import said_in
from bot.actions.hosts import HostRefused, ProposalCard
from bot.departure.composable import Draft
from bot.links import host_link
from bot.rules.expressions import EVERYBODY
from bot.rules.hosting import MOST_REASON
from bot.rules.kinds import Kind
from bot.rules.sending import INVITATION, SERIES, all_at
from db.events import EventInWords
from handlers import audience_dialog, desk
from handlers.buttons import arguments, whole_number, yes_or_no
from handlers.context import Context
from handlers.following import follow
from handlers.new_event_asking import FLOW, draft, is_hosting, proceed
from handlers.registration_dialog import must_sign_up
from handlers.routing import Awaited, Handler, MalformedButton

REASON = "host_reason"
SEEN = "hosts/seen"
"""What a host is told of who sees them, as the ledger keeps it."""


async def begin(update: Update, context: Context) -> None:
    """A supporter begins, or goes on where they left it."""
    arguments(context, 0)
    if await must_sign_up(context):
        return
    author = await desk.author(context)
    author.require_standing()
    if said_in(context.dialog, FLOW) is not None:
        context.say("new_event/resumed")
    else:
        context.say("hosts/begin", hosts=bool(author.hosted))
        await _take_up(context)
    await proceed(context, context.say)


async def _take_up(context: Context, **said: Any) -> None:
    """Opens the questions; whom it is for is not asked: it is those who live near."""
    await context.ask_anew(
        FLOW, "title", **{"hosting": True, "audience": str(EVERYBODY), "chosen": True, **said}
    )


async def again(update: Update, context: Context) -> None:
    """What was sent back, to be changed."""
    (code,) = arguments(context, 1)
    author = await desk.author(context)
    found, repeated = await hosts.sent_back(context.tx, author, code)
    again = {} if repeated is None else {"repeat": repeated[0].value, "ends": {"times": len(repeated[1])}}
    await _take_up(context, again=code, **_said(found), **again)
    await proceed(context, context.say)


def _said(found: EventInWords) -> dict[str, Any]:
    """An event as the answers that made it."""
    event = found.event
    wall = event.starts_at.astimezone(ZoneInfo(event.zone)).replace(tzinfo=None)
    return {
        "titles": {code: text.title for code, text in found.texts.items()},
        "descriptions": {code: text.description for code, text in found.texts.items()},
        "commune": event.commune,
        "place": event.commune,
        "address": event.address,
        "pin": [event.latitude, event.longitude] if event.pinned else [],
        "wall": wall.isoformat(),
        "minutes": int((event.ends_at - event.starts_at).total_seconds()) // 60,
        "seats": [event.capacity] if event.capacity is not None else [],
        "guests": event.guests,
        "overbooking": event.overbooking,
    }


async def send(update: Update, context: Context) -> None:
    """The button under the summary: to the team, or to the people where the host is trusted."""
    arguments(context, 0)
    if not desk.is_asked(context, FLOW, "summary"):
        return
    if not is_hosting(context):
        raise MalformedButton
    made = await hosts.propose(
        context.tx,
        await desk.take_draft(context),
        context.origin,
        draft(context),
        repeats=event_drafts.repeats(context.kept),
        language=context.language,
        text=context.render(SEEN).written,
        again=context.kept.get("again"),
    )
    await context.end_dialog()
    context.drop_buttons()
    if made.broadcast is None:
        context.say("hosts/sent", event=made.event)
        return
    context.say(
        "new_event/announced",
        event=made.event,
        bot=context.services.bot_username,
        awaits_approval=made.awaits_approval,
    )


async def withdraw(update: Update, context: Context) -> None:
    (code,) = arguments(context, 1)
    await hosts.withdraw(context.tx, await desk.author(context), context.origin, code)
    context.edit("hosts/withdrawn")


# -- the team --


async def show_card(update: Update, context: Context) -> None:
    """A proposal, as people would get it, with who proposes it."""
    (code,) = arguments(context, 1)
    try:
        card = await hosts.card(context.tx, await desk.author(context), code)
    except HostRefused as gone:
        context.edit(gone.message, **gone.values)
        return
    await _show_card(context, card)


async def _show_card(context: Context, card: ProposalCard) -> None:
    found, author = card.found, await desk.author(context)
    wording, until = Draft(kind=Kind.EVENT_INVITE.value, template=INVITATION), found.event.starts_at
    if card.series is not None:
        every, dates = card.series
        told = series.as_told(every, [(date.code, date.starts_at) for date in dates])
        wording, until = replace(wording, template=SERIES, series=told), dates[-1].starts_at
    context.replies += desk.previews(
        context, wording, {}, event=found.event, event_texts=found.texts, languages=list(found.texts)
    )
    reached = await audience_dialog.forecast(
        context,
        author,
        kind=Kind.EVENT_INVITE,
        when=all_at(context.now),
        expires_at=until,
        audience=card.reach,
    )
    context.say("hosts/card", event=found.event, host=card.host, forecast=reached, counts=author.reader)


async def approve(update: Update, context: Context) -> None:
    code, said = arguments(context, 2)
    and_trust = yes_or_no(said, yes="trust", no="plain")
    try:
        made = await hosts.approve(context.tx, await desk.author(context), code, and_trust=and_trust)
    except HostRefused as gone:
        context.edit(gone.message, **gone.values)
        return
    context.edit("hosts/approved", event=made.event, trusted=and_trust, awaits_approval=made.awaits_approval)
    assert made.broadcast is not None  # it was announced
    await follow(context, made.broadcast)


async def ask_reason(update: Update, context: Context) -> None:
    (code,) = arguments(context, 1)
    await hosts.card(context.tx, await desk.author(context), code)
    await context.ask_anew(REASON, "reason", code=code)
    context.say("hosts/reason")


async def show_reason(context: Context, answer: Callable[..., None]) -> None:
    """Asks the open question again."""
    answer("hosts/reason")


async def type_reason(update: Update, context: Context) -> None:
    reason, code = desk.typed(context, MOST_REASON), context.kept["code"]
    await context.end_dialog()
    await hosts.send_back(context.tx, await desk.author(context), code, reason)
    context.say("hosts/sent_back")


# -- who runs an event --


async def show_helpers(update: Update, context: Context) -> None:
    (code,) = arguments(context, 1)
    await _show_helpers(context, code, context.edit)


async def _show_helpers(context: Context, code: str, answer: Callable[..., None]) -> None:
    author = await desk.author(context)
    event, listed = await helpers.helpers(context.tx, author, code)
    answer(
        "hosts/helpers",
        event=event,
        helpers=listed,
        of_team=bool(author.roles),
        mine=author.hosted.get(event.id),
    )


async def make_link(update: Update, context: Context) -> None:
    (code,) = arguments(context, 1)
    token = await helpers.invite_helper(context.tx, await desk.author(context), code)
    context.say("hosts/link", link=host_link(context.services.bot_username, token))


async def join(context: Context, token: str) -> None:
    """Somebody opens a link to organize an event together; whoever is no supporter signs up and opens it again."""
    if not context.person.is_registered:
        context.say("hosts/sign_up_first")
        await must_sign_up(context)
        return
    author = await desk.author(context)
    found = await helpers.join(context.tx, author, context.origin, token)
    context.say("hosts/joined", event=found.event, text=desk.event_text(context, found.texts))


async def remove(update: Update, context: Context) -> None:
    code, person = arguments(context, 2)
    await helpers.remove_helper(context.tx, await desk.author(context), code, whole_number(person))
    await _show_helpers(context, code, context.edit)


async def decide_trust(update: Update, context: Context) -> None:
    code, person, said = arguments(context, 3)
    author, number = await desk.author(context), whole_number(person)
    if yes_or_no(said):
        await hosts.give_trust(context.tx, author, code, number)
    else:
        await hosts.end_trust(context.tx, author, code, number)
    await _show_helpers(context, code, context.edit)


BUTTONS: dict[str, Handler] = {
    "host": begin,
    "host_send": send,
    "host_again": again,
    "host_withdraw": withdraw,
    "host_card": show_card,
    "host_approve": approve,
    "host_back": ask_reason,
    "host_team": show_helpers,
    "host_link": make_link,
    "host_remove": remove,
    "host_trust": decide_trust,
}

DIALOGS = {REASON: {"reason": Awaited(text=type_reason)}}
