"""Quiet periods: which kinds of message the law or a charter forbids, where and until when.

A law profile is a set of windows. A window starts so many days before the **local** polling day, at 0:00 in
the voter's zone, and ends when the last polling place of metropolitan France closes: in Nouméa it is
already Saturday when it is Friday 14:00 in Paris. People abroad who vote online do so by Paris time; who votes at a
consulate, by the clock of the place: for them it starts at 0:00 there or in Paris, whichever is sooner. Where the
territory is unknown, or the zone of somebody abroad, the rule fails closed: a message is quiet as soon as it would be
quiet for anybody.
"""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from bot.errors import CampaignError
from bot.frozen import Frozen
from bot.rules.ballots import Ballot, Span, last_close
from bot.rules.kinds import Kind
from bot.rules.territories import ABROAD, METROPOLE, at_local, zone_of
from bot.rules.territories import zone as zone_named


class End(StrEnum):
    """The end of a window."""

    METROPOLITAN_CLOSE = "metropolitan_close"
    EMBARGO = "embargo"


class Reason(StrEnum):
    """Why a message may not leave now; names the text that its author sees."""

    QUIET_PERIOD = "quiet_period"
    RESULTS_EMBARGO = "results_embargo"
    CIVIC_NEUTRAL_NOT_ALLOWED = "civic_neutral_not_allowed"
    UNKNOWN_TERRITORY = "unknown_territory"


class QuietWindow(Frozen):
    """Kinds that are blocked from 0:00 local, `days_before` the local polling day, until `ends`.

    `territories` empty: all of them. `longer` puts the end off.
    """

    kinds: frozenset[Kind]
    days_before: int
    ends: End
    reason: Reason = Reason.QUIET_PERIOD
    territories: frozenset[str] = frozenset()
    longer: timedelta = timedelta()

    def applies_to(self, kind: Kind, territory: str) -> bool:
        """Whether the window speaks of this kind in this territory."""
        return kind in self.kinds and (not self.territories or territory in self.territories)


class LawProfile(Frozen):
    """A versioned set of windows. `embargo` is the Paris wall-clock time, on the metropolitan polling day,
    before which
    no result may be told."""

    code: str
    source: str
    windows: tuple[QuietWindow, ...]
    embargo: time = time(20, 30)
    civic_neutral_is_open: bool = True
    americas_vote_the_day_before: bool = False
    label_required: bool = False

    def __hash__(self) -> int:
        # Cheap, because calculations are cached by their arguments and asked for every message.
        return hash((self.code, len(self.windows)))


class Narrowing(Frozen):
    """The rules that a campaign adds to its profile. Nothing here can shorten a window or free a kind, except that
    `civic_neutral` is the campaign's to allow where the profile leaves it open."""

    civic_neutral: bool = False
    also_block: frozenset[Kind] = frozenset()
    starts_days_earlier: int = 0
    ends_later: timedelta = timedelta()
    embargo: time | None = None


class Quiet(Frozen):
    """From `since` on a message may not leave; it may at `until` (aware UTC), when nothing else forbids it then."""

    reason: Reason
    since: datetime
    until: datetime
    ballot: int
    profile: str


_PROPAGANDA = frozenset({Kind.PERSUASION, Kind.EVENT_INVITE, Kind.EVENT_SERVICE, Kind.GOTV, Kind.POLL})

_FRENCH_WINDOWS = (
    QuietWindow(kinds=_PROPAGANDA, days_before=1, ends=End.METROPOLITAN_CLOSE),
    QuietWindow(
        kinds=frozenset({Kind.RESULT}), days_before=1, ends=End.EMBARGO, reason=Reason.RESULTS_EMBARGO
    ),
    # A neutral "go and vote" under a candidate's name may be propaganda by its sender alone.
    QuietWindow(
        kinds=frozenset({Kind.CIVIC_NEUTRAL}),
        days_before=1,
        ends=End.METROPOLITAN_CLOSE,
        reason=Reason.CIVIC_NEUTRAL_NOT_ALLOWED,
    ),
)

