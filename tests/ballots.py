"""The conversations of docs/other-ballots.md: a presidential election, a campaign of one commune, a vote of members.

They are played without a network, as the tests of handlers are; reminders are planned and looked at as the bot does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import sqlalchemy as sa

import db.broadcasts
from bot import communes
from bot.actions.planning import plan
from bot.campaign.campaign import load_campaign
from bot.clock import MovableClock
from bot.delivery.calls import Call
from bot.departure.compose import Composer
from bot.departure.decide import Departure
from bot.rules.territories import zone
from bot.words.telegram_html import parse_html
from db import deliveries
from db.engine import Database
from db.schema import deliveries as delivered
from simulator.reading import as_read
from tests.conversation import BOT, Conversation, Talker, paris
from tests.reading import Reader


class Chat:
    """A chat that is written down as it is played."""

    lines: list[str]

    def __init__(self, conversation: Conversation, name: str, number: int, language: str) -> None:
        self.name, self.number, self.lines, self._read = name, number, [], Reader(language)
        self._conversation = conversation
        self._talker: Talker = conversation.person(number, language=language)

    async def says(self, text: str) -> None:
        self.lines.append(f"**{self.name}:** {text}")
        await self._talker.send(text)
        self._answered(self._talker.calls)

    async def taps(self, label: str, **filled: object) -> None:
        """The button with this English label, as it reads in their language; `filled`: what is filled into it."""
        said = self._read.label(label) % filled if filled else self._read.label(label)
        self.lines.append(f"**{self.name}:** `[ {said} ]`")
        exact = next((data for name, data in self._talker.last.buttons.items() if name == said), None)
        await (self._talker.tap(said) if exact is None else self._talker.tap_data(exact))
        self._answered(self._talker.calls)

    async def types(self, word: str) -> None:
        """The word of a template, as it is typed in their language."""
        await self.says(self._conversation.services.texts.typed(word, self._read.language))

    async def taps_newest(self) -> None:
        """The first button of what is on the screen, whatever it says."""
        label, data = next(iter(self._talker.last.buttons.items()))
        self.lines.append(f"**{self.name}:** `[ {as_read(label)} ]`")
        await self._talker.tap_data(data)
        self._answered(self._talker.calls)

    def receives(self, calls: Sequence[Call]) -> None:
        """What left for them by itself."""
        self._talker.receive(calls)
        self._answered(calls)

    async def waits_until(self, at: str) -> None:
        """What is due then arrives."""
        now, campaign = paris(at), self._conversation.services.campaign
        self._conversation.clock.move(now)
        texts, gazetteer = self._conversation.services.texts, communes.load()
        composer = Composer(texts=texts, campaign=campaign, gazetteer=gazetteer, bot_username=BOT)
        clock = MovableClock(now, speed=0)
        departure = Departure(
            campaign=campaign, texts=texts, composer=composer, clock=clock, bot_username=BOT
        )
        async with self._conversation.database.write() as tx:
            await plan(tx, campaign, now)
            due = [(each.id, 10) for each in await db.broadcasts.active(tx)]
            rows = await deliveries.lease(tx, due, owner="sender", now=now)
            calls = [call for call in await departure.prepare(tx, rows) if isinstance(call, Call)]
            sent = sa.update(delivered).values(state="sent", sent_at=now)
            await tx.execute(sent.where(delivered.c.id.in_([row.id for row in rows])))
        assert calls, f"Nothing is due at {at}."
        self.receives(calls)

    def _answered(self, calls: Iterable[Call]) -> None:
        for call in calls:
            if call.method in ("sendMessage", "editMessageText"):
                self.lines.append(self._shown(call, edited=call.method == "editMessageText"))

    def _shown(self, call: Call, *, edited: bool) -> str:
        said = as_read(parse_html(call.payload["text"])).splitlines()
        rows = (call.payload.get("reply_markup") or {}).get("inline_keyboard", [])
        buttons = [" ".join(f"`[ {as_read(each['text'])} ]`" for each in row) for row in rows]
        now = self._conversation.clock.now().astimezone(zone("Europe/Paris"))
        head = f"**Bot** ({now:%Y-%m-%d %H:%M}{', edited' if edited else ''}):"
        return "\n".join(f"> {line}  " if line else ">" for line in (head, *said, *buttons))


def begin(database: Database, campaign: str, at: str) -> Conversation:
    """The bot of a shipped campaign, at an hour of Paris."""
    return Conversation(database, paris(at), campaign=load_campaign(Path("campaigns") / campaign))


async def one_commune(database: Database) -> list[Chat]:
    """Somebody who votes in Villeurbanne, and a friend from Lyon who helps."""
    conversation = begin(database, "municipales-2026", "2026-02-20T10:00")
    zoe = Chat(conversation, "Zoé", 1, "fr")
    await zoe.says("/start")
    await zoe.taps("I’m 17 or over: yes, write to me")
    await zoe.taps("Yes")
    await zoe.waits_until("2026-02-22T18:00")
    await zoe.taps("I’ll vote")
    await zoe.waits_until("2026-03-07T18:00")
    await zoe.says("/vote")
    hugo = Chat(conversation, "Hugo", 2, "fr")
    await hugo.says("/start")
    await hugo.taps("I’m 17 or over: yes, write to me")
    await hugo.says("Lyon")
    await hugo.taps("I’d like to help")
    await hugo.says("/vote")
    return [zoe, hugo]


async def members(database: Database) -> list[Chat]:
    """A member of the association, from signing up to the day after the assembly."""
    emily = Chat(begin(database, "assemblee-generale", "2027-03-01T10:00"), "Emily", 1, "en")
    await emily.says("/start")
    await emily.taps("I’m 17 or over: yes, write to me")
    await emily.waits_until("2027-03-06T18:00")
    await emily.taps("I’ll vote")
    await emily.waits_until("2027-03-13T18:00")
    await emily.taps("At the opening")
    await emily.taps("From home")
    await emily.taps("With friends")
    await emily.waits_until("2027-03-18T18:00")
    await emily.waits_until("2027-03-20T13:00")
    await emily.waits_until("2027-03-21T10:00")
    await emily.says("/privacy")
    return [emily]


async def republic(database: Database) -> list[Chat]:
    """Somebody in Guadeloupe, who votes on the Saturday, and somebody in New York, who does too."""
    conversation = begin(database, "presidentielle-2027", "2027-03-10T15:00")
    adele = Chat(conversation, "Adèle", 1, "fr")
    await adele.says("/start")
    await adele.taps("I’m 17 or over: yes, write to me")
    await adele.says("Pointe à Pitre")
    await adele.taps("Yes, by where I vote")
    await adele.waits_until("2027-03-20T23:00")
    await adele.taps("I’ll vote")
    await adele.waits_until("2027-04-06T23:00")
    await adele.taps("In the morning")
    await adele.taps("From home")
    await adele.taps("With friends")
    await adele.waits_until("2027-04-08T23:00")
    await adele.waits_until("2027-04-11T19:30")
    await adele.taps("Keep my plan")
    grace = Chat(conversation, "Grace", 2, "en")
    await grace.says("/start")
    await grace.taps("I’m 17 or over: yes, write to me")
    await grace.says("New York")
    await grace.taps("I live abroad: United States")
    await grace.says("/vote")
    return [adele, grace]


PLAYED = {"presidentielle-2027": republic, "municipales-2026": one_commune, "assemblee-generale": members}
