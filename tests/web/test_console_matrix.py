"""Every address of the console that changes something, for everybody: done or refused, as in the chat's matrix.

What each does is undone, so that all of them meet the same campaign. An address that is in no row fails.
"""

from __future__ import annotations

import copy
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db.approvals
import db.hosts
import db.people
import db.shifts
from bot.actions import (
    admissions,
    broadcast_approvals,
    drafts,
    export_orders,
    exports,
    inbox,
    saved_answers,
)
from bot.actions.authority import Author, author_of
from bot.actions.exports import Order
from bot.rules.console import form_token
from bot.web.console.forms import mark_of
from db.engine import Database
from db.exports import Selection
from db.schema import (
    broadcasts,
    console_sessions,
    conversations,
    deliveries,
    event_texts,
    events,
    people,
    walks,
)
from db.schema import saved_answers as saved_answers_table
from tests.campaigning import revoke, staff, supporter
from tests.conversation import Conversation
from tests.drafting import announce_event, send_broadcast
from tests.ground import STATION, plant
from tests.talking import ask, on_duty
from tests.web.browsing import ADDRESS, Browser, browser, signed_in, web_of

STAFF = {
    "olga": ("organizer", "69"),  # who made everything
    "sophie": ("organizer", "69"),
    "paul": ("organizer", "13"),
    "karim": ("coordinator", "R84"),
    "admin": ("admin", "FR"),
}
EVERYBODY = ("stranger", "revoked", *STAFF)
HERE = "olga karim admin"
"""Whoever made it, and those who supervise where it is."""
DRAFT = {
    **{"kind": "persuasion", "texts": {"fr": "Bonjour", "en": ""}, "photo": "", "chosen": True},
    "wall": "now",
}
EVENT = {
    **{"titles": {"fr": "Réunion", "en": ""}, "descriptions": {"fr": ""}, "commune": "69123", "minutes": 60},
    **{"address": "Salle Molière", "pin": [], "wall": "2016-11-24T19:00:00", "seats": [], "chosen": True},
}
SURVEY = {
    **{"kind": "poll", "titles": {"fr": "Trajets", "en": ""}, "purposes": {"fr": "Programme", "en": ""}},
    "questions": [
        {"texts": {"fr": "Train ?", "en": ""}, "options": {"fr": ["Oui", "Non"]}, "several": False}
    ],
    **{"complete": True, "chosen": True, "wall": "2016-11-18T18:00:00", "kept": 30},
}
SAID = {"text-A-fr": "Bonsoir", "text-A-en": "Good evening"}


@dataclass(frozen=True)
class Row:
    """Who may; everybody else is refused, or does not find it. `draft`: what each of them is writing."""

    done_by: str
    form: Mapping[str, str] = field(default_factory=dict)
    draft: tuple[str, Mapping[str, Any]] | None = None


