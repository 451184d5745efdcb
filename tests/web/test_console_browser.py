"""Every page of the console in a real browser, in both languages, on a phone and on a desk, light and dark.

Nothing that a screen reader stumbles over (axe-core), nothing wider than the screen, no request to anybody else. At
each run each page is opened in French and every other one in English, and axe-core reads each once; each night it reads
all in both.

One browser goes through all of it: a start costs more than a page.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import uvicorn
from starlette.routing import Route
from starlette.types import ASGIApp

import db.hosts
import db.people
import db.shifts
from bot.actions import drafts
from db.engine import Database
from db.schema import broadcasts, deliveries, events, people, seats, shift_places
from tests.bots import free_port, until
from tests.campaigning import answer, staff, supporter, supporters
from tests.conversation import Conversation, Talker, paris
from tests.drafting import announce_event, send_broadcast
from tests.ground import STATION, plant
from tests.simulator.chromium import CHROMIUM, Page, opened
from tests.surveying import ask as asked
from tests.talking import ask
from tests.thorough import IS_THOROUGH
from tests.web.browsing import application_of, signed_in
from tests.web.conftest import served_at
from tests.web.test_console_new_event import ABOUT, MEETING, READY, WHOM

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
PHONE, DESK = (390, 844), (1280, 900)
DRAFT = {
    **{"kind": "persuasion", "texts": {"fr": "<b>Bonjour</b>", "en": "Hello"}, "photo": "", "chosen": True},
    **{
        "audience": {"all": ["in:69", {"not": "volunteer"}]},
        "wall": "now",
        "typed": {"text-B-fr": "<b>x", "more": "nowhere"},
    },
    **{"others": [{"en": "Hello you"}], "holdout": 10},
}
"""Something is wrong with it, and missing."""
LOOKS = {"fr": (PHONE, "light"), "en": (DESK, "dark")}
"""French is the longer one."""
FOUND = (
    "axe.run({resultTypes: ['violations']}).then((found) => "
    "JSON.stringify(found.violations.map((each) => [each.id, each.nodes[0].html])))"
)
"""Every rule is looked at; of those that hold no more is gathered."""


TELEGRAM = {
    "fr": {"bg_color": "#17212b", "secondary_bg_color": "#232e3c", "section_bg_color": "#17212b"}
    | {"text_color": "#f5f5f5", "subtitle_text_color": "#b1c3d5", "link_color": "#6ab3f3"},
    "en": {"bg_color": "#ffffff", "secondary_bg_color": "#efeff3", "section_bg_color": "#ffffff"}
    | {"text_color": "#000000", "subtitle_text_color": "#5b5b60", "link_color": "#1c6bb0"},
}
"""A dark theme on a light system, and the other way round."""
LIVE = {
    "/console/messages/new": ("text-A-fr", "Vu en direct", "looks", "Vu en direct"),
    "/console/messages/new/whom": ("expression", "in:69123", "reach", "Lyon"),
}
"""Where something shows while it is typed: the field, what is typed, where it shows, as what."""


async def type_live(page: Page, field: str, typed: str, where: str, shown: str) -> None:
    await page.evaluate(
        f"document.getElementById({field!r}).value = {typed!r};"
        f"document.getElementById({field!r}).dispatchEvent(new Event('input', {{bubbles: true}}))"
    )
    await page.until(f"document.getElementById({where!r}).textContent.includes({shown!r})", 60)


@asynccontextmanager
async def serving(web: ASGIApp, port: int) -> AsyncIterator[None]:
    config = uvicorn.Config(web, port=port, log_config=None, access_log=False, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    running = asyncio.ensure_future(server.serve())
    try:
        await until(lambda: _is_up(server), "the web part is up")
        yield
    finally:
        server.should_exit = True
        await running


async def _is_up(server: uvicorn.Server) -> bool:
    return server.started


async def full_of(conversation: Conversation, karim: Talker) -> list[str]:
    """A campaign in the middle of things: a message that leaves and one in doubt, an event that is full; its pages."""
    coming = await supporter(conversation, 100, "69123", consent_team=True)
    await supporters(conversation, range(101, 112), "69123", language="en")
    await plant(conversation.database, now=conversation.clock.now())
    await send_broadcast(karim)
    await send_broadcast(karim)
    await announce_event(karim)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(deliveries).where(deliveries.c.broadcast == 1).values(state="in_doubt"))
        code = (await tx.execute(sa.select(events.c.code))).scalar_one()
        await tx.execute(sa.update(events).values(capacity=10, counted=True))
        event = sa.select(events.c.id).scalar_subquery()
        await tx.execute(sa.delete(seats))
        await tx.execute(sa.insert(seats).values(event=event, taken=10, waiting=3))
        await tx.execute(sa.update(broadcasts).where(broadcasts.c.id == 2).values(state="paused"))
        person = await db.people.find(tx, karim.telegram_id)
        assert person is not None
        begins = conversation.clock.now() + timedelta(minutes=20)
        await tx.execute(sa.update(events).values(starts_at=begins, ends_at=begins + timedelta(hours=2)))
        here = (await tx.execute(sa.select(events.c.id))).scalar_one()
        hours = {"starts_at": begins, "ends_at": begins + timedelta(hours=1)}
        shift = await db.shifts.create(tx, event=here, role="welcome", capacity=2, **hours)
        helping = {"shift": shift, "person": coming, "answer": "yes", "at": conversation.clock.now()}
        await tx.execute(sa.insert(shift_places).values(helping))
        await db.hosts.add(tx, event=here, person=coming, part="host", now=conversation.clock.now())
    await answer(conversation, coming, here, "yes")
    await asked(conversation)
    await ask(conversation.person(101))
    for said in ("/inbox", "Karim"):
        await karim.send(said)
    await karim.tap("Take no. 1")
    await karim.send("/canvass")
    await karim.tap_data(f"1:ground:station:{STATION}")
    await karim.tap("Offer all free walks")
    await conversation.person(100).tap_data("1:walk:take:1")
    return [
        *("/console/messages/new", "/console/messages/new/whom", "/console/messages/new/when"),
        "/console/events/new",
        *("/console/", "/console/messages", "/console/messages/1", "/console/messages/2"),
        "/console/messages/1/correct",
        *(
            "/console/events",
            f"/console/events/{code}",
            f"/console/events/{code}/people",
            f"/console/events/{code}/cancel",
            f"/console/events/{code}/door",
            f"/console/events/{code}/door/code",
            f"/console/events/{code}/shifts",
            f"/console/events/{code}/shifts/{shift}",
            f"/console/events/{code}/team",
        ),
        *(
            "/console/map",
            "/console/map/R84",
            "/console/map/69?by=share",
            "/console/ground",
            f"/console/ground/{STATION}",
            "/console/more",
            "/console/team",
            "/console/conversations",
            "/console/conversations/1",
            "/console/conversations/saved",
            "/console/surveys/trains",
            "/console/people",
            "/console/surveys",
            *("/console/surveys/new", "/console/surveys/new/whom", "/console/surveys/new/when"),
        ),
        *("/console/log", "/console/exports", "/console/erasure", "/console/map/x", "/console/zzz"),
        *(
            "/app/",
            f"/app/events/{code}",
            "/app/vote",
            "/app/vote?ask=when",
            "/app/me",
            "/app/me/choices/team",
            "/app/walk/1",
            "/app/zzz",
        ),
    ]


async def begin_message(conversation: Conversation, karim: Talker) -> None:
    async with conversation.database.write() as tx:
        person = await db.people.find(tx, karim.telegram_id)
        assert person is not None
        await drafts.keep(tx, person, "broadcast", DRAFT, now=conversation.clock.now())


async def begin_event(karim: Talker, address: str) -> list[str]:
    """Written at the desk as far as its last page; the pages that only something begun has."""
    visitor = await signed_in(karim, address)
    await visitor.send(ABOUT, do="next", **MEETING)
    await visitor.send(WHOM, do="next", expression="in:69")
    assert visitor.page.url.path == READY, visitor.text
    return [WHOM, READY]


LAUNCHES = ("/app/open", "/console/app")
"""Where Telegram opens a Mini App, in the language of the browser: who is there is not known yet."""
NO_PAGES = re.compile(
    r"\.(js|json|ics)$|/(reach|live)$|^/(health|metrics|console|app)$|/enter/\{token\}$|\{digest\}"
)
"""Files, answers to scripts, the doors, which `enter` looks at, and what leads elsewhere."""


def unseen(conversation: Conversation, paths: Sequence[str]) -> list[str]:
    """The pages that nobody looked at."""
    routes = [
        each
        for each in application_of(conversation).routes
        if isinstance(each, Route) and "GET" in (each.methods or ())
    ]
    plain = [path.partition("?")[0] for path in paths]
    return [
        each.path
        for each in routes
        if not NO_PAGES.search(each.path) and not any(each.path_regex.fullmatch(path) for path in plain)
    ]


async def show(page: Page, address: str, size: tuple[int, int], theme: str) -> None:
    await page.look(*size, theme)
    await page.command("Page.navigate", url=address)
    path = address.partition("?")[0].split("/", 3)[3]
    await page.until(
        f"location.pathname === {json.dumps('/' + path)} && document.readyState === 'complete'", 60
    )


async def stumbles(page: Page) -> list[list[str]]:
    """What axe-core stumbles over in the page that is open. Half a megabyte, it is given to those it reads."""
    await page.evaluate(f"{AXE.read_text()};0")
    found: list[list[str]] = json.loads(await page.evaluate(FOUND))
    return found


def is_read_in(language: str, number: int) -> bool:
    """Whether axe-core reads the page of this number, for which alone it is opened in English: the marks are those of a
    template, the same in both languages; colours and widths, which differ between the two looks, are those of parts
    that stand on many pages; and what fits a phone in French fits a desk in English.
    """
    return IS_THOROUGH or number % len(LOOKS) == list(LOOKS).index(language)


async def look_at(page: Page, address: str, path: str, language: str, *, is_read: bool = True) -> None:
    await show(page, address + path, *LOOKS[language])
    where = (path, language)
    if path not in LAUNCHES:
        assert await page.evaluate("document.documentElement.lang") == language, where
    if is_read:
        assert await stumbles(page) == [], where
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where
    asked = "performance.getEntriesByType('resource').map((each) => new URL(each.name).origin)"
    assert set(await page.evaluate(asked)) <= {address}, where


async def look_at_paper(page: Page, address: str, paths: Sequence[str], language: str) -> None:
    """The list to print, which a button of the event's page makes: on the screen, and on paper."""
    (event,) = [path for path in paths if re.fullmatch(r"/console/events/(?!new)\w+", path)]
    await show(page, address + event, *LOOKS[language])
    await page.evaluate("document.querySelector('form[action$=\"/sheet\"] button').click()")
    await page.until("location.pathname.endsWith('/sheet') && document.readyState === 'complete'", 60)
    assert await page.evaluate("document.documentElement.lang") == language
    for media in ("screen", "print"):
        if media == "print":
            await page.command("Emulation.setEmulatedMedia", media=media)
        assert await stumbles(page) == [], (language, media)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (language, media)
    await page.command("Emulation.setEmulatedMedia", media="")


