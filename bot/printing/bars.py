"""Counts as bars: a picture that a phone shows whole, with every number beside its bar."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.frozen import Frozen
from bot.printing.tick_lists import FONTS

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

WIDTH, MARGIN, BAR = 900, 40, 26
LONGEST_BAR = 560
"""Pixels."""
INK, PALE, TEAL = "#1c1917", "#57534e", "#0f766e"


class Bar(Frozen):
    """One answer: its words, how many as they may be read, and the length of its bar, from 0 to 1."""

    label: str
    shown: str
    share: float


class Bars(Frozen):
    """A question with the bars of its answers."""

    heading: str
    bars: Sequence[Bar]


def bars_png(title: str, groups: Sequence[Bars]) -> bytes:
    """The picture as a PNG; `is_printable` tells beforehand whether the font knows every letter."""
    # Few processes ever make one.
    from PIL import Image, ImageDraw, ImageFont

    def font(name: str, size: int) -> FreeTypeFont:
        return ImageFont.truetype(FONTS / f"{name}.ttf", size)

    fonts = _Fonts(
        title=font("DejaVuSans-Bold", 30), heading=font("DejaVuSans-Bold", 24), text=font("DejaVuSans", 22)
    )
    # Drawn twice: how high it is, is known once everything has its place.
    height = _draw(ImageDraw.Draw(Image.new("RGB", (WIDTH, 1))), fonts, title, groups)
    picture = Image.new("RGB", (WIDTH, height), "white")
    _draw(ImageDraw.Draw(picture), fonts, title, groups)
    stream = io.BytesIO()
    picture.save(stream, format="PNG", optimize=True)
    return stream.getvalue()


class _Fonts(Frozen):
    title: FreeTypeFont
    heading: FreeTypeFont
    text: FreeTypeFont


def _draw(on: ImageDraw, fonts: _Fonts, title: str, groups: Sequence[Bars]) -> int:
    """How high the picture is."""
    at = _write(on, title, fonts.title, MARGIN)
    for group in groups:
        at = _write(on, group.heading, fonts.heading, at + 24)
        for bar in group.bars:
            at = _write(on, bar.label, fonts.text, at + 8)
            length = round(LONGEST_BAR * bar.share)
            if length:
                on.rounded_rectangle((MARGIN, at, MARGIN + max(length, 4), at + BAR), radius=4, fill=TEAL)
            on.text((MARGIN + length + 12, at), bar.shown, font=fonts.text, fill=PALE)
            at += BAR + 6
    return at + MARGIN


def _write(on: ImageDraw, text: str, font: FreeTypeFont, at: int) -> int:
    """Words over as many lines as they need; where the next thing begins."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and on.textlength(longer, font=font) > WIDTH - 2 * MARGIN:
            on.text((MARGIN, at), line, font=font, fill=INK)
            at, line = at + round(font.size * 1.35), word
        else:
            line = longer
    on.text((MARGIN, at), line, font=font, fill=INK)
    return at + round(font.size * 1.35)