ALL = " ".join(STAFF)
MESSAGE, EVENT_DRAFT, ASKING = ("broadcast", DRAFT), ("new_event", EVENT), ("survey", SURVEY)
ROWS: Mapping[str, Row] = {
    "/console/out": Row(ALL),
    "/console/team/end": Row("admin", {"session": "{session}"}),
    "/console/team/admit": Row("admin", {"approval": "{newcomer}", "said": "yes"}),
    "/console/ground/{station}/cut": Row("karim admin", {"station": STATION}),
    "/console/ground/{station}/offer": Row(
        "karim admin", {"station": STATION, "at": "2016-11-17T14:00", "where": "town hall"}
    ),
    "/console/ground/{station}/walk": Row(
        "karim admin", {"station": STATION, "walk": "{walk}", "act": "sign_out"}
    ),
    "/console/exports/decide": Row("admin", {"approval": "{export}", "said": "yes"}),
    "/console/exports": Row("karim admin", {"table": "responses", "format": "csv", "area": "69"}),
    # messages
    "/console/messages/new": Row(ALL, {"kind": "persuasion", **SAID}),
    "/console/messages/new/whom": Row(ALL, {"do": "all"}, MESSAGE),
    "/console/messages/new/when": Row(ALL, {"when": "now"}, MESSAGE),
    "/console/messages/new/send": Row(ALL, {"word": "SEND", "seen": mark_of(DRAFT)}, MESSAGE),
    "/console/messages/new/drop": Row(ALL, {}, MESSAGE),
    "/console/messages/{number}/rewrite": Row(HERE, {"number": "{scheduled}"}),
    "/console/messages/{number}/duplicate": Row(HERE, {"number": "{scheduled}"}),
    "/console/messages/{number}/control": Row(HERE, {"number": "{scheduled}", "change": "pause"}),
    "/console/messages/{number}/correct": Row(
        HERE, {"number": "{sent}", "do": "correct", "word": "CORRECT", "once": "0" * 16, **SAID}
    ),
    "/console/messages/{number}/recall": Row(
        HERE, {"number": "{sent}", "word": "TAKE BACK", "once": "0" * 16}
    ),
    "/console/messages/{number}/renew": Row(HERE, {"number": "{sent}"}),
    "/console/messages/{number}/doubts": Row(
        HERE, {"number": "{sent}", "word": "SEND", "until": "2016-11-16T23:00+00:00"}
    ),
    "/console/messages/{number}/decide": Row(
        "karim admin", {"number": "{waiting}", "said": "yes", "approval": "{approval}"}
    ),
    # events
    "/console/events/new": Row(ALL, {"title-fr": "Réunion"}),
    "/console/events/new/whom": Row(ALL, {"do": "all"}, EVENT_DRAFT),
    "/console/events/new/ready": Row(ALL, {}, EVENT_DRAFT),
    "/console/events/new/announce": Row(
        "olga sophie karim admin", {"word": "SEND", "seen": mark_of(EVENT)}, EVENT_DRAFT
    ),
    "/console/events/new/drop": Row(ALL, {}, EVENT_DRAFT),
    "/console/events/{code}/sheet": Row(HERE),
    # Before its door opens whoever may tick is told so: tests/web/test_console_door.py ticks.
    "/console/events/{code}/door": Row("", {"number": "1", "there": "yes"}),
    "/console/events/{code}/write": Row(HERE),
    "/console/events/{code}/seats": Row(HERE, {"capacity": "10", "sequence": "{sequence}"}),
    "/console/events/{code}/change": Row(HERE, {"address": "Salle Rameau", "sequence": "{sequence}"}),
    "/console/events/{code}/cancel": Row(HERE, {"sequence": "{sequence}"}),
    "/console/events/{code}/shifts": Row(
        HERE,
        {"role": "stage", "starts": "2016-11-24T18:00", "ends": "2016-11-24T20:00", "newest": "{shift}"},
    ),
    "/console/events/{code}/shifts/{shift}/hours": Row(
        HERE, {"starts": "2016-11-24T18:00", "ends": "2016-11-24T20:00", "seen": "{shift_seen}"}
    ),
    "/console/events/{code}/shifts/{shift}/role": Row(
        HERE, {"role": "set_up", "words": "", "seen": "{shift_seen}"}
    ),
    "/console/events/{code}/shifts/{shift}/places": Row(HERE, {"places": "5", "seen": "{shift_seen}"}),
    "/console/events/{code}/shifts/{shift}/off": Row(HERE, {"seen": "{shift_seen}"}),
    "/console/events/{code}/team/link": Row(HERE),
    # What a supporter hosts is looked after by everybody of the team of its area.
    "/console/events/{code}/team/remove": Row(
        "olga sophie karim admin", {"code": "hosted00", "person": "{helper}"}
    ),
    "/console/events/{code}/team/trust": Row(
        "olga sophie karim admin", {"code": "hosted00", "person": "{helper}", "said": "yes"}
    ),
    "/console/people": Row(ALL, {"name": "Awa"}),
    # surveys
    "/console/surveys/new": Row(ALL, {"kind": "poll", "count": "1", "do": "add"}),
    "/console/surveys/new/whom": Row(ALL, {"do": "all"}, ASKING),
    "/console/surveys/new/when": Row(ALL, {"closes": "2016-11-18T18:00", "kept": "30"}, ASKING),
    "/console/surveys/new/send": Row(ALL, {"word": "SEND", "seen": mark_of(SURVEY)}, ASKING),
    "/console/surveys/new/drop": Row(ALL, {}, ASKING),
    # conversations: Olga has taken the one, nobody the other
    "/console/conversations/duty": Row(ALL, {"name": "Camille"}),
    "/console/conversations/saved": Row(
        "karim admin", {"title": "Bonsoir", "language": "fr", "text": "Bonjour"}
    ),
    "/console/conversations/saved/delete": Row("karim admin", {"number": "{saved}"}),
    # Olga answers the one that she has first.
    "/console/conversations/{number}/take": Row("sophie karim admin", {"number": "{asked}"}),
    "/console/conversations/{number}/answer": Row(
        "olga", {"number": "{taken}", "text": "Oui", "once": "0" * 14}
    ),
    "/console/conversations/{number}/back": Row("olga", {"number": "{taken}"}),
    "/console/conversations/{number}/pass": Row("olga", {"number": "{taken}", "to": "{sophie}"}),
    "/console/conversations/{number}/close": Row("olga", {"number": "{taken}", "seen": "{seen}"}),
    "/console/conversations/{number}/block": Row(
        "olga", {"number": "{taken}", "days": "7", "reason": "spam"}
    ),
    "/console/conversations/{number}/unblock": Row("olga sophie karim admin", {"number": "{blocked}"}),
}
BY_A_LINK = {"/console/enter/{token}", "/console/app"}
"""What opens a session: tests/web/test_console_doors.py."""


