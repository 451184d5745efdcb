"""What each kind of failure is taken for: the table that decides what may be posted again."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from bot.delivery.answers import read_answer
from bot.delivery.calls import Attachment, Call
from bot.delivery.outcomes import WRONG_TOKEN, Done, InDoubt, NotSent, Rejected
from bot.delivery.transport import Transport

Answerer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answer(status: int, body: bytes, headers: str = "") -> bytes:
    return f"HTTP/1.1 {status} X\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


def refusal(code: int, description: str, **parameters: Any) -> bytes:
    content: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    if parameters:
        content["parameters"] = parameters
    return answer(code, orjson.dumps(content))


@asynccontextmanager
async def talking_to(
    answerer: Answerer, *, read_seconds: float = 5.0, connections: int = 10
) -> AsyncIterator[Transport]:
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        with suppress(ConnectionError):
            await answerer(reader, writer)
            await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    api = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        async with Transport(
            token="1:secret", api_base=api, read_seconds=read_seconds, connections=connections
        ) as transport:
            yield transport
        await asyncio.gather(*talks)


def says(content: bytes, *, close: bool = False) -> Answerer:
    async def answerer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line[16:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        )
        await reader.readexactly(length)
        writer.write(content)
        await writer.drain()
        if close:
            writer.transport.abort()
        else:
            writer.close()

    return answerer


ANSWERS = [
    # what the server says, what it is taken for
    (answer(200, b'{"ok":true,"result":{"message_id":7}}'), Done(result={"message_id": 7})),
    (refusal(429, "Too Many Requests: retry after 7", retry_after=7), "not sent 7"),
    (answer(429, b"<html>slow down", "Retry-After: 3\r\n"), "not sent 3"),
    (answer(429, b"<html>slow down"), "not sent 1"),
    (refusal(401, "Unauthorized"), NotSent(reason=WRONG_TOKEN)),
    (refusal(404, "Not Found"), NotSent(reason=WRONG_TOKEN)),
    (answer(404, b"<html>not here"), NotSent(reason=WRONG_TOKEN)),
    (
        refusal(404, "Not Found: method not found"),
        Rejected(code=404, description="Not Found: method not found"),
    ),
    (
        refusal(400, "Bad Request: chat not found"),
        Rejected(code=400, description="Bad Request: chat not found"),
    ),
    (
        # what it quotes may be what somebody wrote: it reaches logs and reasons
        refusal(400, 'Bad Request: unsupported start tag "Zénobie said "so""'),
        Rejected(code=400, description='Bad Request: unsupported start tag "…"'),
    ),
    (refusal(500, "Internal Server Error"), InDoubt(reason="HTTP 500")),
    (refusal(502, "Bad Gateway"), InDoubt(reason="HTTP 502")),
    (answer(502, b"<html>bad gateway"), InDoubt(reason="unreadable answer (HTTP 502)")),
    (answer(200, b"<html>welcome to the hotel's network"), InDoubt(reason="unreadable answer (HTTP 200)")),
    (answer(200, b'{"ok":true,"resu'), InDoubt(reason="unreadable answer (HTTP 200)")),
    (answer(200, b"[1,2]"), InDoubt(reason="unreadable answer (HTTP 200)")),
    (
        refusal(400, "Bad Request: BALANCE_TOO_LOW"),
        Rejected(code=400, description="Bad Request: BALANCE_TOO_LOW"),
    ),
    # parameters that no Bot API server gives
    (refusal(429, "Too Many Requests", retry_after=1e15), "not sent 86400"),
    (
        answer(429, b'{"ok":false,"error_code":429,"description":"x","parameters":["retry_after"]}'),
        "not sent 1",
    ),
    (
        refusal(400, "Bad Request: upgraded", migrate_to_chat_id="-100"),
        Rejected(code=400, description="Bad Request: upgraded"),
    ),
    (refusal(400, "Bad\0 Request"), Rejected(code=400, description="Bad Request")),
    (
        refusal(400, "Bad Request: upgraded", migrate_to_chat_id=2**63),
        Rejected(code=400, description="Bad Request: upgraded"),
    ),
    (answer(200, b'{"ok":true}'), InDoubt(reason="unreadable answer (HTTP 200)")),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", "in doubt"),  # half an answer
    (b"nonsense\r\n\r\n", "in doubt"),
    (b"", "in doubt"),
]


@pytest.mark.parametrize(("said", "expected"), ANSWERS)
async def test_an_answer_is_judged(said: bytes, expected: Any) -> None:
    async with talking_to(says(said)) as transport:
        outcome = await transport.post("sendMessage", {"chat_id": 1, "text": "x"})
    if expected == "in doubt":
        assert isinstance(outcome, InDoubt)
    elif isinstance(expected, str):
        assert isinstance(outcome, NotSent)
        assert outcome.retry_after == float(expected.split()[-1])
    else:
        assert outcome == expected


async def test_a_fault_of_ours_is_in_doubt_and_never_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows how far it came; and what posts must not end with it."""

    def faulty(*_given: Any) -> None:
        raise RuntimeError("what nobody foresaw")

    async with talking_to(says(answer(200, b'{"ok":true,"result":1}'))) as transport:
        monkeypatch.setattr("bot.delivery.transport.read_answer", faulty)
        assert await transport.post("sendMessage", {}) == InDoubt(reason="RuntimeError")


