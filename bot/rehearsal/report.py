"""The report: one page that stands by itself, and a few lines for a terminal. The page's words are templates."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from bot.frozen import Frozen
from bot.rehearsal.account import RehearsalAccount
from bot.rehearsal.almanac import PARIS, Almanac, clock_of
from bot.rehearsal.broken import BrokenRule, Rule, round_name
from bot.rehearsal.cast import Character
from bot.rehearsal.reminding import OUT_OF_REACH, Reminded
from bot.rehearsal.run import RehearsalResult, summary
from bot.rules.counting import counted, counted_people
from bot.rules.territories import TERRITORIES
from bot.words.texts import Texts
from db.rehearsal import RehearsedBroadcast

EXAMPLES = 5
# A territory's picture: a column for each day, the hours from top to bottom.
COLUMN, HOUR, SMALLEST, LARGEST = 26.0, 5.0, 2.4, 9.5
DAY = 24 * HOUR


class Dot(Frozen):
    """Messages of one broadcast at one instant in one territory."""

    x: float
    y: float
    radius: float
    sending: RehearsedBroadcast
    at: datetime
    people: int


class Shade(Frozen):
    """A part of one day's column."""

    x: float
    y: float
    height: float


class Panel(Frozen):
    """One territory's picture. `days`: where each Monday and each polling day is, by its column's left edge."""

    territory: str
    zone: str
    people: int
    messages: int
    width: float
    dots: Sequence[Dot]
    quiet: Sequence[Shade]
    mondays: Sequence[tuple[float, date]]
    polls: Sequence[tuple[float, int]]


class Row(Frozen):
    """The mail of one kind of person: how many messages of each broadcast, and the share of them it reached."""

    character: Character
    people: int
    cells: Sequence[tuple[int, float]]


class Unsent(Frozen):
    """Messages that did not leave, or that waited. `state`: what became of them."""

    sending: RehearsedBroadcast
    state: str
    reason: str
    people: int


class RoundReminded(Frozen):
    """Of those who could be reached in the last two days before a round: how many were reminded, and why others not."""

    ballot: int
    reachable: int
    reminded: int
    others: Sequence[tuple[Reminded, int]]


class Breach(Frozen):
    """A rule that was broken, how often, and the first cases."""

    rule: str
    times: int
    examples: Sequence[BrokenRule]


def page(outcome: RehearsalResult) -> str:
    """The whole page, in the campaign's first language."""
    campaign = outcome.campaign
    sendings = [each for each in outcome.log.sendings.values() if _was_for_somebody(each, outcome)]
    values: dict[str, Any] = {
        "figures": summary(outcome),
        "outcome": outcome,
        "panels": list(panels(outcome)),
        "columns": sendings,
        "rows": list(rows(outcome, sendings)),
        "not_sent": not_sent(outcome),
        "held_back": held_back(outcome),
        "reminders": reminders(outcome.account, outcome.broken),
        "breaches": breaches(outcome.broken),
        "rules": list(Rule),
        "hour": HOUR,
        "day": DAY,
        "column": COLUMN,
    }
    return (
        Texts({"campaign": campaign}).render("rehearsal/_page", campaign.languages[0], **values).html + "\n"
    )


def lines(outcome: RehearsalResult, file: Path) -> Iterator[str]:
    """The lines that a terminal shows at the end."""
    figures = summary(outcome)
    own, local = figures["resident"]
    campaign = outcome.campaign
    days = ", ".join(str(ballot.day) for ballot in campaign.ballots)
    yield f"Rehearsed: {campaign.text(campaign.name, campaign.languages[0])}; ballots on {days}."
    yield (
        f"{counted(figures['messages'], 'message')} left for {counted_people(figures['supporters'])} in "
        f"{counted(figures['territories'], 'territory', 'territories')}; "
        f"{counted(figures['acts'], 'thing')} that people did, at {counted(figures['instants'], 'instant')}. "
        f"{outcome.seconds:.0f} s; {own:.0f} MB of memory at most, and "
        f"{local:.0f} MB for the local Telegram."
    )
    for each in reminders(outcome.account, outcome.broken):
        others = ", ".join(f"{number:,} {_WHY[why]}" for why, number in each.others)
        yield (
            f"Round {each.ballot}: {each.reminded:,} of {counted_people(each.reachable)} who could be reached were "
            f"reminded in its last two days{f'; {others}' if others else ''}."
        )
    for breach in breaches(outcome.broken):
        yield f"BROKEN: {breach.rule}, {counted(breach.times, 'time')}, first {_case(breach.examples[0])}."
    if not outcome.broken:
        yield "No rule was broken."
    yield f"The report is {file.resolve()}."


def _case(broken: BrokenRule) -> str:
    when = f" at {broken.at:%Y-%m-%d %H:%M} UTC" if broken.at is not None else ""
    return f"{broken.about}{when}" + (f" to {broken.person}" if broken.person is not None else "")


def _was_for_somebody(sending: RehearsedBroadcast, outcome: RehearsalResult) -> bool:
    received = any(number == sending.id for _, number in outcome.account.by_character)
    return received or any(number == sending.id for number, _, _ in outcome.log.outcomes)


# -- a picture for each territory --


def panels(outcome: RehearsalResult) -> Iterator[Panel]:
    """The territories in which somebody lives, in the usual order."""
    almanac = Almanac(outcome.campaign)
    people = Counter(member.place.territory for member in outcome.members)
    found: defaultdict[str, list[tuple[int, datetime, int]]] = defaultdict(list)
    for (territory, sending, at), count in outcome.account.by_place.items():
        found[territory].append((sending, at, count))
    for territory in TERRITORIES:
        if people[territory] or found[territory]:
            yield _panel(outcome, almanac, territory, people[territory], found[territory])


