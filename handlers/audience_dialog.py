"""Choosing whom a message is for: one screen with the conditions so far, where more are tapped or typed.

It serves every dialog of staff that has a step `audience`: the choice is kept in that dialog's data, under
`audience` (`audience_before`: what it was, oldest first; `joining`: how the next condition joins it; `people` and
`people_before`: how many the last two screens told; `unclear`: a name that was typed of which it is open what place it
means), and the screen's last button is that dialog's own. The screens of
single conditions are in handlers.audience_screens.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from bot.actions import audience_typing, audience_words, audiences, told_forecasts
from bot.actions.audience_words import AudienceView
from bot.actions.audiences import EventNews, Reach
from bot.actions.authority import Author, area_name
from bot.actions.forecasts import Forecast, PlannedSending
from bot.rules.areas import EVERYWHERE
from bot.rules.audience_building import Join, add, changed, taken_back
from bot.rules.broadcast_draft import whole_minute
from bot.rules.expressions import Expression, stored
from bot.rules.kinds import Kind
from bot.rules.permissions import Action
from bot.rules.sending import SendingTime, all_at
from bot.rules.small_counts import Headcount
from bot.rules.territories import zone as zone_named
from db.audiences import Target
from handlers import desk
from handlers.buttons import arguments
from handlers.context import Context
from handlers.routing import MalformedButton

STEP = "audience"
DONE = {"new_event": "event_audience", "broadcast": "broadcast_audience", "survey": "survey_audience"}
"""The button that ends the choice, by dialog."""
FORGOTTEN = {"audience": None, "audience_before": None, "joining": None, "people": None, "unclear": None}
"""What a dialog keeps of the choice, as if nothing had been chosen."""
COUNTED = ("known", "others", "about")


def audience_of(context: Context) -> Expression:
    """The audience of the open dialog; everybody until something was chosen."""
    return stored(context.kept.get("audience") if context.dialog is not None else None)


def is_open(context: Context) -> bool:
    """Whether somebody is choosing; if not, it says so."""
    if context.dialog is not None and context.dialog.flow in DONE and context.dialog.step == STEP:
        return True
    context.toast("toasts/already_answered")
    return False


async def view(context: Context, audience: Expression) -> AudienceView:
    """An audience in names."""
    return await audience_words.view(
        context.tx,
        audience,
        context.services.gazetteer,
        language=context.language,
        fallback=context.campaign.languages[0],
    )


async def target(context: Context, author: Author, audience: Expression) -> Target:
    """The audience as far as its author may reach."""
    return await audiences.target_of(context.tx, author, audience, author.areas(Action.BROADCAST))


async def reach(
    context: Context,
    author: Author,
    whom: Target,
    *,
    kind: Kind,
    at: datetime | None = None,
    news: EventNews | None = None,
) -> Reach:
    """How many people they are, and whom of them the law silences now, or `at` a later instant."""
    when = all_at(at or context.now)
    campaign, reader = context.campaign, author.reader
    return await context.readings.get(
        repr(("reach", whom.expression, kind, when, reader, news)),
        lambda rolls: audiences.reach_now(
            rolls, whom, kind=kind, when=when, campaign=campaign, reader=reader, news=news
        ),
    )


async def send_better(
    context: Context,
    flow: str,
    proceed: Callable[..., Awaitable[None]],
    expected: Callable[[Author], Awaitable[Forecast]],
    at: Callable[[str], Mapping[str, Any]],
) -> None:
    """Where nobody would get it now: at the time at which people do, which `at` gives to the draft, or all the same
    (`anyway`).
    """
    (choice,) = arguments(context, 1)
    if choice not in ("later", "anyway"):
        raise MalformedButton
    if not desk.is_asked(context, flow, "summary"):
        return
    context.drop_buttons()
    if choice == "anyway":
        await proceed(context, context.say, knowing=True)
        return
    found = await expected(await desk.author(context))
    if found.better is None:
        await proceed(context, context.say)
        return
    local = found.better.astimezone(zone_named(context.zone)).replace(tzinfo=None)
    await proceed(context, context.say, **at(whole_minute(local).isoformat()))


async def forecast(
    context: Context,
    author: Author,
    *,
    kind: Kind,
    when: SendingTime,
    expires_at: datetime | None = None,
    audience: Expression | None = None,
    editing: int | None = None,
) -> Forecast:
    """Who gets it, and when; `audience`: another one than that of the dialog; `editing`: the broadcast whose place it
    takes, which does not wait before it.
    """
    whom = await target(context, author, audience if audience is not None else audience_of(context))
    sending = PlannedSending(kind=kind, when=when, expires_at=expires_at, broadcast=editing)
    campaign, reader, now = context.campaign, author.reader, context.now
    return await context.readings.get(
        repr(("forecast", whom.expression, sending, reader)),
        lambda rolls: told_forecasts.forecast_now(rolls, whom, sending, campaign, reader, now=now),
    )


async def show(context: Context, answer: Callable[..., None]) -> None:
    """The screen with everything chosen so far, and what the last change changed."""
    assert context.dialog is not None  # called while the dialog is open
    author = await desk.author(context)
    kind = Kind(context.kept.get("kind") or Kind.EVENT_INVITE)
    were = context.kept.get("people_before")
    found = await reach(context, author, await target(context, author, audience_of(context)), kind=kind)
    people = [found.people.known, found.people.others, found.people.about]
    await context.ask(context.dialog.flow, STEP, people=people, people_before=None, unclear=None)
    answer(
        "audience/audience",
        audience=await view(context, audience_of(context)),
        reach=found,
        before=Headcount(**dict(zip(COUNTED, were, strict=False))) if were else None,
        may_take_back=bool(context.kept.get("audience_before")),
        limits=_limits(author),
        counts=author.reader,
        has_saved=bool(await audience_typing.saved_known(context.tx, author)),
        done=DONE[context.dialog.flow],
    )


def _limits(author: Author) -> list[str]:
    """The names of the areas that staff are limited to; none for those who may write to everybody."""
    areas = author.areas(Action.BROADCAST)
    return [] if EVERYWHERE in areas else [area_name(author.gazetteer, area) for area in areas]


# -- changing it --


def join_of(context: Context) -> Join:
    """How the next condition joins the others."""
    return Join(context.kept.get("joining") or Join.AND)


async def put(context: Context, chosen: Expression, answer: Callable[..., None]) -> None:
    """Keeps another audience, and what it was before."""
    assert context.dialog is not None  # called while the dialog is open
    await context.ask(
        context.dialog.flow, STEP, **changed(context.kept, chosen), people_before=context.kept.get("people")
    )
    await show(context, answer)


async def choose(context: Context, condition: Expression, answer: Callable[..., None]) -> None:
    """Adds a condition as was asked: and, or, except."""
    await put(context, add(audience_of(context), condition, join_of(context)), answer)


async def join_by(context: Context, join: Join) -> None:
    """How the next condition joins the others."""
    assert context.dialog is not None  # called while the dialog is open
    await context.ask(context.dialog.flow, STEP, joining=join.value)


async def take_back(context: Context) -> None:
    """As it was before the last change; what was taken back already is shown once more."""
    assert context.dialog is not None  # called while the dialog is open
    await context.ask(context.dialog.flow, STEP, **taken_back(context.kept))
    await show(context, context.edit)
