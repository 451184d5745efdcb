"""SIGKILL while 2,000 invitations leave: nobody gets two, and whoever got none is listed as in doubt."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

import db.people
import db.staff
from bot.actions import broadcasts
from bot.actions.announcing import NewEvent, announce
from bot.actions.authority import Author, author_of
from bot.actions.broadcasts import NewBroadcast
from bot.campaign.campaign import load_campaign
from bot.communes import load as load_gazetteer
from bot.delivery.sender import IN_FLIGHT
from bot.rules.areas import EVERYWHERE
from bot.rules.experiments import Experiment, Outcome
from bot.rules.expressions import EVERYBODY
from bot.rules.kinds import Kind
from bot.rules.permissions import Role
from bot.rules.seats import ENOUGH, SeatsWanted
from bot.rules.sending import all_at
from bot.settings import Settings
from bot.startup import opened
from db.events import EventText
from simulator.client import Simulator
from tests.bots import until
from tests.story import Preparation, Story, telling

START = "2016-10-28T10:00+02:00"
NOW = datetime.fromisoformat(START).astimezone(UTC)
LYON = "69123"
ORGANIZER, FIRST = 5_999_999, 6_000_000
MANY, FEW = 2_000, 400
SEED = 2016
RATE = 400.0


async def test_nobody_has_two_and_nobody_is_missing(tmp_path: Path) -> None:
    """Killed three times, at instants that a seeded chance chooses."""
    kills = sorted(random.Random(SEED).sample(range(MANY // 20, MANY * 9 // 10), 3))
    async with telling(tmp_path, at=START, killable=True, rate=RATE, prepare=inviting(MANY)) as story:
        await kill_when_arrived(story, kills)
        await story.settled()
        await check(story, MANY, in_doubt=len(kills) * IN_FLIGHT)


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_a_bad_line_and_a_kill(tmp_path: Path, kind: str) -> None:
    """Answers are lost now and then, and the bot is killed in the midst of it."""
    async with telling(tmp_path, at=START, killable=True, rate=RATE, prepare=inviting(FEW)) as story:
        await story.simulator.fault(kind, method="sendMessage", probability=0.05, seed=3)
        await kill_when_arrived(story, [FEW // 3])
        await story.settled()
        struck = (await story.simulator.counters())["faults"][kind]
        assert struck, "The line was bad."
        await check(story, FEW, in_doubt=IN_FLIGHT + struck)


async def test_too_many_requests_and_a_kill(tmp_path: Path) -> None:
    """What was refused with 429 surely did not leave: it is sent again, and is not in doubt."""
    async with telling(tmp_path, at=START, killable=True, rate=RATE, prepare=inviting(FEW)) as story:
        await story.simulator.limit(per_second=150, burst=30, retry_after=1)
        await kill_when_arrived(story, [FEW // 3])
        await story.settled()
        assert (await story.simulator.counters())["errors"], "Some were refused."
        await check(story, FEW, in_doubt=IN_FLIGHT)


async def test_everybody_keeps_what_they_drew_across_kills_and_retries(tmp_path: Path) -> None:
    """Two versions, a fifth of the people left out; the line is bad, the server refuses some, and the bot is killed."""
    async with telling(tmp_path, at=START, killable=True, rate=RATE, prepare=comparing(FEW)) as story:
        await story.simulator.fault("drop_after", method="sendMessage", probability=0.03, seed=3)
        await story.simulator.limit(per_second=150, burst=30, retry_after=1)
        await kill_when_arrived(story, [FEW // 5, FEW // 2])
        await story.settled()
        drawn = {int(row["telegram_id"]): row["variant"] for row in await story.exported("deliveries")}
        assert sorted(drawn) == list(range(FIRST, FIRST + FEW))
        assert set(Counter(drawn.values())) == {"A", "B", "holdout"}
        entries = await story.simulator.journal()
        assert max(Counter(entry["chat_id"] for entry in entries).values()) == 1, "Nobody has two."
        got = {entry["chat_id"]: entry["html"].split()[0] for entry in entries}
        assert {(drawn[person], said) for person, said in got.items()} == {("A", "Bonjour"), ("B", "Salut")}
        assert len(got) >= FEW // 2


def inviting(count: int, seats: SeatsWanted = ENOUGH) -> Preparation:
    """So many supporters in Lyon, and an event that all of them are invited to."""

    async def invite(tx: AsyncConnection, author: Author) -> None:
        announced = await announce(tx, author, meeting_in_lyon(author, seats))
        assert announced.invitation.people == count

    return writing(count, invite)


def meeting_in_lyon(author: Author, seats: SeatsWanted = ENOUGH) -> NewEvent:
    """A meeting in ten days, to which everybody is invited."""
    lyon = author.gazetteer.by_code(LYON)
    assert lyon is not None  # a constant of this module
    return NewEvent(
        texts={"fr": EventText(title="Réunion publique", description="Venez.")},
        commune=lyon,
        address="1 place Bellecour",
        pin=None,
        starts_at=NOW + timedelta(days=10),
        duration=timedelta(hours=2),
        audience=EVERYBODY,
        seats=seats,
    )


def comparing(count: int) -> Preparation:
    """So many supporters in Lyon, and a message in two versions of which some are left out."""
    message = NewBroadcast(
        key="staff:1",
        kind=Kind.PERSUASION,
        audience=EVERYBODY,
        when=all_at(NOW),
        texts={"fr": "Bonjour à tous"},
        others=({"fr": "Salut à tous"},),
        experiment=Experiment(versions=2, holdout=20, goal=Outcome.RSVP),
    )

    async def compare(tx: AsyncConnection, author: Author) -> None:
        await broadcasts.send(tx, author, message)

    return writing(count, compare)


def writing(count: int, write: Callable[[AsyncConnection, Author], Awaitable[None]]) -> Preparation:
    """So many supporters in Lyon, and what somebody of the team writes to them."""

    async def prepare(settings: Settings, simulator: Simulator) -> None:
        people = [
            {"id": FIRST + number, "first_name": f"P{number}", "started": True} for number in range(count)
        ]
        await simulator.add_people(people)
        campaign, gazetteer = load_campaign(settings.campaign), load_gazetteer()
        async with opened(settings) as database, database.write() as tx:
            await db.people.add_many(tx, [supporter(FIRST + number) for number in range(count)])
            await db.people.add_many(tx, [{**supporter(ORGANIZER), "state": "new", "consent_contact": False}])
            await db.staff.add(
                tx, telegram_id=ORGANIZER, role=Role.ORGANIZER, area=EVERYWHERE, added_by=None, now=NOW
            )
            person = await db.people.find(tx, ORGANIZER)
            assert person is not None  # just added
            author = await author_of(tx, person, campaign=campaign, gazetteer=gazetteer, now=NOW)
            await write(tx, author)

    return prepare


def supporter(telegram_id: int) -> dict[str, object]:
    """The row of somebody in Lyon who agreed to everything."""
    return {
        "telegram_id": telegram_id,
        "pseudonym": f"{telegram_id:016x}",
        "state": "registered",
        "language": "fr",
        "first_name": f"P{telegram_id}",
        **{"commune": LYON, "department": "69", "region": "84", "territory": "FR", "zone": "Europe/Paris"},
        **{f"consent_{purpose}": True for purpose in ("contact", "commune", "team", "keep")},
        **dict.fromkeys(("created_at", "registered_at", "seen_at"), NOW - timedelta(days=30)),
    }


async def kill_when_arrived(story: Story, counts: Sequence[int]) -> None:
    """Kills the bot each time so many messages have arrived, and starts it again."""
    for count in counts:

        async def arrived(count: int = count) -> bool:
            return bool((await story.simulator.counters())["accepted"] >= count)

        await until(arrived, f"{count} messages have arrived")
        await story.process.kill()
        await story.process.start()


async def check(story: Story, count: int, *, in_doubt: int) -> None:
    """At most one for each; who has none is in doubt; no more are in doubt than were in flight or lost."""
    arrived = Counter(entry["chat_id"] for entry in await story.simulator.journal())
    states = {int(row["telegram_id"]): row["state"] for row in await story.exported("deliveries")}
    assert sorted(states) == list(range(FIRST, FIRST + count)), "Everybody has one row."
    doubted = {person for person, state in states.items() if state == "in_doubt"}
    assert max(arrived.values()) == 1, "Nobody has two."
    assert {person for person in states if person not in arrived} <= doubted, "Nobody is missing silently."
    assert set(states.values()) <= {"sent", "in_doubt"}
    assert len(doubted) <= in_doubt
    missing = count - len(arrived)
    print(
        f"{count} invited, {story.process.kills} kills: {len(doubted)} in doubt, {missing} of them did not arrive"
    )
