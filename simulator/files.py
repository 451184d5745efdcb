"""Files that the bot or a person sent: content once, as many file_id as Telegram would give."""

import hashlib
import struct
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from simulator.errors import bad_request
from simulator.params import Params, Upload
from simulator.pictures import photo_sizes

LARGEST_UPLOAD = 50 * 1024 * 1024
LARGEST_PHOTO = 10 * 1024 * 1024
LARGEST_DOWNLOAD = 20 * 1024 * 1024
# How the file_id of each kind begins, as on Telegram.
PREFIXES = {
    "photo": "AgAC",
    "document": "BQAC",
    "video": "BAAC",
    "audio": "CQAC",
    "voice": "AwAC",
    "animation": "CgAC",
    "video_note": "DQAC",
    "sticker": "CAAC",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """One file as the Bot API names it; `kind` is one of PREFIXES."""

    file_id: str
    unique_id: str
    kind: str
    name: str
    mime_type: str
    content: bytes
    path: str
    width: int = 0
    height: int = 0


class FileStore:
    """Every file by `file_id` and by path; the same content sent twice is kept once."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}
        self._photos: dict[str, list[dict[str, Any]]] = {}
        self._shapes: dict[str, dict[str, Any]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, file_id: str) -> StoredFile | None:
        return self._by_id.get(file_id)

    def at(self, path: str) -> StoredFile | None:
        return self._by_path.get(path)

    def add_document(self, upload: Upload) -> dict[str, Any]:
        """Keep a document; return it in the shape of `Message.document`."""
        return self.add_file("document", upload)

    def add_file(self, kind: str, upload: Upload, details: dict[str, Any] | None = None) -> dict[str, Any]:
        """Keep a file of a kind but a photo, with its details (duration, title …); return it as a Message shows it."""
        stored = self._add(kind, upload, 0, 0)
        shape = {
            "file_name": stored.name,
            "mime_type": stored.mime_type,
            "file_id": stored.file_id,
            "file_unique_id": stored.unique_id,
            "file_size": len(stored.content),
        }
        shape |= details or {}
        self._shapes[stored.file_id] = shape
        return dict(shape)

    def media_of(self, stored: StoredFile) -> dict[str, Any]:
        """A file that is here already, as the fields of a Message that holds it."""
        if stored.kind == "photo":
            return {"photo": self.photo_of(stored.file_id)}
        shape = dict(self._shapes[stored.file_id])
        return {stored.kind: shape} | ({"document": shape} if stored.kind == "animation" else {})

    def photo_of(self, file_id: str) -> list[dict[str, Any]]:
        """Every size of the photo that this is a size of."""
        return self._photos[file_id]

    def add_photo(self, upload: Upload) -> list[dict[str, Any]]:
        """Keep a photo; return it as `Message.photo`, smallest first, each size with a `file_id` of its own."""
        sizes: list[dict[str, Any]] = []
        for width, height, picture in photo_sizes(upload, *picture_size(upload.content)):
            stored = self._add("photo", picture, width, height)
            sizes.append(
                {
                    "file_id": stored.file_id,
                    "file_unique_id": stored.unique_id,
                    "file_size": len(stored.content),
                    "width": stored.width,
                    "height": stored.height,
                }
            )
        self._photos |= {size["file_id"]: sizes for size in sizes}
        return sizes

    def _add(self, kind: str, upload: Upload, width: int, height: int) -> StoredFile:
        seed = f"{kind}/{upload.name}/{width}/".encode() + hashlib.sha256(upload.content).digest()
        digest = hashlib.sha256(seed).digest()
        file_id = PREFIXES[kind] + urlsafe_b64encode(digest).decode().rstrip("=")
        if file_id in self._by_id:
            return self._by_id[file_id]
        extension = upload.name.rpartition(".")[2].lower() if "." in upload.name else "bin"
        extension = "".join(filter(str.isalnum, extension))[:8] or "bin"
        path = f"{kind}s/file_{len(self._by_id)}.{'jpg' if kind == 'photo' else extension}"
        stored = StoredFile(
            file_id=file_id,
            unique_id=urlsafe_b64encode(digest[:9]).decode(),
            kind=kind,
            name=upload.name,
            mime_type=upload.mime_type,
            content=upload.content,
            path=path,
            width=width,
            height=height,
        )
        self._by_id[file_id] = self._by_path[path] = stored
        return stored


def read_file(params: Params, name: str, store: FileStore) -> StoredFile | Upload:
    """The file that a call carries: uploaded, attached under another name, or known by its `file_id`."""
    upload = params.uploads.get(name)
    given = params.text(name)
    if upload is None and given.startswith("attach://"):
        upload = params.uploads.get(given.removeprefix("attach://"))
        if upload is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
    if upload is not None:
        if not upload.content:
            raise bad_request("file must be non-empty")
        return upload
    if not given:
        raise bad_request(f"there is no {name.replace('_', ' ')} in the request")
    if given.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")  # this Telegram is on no network
    stored = store.find(given)
    if stored is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if stored.kind != name:
        raise bad_request(f"can't use file of type {stored.kind.title()} as {name.title()}")
    return stored


def picture_size(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG, JPEG, GIF or WebP; anything else is refused as Telegram refuses it."""
    width = height = 0
    if content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
    elif content[:3] == b"GIF" and len(content) >= 10:
        width, height = struct.unpack("<HH", content[6:10])
    elif content[:2] == b"\xff\xd8":
        width, height = _jpeg_size(content)
    elif content[:4] == b"RIFF" and content[8:12] == b"WEBP" and len(content) >= 30:
        width, height = _webp_size(content)
    if not width or not height:
        raise bad_request("IMAGE_PROCESS_FAILED")
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Walk the JPEG segments to the frame header, which holds the size."""
    position = 2
    while position + 9 < len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[position + 5 : position + 9])
            return width, height
        position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
    return 0, 0


def _webp_size(content: bytes) -> tuple[int, int]:
    """The size in the first chunk of a WebP: extended, lossless or plain (RFC 9649)."""
    kind, chunk = content[12:16], content[20:30]
    if kind == b"VP8X":
        width, height = (int.from_bytes(chunk[at : at + 3], "little") + 1 for at in (4, 7))
        return width, height
    if kind == b"VP8L" and chunk[0] == 0x2F:
        bits = int.from_bytes(chunk[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and chunk[3:6] == b"\x9d\x01\x2a":
        width, height = (int.from_bytes(chunk[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        return width, height
    return 0, 0
