"""Pictures: a small one for people who send a photo without having one at hand, and photos made smaller."""

import importlib
import io
import struct
import zlib
from typing import Any

from simulator.errors import bad_request
from simulator.params import Upload

QUALITY = 87
# The longer side of each size of a photo (core.telegram.org/api/files#image-thumbnail-types).
PHOTO_BOUNDS = (90, 320, 800, 1280)


def photo_sizes(upload: Upload, width: int, height: int) -> list[tuple[int, int, Upload]]:
    """A photo at every size that Telegram keeps, smallest first: width, height and the picture.

    With Pillow each is a JPEG that says nothing of where and when it was taken. Without, which is not needed otherwise,
    all hold the picture as it was sent.
    """
    picture = _upright(upload)
    if picture is not None:
        width, height = picture.size
    longer = max(width, height)
    scales = [bound / longer for bound in PHOTO_BOUNDS if bound < longer]
    scales.append(min(1.0, PHOTO_BOUNDS[-1] / longer))
    sizes = []
    for scale in dict.fromkeys(scales):
        size = max(1, round(width * scale)), max(1, round(height * scale))
        sizes.append((*size, upload if picture is None else _compressed(picture, size)))
    return sizes


def _upright(upload: Upload) -> Any:
    """The picture as it is looked at, whichever way the camera was held; None without Pillow."""
    try:
        images: Any = importlib.import_module("PIL.Image")
        turning: Any = importlib.import_module("PIL.ImageOps")
    except ImportError:
        return None
    try:
        with images.open(io.BytesIO(upload.content)) as picture:
            return turning.exif_transpose(picture).convert("RGB")
    except (OSError, SyntaxError):  # Pillow calls broken pictures either
        raise bad_request("IMAGE_PROCESS_FAILED") from None


def _compressed(picture: Any, size: tuple[int, int]) -> Upload:
    content = io.BytesIO()
    picture.resize(size).save(content, "JPEG", quality=QUALITY)
    return Upload("photo.jpg", "image/jpeg", content.getvalue())


def striped_png(seed: int, width: int = 640, height: int = 400) -> bytes:
    """A PNG of soft diagonal bands whose hue depends on `seed`."""
    hue = (seed * 47) % 360
    light, deep = _colour(hue, 0.86), _colour(hue, 0.66)
    rows = []
    period = 64
    band = (light * (period // 2) + deep * (period // 2)) * (width // period + 2)
    for y in range(height):
        shift = (y % period) * 3
        rows.append(b"\x00" + band[shift : shift + width * 3])
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows), 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _colour(hue: int, lightness: float) -> bytes:
    """A pastel of the given hue (degrees), as three bytes."""
    chroma = (1 - abs(2 * lightness - 1)) * 0.45

    def channel(offset: int) -> int:
        k = (offset + hue / 30) % 12
        return round(255 * (lightness - chroma / 2 * max(-1, min(k - 3, 9 - k, 1))))

    return bytes([channel(0), channel(8), channel(4)])