async def test_a_reset_is_in_doubt() -> None:
    async with talking_to(says(b"", close=True)) as transport:
        assert isinstance(await transport.post("sendMessage", {}), InDoubt)


async def test_silence_is_in_doubt() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with talking_to(silent, read_seconds=0.05) as transport:
        assert isinstance(await transport.post("sendMessage", {}), InDoubt)


async def test_a_refused_connection_did_not_leave() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # bound but not listening: refuses
        api = f"http://127.0.0.1:{free.getsockname()[1]}"
        async with Transport(token="1:x", api_base=api) as transport:
            assert isinstance(await transport.post("sendMessage", {}), NotSent)


async def test_an_unknown_host_did_not_leave() -> None:
    async with Transport(token="1:x", api_base="http://nowhere.invalid") as transport:
        assert isinstance(await transport.post("sendMessage", {}), NotSent)


async def test_a_full_pool_did_not_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.delivery.transport.CONNECT_SECONDS", 0.05)
    asked, release = asyncio.Event(), asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await release.wait()
        writer.write(answer(200, b'{"ok":true,"result":true}'))
        writer.close()

    async with talking_to(slow, connections=1) as transport:
        first = asyncio.create_task(transport.post("sendMessage", {}))
        await asked.wait()
        second = await transport.post("sendMessage", {})
        release.set()
        assert isinstance(second, NotSent)
        assert await first == Done(result=True)


async def test_files_are_uploaded_as_forms() -> None:
    seen = bytearray()

    async def collecting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while b"--\r\n" not in seen[-8:]:
            seen.extend(await reader.read(65_536))
        writer.write(answer(200, b'{"ok":true,"result":true}'))
        writer.close()

    calendar = Attachment(field="document", name="réunion.ics", content=b"BEGIN:VCALENDAR")
    call = Call(
        method="sendDocument", payload={"chat_id": 5, "reply_markup": {"a": [1]}}, attachment=calendar
    )
    async with talking_to(collecting) as transport:
        assert await transport.post(call) == Done(result=True)
    assert b"BEGIN:VCALENDAR" in seen
    assert 'filename="réunion.ics"'.encode() in seen
    assert b"Content-Type: text/calendar" in seen
    assert b'{"a":[1]}' in seen
    seen.clear()
    async with talking_to(collecting) as transport:
        file = Attachment(field="document", name="export.csv", content=b"row;" * 500_000)
        call = Call(method="sendDocument", payload={"chat_id": 5}, attachment=file)
        assert await transport.post(call) == Done(result=True)
    assert seen.count(b"row;") == 500_000


def test_a_migrated_group_tells_its_new_id() -> None:
    said = orjson.dumps(
        {
            "ok": False,
            "error_code": 400,
            "description": "Bad Request: group chat was upgraded to a supergroup chat",
            "parameters": {"migrate_to_chat_id": -1007},
        }
    )
    outcome = read_answer(400, said, {})
    assert isinstance(outcome, Rejected)
    assert outcome.migrate_to == -1007


@pytest.mark.parametrize(
    ("code", "description", "unreachable", "harmless"),
    [
        (403, "Forbidden: bot was blocked by the user", True, False),
        (403, "Forbidden: user is deactivated", True, False),
        (403, "Forbidden: bot can't initiate conversation with a user", True, False),
        (400, "Bad Request: chat not found", True, False),
        (400, "Bad Request: message is not modified: specified new message content and …", False, True),
        (
            400,
            "Bad Request: query is too old and response timeout expired or query ID is invalid",
            False,
            True,
        ),
        (400, "Bad Request: can't parse entities", False, False),
        (409, "Conflict: user not found", False, False),
    ],
)
def test_a_refusal_is_understood(code: int, description: str, unreachable: bool, harmless: bool) -> None:
    # a real server lower-cases what we print with a capital, and the other way round
    for text in (description, description.lower(), description.upper()):
        refused = Rejected(code=code, description=text)
        assert (refused.unreachable, refused.harmless) == (unreachable, harmless)


