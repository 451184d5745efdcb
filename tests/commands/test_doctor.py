"""`portevoix doctor`: what is well and what is to be mended, by what it says and its exit status."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import db.backup_record
import db.purges
from bot.actions import audit
from bot.cli import main
from bot.clock import RealClock
from bot.rules import health
from bot.settings import Settings
from bot.startup import opened, present
from tests.bots import free_port
from tests.frozen import FROZEN

BOT = {"id": 1, "is_bot": True, "first_name": "P", "username": "portevoix_bot"}
TOKEN = "12345:TEST"


class Telegram(BaseHTTPRequestHandler):
    """A Bot API server with a clock of its own."""

    status = 200
    off = timedelta()
    webhook: dict[str, Any]

    def do_GET(self) -> None:
        result = BOT if self.path.endswith("/getMe") else self.webhook
        body = json.dumps({"ok": self.status == 200, "result": result}).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(RealClock().now() + self.off, usegmt=True)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def telegram(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Telegram]]:
    class Ours(Telegram):
        webhook: dict[str, Any] = {"url": "", "pending_update_count": 3}  # noqa: RUF012 - each test has a class of its own

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ours)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("PORTEVOIX_TOKEN", TOKEN)
    monkeypatch.setenv("PORTEVOIX_API_BASE", f"http://127.0.0.1:{server.server_port}")
    yield Ours
    server.shutdown()
    thread.join()
    server.server_close()


def examined(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str]]:
    """The status, and what is said of each thing: `well …` or `TO MEND …`."""
    capsys.readouterr()
    status = main(["doctor"])
    said = capsys.readouterr()
    assert TOKEN not in said.out + said.err
    lines = said.out.splitlines()
    at = lines[0].index("how it is")
    return status, {line[:at].strip(): " ".join(line[at:].split()) for line in lines[1:]}


def to_mend(found: dict[str, str]) -> dict[str, str]:
    return {what: said for what, said in found.items() if said.startswith("TO MEND")}


def test_all_is_well_before_the_first_start_and_after(
    telegram: type[Telegram], capsys: pytest.CaptureFixture[str]
) -> None:
    status, found = examined(capsys)
    assert (status, to_mend(found)) == (0, {})
    assert found["token"] == "well Telegram knows it: @portevoix_bot"
    assert found["database"] == "well there is none yet: the first start makes it"
    assert "updates that wait: 3" in found["webhook"]
    assert set(found) == {
        *(
            "campaign",
            "token",
            "clock",
            "webhook",
            "database",
            "disk",
            "permissions",
            "web part",
            "time zones",
        )
    }
    main(["staff", "list"])
    status, found = examined(capsys)
    assert (status, to_mend(found)) == (0, {})
    assert "sqlite answers" in found["database"]


@pytest.mark.parametrize("status", [401, 404])
def test_a_wrong_token(telegram: type[Telegram], capsys: pytest.CaptureFixture[str], status: int) -> None:
    telegram.status = status
    assert examined(capsys)[0] == 1
    assert list(to_mend(examined(capsys)[1])) == ["token"]


def test_telegram_is_not_reached(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PORTEVOIX_TOKEN", TOKEN)
    status, found = examined(capsys)
    assert (status, list(to_mend(found))) == (1, ["Telegram"])
    assert "check the network and PORTEVOIX_API_BASE" in found["Telegram"]


@pytest.mark.parametrize(("minutes", "word"), [(-5, "ahead of"), (5, "behind")])
def test_a_clock_that_is_wrong(
    telegram: type[Telegram], capsys: pytest.CaptureFixture[str], minutes: int, word: str
) -> None:
    telegram.off = timedelta(minutes=minutes)
    status, found = examined(capsys)
    assert (status, list(to_mend(found))) == (1, ["clock"])
    assert f"s {word} Telegram’s" in found["clock"]
    assert "timedatectl" in found["clock"]


def test_a_webhook_that_cannot_be_called(
    telegram: type[Telegram], capsys: pytest.CaptureFixture[str]
) -> None:
    now = RealClock().now().timestamp()
    telegram.webhook = {"url": "https://x", "last_error_message": "SSL error", "last_error_date": now - 60}
    status, found = examined(capsys)
    assert (status, list(to_mend(found))) == (1, ["webhook"])
    assert "SSL error" in found["webhook"]
    telegram.webhook["last_error_date"] = now - 7200
    assert examined(capsys)[0] == 0


def test_a_full_disk(
    telegram: type[Telegram],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage._replace(free=health.SPARE_BYTES - 1))
    status, found = examined(capsys)
    assert (status, list(to_mend(found))) == (1, ["disk"])


def test_a_key_that_others_read_and_a_folder_that_all_write(
    telegram: type[Telegram], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["staff", "list"])
    settings = Settings.from_environment()
    settings.suppression_key_file.parent.mkdir(parents=True, exist_ok=True)
    settings.suppression_key_file.write_text("k")
    settings.suppression_key_file.chmod(0o644)
    settings.data.chmod(0o777)
    status, found = examined(capsys)
    assert (status, list(to_mend(found))) == (1, ["permissions"])
    assert f"chmod 600 {settings.suppression_key_file}" in found["permissions"]
    assert f"chmod o-w {settings.data}" in found["permissions"]


def test_a_port_that_another_program_has(
    telegram: type[Telegram], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORTEVOIX_WEB", f"127.0.0.1:{free_port()}")
    status, found = examined(capsys)
    assert (status, "is free" in found["web part"]) == (0, True)
    port = Settings.from_environment().api_base.rpartition(":")[2]
    monkeypatch.setenv("PORTEVOIX_WEB", f"127.0.0.1:{port}")
    status, found = examined(capsys)
    assert (status, list(to_mend(found))) == (1, ["web part"])


def test_a_public_address_that_is_not_reached(
    telegram: type[Telegram], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORTEVOIX_WEB_URL", Settings.from_environment().api_base)
    assert examined(capsys)[0] == 0
    monkeypatch.setenv("PORTEVOIX_WEB_URL", f"http://127.0.0.1:{free_port()}")
    assert list(to_mend(examined(capsys)[1])) == ["web address"]


def test_a_campaign_file_with_faults_and_a_database_that_is_gone(
    telegram: type[Telegram],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["staff", "list"])
    (Settings.from_environment().data / "portevoix.db").unlink()
    file = tmp_path / "campaign.toml"
    file.write_text("slug = 1\n")
    monkeypatch.setenv("PORTEVOIX_CAMPAIGN", str(file))
    status, found = examined(capsys)
    assert (status, list(to_mend(found))) == (1, ["campaign", "database"])


def test_a_clock_that_was_set_back(
    telegram: type[Telegram], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def happened(ahead: timedelta) -> None:
        settings = Settings.from_environment()
        async with opened(settings) as database, database.write() as tx:
            await audit.note(
                tx, actor="staff:1", action="broadcast", details={}, now=RealClock().now() + ahead
            )

    main(["staff", "list"])
    monkeypatch.delenv("PORTEVOIX_CLOCK")
    asyncio.run(happened(timedelta(seconds=2)))
    assert "clock" not in to_mend(examined(capsys)[1])
    asyncio.run(happened(timedelta(hours=3, minutes=1)))
    status, found = examined(capsys)
    assert (status, list(to_mend(found))) == (1, ["clock"])
    assert "The machine’s clock went back by 3 h" in found["clock"]


def test_a_purge_that_is_held_as_the_clock_may_be_wrong(
    telegram: type[Telegram], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def held() -> None:
        settings = Settings.from_environment()
        async with opened(settings) as database, database.write() as tx:
            await db.purges.hold(tx, await present(settings))

    main(["staff", "list"])
    asyncio.run(held())
    assert "erasure" not in examined(capsys)[1], "A clock that is meant to be moved says nothing."
    monkeypatch.delenv("PORTEVOIX_CLOCK")
    status, found = examined(capsys)
    assert (status, list(to_mend(found))) == (1, ["erasure"])
    assert "run `portevoix purge`" in found["erasure"]
    assert main(["purge"]) == 0
    capsys.readouterr()
    assert examined(capsys)[0] == 0


def test_an_old_backup(telegram: type[Telegram], capsys: pytest.CaptureFixture[str]) -> None:
    async def note(age: timedelta) -> None:
        settings = Settings.from_environment()
        async with opened(settings) as database, database.write() as tx:
            at = await present(settings) - age
            await db.backup_record.note(tx, db.backup_record.Record(at=at, file="/b/1.db", size=1))

    asyncio.run(note(timedelta(days=6)))
    assert examined(capsys)[0] == 0
    asyncio.run(note(timedelta(days=8)))
    status, found = examined(capsys)
    assert (status, list(to_mend(found))) == (1, ["backup"])


def test_a_plan_of_backups(
    telegram: type[Telegram],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, file = tmp_path / "backups", tmp_path / "campaign.toml"
    written = (FROZEN / "campaign.toml").read_text(encoding="utf-8")
    file.write_text(f'{written}\n[backup]\nfolder = "{folder}"\n', encoding="utf-8")
    monkeypatch.setenv("PORTEVOIX_CAMPAIGN", str(file))
    status, found = examined(capsys)
    assert (status, list(to_mend(found))) == (1, ["backup folder"])
    folder.mkdir()
    status, found = examined(capsys)
    assert (status, "every night at 03:30 of Paris" in found["backup folder"]) == (0, True)