def _panel(
    outcome: RehearsalResult,
    almanac: Almanac,
    territory: str,
    people: int,
    found: Sequence[tuple[int, datetime, int]],
) -> Panel:
    zone = TERRITORIES[territory].zone
    first = outcome.start.astimezone(clock_of(zone)).date()
    last = outcome.end.astimezone(clock_of(zone)).date()
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    left = {day: number * COLUMN for number, day in enumerate(days)}
    most = max((count for _, _, count in found), default=1)
    dots = [
        _dot(outcome.log.sendings[sending], at.astimezone(clock_of(zone)), count, most, left)
        for sending, at, count in sorted(found, key=lambda each: (-each[2], each[1], each[0]))
    ]
    return Panel(
        territory=territory,
        zone=zone,
        people=people,
        messages=sum(count for _, _, count in found),
        width=len(days) * COLUMN,
        dots=dots,
        quiet=[shade for day in days for shade in _shades(almanac, territory, zone, day, left[day])],
        mondays=[(left[day], day) for day in days if day.weekday() == 0],
        polls=[
            (left[polling.day], ballot.number)
            for ballot in outcome.campaign.ballots
            for polling in ballot.pollings
            if polling.territory == territory and polling.day in left
        ],
    )


def _dot(
    sending: RehearsedBroadcast, local: datetime, count: int, most: int, left: Mapping[date, float]
) -> Dot:
    share = math.sqrt(count / most)
    return Dot(
        x=left[local.date()] + COLUMN / 2,
        y=(local.hour + local.minute / 60) * HOUR,
        radius=round(SMALLEST + (LARGEST - SMALLEST) * share, 1),
        sending=sending,
        at=local.astimezone(UTC),
        people=count,
    )


def _shades(almanac: Almanac, territory: str, zone: str, day: date, x: float) -> Iterator[Shade]:
    """The part of a day in which nothing partisan may leave."""
    begins = datetime.combine(day, time(), tzinfo=clock_of(zone)).astimezone(UTC)
    ends = datetime.combine(day + timedelta(days=1), time(), tzinfo=clock_of(zone)).astimezone(UTC)
    for quiet in almanac.quiets("gotv", territory, zone if territory != "abroad" else PARIS):
        start, end = max(begins, quiet.starts), min(ends, quiet.ends)
        if start < end:
            scale = DAY / (ends - begins).total_seconds()
            y = (start - begins).total_seconds() * scale
            yield Shade(x=x, y=round(y, 1), height=round((end - start).total_seconds() * scale, 1))


# -- who received what, and what did not leave --


def rows(outcome: RehearsalResult, sendings: Sequence[RehearsedBroadcast]) -> Iterator[Row]:
    """Each kind of person, the largest first."""
    people = Counter(member.character for member in outcome.members)
    for character, number in people.most_common():
        counts = [outcome.account.by_character[character, sending.id] for sending in sendings]
        yield Row(
            character=character,
            people=number,
            cells=[(count, min(1.0, round(count / number, 3))) for count in counts],
        )


def not_sent(outcome: RehearsalResult) -> list[Unsent]:
    """The messages that the bot wrote down as not sent, by broadcast and reason."""
    return [
        Unsent(sending=outcome.log.sendings[number], state=state, reason=reason, people=people)
        for (number, state, reason), people in sorted(outcome.log.outcomes.items())
    ]


def held_back(outcome: RehearsalResult) -> list[Unsent]:
    """The messages that waited for the end of a quiet period, for a courteous hour, or for room under the caps."""
    return [
        Unsent(sending=outcome.log.sendings[number], state="withheld", reason=reason, people=people)
        for (number, reason), people in sorted(outcome.played.held_back.items())
    ]


_WHY = {
    Reminded.CAPS: "had had as many messages as the caps allow",
    Reminded.QUIET: "could not be written to in the quiet period",
    Reminded.SILENT: "had left too many questions unanswered for any step of those days",
    Reminded.LATE: "signed up or came back in those days",
    Reminded.MOVED: "moved in those days",
    Reminded.NO_STEP: "had no step in those days",
    Reminded.HELD_OUT: "were left out on purpose, to measure the effect",
}


def reminders(account: RehearsalAccount, broken: Sequence[BrokenRule]) -> list[RoundReminded]:
    """Each round. Those of whom nothing explains why they were not reminded are among who could be reached alone."""
    found = []
    for ballot in sorted({ballot for ballot, _ in account.reminders}):
        people = {why: account.reminders[ballot, why] for why in Reminded if why not in OUT_OF_REACH}
        unexplained = sum(
            each.rule is Rule.NOT_REMINDED and each.about == round_name(ballot) for each in broken
        )
        others = [(why, count) for why, count in people.items() if count and why is not Reminded.YES]
        found.append(
            RoundReminded(
                ballot=ballot,
                reachable=sum(people.values()) + unexplained,
                reminded=people[Reminded.YES],
                others=others,
            )
        )
    return found


def breaches(broken: Sequence[BrokenRule]) -> list[Breach]:
    """The rules that were broken, the most often broken first."""
    by_rule: defaultdict[str, list[BrokenRule]] = defaultdict(list)
    for each in broken:
        by_rule[each.rule.value].append(each)
    return [
        Breach(rule=rule, times=len(cases), examples=cases[:EXAMPLES])
        for rule, cases in sorted(by_rule.items(), key=lambda found: -len(found[1]))
    ]
