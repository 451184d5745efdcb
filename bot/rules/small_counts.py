"""Small counts: how many people staff of one area read of, so that no two answers tell of fewer than ten.

Who agreed to be known to the team stands in its files by name: whoever reads a count can subtract them, so they are
counted exactly. All others are counted in whole tens; fewer than ten, nobody included, is one answer. Of two groups
one of which lies in the other, the answers then leave open, of the others in between, every number from 0 to 9 or one
that is at least 10: `tests/rules/test_small_counts.py` plays who subtracts. Where the reader chooses the group, it
could be grown person by person until its ten is full: there the number of the others is blurred (`bot.rules.blurring`).
"""

from bot.frozen import Frozen

LEAST = 10
"""The fewest people of whom anything is told that is not told of each of them."""


def in_tens(people: int) -> int:
    """The whole tens in a number of people: 0 for up to 9, 10 for up to 19."""
    return people - people % LEAST


class Headcount(Frozen):
    """So many people: `known` to whoever asks, because they agreed to it, and `others`. `about`: what the number is
    rounded to where that of the others was blurred; 0: it is the true one.
    """

    known: int = 0
    others: int = 0
    about: int = 0

    @property
    def total(self) -> int:
        return self.known + self.others

    @property
    def at_least(self) -> int:
        """The fewest that staff of one area may conclude from what they read."""
        return self.known + in_tens(max(0, self.others - 3 * self.about))

    @property
    def at_most(self) -> int:
        """The most that staff of one area may conclude from what they read."""
        return self.known + in_tens(self.others + 3 * self.about) + LEAST - 1

    @property
    def in_total(self) -> "Headcount":
        """As many, whoever of them is known."""
        return Headcount(others=self.total, about=self.about)

    def __add__(self, more: "Headcount") -> "Headcount":
        about = max(self.about, more.about)
        return Headcount(known=self.known + more.known, others=self.others + more.others, about=about)


NOBODY = Headcount()


class Reader(Frozen):
    """A reader of counts. `known_in`: areas where they may know people by name; None: everywhere, counted exactly.
    `person`: who that is, of staff of some areas.
    """

    known_in: tuple[str, ...] | None
    person: int | None = None

    @property
    def is_exact(self) -> bool:
        return self.known_in is None

    def shown(self, people: Headcount) -> str:
        """The number; to staff of some areas `< 10`, between which numbers it lies, `20–29`, or about what: `≈ 230`;
        `≤ 10` of a part for which its whole leaves nothing to tell.
        """
        if self.is_exact:
            return str(people.total)
        if people.about:
            if people.total < LEAST:
                return f"≤\N{NO-BREAK SPACE}{people.about}"
            return f"≈\N{NO-BREAK SPACE}{self.middle(people)}"
        return f"{people.at_least}–{people.at_most}" if people.at_least else f"< {LEAST}"

    def tells(self, people: Headcount) -> bool:
        """Whether there is more to say than that they may be nobody."""
        return bool(self.at_least(people))

    def middle(self, people: Headcount) -> int:
        """One number for it, as near as they may know. Of a blurred one the least stands for nobody too. What was told
        is in whole tens (`bot.rules.blurring`), and parts add up to their whole.
        """
        if self.is_exact or not people.about:
            return self.at_least(people)
        return max(1, round(people.total / LEAST)) * LEAST

    def at_least(self, people: Headcount) -> int:
        """The fewest they may conclude from what they read."""
        return people.total if self.is_exact else people.at_least

    def at_most(self, people: Headcount) -> int:
        """The most they may conclude from what they read."""
        return people.total if self.is_exact else people.at_most
