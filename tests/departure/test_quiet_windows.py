"""In a quiet period nothing that leaves speaks for the campaign: whatever was queued, wherever and whenever."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.actions.planning import step_key
from bot.campaign.campaign import Campaign, load_campaign
from bot.clock import MovableClock
from bot.delivery.calls import Call
from bot.rules.ballots import Span
from bot.rules.candidacy import LAST_CHOICE
from bot.rules.kinds import Kind
from bot.rules.neutrality import REMINDER
from bot.rules.quiet import PROFILES, Narrowing, narrowed, spans_for
from bot.rules.sending import CANCELLATION, CHANGE, INVITATION
from bot.rules.territories import TERRITORIES
from bot.words.telegram_html import links_in, parse_html
from db.deliveries import Leased
from db.engine import Database
from db.renewals import TEMPLATE as RENEWAL
from db.schema import deliveries, people
from tests.campaigning import answer, supporter
from tests.conversation import CAMPAIGN, Conversation
from tests.departure.test_decide import a_departure
from tests.departure.test_neutrality import queued
from tests.thorough import IS_THOROUGH, seeds

HOMES = [(code, territory.zone) for code, territory in TERRITORIES.items()]
HOMES += [("abroad", "America/New_York"), ("abroad", "Asia/Tokyo"), (None, "Europe/Paris")]
PROFILE_CAMPAIGNS = {
    "fr-primary-2016": CAMPAIGN,
    # Under the electoral code, with the steps that its example has not.
    "fr-L49-2020": replace(load_campaign(Path("campaigns/presidentielle-2027")), steps=CAMPAIGN.steps),
}
EVENT_TEMPLATES = (INVITATION, CHANGE, CANCELLATION, "broadcasts/event_eve", "broadcasts/event_same_day")


async def everything_queued(database: Database, campaign: Campaign, now: datetime) -> list[Leased]:
    """Somebody of each place, to whom everything is queued that a program might queue, with partisan words wherever
    words may be typed; as the sender would take it."""
    conversation = Conversation(database, now)
    candidate, named = str(campaign.sender.candidate), f"Votez {campaign.sender.candidate}"
    written = {
        "fr": f"{named} ! https://exemple.fr",
        "en": f"{campaign.text(campaign.name, 'en')}: {candidate}",
    }
    event = await conversation.add_event("votez", titles={"fr": named, "en": named})
    everything: list[tuple[str, dict[str, Any], Mapping[str, str] | None]] = [
        (f"staff:{kind}", {"kind": kind}, written) for kind in Kind
    ]
    everything += [
        (
            f"neutral:{ballot.number}",
            {"template": REMINDER, "details": {"fields": ["place"]}, "ballot": ballot.number},
            None,
        )
        for ballot in campaign.ballots
    ]
    everything += [
        (step_key(ballot.number, step.name), {"kind": step.kind, "ballot": ballot.number}, None)
        for ballot in campaign.ballots
        for step in campaign.steps
        if step.belongs_to(ballot.number)
    ]
    everything += [
        (template, {"kind": "event_service", "event": event, "template": template}, None)
        for template in EVENT_TEMPLATES
    ]
    everything += [("renewal", {"kind": "service", "template": RENEWAL}, None)]
    last = {"kind": "service", "template": LAST_CHOICE, "step": LAST_CHOICE, "ballot": 1}
    everything += [(LAST_CHOICE, last, None)] if campaign.out_after is not None else []
    for number, (territory, zone) in enumerate(HOMES, 1):
        where = {"territory": territory or "FR", "zone": zone, "renew_contact": True, "first_name": candidate}
        person = await supporter(conversation, number, None, **where)
        if territory is None:
            async with database.write() as tx:
                await tx.execute(sa.update(people).where(people.c.id == person).values(territory=None))
        await answer(conversation, person, event, "yes")
    for key, values, texts in everything:
        step = key.split(":")[2] if key.startswith("step:") else values.get("step")
        template = campaign.step(step).template if step is not None else values.get("template")
        await queued(
            database, texts=texts, now=now, key=key, **{**values, "step": step, "template": template}
        )
    async with database.read() as tx:
        columns = (deliveries.c[name] for name in Leased._fields)
        return [Leased(**row._mapping) for row in await tx.execute(sa.select(*columns))]


def says(call: Call) -> str:
    """All that one reads of a call: text, buttons, addresses."""
    keyboard = call.payload.get("reply_markup", {}).get("inline_keyboard", [])
    buttons = [f"{button['text']} {button.get('url', '')}" for row in keyboard for button in row]
    return "\n".join([parse_html(call.payload.get("text") or call.payload["caption"]), *buttons])


# By day, each two of the three together: which law, whether it allows neutral messages, whether the candidate is out.
BY_DAY = [
    (profile, allowed, 1 if (number + allowed) % 2 == 0 else None)
    for number, profile in enumerate(PROFILE_CAMPAIGNS)
    for allowed in (True, False)
]
ALL = [*product(PROFILE_CAMPAIGNS, (True, False), (None, 1))]


@pytest.mark.parametrize(("profile", "allowed", "out_after"), ALL if IS_THOROUGH else BY_DAY)
async def test_in_a_quiet_period_nothing_that_leaves_speaks_for_the_campaign(
    sqlite_database: Database, profile: str, out_after: int | None, *, allowed: bool
) -> None:
    """Its name, the candidate, the signature, any link but the official one: in every territory, at every moment of
    every window, on its edges too."""
    campaign = PROFILE_CAMPAIGNS[profile]
    law = narrowed(PROFILES[profile], Narrowing(civic_neutral=allowed))
    campaign = replace(campaign, law=law, out_after=out_after)
    official, chance = campaign.links["polling_place"], random.Random(profile)
    rows = await everything_queued(sqlite_database, campaign, campaign.ballots[0].pollings[0].opens_local)
    rows = [row._replace(expires_at=None) for row in rows]
    windows: dict[Span, list[int]] = {}
    for number, (territory, zone) in enumerate(HOMES, 1):
        of_home = {
            quiet.span
            for ballot in campaign.ballots
            for quiet in spans_for(
                kind=Kind.GOTV, territory=territory, zone=zone, law=law, ballots=campaign.ballots
            )
            if quiet.ballot == ballot.number
        }
        for span in of_home:
            windows.setdefault(span, []).append(number)
    left = Counter[str]()
    for span, silent in sorted(windows.items(), key=str):
        long = (span.ends - span.starts).total_seconds()
        inside = [span.starts, span.ends - timedelta(seconds=1)]
        inside += [span.starts + timedelta(seconds=chance.uniform(0, long)) for _ in seeds(2)]
        theirs = [row for row in rows if row.person in silent]
        for now in inside:
            departure = a_departure(campaign, MovableClock(now, speed=0))
            async with sqlite_database.read() as tx:
                decisions = await departure.prepare(tx, theirs)
            for row, decision in zip(theirs, decisions, strict=True):
                if isinstance(decision, Call):
                    said, home = says(decision).replace(official, ""), HOMES[row.person - 1]
                    assert [name for name in campaign.own_names if name in said] == [], (home, now)
                    assert links_in(said) == [], (home, now)
                    left[decision.payload["text"].splitlines()[0]] += 1
    # Something did leave: word of the cancelled event, and where they are allowed the reminders.
    assert any("événement" in text for text in left)
    assert any("Rappel du vote" in text for text in left) == allowed
