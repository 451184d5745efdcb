"""A small picture for people who send a photo without having one at hand."""

import struct
import zlib


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
