"""Signing up: who writes and why, four choices, one's age, where one votes, and a look at what was understood.

The dialog `registration` asks the first thing still missing, so that leaving, coming back or a restart of the bot
changes nothing. `data` holds: choices (purpose -> bool), of_age, placed, candidates (commune codes), former (code ->
name of a former commune), abroad, city and postcode (what was typed), country, start.
The dialog `place` asks a supporter who moved where they vote now, with the same questions. What is asked of those
who live abroad is in handlers.abroad.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from telegram import Update

import db.people
from bot.actions import erasure, registration
from bot.communes import Abroad, Commune
from bot.communes.consulates import has_several_hours, homes_in
from bot.rules.communes_query import parse_query, says_abroad
from bot.rules.consent import Purpose
from bot.rules.territories import ABROAD, TERRITORIES
from handlers import events, menu
from handlers.buttons import arguments, one_of, yes_or_no
from handlers.context import Context
from handlers.routing import Awaited, Handler, MalformedButton
from handlers.spoken import yes_or_no_in

FLOW = "registration"
MOVING = "place"
PURPOSES = tuple(Purpose)
SUGGESTIONS = 6


def missing(data: dict[str, Any]) -> str:
    """The first step that still has to be answered."""
    choices = data.get("choices", {})
    for purpose in PURPOSES:
        if purpose not in choices:
            return purpose.value
    if not data.get("of_age"):
        return "age"
    return "confirm" if data.get("placed") else "place"


async def must_sign_up(context: Context, start: str = "") -> bool:
    """Whether the person is no supporter; signing up then begins, or goes on, in place of what they asked for."""
    if context.person.is_registered:
        return False
    await begin(context, start)
    return True


def _is_drafting(context: Context) -> bool:
    """Whether staff are in the middle of another dialog, which only /cancel ends."""
    return context.dialog is not None and context.dialog.flow not in (FLOW, MOVING)


async def begin(context: Context, start: str) -> None:
    """Starts signing up, or takes it up again where it was left. What staff are writing is not lost by it."""
    if _is_drafting(context):
        context.say("registration/draft_open")
        return
    data = dict(context.dialog.data) if context.dialog is not None and context.dialog.flow == FLOW else {}
    if start.startswith("r_"):
        # Kept as a link between two people, which goes when either is erased; no name of another stays in a dialog.
        await registration.brought_by(context.tx, context.person, start.removeprefix("r_"))
        start = ""
    if start or not data:
        data["start"] = start
    await context.ask(FLOW, missing(data), **data)
    await show_step(context, answer=context.say)


async def begin_move(context: Context, answer: Callable[..., None]) -> None:
    """Asks a supporter where they vote now."""
    if _is_drafting(context):
        context.say("registration/draft_open")
        return
    await context.ask(MOVING, "place")
    await show_step(context, answer)


async def show_step(context: Context, answer: Callable[..., None]) -> None:
    """Asks the question of the current step, as a new message or in place of the last one."""
    assert context.dialog is not None  # called while the dialog is open
    step = context.dialog.step
    if step in PURPOSES:
        answer("registration/consent", purpose=step)
    elif step == "candidates":
        said = {name: context.dialog.data.get(name) for name in ("abroad", "postcode")}
        answer("registration/candidates", communes=_candidates(context), **said)
    elif step == "territory":
        answer("registration/territory", territories=TERRITORIES)
    elif step == "home":
        country, language = context.dialog.data["country"], context.language
        several = has_several_hours(country, language)
        answer("registration/home", country=country, homes=homes_in(country, language), several=several)
    elif step == "confirm":
        answer(
            "registration/confirm",
            commune=_as_typed(context, commune_of(context)),
            choices=context.dialog.data["choices"],
        )
    else:  # age, place, country
        answer(f"registration/{step}")


def commune_of(context: Context) -> Commune | None:
    """Where the person votes, as the gazetteer knows it."""
    return context.services.gazetteer.by_code(context.person.commune) if context.person.commune else None


def _as_typed(context: Context, commune: Commune | None) -> Commune | None:
    """The commune with the name of the former one that the person typed, if it was one."""
    assert context.dialog is not None  # called while the dialog is open
    former = context.dialog.data.get("former") or {}
    return replace(commune, matched_name=former.get(commune.code)) if commune is not None else None


def _candidates(context: Context) -> list[Commune]:
    assert context.dialog is not None  # called while the dialog is open
    found = (context.services.gazetteer.by_code(code) for code in context.dialog.data.get("candidates", []))
    return [typed for commune in found if (typed := _as_typed(context, commune)) is not None]


async def advance(context: Context, answer: Callable[..., None], **data: Any) -> None:
    """Keeps an answer and asks the next question."""
    assert context.dialog is not None  # called while the dialog is open
    merged = {**context.dialog.data, **data}
    refreshed = await db.people.get(context.tx, context.person.id)
    context.person = refreshed or context.person
    if context.dialog.flow == MOVING:
        commune = _as_typed(context, commune_of(context))
        await context.end_dialog()
        answer("registration/moved", commune=commune)
        return
    await context.ask(FLOW, missing(merged), **merged)
    await show_step(context, answer)


def is_open(context: Context) -> bool:
    """Whether the person is signing up."""
    return context.dialog is not None and context.dialog.flow == FLOW


def asks_place(context: Context) -> bool:
    """Whether the place is being asked: of a supporter who moved, or while signing up, once the rest was said."""
    if context.dialog is None or context.dialog.flow not in (FLOW, MOVING):
        return False
    return context.dialog.flow == MOVING or missing(context.dialog.data) in ("place", "confirm")


async def choose_language(update: Update, context: Context) -> None:
    """The language button under the first question."""
    (language,) = arguments(context, 1)
    if language not in context.campaign.languages:
        raise MalformedButton
    await registration.choose_language(context.tx, context.person, context.origin, language)
    context.person = await db.people.get(context.tx, context.person.id) or context.person
    if is_open(context):
        await show_step(context, answer=context.edit)
    else:
        await menu.show(context, answer=context.edit)


async def decide_consent(update: Update, context: Context) -> None:
    """One of the four choices. Without the first there is nothing to go on with, nor anything to keep."""
    named, said = arguments(context, 2)
    purpose, given = one_of(Purpose, named), yes_or_no(said)
    if not is_open(context) or context.dialog is None or context.dialog.step != purpose:
        await out_of_turn(context)
        return
    question = context.render("registration/consent", purpose=purpose)
    await registration.decide_consent(
        context.tx,
        context.person,
        context.origin,
        purpose=purpose,
        given=given,
        language=context.language,
        text=question.html,
    )
    if purpose == Purpose.CONTACT and not given:
        await _leave(context, "registration/declined")
        return
    if purpose == Purpose.CONTACT and context.person.language is None:
        await db.people.change(context.tx, context.person.id, language=context.language)
    choices = {**context.dialog.data.get("choices", {}), purpose: given}
    await advance(context, context.edit, choices=choices)


async def declare_age(update: Update, context: Context) -> None:
    (said,) = arguments(context, 1)
    of_age = yes_or_no(said)
    if not is_open(context) or context.dialog is None or context.dialog.step != "age":
        await out_of_turn(context)
        return
    await registration.declare_age(context.tx, context.person, context.origin, of_age=of_age)
    if not of_age:
        await _leave(context, "registration/too_young")
        return
    await advance(context, context.edit, of_age=True)


async def _leave(context: Context, farewell: str) -> None:
    context.edit(farewell)
    await erasure.forget(context.tx, context.person)


async def out_of_turn(context: Context) -> None:
    """A button of a question already answered: say so, and show the one that is open."""
    context.toast("toasts/already_answered")
    if context.dialog is not None and context.dialog.flow in (FLOW, MOVING):
        await show_step(context, answer=context.edit)


# -- where one votes --


async def type_place(update: Update, context: Context) -> None:
    """A name, a postcode, "st etienne", "Paris 15"."""
    assert context.message is not None  # a text handler
    await _put_keyboard_away(context)
    query = parse_query(context.message.text or "")
    found = context.services.gazetteer.search(context.message.text or "", limit=SUGGESTIONS)
    if says_abroad(query.words):
        await ask_place(context, WAYS["abroad"])
        await show_step(context, answer=context.say)
    elif found.confident:
        await ask_place(context, "place", former=_former_names(found.results))
        await _settle(context, found.results[0], context.say)
    elif found.results or found.abroad:
        await _offer(context, found.results, abroad=found.abroad, postcode=query.code)
    else:
        context.say("registration/place_unknown", typed=(context.message.text or "")[:60])


async def _put_keyboard_away(context: Context) -> None:
    """The key that shares the location would stay below the chat of whoever types instead."""
    assert context.dialog is not None  # it asks for the place
    if context.dialog.data.get("sharing"):
        await ask_place(context, context.dialog.step, sharing=False)
        context.call(
            "sendMessage",
            text=context.words("registration/place_typed"),
            reply_markup={"remove_keyboard": True},
        )


async def share_place(update: Update, context: Context) -> None:
    """The location becomes communes to choose from, and is forgotten."""
    assert context.message is not None  # a location handler
    location = context.message.location
    assert location is not None  # the handler's filter
    assert context.dialog is not None  # it asks for the place
    await ask_place(context, context.dialog.step, sharing=False)
    context.call(
        "sendMessage",
        text=context.words("registration/location_forgotten"),
        reply_markup={"remove_keyboard": True},
    )
    near = context.services.gazetteer.nearest(location.latitude, location.longitude, limit=SUGGESTIONS)
    if near:
        await _offer(context, [commune for commune, _ in near])
    else:
        context.say("registration/place_far")


def _former_names(communes: Sequence[Commune]) -> dict[str, str]:
    return {commune.code: commune.matched_name for commune in communes if commune.matched_name}


async def _offer(
    context: Context, communes: Sequence[Commune], abroad: Abroad | None = None, postcode: str | None = None
) -> None:
    await ask_place(
        context,
        "candidates",
        candidates=[commune.code for commune in communes],
        former=_former_names(communes),
        abroad=abroad.country if abroad else None,
        city=abroad.city if abroad else "",
        postcode=postcode,
    )
    await show_step(context, answer=context.say)


async def ask_place(context: Context, step: str, **data: Any) -> None:
    """Another question about the place, in the dialog that is open."""
    assert context.dialog is not None  # every caller checked, or answers in a dialog
    await context.ask(context.dialog.flow, step, **data)


async def _settle(context: Context, commune: Commune, answer: Callable[..., None]) -> None:
    await registration.vote_in_commune(context.tx, context.person, context.origin, commune)
    await advance(context, answer, placed=True)


async def choose_place(update: Update, context: Context) -> None:
    """A commune among those offered."""
    (code,) = arguments(context, 1)
    commune = context.services.gazetteer.by_code(code)
    if commune is None or not asks_place(context):
        await out_of_turn(context)
        return
    await _settle(context, commune, context.edit)


async def other_place(update: Update, context: Context) -> None:
    """The ways of answering that are not a commune: share the location, abroad, none, or type again."""
    (way,) = arguments(context, 1)
    if way not in ("share", *WAYS):
        raise MalformedButton
    if not asks_place(context):
        await out_of_turn(context)
    elif way == "share":
        assert context.dialog is not None  # it asks for the place
        await ask_place(context, context.dialog.step, sharing=True)
        context.say("registration/share_location")
    else:
        await ask_place(context, WAYS[way])
        await show_step(context, answer=context.edit)


WAYS = {"again": "place", "abroad": "country", "unsaid": "territory"}
"""The step that each of these ways leads to."""


async def choose_territory(update: Update, context: Context) -> None:
    (territory,) = arguments(context, 1)
    if territory not in TERRITORIES:
        raise MalformedButton
    if not asks_place(context):
        await out_of_turn(context)
    elif territory == ABROAD:
        await ask_place(context, "country")
        await show_step(context, answer=context.edit)
    else:
        await registration.vote_in_territory(context.tx, context.person, context.origin, territory)
        await advance(context, context.edit, placed=True)


# -- the end --


async def confirm(update: Update, context: Context) -> None:
    """What was understood is right, or the place is to be said again."""
    (said,) = arguments(context, 1)
    is_right = yes_or_no(said, yes="ok", no="place")
    if not is_open(context) or context.dialog is None or context.dialog.step != "confirm":
        await out_of_turn(context)
    else:
        await _conclude(update, context, context.edit, is_right=is_right)


async def type_instead_of_confirming(update: Update, context: Context) -> None:
    """Yes or no in words; whoever types another commune means that one."""
    assert context.message is not None  # a text handler
    is_right = yes_or_no_in(context.message.text or "")
    if is_right is None:
        await type_place(update, context)
    else:
        await _conclude(update, context, context.say, is_right=is_right)


async def _conclude(update: Update, context: Context, answer: Callable[..., None], *, is_right: bool) -> None:
    assert context.dialog is not None  # called while the dialog is open
    if not is_right:
        await context.ask(FLOW, "place", placed=False)
        await show_step(context, answer)
        return
    start = context.dialog.data.get("start", "")
    user = update.effective_user
    await registration.register(
        context.tx,
        context.person,
        context.origin,
        first_name=user.first_name if user else "",
        language=context.language,
        suppression_key=context.services.suppression_key,
    )
    await context.end_dialog()
    context.person = await db.people.get(context.tx, context.person.id) or context.person
    answer("registration/welcome")
    if start.startswith("ev_"):
        await events.show_from_link(context, start.removeprefix("ev_"))


BUTTONS: dict[str, Handler] = {
    "language": choose_language,
    "consent": decide_consent,
    "age": declare_age,
    "place": choose_place,
    "place_by": other_place,
    "territory": choose_territory,
    "confirm": confirm,
}

PLACE_STEPS = {
    "place": Awaited(text=type_place, location=share_place),
    "candidates": Awaited(text=type_place, location=share_place),
    "territory": Awaited(text=type_place, location=share_place),
}

DIALOGS = {
    FLOW: {**PLACE_STEPS, "confirm": Awaited(text=type_instead_of_confirming, location=share_place)},
    MOVING: PLACE_STEPS,
}
