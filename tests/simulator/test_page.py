"""The chat page in a real browser: it shows, it acts, and nothing that is sent can become HTML."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from simulator.client import Person, Simulator
from simulator.server import PAGE, RunningSimulator, running
from tests.simulator.chromium import CHROMIUM, opened

Call = Callable[..., Awaitable[dict[str, Any]]]

ATTACKS = [
    "<script>window.attacked = 1</script>",
    "<img src=x onerror='window.attacked = 1'>",
    '"><svg onload=window.attacked=1>',
]


async def test_the_page_and_its_parts_are_served(served: RunningSimulator) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(served.base_url) as response:
            page = await response.text()
            assert "default-src 'self'" in response.headers["Content-Security-Policy"]
        parts = re.findall(r'(?:href|src)="(/page/[^"]+)"', page)
        assert len(parts) >= 3
        for part in parts:
            async with session.get(served.base_url + part) as response:
                assert response.status == 200


def test_the_page_never_turns_a_string_into_html() -> None:
    for script in PAGE.glob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", script.read_text()
        )
    for part in filter(Path.is_file, PAGE.rglob("*")):  # and needs nothing from elsewhere
        assert not re.search(r'(?:src|href)="https?://|url\(["\']?https?://|@import', part.read_text())


needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium")


@needs_chromium
async def test_a_chat_in_the_browser(simulator: Simulator, served: RunningSimulator, call: Call) -> None:
    ana = await simulator.person(ATTACKS[1], username="ana", started=True)
    keyboard = {"inline_keyboard": [[{"text": f"Yes {ATTACKS[1]}", "callback_data": "y"}]]}
    for attack in ATTACKS:
        await call("sendMessage", chat_id=ana.id, text=attack)
    # Telegram lets no such link through; the page would not follow it either.
    link = [{"type": "text_link", "offset": 0, "length": 4, "url": "javascript:window.attacked=1"}]
    assert not (await call("sendMessage", chat_id=ana.id, text="link", entities=link))["ok"]
    link[0]["url"] = "tg://resolve?domain=x"
    sent = await call("sendMessage", chat_id=ana.id, text="link", entities=link)
    hostile = orjson.dumps([link[0] | {"url": "javascript:window.attacked=1"}])
    served.world.chats[ana.id].messages[sent["result"]["message_id"]].entities = hostile
    await call(
        "sendMessage",
        chat_id=ana.id,
        text="<b>Bold <i>both</i></b>",
        parse_mode="HTML",
        reply_markup=keyboard,
    )

    async with opened(f"{served.base_url}/?open={ana.id}") as page:
        await page.until("document.querySelectorAll('.message').length === 5")
        assert await page.evaluate("document.querySelector('.chat-head h2').textContent") == "Test bot"
        shown = await page.evaluate("[...document.querySelectorAll('.text')].map((node) => node.textContent)")
        assert shown == [*ATTACKS, "link", "Bold both"]
        assert await page.evaluate("document.querySelector('.text strong em').textContent") == "both"
        assert (
            await page.evaluate("document.querySelectorAll('.message script, .message img, .text a').length")
            == 0
        )

        await page.evaluate("document.querySelector('.message .key').click()")
        await page.until("document.querySelector('.key.pending')")
        (update,) = (await call("getUpdates", timeout=5))["result"]
        query = update["callback_query"]
        assert query["data"] == "y"
        await call("answerCallbackQuery", callback_query_id=query["id"], text=ATTACKS[0])
        await page.until(
            "!document.querySelector('.key.pending') && !document.querySelector('.toast').hidden"
        )

        number = query["message"]["message_id"]
        await call("editMessageText", chat_id=ana.id, message_id=number, text="Edited in place")
        await page.until(f"document.querySelector('[data-id=\"{number}\"] .edited')")
        await page.evaluate(
            "(() => { const field = document.querySelector('textarea'); field.value = 'From the page'; "
            "field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true })); })()"
        )
        await page.until(
            "[...document.querySelectorAll('.mine .text')].at(-1)?.textContent === 'From the page'"
        )

        await page.evaluate("document.querySelector('[data-seconds=\"86400\"]').click()")
        await page.until("document.querySelector('[data-speed=\"1\"][aria-pressed=true]')")
        assert await page.evaluate("window.attacked === undefined")
        assert page.complaints == []
    assert (await simulator.clock())["version"] == 2


@needs_chromium
async def test_those_with_a_note_are_open_at_the_end_of_their_chats(
    simulator: Simulator, served: RunningSimulator, call: Call
) -> None:
    await simulator.person("Zoé", started=True)
    noted = [await simulator.person(name, note="tester", started=True) for name in ("Ana", "Bruno")]
    for person in noted:
        for _ in range(5):
            await call("sendMessage", chat_id=person.id, text="A long message that takes several lines. " * 6)

    async with opened(served.base_url) as page:
        await page.until("document.querySelectorAll('.column .message').length === 10")
        shown = await page.evaluate(
            "[...document.querySelectorAll('.device strong')].map((name) => name.textContent)"
        )
        assert shown == ["Ana", "Bruno"]
        # The first column is alone at first, and becomes narrower and longer as the second opens.
        await page.until(
            "[...document.querySelectorAll('.scroller')].every((each) => each.scrollTop > 0"
            " && each.scrollHeight - each.scrollTop - each.clientHeight < 2)"
        )


def column(person: Person, selector: str) -> str:
    """What stands on somebody's phone, as an expression of JavaScript."""
    return f"document.querySelector('.column[data-person=\"{person.id}\"] {selector}')"


