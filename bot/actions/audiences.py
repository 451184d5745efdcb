"""Whom a message reaches: an audience within its author's areas, counted, with whom the law silences now."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

import db.audiences
from bot.actions.authority import Author
from bot.actions.expressions import Asked, ExpressionOccasion, setting_of
from bot.actions.telling import telling
from bot.campaign.campaign import Campaign
from bot.communes import Gazetteer
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE, FORMER_REGIONS
from bot.rules.audience_limits import common_area, limited_to, widened
from bot.rules.blurring import Tells, joined, shared_out
from bot.rules.courtesy import next_courteous
from bot.rules.entailment import is_within
from bot.rules.event_news import tellable_from, wakes
from bot.rules.expressions import Expression, Not, grown, written_out
from bot.rules.kinds import Kind
from bot.rules.quiet import Reason
from bot.rules.sending import SendingTime
from bot.rules.small_counts import NOBODY, Headcount, Reader
from bot.rules.territories import main_territory
from db.audiences import Group, Target
from db.rolls import Rolls


class Withheld(Frozen):
    """Some of the recipients may not be written to when the message is due: why, and until when. `is_home`: nobody
    in the area may be, and it may be told of nobody too (`bot.rules.blurring`).
    """

    people: Headcount
    reason: Reason
    until: datetime
    is_home: bool = False


class Reach(Frozen):
    """How many people a message is for, and whom of them a quiet period keeps it from at first.

    `asleep`: for how many others it is too early or too late then; it can leave for the first of them from
    `wakes` on, and by `awake` for all. `is_night`: it is so in the whole area. `woken`: how many get news of an event
    by night all the same; `wakes_all`: so does the whole area.
    """

    people: Headcount
    withheld: tuple[Withheld, ...] = ()
    asleep: Headcount = NOBODY
    wakes: datetime | None = None
    awake: datetime | None = None
    is_night: bool = False
    woken: Headcount = NOBODY
    wakes_all: bool = False

    @property
    def by_day(self) -> Headcount:
        """Who gets it as soon as it leaves, and is not woken."""
        kept_from = sum((each.people for each in self.withheld), start=self.asleep + self.woken)
        return _less(self.people, kept_from)


class EventNews(Frozen):
    """News of an event, whose hours are those of `bot.rules.event_news`: it begins, or began, at `starts_at`; None: a
    cancellation, which no hours hold.
    """

    starts_at: datetime | None


async def target_of(
    tx: AsyncConnection, author: Author, audience: Expression, areas: Iterable[str]
) -> Target:
    """The audience as far as these areas go; nobody where there are none. Raises BadAudience."""
    occasion = ExpressionOccasion(campaign=author.campaign, gazetteer=author.gazetteer, now=author.now)
    setting = await setting_of(tx, Asked(expression=audience), occasion)
    meant = widened(written_out(audience, setting.saved), author.campaign.is_whole)
    within, holding = limited_to(meant, as_far_as(author.campaign, areas))
    return Target(meant=meant, expression=within, setting=setting, area=common_area(holding))


def as_far_as(campaign: Campaign, areas: Iterable[str]) -> list[str]:
    """The areas; everywhere instead of one that holds everybody who votes."""
    return [EVERYWHERE if campaign.is_whole(area) else area for area in areas]


async def reach(
    tx: AsyncConnection,
    target: Target,
    *,
    kind: Kind,
    when: SendingTime,
    campaign: Campaign,
    reader: Reader,
    news: EventNews | None = None,
) -> Reach:
    """Counts the audience in a transaction, set-based: one row for each territory and zone."""
    found = await db.audiences.groups(tx, target, kind, known_in=reader.known_in)
    return _reach(found, kind=kind, when=when, campaign=campaign, news=news)


async def reach_now(
    rolls: Rolls,
    target: Target,
    *,
    kind: Kind,
    when: SendingTime,
    campaign: Campaign,
    reader: Reader,
    news: EventNews | None = None,
) -> Reach:
    """Counts the audience as it was committed last, in memory and in no transaction, as its reader may know."""
    found = await rolls.groups(target, kind, known_in=reader.known_in)
    read = partial(_reach, kind=kind, when=when, campaign=campaign, news=news)
    if reader.is_exact or target.expression is None:
        return read(found)
    there = main_territory(target.area)
    at_home = Group(territory=there.code, zone=there.zone, people=NOBODY)
    return _as_told(read([*found, at_home]), read([at_home]), telling(rolls, target, reader, kind))


def _as_told(found: Reach, at_home: Reach, tells: Tells) -> Reach:
    """A reach in numbers that its reader may have; `at_home`: what holds for somebody of whom nothing is known."""
    parts = {
        "now": found.by_day,
        "asleep": found.asleep,
        "woken": found.woken,
        **{_part(each): each.people for each in found.withheld},
    }
    at_once = "woken" if at_home.wakes_all else "now"
    home = next(map(_part, at_home.withheld), at_once if at_home.awake is None else "asleep")
    told = shared_out(parts, tells, home=home)
    return Reach(
        people=sum(told.values(), start=NOBODY),
        withheld=tuple(
            replace(each, people=told[_part(each)], is_home=_part(each) == home) for each in found.withheld
        ),
        asleep=told["asleep"],
        wakes=found.wakes,
        awake=found.awake,
        is_night=home == "asleep",
        woken=told["woken"],
        wakes_all=home == "woken",
    )


def _part(some: Withheld) -> str:
    return f"{some.reason} {some.until}"


class AudienceStep(Frozen):
    """An audience as it grows by one of its conditions: how many have it (`has`), how many were in the audience
    `before` it, none for the first, and how many are `left` with it.
    """

    leaf: Expression
    has: Headcount
    before: Headcount | None
    left: Headcount

    @property
    def came(self) -> Headcount:
        """How many more are in it than before."""
        return _less(self.left, self.before or NOBODY)

    @property
    def went(self) -> Headcount:
        """How many fewer are in it than before."""
        return _less(self.before or NOBODY, self.left)


def _less(more: Headcount, fewer: Headcount) -> Headcount:
    if about := max(more.about, fewer.about):  # of what was shown, in whole tens: whoever of them is known
        return Headcount(others=max(0, more.total - fewer.total), about=about)
    return Headcount(known=max(0, more.known - fewer.known), others=max(0, more.others - fewer.others))


MOST_STEPS = 15
"""Conditions whose flow is told; nobody reads on."""


async def flow_now(
    rolls: Rolls, author: Author, audience: Expression, *, kind: Kind, areas: Iterable[str]
) -> tuple[AudienceStep, ...]:
    """Who of these areas comes in and falls out by each condition of an audience, as far as they can get a message of
    this kind; nothing of one with very many conditions. As it was committed last, in memory. Raises BadAudience.
    """
    steps = grown(audience)
    if len(steps) > MOST_STEPS:
        return ()
    occasion = ExpressionOccasion(campaign=author.campaign, gazetteer=author.gazetteer, now=author.now)
    async with rolls.database.read() as tx:
        setting = await setting_of(tx, Asked(expression=audience), occasion)
    held = as_far_as(author.campaign, areas)

    def limited(tree: Expression) -> Target:
        meant = widened(written_out(tree, setting.saved), author.campaign.is_whole)
        within, _ = limited_to(meant, held)
        return Target(meant=meant, expression=within, setting=setting, area=EVERYWHERE)

    async def people(target: Target, between: tuple[int, int] | None = None) -> Headcount:
        found = _total(await rolls.groups(target, kind, known_in=author.reader.known_in))
        return telling(rolls, target, author.reader, kind)(found, between=between)

    told: list[AudienceStep] = []
    so_far: Target | None = None
    for each in steps:
        before = told[-1].left if told else None
        of_leaf, narrower, so_far = limited(each.leaf), so_far, limited(each.so_far)
        has = await people(of_leaf)
        between = None if before is None else _between(narrower, of_leaf, so_far, before, has)
        told.append(AudienceStep(leaf=each.leaf, has=has, before=before, left=await people(so_far, between)))
    return tuple(told)


def _between(
    before: Target | None, more: Target, all_of_them: Target, told: Headcount, has: Headcount
) -> tuple[int, int] | None:
    """What the numbers of an audience and of a condition leave for those who are in either, where one joined the other:
    as many come in as have it, or fewer.
    """
    if before is None or before.expression is None or more.expression is None:
        return None
    if all_of_them.expression is None or not is_within(before.expression, all_of_them.expression):
        return None
    return joined(told, has, is_apart=is_within(before.expression, Not(more.expression)))


def _reach(
    found: Sequence[Group],
    *,
    kind: Kind,
    when: SendingTime,
    campaign: Campaign,
    news: EventNews | None = None,
) -> Reach:
    silent: dict[tuple[Reason, datetime], Headcount] = {}
    asleep, awake, woken, by_night = NOBODY, list[datetime](), NOBODY, list[bool]()
    cancellation = news is not None and news.starts_at is None
    for group in found:
        due = when.due_in(group.zone)
        quiet = campaign.quiet(
            kind=kind,
            territory=group.territory,
            now=due,
            cancellation=cancellation,
            zone=group.zone,
        )
        if quiet is not None:
            key = (quiet.reason, quiet.until)
            silent[key] = silent.get(key, NOBODY) + group.people
            continue
        decent, is_woken = _hours(due, group.zone or "Europe/Paris", kind, campaign, news)
        by_night.append(is_woken)
        if is_woken:
            woken += group.people
        elif decent > due:
            asleep += group.people
            awake.append(decent)
    return Reach(
        people=_total(found),
        withheld=tuple(
            Withheld(people=people, reason=reason, until=until)
            for (reason, until), people in sorted(silent.items(), key=lambda each: each[0][1])
        ),
        asleep=asleep,
        wakes=min(awake, default=None),
        awake=max(awake, default=None),
        woken=woken,
        wakes_all=len(by_night) == len(found) and all(by_night) and bool(found),
    )


def _hours(
    due: datetime, zone: str, kind: Kind, campaign: Campaign, news: EventNews | None
) -> tuple[datetime, bool]:
    """From when on a message that is due may leave by somebody's clock, and whether it comes by night all the same."""
    hours = campaign.courtesy
    if news is None:
        return next_courteous(now=due, zone=zone, kind=kind, hours=hours), False
    leaves = due
    if news.starts_at is not None:
        leaves = tellable_from(now=due, zone=zone, hours=hours, starts_at=news.starts_at)
    return leaves, leaves == due and wakes(now=due, zone=zone, hours=hours)


