"""Processes of `portevoix` without a second of imports each: forked from one that has imported what they run.

Each is a process of its own, with the environment, folder and files it is given: it runs what `python -m MODULE` would
run, it can be killed at any instant, and whatever it held is gone. It only does not read the modules anew. That the
program also starts from nothing is held where a start is what is tested: tests/test_cli.py, tests/demo, tests/commands,
tests/rehearsal, `scripts/newcomer`.

This module is also the process that forks, one for each worker of pytest: `python -m tests.forking DESCRIPTOR`.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, NotRequired, Protocol, TextIO, TypedDict, Unpack

from bot.communes import load
from locales import LANGUAGES, catalogue
from locales.words import all_words

ROOT = Path(__file__).parent.parent
IMPORTED = (
    *("bot.app", "bot.commands.rehearsing", "bot.commands.running", "bot.served_clock", "bot.web.app"),
    *("bot.web.server", "tests.unpaced", "apscheduler.triggers.interval", "apscheduler.schedulers.asyncio"),
    *(
        "bot.logs",
        "bot.apart.making",
        "bot.apart.pages",
        "bot.web.console.console",
        "bot.web.mini_app.mini_app",
        "bot.web.public",
    ),
    *("uvicorn.protocols.http.httptools_impl", "uvicorn.lifespan.off", "uvloop", "html.parser", "_strptime"),
)
"""What a bot that runs imports by and by, or is rehearsed, with all that these import."""
PATHS = ("PYTHONPATH", "PYTHONSAFEPATH")
STDIN, PASSED = 0, -1
"""Which of the files a process is given: it is to read the one, and is told the number of the other."""
MOST = 1 << 20
"""Bytes of a request: an environment and arguments."""


class File(Protocol):
    """What the system knows by a number."""

    def fileno(self) -> int: ...


class Given(TypedDict):
    """What a process is given: `read`, or nothing, to read; the number of what is `passed` is its last argument."""

    environment: Mapping[str, str]
    out: File
    err: File
    read: NotRequired[File]
    passed: NotRequired[File]


class Forked:
    """A process that was begun; of `asyncio.subprocess.Process` it has what tests use."""

    def __init__(self, pid: int, ending: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._task = asyncio.create_task(self._ended(ending))

    async def wait(self) -> int:
        """Its exit status, or the negative number of the signal that killed it."""
        return await asyncio.shield(self._task)

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def _ended(self, ending: socket.socket) -> int:
        with ending:
            said = await asyncio.get_running_loop().sock_recv(ending, MOST)
        self.returncode = int(said)
        return self.returncode


def begin(module: str, *arguments: str, **given: Unpack[Given]) -> Forked:
    """`python -m MODULE ARGUMENTS` in this folder."""
    pid, ending = started(module, *arguments, **given)
    ending.setblocking(False)
    return Forked(pid, ending)


def started(
    module: str,
    *arguments: str,
    environment: Mapping[str, str],
    out: File,
    err: File,
    read: File | None = None,
    passed: File | None = None,
) -> tuple[int, socket.socket]:
    """The same, where no event loop runs: its number, and what tells its exit status once it ended."""
    given = {STDIN: read, 1: out, 2: err, PASSED: passed}
    files = {number: file.fileno() for number, file in given.items() if file is not None}
    request = {
        "module": module,
        "arguments": arguments,
        "environment": dict(environment),
        "folder": os.getcwd(),
        "files": list(files),
    }
    ours, its = socket.socketpair()
    with its:
        where = tuple((name, environment[name]) for name in PATHS if name in environment)
        socket.send_fds(_server(where), [json.dumps(request).encode()], [its.fileno(), *files.values()])
    said = ours.recv(MOST)  # at once: the server does nothing else
    assert said, "The process that forks has ended: what it said above tells why."
    pid = int(said)
    ours.sendall(b"!")
    return pid, ours


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without its own settings, with these. Compiled modules are kept for the next start."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PORTEVOIX_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    return {**own, **environment}


@cache
def _server(where: tuple[tuple[str, str], ...]) -> socket.socket:
    """Asks for processes. The server ends when this worker does; there is one for each path of modules (`where`)."""
    ours, its = socket.socketpair()
    with its:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.forking", str(its.fileno())],
            cwd=ROOT,
            env=child_environment(dict(where)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[its.fileno()],
        )
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours


class _Server:
    """Forks whenever it is asked to, and tells of each process how it ended."""

    def __init__(self, asked: socket.socket) -> None:
        self._asked = asked
        self._running: dict[int, socket.socket] = {}
        self._woken, self._wakes = socket.socketpair()
        self._woken.setblocking(False)
        self._wakes.setblocking(False)

    def serve(self) -> tuple[dict[str, Any], Sequence[int]] | None:
        """Returns in each process that was asked for, with what it is to do; here None once nobody asks any more."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wakes.fileno(), warn_on_full_buffer=False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._asked, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select()]
                if self._woken in ready:
                    self._woken.recv(MOST)
                    self._tell_of_the_ended()
                if self._asked in ready:
                    said, files, *_ = socket.recv_fds(self._asked, MOST, 5)
                    if not said:
                        return None
                    if self._is_forked(files):
                        self._forget()
                        return json.loads(said), files[1:]

    def _is_forked(self, files: Sequence[int]) -> bool:
        """Whether this is the new process."""
        asks = socket.socket(fileno=files[0])
        pid = os.fork()
        if pid == 0:
            asks.close()
            return True
        self._running[pid] = asks
        asks.sendall(b"%d" % pid)
        asks.recv(1)  # it was read: what is told next does not run into it
        for each in files[1:]:
            os.close(each)
        return False

    def _tell_of_the_ended(self) -> None:
        while self._running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            # Who asked may have failed meanwhile, and hears nothing any more.
            with self._running.pop(pid) as asks, contextlib.suppress(BrokenPipeError):
                asks.sendall(b"%d" % os.waitstatus_to_exitcode(status))

    def _forget(self) -> None:
        """A new process knows nothing of the server."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for each in (self._asked, self._woken, self._wakes, *self._running.values()):
            each.close()


def become(request: Mapping[str, Any], files: Sequence[int]) -> NoReturn:
    """This process is from now on what was asked for."""
    passed = []
    for number, file in zip(request["files"], files, strict=True):
        if number == PASSED:
            passed.append(str(file))
            continue
        os.dup2(file, number)
        os.close(file)
    # Those of the server know of a file that it can be sought in, which a socket cannot.
    sys.stdin, sys.stdout = _opened(sys.stdin, "r"), _opened(sys.stdout, "w")
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = [request["module"], *request["arguments"], *passed]
    sys.modules.pop(request["module"], None)  # it is run, as Python runs it: not as what somebody imported
    try:
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        _end(ended.code)
    _end(None)


def _opened(before: TextIO, mode: str) -> TextIO:
    """What stands under the same number now."""
    return open(before.fileno(), mode, encoding=before.encoding, errors=before.errors, closefd=False)


def _end(code: object) -> NoReturn:
    """Ends as Python ends, but does not take apart what it shares with the server: each page of it would be copied."""
    if isinstance(code, str):
        print(code, file=sys.stderr)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    gc.collect()
    for each in (sys.stdout, sys.stderr):
        each.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def main() -> None:
    for module in IMPORTED:
        importlib.import_module(module)
    # What each process reads once: the files of the languages, and the communes.
    all_words()
    for language in LANGUAGES:
        catalogue(language)
    load()
    gc.freeze()
    asked = _Server(socket.socket(fileno=int(sys.argv[1]))).serve()
    if asked is not None:
        become(*asked)


if __name__ == "__main__":
    main()