@needs_chromium
async def test_a_link_of_the_bot_is_shared_with_a_friend_who_starts_by_it(
    simulator: Simulator, served: RunningSimulator, call: Call
) -> None:
    ana = await simulator.person("Ana", language="fr", started=True)
    ben = await simulator.person(ATTACKS[1], language="en")
    share = "https://t.me/share/url?url=https%3A//t.me/test_bot%3Fstart%3Dr_ana&text=Viens%20%21"
    keyboard = {"inline_keyboard": [[{"text": "Inviter un proche", "url": share}]]}
    await call("sendMessage", chat_id=ana.id, text="Merci !", reply_markup=keyboard)

    async with opened(f"{served.base_url}/?open={ana.id},{ben.id}&lang=fr") as page:
        await page.until(column(ana, ".message .key"))
        await page.evaluate(column(ana, ".key") + ".click()")
        await page.until(column(ana, ".friend"))
        assert await page.evaluate(column(ana, ".sheet h3") + ".textContent") == "Envoyer à…"
        assert await page.evaluate(f"document.activeElement === {column(ana, '.picker input')}")
        await page.evaluate(column(ana, ".friend") + ".click()")
        # On the friend's phone a banner appears; behind it the link, and behind that the bot with a large button.
        await page.until(f"!{column(ben, '.banner')}.hidden")
        await page.evaluate(column(ben, ".banner") + ".click()")
        await page.until(column(ben, ".theirs .text a"))
        assert (
            await page.evaluate(column(ben, ".theirs .text") + ".textContent")
            == "https://t.me/test_bot?start=r_ana\nViens !"
        )
        await page.evaluate(column(ben, ".theirs .text a") + ".click()")
        await page.until(column(ben, ".start button"))
        assert await page.evaluate(column(ben, ".start button") + ".textContent") == "Start"
        assert await page.evaluate(
            column(ben, ".start input") + " === null"
        )  # the payload is for who develops
        await page.evaluate(column(ben, ".start button") + ".click()")
        await page.until(column(ben, ".mine .text"))
        assert await page.evaluate(column(ben, ".mine .text") + ".textContent") == "/start"
        (update,) = (await call("getUpdates"))["result"]
        assert update["message"]["text"] == "/start r_ana"
        assert await page.evaluate(column(ben, ".ticks.seen") + " === null")
        await call("getUpdates", offset=update["update_id"] + 1)
        await page.until(column(ben, ".ticks.seen"))
        # Both chats stand on the phone, behind the arrow.
        await page.evaluate(column(ben, ".back") + ".click()")
        names = f"[...document.querySelectorAll('.column[data-person=\"{ben.id}\"] .chat-row strong')]"
        await page.until(f"{names}.length === 2")
        assert await page.evaluate(f"{names}.map((name) => name.textContent)") == ["Test bot", "Ana"]
        assert await page.evaluate("window.attacked === undefined")
        assert page.complaints == []