ENDLESS = {
    "body": (b"Content-Length: 1000000000000\r\n\r\n", b" " * 65_536),
    "crumbs": (b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 10_000),
    "head": (b"", b"X-Header: %s\r\n" % (b"x" * 4_000)),
    "header": (b"X-Header: ", b"x" * 65_536),
}


@pytest.mark.parametrize("attachment", [None, Attachment(field="document", name="a.csv", content=b"row;")])
@pytest.mark.parametrize("kind", ENDLESS)
async def test_an_endless_answer_is_given_up_in_doubt(kind: str, attachment: Attachment | None) -> None:
    written = 0

    async def pouring(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        beginning, piece = ENDLESS[kind]
        writer.write(b"HTTP/1.1 200 OK\r\n" + beginning)
        with suppress(ConnectionError):
            while True:
                writer.write(piece)
                await writer.drain()
                written += len(piece)
        writer.close()

    call = Call(method="sendDocument", payload={"chat_id": 5}, attachment=attachment)
    async with talking_to(pouring) as transport:
        assert isinstance(await transport.post(call), InDoubt)
    assert written < 16 * 1024 * 1024  # what the system's buffers hold is on its way


async def test_what_was_compressed_is_not_blown_up() -> None:
    """A megabyte of it would become a thousand."""
    bomb = gzip.compress(b" " * 50_000_000 + b'{"ok":true,"result":true}')
    headers = "Content-Encoding: gzip\r\n"
    file = Attachment(field="document", name="a.csv", content=b"row;")
    for call in (
        Call(method="sendMessage", payload={}),
        Call(method="sendDocument", payload={}, attachment=file),
    ):
        async with talking_to(says(answer(200, bomb, headers))) as transport:
            assert isinstance(await transport.post(call), InDoubt)


async def test_many_endless_answers_leave_small_ones_alone() -> None:
    """What all of them may hold together is bounded, and a small answer is never refused for it."""
    poured = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal poured
        if b"sendMessage" not in await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b" " * 900_000)
            poured += 1
            await reader.read(-1)
        else:
            writer.write(answer(200, b'{"ok":true,"result":true}'))
        writer.close()

    async with talking_to(talk, read_seconds=1.0, connections=60) as transport:
        pouring = [asyncio.ensure_future(transport.post("getChat")) for _ in range(40)]
        while poured < 40:  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0.01)
        assert await transport.post("sendMessage") == Done(result=True)
        given_up = [outcome for outcome in await asyncio.gather(*pouring) if "large" in outcome.reason]  # type: ignore[union-attr]  # all are in doubt
        assert len(given_up) >= 20, "The others waited in vain for their end."
        assert await transport.post("sendMessage") == Done(result=True)


async def test_a_description_is_no_longer_than_anybody_needs() -> None:
    async with talking_to(says(refusal(400, "Bad Request: " + "x" * 100_000))) as transport:
        outcome = await transport.post("sendMessage")
    assert isinstance(outcome, Rejected)
    assert len(outcome.description) == 500


async def test_half_a_pair_in_an_answer_does_not_hide_that_it_was_sent() -> None:
    """Each answer repeats the first name of whoever was written to."""
    body = b'{"ok":true,"result":{"message_id":7,"chat":{"id":5,"first_name":"\\ud83d"}}}'
    async with talking_to(says(answer(200, body))) as transport:
        outcome = await transport.post("sendMessage")
    assert outcome == Done(result={"message_id": 7, "chat": {"id": 5, "first_name": "\ufffd"}})


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            answer(200, b"{}", "Date: Wed, 16 Nov 2016 10:00:00 GMT\r\n"),
            datetime(2016, 11, 16, 10, tzinfo=UTC),
        ),
        (
            answer(502, b"<html>", "date: Wed, 16 Nov 2016 11:00:00 +0100\r\n"),
            datetime(2016, 11, 16, 10, tzinfo=UTC),
        ),
        (
            answer(200, b"{}", "Date: Wed, 16 Nov 2016 10:00:00 -0000\r\n"),
            datetime(2016, 11, 16, 10, tzinfo=UTC),
        ),
        (answer(200, b"{}", "Date: yesterday\r\n"), None),
        (answer(200, b"{}"), None),
        (b"", None),
    ],
)
async def test_the_time_of_the_server_is_told_where_it_says_it(
    said: bytes, expected: datetime | None
) -> None:
    async with talking_to(says(said, close=True)) as transport:
        assert await transport.time() == expected
