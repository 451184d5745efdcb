"""Who chooses groups as cleverly as they like learns of one person hardly more than by guessing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.blurring import FINE, SPREAD, Ledger, Question, exactly, shared_out, words_of
from bot.rules.expression_text import expression_in
from bot.rules.sampling import Sampling, sampling_of
from bot.rules.small_counts import NOBODY, Headcount, Reader, in_tens

NOW = datetime(2016, 11, 20, 9, 5, tzinfo=UTC)
LOCAL, COLLEAGUE = Reader(known_in=("69",), person=1), Reader(known_in=("69",), person=2)
GAMES = 200
SECRET = sampling_of("secret")

Answers = Callable[[str, int], int]
"""What a screen says of a group, which is asked for by some words and holds so many others."""


def question(words: str, reader: Reader = LOCAL, at: datetime = NOW, key: Sampling = SECRET) -> Question:
    return Question(reader=reader, words=words, key=key, at=at)


def a_screen(game: int) -> Answers:
    """The screen of one campaign: its own key, and a day that begins."""
    ledger, key = Ledger(), sampling_of(f"campaign {game}")

    def answers(words: str, others: int) -> int:
        told = ledger.tell(question(words, key=key), Headcount(others=others))
        return LOCAL.middle(told)

    return answers


def in_bands(_: str, others: int) -> int:
    """What screens said before: whole tens."""
    return in_tens(others)


def pads(answers: Answers, voted: bool) -> bool:
    """Grows a padding whose size is not known until one person more, T, shows; then asks for it with T if T voted."""
    for size in range(37, 37 + FINE // 3):
        alone, with_all = answers(f"P{size}", size), answers(f"P{size} or T", size + 1)
        if with_all > alone:
            return answers(f"P{size} or (T and voted)", size + voted) > alone
    return False


def rewords(answers: Answers, voted: bool) -> bool:
    """Knows what everybody else answered, and asks of one group in as many words as are answered finely, and in
    hundreds of others: the best that can be done.
    """
    fine = [answers(f"{number} words", 200 + voted) for number in range(FINE)]
    coarse = [answers(f"{number} more words", 200 + voted) for number in range(60)]
    off = sum(each - 200.5 for each in fine) + sum(each - 200.5 for each in coarse) / 100
    return off > 0


def won(
    plays: Callable[[Answers, bool], bool], screen: Callable[[int], Answers], games: int = GAMES
) -> float:
    """How often somebody finds out whether one person voted, who did in every other game."""
    return mean(plays(screen(game), game % 2 == 0) == (game % 2 == 0) for game in range(games))


def test_who_pads_a_group_until_its_ten_is_full_wins_against_tens_and_not_any_more() -> None:
    assert won(pads, lambda _: in_bands) == 1
    assert won(pads, a_screen) < 0.6


def test_who_knows_everybody_else_and_spends_the_whole_day_is_right_in_two_of_three_cases() -> None:
    """Guessing is one of two; the reckoning: the square root of 60 looks, of a spread of 12, is 0.65 of a spread."""
    assert won(rewords, a_screen) < 0.68


def test_all_is_lost_if_every_question_were_answered_finely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Why the finer questions of a day are limited."""
    monkeypatch.setattr("bot.rules.blurring.FINE", 1_000_000)

    def for_days(answers: Answers, voted: bool) -> bool:
        return mean(answers(f"{number} words", 200 + voted) for number in range(1_500)) > 200.5

    assert won(for_days, a_screen, games=20) > 0.8


def test_watching_shows_nothing_within_the_hour_and_costs_a_question_afterwards() -> None:
    ledger, group = Ledger(), "P or (T and voted)"
    before = ledger.tell(question(group), Headcount(others=29))
    after = ledger.tell(question(group, at=NOW + timedelta(minutes=50)), Headcount(others=30))
    assert before == after
    for hour in range(1, 13):
        ledger.tell(question(group, at=NOW + timedelta(hours=hour)), Headcount(others=30))
    for number in range(FINE - 13):
        assert ledger.tell(question(f"{number}"), Headcount(others=30)).about == 10
    assert ledger.tell(question("one more"), Headcount(others=30)).about == 100
    assert ledger.tell(question(group), Headcount(others=30)) == before, "what was told finely stays so"
    tomorrow = ledger.tell(question("one more", at=NOW + timedelta(days=1)), Headcount(others=30))
    assert tomorrow.about == 10


def test_colleagues_are_told_the_same_and_two_processes_draw_the_same() -> None:
    one, another = Ledger(), Ledger()
    mine = one.tell(question("P"), Headcount(known=3, others=50))
    assert one.tell(question("P", COLLEAGUE), Headcount(known=3, others=51)) == mine
    assert another.tell(question("P", COLLEAGUE), Headcount(known=3, others=50)) == mine


def test_the_order_of_conditions_is_no_other_question() -> None:
    typed = "(in:69 or in:01) and not vote:1:voted and volunteer"
    again = "volunteer and (in:01 or in:69) and not vote:1:voted and volunteer"
    other = "volunteer and (in:01 or in:69) and vote:1:voted"
    assert words_of(expression_in(typed)) == words_of(expression_in(again)) != words_of(expression_in(other))


def test_numbers_stay_useful() -> None:
    off = [
        Ledger().tell(question(f"group {number}"), Headcount(others=230)).others - 230
        for number in range(1_000)
    ]
    assert abs(mean(off)) < 1.5
    assert sum(abs(each) <= 2 * SPREAD for each in off) / len(off) > 0.93
    assert LOCAL.shown(Headcount(known=3, others=229, about=10)) == "≈\N{NO-BREAK SPACE}230"
    assert LOCAL.shown(Headcount(others=0, about=10)) == "≈\N{NO-BREAK SPACE}10", "nobody is no number"


PARTS = st.fixed_dictionaries(
    {name: st.builds(Headcount, known=st.integers(0, 40), others=st.integers(0, 400)) for name in "abc"}
)


@given(PARTS)
def test_parts_fit_their_whole(parts: dict[str, Headcount]) -> None:
    told = shared_out(parts, partial(Ledger().tell, question("P")), home="a")
    assert told.keys() == parts.keys()
    for name, people in parts.items():
        assert told[name].known == people.known
        assert told[name].others >= 0
        assert (told[name].total == 0) == (people.total == 0) or name == "a"
    whole = Ledger().tell(question("P"), sum(parts.values(), start=NOBODY))
    rest = sum(told[name].others for name in "bc")
    if told["a"].others > 1:
        assert told["a"].others + rest == whole.others


@given(PARTS)
def test_who_reads_every_number_reads_every_part(parts: dict[str, Headcount]) -> None:
    assert shared_out(parts, exactly, home="a") == parts


def test_an_empty_group_looks_like_one_of_one_person() -> None:
    """All that is told of either: the whole, all of it where somebody is of whom only the area is known."""
    for others in (0, 1):
        parts = {"at once": NOBODY, "until Sunday": Headcount(others=others)}
        told = shared_out(parts, partial(Ledger().tell, question("T and voted")), home="until Sunday")
        assert told["at once"] == NOBODY
        assert told["until Sunday"].about == 10
        assert told["until Sunday"].others > 0


@given(st.builds(Headcount, known=st.integers(0, 40), others=st.integers(0, 400)))
def test_who_reads_every_number_reads_the_true_one(people: Headcount) -> None:
    national = Reader(known_in=None)
    assert Ledger().tell(question("P", national), people) == people
