"""The last look before messages leave: still wanted, still meant, allowed now? Then they are worded.

Asked for each batch the sender has leased; nothing here depends on what was true when they were queued.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Hashable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

import db.departure
from bot.actions.approvals import ApprovalGone
from bot.campaign.campaign import Campaign
from bot.clock import Clock
from bot.delivery.calls import Call
from bot.delivery.outcomes import Stop, Wait
from bot.departure.approving import asking
from bot.departure.batch import Batch, load
from bot.departure.compose import Composer, as_call
from bot.departure.conversing import Talks
from bot.departure.likeness import anybody, likeness, vote_in
from bot.departure.mending import Mending
from bot.departure.promised import Promised
from bot.departure.sending import Found, Freedom, LeavingBroadcast
from bot.departure.unwanted import is_of_our_own, why_unwanted
from bot.departure.wording import Wording, told_of_the_vote
from bot.errors import NotAllowed
from bot.rules.courtesy import UNDISTURBED, CapReason, NeutralSent, is_undisturbed
from bot.rules.holdout import is_held_out
from bot.rules.kinds import PARTISAN, Kind
from bot.rules.leaving import Held, LeavingFacts, free_until, hold_for_one
from bot.rules.leaving_order import place_in_line
from bot.words.texts import Texts
from db.deliveries import PREPARE_FAILED, Leased
from db.people import Person

# After so many the event loop has its turn.
TURN = 16
# What is of no use after something else that leaves first is looked at again after half of what is left of its time.
LOOKED_AT_AGAIN = timedelta(minutes=2)
# What the campaign file has no more waits, as it may be put back; it may be for everybody.
GONE_FROM_FILE = timedelta(minutes=10)
UNTIL_PLANNED = timedelta(minutes=1)

log = structlog.get_logger(__name__)


def _place(row: Leased) -> tuple[datetime, float]:
    return place_in_line(row.expires_at, row.broadcast)


def in_their_way(rows: Sequence[Leased], others: Sequence[Leased]) -> list[Leased]:
    """Those of the others that stand in line before one of these to the same person: what comes after holds nothing."""
    last: dict[int | None, tuple[datetime, float]] = {}
    for row in rows if others else ():
        last[row.person] = max(last.get(row.person, _place(row)), _place(row))
    return [each for each in others if each.person in last and _place(each) < last[each.person]]


class Departure:
    """Decides and words; `prepare` is what the sender calls."""

    def __init__(
        self, *, campaign: Campaign, texts: Texts, composer: Composer, clock: Clock, bot_username: str
    ) -> None:
        self._campaign, self._clock = campaign, clock
        self._texts, self._composer = texts, composer
        self._talks = Talks(texts=texts, composer=composer)
        self._mending = Mending(campaign=campaign, texts=texts, composer=composer)
        self._wording = Wording(campaign=campaign, texts=texts, composer=composer, bot_username=bot_username)
        self._promised = Promised(clock)
        self._gone_steps: set[str] = set()
        self._vote_in = cache(partial(vote_in, campaign))

    async def prepare(self, tx: AsyncConnection, rows: Sequence[Leased]) -> list[Call | Wait | Stop]:
        """A decision for each leased delivery, in their order."""
        now = self._clock.now()
        self._promised.look_again_at((row.id for row in rows), now)
        # What else may leave for the same people is decided with them: of two the caps let the first one leave.
        others = in_their_way(
            rows, await db.departure.partisan_due(tx, rows, now=now, promised=self._promised.deliveries)
        )
        batch = await load(tx, [*rows, *others], now, promised=self._promised.deliveries)
        batch = replace(batch, cards=await self._cards(tx, batch, rows))
        decisions: dict[int, Call | Wait | Stop] = {}
        mine = {row.id for row in rows}
        for row in sorted((*rows, *others), key=_place):
            if row.id not in mine:
                # Nothing waits for what cannot be decided.
                with contextlib.suppress(Exception):
                    self._decide(row, batch)
                continue
            decision = self._decide(row, batch)
            if isinstance(decision, Found):
                decision = decision.form(batch.people[row.person or 0])
            if isinstance(decision, Call):
                self._promised.remember(row.id, now)
            decisions[row.id] = decision
            if not len(decisions) % TURN:
                await asyncio.sleep(0)  # posts go on meanwhile
        return [decisions[row.id] for row in rows]

    async def _cards(
        self, tx: AsyncConnection, batch: Batch, rows: Sequence[Leased]
    ) -> dict[int, Call | Stop]:
        """What asks somebody to let a broadcast go, and what leaves of conversations, as they are at this moment;
        nothing where it was decided, or ended, meanwhile.
        """
        found: dict[int, Call | Stop] = {}
        for row in rows:
            sending = batch.broadcasts.get(row.broadcast)
            if sending is None:
                continue
            person = batch.people.get(row.person) if row.person is not None else None
            if sending.is_talk and person is not None:
                details = sending.row.details or {}
                found[row.id] = await self._talks.call(
                    tx, person, str(sending.row.template), details, batch.now
                )
            elif sending.is_card and person is not None:
                approval = int((sending.row.details or {})["approval"])
                try:
                    text = await asking(tx, self._composer, self._texts, person, approval, batch.now)
                except (ApprovalGone, NotAllowed):
                    found[row.id] = Stop(state="cancelled", reason="decided")
                else:
                    found[row.id] = as_call(person.telegram_id, text)
        return found

    def _decide(self, row: Leased, batch: Batch) -> Found | Call | Wait | Stop:
        """What becomes of it; `Found`: it leaves, and has yet to be worded."""
        person = batch.people.get(row.person) if row.person is not None else None
        if person is None:
            return Stop(state="cancelled", reason="erased")
        sending = batch.broadcasts.get(row.broadcast)
        if (
            sending is None
        ):  # since it was leased, it became another version of its step: see db.step_versions
            return Wait(until=batch.now + UNTIL_PLANNED, reason=PREPARE_FAILED, state="queued")
        if sending.mended is not None:
            return self._mending.decide(row, person, sending, batch)
        if sending.row.step is not None and not self._campaign.has_step(sending.row.step, sending.row.ballot):
            return self._gone_from_file(sending.row.step, batch.now)
        found = self._found(row, person, sending, batch)
        if found.unwanted is not None:
            return found.unwanted
        if sending.row.step is not None and self._is_of_before(sending.row.step, sending):
            # The next tick lets it leave as the file says now: see db.step_versions.
            return Wait(until=batch.now + UNTIL_PLANNED, reason=PREPARE_FAILED, state="queued")
        if sending.is_card or sending.is_talk:
            return batch.cards[row.id]
        wait = self._hold(person, sending, batch, found.freedom)
        if wait is not None:
            return self._unless_useless(wait, row, person, sending, batch, found.freedom)
        if sending.kind in PARTISAN:
            batch.let_go.setdefault(person.id, []).append(batch.now)
        elif sending.kind is Kind.CIVIC_NEUTRAL:
            leaves = NeutralSent(at=batch.now, by_a_step=sending.row.step is not None)
            batch.neutral_sent.setdefault(person.id, []).append(leaves)
        return found

    def _is_of_before(self, step: str, sending: LeavingBroadcast) -> bool:
        """Whether the campaign file says otherwise of a step than when its message was made."""
        now, row = self._campaign.step(step), sending.row
        return row.template is not None and (row.kind, row.template) != (now.kind, now.template)

    def _gone_from_file(self, step: str, now: datetime) -> Wait:
        if step not in self._gone_steps:
            self._gone_steps.add(step)
            log.error("step_gone", step=step)
        return Wait(until=now + GONE_FROM_FILE, reason=PREPARE_FAILED, state="queued")

    def _found(self, row: Leased, person: Person, sending: LeavingBroadcast, batch: Batch) -> Found:
        """What is found for the person: once for all who are alike, from what they have in common alone."""
        drawn = batch.variants.get(row.id), self._is_held_out(person, sending, batch)
        if not (sending.is_for_many and batch.is_like_others(person, sending)):
            return self._look(person, sending, batch, *drawn)
        key = (likeness(person), self._vote(person, sending, batch), *drawn)
        found = sending.alike.get(key)
        if found is None:
            kept = ("id", "commune") if sending.tells_of_the_vote else ()
            found = sending.alike[key] = self._look(anybody(person, *kept), sending, batch, *drawn)
        return found

    def _vote(self, person: Person, sending: LeavingBroadcast, batch: Batch) -> Hashable:
        """What a message may tell somebody of their vote, as far as others do not all have it in common with them."""
        if not sending.tells_of_the_vote:
            return None
        ballot = sending.row.ballot
        if ballot is None:
            return self._vote_in(person.commune)
        where, plan = batch.where(person, ballot), batch.plans.get((person.id, ballot))
        places = where.place and where.place.id, tuple(place.id for place in where.choices)
        return self._vote_in(person.commune), places, told_of_the_vote(plan)

    def _look(
        self, person: Person, sending: LeavingBroadcast, batch: Batch, variant: str | None, held_out: bool
    ) -> Found:
        unwanted = why_unwanted(self._campaign, person, sending, batch, held_out)
        until = person.undisturbed_until
        if (
            unwanted is None
            and until is not None
            and is_undisturbed(until, batch.now)
            and not sending.is_notice
        ):
            unwanted = Wait(until=until, reason=UNDISTURBED, state="queued")
        freedom = self._freedom(person, sending, batch.now)
        return Found(
            unwanted=unwanted,
            freedom=freedom,
            word=partial(
                self._wording.form,
                person,
                sending,
                batch,
                variant=variant,
                leave_before=freedom.until,
                is_quiet=freedom.is_quiet,
            ),
        )

    def _is_held_out(self, person: Person, sending: LeavingBroadcast, batch: Batch) -> bool:
        percent = self._campaign.holdout_percent if sending.row.step is not None else 0
        return bool(percent) and is_held_out(key=batch.key, person=person.id, percent=percent)

    def _unless_useless(
        self,
        wait: Wait,
        row: Leased,
        person: Person,
        sending: LeavingBroadcast,
        batch: Batch,
        freedom: Freedom,
    ) -> Wait | Stop:
        """It waits, or expires where it will be of no use any more then: once what leaves first has really left, which
        may be cancelled or fail before.
        """
        if row.expires_at is None or wait.until < row.expires_at:
            return wait
        if person.id in batch.let_go:
            alone = self._hold(person, sending, batch, freedom, has_left=True)
            if alone is None or alone.until < row.expires_at:
                soon = max(LOOKED_AT_AGAIN, (row.expires_at - batch.now) / 2)
                again = min(batch.now + soon, row.expires_at)
                return replace(wait, until=again, reason=CapReason.BEHIND)
        return Stop(state="expired", reason=wait.reason)

    def _hold(
        self,
        person: Person,
        sending: LeavingBroadcast,
        batch: Batch,
        freedom: Freedom,
        *,
        has_left: bool = False,
    ) -> Wait | None:
        """Why it waits: as for everybody under the same law and hours, or for what this person got before; also for
        what leaves for them first, unless only what `has_left` counts.
        """
        held = freedom.held
        sent: Sequence[datetime] = ()
        if sending.kind in PARTISAN:
            let_go = () if has_left else batch.let_go.get(person.id, ())
            sent = (*batch.sent.get(person.id, ()), *let_go)
        neutral = batch.neutral_sent.get(person.id, ()) if sending.is_neutral_of_staff else ()
        if sent or neutral:
            step, unanswered = sending.row.step, person.unanswered
            if step is not None:
                unanswered = self._campaign.step(step).unanswered_before(unanswered)
            before = (tuple(sent), tuple(neutral), unanswered)
            if before not in freedom.capped:
                freedom.capped[before] = hold_for_one(
                    freedom.at,
                    kind=self._kind(sending),
                    zone=person.zone,
                    now=batch.now,
                    policy=self._campaign.policy,
                    sent=sent,
                    neutral=neutral,
                    unanswered=unanswered,
                )
            held = freedom.capped[before]
        return None if held is None else Wait(until=held.until, reason=held.reason, state="withheld")

    def _freedom(self, person: Person, sending: LeavingBroadcast, now: datetime) -> Freedom:
        """The freedom that law and hours leave, shared by all who live under the same ones."""
        key = (person.territory, person.zone)
        found = sending.freedoms.get(key)
        if found is None:
            leaving = self._leaving(person, sending, now)
            is_quiet = self._campaign.is_quiet(territory=person.territory, now=now, zone=person.zone)
            at = Held(leaving.copy()).__getitem__
            held = hold_for_one(
                at,
                kind=leaving["kind"],
                zone=person.zone,
                now=now,
                policy=self._campaign.policy,
            )
            if not is_quiet:
                # From the quiet period on, word of a cancelled event says less.
                leaving["cancellation"] = False
            found = Freedom(held=held, at=at, until=free_until(**leaving), is_quiet=is_quiet)
            sending.freedoms[key] = found
        return found

    def _leaving(self, person: Person, sending: LeavingBroadcast, now: datetime) -> LeavingFacts:
        step = sending.row.step
        return {
            "kind": self._kind(sending),
            "territory": person.territory,
            "zone": person.zone,
            "now": now,
            "policy": self._campaign.policy,
            "evening": step is not None and self._campaign.step(step).evening,
            "cancellation": sending.is_cancellation,
            "news_before": sending.news_before,
        }

    def _kind(self, sending: LeavingBroadcast) -> Kind:
        """What we ask by ourselves bears our name: it wakes nobody up, and a quiet period can wait for its end."""
        asks = is_of_our_own(sending) or sending.is_offer or sending.is_shift_offer
        return Kind.PERSUASION if asks else sending.kind