class Undone:
    """The database, of which nothing stays that is written."""

    def __init__(self, database: Database) -> None:
        self._database, self.writes = database, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        self.writes += 1
        async with self._database.write() as tx:
            yield tx
            await tx.rollback()


@pytest.fixture
async def visitors(conversation: Conversation) -> dict[str, Browser]:
    web = web_of(conversation)
    found = {"stranger": browser(conversation, web=web)}
    for number, (name, (role, area)) in enumerate(STAFF.items()):
        found[name] = await signed_in(await on_duty(conversation, 11 + number, name, role, area), web=web)
    found["revoked"] = await signed_in(await staff(conversation, 19, "admin", "FR"), web=web)
    await revoke(conversation, 19)
    return found


@pytest.fixture
async def facts(conversation: Conversation, visitors: dict[str, Browser]) -> dict[str, str]:
    """What there is in the campaign, by the name that a row calls it."""
    for number in range(12):
        await supporter(conversation, 100 + number, "69123", language="en" if number < 3 else "fr")
    await plant(conversation.database, now=conversation.clock.now())
    await (await staff(conversation, 20, "admin", "FR")).send("/help")  # who invites another one
    olga = conversation.person(11)
    for _ in range(3):
        await send_broadcast(olga)
    await announce_event(olga)
    now = conversation.clock.now()
    async with conversation.database.write() as tx:
        states = [("sent", {"message_id": 1, "sent_at": now}), ("in_doubt", {}), ("expired", {})]
        numbers = list(await tx.scalars(sa.select(deliveries.c.id).where(deliveries.c.broadcast == 1)))
        for at, (state, more) in zip(numbers, states * 4, strict=False):
            changed = sa.update(deliveries).where(deliveries.c.id == at).values(state=state, **more)
            await tx.execute(changed)
        later = {"starts_at": now + timedelta(days=1)}
        await tx.execute(sa.update(broadcasts).where(broadcasts.c.id == 2).values(**later))
        person = await olga.stored()
        assert person is not None
        services = conversation.services
        author = await author_of(
            tx, person, campaign=services.campaign, gazetteer=services.gazetteer, now=now
        )
        approval = await broadcast_approvals.ask(tx, author, 3)
        newcomer = await admissions.ask(
            tx, telegram_id=21, area="FR", by=20, link="link", seconds=set(), now=now
        )
        asker = await db.people.find(tx, 20)
        assert asker is not None
        asking = await author_of(tx, asker, campaign=services.campaign, gazetteer=services.gazetteer, now=now)
        whole = Order(table="responses", format="csv", selection=Selection(area="FR"))
        export = await db.approvals.ask(
            tx,
            what=export_orders.WHAT,
            asked_by=20,
            details={**exports.as_read_by(asking, whole).details, "rows": 1},
            asked_at=now,
            expires_at=now + timedelta(days=1),
        )
        event = (await tx.execute(sa.select(events))).one()
        hours = {"starts_at": event.starts_at, "ends_at": event.ends_at}
        shift = await db.shifts.create(tx, event=event.id, role="welcome", capacity=2, **hours)
        planned = await db.shifts.get(tx, shift)
        assert planned is not None
        helper = (await tx.execute(sa.select(people.c.id).where(people.c.telegram_id == 105))).scalar_one()
        values = {**event._mapping, "code": "hosted00", "created_by": None}
        hosted = sa.insert(events).values({name: value for name, value in values.items() if name != "id"})
        hosted_event = (await tx.execute(hosted.returning(events.c.id))).scalar_one()
        words = {"language": "fr", "title": "Café", "description": "Venez"}
        await tx.execute(sa.insert(event_texts).values(event=hosted_event, **words))
        await db.hosts.add(tx, event=hosted_event, person=helper, part="host", now=now)
        session = sa.select(console_sessions.c.id).where(console_sessions.c.telegram_id == 12)
        session = (await tx.execute(session)).scalars().first()
        walk = sa.select(walks.c.id).where(walks.c.station == STATION)
        walk = (await tx.execute(walk)).scalars().first()
    return {
        "walk": str(walk),
        **{"scheduled": "2", "sent": "1", "waiting": "3", "approval": str(approval.id)},
        "newcomer": str(newcomer.id),
        "export": str(export.id),
        **{"shift": str(shift), "shift_seen": planned.mark, "helper": str(helper)},
        **{"code": event.code, "sequence": str(event.sequence), "session": str(session)},
        **await _talks(conversation, author),
    }


