"""A message that may leave now may until `free_until`, and not from it on."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.campaign.campaign import load_campaign
from bot.rules.kinds import Kind
from bot.rules.leaving import free_until, hold
from bot.rules.territories import TERRITORIES
from tests.frozen import FROZEN

CAMPAIGN = load_campaign(FROZEN)
START = datetime(2016, 11, 14, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@given(
    kind=st.sampled_from(Kind),
    territory=st.sampled_from([*TERRITORIES, None]),
    now=st.integers(0, 16 * 24 * 3600).map(lambda seconds: START + timedelta(seconds=seconds)),
    evening=st.booleans(),
    cancellation=st.booleans(),
    silent=st.booleans(),
)
def test_free_until_is_the_next_instant_that_holds_back(
    kind: Kind, territory: str | None, now: datetime, evening: bool, cancellation: bool, silent: bool
) -> None:
    zone = TERRITORIES[territory].zone if territory else "Europe/Paris"

    def held(instant: datetime) -> bool:
        return (
            hold(
                kind=kind,
                territory=territory,
                zone=zone,
                now=instant,
                policy=CAMPAIGN.policy,
                evening=evening,
                cancellation=cancellation,
                silent=silent,
            )
            is not None
        )

    if held(now):
        return
    until = free_until(
        kind=kind,
        territory=territory,
        zone=zone,
        now=now,
        policy=CAMPAIGN.policy,
        evening=evening,
        cancellation=cancellation,
        silent=silent,
    )
    if until is None:
        assert not held(now + timedelta(days=30))
        return
    assert until > now
    assert held(until)
    assert not held(now + (until - now) / 2)
    assert not held(max(now, until - SECOND))


def test_what_rings_nowhere_waits_for_the_law_alone() -> None:
    """At midnight an edit leaves; on the eve of the vote it does not."""
    common: Any = {
        "kind": Kind.PERSUASION,
        "territory": "FR",
        "zone": "Europe/Paris",
        "policy": CAMPAIGN.policy,
    }
    midnight, eve = datetime(2016, 11, 16, 23, tzinfo=UTC), datetime(2016, 11, 19, 11, tzinfo=UTC)
    assert hold(now=midnight, silent=True, **common) is None
    held = hold(now=midnight, **common)
    assert held is not None
    assert held.reason == "courtesy_hours"
    stopped = hold(now=eve, silent=True, **common)
    assert stopped is not None
    assert stopped.reason == "quiet_period"
