"""A walk on paper: its doors in order, a box for each outcome, a QR code back, a number and a date of destruction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from bot.frozen import Frozen
from bot.links import sheet_link
from bot.printing.tick_lists import BOX, FONT, MARGIN, blank_paper, head
from bot.rules.canvass.visits import DoorOutcome
from db.canvass_doors import WalkView

if TYPE_CHECKING:
    from fpdf import FPDF

LINE = 6.5
FIRST = 24.0
"""Millimetres of a line, and of the number that it begins with."""


class SheetLine(Frozen):
    """A door; `street` where another side of a street begins."""

    door: str
    street: str | None = None


class SheetPaper(Frozen):
    """What is printed: a heading, lines below it, the outcomes, the doors, what stands at the foot of each page."""

    heading: str
    below: Sequence[str]
    outcomes: Sequence[str]
    lines: Sequence[SheetLine]
    foot: str
    link: str
    printed_at: datetime


def paper_of(
    walk: WalkView,
    doors: Sequence[Any],
    *,
    said: Callable[..., str],
    commune: str,
    place: str | None,
    number: int,
    destroy_on: date,
    bot_username: str,
    now: datetime,
) -> SheetPaper:
    """A walk in words. `said` gives those of `canvass/<name>` without HTML; `doors` as `doors_in_order` has them."""
    values = {"walk": walk, "number": number, "destroy_on": destroy_on}
    below = said("sheet_head", place=place, doors=len(doors), **values)
    lines = []
    before = None
    for door in doors:
        side = (door.street, door.leg)
        shown = said("sheet_door", number=door.number, suffix=door.suffix, dwellings=door.dwellings)
        lines.append(SheetLine(door=shown, street=door.street if side != before else None))
        before = side
    return SheetPaper(
        heading=said("sheet_title", walk=walk, commune=commune),
        below=[line for line in below.splitlines() if line],
        outcomes=[said("outcome", outcome=each) for each in DoorOutcome],
        lines=lines,
        foot=said("sheet_foot", **values),
        link=sheet_link(bot_username, walk.code),
        printed_at=now,
    )


def sheet_pdf(sheet: SheetPaper) -> bytes:
    """The walk as a PDF of A4 pages; each page names the outcomes again."""
    paper = blank_paper(title=sheet.heading, foot=sheet.foot, printed_at=sheet.printed_at)
    paper.add_page()
    head(paper, sheet.heading, sheet.below, link=sheet.link, size=9, line=5, gap=3)
    _outcomes(paper, sheet.outcomes)
    street = ""
    for line in sheet.lines:
        # A street is not named at the foot of a page, with its first door on the next.
        if paper.will_page_break(LINE * (2 if line.street else 1)):
            paper.add_page()
            _outcomes(paper, sheet.outcomes)
            if line.street is None:
                _street(paper, street)
        if line.street is not None:
            street = line.street
            _street(paper, street)
        _door(paper, line.door, len(sheet.outcomes))
    return bytes(paper.output())


def _column(paper: FPDF, outcomes: int) -> float:
    return float((paper.epw - FIRST) / outcomes)


def _outcomes(paper: FPDF, outcomes: Sequence[str]) -> None:
    paper.set_font(FONT, "B", 8)
    paper.set_x(MARGIN + FIRST)
    for outcome in outcomes:
        paper.cell(_column(paper, len(outcomes)), LINE, outcome, align="C")
    paper.ln(LINE)


def _street(paper: FPDF, street: str) -> None:
    paper.set_font(FONT, "B", 10)
    paper.set_fill_color(235)
    paper.cell(0, LINE, street, new_x="LMARGIN", new_y="NEXT", fill=True)


def _door(paper: FPDF, door: str, outcomes: int) -> None:
    top, width = paper.get_y(), _column(paper, outcomes)
    paper.set_font(FONT, size=11)
    paper.cell(FIRST, LINE, door)
    for place in range(outcomes):
        paper.rect(MARGIN + FIRST + width * (place + 0.5) - BOX / 2, top + (LINE - BOX) / 2, BOX, BOX)
    paper.set_draw_color(200)
    paper.line(MARGIN, top + LINE, paper.w - MARGIN, top + LINE)
    paper.set_draw_color(0)
    paper.ln(LINE)
