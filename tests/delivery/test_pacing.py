"""Whose turn it is: replies first, one message a second to a chat, silence when Telegram asks for it."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
import uvloop
from structlog.testing import capture_logs

from bot.clock import MovableClock
from bot.delivery.budget import budget_for
from bot.delivery.chat_pauses import ChatPauses
from bot.delivery.outcomes import WRONG_TOKEN, Done, InDoubt, NotSent, Outcome, Rejected, in_words
from bot.delivery.pacing import Pacing

EARLY = 0.002
"""Seconds by which a pause may end before its time: uvloop counts whole milliseconds."""


def pacing_for(clock: MovableClock, rate: float | None, **options: Any) -> Pacing:
    return Pacing(budget=budget_for(rate), clock=clock, **options)


async def test_replies_leave_before_bulk(clock: MovableClock) -> None:
    pacing = pacing_for(clock, 100.0)
    order: list[str] = []

    async def post(name: str, *, bulk: bool) -> None:
        await pacing.slot(None, bulk=bulk)
        order.append(name)

    names = [("bulk", True)] * 5 + [("reply", False)] * 3
    await asyncio.gather(*(post(name, bulk=bulk) for name, bulk in names))
    assert order[:4].count("reply") == 3  # the very first slot was free when only bulk was there


async def test_a_chat_gets_one_message_at_a_time_and_holds_nobody_up(clock: MovableClock) -> None:
    pacing = pacing_for(clock, None, chat_seconds=0.15)
    loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()
    left: list[tuple[int, float]] = []

    async def post(chat: int) -> None:
        await pacing.slot(chat)
        left.append((chat, loop.time() - began))

    await asyncio.gather(*(post(chat) for chat in (1, 1, 1, 2, 3)))
    assert [chat for chat, _at in left[:3]] == [1, 2, 3]
    ones = [at for chat, at in left if chat == 1]
    assert all(later - earlier >= 0.15 - EARLY for earlier, later in itertools.pairwise(ones))


async def test_what_waits_for_one_chat_keeps_its_order(clock: MovableClock) -> None:
    """Two that waited for the same pause once left the wrong way round."""
    pacing = pacing_for(clock, None, chat_seconds=0.05)
    left: list[int] = []

    async def post(number: int) -> None:
        await pacing.slot(1, bulk=True, talk=True)
        left.append(number)

    await asyncio.gather(*(post(number) for number in range(5)))
    assert left == [0, 1, 2, 3, 4]


def test_who_waits_less_than_a_millisecond_holds_nobody_up(clock: MovableClock) -> None:
    """uvloop, by which the bot runs, gives such a timer no instant: everybody else's slot once raised meanwhile."""

    async def all_leave() -> list[float]:
        pacing = pacing_for(clock, None, chat_seconds=0.0004)
        return await asyncio.gather(*(pacing.slot(chat) for chat in (1, 1, 2, 3)))

    assert all(uvloop.run(all_leave()))


async def test_what_is_said_in_conversations_leaves_before_what_is_for_many(clock: MovableClock) -> None:
    pacing = pacing_for(clock, 100.0)
    order: list[bool] = []

    async def post(talk: bool) -> None:
        await pacing.slot(None, bulk=True, talk=talk)
        order.append(talk)

    await asyncio.gather(*(post(talk) for talk in [False] * 5 + [True] * 3))
    assert sum(order[:4]) == 3


async def test_a_pause_that_many_posts_are_told_of_is_logged_once(clock: MovableClock) -> None:
    pacing = pacing_for(clock, None)
    with capture_logs() as logs:
        for seconds in (13.0, 13.001, 13.002, 40.0):
            pacing.heed(NotSent(reason="Too Many Requests", retry_after=seconds))
    assert [entry["seconds"] for entry in logs if entry["event"] == "sending_paused"] == [13.0, 40.0]


def test_a_group_gets_twenty_a_minute() -> None:
    chats, now, times = ChatPauses(1.0), 0.0, []
    for _ in range(45):
        now = max(now, chats.ready_at(-100, now))
        chats.wrote(-100, now)
        times.append(now)
    for index, moment in enumerate(times):
        assert sum(moment <= other < moment + 60.0 for other in times[index:]) <= 20


def test_chats_are_forgotten() -> None:
    chats = ChatPauses(1.0)
    for number in range(10_000):
        chats.wrote(number, number * 0.01)
    assert len(chats._ready) <= 101


