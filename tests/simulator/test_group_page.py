"""Groups, topics and several bots in the chat page, in a real browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from simulator.client import Person, Simulator
from simulator.pictures import striped_png
from simulator.server import Account, RunningSimulator
from tests.simulator.chromium import CHROMIUM, opened

Call = Callable[..., Awaitable[dict[str, Any]]]
OTHER = Account(token="67890:TEST", name="Second bot", username="second_bot")
NO_PREVIEW = {"is_disabled": True}
needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium")


def on(person: Person, selector: str) -> str:
    return f"document.querySelector('[data-person=\"{person.id}\"].column {selector}')"


def named(person: Person, selector: str, words: str) -> str:
    """The element with these words."""
    found = f"[...document.querySelectorAll('[data-person=\"{person.id}\"].column {selector}')]"
    return f"{found}.find((node) => node.textContent.includes('{words}'))"


@needs_chromium
@pytest.mark.parametrize("served", [{"others": [OTHER]}], indirect=True)
async def test_a_group_with_topics_and_two_bots(
    simulator: Simulator, served: RunningSimulator, call: Call
) -> None:
    ana = await simulator.person("Ana", language="en", started=True)
    ben = await simulator.person("Ben", language="fr", started=True)
    team = await simulator.group("Team", owner=ana, members=[ben], bots=["test_bot"], forum=True)
    await team.promote("test_bot", by=ana)
    await call("sendMessage", chat_id=team.id, text="See https://example.org/a/page")
    await ben.chat_with("second_bot").start()

    async with opened(f"{served.base_url}/?open={ana.id},{ben.id}&lang=en") as page:
        # Both bots and the group stand in the list of chats.
        await page.until(on(ana, ".back.many"))
        await page.evaluate(on(ana, ".back") + ".click()")
        await page.until(named(ana, ".chat-row", "Team"))
        rows = (
            f"[...{on(ana, '.chat-rows')}.querySelectorAll('strong')].map((n) => n.textContent).sort().join()"
        )
        assert await page.evaluate(rows) == "Second bot,Team,Test bot"
        await page.evaluate(named(ana, ".chat-row", "Team") + ".click()")
        await page.until(on(ana, ".preview"))
        assert await page.evaluate(on(ana, ".preview strong") + ".textContent") == "example.org"
        assert await page.evaluate(on(ana, ".who p") + ".textContent") == "3 members"
        assert await page.evaluate(on(ana, ".service") + ".textContent") == "Ana added Ben"
        # A topic is made, and what is written stands in it alone.
        await page.evaluate(on(ana, ".topic:last-child") + ".click()")
        await page.until(on(ana, ".asked input"))
        await page.evaluate(on(ana, ".asked input") + ".value = 'Posters'")
        await page.evaluate(on(ana, ".asked") + ".requestSubmit()")
        await page.until(named(ana, ".topic[aria-pressed=true]", "Posters"))
        topic = (await call("getUpdates"))["result"][-1]["message"]["message_thread_id"]
        await call("sendMessage", chat_id=team.id, message_thread_id=topic, text="How many?")
        await page.until(named(ana, ".message:not([hidden])", "How many?"))
        assert await page.evaluate(f"{named(ana, '.message', 'See https')}.hidden")
        await ben.within(team, topic=topic).send("Twenty")
        await page.until(named(ana, ".message .sender", "Ben"))
        # The owner closes it: Ben’s phone, in French, says so.
        await page.evaluate(on(ben, ".back") + ".click()")
        await page.until(named(ben, ".chat-row", "Team"))
        await page.evaluate(named(ben, ".chat-row", "Team") + ".click()")
        await page.evaluate(named(ben, ".topic", "Posters") + ".click()")
        await page.evaluate(on(ana, ".chat-head .round:last-of-type") + ".click()")
        await page.evaluate(named(ana, ".chat-menu .menu-item", "Close this topic") + ".click()")
        await page.until(named(ben, ".foot-note", "fermé"))
        # Who came by a link that makes them ask is let in from the menu.
        link = (await call("createChatInviteLink", chat_id=team.id, creates_join_request=True))["result"]
        cleo = await simulator.person("Cléo")
        await simulator.call("POST", f"/people/{cleo.id}/join", json={"link": link["invite_link"]})
        open_menu = on(ana, ".chat-head .round:last-of-type") + ".click()"
        let_in = named(ana, ".chat-menu:not([hidden]) .menu-item", "Let Cléo in")
        await page.until(f"({open_menu}, {let_in})")
        await page.evaluate(let_in + ".click()")
        await page.until(named(ana, ".who p", "4 members"))
        assert page.complaints == []


@needs_chromium
async def test_a_group_is_made_from_a_phone_and_left(
    simulator: Simulator, served: RunningSimulator, call: Call
) -> None:
    ana = await simulator.person("Ana", language="en", started=True)
    async with opened(f"{served.base_url}/?open={ana.id}&lang=en", width=390, height=844) as page:
        await page.until(on(ana, ".chat-head .round:last-of-type"))
        await page.evaluate(on(ana, ".chat-head .round:last-of-type") + ".click()")
        await page.evaluate(named(ana, ".menu-item", "New group") + ".click()")
        await page.until(on(ana, ".asked input"))
        await page.evaluate(on(ana, ".asked input") + ".value = 'Neighbours'")
        await page.evaluate(on(ana, ".asked") + ".requestSubmit()")
        await page.until(named(ana, ".who h2", "Neighbours"))
        await page.until(named(ana, ".service", "Ana added Test bot"))
        assert [update for update in (await call("getUpdates"))["result"] if "my_chat_member" in update]
        await page.evaluate(on(ana, ".chat-head .round:last-of-type") + ".click()")
        await page.evaluate(named(ana, ".menu-item", "Leave the group") + ".click()")
        await page.until(named(ana, ".foot .wide", "Join"))
        assert page.complaints == []


@needs_chromium
async def test_albums_spoilers_and_links_are_shown_as_telegram_does(
    simulator: Simulator, served: RunningSimulator, call: Call
) -> None:
    ana = await simulator.person("Ana", language="en", started=True)
    await ana.send_album(
        [("a.png", striped_png(1)), ("b.png", striped_png(2)), ("c.png", striped_png(3))], caption="Three"
    )
    photo = (await call("getUpdates"))["result"][0]["message"]["photo"][-1]["file_id"]
    above = {"photo": photo, "caption": "Above it", "has_spoiler": True, "show_caption_above_media": True}
    await call("sendPhoto", chat_id=ana.id, **above)
    await call("sendMessage", chat_id=ana.id, text="https://example.org/a", link_preview_options=NO_PREVIEW)
    quiz = {"question": "Q?", "options": ["No", "Yes"], "type": "quiz", "correct_option_id": 1}
    asked = (await call("sendPoll", chat_id=ana.id, explanation="So it is.", **quiz))["result"]
    await call("forwardMessage", chat_id=ana.id, from_chat_id=ana.id, message_id=asked["message_id"])
    async with opened(f"{served.base_url}/?open={ana.id}&lang=en") as page:
        await page.until(named(ana, ".note", "Forwarded from Test bot"))
        # A quiz says what was right, and why, wherever it is shown.
        await page.evaluate(on(ana, ".poll-option") + ".click()")
        await page.until("document.querySelectorAll('.poll .explained').length === 2")
        marks = "[...document.querySelectorAll('.poll-option')].map((node) => node.className).join()"
        assert await page.evaluate(marks) == ",".join(["poll-option wrong", "poll-option right"] * 2)
        assert await page.evaluate(f"{on(ana, '.album ol')}.children.length") == 3
        assert await page.evaluate(on(ana, ".album-caption") + ".textContent") == "Three"
        (first, *_) = (each.message_id for each in await ana.messages())
        await simulator.call("POST", f"/people/{ana.id}/delete", json={"message_id": first})
        await page.until(f"{on(ana, '.album-caption')} === null")
        order = f"[...{on(ana, '.theirs .bubble')}.children].map((node) => node.className).slice(0, 2).join()"
        assert await page.evaluate(order) == "text,veiled"
        await page.evaluate(on(ana, ".veil") + ".click()")
        assert await page.evaluate(f"{on(ana, '.veiled')} === null && {on(ana, '.preview')} === null")
        assert page.complaints == []
