"""Texts in one piece read as a list of them does."""

from __future__ import annotations

from bisect import bisect_left

import pytest

from bot.communes.lines import Lines

TEXTS = ["Bœuf", "", "Lyon", "L’Haÿ-les-Roses", "Y", "Île-d’Aix"]


@pytest.mark.parametrize("texts", [TEXTS, [""], ["Lyon"]])
def test_each_is_what_it_was(texts: list[str]) -> None:
    lines = Lines("\n".join(texts).encode())
    assert lines == texts
    assert len(lines) == len(texts)
    assert [lines[at] for at in range(-len(texts), len(texts))] == texts + texts
    for part in (slice(1, 4), slice(-2, None), slice(None, None, -2), slice(9, 20)):
        assert lines[part] == texts[part]
    for beside in (len(texts), -len(texts) - 1):
        with pytest.raises(IndexError):
            lines[beside]


def test_what_is_sorted_is_found() -> None:
    codes = sorted(f"{number:05}" for number in range(0, 99_999, 37))
    lines = Lines("\n".join(codes).encode())
    assert all(bisect_left(lines, code) == at for at, code in enumerate(codes))
