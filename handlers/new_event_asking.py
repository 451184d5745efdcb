"""The questions of /new_event: the first thing that is still missing is asked next, and the summary last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from telegram import Update

from bot.actions import announcing, event_drafts, hosts
from bot.actions.announcing import NewEvent
from bot.actions.authority import Author
from bot.actions.forecasts import Forecast
from bot.communes import Commune
from bot.departure.composable import Draft
from bot.rules.event_draft import (
    DraftQuestion,
    invited_unless_chosen,
    next_question,
    starts_at,
)
from bot.rules.events import UnlikelyTime, event_doubts_of
from bot.rules.kinds import Kind
from bot.rules.seats import MOST_GUESTS, OVERBOOKINGS
from bot.rules.sending import INVITATION, SERIES
from bot.rules.territories import zone as zone_named
from handlers import audience_dialog, desk, drafting
from handlers.context import Context

FLOW = event_drafts.FLOW
DURATIONS = (60, 90, 120, 180)
"""Minutes that are offered; others can be typed."""


def is_hosting(context: Context) -> bool:
    """Whether a supporter writes it, for the team to let it take place: handlers.hosts."""
    return bool(context.kept.get("hosting"))


def question_of(context: Context) -> DraftQuestion:
    return next_question(context.kept, context.campaign.languages)


async def proceed(context: Context, answer: Callable[..., None], **said: Any) -> None:
    """Keeps what was said and asks the next thing."""
    data = {**context.kept, **said}
    question = next_question(data, context.campaign.languages)
    if question.step == "audience" and not data.get("audience"):
        by_commune = context.campaign.chooses_by_commune
        said["audience"] = str(invited_unless_chosen(data["commune"], chooses_by_commune=by_commune))
    await context.ask(FLOW, question.step, **said)
    await show_step(context, answer)


async def take_up(update: Update, context: Context) -> None:
    """It was written on at the desk: what is asked now, or all of it, is shown before anything typed here counts."""
    context.say("new_event/resumed")
    await proceed(context, context.say)


async def show_step(context: Context, answer: Callable[..., None]) -> None:
    question = question_of(context)
    values = _values(context, question)
    await drafting.ask(context, answer, question, folder="new_event", summary=_show_summary, **values)


def _values(context: Context, question: DraftQuestion) -> dict[str, Any]:
    """What a step is asked with."""
    match question.step:
        case "duration":
            return {"durations": DURATIONS}
        case "date":
            return {"commune": commune_of(context)}
        case "repeat":
            return {"first": starts_of(context), "commune": commune_of(context)}
        case "guests":
            return {"most": MOST_GUESTS}
        case "overbooking":
            return {"offered": OVERBOOKINGS}
        case _:
            return {"first": question.language == context.campaign.languages[0]}


def commune_of(context: Context) -> Commune:
    commune = context.services.gazetteer.by_code(context.kept["commune"])
    assert commune is not None  # it came from the gazetteer
    return commune


def starts_of(context: Context) -> datetime:
    return starts_at(context.kept, commune_of(context).zone)


def draft(context: Context) -> NewEvent:
    """Everything that was said, as an event."""
    return event_drafts.written(context.kept, commune_of(context))


async def _show_summary(context: Context) -> None:
    """The invitation in each language, then what it will do."""
    author = await desk.author(context)
    new = draft(context)
    event = announcing.draft_of(new, code="preview", author=author)
    told = event_drafts.as_told(context.kept, commune_of(context).zone)
    template = INVITATION if told is None else SERIES
    wording = Draft(kind=Kind.EVENT_INVITE.value, template=template, series=told)
    context.say("new_event/previews")
    context.replies += desk.previews(context, wording, {}, event=event, event_texts=new.texts)
    silence = announcing.silence_at(context.campaign, event)
    if is_hosting(context):
        trust = await hosts.trust(context.tx, author, event.commune)
        context.say("hosts/summary", event=event, trusted=bool(trust), silence=silence)
        return
    context.say(
        "new_event/summary", silence=silence, place_zone=event.zone, **await _summary(context, author, new)
    )


async def _summary(context: Context, author: Author, new: NewEvent) -> dict[str, Any]:
    return {
        "commune": new.commune,
        "seats": new.seats,
        "address": new.address,
        "starts_at": new.starts_at,
        **_times(context, new),
        "ends_at": new.starts_at + new.duration,
        "missing": [code for code in context.campaign.languages if code not in new.texts],
        "audience": await audience_dialog.view(context, new.audience),
        "forecast": await forecast(context, author),
        "knowing": bool(context.kept.get("knowing")),
        "fallback": next((code for code in context.campaign.languages if code in new.texts), None),
        "counts": author.reader,
    }


def _times(context: Context, new: NewEvent) -> dict[str, Any]:
    """The dates of a series, and what is unusual of the times: whoever types the word has read it."""
    dates, zone = event_drafts.dates(context.kept), zone_named(new.commune.zone)
    last = (dates[-1] if dates else new.starts_at.astimezone(zone)).date()
    votes = [ballot.day for ballot in context.campaign.ballots]
    doubts = event_doubts_of(new.starts_at, new.duration, last, context.now, votes, zone)
    return {
        "dates": dates,
        "doubts": [
            each.value for each in doubts if each is not UnlikelyTime.LONG
        ],  # which was asked about before
        "last": last,
        "last_vote": max(votes, default=None),
        "minutes": int(new.duration.total_seconds()) // 60,
    }


async def forecast(context: Context, author: Author) -> Forecast:
    """Who would get its invitation, if it were announced now."""
    sending = event_drafts.sending(context.kept, commune_of(context), context.now)
    return await audience_dialog.forecast(
        context, author, kind=sending.kind, when=sending.when, expires_at=sending.expires_at
    )
