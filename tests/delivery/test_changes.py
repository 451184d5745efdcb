"""Taps faster than Telegram lets a bot edit: each counts at once, and each screen shows the last answer in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from bot.delivery.calls import Attachment, Call
from bot.delivery.outcomes import NotSent, Outcome
from bot.delivery.pacing import Pacing
from db import updates
from tests.delivery.updating import effects, give, states

PEOPLE, TAPS_OF_EACH = 20, 10


def edit(chat: int, number: int, text: str) -> Call:
    return Call(method="editMessageText", payload={"chat_id": chat, "message_id": number, "text": text})


def buttons(chat: int, number: int, *labels: str) -> Call:
    payload = {"chat_id": chat, "message_id": number, "reply_markup": {"inline_keyboard": [[*labels]]}}
    return Call(method="editMessageReplyMarkup", payload=payload)


def tapped(helpers: Any, *, message: int = 7) -> Any:
    """The replies to a tap: its toast, and the message as it is to be."""

    def replies(update: dict[str, Any]) -> list[Call]:
        number = update["update_id"]
        toast = Call(method="answerCallbackQuery", payload={"callback_query_id": str(number)})
        return [toast, edit(helpers.chat_id(update), message, str(number))]

    return replies


async def overtake(bench: Any, helpers: Any, engine: Any) -> None:
    """A first text is on its way, a second one waits, and buttons that came after it are set on that one."""
    bench.telegram.open.clear()
    made = {1: edit(1, 7, "first"), 2: edit(1, 7, "second"), 3: buttons(1, 7, "b")}
    bench.app.replies = lambda update: [made[update["update_id"]]]
    await give(engine, helpers.message(1, 1))
    await helpers.until(lambda: bench.telegram.in_flight == 1)
    await give(engine, helpers.message(2, 1), helpers.message(3, 1))
    await helpers.until(lambda: engine.replies["passed_over"] == 1)


def changes(bench: Any) -> list[tuple[int, int, str]]:
    """Chat, message and text of each edit, as they came."""
    return [
        (payload["chat_id"], payload["message_id"], payload["text"])
        for method, payload in bench.telegram.arrived
        if method == "editMessageText"
    ]


def toasts(bench: Any) -> list[str]:
    return [
        payload["callback_query_id"]
        for method, payload in bench.telegram.arrived
        if method == "answerCallbackQuery"
    ]


async def test_every_tap_counts_at_once_and_the_last_answer_is_shown(bench: Any, helpers: Any) -> None:
    """One edit in ten seconds may leave: thousands of times fewer than there are taps."""
    bench.app.replies = tapped(helpers)
    given = [helpers.message(1 + number, 1 + number % PEOPLE) for number in range(PEOPLE * TAPS_OF_EACH)]
    last = {helpers.chat_id(update): str(update["update_id"]) for update in given}
    async with bench.running(rate=0.1) as engine:
        await give(engine, *given)
        await helpers.until(lambda: len(toasts(bench)) == len(given), 60)
        assert await effects(bench) == [update["update_id"] for update in given]
        assert len(changes(bench)) < PEOPLE
        engine.stop()
    async with bench.running() as engine:
        await bench.idle(engine)
    assert len(set(toasts(bench))) == len(given)
    assert (
        len(toasts(bench)) <= len(given) + PEOPLE
    )  # a toast may be shown again after a start, with its screen
    shown = {chat: text for chat, _number, text in changes(bench)}
    assert shown == last
    assert len(changes(bench)) <= 2 * PEOPLE + 4
    assert set((await states(bench)).values()) == {"done"}


async def test_the_newest_is_shown_first(bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.delivery.latest.PARALLEL", 1)
    bench.telegram.open.clear()
    bench.app.replies = lambda update: [edit(helpers.chat_id(update), update["update_id"], "new")]
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 1))
        await helpers.until(lambda: bench.telegram.in_flight == 1)
        await give(engine, *(helpers.message(number, 1) for number in range(2, 7)))
        await helpers.until(lambda: engine._replies.leaving == 6)
        bench.telegram.open.set()
        await bench.idle(engine)
    assert [number for _chat, number, _text in changes(bench)] == [1, 6, 5, 4, 3, 2]


async def test_a_message_has_one_change_on_its_way(bench: Any, helpers: Any) -> None:
    bench.telegram.open.clear()
    bench.app.replies = lambda update: [edit(1, 7, str(update["update_id"]))]
    async with bench.running() as engine:
        await give(engine, *(helpers.message(number, 1) for number in range(1, 9)))
        await helpers.until(lambda: engine.replies["passed_over"] >= 6)
        assert bench.telegram.most_in_flight == 1
        bench.telegram.open.set()
        await bench.idle(engine)
    assert [text for _chat, _number, text in changes(bench)] == ["1", "8"]
    assert bench.telegram.most_in_flight == 1


async def test_buttons_alone_are_set_on_the_state_that_they_overtake(bench: Any, helpers: Any) -> None:
    """The text that waits for its turn is shown with them, and nothing brings the old ones back."""
    async with bench.running() as engine:
        await overtake(bench, helpers, engine)
        bench.telegram.open.set()
        await bench.idle(engine)
    (_, _), (method, shown) = bench.telegram.arrived
    assert (method, shown["text"], shown["reply_markup"]) == (
        "editMessageText",
        "second",
        {"inline_keyboard": [["b"]]},
    )


async def test_who_is_about_to_get_a_message_is_handled_after_it(bench: Any, helpers: Any) -> None:
    """What is new in a chat may change what is meant; what only changes there holds nobody back."""
    bench.telegram.open.clear()

    def replies(update: dict[str, Any]) -> list[Call]:
        chat = helpers.chat_id(update)
        return [helpers.say(chat, "new") if chat == 1 else edit(chat, 7, "changed")]

    bench.app.replies = replies
    async with bench.running() as engine:
        await give(
            engine, *(helpers.message(2 * number + chat, chat) for number in (1, 2) for chat in (1, 2))
        )
        await helpers.until(lambda: bench.telegram.in_flight == 2)
        await helpers.until(lambda: engine._replies.leaving == 3)
        assert await effects(bench) == [3, 4, 6]
        bench.telegram.open.set()
        await bench.idle(engine)
    assert await effects(bench) == [3, 4, 5, 6]


async def test_a_toast_obeys_its_own_pause_and_no_other(bench: Any, helpers: Any) -> None:
    asked: list[str] = []

    def judge(method: str, payload: Mapping[str, Any]) -> Outcome | None:
        asked.append(method)
        if method == "editMessageText" or asked.count(method) == 2:
            return NotSent(reason="Too Many Requests", retry_after=0.3)
        return None

    bench.telegram.judge = judge
    bench.app.replies = tapped(helpers)
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 1))
        await helpers.until(lambda: engine.pacing.blocked_until is not None)
        await give(engine, helpers.message(2, 2))  # its toast is asked to wait, during that pause
        await helpers.until(lambda: asked.count("answerCallbackQuery") == 2)
        bench.telegram.judge = lambda _method, _payload: None
        await bench.idle(engine)
    assert toasts(bench) == ["1", "2"]
    assert sorted(changes(bench)) == [(1, 7, "1"), (2, 7, "2")]


async def test_no_crash_brings_back_what_a_message_showed_before(bench: Any, helpers: Any) -> None:
    """An update that changed a message waits for something else: a newer one is not forgotten before it."""
    made = asyncio.Event()

    async def produce(_arguments: Mapping[str, Any]) -> Attachment:
        await made.wait()
        return Attachment(field="document", name="a.csv", content=b"a")

    bench.producers["file"] = produce
    file = Call(method="sendDocument", payload={"chat_id": 1}, produce="file")
    replies = {1: [edit(1, 7, "old"), file], 2: [edit(1, 7, "new")]}
    bench.app.replies = lambda update: replies[update["update_id"]]
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 1))
        await helpers.until(lambda: changes(bench))
        await give(engine, helpers.message(2, 2))  # somebody else of the team, say
        await helpers.until(lambda: len(changes(bench)) == 2)
        assert await states(bench) == {1: "answered", 2: "answered"}
        made.set()
        await bench.idle(engine)
    assert changes(bench) == [(1, 7, "old"), (1, 7, "new")]
    assert await states(bench) == {1: "done", 2: "done"}


async def test_a_crash_shows_the_last_state_again(bench: Any, helpers: Any) -> None:
    """What another process had on its way may have left: a state and a toast are shown again, a message is not."""
    toast = Call(method="answerCallbackQuery", payload={"callback_query_id": "1"})
    said = helpers.say(1, "said")
    async with bench.database.write() as tx:
        for number, calls, begun in ((1, [edit(1, 7, "old"), toast, said], 3), (2, [edit(1, 7, "new")], 0)):
            body = orjson.dumps(helpers.message(number, 1))
            await updates.store(tx, [updates.Received(update_id=number, chat=1, body=body)], helpers.start)
            kept = [call.to_json() for call in calls]
            await updates.answer(tx, [updates.AnsweredUpdate(update_id=number, chat=1, replies=kept)], "dead")
            await updates.begin(tx, [(number, begun)], "dead")
    async with bench.running() as engine:
        await bench.idle(engine)
    assert changes(bench) == [(1, 7, "new")]
    assert sorted(method for method, _ in bench.telegram.arrived) == [
        "answerCallbackQuery",
        "editMessageText",
    ]
    assert await states(bench) == {1: "done", 2: "done"}


async def test_a_text_that_buttons_were_set_on_is_shown_after_a_stop(bench: Any, helpers: Any) -> None:
    """It stands in the older update's row alone, which is not forgotten before."""
    async with bench.running() as engine:
        await overtake(bench, helpers, engine)
        engine._replies._edits[False].stop()
        bench.telegram.open.set()
    assert [text for _chat, _number, text in changes(bench)] == ["first"]
    async with bench.running() as engine:
        await bench.idle(engine)
    _method, shown = bench.telegram.arrived[-1]
    assert (shown["text"], shown["reply_markup"]) == ("second", {"inline_keyboard": [["b"]]})
    assert set((await states(bench)).values()) == {"done"}


