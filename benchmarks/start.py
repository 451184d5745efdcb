"""How soon after its start the bot answers, on one core, and how much memory it holds when nothing happens.

    python -m benchmarks.start [--rounds 5] [--portevoix FILE]

The local Telegram runs in this process, on the other cores; somebody has written /start before the bot is executed.
`--portevoix` names another installation's command, such as one without what is only for development.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # measured with, not shipped

from benchmarks.worker import MORNING
from simulator.client import Simulator
from simulator.clock import Clock
from simulator.server import DEFAULT_TOKEN, make_world, running

CORE = 0
IDLE_SECONDS = 5.0
"""After the first answer, before its memory is looked at."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """Seconds from the execution to the first answer, those of the processor until then, and megabytes afterwards."""

    answered: float
    cpu: float
    idle: float


def environment_of(folder: Path, base_url: str) -> dict[str, str]:
    # Compiled modules are kept, as where it is installed.
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PORTEVOIX_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    return {
        **own,
        "PORTEVOIX_TOKEN": DEFAULT_TOKEN,
        "PORTEVOIX_API_BASE": base_url,
        "PORTEVOIX_CAMPAIGN": "campaigns/primaire-2016",
        "PORTEVOIX_DATA": str(folder),
        "PORTEVOIX_DATABASE_KEY_FILE": str(folder / "database.key"),
        "PORTEVOIX_AUDIT_ANCHOR": str(folder / "anchors"),
        "PORTEVOIX_CLOCK": MORNING.isoformat(),
    }


async def starts(command: list[str], rounds: int) -> list[Start]:
    """So many starts on one database. One before them makes it, and compiles what is not."""
    world = make_world(clock=Clock(MORNING), bot_name="Portevoix", bot_username="portevoix_bot")
    async with running(world) as served, Simulator(served.base_url) as simulator:
        with tempfile.TemporaryDirectory() as folder:
            environment = environment_of(Path(folder), served.base_url)
            made = [await started_once(command, environment, simulator) for _ in range(rounds + 1)]
    return made[1:]


async def started_once(command: list[str], environment: dict[str, str], simulator: Simulator) -> Start:
    somebody = await simulator.person("Claire")
    await somebody.start()
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *("taskset", "-c", str(CORE), *command, "run"), env=environment, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await somebody.expect("", timeout=60)
        answered = time.perf_counter() - began
        bot = psutil.Process(process.pid)
        spent = bot.cpu_times()
        await asyncio.sleep(IDLE_SECONDS)
        memory = bot.memory_info().rss / 1e6
    finally:
        process.terminate()
        await process.wait()
    return Start(answered=answered, cpu=spent.user + spent.system, idle=memory)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--portevoix", help="the command of another installation")
    options = parser.parse_args()
    command = [options.portevoix] if options.portevoix else [sys.executable, "-m", "bot.cli"]
    os.sched_setaffinity(0, os.sched_getaffinity(0) - {CORE} or {CORE})
    made = asyncio.run(starts(command, options.rounds))
    for name, unit in (("answered", "s"), ("cpu", "s"), ("idle", "MB")):
        values = sorted(getattr(each, name) for each in made)
        shown = ", ".join(f"{value:.2f}" for value in values)
        print(f"{name:9} median {statistics.median(values):.2f} {unit} of {shown}")


if __name__ == "__main__":
    main()
