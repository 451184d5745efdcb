"""Answers are read as far as they can be: one bad letter costs that letter, one bad item costs that item."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.reading import items_of, loads, without_nul
from db.unread import Unread

LETTERS = (
    # as it comes, as it is read
    (rb'"\ud83d"', "\ufffd"),
    (rb'"\ude00"', "\ufffd"),
    (rb'"\uD83D\uDE00"', "😀"),
    (rb'"\ude00\ud83d"', "\ufffd\ufffd"),
    (rb'"\ud83d\ud83d\ude00"', "\ufffd😀"),
    (rb'"\ud83d and \\ud83d"', "\ufffd and \\ud83d"),  # the second was typed, letter by letter
    (rb'"\\\ud83d"', "\\\ufffd"),
    (b'"\xed\xa0\xbd"', "\ufffd\ufffd\ufffd"),  # half a pair in bytes
    (b'"caf\xe9"', "caf\ufffd"),
    (b'"a\nb\x00c"', "a b c"),
    (b'\xef\xbb\xbf"a"', "a"),
)


@pytest.mark.parametrize(("body", "read"), LETTERS)
def test_a_letter_that_cannot_be_read_costs_that_letter(body: bytes, read: str) -> None:
    assert loads(body) == read


@pytest.mark.parametrize("body", [b"", b"{", b"nul", b"[1,]", b"NaN", b'"a', b"[" * 2_000, b"{1:2}"])
def test_what_is_no_json_stays_none(body: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        loads(body)


def test_nul_is_taken_out_and_what_only_looks_like_it_is_not() -> None:
    body = orjson.dumps({"a\0": ["\0", "\\u0000", "\\\0", "plain"]})
    assert orjson.loads(without_nul(body)) == {"a\ufffd": ["\ufffd", "\\u0000", "\\\ufffd", "plain"]}
    assert without_nul(b'"plain"') == b'"plain"'


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_what_can_be_read_is_read_as_it_is(value: Any) -> None:
    body = json.dumps(value).encode()
    assert loads(body) == value
    # Half a pair beside it makes no difference to it.
    assert loads(b'[%s,"\\ud83d"]' % body) == [value, "\ufffd"]


def number_of(item: Any) -> int:
    if not isinstance(item, dict) or not isinstance(item.get("n"), int):
        raise ValueError
    return int(item["n"])


def numbers(items: list[int | Unread]) -> list[int | bytes]:
    return [item.body if isinstance(item, Unread) else item for item in items]


BATCHES = (
    (b"", []),
    (b'{"n":1},{"n":2}', [1, 2]),
    (b'{"n":1},{"m":2},{"n":3}', [1, b'{"m":2}', 3]),
    (b'{"n":1},{"n":2,"t":"\\ud83d"},{"n":3}', [1, 2, 3]),
    (b'{"n":1},{"n":NaN},{"n":3}', [1, b'{"n":NaN}', 3]),
    (b'7,{"n":2},"],[}{",null', [b"7", 2, b'"],[}{"', b"null"]),
    (b' {"n":1} , ,{"n":2}', [1, 2]),
    (b'{"n":1,"t":"\\"},{\\"n\\":9"},{"n":x}', [1, b'{"n":x}']),
    (
        b'{"n":' + b"[" * 1_500 + b"]" * 1_500 + b'},{"n":2}',
        [b'{"n":' + b"[" * 1_500 + b"]" * 1_500 + b"}", 2],
    ),
    (b'}, {"n":1},x', [b"}", 1, b"x"]),
)


@pytest.mark.parametrize(("items", "read"), BATCHES, ids=range(len(BATCHES)))
def test_an_item_that_cannot_be_read_costs_that_item(items: bytes, read: list[int | bytes]) -> None:
    body = b'{"ok":true,"result":[%s]}' % items
    assert numbers(items_of(body, number_of, most=100)) == read


def test_of_an_answer_that_was_cut_off_the_whole_items_are_read() -> None:
    body = b'{"ok":true,"result":[{"n":1},{"n":2,"t":"a, b'
    first, second = items_of(body, number_of, most=100)
    assert first == 1
    assert second == Unread(body=b'{"n":2,"t":"a, b', error="JSONDecodeError", has_end=False)


@given(st.lists(st.dictionaries(st.just("n"), st.integers(0, 2**31), min_size=1)), st.integers(0, 200))
def test_wherever_it_was_cut_nothing_is_invented(items: list[dict[str, int]], missing: int) -> None:
    whole = json.dumps({"ok": True, "result": items}).encode()
    body = whole[: max(len(whole) - missing, len(b'{"ok": true, "result": ['))]
    found = [item for item in items_of(body, number_of, most=1_000) if not isinstance(item, Unread)]
    assert found == [item["n"] for item in items][: len(found)]


def test_no_more_is_read_than_was_asked_for() -> None:
    body = b'{"ok":true,"result":[%s]}' % b",".join([b'{"n":1}'] * 200 + [b"x"])
    assert items_of(body, number_of, most=100) == [1] * 100


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"ok":false,"description":"no"}', b'{"ok":true,"result":{}}', b'{"ok":']
)
def test_what_is_no_answer_of_items_is_none(body: bytes) -> None:
    with pytest.raises(ValueError, match="no answer of items"):
        items_of(body, number_of, most=100)
