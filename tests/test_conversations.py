"""Conversations through the local Telegram, in both languages: three of the team, five supporters, and nothing left."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

import db.duties
import db.people
import db.staff
from bot.settings import Settings
from bot.startup import opened
from db.schema import messages
from simulator.client import Simulator
from simulator.reading import as_read
from tests.bots import until
from tests.searching import cells_that_hold, files_that_hold
from tests.story import BOT, Story, Teller, telling
from tests.test_crash import FIRST, supporter

START = "2016-10-28T10:00+02:00"  # before the first reminder
NOW = datetime.fromisoformat(START).astimezone(UTC)
LANGUAGES = ("fr", "en", "fr", "en", "fr")
TEAM = {"Sophie": ("organizer", "fr"), "Karim": ("organizer", "en"), "Ali": ("coordinator", "fr")}
WORDS = {
    "fr": (
        "Envoyer ceci à l’équipe",
        "Envoyer",
        "C’est transmis à l’équipe de Lyon",
        "Prendre",
        "équipe de Lyon",
    ),
    "en": ("Send this to the team", "Send", "It’s with the Lyon team", "Take it", "Lyon team"),
}
SECRET = "ma fille s’appelle Philippine"


async def gather_people(settings: Settings, simulator: Simulator) -> None:
    """Five supporters of Lyon and three of the team, one of whom is off duty; and an admin."""
    numbers = range(FIRST, FIRST + 9)
    await simulator.add_people([{"id": n, "first_name": f"P{n - FIRST}", "started": True} for n in numbers])
    spoken = (*LANGUAGES, *(language for _role, language in TEAM.values()), "fr")
    rows = [{**supporter(n), "language": code} for n, code in zip(numbers, spoken, strict=True)]
    async with opened(settings) as database, database.write() as tx:
        await db.people.add_many(tx, rows)
        for number, (name, (role, _language)) in enumerate(TEAM.items(), start=FIRST + 5):
            held = {"role": role, "area": "69", "added_by": None, "now": NOW}
            await db.staff.add(tx, telegram_id=number, **held)
            person = await db.people.find(tx, number)
            assert person is not None
            await db.duties.change(tx, person.id, name=name, on_duty=name != "Ali")
        await db.staff.add(tx, telegram_id=FIRST + 8, role="admin", area="FR", added_by=None, now=NOW)


async def ask(teller: Teller, language: str, text: str) -> None:
    """What nobody understands is sent to the team."""
    offer, send, done, *_ = WORDS[language]
    await teller.send(text)
    await teller.tap(offer)
    await teller.tap(send, message=await teller.expect(re.compile("Une seule personne|One person at a time")))
    await teller.expect(done)


async def read_by(teller: Teller) -> str:
    return as_read("\n".join(each.text for each in await teller.messages() if each.sender == "bot"))


async def search(story: Story, folder: Path, teller: Teller) -> list[object]:
    """Where what somebody wrote, or they themselves, still stand."""
    texts = [SECRET, "Philippine"]
    async with opened(Settings.from_environment(story.environment)) as database:
        found = await cells_that_hold(database, telegram_id=teller.id, texts=texts)
        async with database.read() as tx:
            assert "Oui, venez" in set(await tx.scalars(sa.select(messages.c.text))), "others’ stay"
    finished = await story.command("backup", str(folder / "backup.db"))
    assert finished.status == 0, finished.err
    return [*found, *files_that_hold(folder, texts)]


async def test_somebody_answers(tmp_path: Path) -> None:
    async with telling(tmp_path, at=START, killable=True, prepare=gather_people) as story:
        one, two, three, four, five, *team = [Teller(story, FIRST + n, f"P{n}") for n in range(8)]
        sophie, karim, ali = team

        # A race for the card: one reads it, the other is told.
        await ask(one, "fr", "puis-je venir avec ma fille ?")
        for member in (sophie, karim):
            await member.expect("1 message")
            assert "fille" not in await read_by(member)
        await asyncio.gather(sophie.tap("Prendre"), karim.tap("Take it"))
        await story.settled()
        readers = [member for member in (sophie, karim) if "ma fille" in await read_by(member)]
        assert len(readers) == 1
        (first,) = readers
        second = karim if first is sophie else sophie
        name, other = ("Sophie", "Karim") if first is sophie else ("Karim", "Sophie")
        assert re.search(f"{name} (a été plus rapide|was first)|{name}", await read_by(second))
        await first.send("Oui, venez")
        answer = await one.expect("Oui, venez")
        assert as_read(answer.text).startswith(f"{name}, équipe de Lyon")

        # Handed back: the other reads it, and whoever had it reads no more.
        await first.tap("Rendre" if first is sophie else "Hand back")
        await second.tap("Prendre" if second is sophie else "Take it")
        await second.expect("ma fille")
        await one.send("merci")
        await second.expect("merci")
        assert "merci" not in (await read_by(first)).lower().split("merci.")[0]
        await second.send("À demain")
        assert f"{other}, équipe de Lyon" in as_read((await one.expect("À demain")).text)
        await second.tap("Clore" if second is sophie else "Close")
        await one.expect("est close")

        # Nobody answers for a day: it goes up, and is answered in the night, at once.
        await ask(two, "en", "can I bring my dog?")
        await story.jump("2016-10-29T10:00+02:00")
        await ali.expect("Sans réponse depuis trop longtemps")
        await story.jump("2016-10-30T02:00+02:00")
        await ali.tap("Prendre")
        await ali.expect("my dog")
        await ali.send("Yes, on a lead")
        assert "Ali, Lyon team" in as_read((await two.expect("on a lead")).text)

        # Who blocks ends it; whoever had it is told.
        await story.jump("2016-10-30T10:00+01:00")
        await ali.tap("Clore")
        await ask(three, "fr", "où se garer samedi ?")
        await sophie.tap("Prendre")
        await sophie.expect("où se garer")
        await three.block()
        await sophie.expect("On ne peut plus écrire")
        await sophie.send("Devant la salle")
        await story.settled()
        assert "Devant la salle" not in await read_by(three)

        # Erased in the middle: nothing of it is found anywhere.
        await ask(four, "en", SECRET)
        await karim.tap("Take it")
        await karim.expect("Philippine")
        await karim.send("What a lovely name, Philippine")
        await four.expect("lovely name")
        await four.send("/delete")
        await four.tap("Yes, erase everything")

        async def gone() -> bool:
            return "Philippine" not in await read_by(karim)

        await until(gone, "what Karim read is gone from his chat")
        await karim.expect("had the conversation erased")
        await story.settled()
        assert await search(story, tmp_path, four) == []

        # The forum of the team: who waits, and never a word of theirs; a topic that is deleted is made again.
        boss = Teller(story, FIRST + 8, "P8")
        forum = await story.simulator.group("Équipe", owner=boss, forum=True)
        await forum.add(BOT, by=boss)
        await forum.promote(BOT, by=boss)
        board = boss.within(forum)
        await ask(five, "fr", "et les horaires ?")
        shown = await board.expect("1 message", timeout=60)
        await forum.delete_topic(shown.raw["topic"], by=boss)
        await five.send("et le parking ?")
        again = await board.expect("2 messages", timeout=60)
        assert again.raw["topic"] != shown.raw["topic"]
        assert not re.search("horaires|parking", "".join(each.text for each in await board.messages()))

        # STOP is obeyed in the middle, and said to nobody.
        await five.send("arrêtez de m’écrire")
        await story.settled()
        assert "arrêtez" not in await read_by(sophie)
        assert "arrêtez" not in await read_by(karim)

        told = await story.exported("conversations")
        assert sorted((row["state"], row["answered"]) for row in told) == [
            *[("closed", "0")] * 2,
            ("closed", "1"),
            ("closed", "2"),
        ]
        assert "fille" not in str(told)
