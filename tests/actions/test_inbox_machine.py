"""Whatever supporters, the team and the clock do: one reads at a time, and only who wrote is answered."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

import db.conversations
import db.duties
import db.people
import db.staff
from bot.actions import claims, conversations, inbox
from bot.actions.authority import Author, author_of
from bot.actions.conversations import ConsentAsked, Content
from bot.actions.erasure import erase
from bot.actions.inbox import ConversationTaken
from bot.actions.responses import Origin
from bot.delivery.calls import Call
from bot.errors import PortevoixError
from bot.rules.conversations import Claims, ConversationState
from db.conversations import Conversation as Talk
from db.engine import Database
from db.key import DatabaseKey
from db.people import Person
from tests.campaigning import supporter
from tests.conversation import CAMPAIGN, Conversation, paris
from tests.hall import LYON, SEALING
from tests.leaving import leaving
from tests.machines import Machine, on_postgresql, on_sqlite, played

PEOPLE, TEAM = range(1, 3), range(3, 5)
MARKED = re.compile(r"\b([QA])(\d+)x\d+\b")
"""`Q2x7`: what person 2 wrote; `A2x7`: an answer to them."""


class Desk:
    """Two supporters of Lyon, and two of the team who are on duty there."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.numbers = itertools.count(1)

    async def open(self) -> None:
        for number in (*PEOPLE, *TEAM):
            assert await supporter(self.conversation, 1000 + number, LYON) == number
        async with self.database.write() as tx:
            for number in TEAM:
                role = {"role": "organizer", "area": "69", "added_by": None, "now": self.now}
                await db.staff.add(tx, telegram_id=1000 + number, **role)
                await db.duties.change(tx, number, name=f"Sophie {number}", on_duty=True)

    @property
    def database(self) -> Database:
        return self.conversation.database

    @property
    def now(self) -> Any:
        return self.conversation.clock.now()

    def origin(self) -> Origin:
        return Origin(update_id=next(self.numbers), message_id=None, at=self.now)

    async def author(self, tx: Any, member: int) -> Author:
        person = await self.person(tx, member)
        shared = self.conversation.services
        return await author_of(tx, person, campaign=CAMPAIGN, gazetteer=shared.gazetteer, now=self.now)

    async def person(self, tx: Any, number: int) -> Person:
        found = await db.people.get(tx, number)
        assert found is not None
        return found

    async def talks(self) -> dict[int, Talk]:
        """By person."""
        async with self.database.read() as tx:
            found = {number: await db.conversations.of_person(tx, number) for number in PEOPLE}
        return {number: talk for number, talk in found.items() if talk is not None}

    async def write(self, person: int) -> None:
        content = Content(message_id=next(self.numbers), text=f"Q{person}x{next(self.numbers)}")
        async with self.database.write() as tx:
            somebody = await self.person(tx, person)
            asked = ConsentAsked(text="…", language="fr")
            await conversations.write(tx, somebody, self.origin(), content, asked=asked)

    async def act(self, member: int, what: str, person: int) -> None:
        talk = (await self.talks()).get(person)
        number = talk.id if talk is not None else 99
        async with self.database.write() as tx:
            author = await self.author(tx, member)
            if what == "claim":
                await inbox.claim(tx, author, number)
            elif what == "answer":
                content = Content(message_id=next(self.numbers), text=f"A{person}x{next(self.numbers)}")
                await inbox.answer(tx, author, number, content)
            elif what == "hand_back":
                await inbox.hand_back(tx, author, number)
            elif what == "close":
                await inbox.close(tx, author, number)
            else:
                free = await inbox.may_pass_to(tx, author, number)
                if free:
                    await inbox.pass_on(tx, author, number, free[0].person)


