"""The Bot API over HTTP, as a bare ASGI application: thousands of messages a second take this path."""

import asyncio
import inspect
import sys
import traceback
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from simulator.common import Common
from simulator.errors import BotApiError, not_simulated
from simulator.faults import PROCESSED, Fault
from simulator.methods import METHODS, NOT_SIMULATED
from simulator.params import Params, read_params
from simulator.world import World

JSON = b"application/json"
FAULT = BotApiError(500, "Internal Server Error")
HTML_PAGE = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    b"<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


class BotApis:
    """Answers `/bot<token>/<method>` and `/file/bot<token>/<path>` of every bot."""

    def __init__(self, common: Common[World]) -> None:
        self._apis = {world.token: BotApi(world) for world in common.worlds.values()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        is_file = path.startswith("/file/")
        token, _, rest = path.removeprefix("/file").removeprefix("/bot").partition("/")
        api = self._apis.get(token)
        if is_file:
            await (_send_file(api.world, rest, send) if api else _answer_error(send, BotApiError(404, "")))
        elif api is None:
            await _answer_error(send, BotApiError(401, "invalid token specified"))
        else:
            await api.answer(rest, scope, receive, send)


class BotApi:
    """The methods of one bot."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.call_by_reply = self._call_by_reply

    async def answer(self, called: str, scope: Scope, receive: Receive, send: Send) -> None:
        """One call of the method `called`."""

        known = METHODS.get(called.lower())
        if known is None:
            await _answer_error(send, self._unknown(called))
            return
        name, _ = known
        world = self.world
        try:
            params = await read_params(scope, receive)
        except BotApiError as error:
            world.journal.errors[error.description] += 1
            await _answer_error(send, error)
            return
        fault = world.faults.strike(name.lower())
        if fault is not None:
            world.journal.faults[fault.kind] += 1
            if fault.kind not in PROCESSED:
                await _misbehave(fault, b"", receive, send)
                return
        status, body = await self._call(known, params)
        if fault is None:
            await _respond(send, status, body)
        elif fault.kind == "slow":
            await world.waiters.wait("stop", fault.seconds)
            await _respond(send, status, body)
        else:
            await _misbehave(fault, body, receive, send)

    def _unknown(self, called: str) -> BotApiError:
        """Why a method cannot be called; one that Telegram has is counted, and shown on the page."""
        name = NOT_SIMULATED.get(called.lower())
        if name is None:
            return BotApiError(404, "method not found")
        self.world.journal.not_simulated[name] += 1
        self.world.stream.tell({"type": "not_simulated", "method": name})
        return not_simulated(name)

    async def _call(self, known: tuple[str, Any], params: Params) -> tuple[int, bytes]:
        """Carry a method out: HTTP status and body."""
        name, function = known
        journal = self.world.journal
        journal.calls[name] += 1
        try:
            result = function(self.world, params)
            if inspect.isawaitable(result):
                result = await result
            body = orjson.dumps({"ok": True, "result": result})
        except BotApiError as error:
            journal.errors[error.description] += 1
            return error.code, orjson.dumps(error.answer())
        except Exception:  # a fault of ours is told, and stops nobody's updates
            return FAULT.code, orjson.dumps(self._fault(name).answer())
        return 200, body

    def _fault(self, name: str) -> BotApiError:
        """The answer to a call that this program cannot carry out, told on standard error."""
        self.world.journal.errors[FAULT.description] += 1
        print(f"{name} failed:\n{traceback.format_exc()}", file=sys.stderr)
        return FAULT

    def _call_by_reply(self, call: dict[str, Any]) -> None:
        """Carry out the call with which a bot answered a webhook post; nobody sees its result."""
        known = METHODS.get(str(call.get("method")).lower())
        if known is None:
            self._unknown(str(call.get("method")))  # counted
            return
        if inspect.iscoroutinefunction(known[1]):
            return
        self.world.journal.calls[known[0]] += 1
        try:
            known[1](self.world, Params(call))
        except BotApiError as error:
            self.world.journal.errors[error.description] += 1
        except Exception:  # as above
            self._fault(known[0])


async def _send_file(world: World, path: str, send: Send) -> None:
    stored = world.files.at(path)
    if stored is None:
        await _answer_error(send, BotApiError(404, ""))
        return
    await _respond(send, 200, stored.content, b"application/octet-stream")


async def _respond(
    send: Send, status: int, body: bytes, content_type: bytes = JSON, length: int = -1
) -> None:
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body) if length < 0 else length).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _answer_error(send: Send, error: BotApiError) -> None:
    await _respond(send, error.code, orjson.dumps(error.answer()))


async def _misbehave(fault: Fault, body: bytes, receive: Receive, send: Send) -> None:
    """Answer as the fault says; `body` is the true answer of a call that was processed."""
    if fault.kind in {"drop_before", "drop_after"}:
        await _drop(receive, send)
    elif fault.kind == "html":
        await _respond(send, 502, HTML_PAGE, b"text/html")
    elif fault.kind == "half_json":
        await _respond(send, 200, body[: len(body) // 2])
    else:
        await _answer_error(send, BotApiError(500, ""))


async def _drop(receive: Receive, send: Send) -> None:
    """Close the connection without a word.

    ASGI has no message for that, so this reaches for the transport of uvicorn's request cycle, which `send`
    is a method of.
    """
    transport: asyncio.Transport = send.__self__.transport  # type: ignore[attr-defined]
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
