"""How well and how fast communes are found: `python -m benchmarks.communes`.

Prints the table of `docs/communes.md` and leaves with status 1 if a goal is missed. Times are those of
the processor (one core), so that other programs do not count. The queries' seed was never used for tuning.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import process

from benchmarks.communes_audience import SUPPORTERS, radius_times
from benchmarks.communes_queries import KINDS, Query, TypingStyle, is_others_postcode, queries_of
from bot.communes import load
from bot.rules.communes.gazetteer import Commune, Gazetteer
from bot.rules.communes.text import fold

SEED = 20_161_120
"""Never used while the search was tuned."""
JUNK = (
    "",
    "null",
    "😀" * 50,
    "\u202elyon\u202c",
    "'; DROP TABLE communes; --",
    "<script>alert(1)</script>",
    "saint " * 2_000,
    "a" * 10_000,
    "7" * 10_000,
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit",
)
GOALS_MS = {
    "median": 0.5,
    "99th percentile": 3.0,
    "nearest, 99th percentile": 1.0,
    "radius": 200.0,
    "ready": 200.0,
}
GOAL_MB = 60.0

_READY = """
import json, pathlib, resource, time
from bot.communes import load
load().search("lyon")
at = time.clock_gettime(time.CLOCK_MONOTONIC)
status = pathlib.Path("/proc/self/status")
if status.exists():  # Linux's getrusage counts the parent's memory too
    kilobytes = int(status.read_text().partition("VmHWM:")[2].split()[0])
else:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([at, kilobytes]))
"""
"""A process that finds Lyon, then says when it did and its largest memory."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """Shares of right answers, and milliseconds a query."""

    first: float
    first_five: float
    sure_and_wrong: float
    times_ms: tuple[float, ...]


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--queries", type=int, default=2_000, help="queries of each kind (2000)")
    options.add_argument(
        "--plain", type=int, default=100, help="plain rapidfuzz on this many of each, 0 for none (100)"
    )
    options.add_argument("--seed", type=int, default=SEED)
    chosen = options.parse_args()
    gazetteer = load()
    communes = [found for code in gazetteer.codes() if (found := gazetteer.by_code(code))]
    missed = quality(gazetteer, communes, chosen.queries, chosen.plain, chosen.seed)
    both = sum(map(is_others_postcode, communes))
    print(f"{both:,} of {len(communes):,} INSEE codes are also other communes’ postcode")
    missed += speed(gazetteer, communes, chosen.seed)
    for goal in missed:
        print(f"MISSED: {goal}")
    return 1 if missed else 0


def quality(
    gazetteer: Gazetteer, communes: Sequence[Commune], count: int, plain: int, seed: int
) -> list[str]:
    """Print a row for each kind of query; the goals missed."""

    def answer(text: str) -> tuple[Sequence[Commune], bool]:
        result = gazetteer.search(text)
        return result.results, result.confident

    missed: list[str] = []
    times: list[float] = []
    plain_scores: list[Score] = []
    print(f"{count:,} queries of each kind, seed {seed}, gazetteer {gazetteer.vintage}\n")
    print(
        "| what is typed | right first | in the first five | sure but wrong | median | 99 % under |", end=""
    )
    print(
        " plain rapidfuzz, first five |\n|---|---|---|---|---|---|---|"
        if plain
        else "\n|---|---|---|---|---|---|"
    )
    search_plainly = plain_search(communes)
    for kind in KINDS:
        queries = queries_of(kind, communes, count, seed)
        score = score_of(queries, answer)
        times += score.times_ms
        cells = [
            kind.name,
            f"{score.first:.2%}",
            f"{score.first_five:.2%}",
            f"{score.sure_and_wrong:.2%}",
            f"{statistics.median(score.times_ms):.2f} ms",
            f"{percentile(score.times_ms, 99):.2f} ms",
        ]
        if plain:
            plain_scores.append(score_of(queries[:plain], search_plainly))
            cells.append(f"{plain_scores[-1].first_five:.1%}")
        print(f"| {' | '.join(cells)} |", flush=True)
        missed += goals_missed(kind, score)
    print(f"\nall kinds: median {statistics.median(times):.2f} ms, 99 % under {percentile(times, 99):.2f} ms")
    if plain:
        share = statistics.mean(score.first_five for score in plain_scores)
        plain_ms = statistics.median(ms for score in plain_scores for ms in score.times_ms)
        print(f"plain rapidfuzz: {share:.1%} in the first five over all kinds, median {plain_ms:.1f} ms")
    junk_ms = [milliseconds(gazetteer.search, text) for text in JUNK for _ in range(20)]
    print(f"junk: 99 % under {percentile(junk_ms, 99):.2f} ms")
    missed += over("median", statistics.median(times))
    missed += over("99th percentile", max(percentile(times, 99), percentile(junk_ms, 99)))
    return missed


def speed(gazetteer: Gazetteer, communes: Sequence[Commune], seed: int) -> list[str]:
    """Print the other times and the memory; the goals missed."""
    rng = random.Random(seed)
    points = [(place.latitude + rng.gauss(0, 0.1), place.longitude + rng.gauss(0, 0.1)) for place in communes]
    nearest_ms = [milliseconds(gazetteer.nearest, *point) for point in rng.sample(points, 2_000)]
    nearest_99 = percentile(nearest_ms, 99)
    print(f"nearest: median {statistics.median(nearest_ms):.2f} ms, 99 % under {nearest_99:.2f} ms")
    radius_ms = radius_times(gazetteer, communes, seed)
    for city, times in radius_ms.items():
        shown = ", ".join(f"{ms:.0f}" for ms in times)
        print(
            f"within 5, 30 and 100 km of {city} among {SUPPORTERS:,} supporters in the database: {shown} ms"
        )
    ready_ms, megabytes = ready()
    print(f"ready {ready_ms:.0f} ms after the process starts, {megabytes:.0f} MB at most")
    missed = over("nearest, 99th percentile", nearest_99) + over("radius", max(map(max, radius_ms.values())))
    missed += over("ready", ready_ms)
    return missed + ([f"{megabytes:.0f} MB of memory, goal {GOAL_MB:.0f}"] if megabytes > GOAL_MB else [])


def score_of(queries: Iterable[Query], answer: Callable[[str], tuple[Sequence[Commune], bool]]) -> Score:
    first, first_five, wrong, times = 0, 0, 0, []
    for query in queries:
        start = time.thread_time_ns()
        results, sure = answer(query.text)
        times.append((time.thread_time_ns() - start) / 1e6)
        right = [query.is_right(commune) for commune in results[:5]]
        first += right[:1] == [True]
        first_five += any(right)
        wrong += sure and right[:1] != [True]
    count = len(times)
    return Score(
        first=first / count,
        first_five=first_five / count,
        sure_and_wrong=wrong / count,
        times_ms=tuple(times),
    )


def plain_search(communes: Sequence[Commune]) -> Callable[[str], tuple[Sequence[Commune], bool]]:
    """What one would write first: rapidfuzz's best matches of the folded query among the folded names."""
    names = [fold(place.name) for place in communes]

    def answer(text: str) -> tuple[Sequence[Commune], bool]:
        return [communes[at] for _, _, at in process.extract(fold(text), names, limit=5)], False

    return answer


def ready() -> tuple[float, float]:
    """Milliseconds from the start of a process to its first answer, and its most megabytes; best of ten."""
    # Compiled once, as an installed package is.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    times, megabytes = [], []
    for _ in range(10):
        start = time.clock_gettime(time.CLOCK_MONOTONIC)
        answer = subprocess.run(
            [sys.executable, "-c", _READY], env=environment, check=True, capture_output=True
        ).stdout
        at, kilobytes = json.loads(answer)
        times.append((at - start) * 1e3)
        megabytes.append(kilobytes / 1024)
    return min(times), max(megabytes)


def goals_missed(kind: TypingStyle, score: Score) -> list[str]:
    share = score.first if kind.first == 1 else score.first_five
    return [f"{kind.name}: {share:.2%}, goal {kind.goal:.1%}"] if share < kind.goal else []


def over(goal: str, ms: float) -> list[str]:
    return [f"{goal}: {ms:.2f} ms, goal {GOALS_MS[goal]:.1f}"] if ms > GOALS_MS[goal] else []


def milliseconds(call: Callable[..., object], *arguments: object) -> float:
    """The processor time of one call."""
    start = time.thread_time_ns()
    call(*arguments)
    return (time.thread_time_ns() - start) / 1e6


def percentile(values: Iterable[float], share: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


if __name__ == "__main__":
    sys.exit(main())
