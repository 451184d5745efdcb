"""What keeps a message from somebody, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.rules.courtesy import CapReason
from bot.rules.kinds import Kind
from bot.rules.leaving import COURTESY_HOURS, hold
from tests.conversation import CAMPAIGN


def test_the_reason_is_what_keeps_it_and_not_the_night_that_it_begins_in() -> None:
    night = datetime(2016, 11, 10, 2, tzinfo=UTC)
    asked = {"kind": Kind.PERSUASION, "territory": "FR", "zone": "Europe/Paris", "now": night}
    week = [night - timedelta(days=days) for days in (2, 3, 4)]
    for sent, reason in (((), COURTESY_HOURS), (week, CapReason.WEEK)):
        found = hold(**asked, policy=CAMPAIGN.policy, sent=sent)
        assert found is not None
        assert found.reason == reason
