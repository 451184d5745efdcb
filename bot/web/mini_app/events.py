"""Events near whoever reads, as a list and on a map; each with its answers and shifts, by the actions of the chat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from bot.actions import event_cards, rsvps, shifts
from bot.actions.authority import area_name
from bot.actions.event_calendar import calendar_file, file_name
from bot.actions.event_cards import EventCard, event_card
from bot.actions.people import require_supporter
from bot.links import event_link, is_code
from bot.rules.consent import Purpose
from bot.rules.people import RsvpAnswer
from bot.rules.typed import is_number
from bot.web import outlines
from bot.web.desk import Desk, Visit, whole_number
from bot.web.mini_app.choices import decide
from bot.web.public import CALENDAR
from bot.web.refusals import Missing
from bot.web.site import HEADERS
from bot.web.taps import shown
from bot.words.friends import SOMEBODY, addressed
from bot.words.texts import without_mark
from db.events import Event, EventInWords, EventTexts, text_in
from db.rsvps import Rsvp

PAGE = 20
DRAWINGS_KEPT = 128
"""Of each département, while the same takes place in the same communes."""
AROUND = 3.0
"""How much wider than one's own département the map is."""
Tapped = Callable[[Visit, EventInWords, Sequence[str]], Awaitable[object]]


class Events:
    """The first page, and each event."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk, one = self._desk, "/app/events/{code}"
        return [
            Route("/app/", desk.reading(self.list)),
            Route(f"{one}.ics", desk.reading(self.calendar)),
            Route(one, desk.reading(self.show)),
            Route(one, desk.changing(self.answer), methods=["POST"]),
        ]

    async def list(self, visit: Visit) -> Response:
        """What is to come, nearest first; `?in=69123`: in one commune; `?map=FR`: all of France."""
        require_reader(visit)
        if (quiet := visit.quiet_about_events) is not None:
            return visit.page("quiet", message=visit.shown("events/quiet", until=quiet.until))
        tx, person, asked = visit.tx, visit.author.person, visit.request.query_params
        commune = asked.get("in", "")
        number = max(0, whole_number(visit, "page", 1) - 1)
        found = await event_cards.upcoming_page(
            tx, person, number=number, size=PAGE, now=visit.now, commune=commune
        )
        if commune and commune not in found.by_commune:
            raise Missing("Nothing takes place there.")
        return visit.page(
            "events",
            found=found,
            cards=[
                worded(visit, each, found.texts[each.id], found.answers.get(each.id)) for each in found.events
            ],
            full={each.code for each in found.events if each.id in found.full},
            here=area_name(visit.author.gazetteer, commune) if commune else "",
            commune=commune,
            drawing=drawing(
                found.by_commune, "" if asked.get("map") == outlines.FRANCE else person.department or ""
            ),
            names=lambda code: area_name(visit.author.gazetteer, code),
            invited=person.consent_contact and not person.mutes_events,
        )

    async def show(self, visit: Visit) -> Response:
        found, card, rsvp = await self._found(visit)
        if (quiet := visit.quiet_about_events) is not None and not found.event.is_cancelled:
            waits = rsvp is not None and rsvp.waits
            return visit.page("quiet", message=visit.shown("events/quiet", until=quiet.until, waits=waits))
        person = visit.author.person
        asks = card.answer == "yes" and not (person.asked_team or person.consent_team)
        return visit.page(
            "event",
            event=card,
            message=self._message(visit, card),
            shifts=await self._shifts(visit, found, card),
            ask=visit.shown("consents/ask", ("agree",), purpose=Purpose.TEAM) if asks else None,
        )

    async def answer(self, visit: Visit) -> Response:
        """A tap, as in the chat; then the event as it stands."""
        require_supporter(visit.author.person)
        action, *arguments = visit.form.get("tap", "").split(":")
        if action not in TAPS:
            raise Missing("There is no such answer.")
        found, _, _ = await self._found(visit)
        await TAPS[action](visit, found, arguments)
        return visit.go(f"/app/events/{found.event.code}")

    async def calendar(self, visit: Visit) -> Response:
        found, card, _ = await self._found(visit)
        if visit.quiet_about_events is not None:
            raise Missing("Nothing is told of events now.")
        sender = visit.author.campaign.sender.name
        content = calendar_file(found.event, card, sender=sender, now=visit.now)
        disposition = f"attachment; filename*=UTF-8''{quote(file_name(card))}"
        return Response(content, media_type=CALENDAR, headers={**HEADERS, "Content-Disposition": disposition})

    async def _found(self, visit: Visit) -> tuple[EventInWords, EventCard, Rsvp | None]:
        require_reader(visit)
        code = visit.request.path_params["code"]
        found, rsvp = (
            await event_cards.find_with_answer(visit.tx, code, visit.author.person)
            if is_code(code)
            else (None, None)
        )
        if found is None:
            raise Missing("There is no such event.")
        seats, position = await event_cards.standing(visit.tx, found.event, rsvp)
        card = worded(visit, found.event, found.texts, rsvp, seats=seats, position=position)
        return found, card, rsvp

    def _message(self, visit: Visit, card: EventCard) -> Any:
        """The buttons of its card in the chat."""
        campaign, bot = visit.author.campaign, visit.desk.composer.bot_username
        text = visit.rendered(
            "events/card",
            event=card,
            friend_link=event_link(bot, card.code, SOMEBODY),
            may_help=campaign.needs_hands(visit.now),
        )
        return shown(addressed(text, visit.author.person.friend_code), ("rsvp", "guests", "seats_all"))

    async def _shifts(self, visit: Visit, found: EventInWords, card: EventCard) -> Any:
        if not card.takes_answers or not card.has_shifts or card.answer in ("waiting", "offered"):
            return None
        each = await shifts.shifts_of(visit.tx, visit.author.person, found.event)
        return visit.shown("shifts/list", ("shift",), event=card, shifts=each)


def require_reader(visit: Visit) -> None:
    """Staff see events without being supporters. Raises DataRestricted, NotASupporter."""
    if not visit.author.roles:
        require_supporter(visit.author.person)


def worded(visit: Visit, event: Event, texts: EventTexts, rsvp: Rsvp | None, **seats: Any) -> EventCard:
    """The event as whoever reads sees it."""
    author = visit.author
    return event_card(
        event,
        text_in(texts, visit.language, author.campaign.languages[0]),
        person=author.person,
        rsvp=rsvp,
        gazetteer=author.gazetteer,
        bot_username=visit.desk.composer.bot_username,
        now=visit.now,
        **seats,
    )


def drawing(everywhere: Mapping[str, int], department: str) -> Mapping[str, Any]:
    """What the map shows: the communes where something takes place, around a département, or in all of France."""
    return _drawing(tuple(sorted(everywhere.items())), department)


@lru_cache(DRAWINGS_KEPT)
def _drawing(everywhere: tuple[tuple[str, int], ...], department: str) -> Mapping[str, Any]:
    frames = outlines.frames()
    x, y, width, height = frames[outlines.FRANCE]
    is_close = department in frames and not department.startswith("97")
    if is_close:
        left, top, across, down = frames[department]
        side = max(across, down) * AROUND
        x, y, width, height = left + across / 2 - side / 2, top + down / 2 - side / 2, side, side
    elif frame := frames.get(f"frame:{department}"):
        x, y, width, height = frame
        is_close = True
    points = [(commune, number, outlines.point_of(commune)) for commune, number in everywhere]
    return {
        "file": outlines.DEPARTMENTS,
        "shapes": outlines.shapes_in(outlines.DEPARTMENTS),
        "box": f"{x:.0f} {y:.0f} {width:.0f} {height:.0f}",
        "size": max(width, height),
        "is_close": is_close,
        "own": department,
        "points": [
            {"commune": commune, "number": number, "at": f"{at[0]:.0f} {at[1]:.0f}"}
            for commune, number, at in points
            if at is not None and x <= at[0] <= x + width and y <= at[1] <= y + height
        ],
        "elsewhere": sum(number for _, number in everywhere),
    }


async def _rsvp(visit: Visit, found: EventInWords, arguments: Sequence[str]) -> None:
    said = arguments[-1] if arguments else ""
    if said not in tuple(RsvpAnswer):
        raise Missing("There is no such answer.")
    event, person = found.event, visit.author.person
    before = await rsvps.answer_of(visit.tx, person, event)
    await rsvps.answer_invitation(visit.tx, person, visit.origin, event, RsvpAnswer(said), before=before)


async def _guests(visit: Visit, found: EventInWords, arguments: Sequence[str]) -> None:
    number = arguments[-1] if arguments else ""
    if not (is_number(number, 2) and int(number) <= found.event.guests):
        raise Missing("So many guests were not offered.")
    await rsvps.bring_guests(visit.tx, visit.author.person, visit.origin, found.event, int(number))


async def _wait_for_all(visit: Visit, found: EventInWords, arguments: Sequence[str]) -> None:
    await rsvps.wait_for_all(visit.tx, visit.author.person, visit.origin, found.event)


async def _shift(visit: Visit, found: EventInWords, arguments: Sequence[str]) -> None:
    number, said = arguments if len(arguments) == 2 else ("", "")
    if not (is_number(number) and said in ("yes", "no")):
        raise Missing("There is no such shift.")
    change = shifts.take if said == "yes" else shifts.give_back
    await change(visit.tx, visit.author.person, visit.origin, int(number))


async def _agree(visit: Visit, found: EventInWords, arguments: Sequence[str]) -> None:
    """Whether the team may know who comes, on the very words that the page showed: it asks again where they changed."""
    said, mark = without_mark(arguments)
    if said not in (["team", "yes"], ["team", "no"]):
        raise Missing("There is no such choice.")
    await decide(visit, Purpose.TEAM, mark, given=said[1] == "yes")


TAPS: Mapping[str, Tapped] = {
    "rsvp": _rsvp,
    "guests": _guests,
    "seats_all": _wait_for_all,
    "shift": _shift,
    "agree": _agree,
}
"""What the buttons of an event do here."""
