"""Looking a key up among the names: exactly, by its beginning, and with typing errors."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from heapq import nsmallest

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.rules.communes.slips import cost_of_slips
from bot.rules.communes.table import CommuneTable, grams_of, keys_by_length

_GRAMS_PER_ERROR = 4
"""How many grams of a key one error spoils at most (a swap: four): among one more, one is whole."""
_THREE_ERRORS_LENGTH = 9
"""From this many letters on a third error is forgiven, if nothing is closer: two swaps may make three."""


def allowed_errors(key: str) -> int:
    """How many typing errors a key of this length may hold before anything resembles anything."""
    return 0 if len(key) < 3 else 1 if len(key) < 5 else 2


class Names:
    """The names of a table by key. Names are given by their index in `CommuneTable.names`."""

    def __init__(self, table: CommuneTable) -> None:
        self._table = table
        self._by_length = keys_by_length(table.keys)
        self._grams = {gram: at for at, gram in enumerate(table.grams)}
        self._by_department: dict[str, tuple[list[str], list[int]]] = {}
        longest = len(self._by_length[-1])
        self._length_starts = [bisect_left(self._by_length, length, key=len) for length in range(longest + 2)]

    def place_of(self, name: int) -> int:
        """The index of the commune of today that bears or absorbed this name."""
        places = len(self._table.codes)
        return name if name < places else self._table.owners[name - places]

    def exact(self, key: str) -> list[int]:
        """The names with exactly this key."""
        at = bisect_left(self._table.keys, key)
        if at == len(self._table.keys) or self._table.keys[at] != key:
            return []
        by_rank, starts = self._table.by_rank, self._table.key_starts
        return [by_rank[rank] for rank in self._table.entries[starts[at] : starts[at + 1]]]

    def by_skeleton(self, skeleton: str) -> list[int]:
        """The names that have this key once their small words are left out."""
        first = bisect_left(self._table.skeletons, skeleton)
        last = bisect_right(self._table.skeletons, skeleton, lo=first)
        return self._table.skeleton_names[first:last].tolist()

    def completions(self, key: str, limit: int) -> list[int]:
        """The names that begin with the key and go on, the largest communes first."""
        first = bisect_left(self._table.keys, key)
        last = bisect_left(self._table.keys, key + "~", lo=first)
        if first < last and self._table.keys[first] == key:
            first += 1
        by_rank, starts = self._table.by_rank, self._table.key_starts
        return [by_rank[rank] for rank in nsmallest(limit, self._table.entries[starts[first] : starts[last]])]

    def misspelt(self, key: str, most: int) -> list[tuple[int, float]]:
        """The other names within `most` and `allowed_errors` of the key, and their cost.

        Errors are counted by the restricted Damerau distance: dropped, added, replaced, swapped.
        """
        most = min(most, allowed_errors(key))
        if not most:
            return []
        found = self._within(key, most, self._sharing_grams(key, most))
        if most > 1 and len(key) >= _THREE_ERRORS_LENGTH and not found:
            found = self._within(key, 3, self._sharing_grams(key, 3))
        return [
            (name, cost_of_slips(key, near, errors))
            for near, errors in found
            if errors
            for name in self.exact(near)
        ]

    def in_departments(self, key: str, departments: Iterable[str], most: int) -> Iterator[tuple[int, float]]:
        """The names of these départements within `most` errors of the key, with their cost."""
        for department in departments:
            keys, names = self._of_department(department)
            for near, errors, at in process.extract(
                key, keys, scorer=OSA.distance, score_cutoff=most, limit=None
            ):
                yield names[at], cost_of_slips(key, near, int(errors))

    def beginning_in(self, key: str, departments: Iterable[str]) -> Iterator[int]:
        """The names of these départements that begin with the key and go on."""
        for department in departments:
            keys, names = self._of_department(department)
            yield from (
                name
                for other, name in zip(keys, names, strict=True)
                if other.startswith(key) and other != key
            )

    def is_full_key(self, name: int, key: str) -> bool:
        """Whether the key is the whole name's, not the one without its article or brackets."""
        return self._table.keys[self._table.name_keys[self._table.name_starts[name]]] == key

    def _positions(self, length: int, most: int) -> tuple[int, int]:
        """Where the keys of `length` letters, give or take `most`, stand among the keys by length."""
        longest = len(self._length_starts) - 1
        return (
            self._length_starts[max(0, min(length - most, longest))],
            self._length_starts[min(length + most + 1, longest)],
        )

    def _sharing_grams(self, key: str, most: int) -> list[str]:
        """The keys of about this length that share one of the key's rarer grams."""
        low, high = self._positions(len(key), most)
        postings, starts = self._table.postings, self._table.gram_starts
        spans = []
        for gram in set(grams_of(key)):
            at = self._grams.get(gram)
            if at is None:
                spans.append((0, 0, 0))
                continue
            first = bisect_left(postings, low, starts[at], starts[at + 1])
            last = bisect_left(postings, high, first, starts[at + 1])
            spans.append((last - first, first, last))
        spans.sort()
        positions: set[int] = set()
        for _, first, last in spans[: _GRAMS_PER_ERROR * most + 1]:
            positions.update(postings[first:last])
        return list(map(self._by_length.__getitem__, positions))

    @staticmethod
    def _within(key: str, most: int, keys: list[str]) -> list[tuple[str, int]]:
        found = process.extract(key, keys, scorer=OSA.distance, score_cutoff=most, limit=None)
        return [(near, int(errors)) for near, errors, _ in found]

    def _of_department(self, department: str) -> tuple[list[str], list[int]]:
        """The keys of a département's names and the names, gathered the first time they are asked for."""
        if department not in self._by_department:
            table = self._table
            first = bisect_left(table.codes, department)
            last = bisect_left(table.codes, department + "~", lo=first)
            places = len(table.codes)
            first_former = places + bisect_left(table.owners, first)
            last_former = places + bisect_left(table.owners, last)
            pairs = [
                (table.keys[key], name)
                for name in (*range(first, last), *range(first_former, last_former))
                for key in table.name_keys[table.name_starts[name] : table.name_starts[name + 1]]
            ]
            self._by_department[department] = ([key for key, _ in pairs], [name for _, name in pairs])
        return self._by_department[department]