@needs_chromium
async def test_the_words_are_those_of_whoever_holds_the_phone(
    simulator: Simulator, served: RunningSimulator, call: Call
) -> None:
    ana = await simulator.person("Ana", language="fr", started=True)
    ben = await simulator.person("Ben", language="en", started=True)
    commands = [{"command": "menu", "description": "what I can do"}]
    await call("setMyCommands", commands=commands)
    for person in (ana, ben):
        await call("sendMessage", chat_id=person.id, text="Try /menu")

    async with opened(f"{served.base_url}/?open={ana.id},{ben.id}&lang=en", width=1280) as page:
        await page.until(column(ben, ".message") + " && " + column(ana, ".message"))
        fields = "[...document.querySelectorAll('.column textarea')].map((field) => field.ariaLabel)"
        assert await page.evaluate(fields) == ["Message", "Message"]
        menus = "[...document.querySelectorAll('.menu-button')].map((button) => button.title)"
        assert await page.evaluate(menus) == ["Commandes", "Commands"]
        assert await page.evaluate("document.documentElement.lang") == "en"
        assert await page.evaluate(column(ana, ".screen") + ".lang") == "fr"
        # A command in a text is a link that sends; the button opens the list of them, for the keyboard too.
        await page.evaluate(column(ben, ".text .command") + ".click()")
        await page.until(column(ben, ".mine .text"))
        await page.evaluate(column(ana, ".menu-button") + ".click()")
        await page.until(f"document.activeElement === {column(ana, '.composer .menu-item')}")
        await page.evaluate(column(ana, ".composer .menu-item") + ".click()")
        await page.until(column(ana, ".mine .text"))
        texts = [update["message"]["text"] for update in (await call("getUpdates"))["result"]]
        assert texts == ["/menu", "/menu"]
        # The field grows with what is written, without a scrollbar.
        grown = column(ana, "textarea")
        await page.evaluate(f"{grown}.value = 'line\\n'.repeat(3), {grown}.dispatchEvent(new Event('input'))")
        assert await page.evaluate(
            f"{grown}.clientHeight > 80 && {grown}.scrollHeight <= {grown}.clientHeight"
        )
        assert page.complaints == []


@needs_chromium
async def test_unread_messages_are_counted_and_an_alert_is_a_dialog_on_the_phone(
    simulator: Simulator, served: RunningSimulator, call: Call
) -> None:
    ana = await simulator.person("Ana", language="en", started=True)
    ben = await simulator.person("Ben", language="en", started=True)
    for text in ("One", "Two"):
        await call("sendMessage", chat_id=ben.id, text=text)
    keyboard = {"inline_keyboard": [[{"text": "Ask", "callback_data": "a"}]]}
    await call("sendMessage", chat_id=ana.id, text="?", reply_markup=keyboard)

    async with opened(f"{served.base_url}/?open={ana.id}&lang=en") as page:
        badges = "[...document.querySelectorAll('.person .unread')].map((badge) => badge.ariaLabel).join()"
        await page.until(f"{badges} === '2 unread messages'")
        await page.until(column(ana, ".key"))
        await page.evaluate(column(ana, ".key") + ".click()")
        (update,) = (await call("getUpdates", timeout=5))["result"]
        query = update["callback_query"]["id"]
        await call("answerCallbackQuery", callback_query_id=query, text=ATTACKS[0], show_alert=True)
        await page.until(column(ana, ".sheet[role=dialog]"))
        assert await page.evaluate(column(ana, ".sheet p") + ".textContent") == ATTACKS[0]
        assert await page.evaluate(column(ana, ".view") + ".inert")
        escape = "new KeyboardEvent('keydown', { key: 'Escape', bubbles: true })"
        await page.evaluate(f"document.activeElement.dispatchEvent({escape})")
        await page.until(f"!{column(ana, '.sheet')} && !{column(ana, '.view')}.inert")
        # Ben's phone is opened: what waited there is read.
        await page.evaluate("document.querySelectorAll('.person')[1].click()")
        await page.until(f"{badges} === ''")
        assert page.complaints == []


