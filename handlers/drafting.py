"""How every draft of the team asks what is missing of it: an event, a survey, a message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.rules.event_draft import DraftQuestion
from handlers import audience_dialog
from handlers.context import Context


async def ask(
    context: Context,
    answer: Callable[..., None],
    question: DraftQuestion,
    *,
    folder: str,
    summary: Callable[[Context], Awaitable[None]],
    **values: Any,
) -> None:
    """Whom it is for is asked alike in all of them, the `summary` is each one's own, and anything else is the template
    of its step in a `folder`, with `values`.
    """
    if question.step == "audience":
        await audience_dialog.show(context, answer)
    elif question.step == "summary":
        await summary(context)
    else:
        said = {"wanted": question.language, "may_skip": question.may_skip, **values}
        answer(f"{folder}/{question.step}", several=len(context.campaign.languages) > 1, **said)