async def test_retry_after_stops_everything_and_is_shown(clock: MovableClock) -> None:
    pacing = pacing_for(clock, None)
    waiting = asyncio.create_task(pacing.slot(None, bulk=True))
    assert await waiting
    pacing.heed(NotSent(reason="Too Many Requests: retry after 60", retry_after=60.0))
    assert pacing.blocked_until is not None
    assert 59 < (pacing.blocked_until - clock.now()).total_seconds() <= 60
    assert pacing.asked_until is not None
    assert "Too Many" in pacing.blocked_by
    assert not await pacing.slot(None, bulk=True)  # bulk goes back to the queue
    reply = asyncio.create_task(pacing.slot(None))
    pacing.heed(Done(result=True))  # another request that succeeds does not end the silence
    await asyncio.sleep(0)
    assert not reply.done()
    reply.cancel()


async def test_a_short_silence_is_no_news(clock: MovableClock) -> None:
    pacing = pacing_for(clock, None)
    pacing.heed(NotSent(reason="Too Many Requests: retry after 9", retry_after=9.0))
    assert pacing.blocked_until is not None
    assert pacing.asked_until is None


async def test_bulk_that_waits_is_sent_back_by_a_pause(clock: MovableClock) -> None:
    pacing = pacing_for(clock, 1.0)
    assert await pacing.slot(None, bulk=True)
    waiting = asyncio.create_task(pacing.slot(None, bulk=True))
    await asyncio.sleep(0)
    pacing.heed(NotSent(reason="slow down", retry_after=30.0))
    assert not await waiting


async def test_silence_ends(clock: MovableClock) -> None:
    pacing = pacing_for(clock, 1000.0)
    loop = asyncio.get_running_loop()
    began = loop.time()
    pacing.heed(NotSent(reason="slow down", retry_after=0.1))
    assert await pacing.slot(None)
    assert loop.time() - began >= 0.1 - EARLY
    assert pacing.blocked_until is None
    assert pacing.blocked_by == ""


