"""What a message would meet that leaves at a time: who gets it at once, who later, whom it never reaches, and why.

It asks the very rules that are asked when a message is about to leave (`bot.rules.leaving.hold`), once for all who
stand before them alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

import db.audiences
import db.events
import db.filling
import db.reaching
import db.written
from bot.actions.forecast_places import PARIS, ForecastPlace, held_after, held_behind
from bot.campaign.campaign import Campaign
from bot.frozen import Frozen
from bot.rules.courtesy import WEEK
from bot.rules.expressions import events_of, stored
from bot.rules.kinds import MUTES, PARTISAN, Kind
from bot.rules.leaving import Hold
from bot.rules.leaving_order import WaitingMessage
from bot.rules.reaching import Held, held_by, reason_of, today_in
from bot.rules.sending import INVITATION, USEFUL_FOR, SendingTime, all_at
from bot.rules.small_counts import NOBODY, Headcount, Reader
from bot.rules.territories import main_territory
from db.audiences import Target
from db.broadcast_accounts import Broadcast
from db.expressions import Condition, members
from db.reaching import OtherMessage

TOGETHER = timedelta(hours=1)
"""Within so long it is the same to whoever reads when people can be written to again."""
MOST_TRIED = 4
"""How many later times are looked at for a better one."""


class PlannedSending(Frozen):
    """What is to be sent: `expires_at` is when it is of no use any more; None: as long after it is due as any message
    that staff write.
    """

    kind: Kind
    when: SendingTime
    expires_at: datetime | None = None
    # What was due earlier leaves then; None: its time is to come.
    not_before: datetime | None = None
    # Its number, where it is queued already: it does not wait for itself.
    broadcast: int | None = None

    def due_in(self, zone: str | None) -> datetime:
        """When it is to leave for somebody who lives by a zone."""
        due = self.when.due_in(zone)
        return due if self.not_before is None else max(due, self.not_before)

    def waits_in(self, zone: str | None, now: datetime) -> WaitingMessage:
        """As it waits for somebody who lives by a zone."""
        due, expires = max(now, self.due_in(zone)), self.expires_in(zone)
        return WaitingMessage(number=self.broadcast, kind=self.kind, due_at=due, expires_at=expires)

    def expires_in(self, zone: str | None) -> datetime:
        """When it is of no use any more to somebody who lives by a zone."""
        return self.expires_at or self.due_in(zone) + USEFUL_FOR


class Obstacle(Frozen):
    """What keeps a message from people: for good (`hold` None, and `for_good` says why), or until `hold` ends."""

    for_good: Held | None = None
    hold: Hold | None = None
    expires_at: datetime

    @property
    def held(self) -> Held | None:
        """Why it does not reach them while it is of use; None: it does."""
        return self.for_good or held_by(self.hold, expires_at=self.expires_at)


class Delay(Frozen):
    """So many people for whom it has to wait: why, and until when at the latest. `since`: when the first get it, where
    they do. `is_home`: it is so for whoever lives in the area, and may be told of nobody too (`bot.rules.blurring`).
    """

    people: Headcount
    reason: Held
    until: datetime
    since: datetime | None = None
    is_home: bool = False


class Forecast(Frozen):
    """Who gets a message, of those in its audience: at once, `later` (in time), or never (`lost`: it expires first).

    `for_good`: whom nothing reaches, by why. `better`: the first later time at which more people get it than now, where
    now nobody does.
    """

    at_once: Headcount
    later: tuple[Delay, ...]
    lost: tuple[Delay, ...]
    for_good: Mapping[Held, Headcount]
    better: datetime | None = None

    @property
    def people(self) -> Headcount:
        """Those to whom it is sent."""
        waiting = sum((each.people for each in (*self.later, *self.lost)), start=NOBODY)
        return self.at_once + waiting

    @property
    def reached(self) -> Headcount:
        """Those of them who get it while it is of use."""
        return self.at_once + sum((each.people for each in self.later), start=NOBODY)

    def is_for_nobody(self, reader: Reader) -> bool:
        """Whether there are people and none of them gets it, as far as a reader may know: who is told of no fewer than
        ten knows no more of nine than of none.
        """
        return self._reaches_none(reader) and (self.is_lost_at_home or reader.tells(self.people))

    @property
    def is_lost_at_home(self) -> bool:
        """Whether it expires first for whoever lives in the area, as far as staff of one may know."""
        return any(each.is_home for each in self.lost)

    def is_lost(self, reader: Reader) -> bool:
        """Whether there are people, or may be, and none of them gets it, as far as a reader may know."""
        return self._reaches_none(reader) and (self.is_lost_at_home or self.people.total > 0)

    def _reaches_none(self, reader: Reader) -> bool:
        # What was blurred says no more than it may, none included.
        return self.reached.total == 0 if self.reached.about else not reader.tells(self.reached)


async def forecast(
    tx: AsyncConnection,
    target: Target,
    sending: PlannedSending,
    campaign: Campaign,
    reader: Reader,
    *,
    now: datetime,
) -> Forecast:
    """What a message would meet, and a better time where it would reach nobody. What waits already leaves first."""
    if target.expression is None:
        return Forecast(at_once=NOBODY, later=(), lost=(), for_good={})
    among, about = members(target.expression, target.setting), events_of(target.meant)
    asked = _Asked(among=among, area=target.area, now=now, about=about)
    return await _with_a_better(tx, asked, sending, campaign, reader)


async def forecast_of(
    tx: AsyncConnection, broadcast: Broadcast, campaign: Campaign, reader: Reader, *, now: datetime
) -> Forecast:
    """What a message meets that is queued: of what has yet to leave, or, where it waits for a second person, as if it
    were let go now.
    """
    about = events_of(stored(broadcast.audience))
    filling = await db.filling.of(tx, broadcast.id)
    asked = _Asked(
        among=db.reaching.waits_in(
            broadcast.id,
            invites_to=_invites_to(broadcast),
            or_is=None if filling is None else filling.whose_turn_is_to_come,
        ),
        area=broadcast.area,
        now=now,
        about=about,
    )
    sending = PlannedSending(
        kind=Kind(broadcast.kind),
        when=SendingTime(at=broadcast.starts_at, local=broadcast.local_time),
        expires_at=broadcast.expires_at,
        broadcast=broadcast.id,
    )
    if broadcast.is_unapproved:  # what is due then is of use from then on
        return await _with_a_better(tx, asked, replace(sending, not_before=now), campaign, reader)
    if broadcast.expires_at is None and not broadcast.local_time:
        sending = replace(sending, expires_at=await db.reaching.useful_until(tx, broadcast.id))
    return await _forecast(tx, asked, sending, campaign, reader)


async def forecast_again(
    tx: AsyncConnection,
    broadcast: Broadcast,
    areas: Iterable[str],
    campaign: Campaign,
    reader: Reader,
    *,
    now: datetime,
) -> Forecast:
    """What a message meets that is sent again now to those in these areas for whom it expired."""
    among = db.reaching.expired_in(broadcast.id, areas, invites_to=_invites_to(broadcast))
    sending = PlannedSending(
        kind=Kind(broadcast.kind),
        when=all_at(now),
        expires_at=broadcast.expires_at,
        broadcast=broadcast.id,
    )
    about = events_of(stored(broadcast.audience))
    asked = _Asked(among=among, area=broadcast.area, now=now, about=about)
    return await _with_a_better(tx, asked, sending, campaign, reader)


def _invites_to(broadcast: Broadcast) -> int | None:
    """The event that people are invited to, and are no more once they answered."""
    return broadcast.event if broadcast.template == INVITATION else None


class _Asked(Frozen):
    """The people of a message (`among`: a condition on `people`), all of whom live in an area. `about`: the codes of
    the events for whose sake they are written to.
    """

    among: Condition
    area: str
    now: datetime
    about: frozenset[str] = frozenset()


async def _with_a_better(
    tx: AsyncConnection, asked: _Asked, sending: PlannedSending, campaign: Campaign, reader: Reader
) -> Forecast:
    found = await _forecast(tx, asked, sending, campaign, reader)
    if not found.is_lost(reader):
        return found
    told = (each for each in found.lost if each.is_home or reader.tells(each.people))
    frees = sorted({each.until for each in told if each.until > asked.now})
    # Once the event has begun it is no better, whatever there is to say.
    begins = await db.events.last_start(tx, asked.about, after=max(asked.now, sending.due_in(PARIS)))
    ends = [each for each in (sending.expires_at, begins) if each is not None]
    for later in frees[:MOST_TRIED]:
        if any(later >= each for each in ends):
            break
        again = replace(sending, when=all_at(later))
        if not (await _forecast(tx, asked, again, campaign, reader)).is_lost(reader):
            return replace(found, better=later)
    return found


async def _forecast(
    tx: AsyncConnection, asked: _Asked, sending: PlannedSending, campaign: Campaign, reader: Reader
) -> Forecast:
    at_once = NOBODY
    for_good: dict[Held, Headcount] = {}
    later: dict[Held, Delay] = {}
    lost: dict[tuple[Held, datetime], Delay] = {}
    at_home = None if reader.is_exact else _at_home(asked.area, sending, campaign, asked.now)
    # A step that the file does not have any more never leaves.
    known = {None, *(step.name for step in campaign.steps)}
    others = [each for each in await db.reaching.others_leaving(tx, sending.broadcast) if each.step in known]
    found = await obstacles(tx, asked.among, sending, campaign, reader=reader, now=asked.now, others=others)
    for people, obstacle in found if at_home is None else [(NOBODY, at_home), *found]:
        is_home = obstacle is at_home
        if obstacle.for_good is not None:
            for_good[obstacle.for_good] = for_good.get(obstacle.for_good, NOBODY) + people
        elif obstacle.hold is None:
            at_once += people
        elif obstacle.held is None:
            reason = reason_of(obstacle.hold)
            before, until = later.get(reason), obstacle.hold.until
            later[reason] = Delay(
                people=people + (before.people if before else NOBODY),
                reason=reason,
                until=max(until, before.until if before else until),
                since=min(until, before.since if before and before.since else until),
                is_home=is_home or (before is not None and before.is_home),
            )
        else:
            reason, until = reason_of(obstacle.hold), obstacle.hold.until
            key = (reason, until.replace(second=0, microsecond=0))
            before = lost.get(key)
            count = people + (before.people if before else NOBODY)
            is_home = is_home or (before is not None and before.is_home)
            lost[key] = Delay(people=count, reason=reason, until=until, is_home=is_home)
    return Forecast(
        at_once=at_once,
        later=tuple(sorted(later.values(), key=lambda each: each.until)),
        lost=_together(lost.values()),
        for_good={reason: for_good[reason] for reason in Held if reason in for_good},
    )


def _together(lost: Iterable[Delay]) -> tuple[Delay, ...]:
    """Those who can be written to again within the same hour for the same reason are one line, of the last of them."""
    found: list[tuple[datetime, Delay]] = []
    for each in sorted(lost, key=lambda each: (each.reason, each.until)):
        first, before = found[-1] if found else (each.until, each)
        if not found or before.reason != each.reason or each.until - first >= TOGETHER:
            found.append((each.until, each))
            continue
        one = replace(each, people=before.people + each.people, is_home=before.is_home or each.is_home)
        found[-1] = (first, one)
    return tuple(sorted((each for _, each in found), key=lambda each: each.until))


def _at_home(area: str, sending: PlannedSending, campaign: Campaign, now: datetime) -> Obstacle:
    """What keeps a message from somebody of whom nothing is known but the area."""
    there = main_territory(area)
    due, expires_at = max(now, sending.due_in(there.zone)), sending.expires_in(there.zone)
    if campaign.is_out(due):
        return Obstacle(for_good=Held.CANDIDATE_OUT, expires_at=expires_at)
    home = ForecastPlace(territory=there.code, zone=there.zone)
    return Obstacle(
        hold=home.hold(campaign, sending.waits_in(there.zone, now), due, ()), expires_at=expires_at
    )


async def obstacles(
    tx: AsyncConnection,
    among: Condition,
    sending: PlannedSending,
    campaign: Campaign,
    *,
    reader: Reader,
    now: datetime,
    others: Sequence[OtherMessage] = (),
    only: int | None = None,
) -> list[tuple[Headcount, Obstacle]]:
    """The people of an audience (a condition on `people`), by what keeps a message from them, or will, with `others`
    that are leaving beside it. `only`: the audience is this one person.
    """
    mute, since, known_in = MUTES.get(sending.kind), now - WEEK, reader.known_in
    found: list[tuple[Headcount, Obstacle]] = []
    is_neutral = sending.kind is Kind.CIVIC_NEUTRAL
    counting, others = (db.reaching.NEUTRAL, ()) if is_neutral else (PARTISAN, others)
    met = await db.written.met(
        tx,
        among,
        mute,
        since=since,
        now=now,
        caps=None if is_neutral else campaign.caps,
        day_of=lambda zone: today_in(zone or PARIS, now),
        others=others,
        known_in=known_in,
        counting=counting,
        only=only,
    )
    for each in met.groups:
        expires_at, mine = sending.expires_in(each.zone), sending.waits_in(each.zone, now)
        if each.unreachable:
            found.append((each.people, Obstacle(for_good=Held.UNREACHABLE, expires_at=expires_at)))
        elif campaign.is_out(mine.due_at):
            found.append((each.people, Obstacle(for_good=Held.CANDIDATE_OUT, expires_at=expires_at)))
        elif each.muted:
            found.append((each.people, Obstacle(for_good=Held.MUTED, expires_at=expires_at)))
        elif not each.recently:
            place = ForecastPlace(territory=each.territory, zone=each.zone)
            held = place.hold(campaign, mine, mine.due_at, ())
            found.append((each.people, Obstacle(hold=held, expires_at=expires_at)))
    if is_neutral:
        if any(each.recently for each in met.groups):
            found += await _of_reminded(tx, among, sending, campaign, now=now, known_in=known_in)
        return found
    for one in met.written:
        mine, (first, _) = sending.waits_in(one.zone, now), today_in(one.zone or PARIS, now)
        if not campaign.is_out(mine.due_at):
            held = held_behind(one, mine, others, campaign, now=now, today_from=first)
            found.append((one.people, Obstacle(hold=held, expires_at=sending.expires_in(one.zone))))
    return found


async def _of_reminded(
    tx: AsyncConnection,
    among: Condition,
    sending: PlannedSending,
    campaign: Campaign,
    *,
    now: datetime,
    known_in: Sequence[str] | None,
) -> list[tuple[Headcount, Obstacle]]:
    """What keeps a neutral reminder of staff from those whom others reached in the last days."""
    mute = MUTES.get(sending.kind)
    reminded = await db.reaching.reminded(tx, among, mute, since=now - WEEK, known_in=known_in)
    found = []
    for some in reminded:
        held = held_after(some, sending.waits_in(some.zone, now), campaign)
        found.append((some.people, Obstacle(hold=held, expires_at=sending.expires_in(some.zone))))
    return found
