"""Small counts: how many people staff of one area read of, so that no two answers tell of fewer than ten.

Who agreed to be known to the team stands in its files by name: whoever reads a count can subtract them, so they are
counted exactly. All others are counted in whole tens; fewer than ten, nobody included, is one answer. Of two groups
one of which lies in the other, the answers then leave open, of the others in between, every number from 0 to 9 or one
that is at least 10: `tests/rules/test_small_counts.py` plays who subtracts.
"""

from dataclasses import dataclass

LEAST = 10
"""The fewest people of whom anything is told that is not told of each of them."""


def is_small(people: int) -> bool:
    """Whether so few people stay untold, nobody included."""
    return people < LEAST


def in_tens(people: int) -> int:
    """The whole tens in a number of people: 0 for up to 9, 10 for up to 19."""
    return people - people % LEAST


@dataclass(frozen=True, kw_only=True)
class Headcount:
    """So many people: `known` to whoever asks, because they agreed to it, and `others`."""

    known: int = 0
    others: int = 0

    @property
    def total(self) -> int:
        return self.known + self.others

    @property
    def at_least(self) -> int:
        """The fewest that staff of one area may conclude from what they read."""
        return self.known + in_tens(self.others)

    @property
    def at_most(self) -> int:
        """The most that staff of one area may conclude from what they read."""
        return self.at_least + LEAST - 1

    @property
    def in_total(self) -> "Headcount":
        """As many, whoever of them is known."""
        return Headcount(others=self.total)

    def __add__(self, more: "Headcount") -> "Headcount":
        return Headcount(known=self.known + more.known, others=self.others + more.others)


NOBODY = Headcount()


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A reader of counts. `known_in`: areas where they may know people by name; None: everywhere, counted exactly."""

    known_in: tuple[str, ...] | None

    @property
    def is_exact(self) -> bool:
        return self.known_in is None

    def shown(self, people: Headcount) -> str:
        """The number; to staff of some areas `< 10`, or between which numbers it lies: `20–29`."""
        if self.is_exact:
            return str(people.total)
        return f"{people.at_least}–{people.at_most}" if people.at_least else f"< {LEAST}"

    def tells(self, people: Headcount) -> bool:
        """Whether there is more to say than that they may be nobody."""
        return bool(self.at_least(people))

    def at_least(self, people: Headcount) -> int:
        """The fewest they may conclude from what they read."""
        return people.total if self.is_exact else people.at_least

    def at_most(self, people: Headcount) -> int:
        """The most they may conclude from what they read."""
        return people.total if self.is_exact else people.at_most
