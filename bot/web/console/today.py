"""Today: what needs a decision, what leaves within a day, how far the campaign is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time

from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import Route

from bot.actions import broadcast_approvals, statistics, today
from bot.actions.approvals import ApprovalGone
from bot.actions.authority import area_name
from bot.errors import NotAllowed, UnknownArea
from bot.rules.areas import normal_area
from bot.rules.kinds import Kind
from bot.rules.permissions import Action
from bot.rules.territories import at_local
from bot.rules.territories import zone as zone_named
from bot.web.console.accounts import KeptAccounts
from bot.web.console.charts import HEIGHT, WIDTH, line
from bot.web.desk import Desk, Visit, whole_number
from bot.web.refusals import Missing


class Today:
    """The first page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        return [Route("/console/", self._desk.reading(self.show))]

    async def show(self, visit: Visit) -> Response:
        area, tx, author = area_asked(visit), visit.tx, visit.author
        language = visit.language
        accounts = KeptAccounts(visit)
        decisions = await today.decisions(tx, author, language, accounts)
        joined, _ = visit.counted("joined", area, lambda tx: today.joined(tx, author, area, visit.zone))
        stats, as_of = visit.counted("stats", area, lambda tx: statistics.overview(tx, author, area))
        events, answers = await events_of(visit, area)
        most = len(decisions) if "all" in visit.request.query_params else today.MOST_DECISIONS
        under_way = await today.under_way(tx, author, area, language, accounts)
        return visit.page(
            "today",
            area=area,
            areas=areas_of(visit),
            decisions=decisions[:most],
            more=max(0, len(decisions) - most),
            own_waiting=await today.own_waiting(tx, author, language),
            under_way=under_way,
            progress_as_of=accounts.as_of,
            leaving_now=today.leaving_now(under_way, visit.now),
            coming_back=today.coming_back(author, under_way),
            leaving=_by_step(await today.leaving(tx, author, area, language)),
            stats=stats,
            events=events,
            answers=answers,
            as_of=as_of,
            joined=joined,
            points=line([each.at_least for each in joined]),
            marks=_rounds(visit, [each.day for each in joined]),
            quiet=_quiet_days(visit, [each.day for each in joined]),
            decided=await _just_decided(visit),
            size=(WIDTH, HEIGHT),
            ballot_names=author.campaign.ballot_names,
        )


async def _just_decided(visit: Visit) -> Markup | None:
    """What became of what the reader decided on the page before; None: they come from elsewhere."""
    if "decided" not in visit.request.query_params:
        return None
    try:
        found = await broadcast_approvals.decided(visit.tx, visit.author, whole_number(visit, "decided", 0))
    except (ApprovalGone, NotAllowed):
        return None
    mine = found is not None and found.decided_by == visit.author.telegram_id
    return None if found is None else visit.told("broadcasts/decided", approval=found, mine=mine)


def _rounds(visit: Visit, days: Sequence[date]) -> list[tuple[str, str]]:
    """The polling days among the days of the chart: how far to the right, and the round's name."""
    campaign = visit.author.campaign
    return [
        (
            f"{days.index(ballot.day) * WIDTH / max(len(days) - 1, 1):.1f}",
            campaign.text(campaign.ballot_names[ballot.number], visit.language),
        )
        for ballot in campaign.ballots
        if ballot.day in days
    ]


def _by_step(leaving: Sequence[today.WithinADay]) -> list[list[today.WithinADay]]:
    """A step that leaves at one hour here and at another there is told once; everything else stands alone."""
    found: dict[tuple[object, ...], list[today.WithinADay]] = {}
    for number, each in enumerate(leaving):
        step = each.coming.step
        key: tuple[object, ...] = (number,) if step is None else (step.ballot, step.step)
        found.setdefault(key, []).append(each)
    return list(found.values())


def _quiet_days(visit: Visit, days: Sequence[date]) -> list[tuple[str, str]]:
    """The days of the chart on which the law asks for silence where the reader votes: from where, and how wide."""
    campaign, person, wide = visit.author.campaign, visit.author.person, WIDTH / max(len(days) - 1, 1)
    zone = zone_named(visit.zone)
    return [
        (f"{max(0.0, (number - 0.5) * wide):.1f}", f"{wide:.1f}")
        for number, day in enumerate(days)
        if campaign.quiet(
            kind=Kind.PERSUASION,
            territory=person.territory,
            now=at_local(day, time(12), zone),
            zone=visit.zone,
        )
    ]


async def events_of(
    visit: Visit, area: str
) -> tuple[Sequence[statistics.EventToCome], statistics.EventAnswers]:
    """The next events of an area as they are now, and what was answered to them when it was counted."""
    author = visit.author
    events = await statistics.events_to_come(visit.tx, author, area, visit.language)
    ids = tuple(event.id for event in events)
    answers, _ = visit.counted(
        "event answers", area, lambda tx: statistics.event_answers(tx, author, area, ids), of=ids
    )
    return [
        event for event in events if event.id in answers
    ], answers  # one may just have come from elsewhere


def areas_of(visit: Visit) -> list[tuple[str, str]]:
    """The areas that the reader holds, with their names."""
    held = dict.fromkeys(visit.author.areas(Action.SEE_STATISTICS))
    return [(area, area_name(visit.author.gazetteer, area)) for area in held]


def area_asked(visit: Visit) -> str:
    """The area of the address (`?area=69`), else the first that the reader holds. Raises Missing."""
    asked = visit.request.query_params.get("area")
    if asked is None:
        return areas_of(visit)[0][0]
    try:
        return normal_area(asked)
    except UnknownArea:
        raise Missing("There is no such area.") from None
