"""Pages that a process apart makes: the same as here, also when it ends in the middle, and of nobody who may not."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.apart import making
from bot.apart.given import Given, time_of
from bot.apart.pages import ApartPages, is_made_apart
from bot.apart.process import PageLost, Process
from bot.rules.console import Entrance
from bot.web.site import Site
from bot.web.turn import TURN, Turn
from db.engine import Database, open_to_read
from db.schema import broadcasts, rsvps
from tests.bots import until
from tests.campaigning import revoke, staff, supporter
from tests.conversation import BOT, Conversation, paris
from tests.web.browsing import ADDRESS, Browser, application_of, signed_in

SOPHIE, KARIM = 11, 12
TODAY = "/console/"


class Apart:
    """The web part of a conversation, its pages made apart. `here`: the addresses that this process made;
    `at_once`: the last of them because the other passed it back.
    """

    def __init__(self, conversation: Conversation, **options: Any) -> None:
        conversation.serve(replace(conversation.services, links_to=ADDRESS))
        self.conversation = conversation
        self.here: list[str] = []
        self.at_once = False
        self._application: ASGIApp = application_of(conversation)
        site = Site(conversation.services.campaign, address=ADDRESS)
        self.pages = ApartPages(self._made_here, site.lost_page, self.given, **options)
        self.web = httpx.ASGITransport(self.pages)

    async def _made_here(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "GET":
            assert (await receive())["type"] == "http.request"
        self.here.append(scope["path"])
        self.at_once = scope.get(TURN) == Turn(at_once=True)
        await self._application(scope, receive, send)

    def given(self) -> Given:
        services, database = self.conversation.services, self.conversation.database
        url = database._writer.url.render_as_string(hide_password=False)
        return Given(
            campaign=services.campaign,
            file=database.file,
            key=database.key,
            url=None if database.file is not None else url,
            suppression_key=services.suppression_key,
            bot_username=BOT,
            address=ADDRESS,
            clock=time_of(self.conversation.clock, None),
            log_level=0,
        )

    async def process(self, *, other_than: int | None = None) -> Process:
        """The one that makes pages, once it can be asked."""

        async def is_there() -> bool:
            found = self.pages.process
            return found is not None and found.pid != other_than

        await until(is_there, "a process makes pages")
        found = self.pages.process
        assert found is not None
        return found


@asynccontextmanager
async def apart(database: Database, **options: Any) -> AsyncIterator[Apart]:
    found = Apart(Conversation(database, paris("2016-11-16T10:00")), **options)
    running = asyncio.create_task(found.pages.run())
    try:
        yield found
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def somebody(found: Apart, role: str = "admin") -> Browser:
    """Signed in, with the first page seen: the process is asked from then on."""
    visitor = await signed_in(await staff(found.conversation, SOPHIE, role, "69"), web=found.web)
    await visitor.arrive()
    await found.process()
    found.here.clear()
    return visitor


@pytest.mark.usefixtures("from_nothing")
async def test_a_page_is_made_apart_and_shows_what_was_changed_here(database: Database) -> None:
    """On both engines; and whoever lost their role is out at the next click."""
    async with apart(database) as found:
        visitor = await somebody(found, "coordinator")
        for path in (TODAY, "/console/messages", "/console/map/69", "/console/events"):
            assert (await visitor.open(path)).status_code == 200
        assert "Public meeting" not in visitor.text
        await found.conversation.add_event("ab12")
        await visitor.open("/console/events")
        assert "Public meeting" in visitor.text
        await revoke(found.conversation, SOPHIE)
        assert (await visitor.open(TODAY)).status_code == 401
        assert found.here == []


async def test_it_is_the_page_that_is_made_here(sqlite_database: Database) -> None:
    """Byte for byte but for what is drawn at random, with the headers that a browser obeys; HEAD and compressed too."""
    async with apart(sqlite_database) as found:
        visitor = await somebody(found)
        there = await visitor.open("/console/erasure")
        own = await signed_in(found.conversation.person(SOPHIE))
        here = await own.open("/console/erasure")
        assert there.headers == {**here.headers, "content-length": there.headers["content-length"]}
        assert there.headers["content-security-policy"].startswith("default-src 'self'")
        assert len(there.content) == len(here.content)
        head = await visitor.client.head("/console/erasure")
        assert head.headers["content-type"] == there.headers["content-type"]
        assert found.here == []


async def test_a_page_is_read_where_it_is_made(sqlite_database: Database) -> None:
    """Once what it shows was counted no thread is visited for it: each visit would wait for whatever page is worded."""
    found = Apart(Conversation(sqlite_database, paris("2016-11-16T10:00")))
    visitor = await signed_in(await staff(found.conversation, SOPHIE, "admin", "FR"))
    beside = await open_to_read(None, file=sqlite_database.file, key=sqlite_database.key)
    application = making._pages(found.given(), beside, found.conversation.clock)
    web = httpx.ASGITransport(application)

    def visits() -> int:
        return sum(connection._visits_begun for connection in beside._reader._alive)

    try:
        async with httpx.AsyncClient(
            transport=web, base_url=ADDRESS, cookies=visitor.client.cookies
        ) as client:
            for path in (TODAY, "/console/messages", "/console/log", "/console/conversations"):
                assert (await client.get(path)).status_code == 200
                before = visits()
                assert (await client.get(path)).status_code == 200
                assert visits() == before, path
    finally:
        await beside.close()


async def test_a_wrong_name_and_an_unknown_cookie_lead_nowhere(sqlite_database: Database) -> None:
    """What is checked here of a page is checked there."""
    async with apart(sqlite_database) as found:
        visitor = await somebody(found)
        assert (await visitor.open("/console/nothing")).status_code == 404
        elsewhere = await visitor.client.get(TODAY, headers={"host": "evil.example"})
        assert elsewhere.status_code == 404
        forged = await visitor.client.get(
            TODAY, headers={"cookie": f"{Entrance.CONSOLE.cookie}=forged", "x-forwarded-for": "10.0.0.1"}
        )
        assert forged.status_code == 401
        assert found.here == []


async def test_who_counts_audiences_is_made_here(sqlite_database: Database) -> None:
    """What was told of audiences, one process keeps for the chat too."""
    async with apart(sqlite_database) as found:
        visitor = await somebody(found)
        await found.conversation.add_event("ab12")
        for path in ("/console/messages/new", "/console/messages/new/whom"):
            assert (await visitor.open(path)).status_code == 200
        assert found.here[-1:] == ["/console/messages/new/whom"]
        assert found.at_once


async def test_a_list_takes_the_turn_to_write_only_where_somebody_has_no_number_yet(
    database: Database,
) -> None:
    """On both engines: made here once, and apart from then on, until somebody else answers."""
    async with apart(database) as found:
        visitor, conversation = await somebody(found, "coordinator"), found.conversation
        event = await conversation.add_event("ab12")
        for telegram_id in (KARIM, KARIM + 1):
            person = await supporter(conversation, telegram_id, "69123")
            async with database.write() as tx:
                answer = {"event": event, "person": person, "answer": "yes", "at": conversation.clock.now()}
                await tx.execute(rsvps.insert().values(**answer))
            for path in ("/console/events/ab12/people", "/console/events/ab12/door"):
                assert (await visitor.open(path)).status_code == 200
        assert found.here == ["/console/events/ab12/people"] * 2


async def test_a_page_whose_process_is_killed_is_told_lost_and_the_next_works(
    sqlite_database: Database,
) -> None:
    """SIGKILL in the middle of a page: a sentence, and no page waits for ever."""
    async with apart(sqlite_database) as found:
        visitor, first = await somebody(found), found.pages.process
        assert first is not None
        os.kill(first.pid, signal.SIGSTOP)
        asked = asyncio.create_task(visitor.client.get(TODAY))

        async def is_asked() -> bool:
            return first.pages == 1

        await until(is_asked, "the page is asked for")
        os.kill(first.pid, signal.SIGKILL)
        lost = await asked
        assert lost.status_code == 503
        assert "lost while it was being made" in lost.text
        assert lost.headers["retry-after"]
        assert (await visitor.open(TODAY)).status_code == 200
        await found.process(other_than=first.pid)
        found.here.clear()
        assert (await visitor.open(TODAY)).status_code == 200
        assert found.here == []


async def test_a_page_asked_of_one_that_has_just_ended_is_lost(sqlite_database: Database) -> None:
    """At each instant until it is known here: uvloop raises where somebody writes on a line that is closed."""
    async with apart(sqlite_database) as found:
        await somebody(found)
        first = await found.process()
        scope = {"type": "http", "method": "GET", "path": TODAY, "query_string": b"", "headers": []}

        async def receive() -> Message:
            return await asyncio.get_running_loop().create_future()

        async def send(_message: Message) -> None:
            raise AssertionError("Nothing comes of it.")

        first._writer.transport.abort()
        asked = []
        while not first.is_over:
            asked.append(asyncio.create_task(first.answer(scope, receive, send)))
            await asyncio.sleep(0)
        lost = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 60)
        assert {type(each) for each in lost} == {PageLost}


async def test_whoever_left_is_made_no_page(sqlite_database: Database) -> None:
    async with apart(sqlite_database) as found:
        visitor = await somebody(found)
        request = visitor.client.build_request("GET", TODAY)
        asked = {"type": "http", "http_version": "1.1", "method": "GET", "path": TODAY, "query_string": b""}
        headers = [(name.lower(), value) for name, value in request.headers.raw]
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        await found.pages({**asked, "raw_path": TODAY.encode(), "headers": headers}, receive, send)
        assert sent == found.here == []
        assert (await found.process()).pages == 0
        assert (await visitor.open(TODAY)).status_code == 200


async def test_progress_that_is_followed_comes_as_it_changes(sqlite_database: Database) -> None:
    """Server-sent events pass through piece by piece, and nothing is left of who went away."""
    async with apart(sqlite_database) as found:
        visitor = await somebody(found)
        conversation = found.conversation
        async with conversation.database.write() as tx:
            values = {"id": 1, "key": "one", "kind": "persuasion", "state": "active", "audience": {}}
            values |= {
                "area": "69",
                "starts_at": conversation.clock.now(),
                "created_at": conversation.clock.now(),
            }
            await tx.execute(broadcasts.insert().values(**values))
        cookie = "; ".join(f"{name}={value}" for name, value in visitor.client.cookies.items())
        headers = [(b"host", ADDRESS.removeprefix("http://").encode()), (b"cookie", cookie.encode())]
        path = "/console/messages/1/live"
        scope = {"type": "http", "http_version": "1.1", "scheme": "http", "method": "GET", "headers": headers}
        scope |= {"path": path, "raw_path": path.encode(), "query_string": b"", "client": ("127.0.0.1", 5)}
        heard: list[MutableMapping[str, Any]] = []
        first, gone = asyncio.Event(), asyncio.Event()

        async def receive() -> MutableMapping[str, Any]:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            heard.append(message)
            if message["type"] == "http.response.body":
                first.set()

        following = asyncio.create_task(found.pages(scope, receive, send))
        await asyncio.wait_for(first.wait(), 60)
        assert dict(heard[0]["headers"])[b"content-type"].startswith(b"text/event-stream")
        assert heard[1]["body"].startswith(b"data: ")
        assert heard[1]["more_body"]
        assert not following.done()
        gone.set()
        await asyncio.wait_for(following, 60)
        making = await found.process()
        assert making.pages == 0
        assert (await visitor.open(TODAY)).status_code == 200
        assert found.here == []


@pytest.mark.parametrize(
    ("method", "path", "cookie", "apart"),
    [
        ("GET", "/console/", f"a=b; {Entrance.CONSOLE.cookie}=x", True),
        ("HEAD", "/app/me", f"{Entrance.APP.cookie}=x", True),
        ("GET", "/event/ab12", "", True),
        ("GET", "/download/x", "", True),
        (
            "POST",
            "/console/messages/1/control",
            f"{Entrance.CONSOLE.cookie}=x",
            False,
        ),  # what writes, writes here
        ("POST", "/download/x", "", False),
        ("GET", "/console/", "", False),  # nobody who is nobody begins a process
        ("GET", "/console/enter/x", "", False),
        ("GET", "/health", f"{Entrance.CONSOLE.cookie}=x", False),
        ("GET", "/metrics", "", False),
        ("GET", "/static/x/site.css", f"{Entrance.CONSOLE.cookie}=x", False),
        ("GET", "/wp-login.php", "", False),
    ],
)
def test_what_is_made_apart(method: str, path: str, cookie: str, apart: bool) -> None:
    headers = [(b"cookie", cookie.encode())] if cookie else []
    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    assert is_made_apart(scope) is apart
