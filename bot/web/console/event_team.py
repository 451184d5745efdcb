"""Who runs an event beside the team, at the desk: added by a link, taken from it, trusted; as in the chat."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import Route

from bot.actions import events, helpers, hosts
from bot.links import host_link
from bot.rules.permissions import Action
from bot.rules.typed import is_number
from bot.web.console.events import code_of
from bot.web.desk import Desk, Visit
from bot.web.refusals import BadForm
from db.events import text_in


class EventTeam:
    """One page of an event."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk, here = self._desk, "/console/events/{code}/team"
        return [
            Route(here, desk.reading(self.show)),
            Route(f"{here}/link", desk.changing(self.invite), methods=["POST"]),
            Route(f"{here}/remove", desk.changing(self.remove), methods=["POST"]),
            Route(f"{here}/trust", desk.changing(self.trust), methods=["POST"]),
        ]

    async def show(self, visit: Visit) -> Response:
        return await self._show(visit)

    async def _show(self, visit: Visit, link: str = "") -> Response:
        """`link`: one that was just made; it is kept nowhere and shown once."""
        author, code = visit.author, code_of(visit)
        found = await events.find_for(visit.tx, author, code)
        event, listed = await helpers.helpers(visit.tx, author, code)
        return visit.page(
            "event_team",
            event=event,
            text=text_in(found.texts, visit.language, author.campaign.languages[0]),
            helpers=listed,
            of_team=author.may(Action.TRUST_HOST, event.commune),
            mine=author.hosted.get(event.id),
            is_open=not event.is_cancelled and not event.is_proposed and event.ends_at > visit.now,
            link=link,
            is_done="done" in visit.request.query_params,
        )

    async def invite(self, visit: Visit) -> Response:
        token = await helpers.invite_helper(visit.tx, visit.author, code_of(visit))
        return await self._show(visit, host_link(self._desk.composer.bot_username, token))

    async def remove(self, visit: Visit) -> Response:
        code = code_of(visit)
        await helpers.remove_helper(visit.tx, visit.author, code, _person(visit))
        return visit.go(f"/console/events/{code}/team?done#main")

    async def trust(self, visit: Visit) -> Response:
        """Their events need nobody's approval here from now on, or do again."""
        code, said = code_of(visit), visit.form.get("said", "")
        if said not in ("yes", "no"):
            raise BadForm("This was not offered.")
        decide = hosts.give_trust if said == "yes" else hosts.end_trust
        await decide(visit.tx, visit.author, code, _person(visit))
        return visit.go(f"/console/events/{code}/team?done#main")


def _person(visit: Visit) -> int:
    """Whom the form is about. Raises BadForm."""
    number = visit.form.get("person", "")
    if not is_number(number, 18):
        raise BadForm("Nobody has this number.")
    return int(number)
