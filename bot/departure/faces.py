"""Cards in everybody's chat that are always true: edited when their event moves, fills, frees, is off or over.

Below everything else: one at a time, a second or more apart while anything else leaves, and never in a quiet period of
its reader. What is edited to is looked up just before, so that of many changes the last alone is shown; what was not
noted as shown when a process was killed is edited again, which changes nothing. Nothing is ever sent anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

import db.events
import db.faces
import db.mends
import db.people
import db.rsvps
from bot.actions import event_cards
from bot.clock import Clock
from bot.delivery.calls import Call
from bot.delivery.messages import edited
from bot.delivery.outcomes import Done, Outcome, Rejected
from bot.departure.compose import Composer
from bot.links import event_link
from bot.rules.kinds import Kind, Mute
from bot.rules.sending import INVITATION, SHIFT_OFFER
from bot.words.friends import SOMEBODY, addressed
from bot.words.texts import Texts
from db.engine import TROUBLES, Database
from db.events import text_in
from db.faces import EventMessage
from db.people import Person

log = structlog.get_logger(__name__)

BATCH = 50
TROUBLE_SECONDS = 2.0
# Somebody may answer while their card is on its way: then it is looked up again, so often at most.
AGAIN = 3


class StaleCards(Protocol):
    """Some of the messages that show an event otherwise than it is, in an order of theirs."""

    async def __call__(
        self, tx: AsyncConnection, event: int, /, *, after: int, limit: int
    ) -> list[EventMessage]: ...


class EditLine(Protocol):
    """What edits leave by: in the last place, after everything else."""

    async def call_last(self, call: Call, still: Callable[[], Awaitable[bool]]) -> Outcome: ...


class Faces:
    """Looks which events have changed, and edits the messages that show them. `leads`: one process alone does it."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        texts: Texts,
        composer: Composer,
        bot_username: str,
        line: EditLine,
        leads: Callable[[], bool],
    ) -> None:
        self._database, self._clock, self._line, self._leads = database, clock, line, leads
        self._texts, self._composer, self._bot_username = texts, composer, bot_username
        self._campaign = composer.campaign
        self._turn = asyncio.Lock()
        self._nudged = asyncio.Event()
        self._has_begun = False
        self._is_held = False

    def hold(self) -> None:
        """From now on it does not look by itself: whoever moves the clock has it catch up, as a rehearsal does."""
        self._is_held = True

    async def look(self, tx: AsyncConnection) -> None:
        """What is due was just planned: events may look otherwise. It is done beside the ticks, which do not wait."""
        if not self._is_held and await self._is_anything(tx):
            self._nudged.set()

    @property
    def is_current(self) -> bool:
        """Whether every card was looked at since."""
        return not self._nudged.is_set() and not self._turn.locked()

    async def run(self) -> None:
        """Keeps cards true until cancelled."""
        while True:
            await self._nudged.wait()
            try:
                async with self._turn:
                    self._nudged.clear()
                    if self._leads():
                        await self._catch_up()
            except TROUBLES as error:
                log.error("cards_not_edited", error=type(error).__name__, again_in=TROUBLE_SECONDS)
                await asyncio.sleep(TROUBLE_SECONDS)
                self._nudged.set()

    async def catch_up(self) -> int:
        """Until every message that may be edited shows its event as it is; how many were edited."""
        async with self._turn:
            return await self._catch_up()

    async def _is_anything(self, tx: AsyncConnection) -> bool:
        now = self._clock.now()
        return await db.faces.looked_after(tx, now) or bool(await db.faces.changed(tx, now))

    async def _catch_up(self) -> int:
        now = self._clock.now()
        async with self._database.read() as tx:
            changed = await db.faces.changed(tx, now)
            marked = [] if self._has_begun else await db.faces.marked_and_not_noted(tx, now)
            events = await db.faces.with_untrue_cards(tx, now)
        if changed or marked:
            async with self._database.write() as tx:
                await db.faces.look(tx, now)
                await db.faces.note_marks(tx, marked)
            async with self._database.read() as tx:
                events = await db.faces.with_untrue_cards(tx, now)
        self._has_begun = True
        edits = sum([await self._edit_all(event) for event in events])
        await self._forget_marks(now)
        return edits

    async def _forget_marks(self, now: datetime) -> None:
        async with self._database.read() as tx:
            events = await db.faces.noted_for_nothing(tx, now)
        if events:
            async with self._database.write() as tx:
                await db.faces.forget_marks(tx, events)

    async def _edit_all(self, event: int) -> int:
        return sum(
            [await self._edit_those(look, event) for look in (db.faces.untrue, db.faces.untrue_opened)]
        )

    async def _edit_those(self, look: StaleCards, event: int) -> int:
        after, edits = 0, 0
        while True:
            async with self._database.read() as tx:
                cards = await look(tx, event, after=after, limit=BATCH)
            if not cards:
                return edits
            after = cards[-1].delivery or cards[-1].opened or 0
            done = [card for card in cards if await self._edit(card)]
            if done:
                async with self._database.write() as tx:
                    await db.faces.shown(tx, done)
            edits += len(done)

    async def _edit(self, card: EventMessage) -> bool:
        """Whether the message shows what is true now, or can never be made to."""
        for _ in range(AGAIN):
            async with self._database.read() as tx:
                call, stood = await self._worded(tx, card)
            if call is None:
                return False
            if not await self._post(call, card):
                return False
            if await self._was_recalled(card):
                return True
            async with self._database.read() as tx:
                again = await db.rsvps.get(tx, event=card.event, person=card.person)
            if again == stood:
                return True
        return False

    async def _was_recalled(self, card: EventMessage) -> bool:
        """Whether the message was taken back meanwhile, by whichever process: the edit may have landed on what was put
        in its place, which is done once more then.
        """
        delivery = card.delivery
        if delivery is None:
            return False
        while True:
            async with self._database.read() as tx:
                recall = await db.mends.recall_of(tx, delivery)
            if recall is None or recall[1] != "sending":
                break
            await asyncio.sleep(TROUBLE_SECONDS)
        if recall is None:
            return False
        async with self._database.write() as tx:
            await db.mends.repeat(tx, recall[0], self._clock.now())
        return True

    async def _worded(self, tx: AsyncConnection, card: EventMessage) -> tuple[Call | None, object]:
        """The edit, and how its reader stands with the event; None where they may not be told now."""
        person = await db.people.get(tx, card.person)
        event = (await db.events.get_many(tx, [card.event])).get(card.event)
        now = self._clock.now()
        if person is None or event is None or self._campaign.is_out(now):
            return None, None
        if card.delivery is not None and await db.mends.recall_of(tx, card.delivery) is not None:
            return None, None
        if self._is_quiet(person) or not event.is_public:
            return None, None
        language = self._composer.language_of(person)
        rsvp = await db.rsvps.get(tx, event=event.id, person=person.id)
        if card.template == SHIFT_OFFER:
            words = text_in(await db.events.texts_of(tx, event.id), language, self._campaign.languages[0])
            over = self._texts.render(
                "shifts/offer_over", language, now=now, event=event, text=words, mute=Mute.EVENTS.value
            )
            return edited(person.telegram_id, card.message, over), rsvp
        seats, position = await event_cards.standing(tx, event, rsvp)
        shown = event_cards.event_card(
            event,
            text_in(await db.events.texts_of(tx, event.id), language, self._campaign.languages[0]),
            person=person,
            rsvp=rsvp,
            gazetteer=self._composer.gazetteer,
            bot_username=self._bot_username,
            now=now,
            seats=seats,
            position=position,
        )
        text = self._texts.render(
            "events/card",
            language,
            zone=person.zone or "Europe/Paris",
            event=shown,
            friend_link=event_link(self._bot_username, event.code, SOMEBODY),
            may_help=self._campaign.needs_hands(now),
            # What was sent to many keeps its sender, its label and its end; what answered somebody has none of these.
            mute=Mute.EVENTS.value if card.delivery is not None else "",
            invites=card.template == INVITATION,
        )
        return edited(person.telegram_id, card.message, addressed(text, person.friend_code)), rsvp

    def _is_quiet(self, person: Person) -> bool:
        now = self._clock.now()
        found = self._campaign.quiet(
            kind=Kind.EVENT_INVITE, territory=person.territory, now=now, zone=person.zone
        )
        return found is not None

    async def _post(self, call: Call, card: EventMessage) -> bool:
        """Whether Telegram took it, or says that it is so already or can never be. Its turn may come seconds later: by
        then somebody may have leafed on in the message, and the law may ask for silence.
        """

        async def is_card() -> bool:
            async with self._database.read() as tx:
                person = await db.people.get(tx, card.person)
                turned = await db.faces.is_turned(tx, card)
            return person is not None and not turned and not self._is_quiet(person)

        return isinstance(await self._line.call_last(call, is_card), Done | Rejected)
