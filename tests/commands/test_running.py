"""`portevoix run` without what it needs."""

from __future__ import annotations

import pytest

from bot.cli import main
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


def test_nothing_real_runs_by_the_example_campaign(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a bot without its variable would call to a vote of 2016, and a purge would erase by its dates."""
    monkeypatch.delenv("PORTEVOIX_CAMPAIGN")
    monkeypatch.setenv("PORTEVOIX_TOKEN", "1:demo")
    for command in (["run"], ["purge"], ["consents", "prove", "--telegram-id", "1"]):
        said = refusal(capsys, *command)
        assert said.startswith("PORTEVOIX_CAMPAIGN is missing: ")
        assert "portevoix init FOLDER" in said
    assert main(["check"]) == 0  # looking at the example needs no variable


def test_the_address_of_a_webhook_is_looked_at_before_anything_else(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PORTEVOIX_CAMPAIGN")
    assert "is no https address" in refusal(capsys, "run", "--webhook", "http://example.org/bot")
    assert "ports 443, 80, 88 and 8443" in refusal(capsys, "run", "--webhook", "https://example.org:8080/bot")
