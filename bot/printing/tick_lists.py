"""A list on paper with a box to tick before each line, and a QR code that leads back to what it was printed from."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bot.frozen import Frozen
from bot.printing.codes import qr_png

if TYPE_CHECKING:
    from fpdf import FPDF

FONTS = Path(__file__).parent / "fonts"
FONT = "DejaVu"
MARGIN = 15.0
LINE = 8.0
BOX = 4.5
QR = 30.0
"""Millimetres, all of them."""


class TickList(Frozen):
    """What is printed: a heading, a few lines below it, the lines to tick, what stands at the foot of each page.

    `link` is in the QR code. A line has what is read first, and what is said beside it.
    """

    heading: str
    below: Sequence[str]
    lines: Sequence[tuple[str, str]]
    foot: str
    link: str
    printed_at: datetime


def is_printable(text: str) -> bool:
    """Whether the font knows every letter: of some scripts it does not."""
    return all(ord(letter) in _letters() for letter in text)


@cache
def _letters() -> frozenset[int]:
    from fontTools.ttLib import TTFont

    with TTFont(FONTS / "DejaVuSans.ttf") as font:
        return frozenset(font.getBestCmap())


def head(
    paper: FPDF, heading: str, below: Sequence[str], *, link: str, size: float, line: float, gap: float
) -> None:
    """The top of a paper: its heading and lines of `size` points, `line` mm high, the QR code of `link` beside them."""
    paper.image(io.BytesIO(qr_png(link)), x=paper.w - MARGIN - QR, y=MARGIN, w=QR)
    beside = paper.epw - QR - 5
    paper.set_font(FONT, "B", 15)
    paper.multi_cell(beside, 7, heading, new_x="LMARGIN", new_y="NEXT", align="L")
    paper.set_font(FONT, size=size)
    for text in below:
        paper.multi_cell(beside, line, text, new_x="LMARGIN", new_y="NEXT", align="L")
    paper.set_y(max(paper.get_y(), MARGIN + QR) + gap)


def tick_list_pdf(printed: TickList) -> bytes:
    """The list as a PDF of A4 pages, the QR code on the first."""
    paper = blank_paper(title=printed.heading, foot=printed.foot, printed_at=printed.printed_at)
    paper.add_page()
    head(paper, printed.heading, printed.below, link=printed.link, size=10, line=5.5, gap=4)
    for first, second in printed.lines:
        _tickable(paper, first, second)
    return bytes(paper.output())


def _tickable(paper: FPDF, first: str, second: str) -> None:
    if paper.will_page_break(LINE):
        paper.add_page()
    top = paper.get_y()
    paper.rect(MARGIN, top + (LINE - BOX) / 2, BOX, BOX)
    paper.set_x(MARGIN + BOX + 4)
    paper.set_font(FONT, size=11)
    paper.cell(90, LINE, _cut(paper, first, 90))
    paper.set_font(FONT, size=9)
    paper.cell(0, LINE, _cut(paper, second, paper.w - MARGIN - paper.get_x()), new_x="LMARGIN", new_y="NEXT")
    paper.set_draw_color(200)
    paper.line(MARGIN, top + LINE, paper.w - MARGIN, top + LINE)
    paper.set_draw_color(0)


def _cut(paper: FPDF, text: str, width: float) -> str:
    """The text, as far as it fits in one line."""
    while text and paper.get_string_width(text) > width - 2:
        text = text[:-2].rstrip() + "…" if len(text) > 2 else ""
    return text


def blank_paper(*, title: str, foot: str, printed_at: datetime) -> FPDF:
    """A4 pages with the font, the margins and a foot, on which nothing stands yet."""
    # It takes a third of a second, which no other start waits for.
    from fpdf import FPDF

    class Paper(FPDF):
        def footer(self) -> None:
            self.set_y(-MARGIN)
            self.set_font(FONT, size=8)
            self.cell(0, 5, f"{foot} · {self.page_no()}/{{nb}}", align="C")

    paper = Paper(format="A4")
    paper.set_creation_date(printed_at)
    paper.set_margin(MARGIN)
    paper.set_auto_page_break(True, MARGIN + 5)
    paper.add_font(FONT, fname=FONTS / "DejaVuSans.ttf")
    paper.add_font(FONT, "B", FONTS / "DejaVuSans-Bold.ttf")
    paper.set_title(title)
    return paper
