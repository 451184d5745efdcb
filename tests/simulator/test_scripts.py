"""Scripts: acts done one after the other as the bot answers; the journal's file; chats that keep little."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from simulator.client import Simulator, SimulatorError
from simulator.server import DEFAULT_TOKEN, make_world, running

Line = dict[str, Any]


class Bot:
    """A bare bot: it polls once and posts."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session, self._base = session, f"{base}/bot{DEFAULT_TOKEN}/"

    async def call(self, method: str, **params: object) -> Any:
        async with self._session.post(self._base + method, json=params) as response:
            answer = await response.json()
            assert answer["ok"], answer
            return answer["result"]

    async def ask(self, chat: int, *data: str) -> int:
        """A message with buttons; its number."""
        keyboard = [[{"text": each, "callback_data": each}] for each in data]
        markup = {"inline_keyboard": keyboard}
        sent = await self.call("sendMessage", chat_id=chat, text="?", reply_markup=markup)
        return int(sent["message_id"])

    async def heard(self) -> list[str]:
        """What people sent or tapped since the last time."""
        updates = await self.call("getUpdates")
        if updates:
            await self.call("getUpdates", offset=updates[-1]["update_id"] + 1)
        return [
            each["message"]["text"] if "message" in each else each["callback_query"]["data"]
            for each in updates
            if "message" in each or "callback_query" in each
        ]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@pytest.fixture
async def played(journal: Path) -> AsyncIterator[tuple[Simulator, Bot]]:
    world = make_world(journal_file=journal)
    async with (
        running(world) as served,
        Simulator(served.base_url) as simulator,
        aiohttp.ClientSession() as session,
    ):
        yield simulator, Bot(session, served.base_url)


async def begin(simulator: Simulator, person: int, *acts: Line) -> None:
    await simulator.call("POST", "/scripts", json={"scripts": [{"person": person, "acts": list(acts)}]})


async def waiting(simulator: Simulator) -> int:
    return int((await simulator.call("GET", "/waiting"))["scripts"])


START = {"act": "start"}


def tap(data: str) -> Line:
    return {"act": "tap", "data": data}


async def test_each_act_waits_for_the_bots_answer_to_the_one_before(played: tuple[Simulator, Bot]) -> None:
    simulator, bot = played
    person = (await simulator.person("Claire")).id
    await begin(simulator, person, START, tap("yes"), {"act": "send", "text": "Lyon"}, tap("ok:*"))
    assert await bot.heard() == ["/start"]
    message = await bot.ask(person, "no", "yes")
    assert await bot.heard() == ["yes"]
    assert await waiting(simulator) == 1
    await bot.call("editMessageText", chat_id=person, message_id=message, text="Where?")
    assert await bot.heard() == ["Lyon"]
    await bot.ask(person, "other")
    assert await bot.heard() == []
    await bot.ask(person, "ok:69123")
    assert await bot.heard() == ["ok:69123"]
    assert await waiting(simulator) == 0


async def test_whoever_waits_is_told_once_the_bot_has_taken_everything(played: tuple[Simulator, Bot]) -> None:
    simulator, bot = played
    await begin(simulator, (await simulator.person("Claire")).id, START)
    assert (await simulator.call("GET", "/waiting?wait=0.01"))["pending_updates"] == 1
    asked = asyncio.create_task(simulator.call("GET", "/waiting?wait=60"))
    assert await bot.heard() == ["/start"]
    assert (await asked)["pending_updates"] == 0


async def test_what_waits_in_vain_is_told_when_scripts_are_dropped(played: tuple[Simulator, Bot]) -> None:
    simulator, bot = played
    person = (await simulator.person("Claire", started=True)).id
    await bot.call("getUpdates", allowed_updates=["message", "callback_query", "my_chat_member"])
    await begin(simulator, person, {"act": "block"}, {"act": "send", "text": "Hello?"})
    await begin(simulator, (await simulator.person("Paul", started=True)).id, tap("nothing"))
    ended = await simulator.call("DELETE", "/scripts")
    assert [each["act"] for each in ended["dropped"]] == [{"act": "send", "text": "Hello?"}, tap("nothing")]
    assert await waiting(simulator) == 0


async def test_what_is_refused_to_somebody_is_told(played: tuple[Simulator, Bot]) -> None:
    simulator, _ = played
    person = (await simulator.person("Claire", started=True)).id
    await begin(simulator, person, {"act": "unblock"})
    (refused,) = (await simulator.call("DELETE", "/scripts"))["refused"]
    assert (refused["person"], refused["error"]) == (person, "Claire has not blocked the bot.")


@pytest.mark.parametrize(
    ("scripts", "sentence"),
    [
        ("all", "“scripts” must be a list"),
        ([{"person": 1, "acts": [START]}], "There is no person 1"),
        ([{"person": 5_000_001, "acts": []}], "“acts” must be a list of at least one act"),
        ([{"person": 5_000_001, "acts": [{"act": "sing"}]}], "“sing” is not an act of a script"),
        ([{"person": 5_000_001, "acts": [{"act": "tap"}]}], "“data” must be a text"),
    ],
)
async def test_a_bad_script_is_refused_and_none_begins(
    played: tuple[Simulator, Bot], scripts: object, sentence: str
) -> None:
    simulator, _ = played
    await simulator.person("Claire")
    with pytest.raises(SimulatorError, match=sentence):
        await simulator.call("POST", "/scripts", json={"scripts": scripts})
    assert await waiting(simulator) == 0


async def test_the_journals_file_has_messages_and_acts_in_their_order(
    played: tuple[Simulator, Bot], journal: Path
) -> None:
    simulator, bot = played
    person = (await simulator.person("Claire", started=True)).id
    await bot.ask(person, "yes")
    await begin(simulator, person, tap("yes"))
    await waiting(simulator)  # it is written by now
    content = await asyncio.to_thread(journal.read_bytes)
    sent, tapped = [orjson.loads(line) for line in content.splitlines()]
    assert (sent["do"], sent["to"], sent["data"]) == ("sendMessage", person, ["yes"])
    assert (tapped["by"], tapped["act"], tapped["data"], tapped["id"]) == (person, "tap", "yes", sent["id"])
    assert await simulator.journal() == []
    assert (await simulator.counters())["accepted"] == 1


async def test_a_chat_keeps_as_many_messages_as_it_is_told(played: tuple[Simulator, Bot]) -> None:
    simulator, bot = played
    (some,) = await simulator.add_people([{"first_name": "Claire", "started": True, "keeps": 2}])
    (none,) = await simulator.add_people([{"first_name": "Paul", "started": True, "keeps": 0}])
    for name in ("a", "b", "c"):
        await bot.ask(some, name)
        await bot.ask(none, name)
    kept = await (await simulator.existing_person(some)).messages()
    assert [message.labels for message in kept] == [["b"], ["c"]]
    assert await (await simulator.existing_person(none)).messages() == []
