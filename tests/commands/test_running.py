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


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("example.org", "is not an address"),
        ("ftp://example.org", "is not an address"),
        ("https://", "is not an address"),
        ("http://example.org/bot", "is no https address"),
        ("http://127.0.0.1.example.org/bot", "is no https address"),
        ("https://example.org:8080/bot", "ports 443, 80, 88 and 8443"),
        ("https://example.org:99999/bot", "ports 443, 80, 88 and 8443"),
    ],
)
def test_a_webhook_that_telegram_would_not_call_is_refused_at_once(
    capsys: pytest.CaptureFixture[str], address: str, said: str
) -> None:
    assert said in refusal(capsys, "run", "--webhook", address)
