"""Links to large exports over HTTP: the page and its button, in a real client on loopback."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import aiohttp
import pytest
import sqlalchemy as sa

from bot import communes
from bot.actions import audit, downloads, staff
from bot.actions.authority import author_of
from bot.actions.exports import Order
from bot.rules.permissions import Role
from bot.setting_values import Address
from bot.web import downloads as pages
from bot.web.app import make_web
from bot.web.server import listen, serve
from bot.words.texts import Texts
from db import people
from db.engine import Database
from db.exports import Selection
from db.schema import audit as audit_rows
from tests.bots import free_port
from tests.conversation import CAMPAIGN, Conversation, paris
from tests.exported import LYON, PARIS, add_person

COUNT = 12_000


@dataclass
class Web:
    """The web part of a bot whose coordinator of the Rhône asks for links."""

    conversation: Conversation
    address: str
    session: aiohttp.ClientSession

    @property
    def database(self) -> Database:
        return self.conversation.database

    async def link(self, format_: str = "csv") -> str:
        order = Order(table="responses", format=format_, selection=Selection(area="69"))
        async with self.database.write() as tx:
            person = await people.find(tx, 2)
            assert person is not None
            author = await author_of(
                tx,
                person,
                campaign=CAMPAIGN,
                gazetteer=communes.load(),
                now=self.conversation.clock.now(),
            )
            token = await downloads.offer(tx, author, order, "en")
        return f"{self.address}/download/{token}"

    async def post(self, url: str, **headers: str) -> tuple[int, bytes]:
        async with self.session.post(url, headers=headers) as answer:
            return answer.status, await answer.read()

    async def get(self, url: str, **headers: str) -> tuple[int, str]:
        async with self.session.get(url, headers=headers) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def serving(conversation: Conversation) -> AsyncIterator[Web]:
    port = free_port()
    links = pages.Downloads(
        database=conversation.database,
        clock=conversation.clock,
        campaign=CAMPAIGN,
        gazetteer=communes.load(),
        texts=Texts({"campaign": CAMPAIGN}),
    )

    async def health() -> dict[str, object]:
        return {"ok": True}

    async def metrics() -> str:
        return ""

    listener = listen(Address(host="127.0.0.1", port=port))
    server = asyncio.create_task(serve(make_web(health=health, metrics=metrics, downloads=links), listener))
    try:
        async with aiohttp.ClientSession() as session:
            yield Web(conversation, f"http://127.0.0.1:{port}", session)
    finally:
        server.cancel()
        with suppress(asyncio.CancelledError):
            await server


@pytest.fixture
async def web(database: Database) -> AsyncIterator[Web]:
    """12,000 answers, every third of them from another département."""
    conversation = Conversation(database, paris("2016-11-16T10:00"))
    now = conversation.clock.now()
    await add_person(database, 11, LYON, consent_team=True)
    await add_person(database, 12, PARIS, consent_team=True)
    async with database.write() as tx:
        await people.create(tx, telegram_id=2, pseudonym="k", now=now)
        await staff.add(
            tx, telegram_id=2, role=Role.COORDINATOR, area="69", actor=audit.COMMAND_LINE, now=now
        )
        generate = "generate_series(1, :count) AS number"
        if database.dialect == "sqlite":
            further = "SELECT number + 1 FROM n WHERE number < :count"
            generate = (
                f"(WITH RECURSIVE n(number) AS (SELECT 1 UNION ALL {further}) SELECT number FROM n) AS n"
            )
        await tx.execute(
            sa.text(
                "INSERT INTO responses (at, person, question, answer, department) SELECT :now,"
                " CASE WHEN number % 3 = 0 THEN 12 ELSE 11 END, 'rsvp', 'yes',"
                f" CASE WHEN number % 3 = 0 THEN '75' ELSE '69' END FROM {generate}"
            ).bindparams(sa.bindparam("now", now, type_=audit_rows.c.at.type), sa.bindparam("count", COUNT))
        )
    async with serving(conversation) as found:
        yield found


async def test_the_button_gives_the_file_of_the_area_once(web: Web) -> None:
    url = await web.link()
    status, page = await web.get(url)
    assert (status, "Download</button>" in page) == (200, True)
    async with web.session.post(url) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/csv")
        assert 'attachment; filename="responses-69-' in answer.headers["Content-Disposition"]
        assert answer.headers["Cache-Control"] == "no-store"
        rows = list(csv.DictReader(io.StringIO((await answer.read()).decode())))
    assert len(rows) == COUNT * 2 // 3
    assert {row["department"] for row in rows} == {"69"}
    assert (await web.post(url))[0] == 410
    status, page = await web.get(url)
    assert (status, "<button" in page) == (410, False)
    for said in ("Ce lien ne fonctionne plus", "This link no longer works"):
        assert said in page, "Whoever opened it may read any language of the campaign."


async def test_looking_uses_nothing_up(web: Web) -> None:
    """HEAD, a range, a preview's GET: the file is still there for whoever it is for."""
    url = await web.link("jsonl")
    async with web.session.head(url) as answer:
        assert answer.status == 200
    assert (await web.get(url, Range="bytes=0-0"))[0] == 200
    assert (await web.get(url, **{"User-Agent": "TelegramBot (like TwitterBot)"}))[0] == 200
    async with web.session.put(url) as answer:
        assert answer.status == 405
    status, content = await web.post(url, Range="bytes=0-9")
    assert (status, len(content.splitlines())) == (200, COUNT * 2 // 3)  # whole, whatever range was asked for


async def test_two_clients_that_race_get_one_file(web: Web) -> None:
    url = await web.link()
    statuses = sorted([status for status, _ in await asyncio.gather(*(web.post(url) for _ in range(2)))])
    assert statuses == [200, 410]


async def test_an_expired_or_guessed_link_gives_nothing(web: Web) -> None:
    url = await web.link()
    assert (await web.post(f"{url}x"))[0] == 410
    assert (await web.post(f"{web.address}/download/"))[0] == 404
    web.conversation.clock.move(paris("2016-11-16T11:00"))
    assert (await web.get(url))[0] == 410
    assert (await web.post(url))[0] == 410


async def test_a_role_withdrawn_closes_the_link(web: Web) -> None:
    url = await web.link()
    async with web.database.write() as tx:
        await tx.execute(sa.text("UPDATE staff SET revoked_at = added_at"))
    assert (await web.post(url))[0] == 410


async def test_a_client_that_goes_away_makes_room_for_the_next(web: Web) -> None:
    for _ in range(2 * pages.MOST_AT_ONCE):
        answer = await web.session.post(await web.link())
        await answer.content.read(10)
        answer.close()

    async def free() -> bool:
        status, _ = await web.post(await web.link("xlsx"))
        return status == 200

    for _ in range(100):  # the server learns of it when it writes
        if await free():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("no place among the downloads became free")


async def test_more_downloads_than_readers_wait_and_keep_their_link(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    going, may_end = asyncio.Semaphore(0), asyncio.Event()
    content = pages.exports.content

    async def slow(database: Database, order: Order) -> AsyncIterator[bytes]:
        going.release()
        await may_end.wait()
        async for part in content(database, order):
            yield part

    monkeypatch.setattr(pages.exports, "content", slow)
    urls = [await web.link() for _ in range(pages.MOST_AT_ONCE + 1)]
    first = [asyncio.create_task(web.post(url)) for url in urls[:-1]]
    for _ in first:
        await going.acquire()
    assert (await web.post(urls[-1]))[0] == 503
    assert (await web.get(urls[-1]))[0] == 200
    may_end.set()
    assert [status for status, _ in await asyncio.gather(*first)] == [200] * pages.MOST_AT_ONCE
    assert (await web.post(urls[-1]))[0] == 200
