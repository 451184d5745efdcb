"""A conversation without a network: raw updates go in, the calls that answer them come out and are shown.

For tests of handlers: `person.send("/vote")`, `person.tap("Make my plan")`, then look at `person.screen`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import User
from telegram.ext import Application, ContextTypes

import db.people
import handlers
from bot import communes
from bot.actions.dialogs import remember_question
from bot.actions.renewals import question_of
from bot.campaign.campaign import Campaign, load_campaign
from bot.clock import MovableClock
from bot.delivery.calls import Call
from bot.delivery.hooks import ReadFirst, UpdateRefused
from bot.delivery.intake import chat_of
from bot.rules.consent import Purpose
from bot.rules.suppression import SuppressionKey
from bot.words.texts import MARK, Texts, mark_of
from db.engine import Database, savepoint
from db.people import Person
from db.rolls import Rolls
from db.schema import event_texts, events, responses
from handlers.context import Context, Services
from handlers.dispatch import Dispatcher
from handlers.gathering import meet
from handlers.routing import register
from locales import LANGUAGES
from simulator.reading import as_read
from tests.frozen import FROZEN
from tests.remembering import remembered

BOT = "portevoix_bot"
CAMPAIGN = load_campaign(FROZEN)


@cache
def services() -> Services:
    """What every conversation shares: templates are compiled once."""
    return Services(
        campaign=CAMPAIGN,
        texts=Texts({"campaign": CAMPAIGN}),
        gazetteer=communes.load(),
        bot_username=BOT,
        suppression_key=SuppressionKey(links=(b"k" * 32,)),
        commands=handlers.COMMANDS,
    )


@cache
def application() -> Application[Any, Any, Any, Any, Any, Any]:
    """The routes, which every conversation shares too: they remember nothing."""
    made = Application.builder().token("1:test").context_types(ContextTypes(context=Context)).build()
    # What getMe would have told: nothing is asked of a server here.
    made.bot._bot_user = User(id=1, first_name="Portevoix", is_bot=True, username=BOT)
    register(made, handlers.ROUTES)
    return made


@dataclass
class Shown:
    """A message as the person sees it now, with plain spaces: nobody sees which kind they are."""

    id: int
    text: str
    buttons: dict[str, str] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    photo: bool = False
    # The message that it points to, as Telegram tells it with a tap.
    reply_to: Mapping[str, Any] | None = None


class Conversation:
    """The bot's side, on a database of the test."""

    def __init__(self, database: Database, now: datetime, *, campaign: Campaign = CAMPAIGN) -> None:
        self.database = database
        self.clock = MovableClock(now, speed=0)  # it stands where the test puts it
        own = services()
        if campaign is not CAMPAIGN:
            own = replace(own, campaign=campaign, texts=Texts({"campaign": campaign}))
        self.serve(own)
        self.numbered = 0
        """How many updates, messages and screens there were: each has the next number."""
        self._talkers: dict[int, Talker] = {}

    def serve(self, services: Services) -> None:
        """From now on with other services: a web address, for one."""
        self.services = services
        self._dispatcher = Dispatcher(application(), services, self.clock, Rolls(self.database))

    def number(self) -> int:
        self.numbered += 1
        return self.numbered

    def person(self, telegram_id: int, *, language: str = "en") -> Talker:
        talker = self._talkers[telegram_id] = Talker(self, telegram_id, language)
        return talker

    @property
    def talkers(self) -> Iterable[Talker]:
        """Everybody who was made, the last of each number."""
        return self._talkers.values()

    @property
    def is_plain(self) -> bool:
        """Whether it is as they all are, so that others begin alike."""
        return (
            self.database.dialect == "sqlite" and self.services is services() and type(self) is Conversation
        )

    def talker(self, telegram_id: int) -> Talker | None:
        """Whoever was made last of this number."""
        return self._talkers.get(telegram_id)

    async def answers(self) -> list[tuple[str, str | None, str]]:
        """Every answer that was logged, in order: question, subject, answer."""
        columns = (responses.c.question, responses.c.subject, responses.c.answer)
        async with self.database.read() as tx:
            rows = await tx.execute(sa.select(*columns).order_by(responses.c.id))
            return [(row.question, row.subject, row.answer) for row in rows]

    async def add_event(
        self,
        code: str,
        *,
        commune: str = "69123",
        starts: str = "2016-11-17T19:00",
        state: str = "open",
        titles: Mapping[str, str] = MappingProxyType({"fr": "Réunion publique", "en": "Public meeting"}),
        place: bool = True,
    ) -> int:
        """An event of two hours at a time of Paris, in a commune's centre; its id."""
        where = self.services.gazetteer.by_code(commune)
        assert where is not None
        values = {
            "code": code,
            "state": state,
            "starts_at": paris(starts),
            "ends_at": paris(starts) + timedelta(hours=2),
            "zone": where.zone,
            "commune": commune,
            "department": where.department,
            "region": where.region,
            "territory": where.territory,
            "address": "Salle Molière, 18 quai de Bondy",
            "latitude": where.latitude if place else None,
            "longitude": where.longitude if place else None,
            "created_at": self.clock.now(),
        }
        async with self.database.write() as tx:
            event = (await tx.execute(sa.insert(events).values(values).returning(events.c.id))).scalar_one()
            for language, title in titles.items():
                words = {"title": title, "description": f"Avec <Camille> & co. ({language})"}
                await tx.execute(sa.insert(event_texts).values(event=event, language=language, **words))
        return int(event)

    async def process(self, body: Mapping[str, Any]) -> list[Call]:
        while True:
            try:
                async with self.database.write() as tx:
                    return await self.handle(tx, body)
            except ReadFirst as first:
                await first.read()

    async def handle(self, tx: AsyncConnection, body: Mapping[str, Any]) -> list[Call]:
        """The same in a transaction that many updates share."""
        try:
            async with savepoint(tx):
                met = await meet(tx, {chat_of(body): orjson.dumps(body)})
                return await self._dispatcher.process(tx, body, met)
        except UpdateRefused as refused:
            return list(refused.replies)


