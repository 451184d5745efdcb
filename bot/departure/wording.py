"""What a message says to one person, once it may leave."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime

from bot.actions.authority import area_name
from bot.campaign.campaign import Campaign
from bot.departure.batch import Batch
from bot.departure.composable import Fate
from bot.departure.compose import Composer, as_call, broadcast_form
from bot.departure.forms import NO_CHAT, Form, with_own_link
from bot.departure.sending import LeavingBroadcast
from bot.links import friend_link
from bot.rules.areas import EVERYWHERE
from bot.rules.candidacy import LAST_CHOICE
from bot.rules.kinds import Kind
from bot.rules.polling_places import NOWHERE_KNOWN
from bot.words import neutral
from bot.words.friends import SOMEBODY
from bot.words.step_values import values_for_step
from bot.words.texts import Text, Texts
from db.broadcast_accounts import Broadcast
from db.friends import JOINED
from db.people import Person, renewals_due
from db.renewals import TEMPLATE as RENEWAL
from db.vote_plans import VotePlan

# How many wordings of steps are kept ready.
MOST_KEPT = 5_000


class Wording:
    """Words broadcasts, steps and the bot's own questions; what reads the same for many is rendered once."""

    def __init__(self, *, campaign: Campaign, texts: Texts, composer: Composer, bot_username: str) -> None:
        self._campaign, self._texts, self._composer = campaign, texts, composer
        self._bot_username = bot_username
        self._steps: dict[Hashable, Text] = {}
        self._asking = {step.name for step in campaign.steps if step.asks is not None}

    def form(
        self,
        person: Person,
        sending: LeavingBroadcast,
        batch: Batch,
        *,
        variant: str | None = None,
        leave_before: datetime | None = None,
        is_quiet: bool = False,
    ) -> Form:
        """What the broadcast says to all who are like the person, until `leave_before`.

        `variant`: the version that they drew. `is_quiet`: nothing that speaks for the campaign may be said to them now.
        """
        fate: Fate = {"leave_before": leave_before, "asks": sending.row.step in self._asking}
        # The campaign pays for each message that leaves faster than Telegram lets for nothing.
        fate["paid"] = self._campaign.paid_broadcasts
        text = self._own_text(person, sending, batch, is_quiet=is_quiet)
        if text is None:
            return self._broadcast(person, sending, batch, fate, variant)
        return with_own_link(text, lambda addressed: as_call(NO_CHAT, addressed, **fate))

    def _own_text(
        self, person: Person, sending: LeavingBroadcast, batch: Batch, *, is_quiet: bool
    ) -> Text | None:
        """The bot's own words; None where staff wrote it, or it tells of an event."""
        language = self._composer.language_of(person)
        if sending.is_last_choice:
            return self._texts.render(f"candidacy/{LAST_CHOICE}", language, person=person)
        if sending.row.step is not None and sending.row.ballot is not None:
            return self._step(person, sending.row, batch, language)
        if sending.is_of_hours and sending.row.ballot is not None:
            return neutral.reminder(
                "hours_changed",
                language,
                campaign=self._campaign,
                ballot=sending.row.ballot,
                person=person,
                where=batch.where(person, sending.row.ballot),
            )
        if sending.is_renewal:
            return self._texts.render(RENEWAL, language, purposes=renewals_due(person))
        if is_quiet and sending.is_cancellation and sending.event is not None:
            commune = self._composer.gazetteer.by_code(sending.event.commune)
            return neutral.event_cancelled(language, sending.event, commune)
        if sending.is_offer and sending.event is not None:
            return self._composer.offer(
                person, sending.event, sending.event_texts or {}, batch.rsvps[sending.event.id, person.id]
            )
        if sending.shift is not None and sending.event is not None:
            return self._composer.of_shift(
                str(sending.row.template),
                person,
                sending.event,
                sending.event_texts or {},
                batch.shifts[sending.shift],
                batch.shift_places[sending.shift, person.id],
                batch.shifts_of(person, sending),
                others=batch.has_other_shifts(person, sending),
            )
        if sending.is_of_friends:
            link = friend_link(self._bot_username, person.friend_code)
            return self._texts.render(JOINED, language, brought=batch.brought[person.id], friend_link=link)
        if sending.is_notice:
            return self._notice(person, sending.row, language, batch.now)
        return None

    def _notice(self, person: Person, broadcast: Broadcast, language: str, now: datetime) -> Text:
        """The details of a notice, in the words and by the clock of its reader."""
        values = {
            name: datetime.fromisoformat(value) if name.endswith("_at") and value else value
            for name, value in (broadcast.details or {}).items()
        }
        place = area_name(self._composer.gazetteer, str(values.get("area", EVERYWHERE)))
        zone = person.zone or "Europe/Paris"
        return self._texts.render(
            str(broadcast.template),
            language,
            **{"zone": zone, "person": person, "area_name": place, "now": now, **values},
        )

    def _broadcast(
        self, person: Person, sending: LeavingBroadcast, batch: Batch, fate: Fate, variant: str | None
    ) -> Form:
        return broadcast_form(
            self._composer,
            sending.row,
            sending.texts_for(variant),
            person,
            now=batch.now,
            event=sending.event,
            event_texts=sending.event_texts,
            survey=sending.survey,
            answer=batch.answer_of(person, sending),
            came=batch.came(person, sending),
            shifts=batch.shifts_of(person, sending),
            full=sending.event is not None and sending.event.id in batch.closed,
            where=NOWHERE_KNOWN if sending.row.ballot is None else batch.where(person, sending.row.ballot),
            **fate,
        )

    def _step(self, person: Person, broadcast: Broadcast, batch: Batch, language: str) -> Text:
        """What a step says, with `SOMEBODY` where the reader's own link for friends goes."""
        assert broadcast.ballot is not None
        where = batch.where(person, broadcast.ballot)
        if broadcast.kind == Kind.CIVIC_NEUTRAL:
            text = neutral.reminder(
                str(broadcast.template),
                language,
                campaign=self._campaign,
                ballot=broadcast.ballot,
                person=person,
                where=where,
            )
            assert text is not None  # no step leaves where the ballot is not held
            return text
        plan = batch.plans.get((person.id, broadcast.ballot))
        values = values_for_step(
            person=person._replace(friend_code=SOMEBODY),
            plan=plan,
            campaign=self._campaign,
            ballot=broadcast.ballot,
            language=language,
            bot_username=self._bot_username,
            now=batch.now,
            where=where,
        )
        name = f"steps/{broadcast.template}"
        # What a step says depends on nothing else: of the moment on the day alone, and not on who reads it.
        said = values["friend_link"], values["days"], told_of_the_vote(plan)
        key = (name, language, values["vote"], values["where"], *said)
        if key not in self._steps:
            if len(self._steps) >= MOST_KEPT:
                self._steps.clear()
            self._steps[key] = self._texts.render(name, language, **values)
        return self._steps[key]


def told_of_the_vote(plan: VotePlan | None) -> Hashable:
    """What somebody told of their vote, as far as a message repeats it or asks again."""
    return plan and (plan.intention, plan.slot, plan.departure, plan.company, plan.vote)
