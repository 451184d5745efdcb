"""At the door of an event: the list with large buttons, and the code of the minute on a page that renews itself."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from bot.actions import attendees, check_ins
from bot.links import check_in_link
from bot.printing.codes import qr_path
from bot.rules.check_ins import EARLY, door_key
from bot.rules.typed import is_number
from bot.web.console.events import code_of
from bot.web.console.lists import listed, number_all
from bot.web.desk import Desk, Visit, whole_number
from bot.web.refusals import BadForm
from db.events import EventTexts, text_in

AT_ONCE = 24
"""Buttons of a page: two columns on a phone held upright are read without scrolling far."""
MOST_SEARCH = 64
RENEWED_EACH = 15
"""Seconds; a code counts for its minute and the one after."""


class EventDoor:
    """The two pages of whoever stands at the door."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk, one = self._desk, "/console/events/{code}/door"
        return [
            Route(one, desk.reading(self.list, note=number_all)),
            Route(one, desk.changing(self.tick), methods=["POST"]),
            Route(f"{one}/code", desk.reading(self.code)),
        ]

    async def list(self, visit: Visit) -> Response:
        """`?name=mar`: those whose name begins so, or of this number."""
        people = await listed(visit)
        found, event = people.found, people.found.event
        search = visit.request.query_params.get("name", "")[:MOST_SEARCH]
        number = max(0, whole_number(visit, "page", 1) - 1)
        return visit.page(
            "door",
            event=event,
            text=_text(visit, found.texts),
            there=await attendees.there(visit.tx, found),
            sheet=await people.page(None, number=number, search=search, size=AT_ONCE),
            search=search,
            opens=event.starts_at - EARLY,
            is_showing=event.ends_at > visit.now,
            back=urlencode({"page": number + 1} | ({"name": search} if search else {})),
        )

    async def tick(self, visit: Visit) -> Response:
        """Whoever is tapped is there, or is not after all; back to the same page of the list."""
        code, form = code_of(visit), visit.form
        number, said = form.get("number", ""), form.get("there", "")
        if not is_number(number, 9) or said not in ("yes", "no"):
            raise BadForm("Nobody has this number.")
        await check_ins.tick(visit.tx, visit.author, code, int(number), there=said == "yes")
        page = form.get("page", "1")
        asked = {"page": page if is_number(page) else "1"}
        if form.get("name"):
            asked["name"] = form["name"][:MOST_SEARCH]
        return visit.go(f"/console/events/{code}/door?{urlencode(asked)}#n{number}")

    async def code(self, visit: Visit) -> Response:
        """For a screen at the entrance: scanned or typed, it says that somebody is there."""
        key = door_key(self._desk.suppression_key)
        shown = await check_ins.door(visit.tx, visit.author, code_of(visit), key)
        size, path = qr_path(check_in_link(self._desk.composer.bot_username, shown.token))
        page = visit.page(
            "door_code",
            event=shown.found.event,
            text=_text(visit, shown.found.texts),
            digits=shown.digits,
            there=shown.there,
            size=size,
            path_of_code=path,
        )
        page.headers["Refresh"] = str(RENEWED_EACH)
        return page


def _text(visit: Visit, texts: EventTexts) -> object:
    return text_in(texts, visit.language, visit.author.campaign.languages[0])
