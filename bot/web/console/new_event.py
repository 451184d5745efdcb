"""A new event: what it is, whom its invitation is for, and announcing it. The draft is the one of the chat.

What is announced is announced by the actions of the chat, under its rules and with its words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import Route

from bot.actions import announcing, drafts, event_drafts
from bot.actions.drafts import DraftGone
from bot.actions.event_drafts import FLOW
from bot.actions.forecasts import Forecast
from bot.communes import Commune
from bot.departure.composable import Draft
from bot.departure.looks import looks
from bot.rules.event_draft import (
    ADDRESS_LIMIT,
    DESCRIPTION_LIMIT,
    ONCE,
    TITLE_LIMIT,
    invited_unless_chosen,
    next_question,
)
from bot.rules.expressions import as_json, stored
from bot.rules.kinds import Kind
from bot.rules.permissions import Action, needs_approval
from bot.rules.seats import MOST_GUESTS, OVERBOOKINGS
from bot.rules.sending import INVITATION, SERIES
from bot.web.console import event_form, whom
from bot.web.console.forms import (
    TYPED,
    Bubble,
    bubble,
    mark_of,
    reader_of,
    require_same,
    require_word,
)
from bot.web.console.unusual import meant
from bot.web.counting import Outside
from bot.web.desk import Desk, Visit

T = TypeVar("T")

ABOUT = "/console/events/new"
WHOM, READY = f"{ABOUT}/whom", f"{ABOUT}/ready"
EMPTY: Mapping[str, Any] = {
    "repeat": ONCE,
    "guests": 0,
    "overbooking": 0,
    "commune": None,
    "pin": None,
    "sure": None,
}
"""A draft of which nothing was said."""


class NewEventRoom:
    """The three steps."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk = self._desk
        return [
            Route(ABOUT, desk.reading(self.show_about)),
            Route(ABOUT, desk.changing(self.keep_about), methods=["POST"]),
            Route(WHOM, desk.reading(self.show_whom)),
            Route(WHOM, desk.changing(self.keep_whom), methods=["POST"]),
            Route(READY, desk.reading(self.show_ready)),
            Route(READY, desk.changing(self.know), methods=["POST"]),
            Route(f"{ABOUT}/announce", desk.changing(self.announce, first=self.expected), methods=["POST"]),
            Route(f"{ABOUT}/drop", desk.changing(self.drop), methods=["POST"]),
        ]

    # -- what it is --

    async def show_about(self, visit: Visit) -> Response:
        data = await self._draft(visit)
        return visit.page(
            "new_event",
            fields=event_form.fields(visit, data),
            meant=meant(event_form.times(visit, data)),
            places=event_form.places(visit, data),
            faults=event_form.faults(visit, data) if data else {},
            overbookings=OVERBOOKINGS,
            most_guests=MOST_GUESTS,
            limits={"title": TITLE_LIMIT, "description": DESCRIPTION_LIMIT, "address": ADDRESS_LIMIT},
            **await self._around(visit, data),
        )

    async def keep_about(self, visit: Visit) -> Response:
        data = await self._draft(visit)
        said = {**data, **event_form.read(visit, data), "knowing": None}
        await drafts.keep(visit.tx, visit.author.person, FLOW, said, now=visit.now)
        if visit.form.get("do") != "next":
            return visit.go(ABOUT)
        first = event_form.first_fault(visit, said)
        return visit.go(WHOM if first is None else f"{ABOUT}#{first}")

    # -- whom it is for --

    async def show_whom(self, visit: Visit) -> Response:
        data = await self._draft(visit)
        if self._question(visit, data) not in ("audience", "summary"):
            return visit.go(ABOUT)
        said = self._around_the_place(visit, data)
        return visit.page(
            "new_event_whom",
            whom=await whom.shown(visit, said, Kind.EVENT_INVITE),
            reach_words=self._reach_words(visit, said),
            radii=whom.RADII,
            **await self._around(visit, said),
        )

    async def keep_whom(self, visit: Visit) -> Response:
        data = self._around_the_place(visit, await self._draft(visit))
        said = {**data, **await whom.said(visit, data), "knowing": None}
        goes_on = visit.form.get("do") == "next" and not said.get(TYPED)
        if goes_on:
            said["chosen"] = True
        await drafts.keep(visit.tx, visit.author.person, FLOW, said, now=visit.now)
        return visit.go(READY if goes_on else f"{WHOM}#whom")

    def _around_the_place(self, visit: Visit, data: Mapping[str, Any]) -> dict[str, Any]:
        """Unless something else was chosen, those around the place are invited."""
        if data.get("audience") or not data.get("commune"):
            return dict(data)
        by_commune = visit.author.campaign.chooses_by_commune
        around = invited_unless_chosen(data["commune"], chooses_by_commune=by_commune)
        return {**data, "audience": as_json(around)}

    # -- announcing it --

    async def show_ready(self, visit: Visit) -> Response:
        data = await self._draft(visit)
        if self._question(visit, data) != "summary" or event_form.faults(visit, data):
            return visit.go(WHOM if self._question(visit, data) == "audience" else ABOUT)
        commune, author = self._its_commune(visit, data), visit.author
        new = event_drafts.written(data, commune)
        event = announcing.draft_of(new, code="preview", author=author)
        found, as_of = self._forecast(visit, data, whom.foreseen)
        above = author.campaign.approval_above
        return visit.page(
            "new_event_ready",
            event=event,
            commune=commune,
            seats=new.seats,
            dates=event_drafts.dates(data),
            silence_words=visit.told(
                "console/silence",
                silence=announcing.silence_at(author.campaign, event),
                place_zone=event.zone,
            ),
            audience=await whom.named(visit, new.audience),
            reach_words=visit.told(
                "console/forecast",
                forecast=found,
                as_of=as_of,
                knowing=_is_knowing(data),
                experiment=None,
                first=event.starts_at if event_drafts.dates(data) else None,
            ),
            is_for_nobody=found.is_for_nobody(author.reader) and not _is_knowing(data),
            awaits=needs_approval(recipients=author.reader.at_most(found.people), approval_above=above),
            bubbles=self._bubbles(visit, data),
            seen=mark_of(data),
            word=visit.word("broadcasts/confirmation_word"),
            **await self._around(visit, data),
        )

    def _bubbles(self, visit: Visit, data: Mapping[str, Any]) -> list[Bubble]:
        """The invitation as it is received in each language."""
        commune, composer = self._its_commune(visit, data), self._desk.composer
        new = event_drafts.written(data, commune)
        event = announcing.draft_of(new, code="preview", author=visit.author)
        series = event_drafts.as_told(data, commune.zone)
        template = INVITATION if series is None else SERIES
        wording = Draft(kind=Kind.EVENT_INVITE.value, template=template, series=series)
        calls = looks(
            composer, wording, {}, reader_of(visit), now=visit.now, event=event, event_texts=new.texts
        )
        return [bubble(call, code) for call, code in zip(calls, composer.campaign.languages, strict=True)]

    def _forecast(self, visit: Visit, data: Mapping[str, Any], look: Callable[..., T]) -> T:
        commune = self._its_commune(visit, data)
        return look(
            visit,
            stored(data.get("audience")),
            kind=Kind.EVENT_INVITE,
            expires_at=event_drafts.useful_until(data, commune.zone),
        )

    def _reach_words(self, visit: Visit, data: Mapping[str, Any]) -> Markup | None:
        """None while it is being counted."""
        found = self._forecast(visit, data, whom.foreseen_soon)
        return found and visit.told(
            "console/forecast", forecast=found[0], as_of=found[1], knowing=False, experiment=None
        )

    async def know(self, visit: Visit) -> Response:
        """Nobody would get its invitation, and whoever announces it knows."""
        data = await self._draft(visit)
        await drafts.keep(visit.tx, visit.author.person, FLOW, {**data, "knowing": True}, now=visit.now)
        return visit.go(f"{READY}#ready")

    async def expected(self, visit: Visit) -> Outside[Forecast] | None:
        """Who would get its invitation, found out before the one writer is taken; None where something is missing."""
        data = await self._draft(visit)
        if self._question(visit, data) != "summary":
            return None
        sending = event_drafts.sending(data, self._its_commune(visit, data), visit.now)
        return whom.forecast(
            visit,
            stored(data.get("audience")),
            kind=sending.kind,
            when=sending.when,
            expires_at=sending.expires_at,
        )

    async def announce(self, visit: Visit) -> Response:
        author, data = visit.author, await drafts.kept(visit.tx, visit.author.person, FLOW)
        if not data:
            raise DraftGone("There is no such draft.", message="console/event_announced")
        require_word(visit, "broadcasts/confirmation_word")
        require_same(visit, data)
        if visit.found is None or event_form.faults(visit, data):
            return visit.go(ABOUT)
        author = await drafts.take(visit.tx, author, FLOW, seen=data)
        announced = await event_drafts.announce(
            visit.tx, author, data, self._its_commune(visit, data), expected=visit.found
        )
        await drafts.drop(visit.tx, author.person, FLOW)
        return visit.go(f"/console/events/{announced.event.code}")

    async def drop(self, visit: Visit) -> Response:
        await drafts.drop(visit.tx, visit.author.person, FLOW)
        return visit.go("/console/events")

    # -- what the three share --

    async def _draft(self, visit: Visit) -> Mapping[str, Any]:
        """What was said so far; nothing of it yet. Raises NotAllowed, CandidateOut."""
        visit.author.require(Action.CREATE_EVENT)
        visit.author.require_standing()
        return await drafts.kept(visit.tx, visit.author.person, FLOW) or {}

    def _question(self, visit: Visit, data: Mapping[str, Any]) -> str:
        """The step of the dialog that would ask next."""
        return next_question(data, visit.author.campaign.languages).step if data else "title"

    def _its_commune(self, visit: Visit, data: Mapping[str, Any]) -> Commune:
        commune = event_form.commune_of(visit, data)
        assert commune is not None  # it was settled before
        return commune

    async def _around(self, visit: Visit, data: Mapping[str, Any]) -> dict[str, Any]:
        question = self._question(visit, data)
        done = {"audience": 1, "summary": 2}.get(question, 0)
        return {
            "data": {**EMPTY, **data},
            "zone_of_place": commune.zone if (commune := event_form.commune_of(visit, data)) else "",
            "rooms_done": 0 if data.get(TYPED) else done,
        }


def _is_knowing(data: Mapping[str, Any]) -> bool:
    return bool(data.get("knowing"))
