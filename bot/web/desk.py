"""What every view of the console and the Mini App shares: who asks, whether their browser may, how they are answered.

A view is given a `Visit` and answers with a page. Reading views run in a reading transaction. Those that change
something run in one transaction as in the chat, after it was seen that the form is one of this session's own pages.
Roles and areas are asked again at every request.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeAlias

from markupsafe import Markup
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.actions import console
from bot.actions.authority import Author
from bot.actions.console import Signed, SignedOut, SignInOccasion
from bot.actions.responses import Origin
from bot.clock import Clock
from bot.communes import Gazetteer
from bot.departure.compose import Composer
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.console import TOKEN_BYTES, Entrance, form_token, is_for, is_form_of
from bot.rules.kinds import Kind
from bot.rules.permissions import Action
from bot.rules.quiet import Quiet
from bot.rules.suppression import SuppressionKey
from bot.rules.typed import is_number
from bot.web.addresses import address_of, came_from
from bot.web.bodies import form_of
from bot.web.counting import AGAIN_SECONDS, PATIENCE, having_counted, kept, outside
from bot.web.refusals import BadForm, Missing, as_told, status_of
from bot.web.remembered import IF_SLOW, KEPT_FOR, Key, Older, Remembered
from bot.web.site import HEADERS, Site, packed
from bot.web.taps import ShownMessage, shown
from bot.web.turn import turn_of
from bot.words.shown_html import shown_html
from bot.words.texts import Text, Texts
from db.engine import Database
from db.errors import MadeElsewhere, was_in_the_way
from db.rolls import Rolls

MOST_ATTEMPTS = 5
"""Of a form, where other transactions stand in the way of its own."""
FORM_TOKEN = "form"
ZONE = "Europe/Paris"


class Visit(Frozen):
    """One request of somebody who is signed in, with its transaction."""

    desk: Desk
    request: Request
    tx: AsyncConnection
    signed: Signed
    cookie: str
    form: Mapping[str, str] = field(default_factory=dict)
    found: Any = None
    """What was looked up before the transaction that changes something, so that no tap waits for it."""

    @property
    def author(self) -> Author:
        return self.signed.author

    @property
    def now(self) -> datetime:
        return self.author.now

    @property
    def language(self) -> str:
        """The one chosen in the chat; else that of whoever asked for the link."""
        return self.author.person.language or self.signed.session.language

    @property
    def zone(self) -> str:
        return self.author.person.zone or ZONE

    @property
    def values(self) -> dict[str, Any]:
        """What every page shows around its content."""
        author = self.author
        return {
            "author": author,
            "person": author.person,
            "counts": author.reader,
            "zone": self.zone,
            "now": self.now,
            "path": self.request.url.path,
            "form_token": form_token(self.cookie, secrets.token_bytes(TOKEN_BYTES)),
            "may": {action.value for action in Action if author.areas(action)},
        }

    def counted(self, what: str, area: str, count: Count, of: Key = ()) -> tuple[Any, datetime]:
        """A count in an area (`of`: of what), none of its figures a part of another. Raises NotAllowed, CountFirst."""
        self.author.require(Action.SEE_STATISTICS, area)
        areas, reader = self.author.areas(Action.SEE_STATISTICS), self.author.reader
        key = (what, area, areas, reader, self.language, self.zone, *of)
        return self.looked_up(key, lambda: self.desk.in_reading(count, each_alone=True), older=IF_SLOW)

    def looked_up(
        self,
        key: Key,
        look: Callable[[], Awaitable[Any]],
        *,
        kept_for: timedelta = KEPT_FOR,
        older: Older | None = None,
    ) -> tuple[Any, datetime]:
        """What takes long to look up, and when it was: see `counting.kept`. Raises CountFirst."""
        return kept(self.desk.remembered, key, look, self.now, kept_for=kept_for, older=older)

    def number(self, name: str) -> int:
        """A number of the address. Raises Missing."""
        text = self.request.path_params[name]
        if not is_number(text):
            raise Missing("There is no such number.")
        return int(text)

    def told(self, name: str, **values: Any) -> Markup:
        """A message of the chat, in its own words; its buttons are the page's business."""
        return shown_html(self.rendered(name, **values).html)

    def rendered(self, name: str, /, **values: Any) -> Text:
        """A message of the chat for whoever reads, in their language."""
        return self.rendered_in(self.language, name, **values)

    def rendered_in(self, language: str, name: str, /, **values: Any) -> Text:
        """A message of the chat in a language that need not be its reader’s."""
        common = {
            "person": self.author.person,
            "zone": self.zone,
            "now": self.now,
            "counts": self.author.reader,
            "offers_events": lambda: self.quiet_about_events is None,
        }
        return self.desk.texts.render(name, language, **{**common, **values})

    @property
    def quiet_about_events(self) -> Quiet | None:
        """Whether the law asks for silence about events where the reader votes."""
        person = self.author.person
        return self.author.campaign.quiet(
            kind=Kind.EVENT_INVITE, territory=person.territory, now=self.now, zone=person.zone
        )

    def shown(self, name: str, taps: Collection[str] = (), **values: Any) -> ShownMessage:
        """A message of the chat with the buttons that this page answers itself."""
        return shown(self.rendered(name, **values), taps)

    def word(self, name: str) -> str:
        """A word that is to be typed, in the reader's language."""
        return self.desk.texts.typed(name, self.language)

    def page(self, name: str, **values: Any) -> HTMLResponse:
        return self.desk.site.page(f"{self.desk.door}/{name}", self.language, **self.values, **values)

    @property
    def origin(self) -> Origin:
        """What an answer that is given here is logged with: no update of Telegram brought it."""
        return Origin(update_id=None, message_id=None, at=self.now)

    def part(self, name: str, block: str, **values: Any) -> HTMLResponse:
        """One block of a page, for a script that has the rest of it."""
        html = self.desk.site.pages.block(
            f"{self.desk.door}/{name}", block, self.language, **self.values, **values
        )
        return HTMLResponse(html, headers=HEADERS)

    def go(self, path: str) -> Response:
        """To the page that shows what became of it; reloading that sends nothing again."""
        return RedirectResponse(path, 303)


