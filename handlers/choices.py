"""A choice put to somebody when it serves: the team at the first yes to an event or offer to help, being kept at the
thanks after a vote. /consent (handlers.privacy) shows all of them at any time.
"""

from __future__ import annotations

from telegram import Update

from bot.actions.registration import is_first_time
from bot.rules.consent import ASKED_ONCE, Purpose
from handlers.buttons import arguments, one_of, yes_or_no
from handlers.context import Context
from handlers.questions import decide
from handlers.registration_dialog import must_sign_up
from handlers.routing import Awaited, Handler, MalformedButton


async def ask_once(context: Context, purpose: Purpose) -> None:
    """Puts the choice to a supporter who was never asked."""
    if context.person.is_registered and await is_first_time(context.tx, context.person, purpose):
        # Shared: it names nobody, and thousands who say yes at once are asked it.
        context.add(context.render("consents/ask", shared=True, purpose=purpose))


async def agree(update: Update, context: Context) -> None:
    """The answer, on the very words that stand in the message; or its question, opened from another message. A yes to
    words that are not today's is asked again.
    """
    named, said = arguments(context, 2)
    purpose = one_of(Purpose, named)
    if purpose not in ASKED_ONCE:
        raise MalformedButton
    given = None if said == "show" else yes_or_no(said)
    if await must_sign_up(context):
        return
    if given is None:
        # The question stands below; the thanks keep what else they ask.
        context.drop_tapped_button()
        context.say("consents/ask", purpose=purpose)
        return
    if await decide(context, purpose, given=given):
        context.edit("consents/answered", purpose=purpose, given=given)
    else:
        context.edit("consents/ask", purpose=purpose)


BUTTONS: dict[str, Handler] = {"agree": agree}
DIALOGS: dict[str, dict[str, Awaited]] = {}
