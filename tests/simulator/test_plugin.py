"""The pytest plugin, as the project of another bot uses it: the example of docs/local-telegram.md, run as it stands."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import simulator.server  # noqa: F401 - once for all: what runs within this process finds it there
from tests.methods_table import DOCUMENT

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
EXAMPLE = re.compile(r"<!-- example -->\n+```python\n(.*?)```", re.DOTALL)


@pytest.fixture
def elsewhere(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """The folder of another project, which has this one installed."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{pytester.path}")
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    return pytester


def test_the_example_of_the_documents_passes(elsewhere: pytest.Pytester) -> None:
    (example,) = EXAMPLE.findall(DOCUMENT.read_text(encoding="utf-8"))
    elsewhere.makepyfile(example)
    elsewhere.runpytest_inprocess("-p", "simulator.pytest_plugin").assert_outcomes(passed=1)


def test_what_is_otherwise_is_said_in_a_fixture(elsewhere: pytest.Pytester) -> None:
    elsewhere.makepyfile(
        """
        import pytest

        @pytest.fixture
        def local_telegram_options():
            return {"token": "7:OWN", "reads_all": True}

        @pytest.mark.asyncio
        async def test_it(local_telegram, simulator):
            assert local_telegram.token == "7:OWN"
            assert (await simulator.state())["bot"]["id"] == 7
        """
    )
    elsewhere.runpytest_inprocess("-p", "simulator.pytest_plugin").assert_outcomes(passed=1)


def test_without_pytest_asyncio_it_says_so(
    elsewhere: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    elsewhere.makepyfile(without="import sys; sys.modules['pytest_asyncio'] = None")
    elsewhere.makepyfile("def test_it(person): pass")
    result = elsewhere.runpytest_subprocess("-p", "without", "-p", "simulator.pytest_plugin")
    result.stdout.fnmatch_lines(["*The fixture person needs pytest-asyncio: install it.*"])


def test_it_is_found_where_this_is_installed() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    ((name, module),) = declared.items()
    assert name == module  # so that whoever names it with `-p` does not register it a second time
    assert {"local_telegram", "simulator", "person"} <= vars(import_module(module)).keys()
