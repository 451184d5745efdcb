"""`portevoix db …`, `backup`, `restore` and `purge`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.cli import main
from bot.settings import Settings
from bot.startup import opened
from db.facts import forget_fact, set_fact
from db.schema import facts, people
from db.suppression_key import FINGERPRINT_FACT, KEY_FACT
from tests.acting import NOW
from tests.commanding import refusal


async def make_old(key: str) -> None:
    """The database as it was when it held the suppression key itself."""
    async with opened(Settings.from_environment()) as database, database.write() as tx:
        await forget_fact(tx, FINGERPRINT_FACT)
        await set_fact(tx, KEY_FACT, key)


async def names_of_facts() -> set[str]:
    async with opened(Settings.from_environment()) as database, database.read() as tx:
        return {row.name for row in await tx.execute(sa.select(facts.c.name)) if "suppression" in row.name}


def test_a_lost_key_is_told_and_nothing_is_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["db", "upgrade"])
    capsys.readouterr()
    before = (tmp_path / "data" / "portevoix.db").read_bytes()
    key_file().unlink()
    assert "put the key file back" in refusal(capsys, "staff", "list")
    assert (tmp_path / "data" / "portevoix.db").read_bytes() == before
    assert not key_file().exists()


def test_backup_change_restore(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["staff", "add", "--telegram-id", "1", "--role", "admin"])
    copy = tmp_path / "copy.db"
    assert main(["backup", str(copy)]) == 0
    assert "exists already" in refusal(capsys, "backup", str(copy))
    main(["staff", "add", "--telegram-id", "2", "--role", "admin"])
    capsys.readouterr()
    assert main(["restore", str(copy)]) == 0
    assert "Entries of the team’s log since the backup, carried over: 1." in capsys.readouterr().out
    main(["staff", "list"])
    said = capsys.readouterr().out
    assert "\n1 " in said
    assert "\n2 " not in said


async def sign_up(*telegram_ids: int) -> None:
    async with opened(Settings.from_environment()) as database, database.write() as tx:
        rows = [
            {
                **{
                    "telegram_id": each,
                    "pseudonym": f"p{each}",
                    "state": "registered",
                    "consent_contact": True,
                },
                **{"created_at": NOW, "registered_at": NOW, "seen_at": NOW},
            }
            for each in telegram_ids
        ]
        await tx.execute(sa.insert(people), rows)


async def states() -> dict[int, tuple[str, bool]]:
    async with opened(Settings.from_environment()) as database, database.read() as tx:
        return {
            row.telegram_id: (row.state, row.consent_contact) for row in await tx.execute(sa.select(people))
        }


@pytest.mark.parametrize("imported", ["before the backup", "since", "before, and the database is lost"])
def test_a_restore_erases_nobody_whom_a_list_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], imported: str
) -> None:
    (tmp_path / "list.txt").write_text("5\n")
    import_list = ["opt-outs", "import", str(tmp_path / "list.txt"), "--yes"]
    asyncio.run(sign_up(5, 6))
    if imported != "since":
        main(import_list)
    copy = tmp_path / "copy.db"
    main(["backup", str(copy)])
    if imported == "since":
        main(import_list)
    if "lost" in imported:
        (tmp_path / "data" / "portevoix.db").unlink()
    capsys.readouterr()
    assert main(["restore", str(copy)]) == 0
    assert "erased" not in capsys.readouterr().out
    assert asyncio.run(states()) == {5: ("stopped", False), 6: ("registered", True)}
    main(import_list)
    assert "1 stood on the suppression list before." in capsys.readouterr().out


def test_a_new_key_opens_the_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["staff", "add", "--telegram-id", "1", "--role", "admin"])
    key = key_file().read_text()
    assert main(["db", "rekey"]) == 0
    assert key_file().read_text() != key
    assert main(["staff", "list"]) == 0
    assert "1            admin" in capsys.readouterr().out


def key_file() -> Path:
    return Settings.from_environment().database_key_file


def suppression_key() -> str:
    return Settings.from_environment().suppression_key_file.read_text()


def test_the_suppression_key_is_no_part_of_the_database_and_changes_with_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "list.txt").write_text("7482913650\n")
    main(["opt-outs", "import", str(tmp_path / "list.txt"), "--yes"])
    first = suppression_key()
    assert main(["db", "rekey"]) == 0
    assert str(Settings.from_environment().suppression_key_file) in capsys.readouterr().out
    assert suppression_key().startswith(first)
    assert len(suppression_key().split()) == 2
    main(["opt-outs", "import", str(tmp_path / "list.txt"), "--yes"])
    assert "1 stood on the suppression list before." in capsys.readouterr().out


def test_an_older_database_is_upgraded_to_a_key_outside_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["db", "upgrade"])
    file = Settings.from_environment().suppression_key_file
    file.unlink()
    asyncio.run(make_old("5e" * 32))
    assert main(["db", "upgrade"]) == 0
    assert suppression_key() == "5e" * 32 + "\n"
    assert asyncio.run(names_of_facts()) == {"suppression:fingerprint"}


def test_a_lost_suppression_key_is_told_and_one_may_go_on_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "list.txt").write_text("7482913650\n")
    main(["opt-outs", "import", str(tmp_path / "list.txt"), "--yes"])
    copy = tmp_path / "copy.db"
    main(["backup", str(copy)])
    assert "is in no backup" in capsys.readouterr().out
    Settings.from_environment().suppression_key_file.unlink()
    for command in (
        ["db", "upgrade"],
        ["db", "rekey"],
        ["opt-outs", "import", str(tmp_path / "list.txt")],
        ["restore", str(copy)],
    ):
        assert "--suppression-key-lost" in refusal(capsys, *command)
    assert main(["db", "rekey", "--suppression-key-lost"]) == 0
    assert "and are erased: 1." in capsys.readouterr().out
    assert main(["audit", "verify"]) == 0
    main(["opt-outs", "import", str(tmp_path / "list.txt"), "--yes"])
    assert "0 stood on the suppression list before." in capsys.readouterr().out
    assert "move it away first" in refusal(capsys, "restore", str(copy), "--suppression-key-lost")


def test_a_dry_purge(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["purge", "--dry-run"]) == 0
    assert "would erase 0 profiles" in capsys.readouterr().out


def test_the_old_key_is_kept_with_its_date_until_it_is_to_be_forgotten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["staff", "add", "--telegram-id", "1", "--role", "admin"])
    first = key_file().read_text()
    main(["backup", str(tmp_path / "before.db")])
    assert main(["db", "rekey"]) == 0
    old = key_file().with_name(f"{key_file().stem}.until-20161116-070000.key")
    assert f"Backups made until 2016-11-16 07:00:00 UTC need {old}." in capsys.readouterr().out
    assert old.read_text() == first
    assert old.stat().st_mode & 0o077 == 0
    assert main(["db", "rekey"]) == 0  # at the same instant: nothing is overwritten
    again = old.with_name(f"{old.stem}-2.key")
    said = capsys.readouterr().out
    assert f"need {old}." in said
    assert f"need {again}." in said

    restored = tmp_path / "elsewhere"
    suppressions = Settings.from_environment().suppression_key_file
    with monkeypatch.context() as drill:
        drill.setenv("PORTEVOIX_DATA", str(restored))
        drill.setenv("PORTEVOIX_DATABASE_KEY_FILE", str(old))
        drill.setenv("PORTEVOIX_SUPPRESSION_KEY_FILE", str(suppressions))
        assert main(["restore", str(tmp_path / "before.db")]) == 0
        assert main(["staff", "list"]) == 0
    assert "1            admin" in capsys.readouterr().out

    assert main(["db", "rekey", "--forget-old-keys"]) == 0
    assert f"{old} is gone: a backup made until 2016-11-16 07:00:00 UTC" in capsys.readouterr().out
    assert not old.exists()
    assert not again.exists()
    assert main(["staff", "list"]) == 0
    assert main(["db", "rekey", "--forget-old-keys"]) == 0
    assert "No older key is kept" in capsys.readouterr().err


def test_a_backup_from_before_the_key_was_changed_is_put_back_as_any_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["staff", "add", "--telegram-id", "1", "--role", "admin"])
    before = str(tmp_path / "before.db")
    main(["backup", before])
    main(["db", "rekey"])
    main(["db", "rekey"])
    old = key_file().with_name(f"{key_file().stem}.until-20161116-070000.key")
    today = key_file().read_text()
    capsys.readouterr()
    assert main(["restore", before, "--drill"]) == 0
    assert f"It needs {old}, the key that was in use when it was made" in capsys.readouterr().out
    assert main(["restore", before]) == 0
    assert f"It opened with {old}, an older key; the database has today’s." in capsys.readouterr().out
    assert key_file().read_text() == today
    assert main(["db", "rekey", "--forget-old-keys"]) == 0
    assert main(["staff", "list"]) == 0  # nothing of it needs the old key
    assert "1            admin" in capsys.readouterr().out
    assert "was made with another key" in refusal(capsys, "restore", before)


def test_a_rekey_that_is_refused_leaves_no_old_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["db", "upgrade"])
    key = key_file().read_text()
    other = key_file().with_name("other.key")
    other.write_text("ab" * 32 + "\n")
    other.chmod(0o600)
    key_file().unlink()
    other.rename(key_file())
    assert "does not open with this key" in refusal(capsys, "db", "rekey")
    assert [file.name for file in key_file().parent.glob("*.until-*")] == []
    assert key not in key_file().read_text()
