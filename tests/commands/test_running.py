"""`portevoix run` without what it needs."""

from __future__ import annotations

import pytest

from tests.commanding import refusal


def test_run_without_a_token_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "PORTEVOIX_TOKEN is missing" in refusal(capsys, "run")
    assert "PORTEVOIX_WEB" in refusal(capsys, "run", "--webhook", "https://example.org/bot")
    assert "is not an address" in refusal(capsys, "run", "--webhook", "example.org")
    monkeypatch.setenv("PORTEVOIX_TOKN", "x")
    assert "did you mean PORTEVOIX_TOKEN" in refusal(capsys, "run")
