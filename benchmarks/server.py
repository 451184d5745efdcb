"""The smallest Bot API server: answers every call, as fast as Python can, and remembers who got what.

It is the peer of the benchmarks (it must answer three times as fast as any contender asks) and, with
faults, of the crash test: whatever reached it counts as received, also when the answer was lost.
Run by itself it serves until killed: `python -m benchmarks.server --port 0` prints its port.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    b'{"ok":true,"result":{"message_id":%d,"date":1479286800,"chat":{"id":1,"type":"private"}}}'
)
GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
ME = {"id": 1, "is_bot": True, "first_name": "Benchmark", "username": "benchmark_bot"}
ANSWER_OVERHEAD = len(ANSWER.split(b"\r\n\r\n")[1]) - 2


@dataclass(kw_only=True)
class Faults:
    """The probability of each fault, from 0 to 1, for every call but getUpdates.

    drop_before: closed before it was received; drop_after: received, then closed without an answer;
    error: 500 after it was received; error_before: 500 and not received; limit: 429; slow: answered
    `slow_seconds` late; gateway, gateway_before: 502 with a page of HTML, received or not.
    """

    drop_before: float = 0.0
    drop_after: float = 0.0
    error: float = 0.0
    error_before: float = 0.0
    gateway: float = 0.0
    gateway_before: float = 0.0
    limit: float = 0.0
    slow: float = 0.0
    slow_seconds: float = 0.3
    retry_after: float = 1.0


@dataclass(kw_only=True)
class Record:
    """What arrived. `doubtful` counts what no client can know about: received or not, it got no answer."""

    received: Counter[int] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    times: array[float] = field(default_factory=lambda: array("d"))
    doubtful: int = 0
    open: int = 0
    most_open: int = 0


class Server:
    """One listening server. `record_bodies` parses each body to know its chat; a benchmark does without.

    `watch` is told of every call that arrives: its method and its body.
    """

    def __init__(
        self,
        *,
        faults: Faults | None = None,
        record_bodies: bool = False,
        watch: Callable[[str, bytes], None] | None = None,
        seed: int = 1,
    ) -> None:
        self.watch = watch
        self.record = Record()
        self.faults = faults
        self.record_bodies = record_bodies
        self.updates: deque[dict[str, Any]] = deque()
        self.updates_changed = asyncio.Event()
        self.random = random.Random(seed)
        self.tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.connections: set[asyncio.Transport] = set()

    async def start(self, port: int = 0) -> int:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", port)
        number: int = self._server.sockets[0].getsockname()[1]
        return number

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for transport in list(self.connections):
            transport.abort()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def add_updates(self, updates: list[dict[str, Any]]) -> None:
        self.updates.extend(updates)
        self.updates_changed.set()


class _Connection(asyncio.Protocol):
    def __init__(self, server: Server) -> None:
        self._server = server
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment]  # uvloop's own class
        self._server.connections.add(self._transport)

    def connection_lost(self, _error: Exception | None) -> None:
        self._server.connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            size = _content_length(head)
            if len(self._buffer) < end + 4 + size:
                return
            body = self._buffer[end + 4 : end + 4 + size]
            self._buffer = self._buffer[end + 4 + size :]
            self._handle(head, body)

    def _handle(self, head: bytes, body: bytes) -> None:
        server = self._server
        line = head[: head.find(b"\r\n")]
        if line.startswith(b"GET /record"):
            self._answer_json({"times": list(server.record.times), "methods": server.record.methods})
            return
        method = line.split(b" ", 2)[1].rsplit(b"/", 1)[1].decode()
        if method == "getUpdates":
            self._later(self._get_updates(json.loads(body)))
        elif method == "getMe":
            self._answer_json({"ok": True, "result": ME})
        elif server.faults is None:
            self._receive(method, body)
            self._answer()
        else:
            self._later(self._handle_with_faults(method, body, server.faults))

    async def _handle_with_faults(self, method: str, body: bytes, faults: Faults) -> None:
        record = self._server.record
        record.open += 1
        record.most_open = max(record.most_open, record.open)
        try:
            dice = self._server.random.random()
            if (dice := dice - faults.drop_before) < 0:
                record.doubtful += 1
                self._transport.abort()
            elif (dice := dice - faults.drop_after) < 0:
                self._receive(method, body)
                record.doubtful += 1
                self._transport.abort()
            elif (dice := dice - faults.error) < 0:
                self._receive(method, body)
                record.doubtful += 1
                self._answer_json({"ok": False, "error_code": 500, "description": "Internal"}, status=500)
            elif (dice := dice - faults.error_before) < 0:
                record.doubtful += 1
                self._answer_json({"ok": False, "error_code": 500, "description": "Internal"}, status=500)
            elif (dice := dice - faults.gateway) < 0:
                self._receive(method, body)
                record.doubtful += 1
                self._write(502, "text/html", GATEWAY)
            elif (dice := dice - faults.gateway_before) < 0:
                record.doubtful += 1
                self._write(502, "text/html", GATEWAY)
            elif (dice := dice - faults.limit) < 0:
                wait = {"retry_after": faults.retry_after}
                answer = {
                    "ok": False,
                    "error_code": 429,
                    "description": "Too Many Requests",
                    "parameters": wait,
                }
                self._answer_json(answer, status=429)
            else:
                self._receive(method, body)
                if dice - faults.slow < 0:
                    await asyncio.sleep(faults.slow_seconds)
                self._answer()
        finally:
            record.open -= 1

    def _receive(self, method: str, body: bytes) -> None:
        record = self._server.record
        record.times.append(time.time())
        if self._server.watch is not None:
            self._server.watch(method, body)
        if self._server.record_bodies:
            record.methods[method] += 1
            if method.startswith("send"):
                record.received[json.loads(body)["chat_id"]] += 1

    async def _get_updates(self, payload: dict[str, Any]) -> None:
        server = self._server
        offset, limit = payload.get("offset", 0), payload.get("limit", 100)
        while server.updates and server.updates[0]["update_id"] < offset:
            server.updates.popleft()
        if not server.updates:
            server.updates_changed.clear()
            await asyncio.wait(
                [asyncio.ensure_future(server.updates_changed.wait())], timeout=payload["timeout"]
            )
        if self._transport.is_closing():  # whoever asked was killed
            return
        waiting = [server.updates[index] for index in range(min(limit, len(server.updates)))]
        self._answer_json({"ok": True, "result": waiting})

    def _answer(self) -> None:
        number = len(self._server.record.times)
        if self._transport.is_closing():  # whoever asked was killed while a fault took its time
            return
        self._transport.write(ANSWER % (ANSWER_OVERHEAD + len(str(number)), number))

    def _answer_json(self, answer: Any, status: int = 200) -> None:
        self._write(status, "application/json", json.dumps(answer).encode())

    def _write(self, status: int, kind: str, body: bytes) -> None:
        if self._transport.is_closing():  # whoever asked was killed
            return
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._server.tasks.add(task)
        task.add_done_callback(self._server.tasks.discard)


def _content_length(head: bytes) -> int:
    lower = head.lower()
    start = lower.find(b"content-length:")
    if start < 0:
        return 0
    end = lower.find(b"\r\n", start)
    return int(lower[start + 15 : end if end >= 0 else None])


def windows(times: list[float], seconds: float = 1.0) -> int:
    """The most arrivals in any window of `seconds`, wherever it begins."""
    times = sorted(times)
    most, first = 0, 0
    for last, moment in enumerate(times):
        while moment - times[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


async def _serve(port: int) -> None:
    server = Server()
    print(await server.start(port), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    import uvloop

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    uvloop.run(_serve(parser.parse_args().port))
