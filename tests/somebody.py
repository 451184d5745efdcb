"""A supporter of Paris who agreed to be written to, long before the first reminder."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.rules.consent import Purpose
from bot.rules.people import PersonFacts
from bot.rules.territories import zone

LONG_AGO = datetime(2016, 10, 1, tzinfo=UTC)
PARIS = zone("Europe/Paris")
SOMEBODY = PersonFacts(
    territory="FR",
    zone="Europe/Paris",
    language="fr",
    registered_at=LONG_AGO,
    consents=frozenset({Purpose.CONTACT}),
)
