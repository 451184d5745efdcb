"""The dialogs in which somebody signs up or moves: which question is open, how it is asked, what is kept.

The dialog `registration` asks the first thing still missing, so that leaving, coming back or a restart of the bot
changes nothing: `contact` (17 or over, and written to), `place` (of one commune only whether one votes there;
`elsewhere` where this vote is not theirs), and for a commune `confirm`, which is the choice about it. `data` holds:
of_age, candidates (commune codes), former (code -> name of a former commune), abroad, city and postcode (what was
typed), territory (of all candidates), country, start, asked (the message that asks: handlers.tidy), here (the
event at whose door they were counted: handlers.check_ins), mark (of the words of the choice that is put).
The dialog `place` asks a supporter who moved where they vote now, with the same questions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.actions import check_ins, people, registration
from bot.actions.authority import area_name
from bot.actions.renewals import question_of
from bot.communes import Commune
from bot.communes.consulates import has_several_hours, homes_in
from bot.links import Link, read_link
from bot.rules.consent import Purpose
from bot.rules.courtesy import CALM
from bot.rules.territories import TERRITORIES
from bot.words.texts import mark_of
from db.events import text_in
from handlers import event_card
from handlers.context import Context

FLOW = "registration"
MOVING = "place"
WRITING = "writing"
"""A message to the team is asked for: see handlers.conversations."""
FIRST = Purpose.CONTACT.value


async def must_sign_up(context: Context, start: str = "") -> bool:
    """Whether the person is no supporter; signing up then begins, or goes on, in place of what they asked for."""
    if context.person.is_registered:
        return False
    await begin(context, start)
    return True


async def begin(context: Context, start: str, answer: Callable[..., None] | None = None) -> None:
    """Starts signing up, or takes it up again where it was left. What staff are writing is not lost by it.

    Raises DataRestricted: whoever restricted the use of their data is told where they stand.
    """
    if is_drafting(context):
        context.say("registration/draft_open")
        return
    people.require_unrestricted(context.person)
    registration.require_open(context.campaign, context.now)
    step = context.step if context.is_in(FLOW) else FIRST
    event, friend = read_link(start)
    # Before the first consent nothing is kept of whose link it was: the button that consents carries it.
    if friend and step != FIRST:
        await registration.brought_by(context.tx, context.person, friend)
    await context.ask(FLOW, step, **({"start": Link(event=event).payload} if event else {}))
    await show_step(context, answer or context.say, friend=friend)


def is_drafting(context: Context) -> bool:
    """Whether staff are in the middle of another dialog, which only /cancel ends. Whoever writes to the team is not."""
    return context.dialog is not None and context.dialog.flow not in (FLOW, MOVING, WRITING)


def asks_place(context: Context) -> bool:
    """Whether the place is being asked: of a supporter who moved, or while signing up, once the rest was said."""
    if context.is_in(FLOW):
        return context.step != FIRST
    return context.is_in(MOVING)


async def show_step(context: Context, answer: Callable[..., None], *, friend: str = "") -> None:
    """Asks the question of the current step, as a new message or in place of the last one.

    `friend`: the code of the link by which somebody came who has not consented yet.
    """
    step = context.step
    if step == "confirm" and commune_of(context) is None:
        step = "place"  # no commune any more: the gazetteer of another version has another
        await ask_place(context, step)
    if step == FIRST:
        # What is agreed to speaks of reminders, whatever the day: whoever comes late is told that none follow.
        is_over = context.campaign.next_ballot(context.now) is None
        answer("registration/first", friend=friend, is_over=is_over)
    elif step == "place" and context.campaign.only_commune:
        answer("registration/votes_here", places=places(context))
    elif step == "elsewhere":
        answer("registration/elsewhere", places=places(context), moving=context.is_in(MOVING))
    elif step == "candidates":
        said = {name: context.kept.get(name) for name in ("abroad", "postcode", "territory")}
        answer("registration/candidates", communes=_candidates(context), **said)
    elif step == "territory":
        answer("registration/territory", territories=TERRITORIES)
    elif step == "home":
        country, language = context.kept["country"], context.language
        several = has_several_hours(country, language)
        answer("registration/home", country=country, homes=homes_in(country, language), several=several)
    elif step == "confirm":
        # Whoever types their answer answers these words.
        mark = mark_of(context.render(question_of(Purpose.COMMUNE)).written)
        if context.kept.get("mark") != mark:
            await ask_place(context, step, mark=mark)
        answer("registration/confirm", commune=_as_typed(context, commune_of(context)))
    elif step == "place":
        answer("registration/place", places=places(context))
    else:  # country
        answer(f"registration/{step}")


def places(context: Context) -> list[str]:
    """What the areas are called whose people vote; nothing where everybody does."""
    campaign, gazetteer = context.campaign, context.services.gazetteer
    return [] if campaign.is_everywhere else [area_name(gazetteer, area) for area in campaign.areas]


def commune_of(context: Context) -> Commune | None:
    """Where the person votes, as the gazetteer knows it."""
    return context.services.gazetteer.by_code(context.person.commune) if context.person.commune else None


def _as_typed(context: Context, commune: Commune | None) -> Commune | None:
    """The commune with the name of the former one that the person typed, if it was one."""
    former = context.kept.get("former") or {}
    return replace(commune, matched_name=former.get(commune.code)) if commune is not None else None


def _candidates(context: Context) -> list[Commune]:
    found = (context.services.gazetteer.by_code(code) for code in context.kept.get("candidates", []))
    return [typed for commune in found if (typed := _as_typed(context, commune)) is not None]


def point_to_question(
    context: Context, command: str = "", *, typed: bool = True, shared: bool = False
) -> None:
    """One line says that the question above is still open; it is not asked again. `command`: one that there is not.

    `typed`, `shared`: whether of what is written something may answer it, and of what is sent.
    """
    places = asks_place(context) and context.step != "territory"
    context.say(
        "general/please_answer",
        signing_up=not is_drafting(context),
        may_type=places,
        typed=typed,
        may_send=shared,
        command=command,
    )


async def ask_place(context: Context, step: str, **data: Any) -> None:
    """Another question about the place, in the dialog that is open."""
    assert context.dialog is not None  # every caller checked, or answers in a dialog
    await context.ask(context.dialog.flow, step, **data)


async def advance(context: Context, answer: Callable[..., None], **data: Any) -> None:
    """Keeps an answer and asks the next question, if members are not asked for it."""
    if not context.campaign.asks_place:
        await registration.vote_with_members(context.tx, context.person, context.campaign)
        await context.refresh()
        await conclude(context, answer)
        return
    await context.ask(FLOW, "place", **{**context.kept, **data})
    await show_step(context, answer)


async def placed(context: Context, answer: Callable[..., None]) -> None:
    """Where one votes is known: a supporter has moved; of whoever signs up a commune is to be confirmed, unless it was
    the only one that was asked about.
    """
    await context.refresh()
    commune = _as_typed(context, commune_of(context))
    if context.is_in(MOVING):
        await context.end_dialog()
        answer("registration/moved", commune=commune, places=places(context))
    elif commune is not None and context.campaign.only_commune is None:
        await context.ask(FLOW, "confirm")
        await show_step(context, answer)
    else:
        await conclude(context, answer)


async def conclude(context: Context, answer: Callable[..., None]) -> None:
    """Everything that had to be asked was: a supporter now, who sees what they came for.

    An event that takes no answer now is told of below the welcome.
    """
    event, user = read_link(context.kept.get("start", "")).event, context.update.effective_user
    open_event = await event_card.find_open(context, event) if event else None
    await registration.register(
        context.tx,
        context.person,
        context.origin,
        context.campaign,
        first_name=user.first_name if user else "",
        language=context.language,
        suppression_key=context.services.suppression_key,
        undisturbed=CALM if open_event is not None else timedelta(0),
    )
    commune, here = _as_typed(context, commune_of(context)), context.kept.get("here")
    await context.end_dialog()
    await context.refresh()
    if here:
        answer("registration/welcome", commune=commune, places=places(context))
        await _check_in(context, here)
        return
    if open_event is not None:
        await event_card.show(context, open_event)
        return
    answer("registration/welcome", commune=commune, places=places(context))
    if event:
        await event_card.show_from_link(context, event)


async def _check_in(context: Context, code: str) -> None:
    """Whoever was counted at an event's door signed up there, and is checked in by it."""
    found = await check_ins.walk_in_joined(context.tx, context.person, context.origin, code, context.door_key)
    if found is not None:
        title = text_in(found.texts, context.language, context.campaign.languages[0]).title
        quiet = context.quiet_about_events is not None
        context.say("check_ins/done", title=title, code=code, again=False, quiet=quiet)


async def out_of_turn(context: Context) -> None:
    """A button of a question already answered: the one that is open takes its place; where none is, a word says so."""
    if context.is_in(FLOW) or context.is_in(MOVING):
        await ask_place(context, context.step)
        await show_step(context, answer=context.edit)
    else:
        context.toast("toasts/already_answered")