PROFILES: MappingProxyType[str, LawProfile] = MappingProxyType(
    {
        profile.code: profile
        for profile in (
            LawProfile(
                code="fr-L49-2020",
                source="Code électoral, art. L49 (since 30 June 2020), L52-1, L52-2; law 77-808, art. 11",
                windows=_FRENCH_WINDOWS,
                americas_vote_the_day_before=True,
                label_required=True,
            ),
            LawProfile(
                code="fr-primary-2016",
                source="Charter of the primary of the right and centre, art. 5",
                windows=_FRENCH_WINDOWS,
            ),
            LawProfile(code="none", source="no quiet period (Belgium, Germany, Austria …)", windows=()),
        )
    }
)


def narrowed(profile: LawProfile, narrowing: Narrowing) -> LawProfile:
    """The profile as a campaign follows it: never looser, but for `civic_neutral` where the profile leaves
    it open.

    Raises CampaignError for a narrowing that would loosen it.
    """
    if narrowing.starts_days_earlier < 0 or narrowing.ends_later < timedelta():
        raise CampaignError("A campaign can only lengthen a quiet period: use 0 or more.")
    if narrowing.embargo is not None and narrowing.embargo < profile.embargo:
        raise CampaignError(f"The embargo on results cannot end before {profile.embargo:%H:%M}, Paris time.")
    if Kind.SERVICE in narrowing.also_block:
        raise CampaignError("Messages of kind service carry people’s rights and cannot be blocked.")
    if narrowing.civic_neutral and not profile.civic_neutral_is_open:
        raise CampaignError(f"{profile.code} does not let a campaign allow civic_neutral: remove it.")
    windows = [
        replace(
            window,
            days_before=window.days_before + narrowing.starts_days_earlier,
            longer=window.longer + narrowing.ends_later,
        )
        for window in profile.windows
        if not (narrowing.civic_neutral and window.kinds == {Kind.CIVIC_NEUTRAL})
    ]
    if narrowing.also_block:
        windows.append(
            QuietWindow(
                kinds=narrowing.also_block,
                days_before=1 + narrowing.starts_days_earlier,
                ends=End.METROPOLITAN_CLOSE,
                longer=narrowing.ends_later,
            )
        )
    return replace(profile, windows=tuple(windows), embargo=narrowing.embargo or profile.embargo)


def embargo_of(law: LawProfile, ballot: Ballot) -> datetime:
    """When results may be told, in UTC: the profile's Paris time, and never before the last metropolitan
    close.
    """
    told = at_local(ballot.day, law.embargo, zone_of(METROPOLE)).astimezone(UTC)
    return max(told, ballot.metropolitan_close)


class QuietSpan(Frozen):
    """One window of one ballot, in UTC."""

    span: Span
    reason: Reason
    ballot: int


def votes_in_the_americas(zone: str | None) -> bool:
    """Whether somebody abroad may belong to a consulate of the Americas, by their zone; unknown counts as
    yes.
    """
    return zone is None or zone.startswith(("America/", "US/", "Canada/")) or zone in _AMERICAN_ISLANDS


@lru_cache(maxsize=2048)
def ballot_abroad(*, ballot: Ballot, law: LawProfile, zone: str | None) -> Ballot:
    """The ballot as people abroad vote in it who live by `zone`: at consulates, by the clock of the place, and under
    some profiles in the Americas the day before. The same ballot where voting is online, or no zone is known.
    """
    if zone is None:
        return ballot
    earlier = 1 if law.americas_vote_the_day_before and votes_in_the_americas(zone) else 0
    pollings = tuple(
        replace(polling, day=polling.day - timedelta(days=earlier), clock=zone)
        if polling.territory == ABROAD and not polling.online
        else polling
        for polling in ballot.pollings
    )
    return replace(ballot, pollings=pollings)


_AMERICAN_ISLANDS = frozenset(
    {"Atlantic/Bermuda", "Atlantic/Stanley", "Pacific/Easter", "Pacific/Galapagos", "Pacific/Honolulu"}
)


EASTERNMOST = "Pacific/Kiritimati"
"""Where a day begins first."""


