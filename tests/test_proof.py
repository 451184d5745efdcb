"""The proof by search: what is on the disk tells nothing, and who was erased is nowhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import db.people
from bot.actions import erasure
from bot.settings import Settings
from bot.startup import opened
from db.engine import Database
from db.erasing import erase_people
from db.people import Person
from db.schema import people
from simulator.server import DEFAULT_TOKEN
from tests.campaigning import staff
from tests.conversation import CAMPAIGN, Conversation, Talker, paris
from tests.handlers.test_privacy import NOW, deliver
from tests.mission import ADDRESS, DESCRIPTIONS, NEWS, START, TITLES, consent, play
from tests.reading import Reader
from tests.searching import cells_that_hold, files_that_hold
from tests.story import Story, Teller, telling

READ = Reader("fr")


async def test_a_played_story_leaves_nothing_to_read_and_who_leaves_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole mission, its log and its backup on the disk; then the supporter has everything erased."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    async with telling(tmp_path, at=START, killable=True) as story:
        cast = await play(story, "fr")
        tellers = (cast.supporter, cast.friend, cast.organizer, cast.coordinator)
        # Somebody who came by her link and has not finished signing up: an open dialog beside her.
        newcomer = await story.person("Ludivine")
        async with data_of(story) as database:
            stored = [await stored_of(database, each) for each in tellers]
        await newcomer.start(f"r_{stored[0].friend_code}")
        await consent(newcomer, READ)
        await story.settled()
        assert (await story.command("backup", str(tmp_path / "backup.db"))).status == 0
        words = [*TITLES.values(), *DESCRIPTIONS.values(), *NEWS.values(), ADDRESS, "programme est en ligne"]
        people = [each.first_name for each in (*tellers, newcomer)]
        ids = [str(each.id) for each in (*tellers, newcomer)]
        needles = [
            DEFAULT_TOKEN,
            *words,
            *people,
            *ids,
            *(code for each in stored for code in codes_of(each)),
        ]
        assert files_that_hold(tmp_path, needles) == []
        async with data_of(story) as database:  # the same search finds them where they can be read
            assert await found(database, cast.supporter, stored[0])

        before = await story.exported_answers()
        await cast.supporter.send("/delete")
        await cast.supporter.tap(READ.label("Yes, erase everything"))
        await cast.supporter.expect(READ.says("Everything about you has been erased."))
        await story.settled()
        async with data_of(story) as database:
            assert await found(database, cast.supporter, stored[0]) == []
        after = await story.exported_answers()
        assert cast.supporter.id not in {each.telegram_id for each in after}
        # What she said is in no row; one person's answers are no count either.
        theirs = [each for each in before if each.telegram_id == cast.supporter.id]
        assert len(theirs) > 10
        assert after == [each for each in before if each not in theirs]
        assert (await story.command("export", "answer_counts", "--out", "-")).out.splitlines()[1:] == []
        # Nor is the key by which she could be found in the database.
        key = Settings.from_environment(story.environment).suppression_key_file.read_text().split()
        async with data_of(story) as database:
            assert await cells_that_hold(database, telegram_id=10**12, texts=key) == []
        await story.bot.stop()
        assert files_that_hold(tmp_path, needles) == []


@asynccontextmanager
async def data_of(story: Story) -> AsyncIterator[Database]:
    """The database beside the bot that runs."""
    async with opened(Settings.from_environment(story.environment)) as database:
        yield database


async def stored_of(database: Database, teller: Teller) -> Person:
    async with database.read() as tx:
        person = await db.people.find(tx, teller.id)
    assert person is not None
    return person


def codes_of(person: Person) -> tuple[str, str]:
    """What stands for somebody, and must be gone with them."""
    return person.pseudonym, person.friend_code


async def found(database: Database, teller: Teller, person: Person) -> list[str]:
    texts = (*codes_of(person), teller.first_name)
    return await cells_that_hold(database, telegram_id=teller.id, texts=texts, number=person.id)


# -- what a mission does not play --


@pytest.fixture
def conversation(sqlite_database: Database) -> Conversation:
    return Conversation(sqlite_database, paris("2016-11-16T10:00"))


@pytest.fixture
async def zenobie(conversation: Conversation) -> Talker:
    """Somebody with an unusual name and number, who did everything a supporter can."""
    await conversation.add_event("lyon1")
    person = conversation.person(7_482_913_650)
    person._user["first_name"] = "Zénobie"
    await person.sign_up()
    for data in (
        "1:rsvp:lyon1:yes",
        "1:step:1:plan:morning",
        "1:step:1:plan.departure:home",
        "1:messages:news:off",
        "1:volunteer:yes",
        "1:choice:team:no",
    ):
        await person.tap_data(data)
    await deliver(conversation, person, 500)
    stored = await person.stored()
    assert stored is not None
    friend = conversation.person(8)
    await friend.send(f"/start r_{stored.friend_code}")
    await friend.tap_data("1:consent:contact:yes")
    await person.send("/settings")
    await person.tap("Change where I vote")
    return person


async def searched(conversation: Conversation, talker: Talker, person: Person) -> list[str]:
    texts = (*codes_of(person), "Zénobie")
    return await cells_that_hold(
        conversation.database, telegram_id=talker.telegram_id, texts=texts, number=person.id
    )


async def test_who_did_everything_is_forgotten(conversation: Conversation, zenobie: Talker) -> None:
    stored = await zenobie.stored()
    assert stored is not None
    tables = {cell.partition(".")[0] for cell in await searched(conversation, zenobie, stored)}
    told = {
        "people",
        "dialogs",
        "consents",
        "rsvps",
        "vote_plans",
        "deliveries",
        "responses",
        "changed_people",
        "people_to_plan",
    }
    assert tables == told
    await zenobie.send("/delete")
    await zenobie.tap("Yes, erase everything")
    assert await searched(conversation, zenobie, stored) == []


async def test_of_staff_the_audit_log_alone_remembers(conversation: Conversation, zenobie: Talker) -> None:
    """What was done for the campaign stays in the log, by the number it was done under, and nowhere else."""
    stored = await zenobie.stored()
    assert stored is not None
    admin = await an_admin(conversation)
    await admin.tap("Invite")
    await admin.tap("Organizer")
    await admin.tap_data("1:staff_area:69")
    token = admin.last.text.partition("start=")[2].split("<")[0].split()[0]
    await zenobie.send(f"/start {token}")
    await zenobie.send("/delete")
    await zenobie.tap("Yes, erase everything")
    tables = {cell.partition(".")[0] for cell in await searched(conversation, zenobie, stored)}
    assert tables == {"audit", "audit_numbers"}


async def an_admin(conversation: Conversation) -> Talker:
    admin = await staff(conversation, 9, "admin", "FR")
    await admin.send("/staff")
    return admin


async def test_a_purge_forgets_as_well_as_the_person_could(
    conversation: Conversation, zenobie: Talker
) -> None:
    stored = await zenobie.stored()
    assert stored is not None
    async with conversation.database.write() as tx:
        sealing = erasure.sealing(conversation.services.suppression_key, CAMPAIGN.retention, NOW)
        await erase_people(tx, people.c.id == stored.id, sealing)
    assert await searched(conversation, zenobie, stored) == []