def whole_number(visit: Visit, name: str, otherwise: int) -> int:
    """A number behind the `?` of an address; another where there is none, or nonsense."""
    text = visit.request.query_params.get(name, "")
    return int(text) if is_number(text, 8) else otherwise


Count: TypeAlias = Callable[[AsyncConnection], Awaitable[Any]]
View: TypeAlias = Callable[[Visit], Awaitable[Response]]
Look: TypeAlias = Callable[[Visit], Awaitable[Any]]
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


class Desk(Frozen):
    """What the console works with, or the Mini App: `door`.

    `changed`: told after something was changed, for what may be due since. `token`: the bot's, by which Telegram signs.
    `rolls`: by which audiences are counted; None where they are counted by the bot's own process alone, which keeps
    what was told of them to whom.
    """

    site: Site
    database: Database
    clock: Clock
    composer: Composer
    texts: Texts
    token: str = field(repr=False)
    suppression_key: SuppressionKey = field(repr=False)
    changed: Callable[[], None]
    rolls: Rolls | None
    door: Entrance = Entrance.CONSOLE
    patience: float = PATIENCE
    remembered: Remembered = field(default_factory=Remembered)

    def __post_init__(self) -> None:
        self.remembered.start = self.database.beside  # what is counted ends with the database

    @property
    def address(self) -> str:
        """The one that people reach it by: no other name leads in."""
        return self.site.address or ""

    @property
    def counting(self) -> Rolls:
        """By which audiences are counted. Raises MadeElsewhere where this process counts none."""
        if self.rolls is None:
            raise MadeElsewhere
        return self.rolls

    @property
    def home(self) -> str:
        """The first page of those who are signed in."""
        return f"/{self.door}/"

    @property
    def cookie_path(self) -> str:
        return f"/{self.door}"

    def cookie(self, request: Request) -> str:
        """What the browser shows of a session behind this door; "" for none."""
        return request.cookies.get(self.door.cookie, "")

    async def arrived(
        self,
        request: Request,
        tx: AsyncConnection,
        form: Mapping[str, str] = MappingProxyType({}),
        found: Any = None,
    ) -> Visit:
        """Whoever asks, as they are at this moment. Raises SignedOut."""
        cookie = self.cookie(request)
        signed = await console.signed_in(tx, cookie, self.occasion, self.door)
        return Visit(desk=self, request=request, tx=tx, signed=signed, cookie=cookie, form=form, found=found)

    def signed_out(self) -> SignedOut:
        return SignedOut("There is no session.", message=f"{self.door}/signed_out")

    @property
    def gazetteer(self) -> Gazetteer:
        return self.composer.gazetteer

    @property
    def occasion(self) -> SignInOccasion:
        return SignInOccasion(campaign=self.site.campaign, gazetteer=self.gazetteer, now=self.clock.now())

    def reading(self, view: View, *, note: Look | None = None) -> Endpoint:
        """A page that changes nothing; while what it shows is counted for the first time, one that says so.

        `note`: what it may need to be noted first, as the numbers of a list. Where there is nothing to note it takes
        nobody's turn to write; where there was the browser asks again, for the process that writes is not the one that
        makes long pages.
        """

        async def answer(request: Request) -> Response:
            if not self.cookie(request):
                raise self.signed_out()
            turn = turn_of(request)

            async def once() -> Response:
                async with self.database.read(briefly=True, at_once=turn.at_once, asked=turn.asked) as tx:
                    return await self._told(await self.arrived(request, tx), view)

            async def counting() -> Response:
                async with self.database.read(briefly=True) as tx:
                    page = (await self.arrived(request, tx)).page("counting")
                page.headers["Refresh"] = str(AGAIN_SECONDS)
                return page

            is_part = request.headers.get("hx-request") == "true"
            try:
                return await having_counted(
                    once,
                    self.remembered,
                    self.clock,
                    patience=self.patience,
                    meanwhile=None if is_part else counting,
                    waits=turn.over,
                )
            except MadeElsewhere:
                if note is None:
                    raise
            async with self.database.write() as tx:
                await note(await self.arrived(request, tx))
            return RedirectResponse(address_of(request), 303)

        return self.guarded(answer)

    async def in_reading(self, count: Count, *, each_alone: bool = False) -> Any:
        """What is counted, in a transaction of its own: see `Database.count`."""
        async with self.database.count(each_alone=each_alone) as tx:
            return await count(tx)

    def changing(self, view: View, *, first: Look | None = None) -> Endpoint:
        """A form that changes something, in one transaction; nothing of it stays where it is refused.

        `first`: what takes long to look up, in a transaction that only reads or after it; the view has it as `found`.
        """

        async def answer(request: Request) -> Response:
            form = await form_of(request, self.address)
            if not self.cookie(request):
                raise self.signed_out()
            if not is_form_of(self.cookie(request), form.get(FORM_TOKEN, "")):
                raise BadForm("This form was not made for this session.")
            # A reader finds out who asks: strangers never take the one writer.
            async with self.database.read() as tx:
                visit = await self.arrived(request, tx, form)
                found = await first(visit) if first is not None else None
            found = await outside(found)
            try:
                answered = await self._changed(request, view, form, found)
            except PortevoixError as refusal:
                return self.refused(request, refusal, visit)
            self.changed()
            return answered

        return self.guarded(answer)

    async def _changed(self, request: Request, view: View, form: Mapping[str, str], found: Any) -> Response:
        """What a view answers in a transaction, begun again where that of somebody else stood in its way."""
        attempts = 0
        while True:
            attempts += 1
            try:
                async with self.database.write() as tx:
                    return await view(await self.arrived(request, tx, form, found))
            except DBAPIError as error:
                if attempts == MOST_ATTEMPTS or not was_in_the_way(error):
                    raise

    async def require_session(self, request: Request) -> None:
        """Raises SignedOut. A reader finds out who asks: strangers never take the one writer."""
        if not self.cookie(request):
            raise self.signed_out()
        async with self.database.read() as tx:
            await self.arrived(request, tx)

    def guarded(self, answer: Endpoint) -> Endpoint:
        """Refuses what comes by another name, and says in a sentence why something cannot be done."""

        async def guard(request: Request) -> Response:
            if not is_for(self.address, host=request.headers.get("host", "")):
                return self.site.missing(request)
            try:
                return packed(request, await answer(request))
            except PortevoixError as refusal:
                return self.refused(request, refusal)

        return guard

    async def _told(self, visit: Visit, view: View) -> Response:
        """A refusal in the reader's own language, with the way back."""
        try:
            return await view(visit)
        except PortevoixError as refusal:
            return self.refused(visit.request, refusal, visit)

    def refused(self, request: Request, refusal: PortevoixError, visit: Visit | None = None) -> Response:
        """Why something cannot be done, and the way back; `visit`: whose, with all that stands around their pages."""
        language = visit.language if visit is not None else self.site.language(request)
        status = status_of(refusal := as_told(refusal, request.url.path))
        values = {"zone": visit.zone if visit is not None else None, **refusal.values}
        came = came_from(request, self.address, self.cookie_path) if request.method == "POST" else None
        words = shown_html(self.texts.render(refusal.message, language, **values).html)
        answer = self.site.page(
            f"{self.door}/refused",
            language,
            status=status,
            words=words,
            missing=status == 404,
            signed_in=status not in (401, 410),
            framed=visit is not None,
            back=came or self.home,
            # Whoever follows a link from elsewhere comes without the cookie; from a page of ours it comes along.
            again=address_of(request) if status == 401 and request.method == "GET" else "",
            **(visit.values if visit is not None else {}),
        )
        if status == 401 and self.cookie(request):
            answer.delete_cookie(self.door.cookie, path=self.cookie_path)
        return answer
