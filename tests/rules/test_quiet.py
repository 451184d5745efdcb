"""Quiet periods: nothing partisan leaves in a window, wherever the person votes."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import CampaignError
from bot.rules.ballots import Ballot, Hours, HoursException, Polling
from bot.rules.kinds import Kind
from bot.rules.quiet import PROFILES, LawProfile, Narrowing, Reason, embargo_of, narrowed, quiet
from bot.rules.territories import TERRITORIES, at_local, zone, zone_of

SATURDAY_VOTERS = {"971", "972", "973", "975", "977", "978", "987", "987-marquises", "987-gambier"}
HOURS = Hours(opens=time(8), closes=time(19))
BLOCKED = [Kind.PERSUASION, Kind.EVENT_INVITE, Kind.EVENT_SERVICE, Kind.GOTV, Kind.POLL]
PARIS = zone("Europe/Paris")
PRIMARY = PROFILES["fr-primary-2016"]
L49 = PROFILES["fr-L49-2020"]


def ballot_on(day: date, number: int = 1, *, exceptions: tuple[HoursException, ...] = ()) -> Ballot:
    pollings = tuple(
        Polling(territory=code, day=day - timedelta(days=1) if code in SATURDAY_VOTERS else day, hours=HOURS)
        for code in TERRITORIES
    )
    return Ballot(number=number, day=day, pollings=pollings, exceptions=exceptions)


ROUNDS = (ballot_on(date(2016, 11, 20)), ballot_on(date(2016, 11, 27), 2))


def asked(
    kind: Kind,
    territory: str | None,
    now: datetime,
    *,
    law: LawProfile = PRIMARY,
    ballots: tuple[Ballot, ...] = ROUNDS,
    zone_name: str | None = None,
) -> Reason | None:
    found = quiet(kind=kind, territory=territory, now=now, law=law, ballots=ballots, zone=zone_name)
    return found.reason if found is not None else None


def paris(text: str) -> datetime:
    return datetime.fromisoformat(f"2016-11-{text}").replace(tzinfo=PARIS)


@pytest.mark.parametrize("kind", BLOCKED)
@pytest.mark.parametrize("profile", ["fr-primary-2016", "fr-L49-2020"])
def test_the_eve_and_the_day_are_quiet_for_each_kind(kind: Kind, profile: str) -> None:
    law = PROFILES[profile]
    assert asked(kind, "FR", paris("18T23:59:59"), law=law) is None
    assert asked(kind, "FR", paris("19T00:00:00"), law=law) is Reason.QUIET_PERIOD
    assert asked(kind, "FR", paris("20T18:59:59"), law=law) is Reason.QUIET_PERIOD
    assert asked(kind, "FR", paris("20T19:00:00"), law=law) is None


def test_friday_evening_in_paris_is_saturday_in_noumea() -> None:
    friday = paris("18T20:00:00")
    assert asked(Kind.GOTV, "FR", friday) is None
    assert asked(Kind.GOTV, "988", friday) is Reason.QUIET_PERIOD


def test_friday_is_the_eve_where_people_vote_on_saturday() -> None:
    friday_noon = datetime(2016, 11, 18, 12, tzinfo=zone_of("971"))
    thursday_night = datetime(2016, 11, 17, 23, 59, tzinfo=zone_of("971"))
    assert asked(Kind.GOTV, "971", friday_noon) is Reason.QUIET_PERIOD
    assert asked(Kind.GOTV, "971", thursday_night) is None


def test_saturday_voters_stay_quiet_until_the_last_metropolitan_close() -> None:
    # Sunday 12:00 in Guadeloupe, a day after its own polls closed, is 17:00 in Paris.
    sunday_noon = datetime(2016, 11, 20, 12, tzinfo=zone_of("971"))
    assert asked(Kind.PERSUASION, "971", sunday_noon) is Reason.QUIET_PERIOD
    assert asked(Kind.PERSUASION, "971", sunday_noon + timedelta(hours=2)) is None


def test_results_wait_for_their_own_embargo() -> None:
    assert asked(Kind.RESULT, "FR", paris("20T20:29:59")) is Reason.RESULTS_EMBARGO
    assert asked(Kind.RESULT, "FR", paris("20T20:30:00")) is None
    assert (
        asked(Kind.RESULT, "FR", paris("22T12:00:00")) is None
    )  # the results of round 1, between the rounds


def test_a_service_message_and_a_cancellation_always_leave() -> None:
    now = paris("20T12:00:00")
    assert asked(Kind.SERVICE, "FR", now) is None
    assert asked(Kind.SERVICE, None, now) is None
    assert asked(Kind.EVENT_SERVICE, "FR", now) is Reason.QUIET_PERIOD
    found = quiet(
        kind=Kind.EVENT_SERVICE, territory="FR", now=now, law=PRIMARY, ballots=ROUNDS, cancellation=True
    )
    assert found is None


def test_only_an_event_service_can_be_a_cancellation() -> None:
    found = quiet(
        kind=Kind.PERSUASION,
        territory="FR",
        now=paris("20T12:00:00"),
        law=PRIMARY,
        ballots=ROUNDS,
        cancellation=True,
    )
    assert found is not None


@pytest.mark.parametrize("profile", ["fr-primary-2016", "fr-L49-2020"])
def test_a_neutral_reminder_leaves_only_if_the_campaign_file_allows_it(profile: str) -> None:
    now = paris("20T12:00:00")
    denied = PROFILES[profile]
    allowed = narrowed(denied, Narrowing(civic_neutral=True))
    assert asked(Kind.CIVIC_NEUTRAL, "FR", now, law=denied) is Reason.CIVIC_NEUTRAL_NOT_ALLOWED
    assert asked(Kind.CIVIC_NEUTRAL, "FR", now, law=allowed) is None
    assert asked(Kind.GOTV, "FR", now, law=allowed) is Reason.QUIET_PERIOD
    assert asked(Kind.CIVIC_NEUTRAL, "FR", paris("16T12:00:00"), law=denied) is None


@pytest.mark.parametrize("territory", [None, "", "XX", "969", "987-tuamotu"])
def test_an_unknown_territory_is_quiet_as_soon_as_anybody_would_be(territory: str | None) -> None:
    # Gambier, Friday 0:00-(-9) = 9:00 UTC, is not the first: Cayenne and Miquelon begin at 3:00 UTC.
    first = datetime(2016, 11, 18, 3, tzinfo=UTC)
    assert asked(Kind.GOTV, territory, first - timedelta(seconds=1)) is None
    assert asked(Kind.GOTV, territory, first) is Reason.UNKNOWN_TERRITORY
    assert asked(Kind.GOTV, territory, paris("20T18:59:59")) is Reason.UNKNOWN_TERRITORY
    assert asked(Kind.GOTV, territory, paris("20T19:00:00")) is None


def test_a_territory_outside_the_ballot_is_as_quiet_as_an_unknown_one() -> None:
    elsewhere = replace(ROUNDS[0], pollings=tuple(p for p in ROUNDS[0].pollings if p.territory != "974"))
    assert asked(Kind.GOTV, "974", paris("20T12:00:00"), ballots=(elsewhere,)) is Reason.UNKNOWN_TERRITORY


def test_consulates_of_the_americas_begin_a_day_earlier_under_the_code() -> None:
    friday = paris("18T12:00:00")
    for american in ("America/Montreal", "Atlantic/Bermuda", "Pacific/Easter"):
        assert asked(Kind.GOTV, "abroad", friday, law=L49, zone_name=american) is Reason.QUIET_PERIOD
    assert asked(Kind.GOTV, "abroad", friday, law=L49, zone_name="Asia/Dubai") is None
    assert asked(Kind.GOTV, "abroad", friday, law=L49, zone_name=None) is Reason.QUIET_PERIOD
    # The primary was online, at the same hours for everybody abroad.
    assert asked(Kind.GOTV, "abroad", friday, law=PRIMARY, zone_name="America/Montreal") is None


def test_the_last_close_counts_wherever_in_metropolitan_france() -> None:
    late = Hours(opens=time(8), closes=time(20))
    ballot = ballot_on(date(2016, 11, 20), exceptions=(HoursException(area="75056", hours=late),))
    assert asked(Kind.GOTV, "FR", paris("20T19:59:59"), ballots=(ballot,)) is Reason.QUIET_PERIOD
    assert asked(Kind.GOTV, "FR", paris("20T20:00:00"), ballots=(ballot,)) is None
    # 22:00 in Saint-Denis de La Réunion is 19:00 in Paris: it does not lengthen anybody's window.
    later = Hours(opens=time(8), closes=time(22))
    overseas = ballot_on(date(2016, 11, 20), exceptions=(HoursException(area="97411", hours=later),))
    assert overseas.metropolitan_close == paris("20T19:00:00")


def test_no_window_under_no_profile() -> None:
    assert asked(Kind.GOTV, None, paris("20T12:00:00"), law=PROFILES["none"]) is None


def test_an_embargo_never_ends_before_the_last_close() -> None:
    late = Hours(opens=time(8), closes=time(21))
    ballot = ballot_on(date(2016, 11, 20), exceptions=(HoursException(area="75056", hours=late),))
    assert embargo_of(PRIMARY, ballot) == paris("20T21:00:00")


@pytest.mark.parametrize(
    "narrowing",
    [
        Narrowing(starts_days_earlier=-1),
        Narrowing(ends_later=timedelta(minutes=-1)),
        Narrowing(embargo=time(19, 30)),
        Narrowing(also_block=frozenset({Kind.SERVICE})),
    ],
)
def test_a_campaign_cannot_loosen_the_law(narrowing: Narrowing) -> None:
    with pytest.raises(CampaignError):
        narrowed(PRIMARY, narrowing)


def test_a_campaign_cannot_open_what_its_profile_closes() -> None:
    with pytest.raises(CampaignError, match="civic_neutral"):
        narrowed(replace(PRIMARY, civic_neutral_is_open=False), Narrowing(civic_neutral=True))


KINDS = st.sampled_from([kind for kind in Kind if kind is not Kind.SERVICE])
TERRITORY_CODES = st.sampled_from([*TERRITORIES, None])
DAYS = st.dates(date(2016, 1, 1), date(2035, 12, 31))
ZONES = st.sampled_from([None, "America/New_York", "Asia/Tokyo", "Pacific/Auckland", "Europe/Paris"])
NARROWINGS = st.builds(
    Narrowing,
    also_block=st.frozensets(KINDS),
    starts_days_earlier=st.integers(0, 3),
    ends_later=st.timedeltas(timedelta(), timedelta(days=1)),
    embargo=st.sampled_from([None, time(20, 30), time(22)]),
)


@given(
    day=DAYS,
    territory=st.sampled_from(list(TERRITORIES)),
    kind=st.sampled_from(BLOCKED),
    share=st.floats(0, 0.9999),
    profile=st.sampled_from(["fr-primary-2016", "fr-L49-2020"]),
)
def test_no_instant_from_the_local_eve_to_the_close_is_free(
    day: date, territory: str, kind: Kind, share: float, profile: str
) -> None:
    """The window computed here again, by wall clocks alone."""
    own_day = day - timedelta(days=1) if territory in SATURDAY_VOTERS else day
    eve = at_local(own_day - timedelta(days=1), time(), zone_of(territory)).astimezone(UTC)
    close = at_local(day, time(19), PARIS).astimezone(UTC)
    now = eve + (close - eve) * share
    found = quiet(
        kind=kind,
        territory=territory,
        now=now,
        law=PROFILES[profile],
        ballots=(ballot_on(day),),
        zone="Asia/Tokyo",
    )
    assert found is not None
    assert found.until == max(close, at_local(own_day, time(19), zone_of(territory)))


@given(
    day=DAYS,
    territory=TERRITORY_CODES,
    kind=KINDS,
    narrowing=NARROWINGS,
    shift=st.integers(-96, 96),
    zone_name=ZONES,
)
def test_a_narrowed_law_blocks_all_that_the_profile_blocks(
    day: date, territory: str | None, kind: Kind, narrowing: Narrowing, shift: int, zone_name: str | None
) -> None:
    ballots = (ballot_on(day),)
    now = at_local(day, time(12), PARIS) + timedelta(hours=shift)
    for profile in PROFILES.values():
        if asked(kind, territory, now, law=profile, ballots=ballots, zone_name=zone_name) is not None:
            law = narrowed(profile, narrowing)
            assert asked(kind, territory, now, law=law, ballots=ballots, zone_name=zone_name) is not None


@given(day=DAYS, kind=KINDS, shift=st.integers(-96, 96), zone_name=ZONES)
def test_the_unknown_are_quiet_whenever_anybody_is(
    day: date, kind: Kind, shift: int, zone_name: str | None
) -> None:
    ballots = (ballot_on(day),)
    now = at_local(day, time(12), PARIS) + timedelta(hours=shift)
    for code in TERRITORIES:
        if asked(kind, code, now, law=L49, ballots=ballots, zone_name=zone_name) is not None:
            assert asked(kind, None, now, law=L49, ballots=ballots) is not None


@given(day=DAYS, territory=TERRITORY_CODES, kind=KINDS, gap=st.integers(1, 3), shift=st.integers(-96, 96))
def test_at_the_end_of_a_quiet_period_a_message_may_leave(
    day: date, territory: str | None, kind: Kind, gap: int, shift: int
) -> None:
    """Also when windows overlap, as those of ballots a day apart do."""
    ballots = (ballot_on(day), ballot_on(day + timedelta(days=gap), 2))
    now = at_local(day, time(12), PARIS) + timedelta(hours=shift)
    found = quiet(kind=kind, territory=territory, now=now, law=L49, ballots=ballots)
    if found is not None:
        assert found.until > now
        assert quiet(kind=kind, territory=territory, now=found.until, law=L49, ballots=ballots) is None
