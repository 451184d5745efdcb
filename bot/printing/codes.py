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
