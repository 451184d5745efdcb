"""Audiences counted in memory: for each condition those who fulfil it, as a bitmap that is kept.

A million supporters are asked once, and afterwards the bitmaps are brought up to date with the people of whom something
changed (db.changes), whoever wrote it. Everything that is counted together is counted as one snapshot of the database
shows it, and reading holds no writer up. What an expression means is said once more, after `bot.rules.belonging` of one
person and `db.expressions` in SQL; a property test holds the three equal.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import (
    AsyncIterator,
    Collection,
    Hashable,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from operator import and_
from types import MappingProxyType
from typing import Any, TypeAlias

import structlog
from pyroaring import BitMap
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.areas import ABROAD_AREA, EVERYWHERE
from bot.rules.belonging import Setting
from bot.rules.blurring import Ledger
from bot.rules.expressions import All, AnyOf, Expression, Not, leaves_of
from bot.rules.kinds import MUTES, Kind
from bot.rules.leaves import Leaf, Period, period_of
from bot.rules.sampling import Sampling
from bot.rules.small_counts import Headcount
from bot.rules.territories import ABROAD
from db import changes, roll_calls
from db.audiences import Group, Target
from db.engine import AWAY, TROUBLES, Database
from db.expressions import ASKS, Whose
from db.headcounts import named_in
from db.long_counts import CountMaker, CountsHere
from db.sqlite import small_cache

log = structlog.get_logger(__name__)

CANNOT_READ = AWAY
"""What is raised where the database is away: the same may be read later."""
MOST_KEPT = 200
"""Conditions that are kept, those used last: of a million people each takes 125 kB at most."""
MOST_RENEWED = 5_000
"""People of whom something changed: of more, everybody is asked anew."""
BEGINS_SECONDS = 3.0
"""After a start, when whoever wrote while the bot stood still has their answer."""
FOLLOWS_SECONDS = 60.0

_ANY = Setting(now=datetime.min.replace(tzinfo=UTC), sampling=Sampling(factor=1, shift=1, mixer=1))
"""What conditions are read with that mean the same at any time."""

Key = tuple[Hashable, ...]
Ask: TypeAlias = roll_calls.Asked
NOTHING: Mapping[Key, Ask] = MappingProxyType({})
Place = tuple[str | None, str | None]
"""The territory and the zone that somebody lives by."""


@dataclass(kw_only=True)
class _Roll:
    """The people of whom a condition holds, as a version of the database says."""

    people: BitMap
    version: int


@dataclass(kw_only=True)
class _Register:
    """What is asked of every supporter: who has each flag, who reads each language, who lives by each place."""

    version: int
    supporters: BitMap = field(default_factory=BitMap)
    flagged: dict[str, BitMap] = field(
        default_factory=lambda: {name: BitMap() for name in (*roll_calls.FLAGS, "unreachable")}
    )
    languages: dict[str, BitMap] = field(default_factory=dict)
    places: dict[Place, BitMap] = field(default_factory=dict)

    def add(self, row: Mapping[Any, Any], persons: BitMap) -> None:
        """These people are alike in all of it."""
        self.supporters |= persons
        for name, flagged in self.flagged.items():
            if row[name]:
                flagged |= persons
        self._within(self.languages, row["language"], persons)
        self._within(self.places, (row["territory"], row["zone"]), persons)

    @staticmethod
    def _within(rolls: dict[Any, BitMap], value: Any, persons: BitMap) -> None:
        if value is not None:
            rolls.setdefault(value, BitMap()).update(persons)

    def drop(self, persons: BitMap) -> None:
        """Forgets what was known of these people."""
        for roll in (
            self.supporters,
            *self.flagged.values(),
            *self.languages.values(),
            *self.places.values(),
        ):
            roll -= persons

    def of(self, leaf: Leaf) -> BitMap:
        """The supporters of whom a leaf holds that the register answers (`_is_registered`)."""
        match leaf:
            case Leaf(name="language", arguments=(language,)):
                return self.languages.get(language, BitMap())
            case Leaf(name="volunteer"):
                return self.flagged["volunteer"]
            case Leaf(name="named"):
                return self.flagged["consent_team"]
            case Leaf(name="in", arguments=(area,)) if area == EVERYWHERE:
                return self.supporters
        abroad = (roll for (territory, _), roll in self.places.items() if territory == ABROAD)
        return BitMap.union(BitMap(), *abroad)


class Snapshot(Frozen):
    """One snapshot: the register, and of whom each of the other conditions holds that were asked; of the `denied` ones,
    of whom it does not. `tx`: the transaction that sees this snapshot; it only reads.
    """

    tx: AsyncConnection
    register: _Register
    holds: Mapping[Key, BitMap]
    denied: Collection[Key]
    setting: Setting

    def count(self, expression: Expression) -> int:
        """How many supporters are in an audience."""
        return len(self.members(expression))

    def members(self, expression: Expression, *, denied: bool = False) -> BitMap:
        """The supporters in an audience (`denied`: in none of it); not to be changed."""
        match expression:
            case Not(part):
                return self.members(part, denied=not denied)
            case All(parts) | AnyOf(parts):
                found = sorted((self.members(part, denied=denied) for part in parts), key=len)
                together = isinstance(expression, All) != denied
                return reduce(and_, found) if together else BitMap.union(*found)
            case Leaf(name="audience"):
                return self.members(self.setting.saved[expression.arguments[0]], denied=denied)
        everybody = self.register.supporters
        holds = self._holds(expression)
        said = everybody - holds if denied else everybody & holds
        return said & self.register.flagged["consent_commune"] if expression.uses_commune else said

    def _holds(self, leaf: Leaf) -> BitMap:
        if _is_registered(leaf):
            return self.register.of(leaf)
        key = _key(leaf, self.setting)
        return self.register.supporters - self.holds[key] if key in self.denied else self.holds[key]


class Rolls:
    """The bitmaps of one database, for one event loop. `told`: which numbers were told of them to whom; `counts`:
    what makes the longest.
    """

    def __init__(self, database: Database, often: Iterable[Leaf] = ()) -> None:
        """`often`: conditions that are asked often, none of which depends on when or by what key they are asked."""
        self.database = database
        self._often = {_key(leaf, _ANY): ASKS[leaf.name](leaf.arguments, _ANY) for leaf in often}
        self.told = Ledger()
        self.counts: CountMaker = CountsHere(database)
        self._turn = asyncio.Lock()
        self._register: _Register | None = None
        self._kept: OrderedDict[Key, _Roll] = OrderedDict()

    async def run(self) -> None:
        """Reads what counts ask most often before somebody waits for it, and goes along with what changes; until
        cancelled.
        """
        await asyncio.sleep(BEGINS_SECONDS)
        look = self.warm
        while True:
            try:
                await look()
                look = self.follow
            except TROUBLES as error:
                log.error(
                    "audiences_not_read", error=type(error).__name__
                )  # a count that needs it asks again
            await asyncio.sleep(FOLLOWS_SECONDS)

    async def warm(self) -> None:
        """Asks what every count begins with, and then what many ask: a count that comes meanwhile has its turn."""
        for some in ({}, *roll_calls.together(self._often)):
            async with self._turn:
                await self._load(some)

    async def follow(self) -> None:
        """Brings it up to date, unless more has changed than is read at once: then the next count asks anew, or is
        the first to.
        """
        async with self._turn, self.database.read() as tx:
            register, floor = self._register, await changes.floor(tx)
            if register is None or register.version < floor:
                return
            rolls = {key: self._kept[key] for key in self._often if key in self._kept}
            followed = {key: self._often[key] for key, roll in rolls.items() if roll.version >= floor}
            oldest = min([register.version, *(rolls[key].version for key in followed)])
            if await changes.since(tx, oldest, most=MOST_RENEWED):
                version = await changes.version(tx)
                await self._registered(tx, version)
                await self._renewed(tx, followed, version)

    async def ids(self, expression: Expression, setting: Setting) -> set[int]:
        """The supporters in an audience."""
        async with self.look([expression], setting) as look:
            return set(look.members(expression))

    async def groups(
        self, target: Target, kind: Kind | None = None, *, known_in: Sequence[str] | None = None
    ) -> list[Group]:
        """As `db.audiences.groups`: who can get it, by territory and zone, for such a reader."""
        if target.expression is None:
            return []
        known: Key = ("known", *(known_in or ()))
        extra = {} if known_in is None else {known: named_in(known_in)}
        async with self.look([target.expression], target.setting, extra) as look:
            flagged, mute = look.register.flagged, MUTES.get(kind) if kind is not None else None
            getting = look.members(target.expression) - flagged["unreachable"]
            if mute is not None:
                getting -= flagged[f"mutes_{mute}"]
            named = getting & look.holds[known] if extra else BitMap()
            return [
                _group(place, number, named.intersection_cardinality(lives))
                for place, lives in look.register.places.items()
                if (number := getting.intersection_cardinality(lives))
            ]

    @asynccontextmanager
    async def look(
        self, expressions: Iterable[Expression], setting: Setting, extra: Mapping[Key, Ask] = NOTHING
    ) -> AsyncIterator[Snapshot]:
        """All that these audiences ask, as one snapshot; nobody changes it inside of the block."""
        trees = (*expressions, *setting.saved.values())
        leaves = dict.fromkeys(leaf for tree in trees for leaf in leaves_of(tree) if leaf.name != "audience")
        asked = {
            _key(leaf, setting): ASKS[leaf.name](leaf.arguments, setting)
            for leaf in leaves
            if not _is_registered(leaf)
        }
        async with self._turn:
            await self._load({**asked, **extra})
            denied = {key for key, each in asked.items() if isinstance(each, Whose) and each.none}
            async with self.database.read() as tx:
                version = await changes.version(tx)
                register = await self._registered(tx, version)
                holds = await self._renewed(tx, {**asked, **extra}, version)
                yield Snapshot(tx=tx, register=register, holds=holds, denied=denied, setting=setting)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    async def _load(self, asked: Mapping[Key, Ask]) -> None:
        """Asks for everybody what is not known at all, each as of its own snapshot, one by one."""
        async with self.database.read() as tx:
            floor = await changes.floor(tx)
        for key in [key for key, roll in self._kept.items() if roll.version < floor]:
            del self._kept[key]  # what changed since was noted once, and is not any more
        if self._register is not None and self._register.version < floor:
            self._register = None
        if self._register is None:
            await self._load_register()
        for some in roll_calls.together({key: each for key, each in asked.items() if key not in self._kept}):
            await self._load_some(some)

    async def _load_register(self) -> None:
        async with self.database.read() as tx, small_cache(tx):
            self._register = await _register_of_all(tx, await changes.version(tx))

    async def _load_some(self, asked: Mapping[Key, Ask]) -> None:
        async with self.database.read() as tx, small_cache(tx):
            version = await changes.version(tx)
            for key in asked:
                if (found := await self._joined(tx, key, version)) is not None:
                    self._kept[key] = found
                    return
            for key, persons in (await roll_calls.each_of(tx, asked)).items():
                self._kept[key] = _Roll(people=persons, version=version)

    async def _joined(self, tx: AsyncConnection, key: Key, version: int) -> _Roll | None:
        """Who joined in a period, where that is most people: all supporters but those who did not."""
        register = self._register
        assert register is not None  # it was loaded
        match key:
            case ("joined", Period() as period):
                others = await roll_calls.outside_if_most(tx, period)
                if others is not None:
                    # As old as the older of the two: whoever changed since is asked again.
                    known = min(version, register.version)
                    return _Roll(people=register.supporters - others, version=known)
        return None

    async def _registered(self, tx: AsyncConnection, version: int) -> _Register:
        """The register as this snapshot shows it."""
        known, self._register = (
            self._register,
            None,
        )  # should the database go away meanwhile, it is half renewed
        assert known is not None  # it was loaded
        changed = await changes.since(tx, known.version, most=MOST_RENEWED)
        if changed is None:
            known = await _register_of_all(tx, version)
        elif changed:
            known.drop(BitMap(changed))
            for row in await roll_calls.rows_of(tx, changed):
                known.add(row, BitMap([row["id"]]))
        known.version = version
        self._register = known
        return known

    async def _renewed(
        self, tx: AsyncConnection, asked: Mapping[Key, Ask], version: int
    ) -> Mapping[Key, BitMap]:
        """Of whom these conditions hold, as this snapshot shows it."""
        rolls = {key: self._kept.pop(key) for key in asked}
        for before in {roll.version for roll in rolls.values()}:
            changed = await changes.since(tx, before, most=MOST_RENEWED)
            of_then = {key: asked[key] for key, roll in rolls.items() if roll.version == before}
            if changed is None:
                for key, each in of_then.items():
                    rolls[key].people = await roll_calls.all_of(tx, each)
            elif changed:
                for key, holding in (await roll_calls.among(tx, of_then, changed)).items():
                    rolls[key].people -= BitMap(changed)
                    rolls[key].people |= holding
        for roll in rolls.values():
            roll.version = version
        self._kept |= rolls
        return {key: roll.people for key, roll in rolls.items()}


def _is_registered(leaf: Leaf) -> bool:
    """Whether the register answers it."""
    return leaf.name in ("language", "volunteer", "named") or (
        leaf.name == "in" and leaf.arguments[0] in (EVERYWHERE, ABROAD_AREA)
    )


def _group(place: Place, number: int, known: int) -> Group:
    territory, zone = place
    return Group(territory=territory, zone=zone, people=Headcount(known=known, others=number - known))


def _key(leaf: Leaf, setting: Setting) -> Key:
    """What a leaf means: the same words mean other people at another time, by another draw or list of communes."""
    match leaf.name:
        case "near":
            return (leaf, setting.within[leaf.arguments[0], int(leaf.arguments[1])])
        case "joined" | "seen":
            return (leaf.name, period_of(leaf.arguments[0], setting.now))
        case "sample":
            return (leaf, setting.sampling)
    return (leaf,)


async def _register_of_all(tx: AsyncConnection, version: int) -> _Register:
    register = _Register(version=version)
    for row in (await tx.execute(roll_calls.OF_ALL)).mappings():
        told = {**row, "unreachable": row["unreachable_at"] is not None}
        register.add(told, await roll_calls.numbers_in(row["ids"]))
    return register
