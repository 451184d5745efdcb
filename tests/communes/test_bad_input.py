"""Whatever is typed gets an answer, in the same time: in the gazetteer and line by line (tests/handlers has
the chat)."""

from __future__ import annotations

import io
import json
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cli import main
from bot.communes import load
from bot.communes.abroad import find_country
from bot.communes.consulates import home_named
from tests.junk import DIGITS, JUNK
from tests.thorough import examples

GAZETTEER = load()
WITHIN_S = 0.02
"""Processor time of an answer, here also on a slow machine; `scripts/bench communes` measures it."""


@pytest.mark.parametrize("text", [*JUNK, *DIGITS])
def test_junk_gets_an_answer_in_time(text: str) -> None:
    result = GAZETTEER.search(text)
    assert result.query == text
    assert len(result.results) <= 5
    assert not (result.confident and not result.results)
    for ask in (
        GAZETTEER.search,
        lambda typed: find_country(typed, "fr"),
        lambda typed: home_named(typed, "US", "fr"),
    ):
        assert min(_seconds(ask, text) for _ in range(3)) < WITHIN_S


def _seconds(ask: object, text: str) -> float:
    assert callable(ask)
    start = time.thread_time()
    ask(text)
    return time.thread_time() - start


@settings(max_examples=examples(150), deadline=None)
@given(st.text(max_size=300), st.integers(-1, 20))
def test_any_text_gets_an_answer(text: str, limit: int) -> None:
    result = GAZETTEER.search(text, limit)
    assert len(result.results) <= max(0, limit)
    assert len({found.code for found in result.results}) == len(result.results)
    assert not (result.confident and not result.results)


def test_line_by_line_each_line_has_its_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [text for text in (*JUNK, *DIGITS) if "\n" not in text and "\ud800" not in text]
    raw = "\n".join([*lines, "lyon"]).encode() + b"\n\xff\xfe lyon\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="ascii"))
    assert main(["communes", "search", "--jsonl"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["query"] for answer in answers] == [*lines, "lyon", "\ufffd\ufffd lyon"]
    assert all(set(answer) == {"query", "confident", "results"} for answer in answers)
    assert [found["code"] for found in answers[-1]["results"]][:1] == ["69123"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("info", ""), "There is no commune"),
        (("info", "null"), "There is no commune null"),
        (("info", "😀"), "There is no commune"),
        (("info", "a" * 10_000), "There is no commune " + "a" * 40 + ":"),
        (("info", "31 500"), "There is no commune"),
        (("nearest", "nan", "2"), "No such point"),
        (("nearest", "2", "inf"), "No such point"),
        (("nearest", "1e400", "2"), "No such point"),
        (("nearest", "91", "2"), "No such point"),
        (("nearest", "-91", "2"), "No such point"),
        (("nearest", "45", "180.1"), "No such point"),
        (("nearest", "48.85", "2.35", "--limit", "0"), "write 1 or more"),
        (("search", "lyon", "--limit", "-5"), "write 1 or more"),
        (("search",), "Nothing to search"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert main(["communes", *arguments]) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert len(printed.err.splitlines()) == 1
    assert printed.out == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("xyzzyx", "Nothing was found for “xyzzyx”: try a postcode"),
        ("Londres", "Abroad: London, GB, Europe/London"),
        ("Allemagne", "Abroad: DE, Europe/Berlin"),
    ],
)
def test_what_is_not_found_says_what_to_type(
    capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    assert main(["communes", "search", text]) == 0
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.out == ""


def test_the_former_name_and_the_vintage_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["communes", "search", "Beauchêne"]) == 0
    assert "Tinchebray-Bocage (Beauchêne is part of it today), Orne" in capsys.readouterr().out
    assert main(["communes", "info", "2a004"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["name"], shown["vintage"]) == ("Ajaccio", GAZETTEER.vintage)
