"""How soon a page is whole in Chromium on a slow phone: `python -m benchmarks.first_view [--folder DIR] [--slower 4]`.

In an encrypted SQLite of `benchmarks.web_campaign` (`--folder`: made once, and kept), with an empty cache at each
look and a processor that is `--slower` times slower than this one, on a screen of 390 by 844. Told are medians of
`--rounds` looks, in milliseconds from the navigation: the first words (FCP), the largest thing (LCP), everything there
(load), the main thread busy until then; and kilobytes as they came. Counts are warm: `benchmarks.web` tells of those.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn

from benchmarks.web import ADDRESS, LARGE, browser, make, parts_of, whole
from benchmarks.web_campaign import TOKEN
from benchmarks.worker import open_for
from bot.rules.console import Entrance
from tests.simulator.chromium import Page, opened

PAGES = ("/console/", "/console/map", "/console/messages", f"/console/events/{LARGE}", "/app/")
PHONE = (390, 844)
PEOPLE = 100_000
FIGURES = """(async () => {
  const largest = await new Promise((found) => {
    new PerformanceObserver((list) => found(list.getEntries().at(-1).startTime))
      .observe({type: 'largest-contentful-paint', buffered: true});
    setTimeout(() => found(0), 5000);
  });
  const [navigation] = performance.getEntriesByType('navigation');
  const files = performance.getEntriesByType('resource');
  const first = performance.getEntriesByName('first-contentful-paint')[0];
  return JSON.stringify({
    answer: navigation.responseStart, first: first ? first.startTime : 0, largest, load: navigation.loadEventEnd,
    kilobytes: [navigation, ...files].reduce((sum, each) => sum + each.transferSize, 0) / 1000,
    files: files.length,
  });
})()"""


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[None]:
    """The pages, each looked at once."""
    database = await open_for(folder, None)
    transport = parts_of(database)
    port = int(ADDRESS.rpartition(":")[2])
    config = uvicorn.Config(
        transport.app, port=port, log_config=None, access_log=False, lifespan="off", ws="none"
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    async with browser(transport, TOKEN) as client:
        for path in PAGES:
            await whole(client, path)
    yield
    server.should_exit = True
    await running
    await database.close()


async def busy(page: Page) -> float:
    """Milliseconds for which the page's main thread was busy since it exists."""
    found = (await page.command("Performance.getMetrics"))["metrics"]
    return float(next(each["value"] for each in found if each["name"] == "TaskDuration")) * 1000


async def look(page: Page, path: str) -> dict[str, float]:
    await page.command("Page.navigate", url="about:blank")
    await page.until("location.href === 'about:blank'", 60)
    before = await busy(page)
    await page.command("Page.navigate", url=ADDRESS + path)
    await page.until(f"location.pathname === {json.dumps(path)} && performance.timing.loadEventEnd", 60)
    found: dict[str, float] = json.loads(await page.evaluate(FIGURES))
    return {**found, "busy": await busy(page) - before}


async def measure(folder: Path, *, slower: float, rounds: int) -> None:
    async with served(folder), opened("about:blank", width=PHONE[0], height=PHONE[1]) as page:
        for domain in ("Network", "Performance"):
            await page.command(f"{domain}.enable")
        await page.command("Network.setCacheDisabled", cacheDisabled=True)
        await page.command("Emulation.setCPUThrottlingRate", rate=slower)
        for door in Entrance:
            await page.command("Network.setCookie", name=door.cookie, value=TOKEN, url=ADDRESS)
        for path in PAGES:
            looks = [await look(page, path) for _ in range(rounds)]
            told: dict[str, Any] = {
                name: round(statistics.median(each[name] for each in looks)) for name in looks[0]
            }
            print(json.dumps({"page": path, **told}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--folder", type=Path, help="keeps the database")
    parser.add_argument("--slower", type=float, default=4.0, help="how many times slower the processor is")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        make(folder, options.people)
        asyncio.run(measure(folder, slower=options.slower, rounds=options.rounds))


if __name__ == "__main__":
    main()