async def test_a_message_has_one_next_state_whoever_it_is_for(bench: Any, helpers: Any) -> None:
    """Somebody signs up on the message that they tap: a stranger when it is changed, and known when it is again."""
    bench.telegram.open.clear()
    bench.app.replies = lambda update: [edit(1_001, 7, str(update["update_id"]))]
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 1_001))
        await helpers.until(lambda: bench.telegram.in_flight == 1)
        await give(engine, helpers.message(2, 1_001))
        await helpers.until(lambda: engine._replies.leaving == 2)
        await helpers.add_people(bench.database, 1)
        await give(engine, helpers.message(3, 1_001))
        await helpers.until(lambda: engine.replies["passed_over"] == 1)
        bench.telegram.open.set()
        await bench.idle(engine)
    assert [text for _chat, _number, text in changes(bench)] == ["1", "3"]
    assert bench.telegram.most_in_flight == 1


async def test_a_chat_whose_new_message_has_left_waits_for_no_change(
    bench: Any, helpers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot, gate = Pacing.slot, asyncio.Event()

    async def gated(pacing: Pacing, *given: Any, edit: bool = False, **named: Any) -> bool:
        if edit:
            await gate.wait()
        return await slot(pacing, *given, edit=edit, **named)

    monkeypatch.setattr(Pacing, "slot", gated)
    await helpers.add_people(bench.database, 1)
    bench.app.replies = lambda update: [helpers.say(1_001, "new"), edit(1_001, 7, str(update["update_id"]))]
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 1_001), helpers.message(2, 1_001))
        await helpers.until(lambda: len(bench.telegram.texts(1_001)) == 2)
        assert await effects(bench) == [1, 2]
        assert changes(bench) == []
        gate.set()
        await bench.idle(engine)
    assert changes(bench) == [(1_001, 7, "2")]
    assert set((await states(bench)).values()) == {"done"}


