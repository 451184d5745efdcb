"""A supporter writes to the team: by the button, after what nobody understood, and in a conversation that goes on.

`talk_write:<event or ->` asks for the message, `talk_send:this|yes|no` is about the message that the button stands
under, `talk_erase:ask|yes|no` forgets everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from telegram import Message, Update

from bot.actions import conversations, event_cards, inbox, inbox_load
from bot.actions.authority import area_name
from bot.actions.conversations import ConsentAsked, Content, InChat, NotAsked, area_of_person
from bot.delivery.calls import Call
from bot.delivery.messages import deletion
from bot.departure.conversing import Talks
from bot.links import is_code
from bot.rules.conversations import Media, team_area
from bot.rules.typed import Meaning
from db.events import text_in
from handlers import desk, event_card
from handlers.buttons import arguments, yes_or_no
from handlers.context import Context
from handlers.questions import is_shown
from handlers.registration_dialog import WRITING, must_sign_up
from handlers.routing import Awaited, Handler, MalformedButton

FLOW = WRITING
NO_EVENT = "-"
SEEN = "👌"
"""The reaction by which somebody sees that a message was handed on."""
SAID_IN_PASSING = frozenset({Meaning.THANKS, Meaning.HELLO, Meaning.YES, Meaning.NO})
"""What is said to whoever wrote last: to the team, or to the assistant."""


def content_of(message: Message, *, about: str | None = None) -> Content:
    """What a message holds: neither text nor media where none of it can be handed on."""
    held = (
        (Media.PHOTO, message.photo),
        (Media.VIDEO, message.video or message.video_note),
        (Media.VOICE, message.voice),
        (Media.AUDIO, message.audio),
        (Media.DOCUMENT, message.document or message.animation),
        (Media.STICKER, message.sticker),
        (Media.PLACE, message.location or message.venue),
    )
    media = next((kind for kind, there in held if there), None)
    text = message.text if media is None else message.caption
    return Content(message_id=message.message_id, text=text, media=media, about=about)


def team_of(context: Context) -> dict[str, Any]:
    """The team that answers the person, as templates name it."""
    area = team_area(area_of_person(context.person))
    return {"area": area, "team": area_name(context.services.gazetteer, area)}


def acknowledge(context: Context) -> None:
    """A message was handed on: said by a reaction, which disturbs no conversation."""
    assert context.message is not None  # it was just read
    reaction = [{"type": "emoji", "emoji": SEEN}]
    context.call("setMessageReaction", message_id=context.message.message_id, reaction=reaction)


# -- the button --


async def begin(update: Update, context: Context) -> None:
    """What is written next goes to the team."""
    (about,) = arguments(context, 1)
    if about != NO_EVENT and not is_code(about):
        raise MalformedButton
    if about != NO_EVENT and await event_card.find_told(context, about) is None:
        return
    if await must_sign_up(context):
        return
    first = not await conversations.has_agreed(context.tx, context.person)
    await context.ask(FLOW, "write", about=None if about == NO_EVENT else about, first=first)
    await show_step(context, context.say)


async def show_step(context: Context, answer: Callable[..., None]) -> None:
    answer("conversations/write", **await _asked(context))


async def _asked(context: Context) -> dict[str, Any]:
    """What fills the question that is open."""
    about = context.kept["about"]
    found = await event_cards.find(context.tx, about) if about is not None else None
    title = (
        text_in(found.texts, context.language, context.campaign.languages[0]).title
        if found is not None
        else None
    )
    return {**team_of(context), "title": title, "first": context.kept["first"]}


async def write(update: Update, context: Context) -> None:
    """The message that was asked for."""
    assert context.message is not None  # a dialog's answer
    asked = ConsentAsked(
        text=context.render("conversations/write", **await _asked(context)).written,
        language=context.language,
    )
    about = context.kept["about"]
    await context.end_dialog()
    await _send(context, content_of(context.message, about=about), context.say, asked=asked)


# -- after what nobody understood --


def may_offer(context: Context) -> bool:
    """Whether what somebody just sent can be offered to be handed to the team."""
    message = context.message
    if message is None or not context.person.is_registered:
        return False
    content = content_of(message)
    return content.media is not None or bool((content.text or "").strip())


async def send_this(update: Update, context: Context) -> None:
    """The message that the question stands under: handed on once its author knows who reads it."""
    (said,) = arguments(context, 1)
    if said == "no":
        context.edit("conversations/not_sent")
        return
    if said not in ("this", "yes"):
        raise MalformedButton
    if await must_sign_up(context):
        return
    question = context.message
    meant = question.reply_to_message if question is not None else None
    if meant is None or meant.from_user is None or meant.from_user.is_bot:
        context.toast("conversations/gone", alert=True)
        return
    asked = None
    shown = context.render("conversations/ask", **team_of(context))
    if said == "yes" and is_shown(context, shown):  # else nobody read who reads what they send
        asked = ConsentAsked(text=shown.written, language=context.language)
    try:
        await _send(context, content_of(meant), context.edit, asked=asked)
    except NotAsked:
        context.edit("conversations/ask", **team_of(context))


async def _send(
    context: Context, content: Content, answer: Callable[..., None], *, asked: ConsentAsked | None = None
) -> None:
    """Hands it on. What opens a conversation is told of; what goes on with one is seen to be."""
    written = await conversations.write(context.tx, context.person, context.origin, content, asked=asked)
    if written.is_new or context.update.callback_query is not None:
        median = await usual_wait(context)
        answer("conversations/sent", on_duty=bool(written.on_duty), median=median, **team_of(context))
    else:
        acknowledge(context)


async def usual_wait(context: Context) -> int | None:
    """How long people waited for an answer lately: found before the update is handled."""
    now = context.now
    return await context.readings.get("usual wait", lambda rolls: inbox_load.usual_wait(rolls.counts, now))


# -- going on --


async def goes_on(context: Context) -> bool:
    """Whether what somebody sent belongs to a conversation with the team; then it was handed on.

    What means something by itself does not, but for a word in passing to whoever wrote last.
    """
    message = context.message
    if message is None or await conversations.talking(context.tx, context.person, context.now) is None:
        return False
    if context.staff:
        return False  # they may mean whoever they answered until a moment ago: they are asked
    meaning = context.vocabulary.meaning(message.text) if message.text else None
    if meaning is not None or message.location is not None:
        in_passing = meaning is None or meaning in SAID_IN_PASSING
        if not in_passing or not await conversations.team_wrote_last(context.tx, context.person):
            return False
    await _send(context, content_of(message), context.say)
    return True


async def changed(update: Update, context: Context) -> None:
    """A message that was handed on reads otherwise now: where it stands, it does too."""
    message = update.edited_message
    if message is None:
        return
    number, text = message.message_id, content_of(message).text or ""
    found = await inbox.edit(context.tx, await desk.author(context), number, text)
    found = found or await conversations.edit(context.tx, context.person, number, text, context.now)
    if found is not None:
        context.replies += await talks(context).changed(context.tx, *found, context.now)


def talks(context: Context) -> Talks:
    """What words what stands in the chats of both sides."""
    return Talks(texts=context.services.texts, composer=desk.composer(context.services))


# -- forgetting --


async def erase(update: Update, context: Context) -> None:
    """Everything that was written goes, on both sides."""
    (said,) = arguments(context, 1)
    if said == "ask":
        context.say("conversations/erase")
        return
    if not yes_or_no(said):
        context.edit("conversations/kept")
        return
    asked = ConsentAsked(text=context.render("conversations/erased").written, language=context.language)
    shown = await conversations.erase(context.tx, context.person, context.origin, asked)
    context.edit("conversations/erased")
    context.replies += deletions(shown)


def deletions(shown: Iterable[InChat]) -> list[Call]:
    """Takes what was erased out of the chats of those who read it, as far as Telegram lets."""
    return [deletion(each.telegram_id, each.message_id) for each in shown]


BUTTONS: dict[str, Handler] = {
    "talk_write": begin,
    "talk_send": send_this,
    "talk_erase": erase,
}

DIALOGS: dict[str, dict[str, Awaited]] = {
    FLOW: {"write": Awaited(text=write, anything=write)},
}
