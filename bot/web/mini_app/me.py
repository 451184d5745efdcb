"""What is held about whoever reads, and what they choose: by the actions and with the words of the chat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from bot.actions import erasure, preferences, rights, rsvps, volunteering
from bot.actions.people import require_supporter
from bot.actions.registration import choose_language
from bot.actions.rights import PersonalData
from bot.rules.consent import Purpose
from bot.rules.kinds import Mute
from bot.web.desk import Desk, Visit
from bot.web.mini_app.choices import as_shown, decide, of_today
from bot.web.refusals import Missing
from bot.web.site import HEADERS
from bot.words.texts import without_mark

Answering = Callable[[Visit, Sequence[str]], Awaitable[str]]


class Me:
    """Settings, choices and data on one page; one choice with its whole question on another."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk = self._desk
        return [
            Route("/app/me", desk.reading(self.show)),
            Route("/app/me", desk.changing(self.answer), methods=["POST"]),
            Route("/app/me/choices/{purpose}", desk.reading(self.choice)),
            Route("/app/me/data.json", desk.reading(self.data)),
        ]

    async def show(self, visit: Visit) -> Response:
        """Whoever did not sign up reads what is held all the same; whoever restricted it may still choose."""
        author = visit.author
        person = author.person
        commune = author.gazetteer.by_code(person.commune) if person.commune else None
        values: dict[str, Any] = {"settings": None, "choices": None}
        if person.is_registered:
            offer = await volunteering.offer_of(visit.tx, person)
            taps = [*TAPS] if person.volunteer else [tap for tap in TAPS if tap != "volunteer"]
            values["settings"] = visit.shown("settings/settings", taps, commune=commune, offer=offer)
        if person.is_registered or person.is_restricted:
            values["choices"] = visit.shown("privacy/consent", ("choice",), purposes=list(Purpose))
        held = await self._held(visit)
        if person.state == "stopped":
            values["choices"] = visit.shown("privacy/stopped", ("free_seats",), seats=await _seats(visit))
        values["data"] = visit.shown("privacy/my_data", held=held, commune=commune)
        return visit.page("me", bot=self._desk.composer.bot_username, **values)

    async def choice(self, visit: Visit) -> Response:
        purpose = _purpose(visit.request.path_params["purpose"])
        _require_chooser(visit)
        return visit.page("choice", message=visit.shown("privacy/choice", ("choice",), purpose=purpose))

    async def answer(self, visit: Visit) -> Response:
        action, *arguments = visit.form.get("tap", "").split(":")
        if action not in TAPS:
            raise Missing("There is no such choice.")
        return visit.go(await TAPS[action](visit, arguments))

    async def data(self, visit: Visit) -> Response:
        """The complete file."""
        held = await self._held(visit)
        name = f"{visit.author.campaign.slug}-{visit.now:%Y-%m-%d}.json"
        return Response(
            held.to_json(),
            media_type="application/json",
            headers={**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'},
        )

    async def _held(self, visit: Visit) -> PersonalData:
        return await rights.holding(
            visit.tx,
            visit.author.person,
            key=self._desk.suppression_key,
            retention=visit.author.campaign.retention,
        )


def _purpose(name: str) -> Purpose:
    if name not in tuple(Purpose):
        raise Missing("There is no such choice.")
    return Purpose(name)


def _require_chooser(visit: Visit) -> None:
    """Whoever restricted the use of their data may still change what they agreed to. Raises NotASupporter."""
    if not visit.author.person.is_restricted:
        require_supporter(visit.author.person)


def _pair(arguments: Sequence[str], second: Mapping[str, bool]) -> tuple[str, bool]:
    if len(arguments) != 2 or arguments[1] not in second:
        raise Missing("There is no such choice.")
    return arguments[0], second[arguments[1]]


async def _choose(visit: Visit, arguments: Sequence[str]) -> str:
    """`show` opens the whole question, and so does a yes to other words than today's; no to being written to stops
    everything, as /stop does.
    """
    _require_chooser(visit)
    arguments, mark = without_mark(arguments)
    if len(arguments) == 2 and arguments[1] == "show":
        return f"/app/me/choices/{_purpose(arguments[0])}"
    name, given = _pair(arguments, {"yes": True, "no": False})
    purpose, author = _purpose(name), visit.author
    if purpose is Purpose.CONTACT and not given:
        question = as_shown(visit, purpose, mark) or of_today(visit, purpose)
        sealing = erasure.sealing(visit.desk.suppression_key, author.campaign.retention, visit.now)
        await rights.stop(
            visit.tx,
            author.person,
            visit.origin,
            language=question.language,
            text=question.text,
            sealing=sealing,
        )
    elif not await decide(visit, purpose, mark, given=given):
        return f"/app/me/choices/{purpose}"
    return "/app/me"


async def _language(visit: Visit, arguments: Sequence[str]) -> str:
    require_supporter(visit.author.person)
    if len(arguments) != 1 or arguments[0] not in visit.author.campaign.languages:
        raise Missing("There is no such language.")
    await choose_language(visit.tx, visit.author.person, visit.origin, arguments[0])
    return "/app/me"


async def _messages(visit: Visit, arguments: Sequence[str]) -> str:
    require_supporter(visit.author.person)
    kind, wanted = _pair(arguments, {"on": True, "off": False})
    if kind not in tuple(Mute):
        raise Missing("There is no such kind of message.")
    await preferences.want_messages(visit.tx, visit.author.person, visit.origin, Mute(kind), wanted=wanted)
    return "/app/me"


async def _stop_helping(visit: Visit, arguments: Sequence[str]) -> str:
    """Offering help is asked step by step in the chat; taking it back is one tap."""
    require_supporter(visit.author.person)
    if list(arguments) != ["no"]:
        raise Missing("There is no such choice.")
    told = visit.rendered("settings/not_helping").written
    person, origin = visit.author.person, visit.origin
    await volunteering.withdraw(visit.tx, person, origin, language=visit.language, text=told)
    await preferences.volunteer(visit.tx, person, origin, willing=False)
    return "/app/me"


async def _free_seats(visit: Visit, arguments: Sequence[str]) -> str:
    """Whoever stopped leaves their seats to others."""
    await rsvps.free_seats(visit.tx, visit.author.person, visit.origin)
    return "/app/me"


async def _seats(visit: Visit) -> int:
    return len(await rsvps.seats_held(visit.tx, visit.author.person, now=visit.now))


TAPS: Mapping[str, Answering] = {
    "choice": _choose,
    "settings_language": _language,
    "messages": _messages,
    "volunteer": _stop_helping,
    "free_seats": _free_seats,
}
"""What the buttons of these pages do here."""
