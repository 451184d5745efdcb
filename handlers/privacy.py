"""What a person may ask about their data: /privacy, /why, /mydata, /consent, /stop and /delete.

All but /consent work for everybody, also for somebody who never signed up.
"""

from __future__ import annotations

from collections.abc import Callable

from telegram import Update

import db.approvals
from bot.actions import erasure, people, rights, rsvps
from bot.actions.proofs import sealed_of
from bot.actions.registration import decide_consent
from bot.actions.renewals import purposes_to_ask, question_of
from bot.delivery.messages import deletion
from bot.rules.candidacy import LAST_CHOICE
from bot.rules.consent import Purpose
from db.events import text_in
from db.people import renewals_due
from handlers.buttons import arguments, one_of, yes_or_no
from handlers.context import Context
from handlers.questions import as_asked, decide, of_today
from handlers.registration_dialog import commune_of, must_sign_up
from handlers.routing import Awaited, Handler, MalformedButton

SHORT = "short"
PARTS = ("responsible", "purposes", "kept", "seen_by", "telegram", "how_long", "rights")
"""The parts of the whole notice, a template each."""


async def privacy(update: Update, context: Context) -> None:
    """The notice in short; the label of a political campaign is a message of its own."""
    context.say("privacy/privacy")
    if context.campaign.label is not None:
        context.say("privacy/label")


async def tell_more(update: Update, context: Context) -> None:
    """One part of the whole notice in place of the short one, or back."""
    (part,) = arguments(context, 1)
    if part == SHORT:
        context.edit("privacy/privacy")
    elif part in PARTS:
        context.edit(f"privacy/about/{part}")
    else:
        raise MalformedButton


async def why(update: Update, context: Context) -> None:
    """About the message this one replies to, else about the last campaign message."""
    replied = context.message.reply_to_message if context.message is not None else None
    message_id = replied.message_id if replied is not None else None
    reason = await rights.why(
        context.tx,
        context.person,
        message_id,
        context.services.gazetteer,
        language=context.language,
        fallback=context.campaign.languages[0],
    )
    if reason is None:
        context.say("privacy/why_nothing", replied=replied is not None)
        return
    texts = reason.event_texts
    title = text_in(texts, context.language, context.campaign.languages[0]).title if texts else ""
    context.say("privacy/why", reason=reason, title=title)


async def my_data(update: Update, context: Context) -> None:
    """A summary to read, and the complete file."""
    held = await rights.holding(
        context.tx,
        context.person,
        key=context.services.suppression_key,
        retention=context.campaign.retention,
    )
    context.say("privacy/my_data", held=held, commune=commune_of(context))
    name = f"{context.campaign.slug}-{context.now:%Y-%m-%d}.json"
    context.send_file(held.to_json(), name=name, caption="privacy/my_data_file")


# -- the four choices --


async def consent(update: Update, context: Context) -> None:
    arguments(context, 0)
    if context.person.is_restricted or not await must_sign_up(context):
        _show_choices(context)


def _show_choices(context: Context) -> None:
    context.edit("privacy/consent", purposes=list(Purpose))


async def choose(update: Update, context: Context) -> None:
    """One of the choices: shown with its whole question, then decided on that text; shown again where it is another."""
    named, said = arguments(context, 2)
    purpose = one_of(Purpose, named)
    given = None if said == "show" else yes_or_no(said)
    if not context.person.is_restricted and await must_sign_up(context):
        return
    if given is None:
        context.edit("privacy/choice", purpose=purpose)
        return
    if purpose is Purpose.CONTACT and not given:
        name = question_of(purpose)
        question = as_asked(context, name) or of_today(context, name)
        await rights.stop(
            context.tx,
            context.person,
            context.origin,
            language=question.language,
            text=question.text,
            sealing=context.sealing,
        )
        context.edit("privacy/stopped", seats=await _seats(context))
        return
    if not await decide(context, purpose, given=given):
        context.edit("privacy/choice", purpose=purpose)
        return
    await context.refresh()
    _show_choices(context)


async def last_choice(update: Update, context: Context) -> None:
    """The candidate is out: kept for the next campaign, by a consent on the very text that asked, or deleted."""
    (said,) = arguments(context, 1)
    if not yes_or_no(said, yes="keep", no="delete"):
        await _ask_whether_to_erase(context, context.edit)
        return
    if await must_sign_up(context):
        return
    name = f"candidacy/{LAST_CHOICE}"
    question = as_asked(context, name)
    if question is None:
        context.edit(name)
        return
    await decide_consent(
        context.tx,
        context.person,
        context.origin,
        purpose=Purpose.KEEP,
        given=True,
        language=question.language,
        text=question.text,
    )
    context.edit("privacy/kept_for_next")


