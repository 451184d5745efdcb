"""Leaving: law, hours and caps together, for one message."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.campaign import load_campaign
from bot.rules.consent import Purpose
from bot.rules.kinds import Kind
from bot.rules.leaving import COURTESY_HOURS, hold
from bot.rules.people import PersonFacts
from bot.rules.territories import TERRITORIES, zone, zone_of

CAMPAIGN = load_campaign(Path("campaigns/primaire-2016"))
LONG_AGO = datetime(2016, 10, 1, tzinfo=UTC)
PARIS = zone("Europe/Paris")

SOMEBODY = PersonFacts(
    territory="FR",
    zone="Europe/Paris",
    language="fr",
    registered_at=LONG_AGO,
    consents=frozenset({Purpose.CONTACT}),
)


def paris(text: str) -> datetime:
    return datetime.fromisoformat(f"2016-{text}").replace(tzinfo=PARIS)


def test_a_hold_tells_when_the_message_may_leave() -> None:
    # Friday 23:30 in Paris: too late for courtesy, then the quiet period until Sunday 19:00.
    held = hold(
        kind=Kind.PERSUASION,
        territory="FR",
        zone="Europe/Paris",
        now=paris("11-18T23:30:00"),
        policy=CAMPAIGN.policy,
    )
    assert held is not None
    assert held.reason == COURTESY_HOURS
    assert held.until == paris("11-20T19:00:00")
    # In Mayotte the quiet period ends at 21:00 local: too late, so the next morning.
    held = hold(
        kind=Kind.PERSUASION,
        territory="976",
        zone="Indian/Mayotte",
        now=paris("11-19T12:00:00"),
        policy=CAMPAIGN.policy,
    )
    assert held is not None
    assert held.reason == "quiet_period"
    assert held.until == datetime(2016, 11, 21, 9, tzinfo=zone("Indian/Mayotte"))


@given(
    territory=st.sampled_from([*TERRITORIES, None]),
    kind=st.sampled_from(Kind),
    hours=st.integers(-200, 300),
    sent=st.lists(st.integers(0, 200), max_size=6),
)
def test_at_the_end_of_a_hold_the_message_leaves(
    territory: str | None, kind: Kind, hours: int, sent: list[int]
) -> None:
    now = paris("11-20T12:00:00").astimezone(UTC) + timedelta(hours=hours)
    zone_name = zone_of(territory or "FR").key
    instants = [now - timedelta(hours=ago) for ago in sent]
    held = hold(
        kind=kind, territory=territory, zone=zone_name, now=now, policy=CAMPAIGN.policy, sent=instants
    )
    if held is not None:
        assert held.until > now
        later = hold(
            kind=kind,
            territory=territory,
            zone=zone_name,
            now=held.until,
            policy=CAMPAIGN.policy,
            sent=instants,
        )
        assert later is None