class Talks(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.gone: set[int] = set()
        self.wrote: set[int] = set()

    @initialize()
    def begin(self) -> None:
        async def opening() -> None:
            await self.open_database()
            self.desk = Desk(Conversation(self.database, paris("2016-11-14T10:00")))
            await self.desk.open()

        self.run(opening())

    @rule(person=st.sampled_from(PEOPLE))
    def write(self, person: int) -> None:
        if person not in self.gone:
            with contextlib.suppress(PortevoixError):
                self.run(self.desk.write(person))
                self.wrote.add(person)

    @rule(
        member=st.sampled_from(TEAM),
        person=st.sampled_from(PEOPLE),
        what=st.sampled_from(["claim", "claim", "answer", "hand_back", "pass_on", "close"]),
    )
    def act(self, member: int, person: int, what: str) -> None:
        before = self.run(self.desk.talks())
        try:
            self.run(self.desk.act(member, what, person))
        except PortevoixError:
            assert self.run(self.desk.talks()) == before, "Who is refused changes nothing."
            return
        after = self.run(self.desk.talks())
        assert {who: talk for who, talk in before.items() if who != person} == {
            who: talk for who, talk in after.items() if who != person
        }, "Nobody else is concerned."
        had = before[person].standing
        if what == "claim":
            assert had.claimed_by in (None, member)
            assert after[person].standing.claimed_by == member
        else:
            assert had.claimed_by == member, "Only whoever has taken it may."

    @rule(hours=st.sampled_from([0.5, 2, 12, 24]))
    def wait(self, hours: float) -> None:
        async def tending() -> None:
            async with self.database.write() as tx:
                await claims.tend(tx, Claims(), self.desk.now)

        self.desk.conversation.clock.move(self.desk.now + timedelta(hours=hours))
        self.run(tending())
        for talk in self.run(self.desk.talks()).values():
            standing = talk.standing
            if standing.touched_at is not None:
                assert self.desk.now - standing.touched_at < Claims().idle
            if standing.waiting_since is not None and standing.escalated_at is None:
                assert self.desk.now - standing.waiting_since < Claims().escalation

    @rule()
    def let_leave(self) -> None:
        """What leaves says something to who may read it, and to nobody else."""
        talks = self.run(self.desk.talks())
        for call in self.run(leaving(self.desk.conversation)):
            if not isinstance(call, Call):
                continue
            reader = (call.chat or 0) - 1000
            for kind, who in MARKED.findall(str(call.payload.get("text", ""))):
                person = int(who)
                assert person not in self.gone, "Nothing of who left."
                if reader in TEAM:
                    assert talks[person].standing.claimed_by == reader, "Nobody reads what is another’s."
                else:
                    assert (kind, person) == ("A", reader), "Only who wrote is answered."
                    assert person in self.wrote

    @rule(person=st.sampled_from(PEOPLE), leaves=st.booleans())
    def erase(self, person: int, leaves: bool) -> None:
        if person in self.gone or self.gone:
            return

        async def erasing() -> None:
            async with self.database.write() as tx:
                somebody = await self.desk.person(tx, person)
                if leaves:
                    await conversations.forget(tx, somebody, self.desk.now)
                    await erase(tx, somebody, SEALING, self.desk.now)
                else:
                    asked = ConsentAsked(text="…", language="fr")
                    await conversations.erase(tx, somebody, self.desk.origin(), asked)

        self.run(erasing())
        assert person not in self.run(self.desk.talks())
        self.wrote.discard(person)
        if leaves:
            self.gone.add(person)

    @invariant()
    def it_stands_as_it_says(self) -> None:
        if not hasattr(self, "desk"):
            return
        taken = []
        for talk in self.run(self.desk.talks()).values():
            standing = talk.standing
            assert (standing.state is ConversationState.CLAIMED) is (standing.claimed_by is not None)
            assert (standing.state is ConversationState.CLOSED) is (standing.closed_at is not None)
            assert standing.state is not ConversationState.WAITING or standing.waiting_since is not None
            taken += [] if standing.claimed_by is None else [standing.claimed_by]
        assert len(set(taken)) == len(taken), "One at a time."


def test_conversations_hold_on_sqlite(sqlite_template: Path, database_key: DatabaseKey) -> None:
    played(Talks, on_sqlite(sqlite_template, database_key), examples=12, steps=30)


def test_conversations_hold_on_postgresql(postgresql_address: str) -> None:
    played(Talks, on_postgresql(postgresql_address), examples=2, steps=30)


async def test_of_two_who_take_it_at_once_one_is_told_that_the_other_was_first(database: Database) -> None:
    desk = Desk(Conversation(database, paris("2016-11-14T10:00")))
    await desk.open()
    await desk.write(1)
    both = await asyncio.gather(*(desk.act(member, "claim", 1) for member in TEAM), return_exceptions=True)
    assert sorted(type(each).__name__ for each in both) == ["ConversationTaken", "NoneType"]
    (refusal,) = [each for each in both if isinstance(each, ConversationTaken)]
    winner = (await desk.talks())[1].standing.claimed_by
    assert refusal.values["who"] == f"Sophie {winner}"
    reads = [
        (call.chat or 0) - 1000
        for call in await leaving(desk.conversation)
        if isinstance(call, Call) and "Q1x" in str(call.payload.get("text"))
    ]
    assert reads == [winner]
