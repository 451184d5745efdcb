"""The smallest machine that people rent: `python -m benchmarks.small [--people 20000] [--rate 30] [--minutes 4]`.

The product of `benchmarks.product` has one core. A step of the campaign and an invitation to an event leave to all at
the rate that Telegram allows for free, and twice a second somebody who has the invitation answers it. Told are the part
of the core that it takes, and its memory: as long as it sends, and at its largest. Both are the processor's and the
kernel's, and hold where the machine has something else to do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # measured with, not shipped
import uvloop

from benchmarks.processes import cpu, running
from benchmarks.server import Server
from benchmarks.taps import Phones, invite, until
from benchmarks.worker import open_for

TAPS_EVERY = 0.5
FIRST_SECONDS = 10.0
"""Left out of the core's part: the start."""


def megabytes(process: psutil.Process) -> dict[str, float]:
    held = process.memory_full_info()
    return {"resident": held.rss / 1e6, "its own": held.uss / 1e6}


async def small(people: int, rate: float, seconds: float) -> dict[str, float]:
    """Part of the core and MB of memory over so many seconds of sending."""
    with tempfile.TemporaryDirectory() as folder:
        database = await open_for(Path(folder), None)
        await invite(database, people, reminded=True)
        await database.close()
        server = Server()
        phones = Phones(server)
        api = f"http://127.0.0.1:{await server.start()}"
        async with running("benchmarks.product", api, "--folder", folder, "--rate", str(rate)) as process:
            process.cpu_affinity([0])
            await until(lambda: bool(phones.invitations))
            await asyncio.sleep(FIRST_SECONDS)
            began, spent, sent = time.perf_counter(), cpu(process), phones.called["sendMessage"]
            held = [megabytes(process)]
            while (passed := time.perf_counter() - began) < seconds:
                server.add_updates(phones.taps(1))
                await asyncio.sleep(TAPS_EVERY)
                held.append(megabytes(process))
            spent, sent = cpu(process) - spent, phones.called["sendMessage"] - sent
            taps = phones.given.total()
            await phones.answered()
        await server.stop()
    middle = {f"MB {name}": sorted(each[name] for each in held)[len(held) // 2] for name in held[0]}
    largest = {f"MB {name}, at most": max(each[name] for each in held) for name in held[0]}
    return {
        "of a core": spent / passed,
        "messages a second": sent / passed,
        "taps": taps,
        **middle,
        **largest,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=30.0)
    parser.add_argument("--minutes", type=float, default=4.0)
    options = parser.parse_args()
    print(json.dumps(uvloop.run(small(options.people, options.rate, options.minutes * 60)), indent=1))


if __name__ == "__main__":
    main()
