"""When people get a message that waits is told in one way, in the chat and in the console."""

from __future__ import annotations

import re
from pathlib import Path

from locales import FOLDER

WHEN = Path("templates", "broadcasts", "_when.html.j2")
_SAID = re.compile(r"{% trans([^%]*?)%}(.*?){% endtrans %}", re.DOTALL)
_TELLS = re.compile(
    r"\b(they|people|them) get it\b|\bgoes out to them\b|\bheld back until\b|\bas hours and caps allow\b",
    re.I,
)
_INSTANT = re.compile(r"\|(moment|hour)\b")
_LIMIT = re.compile(r"\bat the (latest|earliest)\b")


def told_otherwise() -> list[str]:
    """What of the templates tells an instant at which a message reaches people, outside the file that does."""
    home = Path(str(FOLDER))
    found = []
    for path in sorted(home.rglob("*.j2")):
        if path.relative_to(home) == WHEN:
            continue
        for values, words in _SAID.findall(path.read_text(encoding="utf-8")):
            if _INSTANT.search(values) and (_TELLS.search(words) or _LIMIT.search(words)):
                found.append(f"{path.relative_to(home)}: {words}")
    return found


def test_when_a_message_leaves_is_told_in_one_way() -> None:
    assert told_otherwise() == []


def test_that_way_is_found() -> None:
    """The look for others would find it, were it written elsewhere."""
    ways = _SAID.findall((Path(str(FOLDER)) / WHEN).read_text(encoding="utf-8"))
    assert ways
    assert all(_INSTANT.search(values) and _TELLS.search(words) for values, words in ways)
