"""Who chooses groups as cleverly as they like learns of one person hardly more than by guessing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.blurring import FINE, SPREAD, CountQuestion, Ledger, exactly, joined, shared_out, words_of
from bot.rules.entailment import is_within
from bot.rules.expression_text import expression_in
from bot.rules.expressions import All, AnyOf, Expression, Not, canonical
from bot.rules.leaves import Leaf
from bot.rules.sampling import Sampling, sampling_of
from bot.rules.small_counts import NOBODY, Headcount, Reader, in_tens
from tests.thorough import seeds

NOW = datetime(2016, 11, 20, 9, 5, tzinfo=UTC)
LOCAL, COLLEAGUE = Reader(known_in=("69",), person=1), Reader(known_in=("69",), person=2)
GAMES = 200
SECRET = sampling_of("secret")

Answers = Callable[[Expression, int], int]
"""What a screen says of a group, which is asked for by some words and holds so many others."""


def group(name: str) -> Leaf:
    return Leaf(name="audience", arguments=(name,))


def question(
    asked: str | Expression, reader: Reader = LOCAL, at: datetime = NOW, key: Sampling = SECRET
) -> CountQuestion:
    return CountQuestion(
        reader=reader, group=group(asked) if isinstance(asked, str) else asked, key=key, at=at
    )


def a_screen(game: int) -> Answers:
    """The screen of one campaign: its own key, and a day that begins."""
    ledger, key = Ledger(), sampling_of(f"campaign {game}")

    def answers(asked: Expression, others: int) -> int:
        told = ledger.tell(question(asked, key=key), Headcount(others=others))
        return LOCAL.middle(told)

    return answers


def in_bands(_: Expression, others: int) -> int:
    """What screens said before: whole tens."""
    return in_tens(others)


def pads(answers: Answers, voted: bool) -> bool:
    """Grows a padding whose size is not known until one person more, T, shows; then asks for it with T if T voted."""
    person, who_voted = group("T"), group("voted")
    for size in range(37, 37 + FINE // 3):
        padding = group(f"P{size}")
        alone, with_all = answers(padding, size), answers(AnyOf((padding, person)), size + 1)
        if with_all > alone:
            return answers(AnyOf((padding, All((person, who_voted)))), size + voted) > alone
    return False


def encloses(answers: Answers, voted: bool) -> bool:
    """Asks of a group with T and without, whose numbers bound what is said of it with T if T voted, time and again."""
    person, who_voted = group("T"), group("voted")
    nearer = 0
    for number in range(FINE // 3):
        padding = group(f"P{number}")
        low, high = answers(padding, 40), answers(AnyOf((padding, person)), 41)
        between = answers(AnyOf((padding, All((person, who_voted)))), 40 + voted)
        nearer += (between - low) - (high - between)
    return nearer > 0


def rewords_in_words_that_say_the_same(answers: Answers, voted: bool) -> bool:
    """Asks of one group in words that differ, and of which it can be seen that they mean the same people."""
    person = All((group("P"), group("voted")))
    words = [AnyOf((person, All((person, group(f"{number}"))))) for number in range(FINE // 2)]
    return mean(answers(each, 200 + voted) for each in words) > 200.5


def rewords(answers: Answers, voted: bool) -> bool:
    """Knows what everybody else answered, and asks of one group in as many words as are answered finely, and in
    hundreds of others: the best that can be done.
    """
    fine = [answers(group(f"{number} words"), 200 + voted) for number in range(FINE)]
    coarse = [answers(group(f"{number} more words"), 200 + voted) for number in range(60)]
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


def test_who_chooses_what_a_number_is_held_to_learns_no_more() -> None:
    assert won(encloses, a_screen, games=len(seeds(60))) < 0.6
    assert won(rewords_in_words_that_say_the_same, a_screen, games=40) < 0.6


def test_all_is_lost_if_every_question_were_answered_finely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Why the finer questions of a day are limited."""
    monkeypatch.setattr("bot.rules.blurring.FINE", 1_000_000)

    def for_days(answers: Answers, voted: bool) -> bool:
        return mean(answers(group(f"{number} words"), 200 + voted) for number in range(1_000)) > 200.5

    assert won(for_days, a_screen, games=10) > 0.8


def test_watching_shows_nothing_within_the_hour_and_costs_a_question_afterwards() -> None:
    ledger, asked = Ledger(), "P or (T and voted)"
    before = ledger.tell(question(asked), Headcount(others=29))
    after = ledger.tell(question(asked, at=NOW + timedelta(minutes=50)), Headcount(others=30))
    assert before == after
    for hour in range(1, 13):
        ledger.tell(question(asked, at=NOW + timedelta(hours=hour)), Headcount(others=30))
    for number in range(FINE - 13):
        assert ledger.tell(question(f"{number}"), Headcount(others=30)).about == 10
    assert ledger.tell(question("one more"), Headcount(others=30)).about == 100
    assert ledger.tell(question(asked), Headcount(others=30)) == before, "what was told finely stays so"
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
    assert LOCAL.shown(Headcount(others=10, about=10)) == "≈\N{NO-BREAK SPACE}10"
    assert LOCAL.shown(Headcount(others=0, about=10)) == "≤\N{NO-BREAK SPACE}10", "nobody is no number"
    assert Ledger().tell(question("P"), NOBODY).total >= 10


PARTS = st.fixed_dictionaries(
    {name: st.builds(Headcount, known=st.integers(0, 40), others=st.integers(0, 400)) for name in "abc"}
)


