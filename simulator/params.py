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

LARGEST_BODY = 60 * 1024 * 1024


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
                return orjson.loads(value)
            except orjson.JSONDecodeError:
                raise bad_request(complaint) from None
        return value


async def read_params(scope: Scope, receive: Receive) -> Params:
    """Read the query string and the body: JSON, urlencoded form or multipart form."""
    values: dict[str, Any] = {}
    if scope["query_string"]:
        values.update(parse_qsl(scope["query_string"].decode("utf-8", "replace"), keep_blank_values=True))
    content_type = _content_type(scope)
    if content_type.startswith(b"multipart/form-data"):
        return await _read_multipart(scope, receive, values)
    body = await read_body(receive)
    if not body:
        return Params(values)
    if content_type.startswith(b"application/json"):
        values.update(_json_object(body))
    elif content_type.startswith(b"application/x-www-form-urlencoded"):
        values.update(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return Params(values)


async def read_body(receive: Receive) -> bytes:
    """The whole body; too large a one is refused before it fills the memory."""
    message = await receive()
    if not message.get("more_body"):
        return bytes(message.get("body", b""))
    chunks = [message["body"]]
    size = len(chunks[0])
    while message.get("more_body"):
        message = await receive()
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > LARGEST_BODY:
            raise BotApiError(413, "")
    return b"".join(chunks)


def _content_type(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"content-type":
            return bytes(value).strip().lower()
    return b""


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(decoded, dict):
        raise bad_request("can't parse JSON object")
    return decoded


async def _read_multipart(scope: Scope, receive: Receive, values: dict[str, Any]) -> Params:
    uploads: dict[str, Upload] = {}
    try:
        await _read_form(Request(scope, receive), values, uploads)
    except (HTTPException, MultiPartException):  # the form breaks off, has no boundary or too many fields
        raise bad_request("can't parse multipart form") from None
    return Params(values, uploads)


async def _read_form(request: Request, values: dict[str, Any], uploads: dict[str, Upload]) -> None:
    async with request.form(max_part_size=LARGEST_BODY) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                if value.size and value.size > LARGEST_BODY:
                    raise BotApiError(413, "")
                mime_type = value.content_type or "application/octet-stream"
                uploads[name] = Upload(value.filename or name, mime_type, await value.read())
            else:
                values[name] = value
