"""Second thoughts as they leave: a message that stands in a chat is put right or taken back, if it still can be."""

from __future__ import annotations

from datetime import timedelta

from bot.campaign.campaign import Campaign
from bot.delivery.calls import Call
from bot.delivery.messages import deletion, in_place_of
from bot.delivery.outcomes import Stop, Wait
from bot.departure.batch import Batch
from bot.departure.compose import Composer, as_call, compose_broadcast
from bot.departure.sending import LeavingBroadcast
from bot.rules.leaving import free_until, hold
from bot.rules.mends import NEVER_LEFT, RECALLED, may_be_deleted
from bot.rules.people import NOT_A_SUPPORTER
from bot.rules.reminders import Skip
from bot.words.texts import Texts
from db.deliveries import Leased
from db.mends import Original
from db.people import Person

# A message that is just leaving, or just changing, is looked at again so soon: only then it is known which one it is,
# and that nothing which was worded before lands on what is done to it.
LOOK_AGAIN = timedelta(seconds=2)


class Mending:
    """Decides and words what a correction or a recall does with one person's message."""

    def __init__(self, *, campaign: Campaign, texts: Texts, composer: Composer) -> None:
        self._campaign, self._texts, self._composer = campaign, texts, composer

    def decide(
        self, row: Leased, person: Person, sending: LeavingBroadcast, batch: Batch
    ) -> Call | Wait | Stop:
        original = batch.originals.get(row.id)
        if original is None or original.state in NEVER_LEFT:
            return Stop(state="cancelled", reason="never_left")
        if person.is_restricted:
            return Stop(state="cancelled", reason=NOT_A_SUPPORTER)
        if person.unreachable_at is not None:
            return Stop(state="unreachable", reason="blocked")
        if original.state == "sending" or original.is_changing:
            return Wait(until=batch.now + LOOK_AGAIN, reason="just_leaving", state="queued")
        if original.message_id is None:
            # Posted, and no answer came: nobody knows which message it would be.
            return Stop(state="in_doubt", reason="no_answer")
        if sending.row.is_recall:
            return self._recall(person, sending, original, original.message_id, batch)
        return self._correct(row, person, sending, original, original.message_id, batch)

    def _recall(
        self, person: Person, sending: LeavingBroadcast, original: Original, message_id: int, batch: Batch
    ) -> Call:
        """Taken out of the chat; where Telegram does not let us any more, a neutral line takes its place."""
        assert sending.mended is not None  # a second thought is about something
        line = self._texts.render(RECALLED, self._composer.language_of(person))
        photo = sending.mended.row.photo
        neutral = in_place_of(as_call(person.telegram_id, line, photo=photo), message_id)
        if original.sent_at is None or not may_be_deleted(original.sent_at, batch.now):
            return neutral
        return deletion(person.telegram_id, message_id, instead=neutral)

    def _correct(
        self,
        row: Leased,
        person: Person,
        sending: LeavingBroadcast,
        original: Original,
        message_id: int,
        batch: Batch,
    ) -> Call | Wait | Stop:
        """New words, under the law of the message that they mend; not to who left meanwhile."""
        mended = sending.mended
        assert mended is not None  # a second thought is about something
        if not (person.is_registered and person.consent_contact):
            return Stop(state="cancelled", reason=NOT_A_SUPPORTER)
        if self._campaign.is_out(batch.now):
            return Stop(state="cancelled", reason=Skip.CANDIDATE_OUT.value)
        zone, policy = person.zone, self._campaign.policy
        held = hold(
            kind=mended.kind,
            territory=person.territory,
            zone=zone,
            now=batch.now,
            policy=policy,
            silent=True,
        )
        if held is not None:
            useless = row.expires_at is not None and held.until >= row.expires_at
            ends = Stop(state="expired", reason=held.reason)
            return ends if useless else Wait(until=held.until, reason=held.reason)
        anew = compose_broadcast(
            self._composer,
            mended.row,
            sending.texts_for(original.variant),
            person,
            now=batch.now,
            event=mended.event,
            event_texts=mended.event_texts,
        )
        until = free_until(
            kind=mended.kind, territory=person.territory, zone=zone, now=batch.now, policy=policy, silent=True
        )
        return in_place_of(anew, message_id, leave_before=until)
