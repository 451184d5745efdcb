"""What left for the people of an audience in the last days, and what waits for them: whom each message is about is read
once, as a bitmap, and what the caps ask of each is found by putting those together.

Person by person a database sorts millions of rows for it, and lists for each of them what it found.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa
from pyroaring import BitMap
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.courtesy import Caps
from bot.rules.kinds import PARTISAN, Kind, Mute
from bot.rules.small_counts import NOBODY, Headcount
from db.expressions import given_numbers
from db.reaching import (
    Condition,
    Day,
    OtherMessage,
    ReachGroup,
    WrittenTo,
    begin_of,
    end_of,
    is_on_its_way,
    is_sent,
    minute_of,
    moment,
    read_waits,
)
from db.roll_calls import listed, read_numbers
from db.schema import deliveries, people
from db.supporters import known_by_commune

K = TypeVar("K")

FEW = 16
"""Of fewer than one in so many people what was sent is looked up person by person, and not read for everybody."""

Spans: TypeAlias = tuple[int, ...]
"""How many messages left for somebody between each midnight that some zone has about now and the next."""
Standing: TypeAlias = tuple[Spans, tuple[str, ...]]
"""That, and what waits for them, as text."""


class Met(Frozen):
    """The people of an audience, by what decides whether a message reaches them; and those whom it can reach and to
    whom the campaign wrote since then, or for whom something waits, by what the caps ask of each.
    """

    groups: Sequence[ReachGroup]
    written: Sequence[WrittenTo]


class _Alike(Frozen):
    """People who live by the same place and have switched off the same (`mutes`)."""

    territory: str | None
    zone: str | None
    unreachable: bool
    mutes: frozenset[Mute]
    is_known: bool
    people: BitMap

    def count(self, some: BitMap) -> Headcount:
        number = len(some)
        return Headcount(known=number) if self.is_known else Headcount(others=number)


class _Read(Frozen):
    """What was read, numbers still as text. `sent`: by message and minute; `waits`: by message, and as told."""

    alike: Sequence[sa.Row[Any]]
    sent: Sequence[sa.Row[Any]]
    waits: Sequence[sa.Row[Any]]
    silent: str | None


async def met(
    tx: AsyncConnection,
    among: Condition,
    mute: Mute | None,
    *,
    since: datetime,
    now: datetime,
    caps: Caps | None,
    day_of: Callable[[str | None], Day],
    others: Sequence[OtherMessage] = (),
    known_in: Sequence[str] | None = None,
    counting: Collection[Kind] = PARTISAN,
    only: int | None = None,
) -> Met:
    """The people of an audience (a condition on `people`), for a reader who knows people in some areas. `others`: what
    is leaving beside it counts as what left. `day_of`: today, in a zone. `counting`: the kinds that the caps count for
    it. `caps`: None where nobody asks for whom it was `written`. `only`: the audience is this one person.
    """
    mutes = sorted(
        {each for other in others for each in other.mutes} | ({mute} if mute is not None else set())
    )
    alike = await _alike(tx, among, mutes, known_in)
    theirs = await _whose(tx, alike, only)
    read = _Read(
        alike=alike,
        sent=(await tx.execute(_sent(since, counting, theirs))).all(),
        waits=await _waits(tx, others, now, theirs),
        silent=None if caps is None else await _silent(tx, caps, None if theirs is None else among),
    )
    return await asyncio.to_thread(lambda: _Audience(read, mutes, others, caps, day_of).met(mute))


async def _alike(
    tx: AsyncConnection, among: Condition, mutes: Sequence[Mute], known_in: Sequence[str] | None
) -> Sequence[sa.Row[Any]]:
    is_known = sa.and_(people.c.state == "registered", known_by_commune(known_in))
    # Their place comes last: else SQLite reads them in the order of an index of places, and each row for the rest.
    columns = (
        people.c.unreachable_at.is_not(None).label("unreachable"),
        is_known.label("is_known"),
        *(people.c[f"mutes_{each}"] for each in mutes),
        people.c.territory,
        people.c.zone,
    )
    each = sa.select(people.c.id, *columns).where(among).subquery()
    shared = [column for column in each.c if column.name != "id"]
    query: sa.Select[Any] = sa.select(*shared, listed(each.c.id).label("ids")).group_by(*shared)
    found: Sequence[sa.Row[Any]] = (await tx.execute(query)).all()
    return found


async def _silent(tx: AsyncConnection, caps: Caps, among: Condition | None) -> str | None:
    """Of so many, everybody is looked at in the order of their rows."""
    is_silent = people.c.unanswered >= caps.silent_after
    query = sa.select(listed(people.c.id)).where(is_silent, sa.true() if among is None else among)
    found: str | None = await tx.scalar(query)
    return found


async def _whose(tx: AsyncConnection, alike: Sequence[sa.Row[Any]], only: int | None) -> Condition | None:
    """Whose deliveries are looked up, where these are few; None: all are read."""
    if only is not None:
        return deliveries.c.person == only
    most = int(await tx.scalar(sa.select(sa.func.max(people.c.id))) or 0)
    # As texts they have about as many characters each as the highest number has, and a comma.
    if sum(len(row.ids) for row in alike) * FEW > most * (len(str(most)) + 1):
        return None
    persons = BitMap.union(BitMap(), *(read_numbers(row.ids) for row in alike))
    return deliveries.c.person.in_(given_numbers(persons))


def _sent(since: datetime, kinds: Collection[Kind], theirs: Condition | None) -> sa.Select[Any]:
    minute = minute_of(moment(deliveries)).label("minute")
    query = sa.select(deliveries.c.broadcast, minute, listed(deliveries.c.person).label("ids"))
    rows = is_sent(deliveries, since, kinds, by_person=theirs is not None)
    return query.where(rows, sa.true() if theirs is None else theirs).group_by(deliveries.c.broadcast, minute)


async def _waits(
    tx: AsyncConnection, others: Sequence[OtherMessage], now: datetime, theirs: Condition | None
) -> Sequence[sa.Row[Any]]:
    """What waits, by message and as told. What is due at one instant is of use equally long, nearly always: it is read
    in the order of an index, and sorted only where that is not so.
    """
    numbers = [each.number for each in others]
    found = (await tx.execute(_waiting(numbers, now, theirs))).all() if numbers else ()
    differ = {row.broadcast for row in found if not row.is_same}
    if not differ:
        return found
    sorted_ones = await tx.execute(_waiting(sorted(differ), now, theirs, deliveries.c.expires_at))
    return [*(row for row in found if row.broadcast not in differ), *sorted_ones.all()]


def _waiting(
    numbers: Sequence[int], now: datetime, theirs: Condition | None, *by: sa.Column[Any]
) -> sa.Select[Any]:
    """Those alike to the second are put together before their minute is looked at: they are the fewer."""
    # A sum: of a few each is looked up by their number, and not each of these messages for them.
    broadcast = deliveries.c.broadcast if theirs is None else deliveries.c.broadcast + 0
    mine = sa.and_(is_on_its_way(deliveries), broadcast.in_(numbers), sa.true() if theirs is None else theirs)
    columns, expires_at = (
        (deliveries.c.broadcast, deliveries.c.state, deliveries.c.due_at),
        deliveries.c.expires_at,
    )
    alike = sa.select(
        *columns,
        sa.func.min(expires_at).label("first"),
        sa.func.max(expires_at).label("last"),
        sa.func.count(expires_at).label("expire"),
        sa.func.count().label("wait"),
        listed(deliveries.c.person).label("ids"),
    )
    each = alike.where(mine).group_by(*columns, *by).subquery()
    is_later = sa.and_(each.c.state == "queued", each.c.due_at > now)
    told = (
        sa.case((is_later, minute_of(each.c.due_at)), else_="").label("due"),
        sa.func.coalesce(minute_of(each.c.first), "").label("expires"),
        sa.or_(each.c.expire == 0, sa.and_(each.c.expire == each.c.wait, each.c.first == each.c.last)).label(
            "is_same"
        ),
    )
    query = sa.select(each.c.broadcast, *told, sa.func.aggregate_strings(each.c.ids, ",").label("ids"))
    return query.group_by(each.c.broadcast, *told)


class _Audience:
    """What was read of an audience, as bitmaps."""

    def __init__(
        self,
        read: _Read,
        mutes: Sequence[Mute],
        others: Sequence[OtherMessage],
        caps: Caps | None,
        day_of: Callable[[str | None], Day],
    ) -> None:
        self.caps = caps
        self.alike = [
            _Alike(
                territory=row.territory,
                zone=row.zone,
                unreachable=bool(row.unreachable),
                mutes=frozenset(each for each in mutes if row._mapping[f"mutes_{each}"]),
                is_known=bool(row.is_known),
                people=read_numbers(row.ids),
            )
            for row in read.alike
        ]
        self.silent = BitMap() if read.silent is None else read_numbers(read.silent)
        self.days = {each.zone: day_of(each.zone) for each in self.alike}
        self.midnights = sorted({midnight for day in self.days.values() for midnight in day})
        self.sent = [(row.broadcast, row.minute, read_numbers(row.ids)) for row in read.sent]
        self.sent.sort(key=lambda each: each[1])
        self.levels = self._levels()
        by_number = {each.number: each for each in others}
        self.waits = [
            (by_number[row.broadcast], f"{row.broadcast}|{row.due}|{row.expires}", read_numbers(row.ids))
            for row in read.waits
        ]

    def _span(self, instant: datetime) -> int:
        return bisect_right(self.midnights, instant)

    def _levels(self) -> dict[int, list[BitMap]]:
        """For each span those who got a message or more in it, two or more, and so on."""
        by_message: dict[tuple[int, int], BitMap] = {}
        for broadcast, minute, persons in self.sent:
            span = self._span(begin_of(minute))
            by_message.setdefault((broadcast, span), BitMap()).update(persons)
        levels: dict[int, list[BitMap]] = {}
        for (_, span), persons in by_message.items():
            again = persons
            for level in levels.setdefault(span, []):
                both = level & again
                level |= again
                again = both
            if again:
                levels[span].append(again.copy())
        return levels

    def met(self, mute: Mute | None) -> Met:
        groups: dict[tuple[Any, ...], Headcount] = defaultdict(lambda: NOBODY)
        written: dict[tuple[Any, ...], Headcount] = defaultdict(lambda: NOBODY)
        for mutes in {each.mutes for each in self.alike}:
            alike = [each for each in self.alike if each.mutes == mutes]
            waits = [(told, persons) for other, told, persons in self.waits if not (other.mutes & mutes)]
            got = (level[0] for level in self.levels.values() if level)
            recently = BitMap.union(BitMap(), *got, *(persons for _, persons in waits))
            for each in alike:
                said = (each.territory, each.zone, each.unreachable, mute in mutes)
                groups[*said, True] += each.count(each.people & recently)
                groups[*said, False] += each.count(each.people - recently)
            if self.caps is not None and mute not in mutes:
                reached = [each for each in alike if not each.unreachable]
                self._write(written, reached, recently, waits, self.caps)
        names = ("territory", "zone", "unreachable", "muted", "recently")
        return Met(
            groups=[
                ReachGroup(**dict(zip(names, key, strict=True)), people=people)
                for key, people in groups.items()
                if people.total
            ],
            written=[_as_written(key, people) for key, people in written.items()],
        )

    def _write(
        self,
        written: dict[tuple[Any, ...], Headcount],
        alike: Sequence[_Alike],
        recently: BitMap,
        waits: Iterable[tuple[str, BitMap]],
        caps: Caps,
    ) -> None:
        """Adds these people, who hear the same, by what the caps ask of them."""
        everybody = BitMap.union(BitMap(), *(each.people for each in alike)) & recently
        for (spans, told), persons in self._standings(everybody, waits).items():
            for silent, some in ((True, persons & self.silent), (False, persons - self.silent)):
                cap = caps.per_week_when_silent if silent else caps.per_week
                for known, those in self._known(some, sum(spans), asked=sum(spans) + len(told) + 1 - cap):
                    for each in alike:
                        if number := each.people & those:
                            today = self._today(spans, each.zone)
                            key = (each.territory, each.zone, silent, sum(spans), today, known, told)
                            written[key] += each.count(number)

    def _standings(self, everybody: BitMap, waits: Iterable[tuple[str, BitMap]]) -> dict[Standing, BitMap]:
        none = (0,) * (len(self.midnights) + 1)
        found: dict[Standing, BitMap] = {(none, ()): everybody}
        for span, levels in self.levels.items():
            for level in levels:
                found = _split(found, level, partial(_got_one_more, span))
        for told, persons in waits:
            found = _split(found, persons, partial(_waits_for, told))
        return found

    def _today(self, spans: Spans, zone: str | None) -> int:
        start, end = self.days[zone]
        return sum(spans[self._span(start) : self._span(end)])

    def _known(self, persons: BitMap, sent: int, *, asked: int) -> Iterator[tuple[tuple[str, ...], BitMap]]:
        """These people by the minutes of which a cap may ask when something left: of so many of the oldest, until the
        last that waits has left too.
        """
        if not persons:
            return
        if asked <= 0 or not sent:
            yield (), persons
        elif asked == 1:
            for _, minute, got in self.sent:
                if first := persons & got:
                    yield (minute,), first
                    persons = persons - first
        else:
            found: dict[tuple[str, ...], BitMap] = {(): persons}
            for _, minute, got in self.sent:
                found = _split(found, got, partial(_got_it_at, minute))
            yield from found.items()


def _split(found: Mapping[K, BitMap], by: BitMap, other: Callable[[K], K]) -> dict[K, BitMap]:
    """Those of each part who are among some go over to another one."""
    parts: dict[K, BitMap] = {}
    for key, persons in found.items():
        inside = persons & by if persons.intersect(by) else BitMap()
        for part, some in ((key, persons - inside), (other(key), inside)):
            if some:
                parts[part] = parts[part] | some if part in parts else some
    return parts


def _got_one_more(span: int, standing: Standing) -> Standing:
    spans, told = standing
    return (*spans[:span], spans[span] + 1, *spans[span + 1 :]), told


def _waits_for(waits: str, standing: Standing) -> Standing:
    spans, told = standing
    return spans, (*told, waits)


def _got_it_at(minute: str, minutes: tuple[str, ...]) -> tuple[str, ...]:
    return (*minutes, minute)


def _as_written(key: tuple[Any, ...], people: Headcount) -> WrittenTo:
    territory, zone, silent, sent, today, known, told = key
    return WrittenTo(
        territory=territory,
        zone=zone,
        silent=silent,
        sent=sent,
        today=today,
        known=tuple(end_of(minute) for minute in known),
        waits=tuple(read_waits(each) for each in sorted(told)),
        people=people,
    )
