"""How updates reach the bot: offsets, two pollers, kinds, age; and the webhook."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import telegram
from aiohttp import web

from simulator import updates, webhook
from simulator.client import Simulator

Call = Callable[..., Awaitable[dict[str, Any]]]
CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)


async def test_updates_wait_until_they_are_confirmed(simulator: Simulator, call: Call) -> None:
    ana = await simulator.person("Ana")
    for text in ("1", "2", "3"):
        await ana.send(text)

    async def texts(**params: int) -> list[str]:
        return [update["message"]["text"] for update in (await call("getUpdates", **params))["result"]]

    assert await texts() == ["1", "2", "3"]
    assert await texts(limit=2) == ["1", "2"]  # asked again, not confirmed
    first = (await call("getUpdates"))["result"][0]["update_id"]
    assert await texts(offset=first + 1) == ["2", "3"]
    assert await texts(offset=-1) == ["3"]
    assert await texts() == ["3"]


async def test_the_shapes_that_a_person_makes(simulator: Simulator, bot: telegram.Bot) -> None:
    ana = await simulator.person("Ana", language="pt-br", username="ana")
    number = await ana.send("/start ev_1 hello@example.org")
    await ana.edit(number, "changed")
    await ana.share_location(1.5, 2.5)
    await ana.send_photo(caption="look")
    await ana.send_document("a.txt", b"text")
    await ana.block()
    await ana.unblock()
    sent, edited, place, photo, document, blocked, unblocked = await bot.get_updates()
    assert sent.message is not None
    assert sent.message.from_user is not None
    assert sent.message.from_user.language_code == "pt-br"
    assert [(e.type, e.offset, e.length) for e in sent.message.entities] == [
        ("bot_command", 0, 6),
        ("email", 12, 17),
    ]
    assert edited.edited_message is not None
    assert (edited.edited_message.text, edited.edited_message.edit_date is not None) == ("changed", True)
    assert place.message is not None
    assert place.message.location == telegram.Location(2.5, 1.5)
    assert photo.message is not None
    assert (photo.message.caption, len(photo.message.photo)) == ("look", 3)
    assert document.message is not None
    assert document.message.document is not None
    assert (document.message.document.file_name, document.message.document.file_size) == ("a.txt", 4)
    changes = [update.my_chat_member for update in (blocked, unblocked)]
    assert [(c.old_chat_member.status, c.new_chat_member.status) for c in changes if c] == [
        ("member", "kicked"),
        ("kicked", "member"),
    ]


async def test_a_second_poller_ends_the_first(simulator: Simulator, call: Call) -> None:
    first = asyncio.create_task(call("getUpdates", timeout=20))
    await _polled(simulator, 1)
    second = asyncio.create_task(call("getUpdates", timeout=20))
    assert (await first) == {"ok": False, "error_code": 409, "description": CONFLICT}
    ana = await simulator.person("Ana")
    await ana.send("still here")
    assert len((await second)["result"]) == 1


async def test_a_webhook_ends_polling(simulator: Simulator, call: Call) -> None:
    poll = asyncio.create_task(call("getUpdates", timeout=20))
    await _polled(simulator, 1)
    await call("setWebhook", url="http://127.0.0.1:9/")
    assert (await poll)["description"] == "Conflict: terminated by setWebhook request"
    assert (await call("getUpdates")) == {"ok": False, "error_code": 409, "description": ACTIVE}
    await call("deleteWebhook")
    assert (await call("getUpdates"))["ok"]


async def _polled(simulator: Simulator, times: int) -> None:
    async with asyncio.timeout(5):
        while (await simulator.counters())["calls"].get("getUpdates", 0) < times:
            pass


async def test_only_the_kinds_asked_for_are_queued(simulator: Simulator, call: Call) -> None:
    await call("getUpdates", allowed_updates=["my_chat_member"])
    ana = await simulator.person("Ana")
    await ana.send("unheard")
    await ana.block()
    (update,) = (await call("getUpdates"))["result"]
    assert "my_chat_member" in update


async def test_old_updates_are_dropped(simulator: Simulator, call: Call) -> None:
    ana = await simulator.person("Ana", started=True)
    keyboard = {"inline_keyboard": [[{"text": "B", "callback_data": "b"}]]}
    await call("sendMessage", chat_id=ana.id, text="?", reply_markup=keyboard)
    await ana.forge("b", wait=0)
    await ana.send("a text")
    await simulator.call("POST", "/clock", json={"by_seconds": updates.CALLBACK_LIFE + 1})
    assert [list(update) for update in (await call("getUpdates"))["result"]] == [["update_id", "message"]]
    await simulator.call("POST", "/clock", json={"by_seconds": updates.UPDATE_LIFE + 1})
    assert (await call("getUpdates"))["result"] == []


class Receiver:
    """A bot's webhook; it refuses while `refusals` lasts."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.secrets: set[str | None] = set()
        self.refusals: list[web.Response] = []
        self.reply: dict[str, Any] | None = None
        self.arrived = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        self.secrets.add(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        if self.refusals:
            return self.refusals.pop(0)
        self.received.append(await request.json())
        self.arrived.set()
        return web.json_response(self.reply) if self.reply else web.Response()

    async def wait_for(self, count: int) -> list[str]:
        async with asyncio.timeout(10):
            while len(self.received) < count:
                self.arrived.clear()
                await self.arrived.wait()
        return [update["message"]["text"] for update in self.received]


@asynccontextmanager
async def _listening() -> AsyncIterator[tuple[Receiver, str]]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield receiver, f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


async def test_a_webhook_gets_updates_in_order_with_its_secret(simulator: Simulator, call: Call) -> None:
    ana = await simulator.person("Ana")
    async with _listening() as (receiver, url):
        await call("setWebhook", url=url, secret_token="s3cret_-", max_connections=5)
        for number in range(5):
            await ana.send(str(number))
        assert await receiver.wait_for(5) == ["0", "1", "2", "3", "4"]
        assert receiver.secrets == {"s3cret_-"}
        info = (await call("getWebhookInfo"))["result"]
        assert (info["url"], info["max_connections"]) == (url, 5)
        receiver.reply = {"method": "sendMessage", "chat_id": ana.id, "text": "answered in the reply"}
        await ana.send("5")
        await ana.expect("answered in the reply")
        await call("deleteWebhook")


async def test_a_webhook_that_fails_is_tried_again(
    simulator: Simulator, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "FIRST_PAUSE", 0.01)
    ana = await simulator.person("Ana")
    async with _listening() as (receiver, url):
        receiver.refusals = [web.Response(status=500), web.Response(status=503, headers={"Retry-After": "1"})]
        await call("setWebhook", url=url)
        started = updates.monotonic()
        await ana.send("once")
        await ana.send("twice")
        assert await receiver.wait_for(2) == ["once", "twice"]
        assert updates.monotonic() - started >= 1  # Retry-After was honoured
        info = (await call("getWebhookInfo"))["result"]
        assert info["last_error_message"] == "Wrong response from the webhook: 503 Service Unavailable"
        await call("deleteWebhook")