async def test_a_thousand_that_wait_for_each_other_end(bench: Any, helpers: Any) -> None:
    """All change one message, the first of which is on its way for long."""
    bench.telegram.open.clear()
    bench.app.replies = lambda update: [edit(1, 7, str(update["update_id"]))]
    async with bench.running() as engine:
        await give(engine, helpers.message(1, 1))
        await helpers.until(lambda: bench.telegram.in_flight == 1)
        await give(engine, *(helpers.message(number, number) for number in range(2, 1_202)))
        await helpers.until(lambda: engine.replies["passed_over"] == 1_199, 60)
        bench.telegram.open.set()
        await bench.idle(engine)
    assert [text for _chat, _number, text in changes(bench)] == ["1", "1201"]
    assert set((await states(bench)).values()) == {"done"}


async def test_who_taps_does_not_wait_for_what_is_new_in_the_chat(bench: Any, helpers: Any) -> None:
    """A first yes asks something more, for which the rate has no room yet. What is typed may be meant as an answer."""
    bench.telegram.open.clear()
    async with bench.running() as engine:
        await give(engine, helpers.tap(1, 1))
        await helpers.until(lambda: bench.telegram.in_flight == 1)
        await give(engine, helpers.tap(2, 1))
        await helpers.until(lambda: engine._replies.leaving == 2)
        await give(engine, helpers.message(3, 1), helpers.tap(4, 1), helpers.tap(5, 2))
        await helpers.until(lambda: engine._replies.leaving == 3)
        assert await effects(bench) == [1, 2, 5]
        bench.telegram.open.set()
        await bench.idle(engine)
    assert await effects(bench) == [1, 2, 3, 4, 5]
    assert len(bench.telegram.texts(1)) == 4


async def test_nobody_fills_the_line_with_taps_that_are_answered_below(bench: Any, helpers: Any) -> None:
    bench.telegram.open.clear()
    async with bench.running() as engine:
        await give(engine, *(helpers.tap(number, 1) for number in range(1, 20)))
        await helpers.until(lambda: engine._replies.leaving == 4)
        await give(engine, helpers.tap(20, 2))
        await helpers.until(lambda: engine._replies.leaving == 5)
        assert await effects(bench) == [1, 2, 3, 4, 20]
        bench.telegram.open.set()
        await bench.idle(engine)
    assert await effects(bench) == [*range(1, 21)]