async def test_an_outage_backs_off_further_each_time_and_once_for_all(
    clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.pacing.OUTAGE_FIRST_SECONDS", 0.02)
    pacing = pacing_for(clock, None)
    loop = asyncio.get_running_loop()
    pauses = []
    for _ in range(3):
        began = loop.time()
        for _together in range(10):
            pacing.heed(NotSent(reason="ClientConnectorError"))
        await pacing.slot(None)
        pauses.append(loop.time() - began)
    assert pauses[0] >= 0.02 - EARLY
    assert pauses[1] >= 0.04 - EARLY
    assert pauses[2] >= 0.08 - EARLY
    pacing.heed(Done(result=True))
    pacing.heed(NotSent(reason=WRONG_TOKEN))
    assert pacing.blocked_until is not None
    assert (pacing.blocked_until - clock.now()).total_seconds() <= 0.02


async def test_processes_share_one_budget(postgresql_database: Any, clock: MovableClock) -> None:
    rate, seconds = 100.0, 2.5
    loop = asyncio.get_running_loop()
    left: list[float] = []
    pacings = [Pacing(budget=budget_for(rate, postgresql_database), clock=clock) for _ in range(3)]

    async def post_all(pacing: Pacing) -> None:
        while await pacing.slot(None, bulk=True):
            left.append(loop.time())

    tasks = [asyncio.create_task(pacing.run()) for pacing in pacings]
    tasks += [asyncio.create_task(post_all(pacing)) for pacing in pacings for _ in range(8)]
    await asyncio.wait(tasks, timeout=seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    fullest = max(sum(at <= other < at + 1.0 for other in left[index:]) for index, at in enumerate(left))
    assert fullest <= rate
    assert len(left) > rate  # they got on, each of them


async def test_a_process_that_must_wait_makes_the_others_wait(
    postgresql_database: Any, clock: MovableClock
) -> None:
    told, other = (Pacing(budget=budget_for(50.0, postgresql_database), clock=clock) for _ in range(2))
    tasks = [asyncio.create_task(pacing.run()) for pacing in (told, other)]
    assert await told.slot(None)
    told.heed(NotSent(reason="slow down", retry_after=60.0))
    async with asyncio.timeout(5):
        while await other.slot(None, bulk=True):  # noqa: ASYNC110 - the news comes through the database
            await asyncio.sleep(0.01)
    assert other.blocked_until is not None
    assert (other.blocked_until - clock.now()).total_seconds() > 50
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_server_that_gives_no_answer_gets_one_post_at_a_time(
    clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many wait: each of them would be one more in doubt."""
    monkeypatch.setattr("bot.delivery.pacing.OUTAGE_FIRST_SECONDS", 0.01)
    monkeypatch.setattr("bot.delivery.pacing.OUTAGE_LONGEST_SECONDS", 0.02)
    pacing = pacing_for(clock, None)
    silent = InDoubt(reason="unreadable answer (HTTP 502)")
    for _ in range(4):
        assert await pacing.slot(None, bulk=True)
        pacing.heed(silent)
    assert pacing.blocked_until is None  # a few broken lines say nothing of the server
    assert await pacing.slot(None, bulk=True)
    pacing.heed(silent)
    assert "not from a Bot API server" in pacing._blocked_by  # it is shown for 10 ms
    for _ in range(3):
        waiting = [asyncio.create_task(pacing.slot(None)) for _ in range(20)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert sum(task.done() for task in waiting) == 1
        await asyncio.sleep(0.05)
        assert sum(task.done() for task in waiting) == 1  # the one is still on its way
        pacing.heed(silent)
        for task in waiting:
            task.cancel()
    waiting = [asyncio.create_task(pacing.slot(None)) for _ in range(20)]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    pacing.heed(Done(result=True))  # an answer: everything flows again
    assert all(await asyncio.gather(*waiting))


async def test_a_post_that_never_ends_does_not_stop_the_others_for_ever(
    clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.pacing.OUTAGE_FIRST_SECONDS", 0.01)
    monkeypatch.setattr("bot.delivery.pacing.PROBE_SECONDS", 0.02)
    pacing = pacing_for(clock, None)
    for _ in range(5):
        pacing.heed(InDoubt(reason="TimeoutError"))
    assert await pacing.slot(None)
    assert await asyncio.wait_for(pacing.slot(None), 5)


async def test_a_slot_that_was_not_used_is_not_waited_for(
    clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.pacing.OUTAGE_FIRST_SECONDS", 0.01)
    pacing = pacing_for(clock, None)
    for _ in range(5):
        pacing.heed(InDoubt(reason="TimeoutError"))
    assert await pacing.slot(None)
    waiting = asyncio.create_task(pacing.slot(None, bulk=True))
    await asyncio.sleep(0)
    assert not waiting.done()
    pacing.unused()  # its message was too late
    assert await asyncio.wait_for(waiting, 5)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (NotSent(reason="wrong token"), "check PORTEVOIX_TOKEN"),
        (NotSent(reason="Too Many Requests", retry_after=7.0), "asks us to wait 7 s"),
        (NotSent(reason="ClientConnectorError"), "cannot be reached (ClientConnectorError)"),
        (NotSent(reason="SSLCertVerificationError"), "that ca-certificates is installed"),
        (NotSent(reason="ClientConnectorCertificateError"), "that ca-certificates is installed"),
        (
            InDoubt(reason="unreadable answer (HTTP 200)"),
            "a gateway in between, or a wrong PORTEVOIX_API_BASE",
        ),
        (InDoubt(reason="HTTP 500"), "the server fails (HTTP 500)"),
        (InDoubt(reason="TimeoutError"), "the server is silent"),
        (InDoubt(reason="SocketTimeoutError"), "the server is silent"),
        (InDoubt(reason="ServerDisconnectedError"), "the connection broke before the answer"),
        (Rejected(code=400, description="Bad Request: no"), "Telegram refuses: 400 Bad Request: no"),
    ],
)
def test_each_failure_is_told_in_words(outcome: Outcome, words: str) -> None:
    assert words in in_words(outcome)


async def test_an_answer_that_cannot_leave_waits_also_in_a_pause_of_messages(clock: MovableClock) -> None:
    """Else it would be tried again without a breath until the pause is over."""
    pacing = pacing_for(clock, None)
    pacing.heed(NotSent(reason="Too Many Requests", retry_after=60.0))
    await asyncio.wait_for(pacing.unpaced(), 1)  # it has no part in that pause
    pacing.heed(NotSent(reason="ClientConnectorError"), paced=False)
    waiting = asyncio.create_task(pacing.unpaced())
    done, _open = await asyncio.wait([waiting], timeout=0.05)
    assert not done
    await waiting
