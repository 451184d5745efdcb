"""Drive a bot as people would: a typed client of the simulator, for tests and rehearsals.

async with Simulator("http://127.0.0.1:8081") as simulator:
    claire = await simulator.person("Claire", language="fr")
    await claire.send("/start")
    await claire.expect("Bonjour Claire")
    await claire.tap("Oui")
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

import aiohttp

from simulator.group_client import Group
from simulator.person_client import Person, SimulatorError

__all__ = ["Group", "Person", "Simulator", "SimulatorError"]


class Simulator:
    """A running simulator, reached over HTTP. `base_url` has no slash at its end."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """One request to `/sim`; raises SimulatorError with the simulator's own sentence."""
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        async with self._session.request(method, f"{self.base_url}/sim{path}", **options) as response:
            content: dict[str, Any] = await response.json()
            if response.status >= 400:
                raise SimulatorError(str(content.get("error", content)))
            return content

    # People

    async def person(
        self,
        first_name: str,
        *,
        language: str = "fr",
        last_name: str = "",
        username: str = "",
        note: str = "",
        id: int | None = None,
        started: bool = False,
    ) -> Person:
        """Add a person; `started` means that they already wrote to the bot once.

        `note` says who they are: the page shows it, and opens their chat first.
        """
        content = {
            "id": id,
            "first_name": first_name,
            "last_name": last_name,
            "username": username,
            "language_code": language,
            "note": note,
            "started": started,
        }
        added = await self.call("POST", "/people", json=content)
        return Person(self, added["id"], first_name)

    async def existing_person(self, person_id: int) -> Person:
        """Somebody who was added before."""
        found = await self.call("GET", f"/people/{person_id}")
        return Person(self, person_id, found["first_name"])

    async def add_people(self, people: Iterable[dict[str, Any]]) -> list[int]:
        """Add many people at once, each as JSON (see `POST /sim/people`); their ids in the same order."""
        added = await self.call("POST", "/people/bulk", json={"people": list(people)})
        return list(added["ids"])

    async def people(self, *, search: str = "", limit: int = 1_000) -> list[dict[str, Any]]:
        found = await self.call("GET", "/people", params={"search": search, "limit": limit})
        return list(found["people"])

    async def group(
        self,
        title: str,
        *,
        owner: Person,
        members: Iterable[Person] = (),
        bots: Iterable[str] = (),
        forum: bool = False,
        basic: bool = False,
        username: str = "",
    ) -> Group:
        """Make a supergroup, with topics if `forum`; `basic`: a group that is none yet."""
        content: dict[str, Any] = {
            "title": title,
            "owner": owner.id,
            "members": [member.id for member in members],
            "bots": list(bots),
            "forum": forum,
            "basic": basic,
            "username": username,
        }
        made = await self.call("POST", "/groups", json=content)
        return Group(self, made["id"], title)

    # The clock

    async def clock(self) -> dict[str, Any]:
        return await self.call("GET", "/clock")

    async def now(self) -> datetime:
        return datetime.fromisoformat((await self.clock())["now"])

    async def set_clock(self, now: datetime | None = None, *, speed: float | None = None) -> dict[str, Any]:
        content = {"now": now.isoformat() if now else None, "speed": speed}
        return await self.call("POST", "/clock", json=content)

    async def advance(self, by: timedelta) -> dict[str, Any]:
        return await self.call("POST", "/clock", json={"by_seconds": by.total_seconds()})

    # Faults, limits, what was seen

    async def fault(
        self,
        kind: str,
        *,
        method: str | None = None,
        count: int | None = None,
        probability: float = 1.0,
        seed: int = 0,
        seconds: float = 1.0,
    ) -> dict[str, Any]:
        """Add a fault (its kinds are in simulator.faults.KINDS), for one method or all."""
        content = {"kind": kind, "method": method, "count": count, "probability": probability}
        return await self.call("POST", "/faults", json=content | {"seed": seed, "seconds": seconds})

    async def clear_faults(self) -> None:
        await self.call("DELETE", "/faults")

    async def limit(self, **limits: float) -> None:
        """Set per_second, burst, per_chat_per_second, chat_burst, retry_after; nothing lifts it."""
        await self.call("POST", "/limits", json=limits)

    async def journal(self, after: int = 0) -> list[dict[str, Any]]:
        """Every accepted send and edit numbered above `after`, oldest first."""
        entries: list[dict[str, Any]] = []
        while True:
            page = await self.call("GET", "/journal", params={"after": after, "limit": 10_000})
            if not page["entries"]:
                return entries
            entries.extend(page["entries"])
            after = entries[-1]["number"]

    async def counters(self) -> dict[str, Any]:
        page = await self.call("GET", "/journal", params={"limit": 0})
        return dict(page["counters"])

    async def state(self) -> dict[str, Any]:
        return await self.call("GET", "/state")

    async def set_marks(self, marks: list[dict[str, str]]) -> None:
        await self.call("POST", "/marks", json=marks)

    async def reset(self) -> None:
        await self.call("POST", "/reset")

    async def file(self, file_id: str) -> bytes:
        """The content of a file that was sent."""
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        async with self._session.get(f"{self.base_url}/sim/files/{file_id}") as response:
            if response.status != 200:
                raise SimulatorError(f"There is no file {file_id}.")
            return await response.read()
