"""Any expressions: every leaf, nested at will."""

from __future__ import annotations

from hypothesis import strategies as st

from bot.rules.expressions import All, AnyOf, Expression, Not
from bot.rules.leaves import Leaf

AREAS = ("FR", "abroad", "R84", "R04", "R975", "69", "2A", "974", "69123", "69381", "69266", "2A004", "98818")
CODES = ("aa11", "bb22", "any")

ARGUMENTS = {
    "in": [(area,) for area in AREAS],
    "near": [("69123", "1"), ("69266", "30"), ("69123", "500"), ("98818", "20")],
    "language": [("fr",), ("en",)],
    "volunteer": [()],
    "staff": [()],
    "recruited": [()],
    "recruiter": [()],
    "named": [()],
    "rsvp": [(code, answer) for code in CODES for answer in "yes maybe no silent attended absent".split()],
    "intention": [(ballot, said) for ballot in "12" for said in "will unsure cannot silent".split()],
    "plan": [(ballot, slot) for ballot in "12" for slot in "any none morning last_hour".split()],
    "vote": [(ballot, said) for ballot in "12" for said in "voted later cannot silent".split()],
    "survey": [
        (code, chosen) for code in ("s1", "s2") for chosen in "any none yes no cars.yes when.no".split()
    ],
    "joined": [(moment,) for moment in (">2016-11-01", "<2016-11-01", ">2016-11-15", "<7d", ">7d", "<400d")],
    "seen": [(moment,) for moment in (">2016-11-01", "<2016-11-16", "<7d", ">7d", "<1d", ">30d")],
    "got": [("1",), ("2",), ("3",)],
    "answered": [("1",), ("2",)],
    "audience": [("friends",), ("rhône",)],
    "sample": [("1",), ("10",), ("50",), ("100",)],
}
"""Arguments of each leaf, in their canonical spelling."""


def leaves(*, but: tuple[str, ...] = ()) -> st.SearchStrategy[Leaf]:
    names = st.sampled_from(sorted(set(ARGUMENTS) - set(but)))
    return names.flatmap(
        lambda name: st.sampled_from(ARGUMENTS[name]).map(lambda found: Leaf(name=name, arguments=found))
    )


def expressions(*, but: tuple[str, ...] = (), most: int = 8) -> st.SearchStrategy[Expression]:
    """Trees of at most `most` leaves, in any arrangement."""
    return st.recursive(
        leaves(but=but),
        lambda below: (
            below.map(Not)
            | st.lists(below, min_size=1, max_size=4).map(lambda found: All(tuple(found)))
            | st.lists(below, min_size=1, max_size=4).map(lambda found: AnyOf(tuple(found)))
        ),
        max_leaves=most,
    )
