"""One good user among hostile updates: how long each of their answers takes, and how many messages leave meanwhile.

    scripts/bench hostile [--updates 10000] [--rate 30] [--questions 30]

The updates come all at once, ahead of the good user's: half surrogate pairs, NULs, odd shapes, forged buttons, a flood
of one chat, and strangers who press Start. The bot is the product, in a process of its own, on encrypted SQLite.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.processes import running
from benchmarks.server import Server
from benchmarks.taps import until
from benchmarks.worker import MORNING, fill, open_for
from db import unread, updates

SPACING_SECONDS = 2.5  # an answer may be two messages, and a chat has one a second
STRANGERS = 2_000
ODD: tuple[Any, ...] = (
    "\ud83d",
    "\ude00 half",
    "a\0b",
    None,
    7,
    [],
    {},
    ["\ud83d"],
    "x" * 4_096,
    {"\0": "\0"},
)
TEXTS = (
    "/start",
    "/start \ud83d",
    "/stop\0",
    "/delete",
    "{{7*7}}",
    "<b>",
    "'; DROP TABLE people; --",
    "\u202e",
)


def hostile(count: int, chosen: random.Random) -> list[dict[str, Any]]:
    """So many updates that nobody should send."""
    return [{"update_id": number, **_content(number, chosen)} for number in range(1, count + 1)]


def _content(number: int, chosen: random.Random) -> dict[str, Any]:
    stranger = 5_000_000_000 + (1 if chosen.random() < 0.2 else chosen.randrange(STRANGERS))
    user = {"id": stranger, "is_bot": False, "first_name": chosen.choice(("Zoé", "\ud83d", "\0"))}
    chat = {"id": stranger, "type": "private"}
    message = {"message_id": number, "date": int(MORNING.timestamp()), "chat": chat, "from": user}
    kind = chosen.randrange(4)
    if kind == 0:
        return {"message": {**message, "text": chosen.choice(ODD)}}
    if kind == 1:
        data = chosen.choice(("1:delete:yes", "1:rsvp:\ud83d:yes", "1:choice:\0:no", "1:" + "x" * 60))
        return {"callback_query": {"id": str(number), "from": user, "chat_instance": "1", "data": data}}
    if kind == 2:
        return {chosen.choice(("message", "edited_message", "my_chat_member", "a_kind")): chosen.choice(ODD)}
    text = chosen.choice(TEXTS)
    entities = (
        [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}] if text[0] == "/" else []
    )
    return {"message": {**message, "text": text, "entities": entities}}


def question(number: int, person: int) -> dict[str, Any]:
    """The good user asks for the menu."""
    user = {"id": person, "is_bot": False, "first_name": "Ada", "language_code": "fr"}
    message = {"message_id": number, "date": int(MORNING.timestamp()), "from": user, "text": "/menu"}
    entities = [{"type": "bot_command", "offset": 0, "length": 5}]
    chat = {"id": person, "type": "private", "first_name": "Ada"}
    return {"update_id": number, "message": {**message, "chat": chat, "entities": entities}}


@dataclass
class Posted:
    """What the product posts: each message by the chat that it went to and when, in order."""

    good_user: int = 1_000_001
    messages: list[tuple[int, float]] = field(default_factory=list)

    def watch(self, method: str, body: bytes) -> None:
        if method == "sendMessage":
            self.messages.append((json.loads(body)["chat_id"], time.perf_counter()))

    async def answer(self, asked: float) -> float:
        """When the good user has the answer to what they asked then."""
        await until(lambda: bool(self._answers(asked)))
        return self._answers(asked)[0]

    def _answers(self, asked: float) -> list[float]:
        return [at for chat, at in self.messages if chat == self.good_user and at > asked]


@asynccontextmanager
async def product(folder: Path, rate: float) -> AsyncIterator[tuple[Server, Posted]]:
    """The product at work for one good user."""
    database = await open_for(folder, None)
    await fill(database, 1)
    await database.close()
    posted = Posted()
    server = Server(watch=posted.watch)
    api = f"http://127.0.0.1:{await server.start()}"
    async with running("benchmarks.product", api, "--folder", str(folder), "--rate", str(rate)):
        yield server, posted
    await server.stop()


async def measure(count: int, rate: float, questions: int) -> dict[str, float]:
    """Seconds that each answer to the good user took, from when the question could be had."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        waited, ahead = list[float](), list[int]()
        async with product(folder, rate) as (server, posted):
            server.add_updates(hostile(count, random.Random(1)))
            for number in range(questions):
                asked, before = time.perf_counter(), len(posted.messages)
                server.add_updates([question(count + 1 + number, posted.good_user)])
                waited.append(await posted.answer(asked) - asked)
                ahead.append(len(posted.messages) - before)
                await asyncio.sleep(max(0.0, asked + SPACING_SECONDS - time.perf_counter()))
        database = await open_for(folder, None)
        async with database.read() as tx:
            waiting, aside = await updates.count_unfinished(tx), await unread.count(tx)
        await database.close()
    waited.sort()
    ahead.sort()
    return {
        "hostile": count,
        "questions": questions,
        "median_s": waited[len(waited) // 2],
        "longest_s": waited[-1],
        "median_messages_meanwhile": ahead[len(ahead) // 2],
        "still_waiting": waiting,
        "unread": aside,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--updates", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=30.0)
    parser.add_argument("--questions", type=int, default=30)
    options = parser.parse_args()
    print(json.dumps(uvloop.run(measure(options.updates, options.rate, options.questions))))


if __name__ == "__main__":
    main()