@given(PARTS, st.sampled_from([0, FINE]))
def test_parts_add_up_to_their_whole(parts: dict[str, Headcount], asked_before: int) -> None:
    ledger = Ledger()
    for number in range(asked_before):
        ledger.tell(question(f"{number}"), NOBODY)
    told = shared_out(parts, partial(ledger.tell, question("P")), home="a")
    assert told.keys() == parts.keys()
    whole = ledger.tell(question("P"), sum(parts.values(), start=NOBODY))
    shown = {name: LOCAL.shown(each) for name, each in told.items() if each.about}
    numbers = [int(each.split()[1]) for each in shown.values() if each.startswith("≈")]
    assert sum(numbers) == LOCAL.middle(whole) == LOCAL.middle(sum(told.values(), start=NOBODY))
    for name, people in parts.items():
        assert told[name].known <= people.known <= told[name].total + 9
        assert (told[name].total == 0) == (people.total == 0) or name == "a"


@given(PARTS)
def test_who_reads_every_number_reads_every_part(parts: dict[str, Headcount]) -> None:
    assert shared_out(parts, exactly, home="a") == parts


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 50))
def test_who_joins_a_group_and_shares_nobody_with_it_adds_up(one: int, other: int, game: int) -> None:
    """As many come in as there are; where some may be in both, no more."""
    ledger, key = Ledger(), sampling_of(f"campaign {game}")

    def tell(name: str, people: int, between: tuple[int, int] | None = None) -> Headcount:
        return ledger.tell(question(name, key=key), Headcount(others=people), between=between)

    before, more = tell("P", one), tell("Q", other)
    apart = tell("P or Q", one + other, joined(before, more, is_apart=True))
    assert apart.total == before.total + more.total
    shared = tell("P or Q too", one + other, joined(before, more, is_apart=False))
    assert max(before.total, more.total) <= shared.total <= before.total + more.total
    assert joined(Headcount(others=one), more, is_apart=True) is None, "true numbers add up by themselves"


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


# -- no screen contradicts itself --

CONDITIONS = tuple(Leaf(name=f"c{number}") for number in range(5))
TREES = st.recursive(
    st.sampled_from(CONDITIONS),
    lambda trees: st.one_of(
        trees.map(Not),
        st.lists(trees, min_size=2, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(trees, min_size=2, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=6,
).map(canonical)
CROWDS = st.lists(st.tuples(st.booleans(), st.sets(st.sampled_from(CONDITIONS))), max_size=60)


def is_in(conditions: set[Leaf], tree: Expression) -> bool:
    match tree:
        case Not(part):
            return not is_in(conditions, part)
        case All(parts):
            return all(is_in(conditions, part) for part in parts)
        case AnyOf(parts):
            return any(is_in(conditions, part) for part in parts)
    return tree in conditions


def headcount(crowd: list[tuple[bool, set[Leaf]]], tree: Expression) -> Headcount:
    found = [known for known, conditions in crowd if is_in(conditions, tree)]
    return Headcount(known=sum(found), others=len(found) - sum(found))


@st.composite
def paths(draw: st.DrawFn) -> list[Expression]:
    """Steps of one who writes a message: narrower, wider, taken back, or something else."""
    steps = [draw(TREES)]
    for _ in range(draw(st.integers(1, 7))):
        more = draw(TREES)
        ways = [AnyOf((steps[-1], more)), All((steps[-1], more)), All((steps[-1], Not(more))), *steps, more]
        steps.append(canonical(draw(st.sampled_from(ways))))
    return steps


@given(paths(), CROWDS, st.integers(0, 60))
def test_fewer_people_are_never_shown_as_more(
    steps: list[Expression], crowd: list[tuple[bool, set[Leaf]]], minutes: int
) -> None:
    """On the whole path, and while an hour ends."""
    ledger, shown = Ledger(), {}
    for number, tree in enumerate(steps):
        at = NOW + timedelta(minutes=minutes * number / len(steps))
        shown[tree] = LOCAL.middle(ledger.tell(question(tree, at=at), headcount(crowd, tree)))
    for one in steps:
        for other in steps:
            if is_within(one, other):
                assert shown[one] <= shown[other]


@given(paths(), CROWDS)
def test_what_is_shown_is_made_of_the_blurred_numbers_alone(
    steps: list[Expression], crowd: list[tuple[bool, set[Leaf]]]
) -> None:
    """Whoever is given each number with its own noise, as it was before numbers were held to each other, finds out what
    is shown without one true number: so what is shown tells no more, however the questions are chosen.
    """
    ledger = Ledger()
    shown = [ledger.tell(question(tree), headcount(crowd, tree)).total for tree in steps]
    alone = [Ledger().tell(question(tree), headcount(crowd, tree)).total for tree in steps]
    assert held_to_each_other(steps, alone) == shown


def held_to_each_other(steps: list[Expression], numbers: list[int]) -> list[int]:
    """What the attacker works out from numbers that nothing holds to each other."""
    shown: dict[str, tuple[Expression, int]] = {}
    for tree, number in zip(steps, numbers, strict=True):
        others = [(each, told) for each, told in shown.values()]
        least = max([number, *(told for each, told in others if is_within(each, tree))])
        held = min([least, *(told for each, told in others if is_within(tree, each))])
        shown.setdefault(words_of(tree), (tree, held))
    return [shown[words_of(tree)][1] for tree in steps]


@given(paths(), CROWDS)
def test_what_colleagues_were_told_shows_in_no_number(
    steps: list[Expression], crowd: list[tuple[bool, set[Leaf]]]
) -> None:
    """Otherwise somebody would learn of questions that they did not ask."""
    *before, last = steps
    ledger = Ledger()
    for tree in before:
        ledger.tell(question(tree, COLLEAGUE), headcount(crowd, tree))
    mine = ledger.tell(question(last), headcount(crowd, last))
    assert mine == Ledger().tell(question(last), headcount(crowd, last))
