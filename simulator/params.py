"""The parameters of one Bot API call, whichever of the four ways they were posted."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Receive, Scope

from simulator.errors import BotApiError, bad_request

# Bytes of a call that carries files, and of the parameters of any call (HttpReader.h of tdlib).
LARGEST_BODY = 60 * 1024 * 1024
LARGEST_PARAMETERS = 1024 * 1024
TOO_LARGE = BotApiError(413, "too many parameters")
# How deep JSON may be nested (JsonBuilder.h of tdlib).
DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a call."""

    name: str
    mime_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Params:
    """Values by name (strings from forms, anything from JSON) and uploads by the name of their part."""

    values: dict[str, Any]
    uploads: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The value as text; empty when it is missing."""
        value = self.values.get(name)
        if value is None:
            return ""
        if isinstance(value, str):
            return value.replace("\x00", "")
        if isinstance(value, bool):
            return "true" if value else "false"
        return orjson.dumps(value).decode() if isinstance(value, dict | list) else str(value)

    def upload(self, name: str) -> Upload | None:
        """A file that came under the name, or under another that the value attaches."""
        attached = self.text(name).removeprefix("attach://")
        return self.uploads.get(name) or self.uploads.get(attached)

    def integer(self, name: str, default: int = 0) -> int:
        text = self.text(name).strip()
        try:
            return int(text) if text else default
        except ValueError:
            return default

    def number(self, name: str) -> float | None:
        try:
            return float(self.text(name))
        except ValueError:
            return None

    def flag(self, name: str) -> bool:
        return self.text(name).strip().lower() in {"true", "yes", "1"}

    def structure(self, name: str, complaint: str) -> Any:
        """The value as a JSON structure, decoded when it came as a string (forms); None when missing."""
        value = self.values.get(name)
        if isinstance(value, str):
            if not value:
                return None
            try:
                return load_json(value)
            except ValueError:
                raise bad_request(complaint) from None
        return value


def too_deep(value: Any) -> bool:
    """Whether lists and objects are nested deeper than Telegram reads them."""
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True


def load_json(text: str | bytes) -> Any:
    """The value that a JSON text stands for. Raises ValueError where it stands for none, or is nested too deeply."""
    value = orjson.loads(text)
    brackets = (
        text.count("[") + text.count("{") if isinstance(text, str) else text.count(b"[") + text.count(b"{")
    )
    if brackets > DEEPEST and too_deep(value):
        raise ValueError("Too big object depth")
    return value


async def read_params(scope: Scope, receive: Receive) -> Params:
    """Read the query string and the body: JSON, urlencoded form or multipart form."""
    values: dict[str, Any] = {}
    if len(scope["query_string"]) > LARGEST_PARAMETERS:
        raise TOO_LARGE
    if scope["query_string"]:
        values.update(parse_qsl(scope["query_string"].decode("utf-8", "replace"), keep_blank_values=True))
    content_type = _header(scope, b"content-type").lower()
    if _header(scope, b"content-length").isdigit() and int(_header(scope, b"content-length")) > LARGEST_BODY:
        raise BotApiError(413, "")
    if content_type.startswith(b"multipart/form-data"):
        return await _read_multipart(scope, receive, values)
    body = await read_body(receive, LARGEST_PARAMETERS)
    if not body:
        return Params(values)
    if content_type.startswith(b"application/json"):
        values.update(_json_object(body))
    elif content_type.startswith(b"application/x-www-form-urlencoded"):
        values.update(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return Params(values)


async def read_body(receive: Receive, most: int = LARGEST_BODY) -> bytes:
    """The whole body; too large a one is taken off the line, as far as any may be large, and refused."""
    message = await receive()
    chunks = [message.get("body", b"")]
    size = len(chunks[0])
    while message.get("more_body") and size <= LARGEST_BODY:
        message = await receive()
        size += len(message.get("body", b""))
        if size <= most:
            chunks.append(message.get("body", b""))
        else:
            chunks.clear()
    if size > most:
        raise TOO_LARGE
    return b"".join(chunks)


def _header(scope: Scope, wanted: bytes) -> bytes:
    for name, value in scope["headers"]:
        if name == wanted:
            return bytes(value).strip()
    return b""


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        decoded = load_json(body)
    except ValueError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(decoded, dict):
        raise bad_request("can't parse JSON object")
    return decoded


async def _read_multipart(scope: Scope, receive: Receive, values: dict[str, Any]) -> Params:
    uploads: dict[str, Upload] = {}
    try:
        await _read_form(Request(scope, receive), values, uploads)
    except (HTTPException, MultiPartException) as error:
        # the form breaks off, has no boundary, too many fields or too large a one
        said = error.detail if isinstance(error, HTTPException) else error.message
        raise (
            TOO_LARGE if "exceeded maximum size" in said else bad_request("can't parse multipart form")
        ) from None
    if sum(len(value) for value in values.values()) > LARGEST_PARAMETERS:
        raise TOO_LARGE
    return Params(values, uploads)


async def _read_form(request: Request, values: dict[str, Any], uploads: dict[str, Upload]) -> None:
    async with request.form(max_part_size=LARGEST_PARAMETERS) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                if value.size and value.size > LARGEST_BODY:
                    raise BotApiError(413, "")
                mime_type = value.content_type or "application/octet-stream"
                uploads[name] = Upload(value.filename or name, mime_type, await value.read())
            else:
                values[name] = value
