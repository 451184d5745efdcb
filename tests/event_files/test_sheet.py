"""Spreadsheets of events: what is read, and every fault with its line and what to do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import communes
from bot.event_files.filed import EventsRead
from bot.event_files.sheet import read_instant, read_sheet
from bot.rules.spreadsheets import UnreadableSheet
from tests.conversation import CAMPAIGN
from tests.thorough import examples

HEADER = "key,starts_at,ends_at,commune,address,capacity,title_fr,description_fr,title_en,area,invite"
GOOD = "a,2016-11-24T19:00,2016-11-24T21:00,69123,Salle Molière,120,Réunion,Venez,Meeting,69,yes"


def read(text: str, encoding: str = "utf-8") -> EventsRead:
    return read_sheet(text.encode(encoding), campaign=CAMPAIGN, gazetteer=communes.load())


def faults(*rows: str, header: str = HEADER) -> list[str]:
    return [str(fault) for fault in read("\n".join((header, *rows))).faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_row_is_an_event_whatever_its_encoding_and_separator(encoding: str, separator: str) -> None:
    reading = read(f"{HEADER}\n{GOOD}\n".replace(",", separator), encoding)
    assert reading.faults == ()
    (event,) = reading.events
    assert event.starts_at == datetime(2016, 11, 24, 18, tzinfo=UTC)
    assert (event.commune.name, event.capacity, str(event.invite)) == ("Lyon", 120, "in:69")
    assert {code: text.title for code, text in event.texts.items()} == {"fr": "Réunion", "en": "Meeting"}


def test_a_file_is_silent_about_the_columns_that_it_has_not() -> None:
    (event,) = read(f"{HEADER}\n{GOOD}").events
    assert event.says == {"texts", "capacity", "description_fr"}
    plain = "a,2016-11-24T19:00,2016-11-24T21:00,69123,Salle Molière,Réunion"
    (event,) = read(f"key,starts_at,ends_at,commune,address,title_fr\n{plain}").events
    assert event.says == {"texts"}


@pytest.mark.parametrize(
    ("typed", "instant"),
    [
        ("2016-11-24 19:00", "2016-11-24T18:00"),  # the time of the place
        ("2016-11-24T19:00:00-04:00", "2016-11-24T23:00"),
        ("2016-11-24T18:00Z", "2016-11-24T18:00"),
        ("24/11/2016 19:00", "2016-11-24T18:00"),  # as a French spreadsheet saves it
        ("24/11/2016 19h30", "2016-11-24T18:30"),
        ("24.11.2016 19h", "2016-11-24T18:00"),
        ("2016-10-30 19:00", "2016-10-30T18:00"),  # the day on which the clocks went back
        ("2016-07-01 19:00", "2016-07-01T17:00"),  # summer
    ],
)
def test_days_are_read_as_spreadsheets_write_them(typed: str, instant: str) -> None:
    read_as = read_instant(typed, "Europe/Paris", "starts_at").astimezone(UTC)
    assert read_as == datetime.fromisoformat(f"{instant}+00:00")


# Each row has one fault; what is said of it, and what to do.
BROKEN = [
    (",2016-11-24 19:00,2016-11-24 21:00,69123,Salle,,Réunion,,,,", "the key is missing: write one"),
    ("k,2016-11-31 19:00,2016-11-24 21:00,69123,Salle,,Réunion,,,,", "starts_at is “2016-11-31 19:00”"),
    ("k,2016-11-24,2016-11-24 21:00,69123,Salle,,Réunion,,,,", "which has no time"),
    ("k,soon,2016-11-24 21:00,69123,Salle,,Réunion,,,,", "starts_at is “soon”, which is no day and time"),
    ("k,2016-11-24 25:00,2016-11-24 21:00,69123,Salle,,Réunion,,,,", "no day and time"),
    ("k,0016-11-24 19:00,2016-11-24 21:00,69123,Salle,,Réunion,,,,", "in the year 16: correct it"),
    ("k,2016-11-24 19:00,,69123,Salle,,Réunion,,,,", "ends_at is missing"),
    ("k,2016-11-24 19:00,2016-11-24 19:00,69123,Salle,,Réunion,,,,", "write a later end"),
    ("k,2016-11-24 19:00,2016-12-24 19:00,69123,Salle,,Réunion,,,,", "it lasts 720 hours"),
    ("k,2016-11-24 19:00,2016-11-24 21:00,99999,Salle,,Réunion,,,,", "no commune of INSEE code 99999"),
    ("k,2016-11-24 19:00,2016-11-24 21:00,Saint-Denis,Salle,,Réunion,,,,", "is the name of"),
    ("k,2016-11-24 19:00,2016-11-24 21:00,69123,,,Réunion,,,,", "the address is missing"),
    ("k,2016-11-24 19:00,2016-11-24 21:00,69123,Salle,,,,,,", "it has no title"),
    (f"k,2016-11-24 19:00,2016-11-24 21:00,69123,Salle,,{'R' * 121},,,,", "a title has 121 characters"),
    ("k,2016-11-24 19:00,2016-11-24 21:00,69123,Salle,0,Réunion,,,,", "capacity is “0”"),
    ("k,2016-11-24 19:00,2016-11-24 21:00,69123,Salle,-1,Réunion,,,,", "capacity is “-1”"),
    ("k,2016-11-24 19:00,2016-11-24 21:00,69123,Salle,1000000000,Réunion,,,,", "capacity is “1000000000”"),
    ("k,2016-11-24 19:00,2016-11-24 21:00,69123,Salle,,Réunion,,,13,", "does not lie in the area 13"),
    ("k,2016-11-24 19:00,2016-11-24 21:00,69123,Salle,,Réunion,,,Rhone,", "is not an area"),
    ("k,2016-11-24 19:00,2016-11-24 21:00,69123,Salle,,Réunion,,,,in:nowhere", "invite cannot be understood"),
]


@pytest.mark.parametrize(("row", "said"), BROKEN)
def test_each_fault_is_told_by_its_line(row: str, said: str) -> None:
    found = faults(GOOD, row)
    assert len(found) == 1, found
    assert found[0].startswith("line 3: ")
    assert said in found[0]


def test_the_same_key_twice_is_told_with_both_lines() -> None:
    assert faults(GOOD, GOOD) == ["line 3: the key “a” stands on line 2 too: give each its own."]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        (b"\x00\x01\x02", "The file is not text"),
        (b"PK\x03\x04", "choose “Save as” in Excel and there “CSV UTF-8”"),
        (b"\xd0\xcf\x11\xe0\xa1", "choose “Save as” in Excel and there “CSV UTF-8”"),
        ("é,è\nà,ù\n".encode() + b"\xe9,x\n", "Line 3 is not in UTF-8, as the rest of the file is"),
        (b"hello", "no comma, semicolon or tab"),
        (b"key,starts_at\n", "names no column “ends_at”, “commune”, “address”, “title_fr”"),
        (f"{HEADER}\n".encode(), "holds no event"),
    ],
)
def test_what_is_no_such_file_is_refused_in_a_sentence(content: bytes, said: str) -> None:
    with pytest.raises(UnreadableSheet) as refused:
        read_sheet(content, campaign=CAMPAIGN, gazetteer=communes.load())
    assert said in refused.value.sentence


def test_an_open_quote_and_a_row_that_is_too_long_are_told() -> None:
    assert "check its quotes" in faults('k,"2016-11-24 19:00,x')[0]
    assert "put quotes around" in faults(f"{GOOD},more")[0]


def test_an_unknown_column_is_left_out_and_told() -> None:
    (said,) = faults(f"{GOOD},x", header=f"{HEADER},colour")
    assert said == "warning, line 1: column “colour” is not known: it is left out."


@settings(max_examples=examples(50))
@given(st.lists(st.text(alphabet='abc,;"\n\t 0129é:-/', max_size=40), max_size=6))
def test_no_file_breaks_the_reader(rows: list[str]) -> None:
    assert read("\n".join((HEADER, *rows, GOOD))) is not None
