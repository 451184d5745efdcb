"""/broadcast: a message is written, previewed, counted, confirmed by a typed word, and followed while it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from telegram import Update

from bot.actions import broadcast_changes, broadcast_drafts
from bot.actions import broadcasts as actions
from bot.actions.authority import Author
from bot.actions.broadcasts import STAFF_KINDS
from bot.actions.dialogs import ELSEWHERE, said_in
from bot.actions.forecasts import Forecast
from bot.departure.composable import Draft
from bot.rules.broadcast_draft import (
    NOW,
    STEPS,
    experiment_of,
    is_compared,
    is_neutral,
    next_question,
    others_of,
    sending_time,
    texts_of,
    time_doubts,
)
from bot.rules.dates import is_now, read_moment
from bot.rules.effects import prospect
from bot.rules.event_draft import DraftQuestion
from bot.rules.experiments import SHARES, Outcome
from bot.rules.kinds import Kind
from bot.rules.neutrality import REMINDER
from bot.rules.permissions import Action
from bot.rules.placeholders import allowed_placeholders
from bot.words.staff_texts import check_staff_text
from handlers import (
    audience_dialog,
    audience_screens,
    broadcast_so_far,
    desk,
    drafting,
    new_survey,
    text_lengths,
)
from handlers.buttons import arguments
from handlers.context import Context
from handlers.following import follow
from handlers.routing import Awaited, Handler, MalformedButton

FLOW = broadcast_drafts.FLOW


async def begin(update: Update, context: Context) -> None:
    """Starts, or takes up again where it was left."""
    await desk.begin_draft(
        context, FLOW, allowed=Action.BROADCAST, first="kind", resumed="broadcasts/resumed"
    )
    await proceed(context, context.say)


async def begin_to(context: Context, audience: str) -> None:
    """Starts a message to somebody in particular: that is shown, and can be changed, when whom it is for is asked."""
    await desk.begin_draft(
        context, FLOW, allowed=Action.BROADCAST, first="kind", resumed="broadcasts/resumed"
    )
    whom = {**audience_dialog.FORGOTTEN, "audience": audience}
    await proceed(context, context.say, chosen=None, **whom)


async def begin_with(context: Context, audience: Mapping[str, Any], texts: Mapping[str, str]) -> None:
    """A message that says something already, for an audience that is shown and can be changed; where another one is
    being written, that is taken up instead.
    """
    is_writing = said_in(context.dialog, FLOW) is not None
    await desk.begin_draft(
        context, FLOW, allowed=Action.BROADCAST, first="kind", resumed="broadcasts/resumed"
    )
    if is_writing:
        await proceed(context, context.say)
        return
    whom = {**audience_dialog.FORGOTTEN, "audience": dict(audience)}
    await proceed(context, context.say, kind=Kind.PERSUASION, texts=dict(texts), photo="", **whom)


def _question(context: Context) -> DraftQuestion:
    return next_question(context.kept, context.campaign.languages)


async def proceed(context: Context, answer: Callable[..., None], **said: Any) -> None:
    """Keeps what was said and asks the next thing: the goal anew where it can be none at the hour that was chosen."""
    goal = {**context.kept, **said}.get("goal")
    if goal and goal not in broadcast_so_far.goals_offered(context, **said):
        said = {**said, "goal": None}
    question = next_question({**context.kept, **said}, context.campaign.languages)
    await context.ask(FLOW, question.step, **said)
    await show_step(context, answer)


async def take_up(update: Update, context: Context) -> None:
    """It was written on at the desk: what is asked now, or all of it, is shown before anything typed here counts."""
    context.say("broadcasts/resumed")
    await proceed(context, context.say)


async def take_photo(update: Update, context: Context) -> None:
    """A photo for what was written at the desk."""
    if context.kept.get("kind") and not is_neutral(context.kept):
        await add_photo(update, context)
    else:
        await take_up(update, context)


async def show_step(context: Context, answer: Callable[..., None]) -> None:
    question = _question(context)
    folder = "experiments" if question.step in ("trial", "goal") else "broadcasts"
    values = _values(context, question)
    await drafting.ask(context, answer, question, folder=folder, summary=_show_summary, **values)


def _values(context: Context, question: DraftQuestion) -> dict[str, Any]:
    """What a step is asked with."""
    so_far = broadcast_so_far
    match question.step:
        case "text":
            return {
                "variant": question.variant,
                "placeholders": allowed_placeholders(about_event=False),
            }
        case "kind":
            return {"kinds": STAFF_KINDS}
        case "trial":
            return {**so_far.compared(context), "shares": SHARES}
        case "goal":
            goals = so_far.goals_offered(context)
            return {"goals": goals, "votes_to_come": Outcome.VOTED in goals}
        case "fields":
            return {"offered": so_far.fields_offered(context), "shown": so_far.fields_shown(context)}
        case _:
            return {"wall": context.kept.get("wall"), "compared": is_compared(context.kept)}


async def choose_kind(update: Update, context: Context) -> None:
    """What kind of message it is; a question is a survey, which people can answer."""
    (kind,) = arguments(context, 1)
    if kind not in (*STAFF_KINDS, Kind.POLL):
        raise MalformedButton
    if desk.is_asked(context, FLOW, "kind"):
        if kind == Kind.POLL:
            await new_survey.open_new(context, context.edit)
            return
        if kind == Kind.CIVIC_NEUTRAL:
            actions.require_vote_to_come(context.campaign, context.now)
        await proceed(context, context.edit, kind=kind)


# -- what a neutral reminder shows: the program words it --


async def choose_field(update: Update, context: Context) -> None:
    """Shows a practical field, or leaves it out; `done` settles it."""
    (field,) = arguments(context, 1)
    if field not in (*broadcast_so_far.fields_offered(context), "done"):
        raise MalformedButton
    if not desk.is_asked(context, FLOW, "fields"):
        return
    shown = broadcast_so_far.fields_shown(context)
    if field == "done":
        await proceed(context, context.edit, fields=shown)
        return
    chosen = [each for each in shown if each != field] if field in shown else [*shown, field]
    await proceed(context, context.edit, shown=chosen)


# -- what it says --


async def type_text(update: Update, context: Context) -> None:
    """A text in one language."""
    question, html = _question(context), desk.formatted(context)
    check_staff_text(html)
    assert question.language is not None  # this step is asked for a language
    wording = broadcast_so_far.wording(context, context.kept.get("photo") or None)
    text_lengths.require_fit(context, wording, {question.language: html})
    await proceed(context, context.say, **broadcast_so_far.with_text(context, question, html))


async def add_photo_with_text(update: Update, context: Context) -> None:
    """A photo that comes in the place of a text: its caption is the text, if it has one."""
    assert context.message is not None  # a photo handler
    photo, question = context.message.photo[-1].file_id, _question(context)
    assert question.language is not None  # this step is asked for a language
    if not context.message.caption:
        broadcast_so_far.require_fit_with(context, photo)
        await proceed(context, context.say, photo=photo)
        return
    html = desk.formatted_caption(context)
    check_staff_text(html)
    broadcast_so_far.require_fit_with(context, photo)
    text_lengths.require_fit(context, broadcast_so_far.wording(context, photo), {question.language: html})
    await proceed(context, context.say, photo=photo, **broadcast_so_far.with_text(context, question, html))


async def skip(update: Update, context: Context) -> None:
    """A text in one language, or the photo, is left out."""
    step, language = arguments(context, 2)
    if not desk.is_asked(context, FLOW, step):
        return
    question = _question(context)
    if not question.may_skip or language != (question.language or "-"):
        raise MalformedButton
    if step == "photo":
        await proceed(context, context.edit, photo="")
    elif step == "text":
        await proceed(context, context.edit, texts={**(context.kept.get("texts") or {}), language: ""})
    else:
        raise MalformedButton


async def add_photo(update: Update, context: Context) -> None:
    """The photo's largest size, kept by Telegram's own id; with it the text has less room."""
    assert context.message is not None  # a photo handler
    photo = context.message.photo[-1].file_id
    broadcast_so_far.require_fit_with(context, photo)
    await proceed(context, context.say, photo=photo)


# -- to whom and when --


async def settle_audience(update: Update, context: Context) -> None:
    arguments(context, 0)
    if desk.is_asked(context, FLOW, "audience") and not await audience_screens.asks_again(context):
        await proceed(context, context.edit, chosen=True)


async def send_now(update: Update, context: Context) -> None:
    arguments(context, 0)
    if desk.is_asked(context, FLOW, "when"):
        context.drop_buttons()
        await proceed(context, context.say, wall=NOW)


async def type_time(update: Update, context: Context) -> None:
    """A time to come, in the organizer's own zone for now."""
    assert context.message is not None  # a text handler
    typed, words = context.message.text or "", context.vocabulary.dates
    if is_now(typed, words):
        await proceed(context, context.say, wall=NOW)
        return
    moment = read_moment(typed, words, now=context.now, zone=context.zone)
    await proceed(context, context.say, wall=moment.replace(tzinfo=None).isoformat())


