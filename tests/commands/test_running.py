"""`portevoix run` without what it needs."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.cli import TRY_AGAIN, main
from db.engine import FILE_NAME
from db.sqlite import claim
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


def test_a_token_that_is_none_stops_only_what_needs_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PORTEVOIX_API_BASE", "PORTEVOIX_CLOCK"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PORTEVOIX_TOKEN", '"12345:TEST"')  # as an environment file of Docker keeps it
    assert main(["calendar", "--json"]) == 0
    assert main(["staff", "link", "--role", "admin"]) == 0
    sentence = "PORTEVOIX_TOKEN has quotes around it, which count as a part of it: write it without any."
    assert (
        capsys.readouterr().err
        == f"{sentence} So there is no link: whoever joins sends the bot this message.\n"
    )
    assert refusal(capsys, "run") == sentence


def test_the_address_of_a_webhook_is_looked_at_before_anything_else(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PORTEVOIX_CAMPAIGN")
    assert "is no https address" in refusal(capsys, "run", "--webhook", "http://example.org/bot")
    assert "ports 443, 80, 88 and 8443" in refusal(capsys, "run", "--webhook", "https://example.org:8080/bot")


STARTS = {
    "a broken campaign file": ("PORTEVOIX_CAMPAIGN", "broken.toml"),
    "no campaign file": ("PORTEVOIX_CAMPAIGN", "none.toml"),
    "a file in place of the data folder": ("PORTEVOIX_DATA", "broken.toml"),
}


@pytest.mark.parametrize("case", STARTS)
def test_starts_that_cannot_be(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, case: str
) -> None:
    """The sentence names the file."""
    (tmp_path / "broken.toml").write_text('slug = "x"\nlanguages = [', encoding="utf-8")
    variable, name = STARTS[case]
    monkeypatch.setenv("PORTEVOIX_TOKEN", "1:demo")
    monkeypatch.setenv(variable, str(tmp_path / name))
    assert name in refusal(capsys, "run")


def test_a_clock_that_is_not_served(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTEVOIX_TOKEN", "1:demo")
    monkeypatch.setenv("PORTEVOIX_CLOCK", "http://127.0.0.1:9/sim/clock")
    assert "serves no clock" in refusal(capsys, "run")


# -- what passes by itself, as before a database that is not up yet after a reboot: a service manager tries again --


@contextmanager
def starting_server() -> Iterator[str]:
    """A PostgreSQL that listens, and lets nobody in yet; its address."""
    told = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"

    def answer(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"E" + (len(told) + 4).to_bytes(4, "big") + told)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        yield f"postgresql://bot:hidden@127.0.0.1:{listener.getsockname()[1]}/portevoix?ssl=disable"
        thread.join()


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTEVOIX_TOKEN", "1:demo")


@pytest.mark.usefixtures("token")
def test_a_run_before_a_server_that_is_not_up_may_be_tried_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: refuses
        monkeypatch.setenv(
            "PORTEVOIX_DATABASE", f"postgresql://bot:hidden@127.0.0.1:{unused.getsockname()[1]}/p"
        )
        assert "cannot be reached" in refusal(capsys, "run", status=TRY_AGAIN)
        assert "cannot be reached" in refusal(capsys, "staff", "list")  # nobody waits for a command
    with starting_server() as url:
        monkeypatch.setenv("PORTEVOIX_DATABASE", url)
        assert "the database system is starting up" in refusal(capsys, "run", status=TRY_AGAIN)


@pytest.mark.usefixtures("token")
def test_a_run_before_a_disk_that_is_not_mounted_or_a_restore_may_be_tried_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["db", "upgrade"]) == 0
    file = tmp_path / "data" / FILE_NAME
    holder = claim(file)
    try:
        assert "stop it" in refusal(capsys, "run", status=TRY_AGAIN)
    finally:
        holder.close()
    file.parent.rename(tmp_path / "unmounted")
    assert "is a disk not mounted?" in refusal(capsys, "run", status=TRY_AGAIN)


@pytest.mark.usefixtures("token")
async def test_a_run_with_an_address_that_has_to_be_mended_may_not(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, empty_postgresql: str
) -> None:
    url = sa.make_url(empty_postgresql)
    for wrong, said in (
        (url.set(drivername="mysql"), "is not a database URL"),
        (url.set(database="nowhere"), "has no database nowhere"),
        (url.set(username="stranger"), "refuses the user stranger"),
    ):
        monkeypatch.setenv("PORTEVOIX_DATABASE", wrong.render_as_string(hide_password=False))
        assert said in await asyncio.to_thread(refusal, capsys, "run")
