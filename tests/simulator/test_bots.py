"""Several bots in one world: the people are the same, everything else is each bot's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import orjson
import pytest
import telegram

from simulator.__main__ import main
from simulator.client import Simulator, SimulatorError
from simulator.methods import METHODS
from simulator.params import Params
from simulator.performing import begin
from simulator.records import Person
from simulator.server import Account, RunningSimulator, make_world

OTHER = Account(token="67890:TEST", name="Other bot", username="other_bot")
beside = pytest.mark.parametrize("served", [{"others": [OTHER]}], indirect=True)


@pytest.fixture
async def other(served: RunningSimulator) -> AsyncIterator[telegram.Bot]:
    async with telegram.Bot(
        OTHER.token, base_url=served.api_base, base_file_url=f"{served.base_url}/file/bot"
    ) as bot:
        yield bot


@beside
async def test_each_has_its_own_chats_updates_and_commands(
    simulator: Simulator, bot: telegram.Bot, other: telegram.Bot
) -> None:
    ana = await simulator.person("Ana", id=1)
    there = ana.chat_with("@other_bot")
    await ana.start()
    assert (await other.get_me()).username == "other_bot"
    with pytest.raises(telegram.error.Forbidden, match="initiate conversation"):
        await other.send_message(1, "You do not know me")
    await there.send("Hello")
    ((first,), (second,)) = (await bot.get_updates(), await other.get_updates())
    assert first.message is not None
    assert second.message is not None
    assert (first.message.text, second.message.text) == ("/start", "Hello")
    await other.send_message(1, "Nice to meet you")
    await there.expect("Nice to meet you")
    assert [message.text for message in await ana.messages()] == ["/start"]
    await there.block()
    await bot.send_message(1, "I am still here")
    with pytest.raises(telegram.error.Forbidden, match="blocked"):
        await other.send_message(1, "And I?")
    await other.set_my_commands([telegram.BotCommand("other", "Only here")])
    assert [command["command"] for command in await there.commands()] == ["other"]
    assert await ana.commands() == []


@beside
async def test_each_has_its_own_poller_and_webhook(
    simulator: Simulator, bot: telegram.Bot, other: telegram.Bot
) -> None:
    await bot.set_webhook("http://127.0.0.1:9/")
    assert await other.get_updates(timeout=0) == ()
    with pytest.raises(telegram.error.Conflict):
        await bot.get_updates()
    assert (await other.get_webhook_info()).url == ""


@beside
async def test_one_is_named_in_the_address(simulator: Simulator, served: RunningSimulator) -> None:
    state = await simulator.call("GET", "/state", params={"bot": "other_bot"})
    assert state["bot"]["id"] == 67890
    assert [each["username"] for each in state["bots"]] == ["test_bot", "other_bot"]
    with pytest.raises(SimulatorError, match="There is no bot “nobody”"):
        await simulator.call("GET", "/state", params={"bot": "nobody"})
    with pytest.raises(SimulatorError, match="already a person 67890"):
        await simulator.person("Ana", id=67890)
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{served.api_base}99:NO/getMe") as refused,
    ):
        assert refused.status == 401


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--token", "1:A", "--token", "1:B"], "Two tokens begin with the same number"),
        (
            ["--token", "1:A", "--token", "2:B", "--username", "a", "--username", "a"],
            "the same username",
        ),
        (["--journal", "/no/such/folder/j"], "The journal /no/such/folder/j cannot be written"),
    ],
)
def test_wrong_options(capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str) -> None:
    assert main(arguments) == 2
    assert sentence in capsys.readouterr().err


def test_a_journal_has_what_every_bot_did(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    world = make_world(others=[Account(token="67890:B", username="other_bot")], journal_file=path)
    ana = world.common.add_person(Person(id=1, first_name="Ana"))
    for each in world.common.worlds.values():
        each.started.add(ana.id)
        METHODS["sendmessage"][1](each, Params({"chat_id": 1, "text": "Hello"}))
    world.common.reset()
    other = world.common.world_of("other_bot")
    begin(other, world.common.add_person(Person(id=2, first_name="Ben")), [{"act": "start"}])
    world.common.close()
    lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    assert [(line["bot"], line.get("do") or line["act"]) for line in lines] == [
        ("test_bot", "sendMessage"),
        ("other_bot", "sendMessage"),
        ("other_bot", "start"),
    ]
