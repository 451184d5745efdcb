"""Lists of people who opted out, as campaigns have them: plain, from a spreadsheet, with mistakes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.opt_outs import read_opt_outs

READ = {
    "one a line": ("1\n2\n3", (1, 2, 3), 0),
    "blank lines, remarks, spaces": ("\n# who wrote to us\n 7 \n\n8\t\n", (7, 8), 0),
    "a byte order mark": ("\ufeff5\n6", (5, 6), 0),
    "repeated": ("1\n2\n1\n1", (1, 2), 2),
    "a header": ("telegram_id\n1\n2", (1, 2), 0),
    "a CSV column": ('name,telegram_id,note\nX,1,"a, b"\nY,2,', (1, 2), 0),
    "a spreadsheet's semicolons": ("Nom;Telegram ID\nX;1\nY;2", (1, 2), 0),
    "tabs": ("id\tname\n1\tX", (1,), 0),
    "quoted": ('"1"\n"2"', (1, 2), 0),
    "the largest": (str(2**52 - 1), (2**52 - 1,), 0),
    "nothing": ("\n# nobody\n", (), 0),
}


@pytest.mark.parametrize("name", READ)
def test_a_list_is_read(name: str) -> None:
    text, ids, repeated = READ[name]
    told = read_opt_outs(text.splitlines())
    assert (told.ids, told.repeated, told.faults) == (ids, repeated, ())


FAULTS = {
    "a name": ("1\nCamille\n2", 2, "whole numbers"),
    "a group": ("1\n-100123", 2, "whole numbers"),
    "nobody": ("1\n0", 2, "no person"),
    "too large": (f"1\n{2**52}", 2, "no person"),
    "other digits": ("1\n٣", 2, "whole numbers"),
    "a decimal": ("1\n2.0", 2, "whole numbers"),
    "far too long": ("1\n" + "9" * 5_000, 2, "whole numbers"),
    "missing": ("# list\nname,id\nX,1\nY,\nZ", 4, "missing"),
    "columns without a name we know": ("name,phone\nX,1", 1, "no column is called telegram_id"),
    "two columns without a header": ("1,2\n3,4", 1, "no column is called telegram_id"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_cannot_be_read_is_told_by_its_line(name: str) -> None:
    text, line, reason = FAULTS[name]
    fault = read_opt_outs(text.splitlines()).faults[0]
    assert (fault.line, reason in fault.reason) == (line, True)


def test_a_column_may_be_named() -> None:
    lines = ["id;tg", "1;2"]
    assert read_opt_outs(lines, column="TG").ids == (2,)
    assert "no column is called x" in read_opt_outs(lines, column="x").faults[0].reason


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading_and_no_fault_repeats_it(text: str) -> None:
    told = read_opt_outs(text.splitlines())
    assert all(0 < each < 2**52 for each in told.ids)
    assert len(set(told.ids)) == len(told.ids)
    for fault in told.faults:
        assert str(fault).partition(": ")[2] in {read.reason for read in told.faults}
        assert fault.line <= len(text.splitlines())


@given(st.lists(st.integers(1, 2**52 - 1)))
def test_every_id_is_read_once(ids: list[int]) -> None:
    told = read_opt_outs(map(str, ids))
    assert told.ids == tuple(dict.fromkeys(ids))
    assert told.repeated == len(ids) - len(set(ids))
