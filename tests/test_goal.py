"""The goal of audiences, over HTTP: a sentence is typed, a colleague approves what is seen, it leaves for those it
means and nobody else, and is taken back.
"""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

import db.people
from bot.actions import audit
from bot.actions import staff as team_actions
from bot.rules.areas import EVERYWHERE
from bot.rules.permissions import Role
from bot.settings import Settings
from bot.startup import opened
from db.schema import event_texts, events, people, rsvps, vote_plans
from simulator.client import Person, Simulator
from tests.choosing import CROWD
from tests.frozen import FROZEN
from tests.handlers.test_audiences import SENTENCES, WORDS
from tests.places import place_of
from tests.reading import Reader
from tests.story import Preparation, Story, telling
from tests.test_crash import supporter

START = "2016-10-25T10:00+02:00"
"""Before any reminder is due: nothing else leaves."""
NOW = datetime.fromisoformat(START).astimezone(UTC)
SOPHIE, KARIM, FIRST = 5_000_001, 5_000_002, 6_000_001
MEANT = {FIRST, FIRST + 1}
"""The first two of the crowd: around Lyon, said yes, and have not voted."""
TITLES = {"fr": "Réunion publique", "en": "Public meeting"}


def with_a_second_look(folder: Path) -> dict[str, str]:
    """The campaign, in which what is for more than one person waits for a second one."""
    copy = Path(shutil.copytree(FROZEN, folder / "campaign"))
    file = copy / "campaign.toml"
    written = file.read_text(encoding="utf-8")
    file.write_text(written.replace("approval_above = 5000", "approval_above = 1"), encoding="utf-8")
    return {"PORTEVOIX_CAMPAIGN": str(copy)}


def crowd(language: str) -> Preparation:
    """Two of the team, people around Lyon and in Paris, and a meeting on Thursday."""

    async def prepare(settings: Settings, simulator: Simulator) -> None:
        ids = [SOPHIE, KARIM, *range(FIRST, FIRST + len(CROWD))]
        await simulator.add_people([{"id": each, "first_name": f"P{each}", "started": True} for each in ids])
        async with opened(settings) as database, database.write() as tx:
            team = {"state": "new", "consent_contact": False, "language": language}
            for telegram_id in (SOPHIE, KARIM):
                await db.people.add_many(tx, [supporter(telegram_id) | team])
                await team_actions.add(
                    tx,
                    telegram_id=telegram_id,
                    role=Role.ADMIN,
                    area=EVERYWHERE,
                    actor=audit.COMMAND_LINE,
                    now=NOW,
                )
            starts = datetime(2016, 10, 27, 17, tzinfo=UTC)
            row = {
                "code": "aa11",
                "zone": "Europe/Paris",
                "address": "x",
                "starts_at": starts,
                "ends_at": starts,
            }
            await tx.execute(
                sa.insert(events).values(territory="FR", created_at=NOW, **row, **place_of("69123"))
            )
            for code, title in TITLES.items():
                words = {"event": 1, "language": code, "title": title, "description": ""}
                await tx.execute(sa.insert(event_texts).values(words))
            for number, (commune, said, vote) in enumerate(CROWD):
                await db.people.add_many(tx, [supporter(FIRST + number) | place_of(commune)])
                who = sa.select(people.c.id).where(people.c.telegram_id == FIRST + number)
                person = await tx.scalar(who)
                if said is not None:
                    answer = {"event": 1, "person": person, "answer": said, "at": NOW}
                    await tx.execute(sa.insert(rsvps).values(answer))
                if vote is not None:
                    told = {"person": person, "ballot": 1, "vote": vote, "at": NOW}
                    await tx.execute(sa.insert(vote_plans).values(told))

    return prepare


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_goal_from_the_sentence_to_second_thoughts(tmp_path: Path, language: str) -> None:
    more = with_a_second_look(tmp_path)
    async with telling(tmp_path, at=START, more=more, prepare=crowd(language)) as story:
        read = Reader(language)
        sophie, karim = [await story.simulator.existing_person(each) for each in (SOPHIE, KARIM)]
        await write(sophie, read)
        await approve(karim, read)
        await story.settled()
        assert await chats(story, "send") == MEANT, "It leaves for those it means, and nobody else."
        await take_back(sophie, read)
        await approve(karim, read)
        await story.settled()
        assert await chats(story, "delete") == MEANT, "Nobody keeps it."


async def write(sophie: Person, read: Reader) -> None:
    """The sentence is typed; what it means and how many get it is seen before the word that sends."""
    await sophie.send("/broadcast")
    await sophie.tap(read.label("News and arguments"))
    for text in ("Bonjour", "Hello"):
        await sophie.send(text)
    await sophie.tap(read.label("No photo"))
    await sophie.expect(read.says("Who is it for?"))
    await sophie.send(SENTENCES[read.language])
    await sophie.expect(WORDS[read.language])
    await sophie.tap(read.label("That’s it"))
    await sophie.tap(read.label("Now"))
    summary = await sophie.expect(read.says("Ready to send"))
    assert WORDS[read.language] in summary.text
    assert f" {len(MEANT)}" in summary.text
    await sophie.send(read.label("SEND"))
    await sophie.expect(
        read.says("It can’t leave on one person’s decision alone: a second person has to approve it.")
    )


async def approve(karim: Person, read: Reader) -> None:
    await karim.tap(read.label("Approve"))


async def take_back(sophie: Person, read: Reader) -> None:
    await sophie.send("/broadcasts")
    title = {"fr": "Bonjour", "en": "Hello"}[read.language]
    listed = await sophie.expect(re.compile(rf"\d+\. {title}"))
    found = re.search(rf"\d+\. {title}", listed.text)
    assert found is not None  # it was waited for
    await sophie.tap(found[0], message=listed)
    await sophie.tap(read.label("Take it back"))
    word = {"fr": "RETIRER", "en": "TAKE BACK"}[read.language]
    await sophie.expect(word)
    await sophie.send(word)


async def chats(story: Story, act: str) -> set[int]:
    """The supporters’ chats in which a message came or went."""
    entries = await story.simulator.journal()
    team = (SOPHIE, KARIM)
    return {each["chat_id"] for each in entries if each["method"].startswith(act)} - set(team)
