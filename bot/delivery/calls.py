"""A Bot API call as data: kept in the database with the effects it answers, posted afterwards."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from datetime import datetime
from typing import Any

import orjson

from bot.frozen import Frozen

# Calling these twice changes nothing more than calling them once, so a crash may repeat them.
REPEATABLE_PREFIXES = ("edit", "answer", "set", "delete", "get", "pin", "unpin")
REPEATABLE = frozenset({"sendChatAction"})
# The parameter that lets Telegram take Stars for what leaves above the free rate.
PAID = "allow_paid_broadcast"


class Written(Mapping[str, Any]):
    """The parameters of a call as the JSON that is kept and posted. They are read from it when somebody asks for one;
    which message they are about is known without.
    """

    __slots__ = ("_about", "json")

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self.json = orjson.dumps(payload)
        self._about = {name: payload[name] for name in ("chat_id", "message_id") if name in payload}

    def __getitem__(self, name: str) -> Any:
        return self._about[name] if name in self._about else self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def _read(self) -> dict[str, Any]:
        read: dict[str, Any] = orjson.loads(self.json)
        return read


class Attachment(Frozen):
    """A file to upload with a call: its parameter (`document`, `photo`), its name and its bytes."""

    field: str
    name: str
    content: bytes


class Call(Frozen):
    """One Bot API call: method, JSON parameters, and a file if there is one.

    `remember` names what the sent message is to be kept as (`progress:<broadcast>`), told to the listener of
    `bot.delivery.replies` with the message id. `produce` names a file to be made when the call is posted (an export
    may be too large to keep in the database), with `produce_arguments`; `otherwise` is the payload of the message
    that says so where it could not be made, or surely sent. `leave_before` is the instant from which the law or the
    hour no longer lets a broadcast leave, and the law is asked about a reply; `asks` says that it waits for an
    answer; `instead` is posted where Telegram refuses it for good. Replies have neither of these two.
    """

    method: str
    payload: Mapping[str, Any]
    attachment: Attachment | None = None
    remember: str | None = None
    leave_before: datetime | None = None
    asks: bool = False
    instead: Call | None = None
    produce: str | None = None
    produce_arguments: Mapping[str, Any] = field(default_factory=dict)
    otherwise: Mapping[str, Any] | None = None

    @property
    def body(self) -> bytes:
        """Its parameters as they are posted, where it has no file."""
        return self.payload.json if isinstance(self.payload, Written) else orjson.dumps(self.payload)

    def written(self) -> Call:
        """This call, which is kept and posted without being written again."""
        return self if isinstance(self.payload, Written) else self._with(Written(self.payload))

    @property
    def repeatable(self) -> bool:
        return self.method in REPEATABLE or self.method.startswith(REPEATABLE_PREFIXES)

    @property
    def puts_a_message(self) -> bool:
        """Whether a new message appears in the chat, which may have one a second."""
        return self.method.startswith(("send", "copy", "forward")) and not self.repeatable

    @property
    def chat(self) -> int | None:
        chat = self.payload.get("chat_id")
        return chat if isinstance(chat, int) else None

    def is_late(self, now: datetime) -> bool:
        """Whether the instant has come before which it was to leave."""
        return self.leave_before is not None and self.leave_before <= now

    @property
    def is_paid(self) -> bool:
        """Whether Telegram may take Stars for it."""
        return PAID in self.payload

    def free(self) -> Call:
        """This call, for which Telegram may take nothing."""
        return (
            replace(self, payload={k: v for k, v in self.payload.items() if k != PAID})
            if self.is_paid
            else self
        )

    def saying(self, **said: Any) -> Call:
        """This call, where `said` stands in the place of these parameters."""
        return self._with({**self.payload, **said})

    def to(self, chat: int, **said: Any) -> Call:
        """The same in another chat."""
        return self._with({**self.payload, **said, "chat_id": chat})

    def _with(self, payload: Mapping[str, Any]) -> Call:
        """One is made for every message that leaves: `replace` would take five times as long."""
        other = object.__new__(Call)
        known = other.__dict__
        known |= self.__dict__
        known["payload"] = payload
        return other

    def to_json(self) -> dict[str, Any]:
        """What is kept of it, for orjson."""
        payload = self.payload
        written = orjson.Fragment(payload.json) if isinstance(payload, Written) else dict(payload)
        kept: dict[str, Any] = {"method": self.method, "payload": written}
        if self.attachment is not None:
            content = base64.b64encode(self.attachment.content).decode()
            kept["attachment"] = [self.attachment.field, self.attachment.name, content]
        if self.remember is not None:
            kept["remember"] = self.remember
        if self.produce is not None:
            kept["produce"] = [self.produce, dict(self.produce_arguments)]
        if self.otherwise is not None:
            kept["otherwise"] = dict(self.otherwise)
        if self.leave_before is not None:
            kept["leave_before"] = self.leave_before.isoformat()
        return kept

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Call:
        attachment = None
        if "attachment" in kept:
            parameter, name, content = kept["attachment"]
            attachment = Attachment(field=parameter, name=name, content=base64.b64decode(content))
        until = kept.get("leave_before")
        produce, arguments = kept.get("produce", (None, {}))
        return cls(
            method=kept["method"],
            payload=kept["payload"],
            attachment=attachment,
            remember=kept.get("remember"),
            produce=produce,
            produce_arguments=arguments,
            otherwise=kept.get("otherwise"),
            leave_before=None if until is None else datetime.fromisoformat(until),
        )
