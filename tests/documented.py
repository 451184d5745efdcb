"""The commands that the documents have people run, as they stand there: lines that are indented by four spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGES = ("hosting", "monitoring", "upgrading", "moving")
"""Each command of these is played by `tests.newcomer`, or stands in `NOT_PLAYED`."""

NOT_PLAYED = {
    r".*: apt-get install": "changes the machine",
    r".*: (journalctl|curl -s .*example\.org)": "asks what runs on another machine",
    r"In a container: ": "needs a daemon; the image was built and run by hand, tests/test_deploy.py holds its rules",
}
"""What is not played, by its heading and how it begins, and why."""


@dataclass(frozen=True)
class Line:
    page: str
    heading: str
    text: str

    @property
    def command(self) -> str:
        """Without what is told beside it."""
        return re.sub(r"\s+# .*", "", self.text)

    @property
    def is_played(self) -> bool:
        return not any(re.match(pattern, f"{self.heading}: {self.text}") for pattern in NOT_PLAYED)


ASKS = re.compile(
    r"portevoix(-admin)? (init|db new|opt-outs import|polling-places import)\b(?!.* --yes)|\bread -r\b"
)
"""What reads an answer from the terminal, and so whatever is pasted after it."""


def lines_of(page: str) -> Iterator[Line]:
    for block in blocks_of(Path("docs", f"{page}.md")):
        yield from (Line(page, heading, text) for heading, text in block)


def blocks_of(document: Path) -> Iterator[list[tuple[str, str]]]:
    """The lines that one may paste together, each with its heading."""
    heading, fenced, block = "", False, list[tuple[str, str]]()
    for line in (*document.read_text(encoding="utf-8").splitlines(), "."):
        if not fenced and line.startswith("    ") and line.strip():
            block.append((heading, line.strip()))
            continue
        if block:
            yield block
            block = []
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced and line.startswith("#"):
            heading = line.lstrip("# ")


def played_of(page: str, heading: str) -> list[Line]:
    found = [line for line in lines_of(page) if line.heading == heading and line.is_played]
    assert found, f"docs/{page}.md has no commands under “{heading}”"
    return found
