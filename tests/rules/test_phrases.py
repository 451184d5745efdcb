"""Phrases are found as they are written, with the slips of a finger, and fast whatever is typed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.phrases import Phrases, is_well_written
from bot.rules.typed import LONGEST, Meaning
from bot.words.vocabulary import vocabulary

NOTHING: dict[Meaning, tuple[str, ...]] = dict.fromkeys(Meaning, ())
PHRASES = Phrases(
    meanings={
        **NOTHING,
        Meaning.STOP: ("(stop|halt) (|it)", "… unsubscribe me …"),
        Meaning.PERHAPS_STOP: ("… stop …",),
        Meaning.THANKS: ("thanks",),
    },
    around=("please", "thanks"),
    going_on=("don’t stop",),
    asking=("how do I stop",),
)


@pytest.mark.parametrize(
    ("typed", "meaning"),
    [
        ("STOP !", Meaning.STOP),
        ("halt it", Meaning.STOP),
        ("please stop, thanks", Meaning.STOP),
        ("sotp", Meaning.STOP),  # two letters swapped
        ("stoppp", Meaning.STOP),
        ("so do unsuscribe me from this", Meaning.STOP),  # inside a sentence, a letter dropped
        ("don’t stop", None),
        ("don’t stop, unsubscribe me", Meaning.STOP),
        ("how do I stop it", Meaning.PERHAPS_STOP),
        ("stop the war", Meaning.PERHAPS_STOP),  # not the whole message
        ("step", None),
        ("thanks", Meaning.THANKS),
        ("unsubscribe me " + "x " * LONGEST, Meaning.PERHAPS_STOP),  # a letter of complaint: it is asked
        ("", None),
    ],
)
def test_what_is_meant(typed: str, meaning: Meaning | None) -> None:
    assert PHRASES.meaning(typed) is meaning


def test_stop_alone_is_no_sentence() -> None:
    assert PHRASES.is_stop_alone("Stop please")
    assert not PHRASES.is_stop_alone("unsubscribe me")


@pytest.mark.parametrize(
    ("written", "well"),
    [
        ("stop", True),
        ("(a|b|) c", True),
        ("(a|b)", True),
        ("… a …", True),
        ("(a|)", False),  # it may be nothing at all
        ("…", False),
        ("(a|(b|c))", False),
        ("(a|b", False),
        ("a|b", False),
        ("!", False),
    ],
)
def test_how_phrases_are_written(written: str, well: bool) -> None:
    assert is_well_written(written) is well


@given(st.text(max_size=4000))
def test_anything_may_be_typed(typed: str) -> None:
    vocabulary("fr").meaning(typed)


@pytest.mark.parametrize(
    "word", ["merci ", "stop ", "s il vous plait ", "je ", "arrêtez de m ", "où ", "a " * 9]
)
def test_what_is_repeated_costs_no_time(word: str) -> None:
    """No message holds others up: a pattern that tries every way to read it would take years."""
    begun = time.process_time()
    vocabulary("fr").meaning((word * LONGEST)[:LONGEST])
    assert time.process_time() - begun < 1
