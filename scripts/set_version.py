"""Gives what is unreleased a version: in pyproject.toml, its only place, and as a heading of CHANGELOG.md.

python scripts/set_version.py VERSION DAY
python scripts/set_version.py --notes VERSION     prints what changed in it
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

UNRELEASED = "## Unreleased\n"


def with_version(project: str, version: str) -> str:
    """pyproject.toml with another version."""
    return re.sub(r'^version = "[^"]*"$', f'version = "{version}"', project, count=1, flags=re.MULTILINE)


def released(changelog: str, version: str, day: str) -> str:
    """The changelog with what was unreleased under the version. Raises ValueError where nothing was."""
    _, found, rest = changelog.partition(UNRELEASED)
    if not found or not rest.partition("\n## ")[0].strip():
        raise ValueError(
            "CHANGELOG.md has nothing under “Unreleased”: say what changes for those who use Portevoix."
        )
    return changelog.replace(UNRELEASED, f"{UNRELEASED}\n## {version}, {day}\n", 1)


def notes(changelog: str, version: str) -> str:
    """What a version changed, with its name as the heading. Raises ValueError for one that is not told."""
    found = re.search(
        rf"^## {re.escape(version)}(?:, [^\n]*)?\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    if found is None:
        raise ValueError(f"CHANGELOG.md tells nothing of {version}.")
    return f"Portevoix {version}\n\n{found[1].strip()}\n"


def main() -> int:
    project, changelog = Path("pyproject.toml"), Path("CHANGELOG.md")
    version, day = sys.argv[1:]
    try:
        if version == "--notes":
            print(notes(changelog.read_text(encoding="utf-8"), day), end="")
            return 0
        history = released(changelog.read_text(encoding="utf-8"), version, day)
    except ValueError as fault:
        print(fault, file=sys.stderr)
        return 2
    changelog.write_text(history, encoding="utf-8")
    project.write_text(with_version(project.read_text(encoding="utf-8"), version), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
