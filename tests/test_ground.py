"""The proof of issue 20: a town is imported, ranked, cut, offered and walked, in the chat, without network, on paper.

The bot is the one that really runs, and it is killed among what people note.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.cli import main
from bot.rules.canvass.visits import DoorOutcome
from bot.settings import Settings
from bot.startup import opened as database_of
from db.schema import addresses, street_counts, visits, walks
from tests.bots import until
from tests.mission import appoint, sign_up_in
from tests.reading import Reader
from tests.simulator.chromium import CHROMIUM, Page, opened
from tests.story import Story, Teller, telling
from tests.web.test_console_browser import stumbles

PHONE = (390, 844)
OFFLINE = 40
OUTCOMES = [each.value for each in DoorOutcome]
READ = Reader("en")


@dataclass(frozen=True, kw_only=True)
class Town:
    """What was imported: the station that is best to go to, and its first two walks with their doors, in order."""

    station: str
    walks: tuple[str, str]
    doors: tuple[list[int], list[int]]


@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium")
async def test_a_town_is_walked_in_the_chat_without_network_and_on_paper(tmp_path: Path) -> None:
    async with telling(tmp_path, at="2016-11-12T14:00+01:00", killable=True) as story:
        town = await import_town(story, tmp_path)
        coordinator = await appoint(story, "Olga", "coordinator", "69", READ)
        await offer(coordinator, town)
        walkers = [await story.person(name, language="en") for name in ("Zoe", "Karim", "Lou", "Max")]
        for walker in walkers:
            await sign_up_in(walker, READ, "lyon", "69123")
        pairs = (walkers[:2], walkers[2:])
        for pair, walk in zip(pairs, town.walks, strict=True):
            for walker in pair:
                await walker.start(f"w_{walk}")
                await walker.tap(READ.label("I’ll take this walk"))
        expected = await without_network(story, *pairs[0], town.doors[0])
        sheet = await on_paper(story, *pairs[1], town.walks[1], tmp_path)
        assert await standing(story) == expected | sheet
        await coordinator.expect(re.compile(rf"{town.walks[1]}.*\b{len(sheet)}\b", re.DOTALL))
        await the_purge(story, len(expected | sheet))


async def import_town(story: Story, folder: Path) -> Town:
    """What the operator types: files of an invented town, imported, ranked and cut."""
    files = folder / "town"
    await done(story, "invent", str(files), "--addresses", "800", "--commune", "69123", "--seed", "1")
    await done(story, "import-addresses", str(files / "addresses.csv"))
    await done(story, "import-stations", str(files / "stations.csv"))
    await done(story, "import-results", str(files / "results.csv"), "--ours", "liste_a")
    station = json.loads(await done(story, "rank", "--json"))[0]["station"]
    await done(story, "cut", station)
    cut = [each for each in json.loads(await done(story, "walks", "--json")) if each["station"] == station]
    first, second = cut[:2]
    return Town(
        station=station,
        walks=(first["walk"], second["walk"]),
        doors=(await numbers_of(story, first["doors"]), await numbers_of(story, second["doors"])),
    )


async def done(story: Story, *words: str) -> str:
    """A command, which needs no process of its own."""

    def run() -> str:
        with redirect_stdout(io.StringIO()) as out, pytest.MonkeyPatch.context() as patch:
            for name, value in story.environment.items():
                patch.setenv(name, value)
            assert main(["canvass", *words]) == 0
        return out.getvalue()

    return await asyncio.to_thread(run)


async def rows(story: Story, query: sa.Select[Any]) -> list[Any]:
    async with database_of(Settings.from_environment(story.environment)) as database, database.read() as tx:
        return list(await tx.execute(query))


async def numbers_of(story: Story, bans: list[str]) -> list[int]:
    found = await rows(story, sa.select(addresses.c.ban, addresses.c.id).where(addresses.c.ban.in_(bans)))
    numbers = {row.ban: row.id for row in found}
    return [numbers[ban] for ban in bans]


async def standing(story: Story) -> dict[int, str]:
    """What is noted at each door: one outcome, of one dwelling."""
    found = await rows(
        story, sa.select(visits.c.address, visits.c.outcome).where(visits.c.replaced.is_(None))
    )
    assert len({row.address for row in found}) == len(found), "Nothing is kept twice."
    return {row.address: row.outcome for row in found}


async def offer(coordinator: Teller, town: Town) -> None:
    """In the chat the best station stands first; its walks are offered."""
    await coordinator.send("/canvass")
    shown = await coordinator.expect(READ.says("Door to door: where to go first"))
    assert shown.text.index(f"1. Lyon, {town.station.split('_')[1]}") > 0
    await coordinator.tap(f"Lyon {town.station.split('_')[1]}")
    await coordinator.tap(READ.label("Offer all free walks"))


async def network(page: Page, *, on: bool) -> None:
    """The aeroplane mode of this phone."""
    await page.command("Network.enable")
    given = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    await page.command("Network.emulateNetworkConditions", offline=not on, **given)


async def without_network(story: Story, zoe: Teller, karim: Teller, doors: list[int]) -> dict[int, str]:
    """Forty outcomes without network, and one of the other walker meanwhile; the bot dies while they are sent."""
    await zoe.tap(READ.label("On one page, also without network"))
    offered = await zoe.expect(READ.says("The walk on one page"))
    (link,) = [each.url for each in offered.buttons if each.url]
    async with opened(link, width=PHONE[0], height=PHONE[1]) as page:
        await page.until("document.querySelector('form button')", 60)
        await page.evaluate("document.querySelector('form').submit()")
        await page.until("document.body?.dataset.aside === 'yes'", 60)
        assert await stumbles(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await network(page, on=False)
        # The page that lies on the phone is newer than what was last heard: it does not tell what time it is.
        await page.evaluate(OLDER)
        skew = await page.evaluate("kept.read().skew")
        await page.command("Page.reload")
        await page.until("document.querySelector('.door') && document.body?.dataset.waiting === '0'", 60)
        assert await page.evaluate("kept.read().skew") == skew
        expected = {door: OUTCOMES[number % 6] for number, door in enumerate(doors[:OFFLINE])}
        for number, (door, outcome) in enumerate(expected.items()):
            if number == OFFLINE // 2:  # the clock of the phone goes back by a day
                await page.evaluate("Date.now = ((real) => () => real() - DAY)(Date.now); 0")
            await page.evaluate(AT_DOOR % door)
            if number % 7 == 3:  # a slip of the finger, taken back
                await page.evaluate(TAP % OUTCOMES[(number + 1) % 6])
                await page.evaluate("at('undo').click()")
            await page.evaluate(TAP % outcome)
        assert await standing(story) == {}
        left = doors[OFFLINE]
        await karim.forge(f"1:knock:1:{left}:refused:d")
        expected[left] = "refused"
        # The bot dies while they are sent, whatever it is at, and what has arrived counts once.
        await network(page, on=True)
        await page.evaluate("void dispatchEvent(new Event('online'))")
        await story.process.kill()
        await story.process.start()
        await page.until("!isSending", 60)
        await page.evaluate("void send()")
        await page.until("document.body?.dataset.waiting === '0' && !isSending", 60)
        assert await standing(story) == expected
        await page.until(f"found(walk(), {left}).noted.length === 1", 60)
        await forgotten_by_the_phone(page, zoe, link)
    return expected


async def forgotten_by_the_phone(page: Page, zoe: Teller, link: str) -> None:
    """A page that stays open without network for a day erases its list, and so does a phone that is signed out."""
    await network(page, on=False)
    await page.evaluate("kept.change(({ skew }) => ({ skew: skew + 2 * DAY }))")
    await page.evaluate("void document.dispatchEvent(new Event('visibilitychange'))")
    await page.until("!document.querySelector('.door') && !document.getElementById('state')", 60)
    assert await page.evaluate("JSON.stringify(localStorage)") == "{}"
    await network(page, on=True)
    await page.command("Page.navigate", url=f"{link.partition('/app/')[0]}/app/walk/1")
    await page.until("document.querySelector('.door') && document.body?.dataset.aside", 60)
    await zoe.tap(READ.label("My phone is lost: sign out"))
    await page.evaluate("void send()")
    await page.until("!document.querySelector('.door')", 60)
    assert await page.evaluate("JSON.stringify(localStorage)") == "{}"


OLDER = "kept.change(({ state }) => ({ state: { ...state, now: state.now - 60_000 } })); 0"
AT_DOOR = """(() => {
    const door = %d;
    side = walk().sides.findIndex(({ doors }) => doors.some(({ id }) => id === door));
    choose(door);
})()"""
TAP = "document.querySelector('[data-outcome=%s]').click()"


async def on_paper(story: Story, lou: Teller, max_: Teller, walk: str, folder: Path) -> dict[int, str]:
    """What a sheet says is entered in the evening by the code on it, when nobody knocks; killed among the taps."""
    await story.jump("2016-11-12T21:00+01:00")
    printed = folder / "sheet.pdf"
    await done(story, "sheet", walk, "--out", str(printed))
    assert printed.read_bytes().startswith(b"%PDF")
    query = sa.select(addresses.c.id, addresses.c.leg, walks.c.id.label("walk"))
    query = query.join(walks, walks.c.id == addresses.c.walk).where(walks.c.code == walk)
    found = await rows(story, query.order_by(addresses.c.place))
    first, number = found[0].leg, found[0].walk
    refused = await max_.forge(f"1:knock:{number}:{found[0].id}:opened:d")
    assert READ.says("We knock on doors between").search(refused.alert or "")
    await lou.catch_up()
    await lou.start(f"wp_{walk}")
    sheet = await lou.expect(READ.says("If something is wrong"))
    await lou.tap("(0/", message=sheet)
    expected: dict[int, str] = {}
    for place, row in enumerate(each for each in found if each.leg == first):
        outcome = expected[row.id] = OUTCOMES[place % 6]
        dies = place == 4
        await lou.forge(f"1:knock:{number}:{row.id}:{outcome}:p", wait=0 if dies else None)
        if dies:
            await story.process.kill()
            await story.process.start()
    await story.settled()
    for _leg in {row.leg for row in found} - {first}:
        await lou.tap(READ.label("The walk"), message=sheet)
        await lou.tap("(0/", message=sheet)
        await lou.tap(READ.label("Nobody as far as…"), message=sheet)
        asked = await lou.expect(READ.says("Nobody from"))
        await lou.forge(str(asked.buttons[-2].data))
        await lou.expect(READ.says("All doors of this side are done"))
    expected |= {row.id: "nobody" for row in found if row.leg != first}
    await lou.tap(READ.label("The walk"), message=sheet)
    await lou.tap(READ.label("The walk is over"), message=sheet)
    return expected


async def the_purge(story: Story, doors: int) -> None:
    """Thirty days after the last round no outcome is left; how many there were at the station is."""
    await story.jump("2016-12-28T12:00+01:00")

    async def is_forgotten() -> bool:
        return not await standing(story)

    await until(is_forgotten, "what happened at doors is erased")
    (kept,) = await rows(story, sa.select(sa.func.sum(street_counts.c.doors)))
    assert kept[0] == doors