@lru_cache(maxsize=8192)
def quiet_spans(
    *, law: LawProfile, ballot: Ballot, territory: str, kind: Kind, zone: str | None = None
) -> tuple[QuietSpan, ...]:
    """The windows that speak of a kind in a territory that takes part in the ballot; `zone`: of somebody abroad."""
    polling = ballot.polling(territory)
    americas = territory == ABROAD and votes_in_the_americas(zone)
    earlier = 1 if americas and law.americas_vote_the_day_before else 0
    # A polling day as it may be for them, and a clock by which its eve begins.
    days = {(polling.day - timedelta(days=earlier), polling.zone)}
    if territory == ABROAD and not polling.online:
        own = (polling.day, EASTERNMOST) if zone is None else (polling.day - timedelta(days=earlier), zone)
        days.add((own[0], zone_named(own[1])))
    theirs = ballot_abroad(ballot=ballot, law=law, zone=zone) if territory == ABROAD else ballot
    spans = []
    for window in law.windows:
        if not window.applies_to(kind, territory):
            continue
        before = timedelta(days=window.days_before)
        starts = min(at_local(day - before, time(), clock).astimezone(UTC) for day, clock in days)
        ends = (
            embargo_of(law, ballot)
            if window.ends is End.EMBARGO
            else max(ballot.metropolitan_close, last_close(ballot, territory), last_close(theirs, territory))
        )
        span = Span(starts=starts, ends=ends + window.longer)
        spans.append(QuietSpan(span=span, reason=window.reason, ballot=ballot.number))
    return tuple(spans)


@lru_cache(maxsize=4096)
def _spans_of_the_unknown(*, law: LawProfile, ballot: Ballot, kind: Kind) -> tuple[QuietSpan, ...]:
    """Fails closed: one span from the first territory's start to the last one's end."""
    spans = [
        quiet_span.span
        for territory in ballot.territories
        for quiet_span in quiet_spans(law=law, ballot=ballot, territory=territory, kind=kind)
    ]
    if not spans:
        return ()
    whole = Span(starts=min(span.starts for span in spans), ends=max(span.ends for span in spans))
    return (QuietSpan(span=whole, reason=Reason.UNKNOWN_TERRITORY, ballot=ballot.number),)


@lru_cache(maxsize=4096)
def spans_for(
    *,
    kind: Kind,
    territory: str | None,
    law: LawProfile,
    ballots: tuple[Ballot, ...],
    cancellation: bool = False,
    zone: str | None = None,
) -> tuple[QuietSpan, ...]:
    """Every quiet span that concerns a message of this kind to somebody of this territory: see `quiet`."""
    if kind is Kind.SERVICE or (kind is Kind.EVENT_SERVICE and cancellation):
        return ()
    spans: list[QuietSpan] = []
    for ballot in ballots:
        if territory is not None and ballot.takes_place_in(territory):
            theirs = zone if territory == ABROAD else None
            spans += quiet_spans(law=law, ballot=ballot, territory=territory, kind=kind, zone=theirs)
        else:
            spans += _spans_of_the_unknown(law=law, ballot=ballot, kind=kind)
    return tuple(spans)


@lru_cache(maxsize=4096)
def silences(
    *, kind: Kind, territory: str | None, law: LawProfile, ballots: tuple[Ballot, ...], zone: str | None
) -> tuple[datetime, ...]:
    """When each quiet span begins that concerns a message of this kind, in order (aware UTC)."""
    spans = spans_for(kind=kind, territory=territory, law=law, ballots=ballots, zone=zone)
    return tuple(sorted(span.span.starts for span in spans))


def quiet(
    *,
    kind: Kind,
    territory: str | None,
    now: datetime,
    law: LawProfile,
    ballots: tuple[Ballot, ...],
    cancellation: bool = False,
    zone: str | None = None,
) -> Quiet | None:
    """Why a message may not leave at `now`, and until when; None when nothing forbids it.

    To be asked for every message about to leave: broadcasts, reminders, edits and automatic replies alike.
    `cancellation` marks an `event_service` that tells of a cancelled event, which is always allowed. `zone`
    matters only abroad: consulates vote by the clock of the place, those of the Americas perhaps the day before.
    """
    spans = spans_for(
        kind=kind, territory=territory, law=law, ballots=ballots, cancellation=cancellation, zone=zone
    )
    found: QuietSpan | None = None
    since = until = now
    # Windows may follow one another without a gap: walk on until one is out of all of them.
    while following := [span for span in spans if span.span.holds(until)]:
        last = max(following, key=lambda each: each.span.ends)
        since = min(since, *(each.span.starts for each in following))
        found = found or last
        until = last.span.ends
    if found is None:
        return None
    return Quiet(reason=found.reason, since=since, until=until, ballot=found.ballot, profile=law.code)
