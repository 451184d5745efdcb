"""Broadcasts: written, and queued for their audience in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.ext.asyncio import AsyncConnection

import db.audiences
import db.broadcasts
import db.delivery_accounts
import db.effects
import db.filling
from bot.actions import audit, broadcast_approvals
from bot.actions.audiences import target_of
from bot.actions.authority import Author, in_turn
from bot.actions.forecasts import Forecast, PlannedSending, forecast
from bot.campaign.campaign import Campaign
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.ballots import Ballot
from bot.rules.experiments import MOST_HELD_OUT, OF_VOTES, VERSIONS, Experiment, goals_of, may_be_compared
from bot.rules.expressions import Expression, as_json
from bot.rules.kinds import Kind
from bot.rules.neutrality import REMINDER, is_worded_by_the_program
from bot.rules.permissions import Action, needs_approval
from bot.rules.sending import USEFUL_FOR, SendingTime
from bot.rules.territories import METROPOLE, TERRITORIES
from bot.words.staff_texts import check_staff_text
from bot.words.telegram_html import CAPTION_LIMIT, TEXT_LIMIT
from db.audiences import Target
from db.broadcast_accounts import Broadcast
from db.experiments import draw_for

STAFF_KINDS = (Kind.PERSUASION, Kind.GOTV, Kind.CIVIC_NEUTRAL, Kind.RESULT)
"""The kinds a person may choose for what they send; events make their own messages. Nobody writes a neutral one."""


def is_written(broadcast: Broadcast) -> bool:
    """Whether somebody wrote its words: staff, or whoever put a question to supporters in a former version."""
    if broadcast.step is not None:  # the campaign file
        return False
    kinds = (*STAFF_KINDS, Kind.POLL)
    return broadcast.kind in kinds and broadcast.event is None and broadcast.survey is None


def require_written(broadcast: Broadcast) -> None:
    """Raises BroadcastRefused for what the program words."""
    if not is_written(broadcast):
        raise BroadcastRefused(
            "The program words this.",
            message="errors/mend_not_this",
            mend="correction",
            neutral=broadcast.kind == Kind.CIVIC_NEUTRAL,
        )


class BroadcastRefused(PortevoixError):
    """A broadcast that cannot be made, or a change that comes too late."""

    default_message: ClassVar[str] = "errors/broadcast_gone"


class NewBroadcast(Frozen):
    """Everything that makes a broadcast, whoever writes it. `texts` by language where no template words it.

    `fields`: what a neutral reminder shows beside the day and the hours. `knowing`: its author knows that nobody would
    get it, and sends it all the same. `others`: the texts of each version that is compared with it in an `experiment`.
    `survey`: the code of the one that it asks. `words`: what its organizers add to a message on an event.
    `series`: the dates that an invitation is to. `follows`: a change is that of all later dates too. `owed`: news of an
    event that wait for no second person, `brief` without its description; `starts_at`: before when they are of use.
    `reworded`: new words of events, which wait for one, whoever they are told to.
    """

    key: str
    kind: Kind
    audience: Expression
    when: SendingTime
    texts: Mapping[str, str]
    template: str | None = None
    fields: Sequence[str] | None = None
    ballot: int | None = None
    event: int | None = None
    photo: str | None = None
    expires_at: datetime | None = None
    knowing: bool = False
    others: Sequence[Mapping[str, str]] = ()
    experiment: Experiment | None = None
    survey: str | None = None
    words: str = ""
    series: Mapping[str, Any] | None = None
    follows: bool = False
    owed: bool = False
    brief: bool = False
    starts_at: datetime | None = None
    reworded: Mapping[str, Any] | None = None

    @property
    def details(self) -> Mapping[str, Any] | None:
        """What fills the template that words it, if anything does."""
        if self.survey is not None:
            return {"survey": self.survey}
        starts = None if self.starts_at is None else self.starts_at.isoformat()
        said = {"words": self.words, "series": self.series, "following": self.follows}
        said |= {"brief": self.brief, "starts_at": starts, "reworded": self.reworded}
        if any(said.values()):
            return {name: value for name, value in said.items() if value}
        return None if self.fields is None else {"fields": list(self.fields)}


class Queued(Frozen):
    """A broadcast that was made, for how many people, and whether it waits for a second person's approval."""

    broadcast: int
    people: int
    awaits_approval: bool = False