async def enter(page: Page, home: str) -> None:
    """By the button of the link that is open."""
    await page.until("document.querySelector('form button') && document.readyState === 'complete'", 60)
    assert await stumbles(page) == []
    await page.evaluate("document.querySelector('form').submit()")
    await page.until(f"location.pathname === '{home}' && document.querySelector('nav')", 60)


@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium")
async def test_every_page_is_for_everybody_and_asks_nobody_else(sqlite_database: Database) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    conversation = served_at(Conversation(sqlite_database, paris("2016-11-16T10:00")), address)
    karim = await staff(conversation, 12, "admin", "FR")
    paths = await full_of(conversation, karim)
    zoe = conversation.person(100)
    async with serving(application_of(conversation, address), port):
        for language in ("fr", "en"):
            async with sqlite_database.write() as tx:
                await tx.execute(sa.update(people).values(language=language))
            await begin_message(conversation, karim)
            (link,) = (await karim.send("/console")).urls.values()
            (app_link,) = (await zoe.send("/app")).urls.values()
            async with opened("about:blank", width=PHONE[0], height=PHONE[1]) as page:
                for door, home in ((link, "/console/"), (app_link, "/app/")):
                    await page.command("Page.navigate", url=door)
                    await enter(page, home)
                for number, path in enumerate(paths):
                    if language != "fr" and not is_read_in(language, number):
                        continue
                    await look_at(page, address, path, language, is_read=is_read_in(language, number))
                    if language == "fr" and path in LIVE:
                        await type_live(page, *LIVE[path])
                await look_at_paper(page, address, paths, language)
                later = [*await begin_event(karim, address), *LAUNCHES]
                for number, path in enumerate(later):
                    await look_at(page, address, path, language, is_read=is_read_in(language, number))
                assert unseen(conversation, [*paths, *later]) == []
                # The narrowest phones show all five rooms.
                await show(page, f"{address}/console/", (320, 640), "light")
                cut = "[...document.querySelectorAll('.rooms a')].filter((each) => each.scrollWidth > each.clientWidth)"
                assert await page.evaluate(f"{cut}.length") == 0, language
                assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), language
                # Telegram's theme is not the system's: what it does not name goes with it too.
                theme = json.dumps(json.dumps(TELEGRAM[language]))
                await page.evaluate(f"sessionStorage.setItem('theme', {theme})")
                await show(page, f"{address}/console/messages/new/when", *LOOKS[language])
                assert await stumbles(page) == [], language
                assert [each for each in page.complaints if "status of 404" not in each] == []
