"""An event as one person sees it: what of it may be said now, and the card that shows it."""

from __future__ import annotations

from telegram import InlineKeyboardMarkup, Message

from bot.actions import effects, event_cards, rsvps
from bot.actions.event_cards import EventCard, event_card
from bot.links import event_link
from bot.rules.events import is_over
from bot.rules.kinds import Mute
from bot.rules.seats import Seats
from bot.words.friends import SOMEBODY, addressed
from bot.words.texts import Text
from db.events import Event, EventInWords, EventTexts, text_in
from db.people import Person
from db.rsvps import Rsvp
from handlers.context import Context


async def show_from_link(context: Context, code: str) -> None:
    """The event of a link `ev_<code>`, as a new message; one that is unknown, cancelled or over says so."""
    found = await event_cards.find(context.tx, code)
    if found is None:
        context.say("events/unknown")
    else:
        await effects.opened(context.tx, context.person, context.origin, found.event)
        await _add(context, found)


def _stays_true(context: Context, found: EventInWords) -> bool:
    """Whether a message that shows the event is edited with it: a supporter's, as long as it is to come."""
    is_past = found.event.is_cancelled or is_over(found.event.ends_at, context.now)
    return context.person.is_registered and not is_past and context.quiet_about_events is None


async def find_told(context: Context, code: str) -> EventInWords | None:
    """The event a button is about; one that was erased since is said to be gone."""
    found = await event_cards.find(context.tx, code)
    if found is None:
        tell_unknown(context)
    return found


def tell_unknown(context: Context) -> None:
    context.toast("toasts/event_unknown", alert=True)


async def find_open(context: Context, code: str) -> EventInWords | None:
    """The event of a link, where this person may answer it now."""
    found = await event_cards.find(context.tx, code)
    if found is None or found.event.is_cancelled or is_over(found.event.ends_at, context.now):
        return None
    return found if context.quiet_about_events is None else None


async def tease(context: Context, code: str) -> None:
    """What it is, when and where, to somebody who has yet to sign up: why they came stands before what is asked."""
    found = await event_cards.find(context.tx, code)
    if found is None:
        context.say("events/unknown")
    elif found.event.is_cancelled or context.quiet_about_events is None:
        context.say("events/teaser", event=await card_of(context, found))


async def show(context: Context, found: EventInWords, rsvp: Rsvp | None = None) -> None:
    """The card, in place of the tapped message; where that one has a photo, below it. `rsvp`: the answer just given."""
    tapped = context.message if context.update.callback_query is not None else None
    show_text = context.add if tapped is None or not _is_text(tapped) else context.show
    is_sent = tapped is not None and _is_text(tapped) and await _was_sent(context, tapped)
    show_text(await _told(context, found, rsvp, mute=Mute.EVENTS.value if is_sent else ""))


async def _was_sent(context: Context, message: Message) -> bool:
    """Whether the tapped message was sent to many."""
    if context.tapped is not None:
        return context.tapped.message is not None
    return await event_cards.was_sent(context.tx, context.person, message.message_id)


async def show_from_list(context: Context, found: EventInWords) -> None:
    """The card in place of the list; it is edited as the event changes, until somebody leafs on."""
    message = context.message
    if message is None or not _is_text(message) or context.is_overtaken:
        context.drop_buttons()
        await _add(context, found)
        return
    context.show(await _told(context, found))
    if _stays_true(context, found):
        await event_cards.opened(context.tx, context.person, message.message_id, found.event)


async def _add(context: Context, found: EventInWords) -> None:
    """The card as a new message, which is edited with the others."""
    kept = None
    if _stays_true(context, found):
        kept = await event_cards.remembered_as(context.tx, found.event, context.person)
    context.replies.append(context.composed(await _told(context, found), remember=kept))


async def show_below(context: Context, found: EventInWords) -> None:
    """The card as a new message: the tapped one goes on showing the other dates."""
    context.add(await _told(context, found))


async def _told(context: Context, found: EventInWords, rsvp: Rsvp | None = None, *, mute: str = "") -> Text:
    """The card, or until when the law asks for silence about it. `mute`: how what was sent to many is switched off."""
    quiet = context.quiet_about_events
    if quiet is not None and not found.event.is_cancelled:
        # What has become of a yes is theirs to know, and says nothing of the event.
        return context.render("events/quiet", until=quiet.until, waits=rsvp is not None and rsvp.waits)
    code = found.event.code
    text = context.render(
        "events/card",
        shared=True,
        event=await card_of(context, found, rsvp),
        friend_link=None if quiet is not None else event_link(context.services.bot_username, code, SOMEBODY),
        may_help=context.campaign.needs_hands(context.now),
        mute=mute,
    )
    return addressed(text, context.person.friend_code)


def _is_text(message: Message) -> bool:
    return message.text is not None


async def card_of(context: Context, found: EventInWords, rsvp: Rsvp | None = None) -> EventCard:
    """The event as this person sees it; `rsvp` is their answer where it is known already."""
    rsvp = rsvp or await rsvps.answer_of(context.tx, context.person, found.event)
    seats, position = await event_cards.standing(context.tx, found.event, rsvp)
    return worded(context, found.event, found.texts, rsvp, seats=seats, position=position)


def worded(
    context: Context,
    event: Event,
    texts: EventTexts,
    rsvp: Rsvp | None,
    *,
    seen_by: Person | None = None,
    seats: Seats | None = None,
    position: int | None = None,
) -> EventCard:
    """`seen_by`: the person from elsewhere than where they vote."""
    return event_card(
        event,
        text_in(texts, context.language, context.campaign.languages[0]),
        person=seen_by or context.person,
        rsvp=rsvp,
        gazetteer=context.services.gazetteer,
        bot_username=context.services.bot_username,
        now=context.now,
        seats=seats,
        position=position,
    )


async def see_whether_turned(context: Context) -> None:
    """After a tap was answered: whether the message that showed an event was leafed on in, to a list say."""
    query = context.update.callback_query
    message = query.message if query is not None else None
    if not isinstance(message, Message):
        return
    for call in context.replies:
        edits = call.method == "editMessageText" and call.payload.get("message_id") == message.message_id
        leaves = edits and "1:rsvp:" not in str(call.payload.get("reply_markup"))
        if leaves and _asks(message.reply_markup):
            await event_cards.turned(context.tx, context.person, message.message_id)


def _asks(markup: InlineKeyboardMarkup | None) -> bool:
    buttons = [button for row in (markup.inline_keyboard if markup is not None else ()) for button in row]
    return any(str(button.callback_data).startswith(("1:rsvp:", "1:attend:")) for button in buttons)