@needs_chromium
@pytest.mark.parametrize("served", [{"local_apps": True}], indirect=True)
async def test_a_mini_app_opens_in_a_panel_and_one_from_elsewhere_does_not(
    simulator: Simulator, served: RunningSimulator, call: Call
) -> None:
    ana = await simulator.person("Ana", language="en", started=True)
    # The page of another of these servers stands for the app; only its address counts here.
    async with running() as elsewhere:
        app = f"{elsewhere.base_url}/app"
        for label, url in (("Near", app), ("Far", "https://elsewhere.example/")):
            keyboard = {"inline_keyboard": [[{"text": label, "web_app": {"url": url}}]]}
            await call("sendMessage", chat_id=ana.id, text="An app", reply_markup=keyboard)
        async with opened(f"{served.base_url}/?open={ana.id}&lang=en") as page:
            await page.until("document.querySelectorAll('.message .key').length === 2")
            await page.evaluate("document.querySelectorAll('.message .key')[1].click()")
            await page.until("document.querySelector('.sheet.box p')")
            refusal = await page.evaluate("document.querySelector('.sheet.box p').textContent")
            assert refusal == "This local Telegram opens no outside address: https://elsewhere.example/"
            assert await page.evaluate("document.querySelector('iframe') === null")
            await page.evaluate("document.querySelector('.sheet .plain').click()")
            await page.evaluate("document.querySelectorAll('.message .key')[0].click()")
            await page.until("document.querySelector('.sheet.panel iframe')")
            source = await page.evaluate("document.querySelector('iframe').src")
            assert source.startswith(f"{app}#tgWebAppData=query_id%3D")


@needs_chromium
async def test_a_phone_shows_one_screen_and_no_page_asks_for_anything_outside(
    simulator: Simulator, served: RunningSimulator, call: Call
) -> None:
    ana = await simulator.person("Ana", last_name="Durand", language="fr", started=True)
    await call("sendMessage", chat_id=ana.id, text="https://example.org/page")
    async with opened(f"{served.base_url}/?open={ana.id}", width=390, height=844) as page:
        await page.until(column(ana, ".message"))
        assert await page.evaluate("document.querySelector('.chat-head h2').textContent") == "Test bot"
        assert await page.evaluate("document.querySelector('#owner').textContent") == "Ana Durand"
        assert await page.evaluate("document.documentElement.scrollWidth <= 390")
        # A link that leads outside is asked about first.
        await page.evaluate(column(ana, ".text a") + ".click()")
        await page.until(column(ana, ".sheet .address"))
        asked = "performance.getEntriesByType('resource').map(({ name }) => new URL(name).origin)"
        assert set(await page.evaluate(asked)) == {served.base_url}
        await page.evaluate(column(ana, ".sheet .plain") + ".click()")
        await page.evaluate(column(ana, ".back") + ".click()")
        await page.until("getComputedStyle(document.querySelector('.people')).display !== 'none'")
        assert page.complaints == []


@needs_chromium
async def test_a_message_is_answered_reacted_to_and_voted_on(
    simulator: Simulator, served: RunningSimulator, call: Call
) -> None:
    ana = await simulator.person("Ana", language="en", started=True)
    asked = await call("sendMessage", chat_id=ana.id, text="Your town?", reply_markup={"force_reply": True})
    await call("sendPoll", chat_id=ana.id, question="When?", options=["Now", "Later"])

    async with opened(f"{served.base_url}/?open={ana.id}&lang=en") as page:
        await page.until(column(ana, ".poll-option"))
        # What the bot wants answered stands above the field, and the text is its answer.
        assert await page.evaluate(column(ana, ".about-line span span") + ".textContent") == "Your town?"
        await page.evaluate(
            f"(() => {{ const field = {column(ana, 'textarea')}; field.value = 'Lyon'; "
            "field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true })); })()"
        )
        await page.until(column(ana, ".mine .reply"))
        await page.until(f"{column(ana, '.about-line')}.hidden")
        await page.evaluate(column(ana, ".poll-option + .poll-option") + ".click()")
        await page.until(column(ana, ".poll-option[aria-pressed=true]"))
        # The menu of a message opens by a button that the keyboard reaches, and closes by Escape.
        await page.evaluate(column(ana, ".message-more") + ".click()")
        await page.until(f"document.activeElement === {column(ana, '.reaction')}")
        escape = "new KeyboardEvent('keydown', { key: 'Escape', bubbles: true })"
        await page.evaluate(f"document.activeElement.dispatchEvent({escape})")
        await page.until(f"!{column(ana, '.message-menu')}")
        await page.evaluate(column(ana, ".message-more") + ".click()")
        await page.evaluate(column(ana, ".reaction") + ".click()")
        await page.until(column(ana, ".reactions"))
        assert page.complaints == []
    answer, poll = (await call("getUpdates"))["result"]
    assert answer["message"]["reply_to_message"]["message_id"] == asked["result"]["message_id"]
    assert [option["voter_count"] for option in poll["poll"]["options"]] == [0, 1]
