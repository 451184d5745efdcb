import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from bot.rules.communes.slips import cost_of_slips

keys = st.text(alphabet="abcdehlors", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("typed", "likelier", "than"),
    [
        ("vile", "ville", "pile"),  # a letter dropped, rather than an odd replacement
        ("vlie", "vile", "olie"),  # two letters swapped
        ("gars", "fars", "pars"),  # f is beside g
        ("villle", "ville", "vizlle"),  # a letter doubled
        ("villev", "ville", "ilev"),
        ("brst", "brest", "bast"),
    ],
)
def test_likely_slips_cost_less(typed: str, likelier: str, than: str) -> None:
    def cost(meant: str) -> float:
        return cost_of_slips(typed, meant, int(OSA.distance(typed, meant)))

    assert cost(likelier) < cost(than)


@given(keys, keys)
def test_more_errors_cost_more(typed: str, meant: str) -> None:
    errors = int(OSA.distance(typed, meant))
    cost = cost_of_slips(typed, meant, errors)
    assert (cost == 0) == (errors == 0)
    assert errors - 0.2 * max(errors, 1) <= cost <= errors + 0.2 * errors
