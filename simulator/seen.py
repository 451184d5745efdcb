"""What a person sees over HTTP: messages with their buttons, and the effect of a tap."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulator.reading import as_read


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    label: str
    data: str | None
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as it stands; `sender` is bot or person; `raw` has whatever else the simulator tells.

    Its text and labels have plain spaces, as they are read; `html` and `raw` are what was sent.
    """

    message_id: int
    sender: str
    text: str
    html: str
    keyboard: tuple[tuple[Button, ...], ...]
    edits: int
    date: str
    event: int
    raw: dict[str, Any] = field(repr=False)

    @property
    def buttons(self) -> list[Button]:
        return [button for row in self.keyboard for button in row]

    @property
    def labels(self) -> list[str]:
        return [button.label for button in self.buttons]

    @property
    def document(self) -> dict[str, Any] | None:
        document: dict[str, Any] | None = self.raw["document"]
        return document

    @property
    def venue(self) -> dict[str, Any] | None:
        venue: dict[str, Any] | None = self.raw["venue"]
        return venue

    @property
    def photo(self) -> list[dict[str, Any]]:
        return list(self.raw["photo"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """The effect of a tap at once; `answered` is false when the bot did not answer in time."""

    answered: bool
    toast: str | None
    alert: str | None
    url: str | None
    message_id: int


def tap_of(raw: dict[str, Any]) -> Tap:
    said = {name: as_read(raw[name]) if raw[name] else raw[name] for name in ("toast", "alert")}
    return Tap(**{**raw, **said})


def described(message: Message) -> str:
    """The text, and what comes with it in brackets."""
    parts = []
    if message.document:
        parts.append(f"[file: {message.document['file_name']}]")
    if message.photo:
        parts.append("[photo]")
    if message.venue:
        parts.append(f"[place: {message.venue['title']}, {message.venue['address']}]")
    elif place := message.raw["location"]:
        parts.append(f"[location: {place['latitude']:.4f}, {place['longitude']:.4f}]")
    if message.text:
        parts.append(message.text)
    return "\n".join(parts)


def message_of(raw: dict[str, Any]) -> Message:
    return Message(
        message_id=raw["message_id"],
        sender=raw["from"],
        text=as_read(raw["text"]),
        html=raw["html"],
        keyboard=tuple(
            tuple(Button(label=as_read(b["label"]), data=b["data"], url=b["url"]) for b in row)
            for row in raw["keyboard"]
        ),
        edits=raw["edits"],
        date=raw["date"],
        event=raw["event"],
        raw=raw,
    )
