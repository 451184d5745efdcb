"""Makes the README's pictures again: `python -m tests.pictures`. Needs Chromium; takes about two minutes."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.demo.demo import COORDINATOR, ENGLISH, NEWCOMER, ORGANIZER
from bot.settings import EXAMPLE_CAMPAIGN
from simulator.client import Person, Simulator
from tests.simulator.chromium import opened

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
DESK, PHONE = (1440, 900), (390, 844)
REPORT = (1180, 1240)
READY_SECONDS = 60.0
# The reminder of the demonstration leaves half a minute after it starts.
REMINDED_SECONDS = 60.0
AT_THE_END = """[...document.querySelectorAll('.scroller')].every(
    ({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight < 2)"""
ANSWERS = ("Je viens", "Je viens", "Peut-être", "Je viens", "Je ne peux pas", "Je viens")


@asynccontextmanager
async def demonstration() -> AsyncIterator[Simulator]:
    """`portevoix demo` on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = int(server.getsockname()[1])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli", "demo", "--no-browser", "--port", str(port)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
        async with Simulator(f"http://127.0.0.1:{port}") as simulator:
            yield simulator
    finally:
        process.terminate()
        await process.wait()


async def sign_up(newcomer: Person) -> None:
    await newcomer.start()
    await newcomer.tap("17 ans ou plus")
    await newcomer.expect("Dans quelle commune")
    await newcomer.send("lyon 3")
    await newcomer.tap("Oui, selon ma commune")
    await newcomer.expect("Quand irez-vous voter", timeout=REMINDED_SECONDS)


async def answer_invitations(simulator: Simulator) -> int:
    """Some of the invited answer; the id of the first of them."""
    invited = [
        person["id"]
        for person in await simulator.people()
        if not person["note"] and person["last_text"].startswith("Nous vous invitons")
    ]
    for person_id, label in zip(invited, ANSWERS, strict=False):
        await (await simulator.existing_person(person_id)).tap(label)
    return int(invited[0])


async def follow_the_invitation(organizer: Person) -> None:
    await organizer.send("/broadcasts")
    await organizer.tap("Rencontre à Lyon")
    await organizer.expect("Réponses")


async def rehearse() -> None:
    """The top of a rehearsal's report."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "rehearsal.html"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.cli", "rehearse", "--report", str(page)),
            env={**os.environ, "PORTEVOIX_CAMPAIGN": str(EXAMPLE_CAMPAIGN)},
        )
        assert await process.wait() == 0
        width, height = REPORT
        async with opened(page.as_uri(), width=width, height=height) as report:
            await report.until("document.querySelector('circle')")
            await report.picture(FOLDER / "rehearsal.png")


async def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    await rehearse()
    async with demonstration() as simulator:
        newcomer, organizer, english = [
            await simulator.existing_person(account["id"]) for account in (NEWCOMER, ORGANIZER, ENGLISH)
        ]
        await organizer.expect("Nous vous invitons", timeout=REMINDED_SECONDS)
        invited = await answer_invitations(simulator)
        await english.expect("When will you vote", timeout=REMINDED_SECONDS)
        await sign_up(newcomer)
        await follow_the_invitation(organizer)
        await console(simulator, await simulator.existing_person(COORDINATOR["id"]))
        await pictures(simulator, "demo", DESK, invited, organizer.id, english.id)
        await pictures(simulator, "phone", PHONE, newcomer.id)


async def console(simulator: Simulator, coordinator: Person) -> None:
    """The map at a desk and today on a phone, by day and by night, by the link that the bot gave in the chat."""
    shown = await coordinator.expect("une seule fois")
    link = next(key.url for key in shown.buttons if key.url)
    async with opened(link, width=DESK[0], height=DESK[1]) as page:
        await page.until("document.querySelector('form button')")
        await page.evaluate("document.querySelector('form').submit()")
        await page.until("document.querySelector('nav')")
        for name, path, size in (
            ("console", "/console/map/R84", DESK),
            ("console-phone", "/console/", PHONE),
        ):
            for theme, ending in (("light", ""), ("dark", "-dark")):
                await page.look(*size, theme)
                await page.evaluate(f"location.assign('{path}')")
                await page.until(f"location.pathname === '{path}' && document.readyState === 'complete'")
                await page.picture(FOLDER / f"{name}{ending}.png")


async def pictures(simulator: Simulator, name: str, size: tuple[int, int], *people: int) -> None:
    """The phones of people by day and by night, as who reads the README has it."""
    for theme, ending in (("light", ""), ("dark", "-dark")):
        await picture(simulator, f"{name}{ending}", theme, size, *people)


async def picture(simulator: Simulator, name: str, theme: str, size: tuple[int, int], *people: int) -> None:
    width, height = size
    url = f"{simulator.base_url}/?open={','.join(map(str, people))}&theme={theme}&lang=fr"
    async with opened(url, width=width, height=height) as page:
        await page.until(f"document.querySelectorAll('.column').length === {len(people)}")
        await page.until(
            "[...document.querySelectorAll('.column')].every((each) => each.querySelector('.message'))"
        )
        await page.until("document.querySelector('.person')")
        await page.until(AT_THE_END)
        await page.until("document.getAnimations().length === 0")
        await page.picture(FOLDER / f"{name}.png")


if __name__ == "__main__":
    asyncio.run(main())
