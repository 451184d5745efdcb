"""Conversations: who waits and no word of it; the one that its reader has taken, to answer, hand on or close.

What is written is shown to whoever has taken it, on its own page and nowhere else, and no browser keeps it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from bot.actions import duties, inbox, inbox_load, saved_answers
from bot.actions.authority import area_name
from bot.actions.conversations import Content, NothingToSend
from bot.rules.conversations import BLOCKS, LONGEST
from bot.rules.permissions import Action
from bot.rules.placeholders import placeholders_in
from bot.rules.typed import is_number
from bot.web.desk import Desk, Visit, whole_number
from bot.web.refusals import BadForm
from bot.web.remembered import IF_SLOW
from bot.words.staff_texts import check_staff_text
from db.long_counts import CountsHere

ROOM = "/console/conversations"
HOURS = ((9, 12), (12, 14), (14, 18), (9, 18), (18, 21), (9, 21))
"""As the chat offers them; other ones are chosen by nobody."""


class Conversations:
    """Who waits, one's duty, and the conversation that one has taken."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        desk, one = self._desk, f"{ROOM}/{{number}}"
        changes = {
            f"{ROOM}/duty": self.change_duty,
            f"{ROOM}/saved": self.save,
            f"{ROOM}/saved/delete": self.delete,
            f"{one}/take": self.take,
            f"{one}/answer": self.answer,
            f"{one}/back": self.hand_back,
            f"{one}/pass": self.pass_on,
            f"{one}/close": self.close,
            f"{one}/block": self.block,
            f"{one}/unblock": self.lift_block,
        }
        return [
            Route(ROOM, desk.reading(self.list)),
            Route(f"{ROOM}/saved", desk.reading(self.saved)),
            *(Route(path, desk.changing(view), methods=["POST"]) for path, view in changes.items()),
            Route(one, desk.reading(self.read)),
        ]

    async def list(self, visit: Visit) -> Response:
        """`?blocked=12`: whom it was a mistake to block may be let in again at once."""
        now, desk = visit.now, self._desk
        median, _ = visit.looked_up(
            ("usual wait",), lambda: inbox_load.usual_wait(CountsHere(desk.database), now), older=IF_SLOW
        )
        found = await inbox.opened(visit.tx, visit.author, median)
        return visit.page(
            "conversations",
            inbox=found,
            places=[area_name(visit.author.gazetteer, each.conversation.area) for each in found.waiting],
            hours=HOURS,
            longest_name=duties.LONGEST_NAME,
            suggested=visit.author.person.first_name or "",
            blocked=whole_number(visit, "blocked", 0),
        )

    async def change_duty(self, visit: Visit) -> Response:
        form, tx, author = visit.form, visit.tx, visit.author
        if "name" in form:
            await duties.sign_as(tx, author, form["name"])
        elif form.get("duty") == "off":
            await duties.go_off_duty(tx, author)
        else:
            chosen = {f"{first}-{last}": (first, last) for first, last in HOURS}
            await duties.go_on_duty(tx, author, hours=chosen.get(form.get("hours", "")))
        return visit.go(ROOM)

    # -- the one that is taken --

    async def take(self, visit: Visit) -> Response:
        found = await inbox.claim(visit.tx, visit.author, visit.number("number"))
        return visit.go(f"{ROOM}/{found.id}")

    async def read(self, visit: Visit) -> Response:
        """`?saved=3`: with the words of a saved answer to look at before they leave."""
        number, tx, author = visit.number("number"), visit.tx, visit.author
        try:
            written = await inbox.read(tx, author, number)
        except inbox.NotYours:
            raise inbox.NotYours("Whoever has taken it reads it.", message="console/not_taken") from None
        usable = await saved_answers.usable(tx, author, number)
        chosen = next((each for each in usable if each.id == whole_number(visit, "saved", 0)), None)
        return visit.page(
            "conversation",
            number=number,
            messages=written,
            spoken=await inbox.language_of(tx, author, number),
            seen=written[-1].id if written else 0,
            free=await inbox.may_pass_to(tx, author, number),
            saved=usable,
            chosen=chosen,
            is_filled=chosen is not None and bool(placeholders_in(chosen.text)),
            days=[each.days for each in BLOCKS],
            longest=LONGEST,
            longest_reason=inbox.LONGEST_REASON,
            once=secrets.token_hex(7),
        )

    async def answer(self, visit: Visit) -> Response:
        """Typed, or a saved answer that was looked at; the same form sent twice answers once."""
        number, tx, author = visit.number("number"), visit.tx, visit.author
        text, filled = _lines(visit.form.get("text", "")), None
        if "saved" in visit.form:
            usable = await saved_answers.usable(tx, author, number)
            saved = next((each for each in usable if str(each.id) == visit.form["saved"]), None)
            if saved is None:
                raise saved_answers.SavedAnswerGone("It was deleted, or is for another area.")
            text, filled = saved.text, saved.language
        if not text.strip():
            raise NothingToSend("An answer has words.", message="errors/text_empty")
        await inbox.answer(
            tx,
            author,
            number,
            Content(message_id=_once(visit.form.get("once", "")), text=text, filled=filled),
        )
        return visit.go(f"{ROOM}/{number}")

    async def hand_back(self, visit: Visit) -> Response:
        await inbox.hand_back(visit.tx, visit.author, visit.number("number"))
        return visit.go(ROOM)

    async def pass_on(self, visit: Visit) -> Response:
        to = visit.form.get("to", "")
        if not is_number(to):
            raise BadForm("This is nobody.")
        await inbox.pass_on(visit.tx, visit.author, visit.number("number"), int(to))
        return visit.go(ROOM)

    async def close(self, visit: Visit) -> Response:
        seen = visit.form.get("seen", "")
        await inbox.close(visit.tx, visit.author, visit.number("number"), seen=seen)
        return visit.go(ROOM)

    async def block(self, visit: Visit) -> Response:
        number, days = visit.number("number"), visit.form.get("days", "")
        if days not in {str(each.days) for each in BLOCKS}:
            raise BadForm("So many days were not offered.")
        await inbox.block(visit.tx, visit.author, number, int(days), visit.form.get("reason", ""))
        return visit.go(f"{ROOM}?blocked={number}")

    async def lift_block(self, visit: Visit) -> Response:
        await inbox.lift_block(visit.tx, visit.author, visit.number("number"))
        return visit.go(ROOM)

    # -- saved answers --

    async def saved(self, visit: Visit) -> Response:
        may_save: Any = visit.author.areas(Action.SAVE_ANSWER)
        return visit.page(
            "saved_answers",
            saved=await saved_answers.listed(visit.tx, visit.author),
            area=area_name(visit.author.gazetteer, may_save[0]) if may_save else None,
            longest=LONGEST,
            longest_title=saved_answers.LONGEST_TITLE,
        )

    async def save(self, visit: Visit) -> Response:
        form, campaign = visit.form, visit.author.campaign
        language, text = form.get("language", ""), _lines(form.get("text", ""))
        if language not in campaign.languages:
            raise BadForm("There is no such language.")
        check_staff_text(text)
        title = form.get("title", "")
        await saved_answers.save(visit.tx, visit.author, language=language, title=title, text=text)
        return visit.go(f"{ROOM}/saved")

    async def delete(self, visit: Visit) -> Response:
        number = visit.form.get("number", "")
        if not is_number(number):
            raise BadForm("This is no saved answer.")
        await saved_answers.delete(visit.tx, visit.author, int(number))
        return visit.go(f"{ROOM}/saved")


def _lines(text: str) -> str:
    """Browsers send line ends of their own."""
    return text.replace("\r\n", "\n").replace("\0", "").strip()


def _once(text: str) -> int:
    """The number of a form, below zero: that of no message of a chat. Raises BadForm."""
    if not (len(text) == 14 and all(each in "0123456789abcdef" for each in text)):
        raise BadForm("This form has no number.")
    return -int(text, 16)
