"""QR codes, as phones and printers want them."""

from __future__ import annotations

import io

SCALE = 12
"""Pixels of one module: about 500 pixels in all for a link, sharp on any phone."""


def qr_png(text: str) -> bytes:
    """A QR code as a PNG, with the quiet border that cameras need."""
    # Few processes ever make one.
    import segno

    stream = io.BytesIO()
    segno.make_qr(text, error="m").save(stream, kind="png", scale=SCALE, border=4)
    return stream.getvalue()


def qr_path(text: str) -> tuple[int, str]:
    """A QR code for a page: how many modules its side has, with the quiet border, and the path of the dark ones."""
    import segno

    border = 4
    rows = list(segno.make_qr(text, error="m").matrix_iter(border=border))
    dark = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, module in enumerate(row) if module]
    return len(rows), "".join(dark)
