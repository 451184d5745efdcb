"""Bots in processes of their own: `benchmarks.worker` or `benchmarks.product`, to be measured and killed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # measured with, not shipped

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30.0


async def spawn(module: str, api: str, *arguments: str) -> asyncio.subprocess.Process:
    """A process of this module that talks to the server at `api`; it says so once it is ready."""
    command = [sys.executable, "-m", module, "--api", api, *arguments]
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)


async def start(module: str, api: str, *arguments: str) -> asyncio.subprocess.Process:
    """The same, once it is ready."""
    process = await spawn(module, api, *arguments)
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
    if line.strip() != b"ready":
        raise RuntimeError(f"{module} did not start")
    return process


@asynccontextmanager
async def running(module: str, api: str, *arguments: str) -> AsyncIterator[psutil.Process]:
    """The same; killed at the end."""
    process = await start(module, api, *arguments)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.kill()
        await process.wait()


def cpu(process: psutil.Process) -> float:
    """Seconds of the processor that the process has used."""
    spent = process.cpu_times()
    return float(spent.user + spent.system)
