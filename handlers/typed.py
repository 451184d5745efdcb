"""What somebody types, or shares, while nothing waits for an answer: everyday words, and what nobody understood.

What a message means is read by the vocabulary of the languages (bot.words.vocabulary); `MEANT` is the one table of what
is done then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from telegram import Update

from bot.actions import people, questions
from bot.actions.dialogs import ASKED
from bot.rules.typed import Meaning
from handlers import check_ins, conversations, events, helping, menu, privacy, steps, volunteering, vote
from handlers.buttons import arguments, yes_or_no
from handlers.context import Context
from handlers.registration_dialog import begin, must_sign_up, point_to_question
from handlers.routing import Asker, Awaited, Handler

_COMMAND = re.compile(r"/(\w{1,32})(?:@\w+)?(?=\s|$)")


def meaning_of(context: Context) -> Meaning | None:
    """What the message means, in the middle of nothing; None where it is no text, or says something else."""
    text = context.message.text if context.message is not None else None
    return context.vocabulary.meaning(text) if text else None


async def answer(update: Update, context: Context) -> None:
    """A message that answers no open question."""
    # Six digits at an open door are its code, also of who writes to the team: there they would let nobody in.
    if await check_ins.type_digits(context) or await conversations.goes_on(context):
        return
    if context.message is not None and context.message.location is not None:
        await events.near_here(update, context)
        return
    meant = MEANT.get(meaning_of(context) or "")
    if meant is not None or not await steps.plan_in_words(context):
        await (meant or unexpected)(update, context)


def waiting_on(dialogs: Mapping[str, Mapping[str, Awaited]], questions: Mapping[str, Asker]) -> Handler:
    """The handler of what an open question does not wait for: one line says where that stands, and is not asked again.
    Where nothing typed answers it and other messages have come below its buttons, they are shown again there.
    """

    async def run(update: Update, context: Context) -> None:
        dialog, command = context.dialog, _command_in(context) or ""
        assert dialog is not None  # one waits
        awaited = dialogs.get(dialog.flow, {}).get(dialog.step, Awaited())
        asked = dialog.data.get(ASKED)
        if awaited.is_typed or asked is None or await people.stands_last(context.tx, context.person, asked):
            point_to_question(context, command, typed=awaited.is_typed, shared=awaited.is_shared)
            return
        context.say("general/answer_below", command=command, may_send=awaited.is_shared)
        await context.ask(dialog.flow, dialog.step)
        await questions[dialog.flow](context, context.say)

    return run


async def ask_whether_to_stop(update: Update, context: Context) -> None:
    """STOP stands there, and may be about something else."""
    context.say("typed/perhaps_stop")


async def decide_to_stop(update: Update, context: Context) -> None:
    """The button under that question."""
    (said,) = arguments(context, 1)
    if not yes_or_no(said):
        context.edit("typed/goes_on")
        return
    await privacy.stop_by(context, context.edit)


async def unexpected(update: Update, context: Context) -> None:
    """Words of no meaning: whoever is new signs up, the others are shown what they can do; shorter the second time."""
    if not context.person.is_registered and not context.staff:
        await begin(context, "")
        return
    command = _command_in(context)
    if command:
        roles = {member.role for member in context.staff}
        context.say("general/unknown_command", command=command, roles=roles)
        return
    context.is_puzzled = True
    again = await people.puzzles_again(context.tx, context.person, context.now)
    roles = {member.role for member in context.staff}
    name = "general/unexpected_again" if again else "general/unexpected"
    if context.message is not None and conversations.may_offer(context):
        # The button below is about what was sent, which nothing else keeps: Telegram tells it with the tap.
        team = conversations.team_of(context)
        context.say_below(context.message.message_id, name, offered=True, roles=roles, **team)
    else:
        context.say(name, offered=False, roles=roles)


def _command_in(context: Context) -> str | None:
    """The command that the message is, without its stroke: none that there is would come here."""
    text = context.message.text if context.message is not None else None
    found = _COMMAND.match(text or "")
    return found[1] if found is not None else None


async def _thanks(update: Update, context: Context) -> None:
    context.say("typed/thanks")


async def _hello(update: Update, context: Context) -> None:
    if context.person.is_registered or context.staff:
        await menu.show(context, answer=context.say, hello=True)
    else:
        await begin(context, "")


async def _help(update: Update, context: Context) -> None:
    await helping.help_(update, context)


async def _volunteer(update: Update, context: Context) -> None:
    if not await must_sign_up(context):
        await volunteering.ask_with_what(context)


async def _voted(update: Update, context: Context) -> None:
    if not await must_sign_up(context):
        await steps.tell_that_one_voted(context)


async def _not_coming(update: Update, context: Context) -> None:
    """The events they said yes to, each with the button that takes it back."""
    if await must_sign_up(context):
        return
    quiet = context.quiet_about_events
    if quiet is not None:
        context.say("events/quiet", until=quiet.until)
        return
    context.say("typed/not_coming", events=await events.said_yes_to(context))


async def _yes_or_no(update: Update, context: Context) -> None:
    """To a question that no dialog keeps open: the reminder that asked it stands above, with its buttons."""
    asked = await questions.last_asked(context.tx, context.person, context.now)
    if asked is None:
        context.say("typed/nothing_asked")
    else:
        context.say_below(asked.message_id, "typed/use_its_buttons")


MEANT: Mapping[str, Handler] = {
    Meaning.PERHAPS_STOP: ask_whether_to_stop,
    Meaning.VOTED: _voted,
    Meaning.NOT_COMING: _not_coming,
    Meaning.WHERE: vote.vote,
    Meaning.EVENTS: events.list_events,
    Meaning.VOLUNTEER: _volunteer,
    Meaning.HELP: _help,
    Meaning.YES: _yes_or_no,
    Meaning.NO: _yes_or_no,
    Meaning.THANKS: _thanks,
    Meaning.HELLO: _hello,
}

BUTTONS: dict[str, Handler] = {"perhaps_stop": decide_to_stop}
DIALOGS: dict[str, dict[str, Awaited]] = {}
