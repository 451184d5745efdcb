"""A browser without a screen on the console of a test: it keeps its cookie, follows links and sends forms."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import httpx
from starlette.applications import Starlette

from bot.departure.compose import Composer
from bot.rules.console import Entrance
from bot.web.app import make_web
from bot.web.console.console import Console
from bot.web.desk import Desk
from bot.web.mini_app.mini_app import MiniApp
from bot.web.site import Site
from db.long_counts import CountMaker
from db.rolls import Rolls
from tests.conversation import BOT, Conversation, Talker, as_it_stands

ADDRESS = "http://127.0.0.1:8080"
TOKEN = "1:test"


async def _well() -> dict[str, object]:
    return {"ok": True, "why": []}


async def _no_figures() -> str:
    return ""


PATIENCE = 600.0
"""A busy machine shows whoever tests a page the page."""


def web_of(
    conversation: Conversation, address: str = ADDRESS, *, patience: float = PATIENCE
) -> httpx.ASGITransport:
    return httpx.ASGITransport(
        application_of(conversation, address, patience=patience), raise_app_exceptions=True
    )


def application_of(
    conversation: Conversation,
    address: str = ADDRESS,
    *,
    patience: float = PATIENCE,
    counts: CountMaker | None = None,
) -> Starlette:
    """The web part with the console, on the database and the clock of a conversation."""
    services, rolls = conversation.services, Rolls(conversation.database)
    rolls.counts = counts or rolls.counts
    site = Site(services.campaign, address=address)
    desk = Desk(
        site=site,
        database=conversation.database,
        clock=conversation.clock,
        composer=Composer(
            texts=services.texts,
            campaign=services.campaign,
            gazetteer=services.gazetteer,
            bot_username=BOT,
        ),
        texts=services.texts,
        token=TOKEN,
        suppression_key=services.suppression_key,
        changed=lambda: None,
        rolls=rolls,
        patience=patience,
    )
    parts = [Console(desk), MiniApp(replace(desk, door=Entrance.APP))]
    return make_web(health=_well, metrics=_no_figures, site=site, parts=parts)


class _Fields(HTMLParser):
    """Reads the forms of a page that are sent to a path."""

    def __init__(self, action: str, *, unticked: bool) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._action, self._unticked = action, unticked
        self._is_inside, self._is_chosen, self._open = False, False, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_inside = said.get("action", "").partition("#")[0] == self._action
        if not self._is_inside or (not said.get("name") and tag != "option"):
            return
        name = said.get("name", "")
        if tag == "input" and said.get("type") in ("checkbox", "radio"):
            if "checked" in said or self._unticked:
                self.found.setdefault(name, said.get("value", "on"))
        elif tag == "input":
            self.found[name] = said.get("value", "")
        elif tag in ("textarea", "select"):
            self.found[name], self._open = "", name
        elif tag == "option" and "selected" in said and "value" in said:
            self.found[self._open], self._open = said["value"], ""
        elif tag == "option":
            self._is_chosen = "selected" in said

    def handle_endtag(self, tag: str) -> None:
        if tag in ("textarea", "select"):
            self._open = ""
        self._is_inside = self._is_inside and tag != "form"

    def handle_data(self, data: str) -> None:
        if self._is_inside and self._open and (self.lasttag == "textarea" or self._is_chosen):
            self.found[self._open] += data


@dataclass
class Browser:
    """Somebody's browser."""

    client: httpx.AsyncClient
    _page: httpx.Response = field(default_factory=lambda: httpx.Response(204))
    _ahead: str | None = None
    """Where it was sent and has yet to look: most go somewhere else at once, and that page takes its time."""

    @property
    def page(self) -> httpx.Response:
        """What it shows."""
        assert self._ahead is None, "Nothing is shown yet: await arrive()."
        return self._page

    @page.setter
    def page(self, shown: httpx.Response) -> None:
        self._page, self._ahead = shown, None

    @property
    def text(self) -> str:
        """The words of the page, as they are read: without tags, with plain spaces."""
        words = html.unescape(re.sub(r"<[^>]*>", " ", self.page.text))
        return re.sub(r"[\s\u00a0\u202f]+", " ", words)

    def filled(self, action: str, *, unticked: bool = False) -> dict[str, str]:
        """The fields of the page's form that is sent to a path, as they stand in it; boxes that are not ticked too."""
        read = _Fields(action, unticked=unticked)
        read.feed(self.page.text)
        return read.found

    async def open(self, path: str) -> httpx.Response:
        self.page = await self.client.get(path, follow_redirects=True)
        return self.page

    async def arrive(self) -> httpx.Response:
        """The page where it was sent when its session began."""
        return self.page if self._ahead is None else await self.open(self._ahead)

    async def enter(self, link: str) -> None:
        """Begins a session by a link, and looks at nothing yet."""
        await self.open(link)
        entered = await self.send(link, follow=False)
        assert entered.is_redirect, entered.text
        self._ahead = entered.headers["location"]

    async def send(
        self, path: str, *, token: str | None = None, follow: bool = True, **fields: str
    ) -> httpx.Response:
        """A form of the page that is shown, as a browser sends it; `token`: another one than the page's.

        A `tap` is that of its button, with the mark of the words that it stands under.
        """
        await self.arrive()
        found = re.search(r'name="form" value="([^"]*)"', self.page.text)
        shown = token if token is not None else found[1] if found else ""
        if "tap" in fields:
            taps = re.findall(r'name="tap" value="([^"]*)"', self.page.text)
            fields["tap"] = as_it_stands(fields["tap"], taps)
        self.page = await self.client.post(
            path,
            data={"form": shown, **fields},
            headers={"origin": str(self.client.base_url).rstrip("/")},
            follow_redirects=follow,
        )
        return self.page


def browser(
    conversation: Conversation, address: str = ADDRESS, *, web: httpx.ASGITransport | None = None
) -> Browser:
    """`web`: the one that others visit too; else one of its own."""
    transport = web or web_of(conversation, address)
    english = {"accept-language": "en"}
    return Browser(httpx.AsyncClient(transport=transport, base_url=address, headers=english))


async def signed_in(
    talker: Talker,
    address: str = ADDRESS,
    *,
    web: httpx.ASGITransport | None = None,
    door: Entrance = Entrance.CONSOLE,
) -> Browser:
    """By the link that the bot gives in the chat."""
    shown = await talker.send(f"/{door}")
    (link,) = shown.urls.values()
    visitor = browser(talker.conversation, address, web=web)
    await visitor.enter(link)
    return visitor
