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
    r"PostgreSQL: ": "needs a server and its administrator; tests/upgrading upgrades a real one",
    r"To the other engine: ": "needs a server; tests/commands/test_moving.py moves to a real one, and back",
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


def lines_of(page: str) -> Iterator[Line]:
    heading, fenced = "", False
    for line in Path("docs", f"{page}.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced and line.startswith("#"):
            heading = line.lstrip("# ")
        elif not fenced and line.startswith("    ") and line.strip():
            yield Line(page, heading, line.strip())


def played_of(page: str, heading: str) -> list[Line]:
    found = [line for line in lines_of(page) if line.heading == heading and line.is_played]
    assert found, f"docs/{page}.md has no commands under “{heading}”"
    return found
