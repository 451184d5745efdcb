"""Files that a person sends: photos, documents, videos, sounds, stickers, and albums of them."""

from __future__ import annotations

from typing import Any

from simulator.acting import check_can_write, say
from simulator.errors import BotApiError, PersonError
from simulator.groups import Place
from simulator.params import Upload
from simulator.parse import parse_text
from simulator.records import CAPTIONED, Message, Person
from simulator.world import World

MOST_IN_AN_ALBUM = 10
# What the Bot API tells of each kind besides its file.
FILE_FIELDS: dict[str, dict[str, Any]] = {
    "video": {"width": 640, "height": 360, "duration": 1},
    "animation": {"width": 320, "height": 180, "duration": 1},
    "audio": {"duration": 1},
    "voice": {"duration": 1},
    "video_note": {"length": 240, "duration": 1},
    "sticker": {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False},
}


def send_photo(
    world: World, person: Person, picture: Upload, caption: str = "", at: Place | None = None
) -> Message:
    check_can_write(world, person, at)
    return say(world, person, *parse_text(caption), media=_media(world, "photo", picture), at=at)


def send_document(
    world: World, person: Person, document: Upload, caption: str = "", at: Place | None = None
) -> Message:
    check_can_write(world, person, at)
    return say(world, person, *parse_text(caption), media=_media(world, "document", document), at=at)


def send_file(
    world: World, person: Person, kind: str, file: Upload, caption: str = "", at: Place | None = None
) -> Message:
    """Send a video, a sound, a sticker … as the person's app does; nothing is measured of what it holds."""
    check_can_write(world, person, at)
    media = _media(world, kind, file)
    if kind == "animation":
        media["document"] = media[kind]
    words = parse_text(caption if kind in CAPTIONED else "")
    return say(world, person, *words, media=media, at=at)


def send_album(
    world: World, person: Person, files: list[Upload], caption: str = "", at: Place | None = None
) -> list[Message]:
    """Send several files at once: each is a message of its own, and one number holds them together.

    Pictures and videos go together; of sounds and of other files an album holds nothing else, as in the apps.
    """
    check_can_write(world, person, at)
    if not 2 <= len(files) <= MOST_IN_AN_ALBUM:
        raise PersonError(f"An album holds 2 to {MOST_IN_AN_ALBUM} files.")
    kinds = [_album_kind(file) for file in files]
    if len(set(kinds)) > 1 and not set(kinds) <= {"photo", "video"}:
        kinds = ["document"] * len(files)
    group = {"media_group_id": str(world.common.free_group_id())}
    sent = []
    for number, (kind, file) in enumerate(zip(kinds, files, strict=True)):
        words = parse_text(caption if number == 0 else "")
        sent.append(say(world, person, *words, media=_media(world, kind, file) | group, at=at))
    return sent


def _album_kind(file: Upload) -> str:
    kind = {"image": "photo", "video": "video", "audio": "audio"}
    return kind.get(file.mime_type.partition("/")[0], "document")


def _media(world: World, kind: str, file: Upload) -> dict[str, Any]:
    """A file in the shape of the fields of a Message."""
    if kind == "document":
        return {"document": world.files.add_document(file)}
    if kind != "photo":
        return {kind: world.files.add_file(kind, file, FILE_FIELDS[kind])}
    try:
        return {"photo": world.files.add_photo(file)}
    except BotApiError:
        raise PersonError(
            "That file is not a PNG, JPEG, GIF or WebP picture that Telegram would take."
        ) from None
