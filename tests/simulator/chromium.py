"""A headless Chromium driven over its debugging protocol: open a page, ask it things, take a picture."""

import asyncio
import atexit
import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = Path("/usr/bin/chromium")
START_SECONDS = 60.0

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
]


class Page:
    """One page; every call goes over one web socket, one at a time."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.complaints: list[str] = []

    async def command(self, method: str, **params: object) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        while True:
            message = json.loads((await self._socket.receive()).data)
            if message.get("id") == self._number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            if message.get("method") in {"Runtime.exceptionThrown", "Log.entryAdded"}:
                self.complaints.append(json.dumps(message["params"]))

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; a promise is awaited."""
        result = await self.command(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def until(self, condition: str, seconds: float = 10.0) -> None:
        """Wait until a JavaScript condition holds."""
        async with asyncio.timeout(seconds):
            while not await self.evaluate(f"Boolean({condition})"):
                await self.evaluate("new Promise(requestAnimationFrame)")

    async def resize(self, width: int, height: int) -> None:
        """Shown on a screen of this size from now on."""
        await self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    async def look(self, width: int, height: int, theme: str) -> None:
        """On a screen of this size from now on, by day (`light`) or by night (`dark`)."""
        await self.resize(width, height)
        colours = {"name": "prefers-color-scheme", "value": theme}
        await self.command("Emulation.setEmulatedMedia", features=[colours])

    async def picture(self, path: Path) -> None:
        shot = await self.command("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(shot["data"]))


@asynccontextmanager
async def opened(url: str, *, width: int = 1440, height: int = 900) -> AsyncIterator[Page]:
    """Chromium with `url` open. It knows nothing of any page before: no cookie, nothing stored, no file."""
    address = await asyncio.to_thread(_address)
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(address.browser, max_msg_size=0) as control,
    ):
        browser = Page(control)
        apart = await browser.command("Target.createBrowserContext")
        target = await browser.command(
            "Target.createTarget", url="about:blank", width=width, height=height, **apart
        )
        try:
            async with session.ws_connect(address.page(target["targetId"]), max_msg_size=0) as socket:
                page = Page(socket)
                for domain in ("Page", "Runtime", "Log"):
                    await page.command(f"{domain}.enable")
                await page.resize(width, height)
                await page.command("Page.navigate", url=url)
                yield page
        finally:
            await browser.command("Target.disposeBrowserContext", **apart)


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a browser is told what to do."""

    browser: str

    def page(self, target: str) -> str:
        return f"{self.browser.partition('/devtools/')[0]}/devtools/page/{target}"


_running: list[tuple[subprocess.Popen[bytes], Address]] = []


def _address() -> Address:
    """Of the one browser of this process: to start one costs more than most of what is looked at in it."""
    for browser, address in _running:
        if browser.poll() is None:
            return address
    # Its own files too, of which it leaves some behind when it is killed.
    folder = Path(tempfile.mkdtemp(prefix="chromium-"))
    browser = subprocess.Popen(
        [str(CHROMIUM), *FLAGS, f"--user-data-dir={folder}", "about:blank"],
        env={**os.environ, "TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    atexit.register(_end, browser, folder)
    address = Address(browser=_told(browser, folder / "DevToolsActivePort"))
    _running[:] = [(browser, address)]
    return address


def _end(browser: subprocess.Popen[bytes], folder: Path) -> None:
    with suppress(ProcessLookupError):
        os.killpg(browser.pid, signal.SIGKILL)  # those that it started as well
    browser.wait()
    shutil.rmtree(folder, ignore_errors=True)


def _told(browser: subprocess.Popen[bytes], file: Path) -> str:
    """Chromium writes where it listens: the port, then the rest of the address."""
    end = time.monotonic() + START_SECONDS
    while not (file.exists() and "\n" in (said := file.read_text())):
        assert browser.poll() is None, "Chromium ended without opening its debugging port."
        assert time.monotonic() < end, "Chromium did not open its debugging port."
        time.sleep(0.02)
    port, _, path = said.partition("\n")
    return f"ws://127.0.0.1:{port}{path.strip()}"