async def send(
    tx: AsyncConnection, author: Author, new: NewBroadcast, *, expected: Forecast | None = None
) -> Queued:
    """Makes the broadcast of staff and queues it for all it reaches. `expected`: who was found to get it, just before.

    Raises NotAllowed, CandidateOut, BroadcastRefused, and what is wrong with a text: BadPlaceholder or BadHtml.
    """
    author = await in_turn(tx, author)
    new = as_it_may_leave(author, new)
    target = await target_of(tx, author, new.audience, author.areas(Action.BROADCAST))
    if not new.knowing:
        await require_somebody(tx, author, target, sending_of(new), expected)
    queued = await queue(tx, author, new, target)
    if queued is None:
        raise BroadcastRefused("This was sent already.", message="errors/broadcast_sent_already")
    details = {"broadcast": queued.broadcast, "kind": new.kind.value, "people": queued.people}
    await audit.note(tx, actor=author.name, action=Action.BROADCAST, details=details, now=author.now)
    return queued


def sending_of(new: NewBroadcast) -> PlannedSending:
    """What a forecast asks of it."""
    return PlannedSending(kind=new.kind, when=new.when, expires_at=new.expires_at)


async def require_somebody(
    tx: AsyncConnection,
    author: Author,
    target: Target,
    sending: PlannedSending,
    expected: Forecast | None = None,
) -> None:
    """Raises BroadcastRefused where it is for people of whom none would get it while it is of use. Whoever knows that,
    and sends it all the same, is not asked.
    """
    found = expected or await forecast(tx, target, sending, author.campaign, author.reader, now=author.now)
    if found.is_for_nobody(author.reader):
        raise BroadcastRefused("Nobody would get this in time.", message="errors/nobody_gets_it")


def as_it_may_leave(author: Author, new: NewBroadcast) -> NewBroadcast:
    """What staff wrote, checked; a neutral reminder as the program words it. Raises as `send` does."""
    author.require(Action.BROADCAST)
    author.require_standing()
    if new.kind not in STAFF_KINDS:
        raise BroadcastRefused(f"{new.kind} is no kind that staff choose.", message="errors/broadcast_kind")
    require_time_to_come(author, new.when)
    if new.kind is Kind.CIVIC_NEUTRAL:
        new = _as_the_program_words_it(new, author)
    _require_words(new)
    _require_comparable(new, author.campaign)
    return new


def _as_the_program_words_it(new: NewBroadcast, author: Author) -> NewBroadcast:
    """The neutral reminder of the next round. Raises BroadcastRefused where anything of it was written or pictured."""
    ballot = require_vote_to_come(author.campaign, max(new.when.at, author.now))
    if not is_worded_by_the_program(
        step=None,
        template=new.template or REMINDER,
        fields=new.fields,
        photo=new.photo,
        has_texts=any(new.texts.values()),
        event=new.event,
    ):
        raise BroadcastRefused("Nobody writes a neutral reminder.", message="errors/neutral_is_worded")
    return replace(new, template=REMINDER, ballot=ballot.number, texts={})


def require_vote_to_come(campaign: Campaign, at: datetime) -> Ballot:
    """The round that a neutral reminder is about which leaves at an instant. Raises BroadcastRefused after the last."""
    ballot = campaign.next_ballot(at)
    if ballot is None:
        raise BroadcastRefused("There is no vote to remind of.", message="errors/no_vote_to_come")
    return ballot


def require_time_to_come(author: Author, when: SendingTime) -> None:
    """Raises BroadcastRefused for a time that has passed."""
    if when.is_past(author.now):
        zone = author.person.zone
        raise BroadcastRefused(
            "That time is past.",
            message="errors/date_past",
            moment=when.due_in(zone),
            place_zone=zone or TERRITORIES[METROPOLE].zone,
        )


def _require_words(new: NewBroadcast) -> None:
    """Checks that what staff wrote can be sent; where a template words it there is nothing to check."""
    if new.template is not None:
        return
    if not any(new.texts.values()):
        raise BroadcastRefused("Nothing was written.", message="errors/text_empty")
    for version in (new.texts, *new.others):
        for text in version.values():
            check_staff_text(text, limit=TEXT_LIMIT if new.photo is None else CAPTION_LIMIT)


