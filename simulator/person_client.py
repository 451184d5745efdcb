"""One person who drives the bot over HTTP: acts, and what they expect to read."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any, Protocol

import aiohttp

from simulator.reading import holds
from simulator.seen import Message, Tap, described, message_of, tap_of

DEFAULT_TIMEOUT = 10.0
LONGEST_POLL = 30.0


class SimulatorError(Exception):
    """The simulator refused an act; the message is its sentence."""


class Line(Protocol):
    """The way to the simulator: one request to `/sim`, as JSON."""

    async def call(self, method: str, path: str, **options: Any) -> dict[str, Any]: ...


class Room(Protocol):
    """A group, of which the number is enough to be in it."""

    @property
    def id(self) -> int: ...


class Person:
    """Somebody who uses the bot. `expect` reads on from the last message that it returned.

    `patience`: for how many seconds they wait for an answer, unless they are told otherwise.
    """

    patience = DEFAULT_TIMEOUT

    def __init__(
        self, simulator: Line, person_id: int, first_name: str, where: dict[str, Any] | None = None
    ) -> None:
        self.id = person_id
        self.first_name = first_name
        self._simulator = simulator
        self._where = {name: str(value) for name, value in (where or {}).items()}
        self._place = {name: value for name, value in (where or {}).items() if name != "bot"}
        self._messages: dict[int, Message] = {}
        self._event = 0
        self._consumed = 0
        self.reply_keyboard: list[list[dict[str, str]]] = []

    def chat_with(self, bot: str) -> Person:
        """The same person in their chat with another bot of this Telegram, named by its username."""
        return Person(self._simulator, self.id, self.first_name, {"bot": bot})

    def within(self, group: Room, topic: int | None = None) -> Person:
        """The same person in a group: what they write goes there, into `topic` if one is named.

        They expect what the bots say in the group, or in that topic.
        """
        where = {"group": group.id} | ({} if topic is None else {"topic": topic})
        return Person(self._simulator, self.id, self.first_name, where)

    # Acts

    async def send(self, text: str, *, reply_to: int | None = None) -> int:
        """Send a text (a command, an answer…); its message_id.

        `reply_to` is the message that is answered: 0 for none, None for what the bot wants answered, if anything.
        """
        content = {"text": text} if reply_to is None else {"text": text, "reply_to": reply_to}
        return int((await self._act("send", content))["message_id"])

    async def start(self, payload: str = "") -> int:
        """Press Start, perhaps through a link `?start=payload`."""
        return int((await self._act("start", {"payload": payload}))["message_id"])

    async def tap(
        self,
        label: str,
        *,
        message: Message | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - it ends in a transcript, not in a bare TimeoutError
    ) -> Tap:
        """Tap the button whose label holds `label`: on `message`, or the newest message or key that has it.

        Waits until there is such a button, then until the bot answered the tap, each `timeout` at most.
        """
        timeout = self.patience if timeout is None else timeout
        await self._wait_for(lambda: self._sees_button(label, message), timeout, f"a button “{label}”")
        content: dict[str, Any] = {"label": label, "wait": timeout}
        if message is not None:
            content["message_id"] = message.message_id
        return tap_of(await self._act("tap", content))

    async def forge(self, data: str, *, message: Message | None = None, wait: float | None = None) -> Tap:
        """Send a callback with arbitrary data on a message (the newest of the bot), as a hostile client."""
        await self.refresh()
        target = message or next(m for m in reversed(self._messages.values()) if m.sender == "bot")
        content = {
            "message_id": target.message_id,
            "data": data,
            "wait": self.patience if wait is None else wait,
        }
        return tap_of(await self._act("forge", content))

    async def share_location(self, latitude: float, longitude: float) -> int:
        content = {"latitude": latitude, "longitude": longitude}
        return int((await self._act("location", content))["message_id"])

    async def send_photo(
        self, content: bytes | None = None, *, caption: str = "", name: str = "photo.png"
    ) -> int:
        """Send a picture, or a small one made for the occasion."""
        if content is None:
            return int((await self._act("photo", {"caption": caption}))["message_id"])
        return await self._upload("photo", name, content, caption)

    async def send_document(self, name: str, content: bytes, *, caption: str = "") -> int:
        return await self._upload("document", name, content, caption)

    async def send_file(self, kind: str, name: str, content: bytes, *, caption: str = "") -> int:
        """Send a video, animation, audio, voice, video_note or sticker."""
        return await self._upload(kind, name, content, caption)

    async def send_album(self, files: list[tuple[str, bytes]], *, caption: str = "") -> list[int]:
        """Send two to ten files, each with its name, that arrive together; the numbers of their messages."""
        return list((await self._upload_all("album", files, caption))["message_ids"])

    async def react(self, message_id: int, emoji: str) -> None:
        """React to a message; an empty text takes it back."""
        await self._act("react", {"message_id": message_id, "emoji": emoji})

    async def forward(self, message_id: int, friend: Person | None = None) -> int:
        """Forward a message to a friend, or back to the bot."""
        content = {"message_id": message_id} | ({"to": friend.id} if friend else {})
        return int((await self._act("forward", content))["message_id"])

    async def delete(self, message_id: int) -> None:
        """Delete a message for both."""
        await self._act("delete", {"message_id": message_id})

    async def edit(self, message_id: int, text: str) -> None:
        await self._act("edit", {"message_id": message_id, "text": text})

    async def inline(self, query: str, *, wait: float | None = None) -> dict[str, Any]:
        """Type an inline query: `answered`, `inline_query_id`, `results`."""
        return await self._act("inline", {"query": query, "wait": self.patience if wait is None else wait})

    async def choose(self, inline_query_id: str, result_id: str) -> int:
        content = {"inline_query_id": inline_query_id, "result_id": result_id}
        return int((await self._act("choose", content))["message_id"])

    async def write(self, friend: Person, text: str) -> int:
        """Write to a friend, as somebody who passes a link on."""
        return int((await self._act("write", {"to": friend.id, "text": text}))["message_id"])

    async def friends(self) -> list[dict[str, Any]]:
        """The chats with friends, the latest first: `friend`, `messages`, `unread`…"""
        found = await self._simulator.call("GET", f"/people/{self.id}/friends")
        return list(found["chats"])

    async def read(self, friend: Person | None = None) -> None:
        """Read everything in the chat with the bot, or with a friend."""
        await self._act("read", {"friend": friend.id} if friend else {})

    async def open_app(self, url: str, *, kind: str = "inline", start: str = "") -> str:
        """Open the Mini App of a button that stands in a message, the keyboard or the menu; its whole address.

        `main` is the kind of one that a link `?startapp=start` opens.
        """
        return str((await self._act("app", {"url": url, "kind": kind, "start": start}))["url"])

    async def send_app_data(self, label: str, data: str) -> int:
        """Answer the bot from a Mini App that the key `label` opened."""
        return int((await self._act("app-data", {"label": label, "data": data}))["message_id"])

    async def block(self) -> None:
        await self._act("block", {})

    async def unblock(self) -> None:
        await self._act("unblock", {})

    async def deactivate(self) -> None:
        await self._act("deactivate", {})

    # Reading

    async def expect(
        self,
        wanted: str | re.Pattern[str],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - it ends in a transcript, not in a bare TimeoutError
    ) -> Message:
        """Wait for a message of the bot, new or edited since the last one returned, that holds `wanted`.

        A plain text is looked for in the message's text, whatever the case; a regular expression is searched.
        Raises AssertionError with the transcript.
        """

        def found() -> Message | None:
            fresh = [m for m in self._messages.values() if m.sender == "bot" and m.event > self._consumed]
            return next((m for m in sorted(fresh, key=lambda m: m.event) if _matches(m, wanted)), None)

        pattern = wanted.pattern if isinstance(wanted, re.Pattern) else wanted
        message = await self._wait_for(found, self.patience if timeout is None else timeout, f"“{pattern}”")
        assert isinstance(message, Message)
        self._consumed = message.event
        return message

    async def catch_up(self) -> None:
        """Take everything received so far as read: `expect` looks only at what comes after."""
        await self.refresh()
        self._consumed = self._event

    async def messages(self) -> list[Message]:
        """The chat as it stands, oldest first."""
        await self.refresh()
        return [self._messages[number] for number in sorted(self._messages)]

    async def last(self) -> Message:
        """The newest message of the bot."""
        return next(message for message in reversed(await self.messages()) if message.sender == "bot")

    async def commands(self) -> list[dict[str, str]]:
        """The command menu as this person sees it."""
        path = f"/people/{self.id}/commands"
        found = await self._simulator.call("GET", path, params=self._where)
        return list(found["commands"])

    async def transcript(self) -> str:
        """The whole chat, with its buttons, as text that can be read aloud."""
        lines = [f"Chat with {self.first_name} ({self.id})"]
        for message in await self.messages():
            sender = "Bot" if message.sender == "bot" else self.first_name
            edited = f", edited {message.edits}×" if message.edits else ""
            lines.append(f"\n{sender} ({message.date[:16].replace('T', ' ')} UTC{edited}):")
            lines.extend(f"    {line}" for line in described(message).splitlines())
            lines.extend(_drawn([button.label for button in row]) for row in message.keyboard)
        if self.reply_keyboard:
            lines.append("\nKeyboard:")
            lines.extend(_drawn([key["label"] for key in row]) for row in self.reply_keyboard)
        return "\n".join(lines)

    async def refresh(self, wait: float = 0.0) -> None:
        """Read what changed; with `wait`, at most so many seconds until something does."""
        params = {"after": str(self._event), "wait": str(wait), **self._where}
        content = await self._simulator.call("GET", f"/people/{self.id}/messages", params=params)
        self._event = max(self._event, content["event"])
        self.reply_keyboard = content["reply_keyboard"] or []
        for raw in content["messages"]:
            if raw.get("topic", 0) != self._place.get("topic", raw.get("topic", 0)):
                continue
            self._messages[raw["message_id"]] = message_of(raw)
        for number in content["deleted"]:
            self._messages.pop(number, None)

    async def _wait_for(self, found: Callable[[], Any], seconds: float, wanted: str) -> Any:
        until = time.monotonic() + seconds
        await self.refresh()
        while not (result := found()):
            left = until - time.monotonic()
            if left <= 0:
                transcript = await self.transcript()
                raise AssertionError(
                    f"{self.first_name} waited {seconds:g} s for {wanted}, in vain.\n\n{transcript}"
                )
            await self.refresh(min(left, LONGEST_POLL))
        return result

    def _sees_button(self, label: str, message: Message | None) -> bool:
        messages = self._messages.values() if message is None else [self._messages[message.message_id]]
        inline = any(holds(b.label, label) for m in messages for b in m.buttons if b.data)
        keys = any(holds(key["label"], label) for row in self.reply_keyboard for key in row)
        return inline or (message is None and keys)

    async def _act(self, act: str, content: dict[str, Any]) -> dict[str, Any]:
        path = f"/people/{self.id}/{act}"
        return await self._simulator.call("POST", path, json=content | self._place, params=self._where)

    async def _upload(self, act: str, name: str, content: bytes, caption: str) -> int:
        return int((await self._upload_all(act, [(name, content)], caption))["message_id"])

    async def _upload_all(self, act: str, files: list[tuple[str, bytes]], caption: str) -> dict[str, Any]:
        form = aiohttp.FormData(quote_fields=False)  # else a name such as “é à.txt” arrives percent-encoded
        form.add_field("caption", caption)
        for field_name, value in self._place.items():
            form.add_field(field_name, str(value))
        for name, content in files:
            form.add_field("file", content, filename=name)
        path = f"/people/{self.id}/{act}"
        return await self._simulator.call("POST", path, data=form, params=self._where)


def _matches(message: Message, wanted: str | re.Pattern[str]) -> bool:
    if isinstance(wanted, re.Pattern):
        return wanted.search(message.text) is not None
    return holds(message.text, wanted)


def _drawn(labels: list[str]) -> str:
    return "    " + "  ".join(f"[ {label} ]" for label in labels)