class Talker:
    """A person with a Telegram application: what they sent, and the messages on their screen."""

    def __init__(self, conversation: Conversation, telegram_id: int, language: str) -> None:
        self.conversation = conversation
        self.telegram_id = telegram_id
        self._user = {"id": telegram_id, "is_bot": False, "first_name": "Zoé", "language_code": language}
        self._chat = {"id": telegram_id, "type": "private", "first_name": "Zoé"}
        self.screen: list[Shown] = []
        self.sent: dict[int, Mapping[str, Any]] = {}
        self.calls: list[Call] = []

    @property
    def last(self) -> Shown:
        return self.screen[-1]

    @property
    def toast(self) -> str:
        """What the last tap was answered with, over the chat."""
        answers = [call for call in self.calls if call.method == "answerCallbackQuery"]
        return as_read(str(answers[-1].payload.get("text", ""))) if answers else ""

    def called(self, method: str) -> list[Call]:
        """The calls of this method that answered the last update."""
        return [call for call in self.calls if call.method == method]

    async def stored(self) -> Person | None:
        async with self.conversation.database.read() as tx:
            return await db.people.find(tx, self.telegram_id)

    async def send(self, text: str, *, reply_to: int | None = None) -> Shown:
        message = self._typed(text)
        if reply_to is not None:
            message["reply_to_message"] = self._message(text="…") | {"message_id": reply_to}
        return await self._update(message=message)

    async def edit(self, message_id: int, text: str) -> None:
        """Other words in a message that was sent."""
        await self._update(edited_message=self._typed(text) | {"message_id": message_id})

    def _typed(self, text: str) -> dict[str, Any]:
        message = self._message(text=text)
        if text.startswith("/"):
            length = len(text.split()[0])
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        return message

    @property
    def last_sent(self) -> int:
        """The number of the last message that they sent."""
        return max(self.sent)

    async def send_ahead(self, text: str, *, before: str) -> Shown:
        """Words that were sent before a button was tapped, and come after it."""
        early = self._message(text=text)
        await self.tap(before)
        return await self._update(message=early)

    async def send_message(self, **content: Any) -> Shown:
        """A message that is more than words: formatted text, a photo."""
        return await self._update(message=self._message(**content))

    async def tap(self, label: str) -> Shown:
        """The button that bears this label, on the newest message that has one."""
        for shown in reversed(self.screen):
            for name, data in shown.buttons.items():
                if as_read(label) in name:
                    return await self.tap_data(data, on=shown)
        seen = [name for shown in self.screen for name in shown.buttons]
        raise AssertionError(f"No button “{label}” among {seen}")

    async def tap_data(self, data: str, *, on: Shown | None = None) -> Shown:
        """A tap with this callback data, forged or not; with the mark of its words, where such a button is there."""
        shown = on or (self.screen[-1] if self.screen else Shown(id=1, text="…"))
        data = as_it_stands(data, shown.buttons.values())
        plain = html.unescape(re.sub(r"<[^>]+>", "", shown.text))
        message = self._message(text=plain or "…") | {"message_id": shown.id}
        keys = [{"text": name, "callback_data": data} for name, data in shown.buttons.items()]
        keys += [{"text": name, "url": url} for name, url in shown.urls.items()]
        message["reply_markup"] = {"inline_keyboard": [[key] for key in keys]}
        if shown.reply_to is not None:
            message["reply_to_message"] = shown.reply_to
        if shown.photo:
            del message["text"]
            message["photo"] = [{"file_id": "f", "file_unique_id": "f", "width": 1, "height": 1}]
        query = {"id": "q", "from": self._user, "chat_instance": "c", "data": data, "message": message}
        return await self._update(callback_query=query)

    async def sign_up(self, place: str = "Lyon") -> None:
        """From /start to the welcome, saying yes to everything, in whatever language."""
        await signs_up(self, place)

    async def _sign_up(self, place: str) -> None:
        await self.send("/start")
        await self.tap_data("1:consent:contact:yes")
        await self.send(place)
        await self.tap_data("1:consent:commune:yes")
        served, language = self.conversation.services, self._user["language_code"]
        for purpose in ("team", "keep"):
            mark = mark_today(purpose, served, language=language if language in LANGUAGES else "en")
            await self.tap_data(f"1:agree:{purpose}:yes:{mark}")
        self.screen.pop()  # what stands last is the welcome, as when nothing more was asked

    async def share_location(self, latitude: float, longitude: float) -> Shown:
        message = self._message(location={"latitude": latitude, "longitude": longitude})
        return await self._update(message=message)

    def _message(self, **content: Any) -> dict[str, Any]:
        date = int(self.conversation.clock.now().timestamp())
        number = self.conversation.number()
        return {"message_id": number, "date": date, "chat": self._chat, "from": self._user, **content}

    async def _update(self, **content: Any) -> Shown:
        body = {"update_id": self.conversation.number(), **content}
        if "message" in content:
            self.sent[content["message"]["message_id"]] = content["message"]
        self.calls = await self.conversation.process(body)
        bubbles = [call for call in self.calls if call.method in ("sendMessage", "editMessageText")]
        assert not (self.toast and bubbles), "What a tap does is told over the chat or in it, not twice."
        for call in self.calls:
            self._show(call)
            if call.remember is not None and call.method == "sendMessage":
                sent = {"chat": {"id": self.telegram_id}, "message_id": self.last.id}
                await remember_question(self.conversation.database, call.remember, sent)
        put = [call for call in self.calls if call.puts_a_message]
        if put:
            # As the engine does once they were posted; a file or a map stands below what is shown.
            async with self.conversation.database.write() as tx:
                newest = self.last.id if put[-1].method == "sendMessage" else self.conversation.number()
                await db.people.note_newest(tx, [(self.telegram_id, newest)])
        return self.screen[-1] if self.screen else Shown(id=0, text="")

    def receive(self, calls: Iterable[Call]) -> None:
        """Messages that come by themselves."""
        for call in calls:
            self._show(call)

    def _show(self, call: Call) -> None:
        if call.chat not in (None, self.telegram_id):
            other = self.conversation.talker(call.chat or 0)
            if other is not None:
                other._show(call)
        elif call.method in ("sendMessage", "copyMessage"):
            words = call.payload.get("text", call.payload.get("caption", ""))
            self.screen.append(Shown(id=self.conversation.number(), text=as_read(words)))
            pointed = call.payload.get("reply_parameters", {}).get("message_id")
            self.screen[-1].reply_to = self.sent.get(pointed)
            self._keyboard(self.screen[-1], call)
        elif call.method == "deleteMessage":
            self.screen = [shown for shown in self.screen if shown.id != call.payload["message_id"]]
        elif call.method == "editMessageText":
            found = [shown for shown in self.screen if shown.id == call.payload["message_id"]]
            edited = found[0] if found else Shown(id=call.payload["message_id"], text="")
            edited.text = as_read(call.payload["text"])
            self._keyboard(edited, call)
            if not found:
                self.screen.append(edited)
        elif call.method == "editMessageReplyMarkup":
            for shown in self.screen:
                if shown.id == call.payload["message_id"]:
                    self._keyboard(shown, call)

    @staticmethod
    def _keyboard(shown: Shown, call: Call) -> None:
        rows = call.payload.get("reply_markup", {}).get("inline_keyboard", [])
        buttons = [button for row in rows for button in row]
        for machine_reads in (_leads_to(each) for each in buttons):
            assert machine_reads == as_read(machine_reads)
        shown.buttons = {
            as_read(each["text"]): each["callback_data"] for each in buttons if "callback_data" in each
        }
        shown.urls = {as_read(each["text"]): each["url"] for each in buttons if "url" in each}


@remembered
async def signs_up(talker: Talker, place: str) -> None:
    await talker._sign_up(place)


def as_it_stands(data: str, buttons: Iterable[str]) -> str:
    """What a button says, with the mark of the words that it stands under."""
    return next((each for each in buttons if each.startswith(f"{data}:{MARK}")), data)


def mark_today(purpose: str, served: Services | None = None, *, language: str = "en") -> str:
    """The mark of the words of a choice."""
    texts = (served or services()).texts
    return mark_of(texts.render(question_of(Purpose(purpose)), language).written)


def _leads_to(button: Mapping[str, Any]) -> str:
    """What a button sends back, or the address that it opens."""
    return str(button.get("callback_data") or button.get("url") or button["web_app"]["url"])


def paris(text: str) -> datetime:
    """An instant of winter 2016 in Paris: `2016-11-16T10:00`."""
    return datetime.fromisoformat(f"{text}+01:00").astimezone(UTC)
