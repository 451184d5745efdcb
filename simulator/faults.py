"""Faults on demand: what a bad network or a bad day at Telegram does to a call."""

import random
from dataclasses import dataclass, field
from typing import Any

from simulator.errors import PersonError

KINDS = {
    "drop_before": "the connection is closed, the call was not processed",
    "drop_after": "the call is processed, then the connection is closed without an answer",
    "error_500": "answers 500, the call was not processed",
    "error_500_after": "the call is processed, then 500 is answered",
    "slow": "the call is processed and answered `seconds` late",
    "html": "answers a gateway's 502 page in HTML, the call was not processed",
    "half_json": "the call is processed, the answer is cut in the middle of its JSON",
}

LONGEST_DELAY = 3600
MOST_TIMES = 1_000_000_000
PROCESSED = {"drop_after", "error_500_after", "slow", "half_json"}


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault: for some methods (lower case; none means all), for `left` calls or with a probability."""

    kind: str
    methods: frozenset[str] = frozenset()
    left: int | None = None
    probability: float = 1.0
    seed: int = 0
    seconds: float = 1.0
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def strikes(self, method: str) -> bool:
        if (self.methods and method not in self.methods) or self.left == 0:
            return False
        if self.probability < 1 and self._random.random() >= self.probability:
            return False
        if self.left is not None:
            self.left -= 1
        return True

    def as_json(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "methods": sorted(self.methods),
            "left": self.left,
            "probability": self.probability,
            "seed": self.seed,
            "seconds": self.seconds,
        }


class Faults:
    """The faults in force; the first that strikes a call is the one that happens."""

    def __init__(self) -> None:
        self.active: list[Fault] = []

    def add(self, description: dict[str, Any]) -> Fault:
        fault = read_fault(description)
        self.active.append(fault)
        return fault

    def clear(self) -> None:
        self.active.clear()

    def strike(self, method: str) -> Fault | None:
        for fault in self.active:
            if fault.strikes(method):
                if fault.left == 0:
                    self.active.remove(fault)
                return fault
        return None


def read_fault(description: dict[str, Any]) -> Fault:
    """A fault from its JSON: kind, method or methods, count, probability, seed, seconds."""
    kind = description.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise PersonError(f"“{kind}” is not a fault: choose one of {', '.join(KINDS)}.")
    methods = description.get("methods") or ([description["method"]] if description.get("method") else [])
    if not isinstance(methods, list) or not all(isinstance(method, str) for method in methods):
        raise PersonError("A fault's methods are a list of texts.")
    try:
        count = description.get("count")
        fault = Fault(
            kind=kind,
            methods=frozenset(method.lower() for method in methods),
            left=None if count is None else int(count),
            probability=float(description.get("probability", 1.0)),
            seed=int(description.get("seed", 0)),
            seconds=float(description.get("seconds", 1.0)),
        )
    except (TypeError, ValueError, OverflowError):
        raise PersonError("A fault's count, probability, seed and seconds are numbers.") from None
    if not 0 <= fault.probability <= 1 or not 0 <= fault.seconds <= LONGEST_DELAY:
        raise PersonError(f"A fault needs a probability from 0 to 1, and 0 to {LONGEST_DELAY} seconds.")
    if fault.left is not None and not 1 <= fault.left <= MOST_TIMES:
        raise PersonError(f"A fault needs a count of 1 to {MOST_TIMES:,}.")
    return fault
