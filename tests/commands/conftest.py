"""Every command runs in an empty data folder, on the eve of the first reminders."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from tests.frozen import FROZEN


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty data folder, and none of the settings of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("PORTEVOIX_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    monkeypatch.setenv("PORTEVOIX_CAMPAIGN", str(FROZEN))
    monkeypatch.setenv("PORTEVOIX_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PORTEVOIX_API_BASE", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("PORTEVOIX_CLOCK", "2016-11-16T08:00:00+01:00@0")


@pytest.fixture
def no_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is asked something ends here."""
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    monkeypatch.setenv("PORTEVOIX_CLOCK", "2027-01-10T08:00:00+01:00@0")