async def choose_whose(update: Update, context: Context) -> None:
    """Whether the time is each person's own or the organizer's."""
    (whose,) = arguments(context, 1)
    if whose not in ("each", "mine"):
        raise MalformedButton
    if desk.is_asked(context, FLOW, "whose"):
        context.drop_buttons()
        await proceed(context, context.say, whose=whose)


# -- the end --


async def _show_summary(context: Context) -> None:
    """The message in each language, then what it will do."""
    author = await desk.author(context)
    context.say("broadcasts/previews")
    desk.show_versions(
        context,
        (texts_of(context.kept), *others_of(context.kept)),
        lambda texts: desk.previews(context, _draft(context), texts),
    )
    context.say("broadcasts/summary", **await _summary(context, author))


def _draft(context: Context) -> Draft:
    """The message as it is so far, for its preview."""
    data = context.kept
    if not is_neutral(data):
        return Draft(kind=data["kind"], photo=data["photo"] or None)
    due = sending_time(data, now=context.now, zone=context.zone).at
    ballot = actions.require_vote_to_come(context.campaign, max(due, context.now))
    return Draft(kind=data["kind"], template=REMINDER, fields=data["fields"], ballot=ballot.number)


async def _summary(context: Context, author: Author) -> dict[str, Any]:
    data = context.kept
    kind, texts = Kind(data["kind"]), texts_of(context.kept)
    when = sending_time(data, now=context.now, zone=context.zone)
    audience = audience_dialog.audience_of(context)
    experiment = experiment_of(data)
    editing = data.get("editing")
    votes = [ballot.day for ballot in context.campaign.ballots]
    forecast = await audience_dialog.forecast(context, author, kind=kind, when=when, editing=editing)
    return {
        "kind": kind,
        "is_neutral": is_neutral(data),
        "missing": [
            code for code in context.campaign.languages if code not in texts and not is_neutral(data)
        ],
        "audience": await audience_dialog.view(context, audience),
        "forecast": forecast,
        "knowing": bool(data.get("knowing")),
        "fallback": next((code for code in context.campaign.languages if code in texts), None),
        "when": when,
        "is_now": data["wall"] == NOW,
        "is_past": when.is_past(context.now),
        "doubts": [each.value for each in time_doubts(data, votes, now=context.now, zone=context.zone)],
        "leaves_at": when.at,
        "last_vote": max(votes, default=None),
        "editing": editing,
        "experiment": experiment,
        "prospect": experiment and prospect(experiment, author.reader.at_least(forecast.people)),
        "counts": author.reader,
    }


