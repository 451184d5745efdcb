"""Signing up: one question about age and being written to, then where one votes, whose confirmation is a choice too.

What is asked next, and what is kept meanwhile: handlers.registration_dialog; where one votes: handlers.place. The two
other choices are put when they serve: handlers.choices.
"""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

from bot.actions import registration
from bot.actions.renewals import question_of
from bot.links import is_code, read_link
from bot.rules.consent import Purpose
from bot.rules.typed import Meaning
from handlers import menu
from handlers.buttons import arguments, one_of, yes_or_no
from handlers.context import Context
from handlers.place import share_place, type_place
from handlers.questions import as_asked, decide, of_today
from handlers.registration_dialog import (
    FIRST,
    FLOW,
    advance,
    begin,
    conclude,
    out_of_turn,
    point_to_question,
    show_step,
)
from handlers.routing import Awaited, Handler, MalformedButton


def friend_of(context: Context, count: int) -> str:
    """The code of a friend's link that the first question carries after so many arguments; "" where there is none."""
    code = context.arguments[count] if len(context.arguments) == count + 1 else ""
    return code if is_code(code) else ""


async def choose_language(update: Update, context: Context) -> None:
    """The language button under the first question."""
    friend = friend_of(context, 1)
    language = arguments(context, 1 + bool(friend))[0]
    if language not in context.campaign.languages:
        raise MalformedButton
    await registration.choose_language(context.tx, context.person, context.origin, language)
    await context.refresh()
    if context.is_in(FLOW):
        await show_step(context, answer=context.edit, friend=friend)
    else:
        await menu.show(context, answer=context.edit)


async def decide_consent(update: Update, context: Context) -> None:
    """The first question, or the choice about the commune that confirms it."""
    friend = friend_of(context, 2)
    named, said = arguments(context, 2 + bool(friend))[:2]
    purpose, given = one_of(Purpose, named), yes_or_no(said)
    if purpose is Purpose.CONTACT and context.is_in(FLOW, "contact"):
        await _answer_first(context, friend, given=given)
    elif purpose is Purpose.COMMUNE and context.is_in(FLOW, "confirm"):
        await _choose_by_commune(context, context.edit, given=given, mark=context.mark)
    else:
        await out_of_turn(context)


async def _answer_first(context: Context, friend: str, *, given: bool) -> None:
    """Without a yes there is nothing to go on with, nor anything to keep. A yes to other words than today's is none."""
    origin, name = _came_by(context, friend), question_of(Purpose.CONTACT)
    question = as_asked(context, name)
    if question is None and given:
        await show_step(context, context.edit, friend=friend)
        return
    question = question or of_today(context, name)
    await registration.answer_first(
        context.tx,
        context.person,
        context.origin,
        given=given,
        language=question.language,
        text=question.text,
        sealing=context.sealing,
    )
    if not given:
        context.edit("registration/declined", came_by=origin, in_team=bool(context.staff))
        return
    if friend:
        await registration.brought_by(context.tx, context.person, friend)
    await context.refresh()  # the language they agreed in is theirs
    await advance(context, context.edit, of_age=True)


def _came_by(context: Context, friend: str) -> str:
    """What the link was that led here, for the button that begins again; nothing of it is kept."""
    return read_link(context.kept.get("start", ""))._replace(friend=friend).payload


async def type_first_answer(update: Update, context: Context) -> None:
    """A no in words is one; a yes is said by the button, which tells the age as well."""
    assert context.message is not None  # a text handler
    if context.vocabulary.meaning(context.message.text or "") is Meaning.NO:
        await _answer_first(context, "", given=False)
    else:
        point_to_question(context)


async def too_young(update: Update, context: Context) -> None:
    """Whoever is younger leaves; that one is older was a question of its own once, whose button may still be tapped."""
    friend = friend_of(context, 1)
    is_old_enough = yes_or_no(arguments(context, 1 + bool(friend))[0])
    if is_old_enough or not context.is_in(FLOW, "contact"):
        await out_of_turn(context)
        return
    origin = _came_by(context, friend)
    await registration.is_too_young(context.tx, context.person, context.origin, sealing=context.sealing)
    context.edit("registration/too_young", came_by=origin, in_team=bool(context.staff))


async def confirm_all(update: Update, context: Context) -> None:
    """The last question of older versions, whether all this is right: the one that is open now is shown instead."""
    (said,) = arguments(context, 1)
    yes_or_no(said, yes="ok", no="place")
    await out_of_turn(context)


async def begin_again(update: Update, context: Context) -> None:
    """Back to the first question, for who mistapped."""
    start = arguments(context, 1)[0] if context.arguments else ""
    if start and not any(read_link(start)):
        raise MalformedButton
    if context.person.is_registered:
        await menu.show(context, answer=context.edit)
    else:
        await begin(context, start, context.edit)


async def _choose_by_commune(
    context: Context, answer: Callable[..., None], *, given: bool, mark: str
) -> None:
    if await decide(context, Purpose.COMMUNE, given=given, mark=mark):
        await conclude(context, answer)
    else:
        await show_step(context, answer)


async def type_instead_of_choosing(update: Update, context: Context) -> None:
    """Yes or no in words; whoever types another commune means that one."""
    assert context.message is not None  # a text handler
    meaning = context.vocabulary.meaning(context.message.text or "")
    if meaning in (Meaning.YES, Meaning.NO):
        mark = context.kept.get("mark", "")
        await _choose_by_commune(context, context.say, given=meaning is Meaning.YES, mark=mark)
    else:
        await type_place(update, context)


BUTTONS: dict[str, Handler] = {
    "language": choose_language,
    "consent": decide_consent,
    "age": too_young,
    "confirm": confirm_all,
    "begin": begin_again,
}

DIALOGS = {
    FLOW: {
        FIRST: Awaited(text=type_first_answer),
        "confirm": Awaited(text=type_instead_of_choosing, location=share_place),
    }
}
