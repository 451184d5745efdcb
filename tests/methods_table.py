"""Writes the table of docs/local-telegram.md, of all methods of the Bot API: `python -m tests.methods_table`."""

from __future__ import annotations

from pathlib import Path

from simulator.methods import METHODS
from simulator.methods.known import KNOWN

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "local-telegram.md"
BEGIN, END = "<!-- methods -->\n", "<!-- end of methods -->\n"


def table() -> str:
    """The methods in the order of the alphabet, and how many of them are simulated."""
    simulated = {name for name, _ in METHODS.values()}
    rows = [f"| `{name}` | {'yes' if name in simulated else ''} |" for name in sorted(KNOWN, key=str.lower)]
    return "\n".join(
        [
            f"{len(simulated)} of {len(KNOWN)} methods are simulated.",
            "",
            "| method | simulated |",
            "|---|---|",
            *rows,
            "",
        ]
    )


def written(document: str) -> str:
    """The document with the table of today."""
    before, _, rest = document.partition(BEGIN)
    return before + BEGIN + "\n" + table() + "\n" + END + rest.partition(END)[2]


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text()))
