"""/stats: the numbers of an area, narrowed by buttons; /calendar: what is to be sent in it, and when."""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

from bot.actions import statistics, today
from bot.actions.authority import Author, area_name
from bot.actions.calendar import coming
from bot.rules.permissions import Action
from handlers import areas, buttons, desk
from handlers.context import Context
from handlers.routing import Awaited, Handler

PAGE = 6


async def stats(update: Update, context: Context) -> None:
    """The area one holds; a choice between several."""
    author = await desk.author(context)
    author.require(Action.SEE_STATISTICS)
    held = areas.choices(author, Action.SEE_STATISTICS)
    if len(held) == 1:
        await _show(context, author, held[0][0], context.say)
    else:
        context.say("statistics/areas", areas=held)


async def narrow(update: Update, context: Context) -> None:
    """Another area, inside or around the one shown."""
    (area,) = buttons.arguments(context, 1)
    await _show(context, await desk.author(context), areas.tapped(area), context.edit)


async def _show(context: Context, author: Author, area: str, answer: Callable[..., None]) -> None:
    found = await statistics.overview(context.tx, author, area)
    events = await statistics.events_to_come(context.tx, author, area, context.language)
    answered = await statistics.event_answers(context.tx, author, area, [event.id for event in events])
    names = {
        ballot.number: context.campaign.text(context.campaign.ballot_names[ballot.number], context.language)
        for ballot in context.campaign.ballots
    }
    answer(
        "statistics/overview",
        stats=found,
        events=events,
        answers=answered,
        ballot_names=names,
        counts=author.reader,
    )


async def answers(update: Update, context: Context) -> None:
    """Every answer of an area, by question."""
    (area,) = buttons.arguments(context, 1)
    area = areas.tapped(area)
    author = await desk.author(context)
    questions = await statistics.logged(context.tx, author, area)
    name = area_name(author.gazetteer, area)
    context.edit("statistics/answers", area=area, area_name=name, questions=questions, counts=author.reader)


async def calendar(update: Update, context: Context) -> None:
    """Shows what is next in the area one holds; a choice between several."""
    author = await desk.author(context)
    author.require(Action.SEE_CALENDAR)
    held = areas.choices(author, Action.SEE_CALENDAR)
    if len(held) == 1:
        await _show_calendar(context, author, held[0][0], 0, context.say)
    else:
        context.say("calendar/areas", areas=held)


async def turn_page(update: Update, context: Context) -> None:
    area, page = buttons.arguments(context, 2)
    author = await desk.author(context)
    await _show_calendar(context, author, areas.tapped(area), buttons.whole_number(page), context.edit)


async def _show_calendar(
    context: Context, author: Author, area: str, page: int, answer: Callable[..., None]
) -> None:
    planned = await coming(context.tx, author, area, language=context.language)
    pages = max(1, -(-len(planned) // PAGE))
    page = min(page, pages - 1)
    names = context.campaign.ballot_names
    going = () if page else await today.under_way(context.tx, author, area, context.language)
    answer(
        "calendar/upcoming",
        # What has left for some, or would have, and still waits for others.
        waiting=[line for line in going if author.reader.tells(line.progress.withheld)],
        counts=author.reader,
        area=area,
        area_name=area_name(author.gazetteer, area),
        planned=planned[page * PAGE : (page + 1) * PAGE],
        ballot_names={
            number: context.campaign.text(words, context.language) for number, words in names.items()
        },
        page=page,
        pages=pages,
    )


BUTTONS: dict[str, Handler] = {"stats": narrow, "stats_answers": answers, "calendar": turn_page}
DIALOGS: dict[str, dict[str, Awaited]] = {}