def _require_comparable(new: NewBroadcast, campaign: Campaign) -> None:
    """Raises BroadcastRefused for an experiment that could not be read afterwards, or of what people are owed."""
    experiment = new.experiment
    if experiment is None and not new.others:
        return
    languages = {code for code, text in new.texts.items() if text}
    goals = goals_of(votes_to_come=campaign.next_ballot(new.when.at) is not None)
    if experiment is not None and experiment.goal in OF_VOTES and experiment.goal not in goals:
        raise BroadcastRefused("No vote is left by then.", message="errors/no_vote_to_aim_at")
    fits = (
        experiment is not None
        and may_be_compared(new.kind, template=new.template)
        and new.event is None
        and experiment.versions == 1 + len(new.others) <= len(VERSIONS)
        and 0 <= experiment.holdout <= MOST_HELD_OUT
        and len(experiment.arms) > 1
        and experiment.goal in goals
        and all({code for code, text in other.items() if text} == languages for other in new.others)
    )
    if not fits:
        raise BroadcastRefused("These versions cannot be compared.", message="errors/not_comparable")


async def queue(tx: AsyncConnection, author: Author, new: NewBroadcast, target: Target) -> Queued | None:
    """The broadcast with its deliveries; None where its key exists. The caller checked what the author may do."""
    made = {"key": new.key, "state": "active", "created_by": author.id, "created_at": author.now}
    columns = {**made, **columns_of(new, target)}
    broadcast = await db.broadcasts.create(tx, columns, new.texts, new.others)
    if broadcast is None:
        return None
    people = await fill(tx, broadcast, new, target, now=author.now)
    awaits = new.reworded is not None or (
        not new.owed and await awaits_second_person(tx, author, broadcast, people)
    )
    if awaits:
        await broadcast_approvals.ask(tx, author, broadcast)
    return Queued(broadcast=broadcast, people=people, awaits_approval=awaits)


def columns_of(new: NewBroadcast, target: Target) -> dict[str, Any]:
    """What the row of a broadcast holds of what was written."""
    return {
        "kind": new.kind.value,
        "template": new.template,
        "details": new.details,
        "ballot": new.ballot,
        "event": new.event,
        "audience": as_json(target.meant),
        "area": target.area,
        "photo": new.photo,
        "starts_at": new.when.at,
        "local_time": new.when.local,
        "expires_at": new.expires_at,
        "experiment": None if new.experiment is None else new.experiment.as_json(),
    }


async def fill(
    tx: AsyncConnection, broadcast: int, new: NewBroadcast, target: Target, *, now: datetime
) -> int:
    """Queues a broadcast for everybody it is for; how many they are, without those who drew to be left out.

    Of many only the first have it with this transaction, for which others wait; a tick queues it for the rest
    (`db.filling`).
    """
    people = 0
    draw = await draw_for(tx, broadcast, new.experiment)
    those = await db.filling.meant(tx, target, new.kind, draw)
    if those.are_many:
        await db.filling.order(tx, broadcast, target, those, now)
        await db.filling.fill_some(tx, broadcast, now)
        return those.people
    for zones, due_at in await _due_times(tx, new.when, target, new.kind):
        people += await db.broadcasts.queue_deliveries(
            tx,
            broadcast=broadcast,
            people=db.audiences.people_in(target, new.kind, zones=zones),
            due_at=due_at,
            expires_at=new.expires_at or due_at + USEFUL_FOR,
            now=now,
            draw=draw,
        )
    return people if draw is None else people - await db.effects.people_left_out(tx, broadcast)


async def awaits_second_person(tx: AsyncConnection, author: Author, broadcast: int, people: int) -> bool:
    """Whether it is for so many that a second person has to let it go.

    Many is as many as the author may read of: that it waits would else tell the number itself.
    """
    most, reader = people, author.reader
    if not reader.is_exact:
        most = reader.at_most((await db.delivery_accounts.account(tx, broadcast, reader.known_in)).people)
    above = author.campaign.approval_above
    return needs_approval(recipients=most, approval_above=above)


async def _due_times(
    tx: AsyncConnection, when: SendingTime, target: Target, kind: Kind
) -> list[tuple[tuple[str | None, ...] | None, datetime]]:
    """When it is due, for each set of zones; None stands for all of them at once."""
    if not when.local:
        return [(None, when.at)]
    zones = {group.zone for group in await db.audiences.groups(tx, target, kind)}
    by_instant: dict[datetime, list[str | None]] = {}
    for zone in sorted(zones, key=str):
        by_instant.setdefault(when.due_in(zone), []).append(zone)
    return [(tuple(same), due_at) for due_at, same in sorted(by_instant.items(), key=lambda each: each[0])]
