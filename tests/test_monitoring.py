"""docs/monitoring.md tells every metric, trouble and line of the log; the dashboard asks for what there is."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from bot.rules.health import Trouble
from bot.rules.metrics import METRICS

PAGE = Path("docs/monitoring.md").read_text(encoding="utf-8")
DASHBOARD = json.loads(Path("docs/grafana.json").read_text(encoding="utf-8"))
ROOMS = ("bot", "db", "handlers", "locales")
PERSONAL = {
    "telegram_id",
    "chat",
    "chat_id",
    "person",
    "first_name",
    "username",
    "text",
    "message",
    "commune",
}
"""What no line of the log bears."""
# One worker reads the sources, once.
pytestmark = pytest.mark.xdist_group("monitoring")
OURS = re.compile(r"\b(?:portevoix|process)_[a-z_]+")


@cache
def logged() -> list[tuple[str, ast.Call]]:
    """Each call that writes a line of the log, and its event."""
    return [found for room in ROOMS for file in Path(room).rglob("*.py") for found in _logged_in(file)]


def _logged_in(file: Path) -> Iterator[tuple[str, ast.Call]]:
    text = file.read_text(encoding="utf-8")
    if re.search(r"\blog\s*\.", text):  # few write any, and to parse a file is dear
        for node in ast.walk(ast.parse(text)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "log"
                and node.func.attr in ("debug", "info", "warning", "error")
            ):
                assert isinstance(node.args[0], ast.Constant), f"{file}:{node.lineno}: an event has one name"
                yield str(node.args[0].value), node


def rows(section: str) -> list[list[str]]:
    """The cells of the first table after a heading."""
    table = re.search(r"(?:^\|.*\n)+", PAGE[PAGE.index(f"## {section}") :], re.MULTILINE)
    assert table
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[0].splitlines()[2:]]


def test_every_line_of_the_log_is_told_with_what_to_do() -> None:
    told = [cells[0].strip("`") for cells in rows("The log")]
    assert told == sorted(told)
    assert set(told) == {event for event, _call in logged()}
    assert all(len(cells) == 3 and all(cells) for cells in rows("The log"))


def test_no_line_of_the_log_bears_what_is_personal() -> None:
    for event, call in logged():
        assert re.fullmatch(r"[a-z_]+", event)
        assert not PERSONAL & {keyword.arg for keyword in call.keywords}, event


def test_every_trouble_is_told() -> None:
    assert [cells[0].strip("`") for cells in rows("`/health`")] == list(Trouble)


def test_every_metric_is_told() -> None:
    for metric in METRICS:
        labels = "{" + ", ".join(metric.labels) + "}" if metric.labels else ""
        row = f"| `{metric.name}{labels}` | {metric.type} | {metric.help} |"
        assert row in PAGE, f"docs/monitoring.md lacks: {row}"
    assert set(OURS.findall(PAGE)) <= {metric.name for metric in METRICS}


def queries() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"]


def test_the_dashboard_asks_for_what_there_is() -> None:
    known = {metric.name: metric for metric in METRICS}
    asked = [name for query in queries() for name in OURS.findall(query)]
    assert set(asked) <= set(known)
    assert set(known) - set(asked) <= {"portevoix_idle", "portevoix_leads"}, "each figure has its place"
    for query in queries():
        for name, grouped in re.findall(r"by \(([a-z, ]+)\) \(.*?((?:portevoix|process)_[a-z_]+)", query):
            assert set(name.split(", ")) <= {*known[grouped].labels, "instance"}, query
        for name in OURS.findall(query):
            is_counter = known[name].type == "counter"
            assert is_counter == bool(re.search(rf"(?:rate|increase)\({name}\b", query)), query