async def send_better(update: Update, context: Context) -> None:
    """Where nobody would get it now: at the time at which people do, or all the same."""

    async def expected(author: Author) -> Forecast:
        when = sending_time(context.kept, now=context.now, zone=context.zone)
        kind, editing = Kind(context.kept["kind"]), context.kept.get("editing")
        return await audience_dialog.forecast(context, author, kind=kind, when=when, editing=editing)

    await audience_dialog.send_better(
        context, FLOW, proceed, expected, lambda local: {"wall": local, "whose": "mine"}
    )


async def change_field(update: Update, context: Context) -> None:
    """Back from the summary to one of the fields."""
    (field,) = arguments(context, 1)
    if field not in STEPS:
        raise MalformedButton
    if desk.is_asked(context, FLOW, "summary"):
        context.drop_buttons()
        await proceed(context, context.say, **STEPS[field])


async def confirm(update: Update, context: Context) -> None:
    """The word typed under the summary sends; any other is asked again."""
    if not desk.is_to_be_sent(context):
        return
    data = context.kept
    author = await desk.author(context)
    new = broadcast_drafts.written(
        data, key=f"staff:{context.update.update_id}", now=context.now, zone=context.zone
    )
    number = data.get("editing")
    expected = None
    if not new.knowing:
        expected = await audience_dialog.forecast(
            context, author, kind=new.kind, when=new.when, editing=number
        )
    author = await desk.take_draft(context)
    if number is None:
        number = (await actions.send(context.tx, author, new, expected=expected)).broadcast
    else:
        await broadcast_changes.change(context.tx, author, number, new, expected=expected)
    await context.end_dialog()
    await follow(context, number)


BUTTONS: dict[str, Handler] = {
    "broadcast_kind": choose_kind,
    "broadcast_field": choose_field,
    "broadcast_skip": skip,
    "broadcast_audience": settle_audience,
    "broadcast_now": send_now,
    "broadcast_whose": choose_whose,
    "broadcast_back": change_field,
    "broadcast_better": send_better,
    **audience_screens.BUTTONS,
}

DIALOGS = {
    FLOW: {
        "kind": Awaited(),
        "fields": Awaited(),
        "text": Awaited(text=type_text, photo=add_photo_with_text),
        "photo": Awaited(photo=add_photo),
        "when": Awaited(text=type_time),
        "whose": Awaited(),
        "trial": Awaited(),
        "goal": Awaited(),
        "summary": Awaited(text=confirm),
        ELSEWHERE: Awaited(text=take_up, photo=take_photo, anything=take_up),
        **audience_screens.AWAITED,
    }
}
