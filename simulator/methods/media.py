"""Methods that send videos, sounds, stickers and albums, and the one that puts another file into a message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.cleaning import clean
from simulator.errors import BotApiError, bad_request
from simulator.files import LARGEST_PHOTO, LARGEST_UPLOAD, StoredFile, read_file
from simulator.methods.delivering import send, send_all
from simulator.methods.texts import read_caption
from simulator.params import Params, Upload
from simulator.records import Message
from simulator.shapes import Peer
from simulator.world import World

Media = dict[str, Any]
MOST_IN_AN_ALBUM = 10
STICKER_SIZE = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaKind:
    """What a kind of file tells besides its file: numbers that are always there, and texts where they are given."""

    numbers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    captioned: bool = True
    spoiler: bool = False


KINDS = {
    "photo": MediaKind(spoiler=True),
    "document": MediaKind(),
    "video": MediaKind(numbers=("width", "height", "duration"), spoiler=True),
    "animation": MediaKind(numbers=("width", "height", "duration"), spoiler=True),
    "audio": MediaKind(numbers=("duration",), texts=("performer", "title")),
    "voice": MediaKind(numbers=("duration",)),
    "video_note": MediaKind(numbers=("length", "duration"), captioned=False),
    "sticker": MediaKind(texts=("emoji",), captioned=False),
}
IN_ALBUMS = ("photo", "video", "audio", "document")
# Of these an album holds nothing else.
ALONE = {"audio": "Audio", "document": "Document"}


def sender_of(kind: str, method: str) -> Callable[[World, Params], Media]:
    """The method that sends one file of a kind."""

    def send_media(world: World, params: Params) -> Media:
        text, entities = read_caption(params) if KINDS[kind].captioned else ("", b"")
        media = read_media(world, params, kind)
        return send(world, params, method, text=text, entities=entities, media=media)

    return send_media


def read_media(world: World, params: Params, kind: str) -> Media:
    """The file of a call, kept, in the shape of the fields of a Message."""
    given = read_file(params, kind, world.files)
    if "chat_id" in params.values:
        world.reachable(params.text("chat_id"))  # nothing is kept of an upload to somebody out of reach
    if isinstance(given, StoredFile):
        shape = world.files.media_of(given)
    elif kind == "photo":
        shape = {"photo": _photo(world, given)}
    else:
        if len(given.content) > LARGEST_UPLOAD:
            raise BotApiError(413, "")
        file = _file(world, params, kind, given)
        shape = {kind: file} | ({"document": file} if kind == "animation" else {})
    if KINDS[kind].spoiler and params.flag("has_spoiler"):
        shape["has_media_spoiler"] = True
    return shape


def _photo(world: World, content: Upload) -> list[Media]:
    if len(content.content) > LARGEST_PHOTO:
        raise bad_request(
            f"file of size {len(content.content)} bytes is too big for a photo; "
            f"the maximum size is {LARGEST_PHOTO} bytes"
        )
    return world.files.add_photo(content)


def _file(world: World, params: Params, kind: str, content: Upload) -> Media:
    shape: Media = {name: params.integer(name) for name in KINDS[kind].numbers}
    shape |= {name: clean(params.text(name)) for name in KINDS[kind].texts if params.text(name)}
    if kind == "sticker":
        flags = {
            "is_animated": "tgsticker" in content.mime_type,
            "is_video": content.mime_type == "video/webm",
        }
        shape |= {"type": "regular", "width": STICKER_SIZE, "height": STICKER_SIZE, **flags}
    if thumbnail := params.upload("thumbnail"):
        shape["thumbnail"] = world.files.add_photo(thumbnail)[0]
    return world.files.add_file(kind, content, shape)


def send_media_group(world: World, params: Params) -> list[Media]:
    """An album: two to ten photos and videos, or audio files, or documents; each is a message of its own."""
    items = [_album_item(item, params) for item in _album(params)]
    kinds = {kind for kind, _ in items}
    for kind in sorted(kinds & ALONE.keys()):
        if len(kinds) > 1:
            raise bad_request(f"{ALONE[kind]} can't be mixed with other media types")
    contents = [(*read_caption(given), read_media(world, given, kind)) for kind, given in items]
    group = {"media_group_id": str(world.common.free_group_id())}
    messages = [
        {"text": text, "entities": entities, "media": media | group} for text, entities, media in contents
    ]
    return send_all(world, params, "sendMediaGroup", messages)


def _album(params: Params) -> list[Any]:
    if not params.text("media"):
        raise bad_request('parameter "media" is required')
    media = params.structure("media", "can't parse media JSON object")
    if not isinstance(media, list):
        raise bad_request("expected an Array of InputMedia")
    if len(media) > MOST_IN_AN_ALBUM:
        raise bad_request("too many messages to send as an album")
    if not media:
        raise bad_request("there are no messages to send")
    return media


def _album_item(item: Any, params: Params) -> tuple[str, Params]:
    kind, given = read_input_media(item, params)
    if kind not in IN_ALBUMS:
        raise bad_request(f"can't parse InputMedia: type \"{kind}\" can't be used in sendMediaGroup")
    return kind, given


def read_input_media(item: Any, params: Params) -> tuple[str, Params]:
    """The kind of an InputMedia, and its fields as if they had come with a call of their own."""
    prefix = "can't parse InputMedia: "
    if not isinstance(item, dict):
        raise bad_request(prefix + "expected an Object")
    kind = item.get("type")
    if not isinstance(kind, str):
        raise bad_request(prefix + 'Can\'t find field "type"')
    if not item.get("media"):
        raise bad_request(prefix + "media not found")
    if kind not in (*IN_ALBUMS, "animation"):
        raise bad_request(f'{prefix}type "{kind}" is unsupported')
    fields = {name: value for name, value in item.items() if name not in ("type", "media")}
    return kind, Params({**fields, kind: item["media"], "chat_id": params.text("chat_id")}, params.uploads)


def replaced(world: World, params: Params, person: Peer, message: Message) -> tuple[str, bytes, Media]:
    """What editMessageMedia puts into a message: caption, entities and file."""
    if not params.text("media"):
        raise bad_request('parameter "media" is required')
    item = params.structure("media", "can't parse input media JSON object")
    kind, given = read_input_media(item, params)
    given.values["chat_id"] = str(person.id)
    if message.media and "media_group_id" in message.media and kind not in message.media:
        raise bad_request("can't change media type in the album")
    text, entities = read_caption(given)
    return text, entities, read_media(world, given, kind)