async def ask_again(context: Context) -> None:
    """At the end of what somebody wrote: once, if the text of what they agreed to has changed."""
    if renewals_due(context.person):
        purposes = await purposes_to_ask(context.tx, context.person, context.now)
        if purposes:
            context.say("privacy/renewal", purposes=purposes)


# -- silence, and being forgotten --


async def stop(update: Update, context: Context) -> None:
    """/stop and whatever means STOP in some language: at once, in the middle of anything."""
    await stop_by(context, context.say)


async def stop_by(context: Context, answer: Callable[..., None]) -> None:
    """No message any more."""
    text = context.render("privacy/stopped", seats=0)
    seats = await _seats(context)
    await rights.stop(
        context.tx,
        context.person,
        context.origin,
        language=context.language,
        text=text.written,
        sealing=context.sealing,
    )
    context.dialog = None
    answer("privacy/stopped", seats=seats)


async def _seats(context: Context) -> int:
    """At how many events to come somebody keeps a seat from others; of who restricted their data nothing changes."""
    if context.person.is_restricted:
        return 0
    return len(await rsvps.seats_held(context.tx, context.person, now=context.now))


async def free_seats(update: Update, context: Context) -> None:
    """Whoever stopped leaves their seats to others."""
    arguments(context, 0)
    people.require_unrestricted(context.person)
    freed = await rsvps.free_seats(context.tx, context.person, context.origin)
    context.edit("privacy/seats_freed", freed=freed)


async def delete(update: Update, context: Context) -> None:
    await _ask_whether_to_erase(context, context.say)


async def _ask_whether_to_erase(context: Context, answer: Callable[..., None]) -> None:
    if await _is_a_stranger(context):
        key, retention = context.services.suppression_key, context.campaign.retention
        sealed = await sealed_of(context.tx, context.person.telegram_id, key=key, retention=retention)
        answer("privacy/forget", sealed=sealed)
    else:
        answer("privacy/delete", in_team=bool(context.staff))


async def _is_a_stranger(context: Context) -> bool:
    """Whether nothing was ever said, or the person was erased: there is nothing but the number of the chat."""
    if context.person.state != "new" or context.dialog is not None or context.staff:
        return False
    return not await db.approvals.of_person(context.tx, context.person.telegram_id)


async def forget(update: Update, context: Context) -> None:
    """The answer of a stranger; whoever said something since is asked as everybody else."""
    (said,) = arguments(context, 1)
    forgets = yes_or_no(said)
    if not await _is_a_stranger(context):
        await _ask_whether_to_erase(context, context.edit)
    elif not forgets:
        context.edit("privacy/not_forgotten")
    else:
        await erasure.forget(context.tx, context.person, context.sealing)
        context.edit("toasts/nothing_held")


async def confirm_deletion(update: Update, context: Context) -> None:
    (said,) = arguments(context, 1)
    if not yes_or_no(said):
        await rights.keep_me(context.tx, context.person, context.origin)
        context.edit("privacy/kept")
        return
    if await _is_a_stranger(context):
        # The second of two taps: the receipt, which stands there, is not written over.
        await erasure.forget(context.tx, context.person, context.sealing)
        context.toast("toasts/nothing_held", alert=True)
        return
    receipt = await rights.delete(
        context.tx, context.person, context.origin, context.sealing, context.campaign.retention
    )
    context.dialog = None
    context.edit("privacy/deleted", receipt=receipt, in_team=bool(context.staff))
    context.replies += [deletion(each.telegram_id, each.message_id) for each in receipt.in_chats]


async def after_stopping(update: Update, context: Context) -> None:
    """Silence alone, or silence and erasure: whoever stopped chooses."""
    (said,) = arguments(context, 1)
    if yes_or_no(said, yes="erase", no="keep"):
        await _ask_whether_to_erase(context, context.edit)
    else:
        context.edit("privacy/silence")


BUTTONS: dict[str, Handler] = {
    "privacy": tell_more,
    "stopped": after_stopping,
    "free_seats": free_seats,
    "choices": consent,
    "choice": choose,
    "last_choice": last_choice,
    "delete": confirm_deletion,
    "forget": forget,
}

DIALOGS: dict[str, dict[str, Awaited]] = {}
