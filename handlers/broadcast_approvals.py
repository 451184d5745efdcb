"""What waits for a second person: it is read as it will arrive, and let go or refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from telegram import Update

from bot.actions import approval_forecasts
from bot.actions import broadcast_approvals as actions
from bot.actions.authority import Author
from bot.actions.broadcast_approvals import MOST_REASON
from bot.actions.forecasts import Forecast
from bot.departure.approving import previews, read_card
from bot.words.texts import Text
from handlers import buttons, desk
from handlers.context import Context
from handlers.routing import Awaited, Handler, MalformedButton

FLOW = "send_back"


async def read(update: Update, context: Context) -> None:
    """The message itself, in each language, below the one that asks."""
    (number,) = buttons.arguments(context, 1)
    author, approval = await desk.author(context), desk.number(number)
    if not await _is_over(context, author, approval):
        context.show(await _shown(context, author, approval))


async def decide(update: Update, context: Context) -> None:
    """In the transaction that lets it go; who comes second is told what the first one said. Where nobody would get it,
    that is told first.
    """
    number, word = buttons.arguments(context, 2)
    if word not in (
        actions.ApprovalDecision.YES,
        actions.ApprovalDecision.ANYWAY,
        actions.ApprovalDecision.NO,
    ):
        raise MalformedButton
    await _decide(context, number, actions.ApprovalDecision(word))


async def put_off(update: Update, context: Context) -> None:
    """Lets it go in its transaction, to leave at the hour that the button shows."""
    number, seconds = buttons.arguments(context, 2)
    await _decide(
        context, number, actions.ApprovalDecision.LATER, at=datetime.fromtimestamp(desk.number(seconds), UTC)
    )


async def _decide(
    context: Context, number: str, said: actions.ApprovalDecision, *, at: datetime | None = None
) -> None:
    author, approval = await desk.author(context), desk.number(number)
    if await _is_over(context, author, approval):
        return
    expected = await _expected(context, author, approval)
    try:
        decided = await actions.decide(context.tx, author, approval, said, at=at, expected=expected)
    except actions.LookAgain:
        shown = await actions.shown_to(context.tx, author, approval, context.language, expected=expected)
        composer = desk.composer(context.services)
        context.show(read_card(composer, context.services.texts, shown, context.person))
        return
    context.edit("broadcasts/decided", approval=decided, mine=True)


async def _expected(context: Context, author: Author, approval: int) -> Forecast | None:
    """Who gets it if it leaves now, found out before the one writer is taken."""
    return await context.readings.get(
        repr(("approval", approval, author.reader)),
        lambda rolls: approval_forecasts.foreseen_now(rolls, author, approval),
    )


async def ask_why(update: Update, context: Context) -> None:
    """What is to be changed is typed, and goes back to whoever wrote it."""
    (number,) = buttons.arguments(context, 1)
    author, approval = await desk.author(context), desk.number(number)
    if await _is_over(context, author, approval):
        return
    shown = await actions.shown_to(context.tx, author, approval, context.language)
    await context.ask(FLOW, "reason", approval=approval, broadcast=shown.subject.broadcast.id)
    await show_step(context, context.say)


async def show_step(context: Context, answer: Callable[..., None]) -> None:
    answer("broadcasts/send_back", number=context.kept["broadcast"])


async def send_back(update: Update, context: Context) -> None:
    """Refused, with the reason in the reviewer's own words."""
    reason = desk.typed(context, MOST_REASON)
    author, approval = await desk.author(context), context.kept["approval"]
    decided = await actions.decided(context.tx, author, approval)
    is_mine = decided is None
    if decided is None:
        decided = await actions.decide(
            context.tx, author, approval, actions.ApprovalDecision.NO, reason=reason
        )
    await context.end_dialog()
    context.say("broadcasts/decided", approval=decided, mine=is_mine)


async def _is_over(context: Context, author: Author, approval: int) -> bool:
    """Whether there is nothing left to decide; then that was said in place of the buttons."""
    decided = await actions.decided(context.tx, author, approval)
    if decided is not None:
        context.edit("broadcasts/decided", approval=decided, mine=False)
    return decided is not None


async def show_if_asked(context: Context, author: Author, broadcast: int) -> bool:
    """Shows a broadcast, and asks, where it waits for this very person."""
    approval = await actions.open_for(context.tx, author, broadcast)
    if approval is not None:
        text = await _shown(context, author, approval)
        context.replies.append(context.composed(text))
    return approval is not None


async def _shown(context: Context, author: Author, approval: int) -> Text:
    """Shows the message in each language; what asks about it is to stand beside it."""
    composer = desk.composer(context.services)
    expected = await _expected(context, author, approval)
    shown = await actions.shown_to(context.tx, author, approval, context.language, expected=expected)
    context.say("broadcasts/previews")
    desk.show_versions(
        context,
        shown.subject.versions,
        lambda texts: previews(composer, shown.subject, texts, context.person, context.now),
    )
    if shown.subject.survey is not None:
        desk.show_whole(context, shown.subject.survey.form)
    return read_card(composer, context.services.texts, shown, context.person)


BUTTONS: dict[str, Handler] = {
    "broadcast_read": read,
    "broadcast_decide": decide,
    "broadcast_put_off": put_off,
    "broadcast_send_back": ask_why,
}
DIALOGS = {FLOW: {"reason": Awaited(text=send_back)}}
