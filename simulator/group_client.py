"""A group of people and bots over HTTP: who comes and goes, who may do what, its topics."""

from __future__ import annotations

from typing import Any

from simulator.person_client import Line, Person


class Group:
    """A group that people and bots are in; `within` puts a person there."""

    def __init__(self, simulator: Line, group_id: int, title: str) -> None:
        self.id = group_id
        self.title = title
        self._simulator = simulator

    async def _act(self, person: Person, act: str, **content: Any) -> dict[str, Any]:
        content = {"group": self.id, **content}
        return await self._simulator.call("POST", f"/people/{person.id}/{act}", json=content)

    async def join(self, person: Person, *, link: str = "") -> None:
        """Somebody comes in by themselves, perhaps by an invite link."""
        await self._act(person, "join", link=link)

    async def leave(self, person: Person) -> None:
        await self._act(person, "leave")

    async def add(self, member: Person | str, *, by: Person) -> None:
        """Somebody adds a person, or a bot by its username."""
        await self._act(by, "add", **_who(member))

    async def remove(self, member: Person | str, *, by: Person) -> None:
        """Somebody throws a person or bot out."""
        await self._act(by, "remove", **_who(member))

    async def promote(self, member: Person | str, *, by: Person, rights: list[str] | None = None) -> None:
        """Somebody makes a person or bot an administrator with these rights; None: with all, []: with none."""
        await self._act(by, "promote", rights=rights, **_who(member))

    async def restrict(self, member: Person | str, *, by: Person, allowed: list[str]) -> None:
        await self._act(by, "restrict", allowed=allowed, **_who(member))

    async def rename(self, title: str, *, by: Person) -> None:
        await self._act(by, "rename", title=title)

    async def upgrade(self, *, by: Person) -> Group:
        """The supergroup that this group becomes."""
        return Group(self._simulator, (await self._act(by, "upgrade"))["group"], self.title)

    async def create_topic(self, name: str, *, by: Person) -> int:
        """The number of a new topic."""
        return int((await self._act(by, "topic", name=name))["topic"])

    async def change_topic(
        self, topic: int, *, by: Person, name: str = "", closed: bool | None = None
    ) -> None:
        await self._act(by, "topic-change", topic=topic, name=name, closed=closed)

    async def delete_topic(self, topic: int, *, by: Person) -> None:
        await self._act(by, "topic-delete", topic=topic)


def _who(member: Person | str) -> dict[str, Any]:
    return {"member_bot": member} if isinstance(member, str) else {"member": member.id}
