"""Messages: all that was sent or is to leave; each as it looks, how far it is, and what can be done with it now.

What is done is done by the actions of the chat, under its rules and with its words.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bot.actions import (
    approval_forecasts,
    broadcast_approvals,
    broadcast_cards,
    broadcast_changes,
    broadcast_control,
    doubts,
    drafts,
    mends,
)
from bot.actions.authority import area_name
from bot.actions.broadcast_approvals import MOST_REASON, ApprovalDecision, LookAgain
from bot.actions.broadcast_cards import BroadcastCard
from bot.actions.broadcast_control import CHANGES
from bot.actions.broadcast_drafts import FLOW
from bot.actions.broadcast_subject import Subject, subject_of
from bot.actions.doubts import DoubtsPage
from bot.actions.forecasts import Forecast
from bot.delivery.progress import template_of
from bot.departure.approving import previews, read_card
from bot.errors import PortevoixError
from bot.rules.broadcast_lists import BroadcastPart
from bot.rules.experiments import VERSIONS
from bot.rules.mends import Mend
from bot.web.console.accounts import KeptAccounts
from bot.web.console.forms import (
    Bubble,
    bubble,
    is_typed,
    mend_key,
    plain,
    without_the_word,
    word_faults,
)
from bot.web.console.surveys_shown import whole
from bot.web.counting import having_counted
from bot.web.desk import Desk, Visit, whole_number
from bot.web.refusals import BadForm, Missing, as_told
from bot.words.shown_html import shown_html

MOST_LIVE = 16
"""Pages that are kept up to date at once; the others reload by themselves."""
LOOK_SECONDS, LIVE_SECONDS = 3.0, 300.0
"""As often as the message in the chat is edited; and how long at a time, after which the browser asks again."""

OVER = "event: over\ndata:\n\n"


class Messages:
    """The list, and each message."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._live = asyncio.Semaphore(MOST_LIVE)

    def routes(self) -> Sequence[Route]:
        desk, one = self._desk, "/console/messages/{number}"
        changes = {
            "control": self.control,
            "doubts": self.send_again,
            "recall": self.recall,
            "renew": self.renew,
        }
        return [
            Route("/console/messages", desk.reading(self.list)),
            Route(one, desk.reading(self.show)),
            Route(f"{one}/live", desk.guarded(self.live)),
            *(
                Route(f"{one}/{name}", desk.changing(view), methods=["POST"])
                for name, view in changes.items()
            ),
            Route(f"{one}/decide", desk.changing(self.decide, first=self.foreseen), methods=["POST"]),
        ]

    async def list(self, visit: Visit) -> Response:
        asked = visit.request.query_params
        part = asked.get("part", BroadcastPart.ALL)
        if part not in tuple(BroadcastPart):
            raise Missing("There is no such part of the list.")
        accounts = KeptAccounts(visit)
        page = await broadcast_cards.listed(
            visit.tx,
            visit.author,
            BroadcastPart(part),
            whole_number(visit, "page", 1) - 1,
            language=visit.language,
            fallback=visit.author.campaign.languages[0],
            accounts=accounts,
        )
        doubtful = await doubts.unattended(visit.tx, visit.author) if part == BroadcastPart.ALL else []
        first = part == BroadcastPart.ALL and not page.number
        reminders = await broadcast_cards.reminders(visit.tx, visit.author, accounts) if first else []
        return visit.page(
            "messages",
            page=page,
            parts=tuple(BroadcastPart),
            doubtful=doubtful,
            reminders=reminders,
            as_of=accounts.as_of,
            is_drafted=await drafts.kept(visit.tx, visit.author.person, FLOW) is not None,
        )

    async def show(self, visit: Visit) -> Response:
        """One of them whole; or, where it waits for this very person, what they decide on."""
        number = visit.number("number")
        approval = await broadcast_approvals.open_for(visit.tx, visit.author, number)
        if approval is not None:
            return await self._show_asked(visit, approval)
        accounts = KeptAccounts(visit)
        card = await broadcast_cards.card(visit.tx, visit.author, number, visit.language, accounts)
        progress = card.progress
        is_own = progress.broadcast.mends is None
        in_doubt = bool(progress.count("in_doubt").total)
        page = await doubts.doubts_of(visit.tx, visit.author, number) if in_doubt else None
        return visit.page(
            "message",
            progress=progress,
            card=card if is_own else None,
            card_words=visit.told("broadcasts/card", card=card) if is_own else "",
            bubbles=self._bubbles(visit, card.subject) if is_own else [],
            whole=_whole(visit, card.subject) if is_own else [],
            progress_words=visit.told(template_of(progress), progress=progress),
            as_of=accounts.as_of,
            again=await self._foreseen_again(visit, number, card) if is_own else None,
            doubts=page,
            doubts_words=self._doubts(visit, page) if page is not None else "",
            is_drafted=await drafts.kept(visit.tx, visit.author.person, FLOW) is not None,
            once=secrets.token_hex(8),
            word=visit.word("broadcasts/confirmation_word"),
            word_faults=word_faults(
                visit, **{"doubts-word": "broadcasts/confirmation_word", "recall-word": "mends/recall_word"}
            ),
            recall_word=visit.word("mends/recall_word"),
        )

    async def _foreseen_again(self, visit: Visit, number: int, card: BroadcastCard) -> Forecast | None:
        """Who would get it if it were sent again now where it expired; None where it cannot be."""
        if "renew" not in card.may:
            return None
        try:
            return await broadcast_changes.foreseen_again(visit.tx, visit.author, number)
        except PortevoixError:  # it is too late, or nothing of theirs: the button says so
            return None

    async def _show_asked(self, visit: Visit, approval: int, *, lacks_reason: bool = False) -> Response:
        # What was sent back without a reason is shown by the one writer, whom nobody is to wait for.
        expected = None
        if not lacks_reason:
            expected = await approval_forecasts.foreseen_by(visit.tx, visit.author, approval)
        shown = await broadcast_approvals.shown_to(
            visit.tx, visit.author, approval, visit.language, expected=expected
        )
        desk = self._desk
        words = read_card(desk.composer, desk.texts, shown, visit.author.person)
        return visit.page(
            "approve",
            approval=approval,
            number=shown.subject.broadcast.id,
            shown=shown,
            lacks_reason=lacks_reason,
            card_words=shown_html(words.html),
            bubbles=self._bubbles(visit, shown.subject),
            whole=_whole(visit, shown.subject),
            most_reason=MOST_REASON,
        )

    def _doubts(self, visit: Visit, page: DoubtsPage) -> Markup:
        gazetteer = visit.author.gazetteer
        communes = {each.commune: area_name(gazetteer, each.commune) for each in page.people if each.commune}
        return visit.told("broadcasts/doubts", page=page, communes=communes)

    def _bubbles(self, visit: Visit, subject: Subject) -> Sequence[Bubble]:
        """Each version in each language; none where an older version wrote what nothing words any more."""
        composer, several = self._desk.composer, len(subject.versions) > 1
        found = []
        for variant, texts in zip(VERSIONS, subject.versions, strict=False):
            try:
                calls = previews(composer, subject, texts, visit.author.person, visit.now)
            except LookupError:
                return []
            found += [
                bubble(call, language, variant if several else "")
                for language, call in zip(composer.campaign.languages, calls, strict=True)
            ]
        return found

    # -- what can be done --

    async def control(self, visit: Visit) -> Response:
        """Pauses, resumes, cancels, or asks once more for an approval."""
        number, change = visit.number("number"), visit.form.get("change")
        if change in CHANGES:
            await broadcast_control.control(visit.tx, visit.author, number, change)
        elif change == "again":
            await broadcast_control.ask_again(visit.tx, visit.author, number)
        else:
            raise BadForm("There is no such change.")
        return visit.go(f"/console/messages/{number}")

    async def foreseen(self, visit: Visit) -> Forecast | None:
        """Who gets what waits if it leaves now, found out before the one writer is taken."""
        number = visit.number("number")
        if visit.form.get("said") == ApprovalDecision.NO:
            return None
        if await broadcast_approvals.open_for(visit.tx, visit.author, number) is None:
            return None
        subject = await subject_of(visit.tx, number)
        return await approval_forecasts.foreseen(visit.tx, visit.author, subject)

    async def decide(self, visit: Visit) -> Response:
        """Lets a message go or refuses it, with a reason for whoever wrote it."""
        number, said = visit.number("number"), visit.form.get("said", "")
        approval = await broadcast_approvals.open_for(visit.tx, visit.author, number)
        # What was written anew since the page was made is asked anew, and its words were not read.
        if (
            approval is None
            or visit.form.get("approval") != str(approval)
            or said not in tuple(ApprovalDecision)
        ):
            raise await broadcast_approvals.too_late(visit.tx, visit.author, number)
        reason = plain(visit.form.get("reason", ""))[:MOST_REASON] if said == ApprovalDecision.NO else ""
        if said == ApprovalDecision.NO and not reason:
            return await self._show_asked(visit, approval, lacks_reason=True)
        try:
            await broadcast_approvals.decide(
                visit.tx,
                visit.author,
                approval,
                ApprovalDecision(said),
                reason=reason,
                at=_instant(visit.form.get("at")),
                expected=visit.found,
            )
        except LookAgain:
            return visit.go(f"/console/messages/{number}#decide")
        return visit.go(f"/console/?decided={approval}")

    async def send_again(self, visit: Visit) -> Response:
        """What was in doubt when the page was made; a later doubt is another one."""
        number = visit.number("number")
        if not is_typed(visit, "broadcasts/confirmation_word"):
            return without_the_word(visit, f"/console/messages/{number}", "doubts-word")
        until = _instant(visit.form.get("until"))
        if until is None:
            raise BadForm("This is no instant.")
        await doubts.send_again(visit.tx, visit.author, number, until=until)
        return visit.go(f"/console/messages/{number}")

    async def recall(self, visit: Visit) -> Response:
        """Sent twice, the same form takes back once."""
        number = visit.number("number")
        if not is_typed(visit, "mends/recall_word"):
            await mends.mendable(visit.tx, visit.author, number, Mend.RECALL)
            return without_the_word(visit, f"/console/messages/{number}", "recall-word")
        mend = await mends.recall(visit.tx, visit.author, number, key=mend_key(visit))
        return visit.go(f"/console/messages/{mend}")

    async def renew(self, visit: Visit) -> Response:
        """Once more to those for whom it expired."""
        renewed = await broadcast_changes.renew(visit.tx, visit.author, visit.number("number"))
        return visit.go(f"/console/messages/{renewed.id}")

    # -- how far it is, while it leaves --

    async def live(self, request: Request) -> Response:
        """The progress as it changes, one event each time; whoever may not see it any more is told nothing."""
        if self._live.locked():
            return Response(status_code=204)  # which tells the browser not to ask again
        return StreamingResponse(
            self._changes(request),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _changes(self, request: Request) -> AsyncGenerator[str]:
        async with self._live:
            shown = ""
            for _ in range(int(LIVE_SECONDS / LOOK_SECONDS)):
                try:
                    html, is_over = await self._progress(request)
                except PortevoixError as refused:
                    language, refusal = self._desk.site.language(request), as_told(refused, request.url.path)
                    words = self._desk.texts.render(refusal.message, language, **refusal.values).html
                    yield f"{_told(shown_html(words))}{OVER}"
                    return
                if html != shown:
                    yield _told(html)
                shown = html
                if is_over:
                    yield OVER
                    return
                await asyncio.sleep(LOOK_SECONDS)

    async def _progress(self, request: Request) -> tuple[str, bool]:
        async def once() -> tuple[str, bool]:
            async with self._desk.database.read(briefly=True) as tx:
                visit = await self._desk.arrived(request, tx)
                number, accounts = visit.number("number"), KeptAccounts(visit)
                progress = await broadcast_control.followed(tx, visit.author, number, accounts)
                values: Mapping[str, Any] = {
                    **visit.values,
                    "progress": progress,
                    "progress_words": visit.told(template_of(progress), progress=progress),
                    "as_of": accounts.as_of,
                }
                html = self._desk.site.pages.block("console/message", "live", visit.language, **values)
            return html, progress.is_over or progress.is_cancelled

        return await having_counted(once, self._desk.remembered, self._desk.clock)


def _whole(visit: Visit, subject: Subject) -> Sequence[tuple[str, Markup]]:
    """Of a survey, every question: the message itself asks the first one alone."""
    return [] if subject.survey is None else whole(visit, subject.survey.form)


def _told(html: str) -> str:
    """A new state, as server-sent events say it."""
    return "".join(f"data: {line}\n" for line in html.splitlines()) + "\n"


def _instant(text: str | None) -> datetime | None:
    """What a form brings back; None where it brings none."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