def _total(found: Sequence[Group]) -> Headcount:
    return sum((group.people for group in found), start=NOBODY)


class TypedArea(Frozen):
    """An area that was typed: its code and name; `kind` is region, department or commune."""

    area: str
    name: str
    kind: str


MOST_PLACES = 6
_FEW_LETTERS = 4
"""Letters of a part of a région’s name that names it by itself: not `Val`, nor `Est`."""


def places_named(gazetteer: Gazetteer, typed: str) -> list[TypedArea]:
    """The régions, départements and communes that somebody may have meant, the widest first."""
    wanted = _folded(typed)
    departments = [
        TypedArea(area=code, name=department.name, kind="department")
        for code, department in gazetteer.departments().items()
        if wanted in (_folded(code), _folded(department.name))
    ]
    # Overseas, a région and its only département share a name: one is enough.
    regions = [
        TypedArea(area=f"R{code}", name=region.name, kind="region")
        for code, region in gazetteer.regions().items()
        if (_folded(region.name) == wanted and not departments) or _folded(f"R{code}") == wanted
    ]
    if not departments and not regions:
        regions = _regions_once_called(gazetteer, wanted)
    found = gazetteer.search(typed, limit=MOST_PLACES)
    communes = found.results[:1] if found.confident else found.results
    if departments or regions:
        # Their name is meant, and perhaps the city of that name: Paris, not communes that sound like Rhône.
        communes = tuple(each for each in communes if _folded(each.name) == wanted)
    named = [
        TypedArea(area=each.code, name=f"{each.name} ({each.department})", kind="commune")
        for each in communes
    ]
    # A région of former times is as many choices as it had départements.
    return [*regions, *departments, *named[: max(0, MOST_PLACES - len(regions) - len(departments))]]


def _regions_once_called(gazetteer: Gazetteer, wanted: str) -> list[TypedArea]:
    """The région of today whose name has this one in it, and the départements of the région that bore it until 2016."""
    named = [code for code, region in gazetteer.regions().items() if wanted in _parts_of(region.name)]
    former = FORMER_REGIONS.get(wanted, ())
    return [
        *(TypedArea(area=f"R{code}", name=gazetteer.regions()[code].name, kind="region") for code in named),
        *(
            TypedArea(area=code, name=gazetteer.departments()[code].name, kind="department")
            for code in former
        ),
    ]


def _parts_of(name: str) -> set[str]:
    """The words of a name that follow each other, as few or as many as they are; none of a few letters alone."""
    words = [_folded(word) for word in re.split(r"[- ]", name)]
    runs = (
        "".join(words[start:end]) for start in range(len(words)) for end in range(start + 1, len(words) + 1)
    )
    return {run for run in runs if len(run) > _FEW_LETTERS}


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if letter.isalnum())
