"""`portevoix demo`: what its page shows first, and that nothing of it stays behind."""

from __future__ import annotations

import asyncio
import socket
import sys

import aiohttp

from bot.demo.demo import COORDINATOR, PLAYED, refuse_used_port

PATIENCE = 60.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def reads(session: aiohttp.ClientSession, port: int, person: int, *, word: str, after: str) -> None:
    """Waits until somebody of the demonstration reads a word in the answer to what they write."""
    chat = f"http://127.0.0.1:{port}/sim/people/{person}"
    await session.post(f"{chat}/send", json={"text": after})
    said: list[str] = []
    while not any(word in text for text in said):
        async with session.get(f"{chat}/messages") as answer:
            said = [str(message.get("text")) for message in (await answer.json())["messages"]]


async def test_the_people_to_play_come_first_and_ending_it_frees_the_port() -> None:
    port = free_port()
    options = ("demo", "--no-browser", "--port", str(port), "--supporters", "3")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli", *options), stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(PATIENCE):
            assert process.stdout is not None
            assert b"is open" in await process.stdout.readline()
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{port}/sim/people") as answer,
            ):
                people = (await answer.json())["people"]
                await reads(session, port, COORDINATOR["id"], word="Villeurbanne", after="/canvass")
            process.terminate()
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    first = people[: len(PLAYED)]
    assert [person["id"] for person in first] == [account["id"] for account in PLAYED.values()]
    assert all(person["note"] for person in first)
    assert not any(person["note"] for person in people[len(PLAYED) :])
    refuse_used_port(port)  # raises where something still listens
