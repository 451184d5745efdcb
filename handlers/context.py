"""What a handler is given: the transaction, the person, the words; and what it answers with.

A handler does no network: `say`, `edit` and `toast` collect Bot API calls that are saved in the transaction of
the effects they answer, and posted after it (see bot.delivery).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import Message, Update
from telegram.ext import Application, CallbackContext, ExtBot

from bot.actions import dialogs, erasure, people
from bot.actions.people import Meeting
from bot.actions.responses import Origin
from bot.campaign.campaign import Campaign
from bot.communes import Gazetteer
from bot.delivery.calls import Attachment, Call
from bot.delivery.messages import captioned, edited, message, without_keyboard
from bot.delivery.pacing import FREE_RATE
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.check_ins import DoorKey, door_key
from bot.rules.kinds import Kind
from bot.rules.quiet import Quiet
from bot.rules.suppression import SuppressionKey
from bot.words.texts import Text, Texts, without_mark
from bot.words.vocabulary import Vocabulary, vocabulary
from db.canvass_doors import SideView
from db.dialogs import Dialog
from db.people import Person
from db.staff import HeldRole
from db.tapped_events import TappedEvent
from handlers.command import Command
from handlers.readings import Readings
from locales import LANGUAGES

Memory = dict[Any, Any]


class Services(Frozen):
    """Everything that stays while the bot runs. `links_to`: the address of the web part, None where it is off.

    `rate`: messages a second for the whole bot.
    """

    campaign: Campaign
    texts: Texts
    gazetteer: Gazetteer
    bot_username: str
    suppression_key: SuppressionKey
    commands: tuple[Command, ...]
    links_to: str | None = None
    rate: float = FREE_RATE


class Context(CallbackContext[ExtBot[None], Memory, Memory, Memory]):
    """One update being answered."""

    services: Services
    update: Update  # type: ignore[assignment]  # hides PTB's `update(data)`, which copies attributes: not used
    tx: AsyncConnection
    now: datetime
    person: Person
    staff: tuple[HeldRole, ...]
    dialog: Dialog | None
    tapped: TappedEvent | None
    """The event that is answered, where it was found already (handlers.gathering)."""
    at_door: SideView | None
    """What stands at the door that is tapped, where it was found already."""
    readings: Readings
    replies: list[Call]
    is_puzzled: bool
    is_overtaken: bool
    """Whether the tap is on a list that other messages stand below (handlers.lists)."""

    @classmethod
    def begin(
        cls,
        application: Application[Any, Any, Any, Any, Any, Any],
        update: Update,
        *,
        services: Services,
        tx: AsyncConnection,
        now: datetime,
        meeting: Meeting,
        readings: Readings,
    ) -> Context:
        context = cls.from_update(update, application)
        context.services, context.tx, context.now = services, tx, now
        context.update = update
        context.person, context.staff, context.dialog = meeting.person, meeting.staff, meeting.dialog
        context.tapped, context.at_door = meeting.tapped, meeting.at_door
        context.readings = readings
        context.replies, context.is_puzzled, context.is_overtaken = [], False, False
        return context

    # -- who and where --

    @property
    def campaign(self) -> Campaign:
        return self.services.campaign

    @property
    def sealing(self) -> erasure.Sealing:
        """How what remains of the person is sealed, where they leave now."""
        return erasure.sealing(self.services.suppression_key, self.campaign.retention, self.now)

    @property
    def language(self) -> str:
        """The language chosen, else the one Telegram says, else the campaign's first."""
        user = self.update.effective_user
        spoken = (user.language_code or "").split("-")[0].lower() if user else ""
        return self.person.language or language_for(spoken, self.campaign.languages)

    @property
    def vocabulary(self) -> Vocabulary:
        """The words that the person may type, those of their language first."""
        return vocabulary(self.language)

    @property
    def zone(self) -> str:
        """The IANA zone the person lives by."""
        return self.person.zone or "Europe/Paris"

    @property
    def door_key(self) -> DoorKey:
        """What the codes at the doors of events are made and read with."""
        return door_key(self.services.suppression_key)

    @property
    def quiet_about_events(self) -> Quiet | None:
        """Whether the law asks for silence about events where this person votes: answers to them included."""
        return self.campaign.quiet(
            kind=Kind.EVENT_INVITE,
            territory=self.person.territory,
            now=self.now,
            zone=self.person.zone,
        )

    def offers_events(self) -> bool:
        """Whether the way to the events leads anywhere: asked by the templates that show it."""
        return self.quiet_about_events is None

    async def refresh(self) -> None:
        """The person as they are after what this update changed."""
        self.person = await people.refreshed(self.tx, self.person)

    @property
    def chat_id(self) -> int:
        return self.person.telegram_id

    @property
    def message(self) -> Message | None:
        """The person's message, or the one whose button they tapped."""
        message = self.update.effective_message
        return message if isinstance(message, Message) else None

    @property
    def origin(self) -> Origin:
        """The origin that an answer is logged with."""
        message = self.update.effective_message
        return Origin(
            update_id=self.update.update_id,
            message_id=message.message_id if message is not None else None,
            at=self.now,
        )

    @property
    def action(self) -> str:
        """What the tapped button does: `1:rsvp:ab12:yes` gives "rsvp"."""
        query = self.update.callback_query
        return "".join((query.data or "").split(":")[1:2]) if query else ""

    @property
    def arguments(self) -> list[str]:
        """The arguments of the tapped button: `1:rsvp:ab12:yes` gives ["ab12", "yes"]."""
        return self._said[0]

    @property
    def mark(self) -> str:
        """The mark of the words that the tapped button stands under; "" where it bears none."""
        return self._said[1]

    @property
    def _said(self) -> tuple[list[str], str]:
        query = self.update.callback_query
        return without_mark((query.data or "").split(":")[2:] if query else [])

    # -- words --

    def render(self, name: str, /, *, shared: bool = False, **values: Any) -> Text:
        """The message in the person's language, with what every template may use.

        `shared`: it depends on nothing but these values and the zone, and is rendered once for all it tells the same.
        """
        if shared:
            return self.services.texts.render_once(name, self.language, zone=self.zone, **values)
        return self.render_in(self.language, name, **values)

    def render_in(self, language: str, name: str, /, **values: Any) -> Text:
        """The message in a language that need not be the person's."""
        common = {"person": self.person, "zone": self.zone, "now": self.now}
        return self.services.texts.render(
            name, language, **{**common, "offers_events": self.offers_events, **values}
        )

    def words(self, name: str, /, **values: Any) -> str:
        """The message in the person's language, without HTML."""
        return self.render(name, **values).plain

    # -- answers --

    def call(self, method: str, /, **payload: Any) -> None:
        """Any Bot API call to the person's chat."""
        self.replies.append(Call(method=method, payload={"chat_id": self.chat_id, **payload}))

    def say(self, name: str, /, *, remember: str | None = None, **values: Any) -> None:
        """A new message."""
        self.replies.append(self.composed(self.render(name, **values), remember=remember))

    def say_below(self, message_id: int, name: str, /, **values: Any) -> None:
        """A new message that points to an earlier one; it comes also where that one was deleted."""
        call = self.composed(self.render(name, **values))
        pointing = {"message_id": message_id, "allow_sending_without_reply": True}
        self.replies.append(replace(call, payload={**call.payload, "reply_parameters": pointing}))

    def add(self, text: Text) -> None:
        """A text as a new message."""
        self.replies.append(self.composed(text))

    def composed(self, text: Text, *, remember: str | None = None) -> Call:
        """A text as a new message to this person, as a call not yet made."""
        return message(self.chat_id, text, remember=remember, leave_before=self._silent_from(text))

    def _silent_from(self, text: Text) -> datetime | None:
        """The instant from which the law is asked again before a text leaves: it may wait for hours, or for a start."""
        if not text.speaks:
            return None
        person = self.person
        return self.campaign.silent_from(territory=person.territory, now=self.now, zone=person.zone)

    def edit(self, name: str, /, **values: Any) -> None:
        """The tapped message, changed in place; a new one where there is no message to change."""
        self.show(self.render(name, **values))

    def show(self, text: Text) -> None:
        """A text in place of the tapped message; a new one where there is none to change, or it was overtaken."""
        query = self.update.callback_query
        if query is None or query.message is None:
            self.replies.append(self.composed(text))
        elif self.is_overtaken:
            self.drop_buttons()
            self.replies.append(self.composed(text))
        else:
            before = self._silent_from(text)
            self.replies.append(edited(self.chat_id, query.message.message_id, text, leave_before=before))

    def put_keyboard_away(self, name: str, /, **values: Any) -> None:
        """A new message, that takes away the keyboard below the chat."""
        self.replies.append(without_keyboard(self.chat_id, self.words(name, **values)))

    def drop_buttons(self) -> None:
        """Takes the buttons off the tapped message, whose question is answered."""
        query = self.update.callback_query
        if query is not None and query.message is not None:
            self.drop_buttons_of(query.message.message_id)

    def drop_tapped_button(self) -> None:
        """Takes the tapped button off its message, which keeps the others."""
        query, message = self.update.callback_query, self.message
        if query is None or message is None or message.reply_markup is None:
            return
        rows = (
            [button.to_dict() for button in row if button.callback_data != query.data]
            for row in message.reply_markup.inline_keyboard
        )
        left = {"inline_keyboard": [row for row in rows if row]}
        self.call("editMessageReplyMarkup", message_id=message.message_id, reply_markup=left)

    def drop_buttons_of(self, message_id: int) -> None:
        """Takes the buttons off a message of the chat."""
        self.call("editMessageReplyMarkup", message_id=message_id, reply_markup={"inline_keyboard": []})

    def toast(self, name: str, /, *, alert: bool = False, **values: Any) -> None:
        """A short word over the chat, in answer to a tap."""
        query = self.update.callback_query
        if query is not None:
            text = self.words(name, **values)[:200]
            answer = {"callback_query_id": query.id, "text": text, "show_alert": alert}
            self.replies.append(Call(method="answerCallbackQuery", payload=answer))

    def notify(self, name: str, /, **values: Any) -> None:
        """Why something is not done: over the chat in answer to a tap, as a message to whoever typed."""
        if self.update.callback_query is not None:
            self.toast(name, alert=True, **values)
        else:
            self.say(name, **values)

    def send_file(self, content: bytes, *, name: str, caption: str, **values: Any) -> None:
        """A small document made now, with a caption from the templates."""
        text = self.render(caption, **values)
        file = Attachment(field="document", name=name, content=content)
        self.replies.append(captioned(self.chat_id, text, file={}, attachment=file))

    def refuse(self, refusal: PortevoixError) -> None:
        """Says why something cannot be done, in place of any other answer."""
        self.replies.clear()
        self.replies.append(self.composed(self.render(refusal.message, **refusal.values)))

    # -- dialogs --

    def is_in(self, flow: str, step: str | None = None) -> bool:
        """Whether this dialog is open; at this step, where one is given."""
        return self.dialog is not None and self.dialog.flow == flow and step in (None, self.dialog.step)

    @property
    def step(self) -> str:
        """The question of the dialog that is open."""
        assert self.dialog is not None  # asked for in the middle of a dialog only
        return self.dialog.step

    @property
    def kept(self) -> dict[str, Any]:
        """Everything said so far in the dialog that is open."""
        assert self.dialog is not None  # asked for in the middle of a dialog only
        return self.dialog.data

    async def ask(self, flow: str, step: str, **data: Any) -> None:
        """Waits for the answer to a step of a dialog, keeping what was said so far."""
        self.dialog = await dialogs.ask(
            self.tx, self.person, self.dialog, flow=flow, step=step, said=data, now=self.now
        )

    async def ask_anew(self, flow: str, step: str, **data: Any) -> None:
        """Waits for the answer to the first step of a dialog: what was said in one of its kind before is forgotten."""
        self.dialog = dialogs.without(self.dialog, flow)
        await self.ask(flow, step, **data)

    async def end_dialog(self) -> None:
        """What is written next answers nothing, or goes on with the draft that the dialog had set aside."""
        if self.dialog is not None:
            self.dialog = await dialogs.end(self.tx, self.person.id)

    async def see_dialog_ended(self) -> None:
        """An action may have ended the dialog that is open."""
        self.dialog = await dialogs.current(self.tx, self.person)


def language_for(spoken: str, offered: tuple[str, ...]) -> str:
    """The language to begin in: the one spoken if the campaign has it, English for others abroad, else the first."""
    if spoken in offered and spoken in LANGUAGES:
        return spoken
    return "en" if spoken and "en" in offered else offered[0]
