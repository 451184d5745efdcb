"""One's own events: how many come, a change of date, place or words, a cancellation; those who accepted are told.

The dialog `event_edit` keeps the event's code, the sequence that was seen, the field, and the change: `wall` (local
start), `commune`, `address`, `language` and `words`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from telegram import Update

from bot.actions import (
    announcing,
    event_history,
    event_news,
    event_reach,
    events,
    feedback,
    hosts,
    series,
    too_late,
)
from bot.actions.authority import Author
from bot.actions.event_words import MOST_WORDS
from bot.actions.events import EventChange, ManagedEvent
from bot.departure.composable import Draft
from bot.rules.dates import read_moment
from bot.rules.event_draft import ADDRESS_LIMIT, DESCRIPTION_LIMIT, TITLE_LIMIT, starts_at
from bot.rules.events import event_doubts_of
from bot.rules.kinds import Kind
from bot.rules.permissions import Action
from bot.rules.sending import CANCELLATION, CHANGE, INVITATION
from bot.rules.territories import zone as zone_named
from db.events import Event, EventText, text_in
from handlers import audience_dialog, desk
from handlers.buttons import arguments, whole_number
from handlers.context import Context
from handlers.routing import Awaited, Handler, MalformedButton
from handlers.typed_communes import communes_typed

FLOW = "event_edit"
LIMITS = {"title": TITLE_LIMIT, "description": DESCRIPTION_LIMIT, "address": ADDRESS_LIMIT}


async def list_mine(update: Update, context: Context) -> None:
    """The events one organizes; for coordinators those of their areas."""
    author = await desk.author(context)
    page = await events.managed(context.tx, author)
    first = context.campaign.languages[0]
    titles = [(event, text_in(page.texts[event.id], context.language, first).title) for event in page.events]
    context.edit("event_edit/list", events=titles)


async def list_past(update: Update, context: Context) -> None:
    """What is over: its figures stay, also once the answers were erased."""
    (number,) = arguments(context, 1)
    author, page_number = await desk.author(context), whole_number(number)
    page, has_more = await event_history.past(context.tx, author, page_number)
    first = context.campaign.languages[0]
    titles = [(event, text_in(page.texts[event.id], context.language, first).title) for event in page.events]
    context.edit("event_edit/past", events=titles, number=page_number, has_more=has_more)


async def show_mine(update: Update, context: Context) -> None:
    (code,) = arguments(context, 1)
    author = await desk.author(context)
    await _show(context, author, await events.find_managed(context.tx, author, code), context.edit)


async def _show(context: Context, author: Author, found: ManagedEvent, answer: Callable[..., None]) -> None:
    """To whoever organizes it: exact counts, for it is who comes in by the door."""
    commune = context.services.gazetteer.by_code(found.event.commune)
    answer(
        "event_edit/event",
        event=found.event,
        text=desk.event_text(context, found.texts),
        commune=commune,
        answers=found.answers,
        seats=found.seats,
        held=found.held,
        refused=bool(await event_history.refused(context.tx, [found.event])),
        part=None if author.roles else author.hosted.get(found.event.id),
        reason=await hosts.reason_of(context.tx, found.event),
        figures=await feedback.figures_of(context.tx, found),
    )


async def begin_change(update: Update, context: Context) -> None:
    """A field to change: date, place, title or description in a language, or all of it off."""
    code, field, language = arguments(context, 3)
    author = await desk.author(context)
    found = await events.find_open(context.tx, author, code)
    in_a_language = STEPS.get(field) == "words"
    if field not in (*STEPS, "texts", "cancel") or language not in (
        context.campaign.languages if in_a_language else ("-",)
    ):
        raise MalformedButton
    if field in ("texts", "place", "title", "description"):
        await events.require_may_reword(context.tx, author, found.event)
    if field == "texts":
        context.edit("event_edit/texts", event=found.event, offered=context.campaign.languages)
        return
    # An earlier change that was not confirmed is forgotten.
    step = STEPS.get(field, "confirm")
    await context.ask_anew(
        FLOW, step, code=code, sequence=found.event.sequence, field=field, language=language, commune=None
    )
    if field == "cancel":
        await _ask_to_confirm(context, author, found)
    else:
        _ask(context, found)


STEPS = {"date": "date", "place": "place", "title": "words", "description": "words"}


def _ask(context: Context, found: ManagedEvent) -> None:
    field, language = context.kept["field"], context.kept["language"]
    commune = context.services.gazetteer.by_code(found.event.commune)
    context.say("event_edit/ask", field=field, wanted=language, event=found.event, commune=commune)


async def show_step(context: Context, answer: Callable[..., None]) -> None:
    """Asks the open question of a change again."""
    author = await desk.author(context)
    found = await _open(context, author)
    moved = context.services.gazetteer.by_code(context.kept.get("commune") or "")
    if context.step == "reason":
        answer("event_edit/reason")
    elif context.step == "confirm":
        await _ask_to_confirm(context, author, found)
    elif context.step == "commune":
        answer("event_edit/commune")
    elif moved is not None:
        answer("event_edit/address", commune=moved)
    else:
        _ask(context, found)


async def _open(context: Context, author: Author) -> ManagedEvent:
    """The event of the open dialog, if it can still be changed."""
    return await events.find_open(context.tx, author, context.kept["code"])


async def type_date(update: Update, context: Context) -> None:
    assert context.message is not None  # a text handler
    author = await desk.author(context)
    found = await _open(context, author)
    moment = read_moment(
        context.message.text or "", context.vocabulary.dates, now=context.now, zone=found.event.zone
    )
    await _keep(context, author, found, wall=moment.replace(tzinfo=None).isoformat())


async def type_place(update: Update, context: Context) -> None:
    """The new address; another commune is asked for by its button."""
    author = await desk.author(context)
    await _keep(context, author, await _open(context, author), address=desk.typed(context, LIMITS["address"]))


async def ask_commune(update: Update, context: Context) -> None:
    arguments(context, 0)
    if not desk.is_asked(context, FLOW, "place"):
        return
    await context.ask(FLOW, "commune")
    context.edit("event_edit/commune")


async def type_commune(update: Update, context: Context) -> None:
    """Another commune, where one may organize; its address is asked next."""
    assert context.message is not None  # a text handler
    typed = context.message.text or ""
    found = communes_typed(context, typed)
    if found.confident:
        await _settle_commune(context, found.results[0].code, context.say)
    elif found.results:
        context.say("event_edit/communes", communes=found.results)
    else:
        context.say("new_event/commune_unknown", typed=typed[:60])


async def choose_commune(update: Update, context: Context) -> None:
    (code,) = arguments(context, 1)
    if not desk.is_asked(context, FLOW, "commune"):
        return
    await _settle_commune(context, code, context.edit)


async def _settle_commune(context: Context, code: str, answer: Callable[..., None]) -> None:
    commune = context.services.gazetteer.by_code(code)
    if commune is None:
        raise MalformedButton
    author = await desk.author(context)
    author.require(Action.CHANGE_EVENT, commune.code)
    await context.ask(FLOW, "place", commune=commune.code)
    answer("event_edit/address", commune=commune)


async def type_words(update: Update, context: Context) -> None:
    author = await desk.author(context)
    words = desk.typed(context, LIMITS[context.kept["field"]])
    await _keep(context, author, await _open(context, author), words=words)


async def _keep(context: Context, author: Author, found: ManagedEvent, **said: Any) -> None:
    await context.ask(FLOW, "confirm", **said)
    await _ask_to_confirm(context, author, found)


def _change(context: Context, found: ManagedEvent) -> EventChange:
    """The change that the dialog holds."""
    data = context.kept
    commune = context.services.gazetteer.by_code(data["commune"]) if data.get("commune") else None
    zone = commune.zone if commune is not None else found.event.zone
    words: dict[str, EventText] = {}
    if data.get("words"):
        language = data["language"]
        own = text_in(found.texts, language, context.campaign.languages[0])
        words = {language: replace(own, **{data["field"]: data["words"]})}
    return EventChange(
        starts_at=starts_at(data, zone) if data.get("wall") else None,
        commune=commune,
        address=data.get("address"),
        texts=words,
    )


async def _ask_to_confirm(context: Context, author: Author, found: ManagedEvent) -> None:
    """Shows what those who accepted will receive, in each language, and how many they are."""
    cancelling = context.kept["field"] == "cancel"
    change = EventChange() if cancelling else _change(context, found)
    event = replace(found.event, **events.changed(found.event, change))
    reason = context.kept.get("reason") or ""
    rewords = bool(change.texts)
    hidden = found.event.is_hidden
    wording = Draft(kind=Kind.EVENT_INVITE.value, template=INVITATION)
    texts = {**found.texts, **change.texts}
    told = await event_reach.to_be_told(context.tx, author, found.event, None if cancelling else change)
    reach = await audience_dialog.reach(
        context, author, told.target, kind=Kind.EVENT_SERVICE, at=told.at, news=told.news
    )
    held = rewords and await event_news.are_held(context.tx, author, found.event)
    awaits = not hidden and (held or event_news.are_many(author, reach.people))
    if not hidden:
        template = CANCELLATION if cancelling else CHANGE
        brief = awaits and not rewords
        wording = Draft(kind=Kind.EVENT_SERVICE.value, template=template, words=reason, brief=brief)
    if not (hidden and cancelling):
        context.say("event_edit/previews", hidden=hidden)
        context.replies += desk.previews(context, wording, {}, event=event, event_texts=texts)
    silence = None if cancelling else announcing.silence_at(context.campaign, event)
    dates = await series.following(context.tx, found)
    context.say(
        "event_edit/confirm",
        reach=reach,
        # Words that a second person looks at first leave when that person lets them.
        leaves_at=None if awaits and rewords else told.at,
        cancelling=cancelling,
        hidden=hidden,
        others=await series.how_many_others(context.tx, author, found.event),
        reasoned=bool(reason),
        rewords=rewords,
        held=held,
        awaits=awaits and (rewords or bool(reason)),
        counts=author.reader,
        silence=silence,
        **(_doubts(context, event) if change.starts_at is not None else {"doubts": ()}),
        invited=await event_news.invited(context.tx, author, found.event),
        holds_others=cancelling and await event_news.holds_other_dates(context.tx, author, found.event),
        **await _late(context, author, found.event, dates, None if cancelling else change),
        bot=context.services.bot_username,
        code=found.event.code,
        zone=author.person.zone or event.zone,
        place_zone=event.zone,
        following=len(dates),
    )


async def _late(
    context: Context, author: Author, event: Event, dates: Sequence[Event], change: EventChange | None
) -> dict[str, Any]:
    """Whom the invitation would not reach any more were the event alone changed so, and with all that follow."""
    if change is None:
        return {"late": None, "late_with_all": None}
    starts_at = change.starts_at or event.starts_at
    late = await too_late.of_event(context.tx, author, event, starts_at)
    if late is None or change.starts_at is None or len(dates) < 2:
        return {"late": late, "late_with_all": None}
    moved = series.moved_with(event, dates, change)
    return {
        "late": late,
        "late_with_all": await too_late.of_event(context.tx, author, event, starts_at, moved),
    }


def _doubts(context: Context, event: Event) -> dict[str, Any]:
    """What is unusual of its new time: whoever confirms it has read it."""
    zone = zone_named(event.zone)
    last, lasts = event.starts_at.astimezone(zone).date(), event.ends_at - event.starts_at
    votes = [ballot.day for ballot in context.campaign.ballots]
    doubts = event_doubts_of(event.starts_at, lasts, last, context.now, votes, zone)
    return {
        "doubts": [each.value for each in doubts],
        "starts_at": event.starts_at,
        "ends_at": event.ends_at,
        "last": last,
        "last_vote": max(votes, default=None),
        "minutes": int(lasts.total_seconds()) // 60,
    }


async def ask_reason(update: Update, context: Context) -> None:
    """Why it moves or does not take place, for those who are told."""
    arguments(context, 0)
    if desk.is_asked(context, FLOW, "confirm"):
        await context.ask(FLOW, "reason")
        context.say("event_edit/reason")


async def type_reason(update: Update, context: Context) -> None:
    author = await desk.author(context)
    reason = desk.typed(context, MOST_WORDS)
    await _keep(context, author, await _open(context, author), reason=reason)


async def confirm(update: Update, context: Context) -> None:
    """Done, or left as it was."""
    (said,) = arguments(context, 1)
    if not desk.is_asked(context, FLOW, "confirm"):
        return
    if said not in ("yes", "all", "no"):
        raise MalformedButton
    data = context.kept
    author = await desk.author(context)
    if said == "no":
        await context.end_dialog()
        context.edit("event_edit/left")
        return
    code, found, reason = data["code"], await _open(context, author), data.get("reason") or ""
    late = None
    if data["field"] == "cancel":
        cancel = series.cancel_following if said == "all" else events.cancel_event
        told = await cancel(context.tx, author, code, reason=reason)
    else:
        change = _change(context, found)
        change_it = series.change_following if said == "all" else events.change_event
        told = await change_it(context.tx, author, code, change, sequence=data["sequence"], reason=reason)
        starts_at = change.starts_at or found.event.starts_at
        late = await too_late.of_event(context.tx, author, found.event, starts_at)
    await context.end_dialog()
    cancelled = data["field"] == "cancel"
    zone = author.person.zone or found.event.zone
    context.edit(
        "event_edit/done",
        told=told,
        cancelled=cancelled,
        held=found.held,
        others=await series.how_many_others(context.tx, author, found.event),
        invited=await event_news.invited(context.tx, author, found.event),
        late=late,
        bot=context.services.bot_username,
        code=code,
        counts=author.reader,
        zone=zone,
    )


BUTTONS: dict[str, Handler] = {
    "my_events": list_mine,
    "past_events": list_past,
    "my_event": show_mine,
    "event_change": begin_change,
    "event_place": ask_commune,
    "event_move": choose_commune,
    "event_reason": ask_reason,
    "event_confirm": confirm,
}

DIALOGS = {
    FLOW: {
        "date": Awaited(text=type_date),
        "place": Awaited(text=type_place),
        "commune": Awaited(text=type_commune),
        "words": Awaited(text=type_words),
        "confirm": Awaited(),
        "reason": Awaited(text=type_reason),
    }
}
