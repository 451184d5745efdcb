"""A list that was printed: its pages, its letters, and the QR code that leads back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.printing.codes import qr_png
from bot.printing.tick_lists import TickList, is_printable, tick_list_pdf


def printed(people: int, name: str = "Zoé") -> bytes:
    return tick_list_pdf(
        TickList(
            heading="Réunion publique – Łódź, l’œuvre",
            below=["Jeudi 24 novembre à 19 h", "À détruire le 24 décembre 2016"],
            lines=[(f"{name} {number}", "+ 2") for number in range(people)],
            foot="Liste n° 3",
            link="https://t.me/portevoix_bot?start=li_ab12",
            printed_at=datetime(2016, 11, 24, 17, tzinfo=UTC),
        )
    )


@pytest.mark.parametrize(("people", "pages"), [(0, 1), (25, 1), (200, 7)])
def test_a_list_goes_on_over_as_many_pages_as_it_needs(people: int, pages: int) -> None:
    pdf = printed(people)
    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Type /Page\n") == pages


def test_a_name_that_is_too_long_is_cut_and_the_list_is_made() -> None:
    assert printed(1, "M" * 200).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("name", "known"), [("Élodie", True), ("Łukasz", True), ("Ольга", True), ("محمد", False), ("😀", False)]
)
def test_letters_that_the_font_has_not_are_known(name: str, known: bool) -> None:
    assert is_printable(name) is known


def test_a_qr_code_is_a_picture_that_says_the_same_each_time() -> None:
    first = qr_png("https://t.me/portevoix_bot?start=ci_ab12-1-x")
    assert first.startswith(b"\x89PNG")
    assert first == qr_png("https://t.me/portevoix_bot?start=ci_ab12-1-x")
    assert first != qr_png("https://t.me/portevoix_bot?start=ci_ab12-1-y")
