"""What is read: the team, its log, exports, what is erased when; and the page that leads to all of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import Route

from bot.actions import admissions, console, downloads, export_orders, exports, staff, team_log
from bot.actions.authority import area_name
from bot.actions.exports import CHAT_FORMATS, Order
from bot.actions.retention import UPDATES_KEPT
from bot.actions.team_log import Chosen
from bot.errors import UnknownArea
from bot.exporting.tables import TABLES
from bot.rules.areas import normal_area
from bot.rules.broadcast_lists import page_of
from bot.rules.permissions import Action
from bot.rules.small_counts import LEAST
from bot.rules.typed import is_number
from bot.web.desk import Desk, Visit, whole_number
from bot.web.refusals import BadForm
from bot.web.remembered import IF_SLOW
from db.approvals import Approval
from db.exports import Selection
from db.inventory import HOLDINGS, Erased

MEMBERS = 50
"""Of the team on one page."""


class Reading:
    """Pages with nothing to decide, but to end a session or to order a file."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk = self._desk
        return [
            Route("/console/more", desk.reading(self.more)),
            Route("/console/team", desk.reading(self.team)),
            Route("/console/team/end", desk.changing(self.end_session), methods=["POST"]),
            Route("/console/team/admit", desk.changing(self.admit), methods=["POST"]),
            Route("/console/log", desk.reading(self.log)),
            Route("/console/exports", desk.reading(self.exports)),
            Route("/console/exports", desk.changing(self.order), methods=["POST"]),
            Route("/console/exports/decide", desk.changing(self.decide), methods=["POST"]),
            Route("/console/erasure", desk.reading(self.erasure)),
        ]

    async def more(self, visit: Visit) -> Response:
        return visit.page("more")

    async def team(self, visit: Visit) -> Response:
        found = await staff.team(visit.tx, visit.author)
        number, pages = page_of(whole_number(visit, "page", 1) - 1, len(found.members), size=MEMBERS)
        members = found.members[number * MEMBERS : (number + 1) * MEMBERS]
        areas = {each.area for each in members} | {each.area for each in found.links}
        names = {area: area_name(visit.author.gazetteer, area) for area in areas}
        sessions = await console.sessions(visit.tx, visit.author)
        numbers = [each.telegram_id for each in members] + [each.telegram_id for each in sessions]
        return visit.page(
            "team",
            team=found,
            members=members,
            number=number,
            pages=pages,
            names=names,
            first_names=await staff.first_names(visit.tx, visit.author, numbers),
            sessions=sessions,
            mine=visit.signed.session.id,
        )

    async def end_session(self, visit: Visit) -> Response:
        number = visit.form.get("session", "")
        if not is_number(number):
            raise BadForm("This is no session.")
        await console.end_session(visit.tx, visit.author, int(number))
        return visit.go("/console/team")

    async def admit(self, visit: Visit) -> Response:
        """Agrees to a new administrator, or refuses them."""
        number, said = visit.form.get("approval", ""), visit.form.get("said")
        if not is_number(number) or said not in ("yes", "no"):
            raise BadForm("There is no such invitation.")
        await admissions.decide(visit.tx, visit.author, int(number), granted=said == "yes")
        return visit.go("/console/team")

    async def log(self, visit: Visit) -> Response:
        before = visit.request.query_params.get("before", "")
        known = is_number(before)
        asked = {name: visit.request.query_params.get(name, "") for name in ("action", "who", "day")}
        chosen = Chosen(action=asked["action"] or None, actor=asked["who"] or None, day=_day(asked["day"]))
        entries = await team_log.page(
            visit.tx, visit.author, before=int(before) if known else None, chosen=chosen
        )
        author = visit.author
        (actions, actors), _ = visit.looked_up(
            ("log",), lambda: visit.desk.in_reading(lambda tx: team_log.told_of(tx, author)), older=IF_SLOW
        )
        areas = {str(each.details["area"]) for each in entries if "area" in each.details}
        meant = {each.details["telegram_id"] for each in entries if each.details.get("telegram_id")}
        first_names = await team_log.first_names(
            visit.tx,
            visit.author,
            {*actors, *(each.actor for each in entries), *(f"staff:{number}" for number in meant)},
        )
        return visit.page(
            "log",
            entries=entries,
            asked=asked,
            actions=actions,
            actors=[(each, first_names.get(each.partition(":")[2]), each == asked["who"]) for each in actors],
            older=urlencode({name: text for name, text in asked.items() if text}),
            first_names=first_names,
            titles=await team_log.titles(visit.tx, author, entries, visit.language),
            places={area: area_name(visit.author.gazetteer, area) for area in areas},
            full=len(entries) == team_log.PAGE,
            **register(visit),
        )

    async def exports(self, visit: Visit) -> Response:
        visit.author.require(Action.EXPORT_RESPONSES)
        areas = dict.fromkeys(visit.author.areas(Action.EXPORT_RESPONSES))
        return visit.page(
            "exports",
            areas=[
                (
                    area,
                    area_name(visit.author.gazetteer, area),
                    [table.name for table in exports.tables_for(visit.author, area)],
                )
                for area in areas
            ],
            formats=CHAT_FORMATS,
            waiting=[
                (each, each.asked_by == visit.author.person.telegram_id, _asked(visit, each))
                for each in await export_orders.waiting(visit.tx, visit.author)
            ],
            told=visit.request.query_params.get("told"),
        )

    async def order(self, visit: Visit) -> Response:
        """As in the chat: noted, of the whole campaign only with a second admin, by a link that serves once."""
        form = visit.form
        table, chosen = form.get("table", ""), form.get("format", "")
        try:
            area = normal_area(form.get("area", ""))
        except UnknownArea:
            raise BadForm("There is no such area.") from None
        if chosen not in CHAT_FORMATS or table not in TABLES:
            raise BadForm("There is no such file.")
        wanted = Order(table=table, format=chosen, selection=Selection(area=area))
        ordered = await export_orders.order(visit.tx, visit.author, wanted)
        if not ordered.rows or ordered.waits:
            return visit.go(f"/console/exports?told={'waits' if ordered.waits else 'nothing'}")
        token = await downloads.offer(visit.tx, visit.author, ordered.order, visit.language)
        return visit.go(f"/download/{token}")

    async def decide(self, visit: Visit) -> Response:
        """Agrees to a file that somebody asked for, or refuses it; they are told in the chat."""
        number, said = visit.form.get("approval", ""), visit.form.get("said")
        if not is_number(number) or said not in ("yes", "no"):
            raise BadForm("There is no such file.")
        await export_orders.decide(visit.tx, visit.author, int(number), granted=said == "yes")
        return visit.go(f"/console/exports?told={'agreed' if said == 'yes' else 'refused'}")

    async def erasure(self, visit: Visit) -> Response:
        holdings = [each for each in HOLDINGS if each.data and each.erased is not Erased.NOT_CONCERNED]
        return visit.page("erasure", holdings=holdings, **register(visit))


def _asked(visit: Visit, waiting: Approval) -> Markup:
    """What is asked for, in the words of the chat."""
    details = waiting.details
    return visit.told(
        "notices/export_waits",
        **details,
        area_name=area_name(visit.author.gazetteer, details["area"]),
        by=waiting.asked_by,
        since_at=details["since"],
        until_at=waiting.expires_at,
        approval=waiting.id,
    )


def _day(text: str) -> date | None:
    """A day of a date field; None where there is none, or nonsense."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def register(visit: Visit) -> dict[str, Any]:
    """What the words of the papers are filled with (`locales/templates/documents`)."""
    return {
        "retention": visit.author.campaign.retention,
        "updates_days": UPDATES_KEPT.days,
        "least": LEAST,
        "mark": "",
    }