async def _talks(conversation: Conversation, author: Author) -> dict[str, str]:
    """Three conversations: Olga has blocked one and taken another; the last one waits."""
    for number in (100, 101, 102):
        await ask(conversation.person(number))
    async with conversation.database.write() as tx:
        blocked, taken, asked = await tx.scalars(sa.select(conversations.c.id).order_by(conversations.c.id))
        await inbox.claim(tx, author, blocked)
        await inbox.block(tx, author, blocked, 7, "spam")
        await inbox.claim(tx, author, taken)
        mine = sa.update(deliveries).where(deliveries.c.person == author.person.id)
        await tx.execute(mine.values(state="sent", message_id=99, sent_at=author.now))  # she has it
        seen = (await inbox.read(tx, author, taken))[-1].id
        karim = await db.people.find(tx, 14)
        assert karim is not None
        supervisor = await author_of(
            tx, karim, campaign=author.campaign, gazetteer=author.gazetteer, now=author.now
        )
        await saved_answers.save(tx, supervisor, language="fr", title="Salut", text="Bonjour")
        saved = (await tx.execute(sa.select(saved_answers_table.c.id))).scalar_one()
        sophie = (await tx.execute(sa.select(people.c.id).where(people.c.telegram_id == 12))).scalar_one()
    found = {"blocked": blocked, "taken": taken, "asked": asked, "seen": seen, "saved": saved}
    return {name: str(value) for name, value in {**found, "sophie": sophie}.items()}


def changing(conversation: Conversation) -> set[str]:
    web = web_of(conversation).app
    return {
        route.path
        for route in web.routes  # type: ignore[attr-defined]  # a Starlette
        if route.path.startswith("/console") and "POST" in (getattr(route, "methods", None) or ())
    }


async def test_every_address_that_changes_something_is_in_a_row(conversation: Conversation) -> None:
    assert changing(conversation) - BY_A_LINK == set(ROWS)


async def test_each_is_done_by_whoever_may_and_refused_to_everybody_else(
    conversation: Conversation, visitors: dict[str, Browser], facts: dict[str, str]
) -> None:
    undone = copy.copy(conversation)
    undone.database = database = Undone(conversation.database)  # type: ignore[assignment]  # it is as the database is
    web = web_of(undone)
    for name, visitor in visitors.items():
        visitor.client._transport = web  # the same cookies, on what is undone
        if name in STAFF:
            await visitor.open("/console/")
    wrong = []
    for path, row in ROWS.items():
        given = {key: text.format_map(facts) for key, text in row.form.items()}
        where = path.format_map({**facts, **given})
        for name in EVERYBODY:
            if row.draft is not None and name in STAFF:
                await drafting(conversation, 11 + list(STAFF).index(name), *row.draft)
            before = database.writes
            status = await posted(visitors[name], where, given)
            # Whoever has no session never takes the one writer.
            assert name in STAFF or database.writes == before, (path, name)
            if (status < 400) is not (name in row.done_by.split()):
                wrong.append((path, name, status, re.sub(r"\s+", " ", visitors[name].text)[-300:]))
    assert wrong == []


async def posted(visitor: Browser, path: str, form: Mapping[str, str]) -> int:
    cookie = visitor.client.cookies.get("portevoix_console") or ""
    answer = await visitor.client.post(
        path, data={"form": form_token(cookie), **form}, headers={"origin": ADDRESS}
    )
    visitor.page = answer
    if cookie and not visitor.client.cookies.get("portevoix_console"):
        visitor.client.cookies.set("portevoix_console", cookie, path="/console", domain="127.0.0.1")
    return answer.status_code


async def drafting(conversation: Conversation, number: int, flow: str, data: Mapping[str, Any]) -> None:
    person = await conversation.person(number).stored()
    assert person is not None
    async with conversation.database.write() as tx:
        await drafts.keep(tx, person, flow, data, now=conversation.clock.now())
