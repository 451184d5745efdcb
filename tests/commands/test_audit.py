"""`portevoix audit …`: a log that was emptied or rewritten with the key is not whole for whoever noted its head."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

import db.staff
from bot.actions import audit
from bot.cli import main
from db.engine import Database
from db.facts import forget_fact
from db.schema import audit as log
from tests.acting import NOW


def head(capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(["audit", "head"]) == 0
    return capsys.readouterr().out.split()[1]


def test_the_head_that_was_noted_stands_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "head"]) == 0
    assert "empty" in capsys.readouterr().err
    assert main(["staff", "add", "--telegram-id", "42", "--role", "admin"]) == 0
    noted = head(capsys)
    assert main(["staff", "revoke", "--telegram-id", "42"]) == 0
    assert main(["audit", "verify", "--expect", noted, "--expect", head(capsys)]) == 0
    assert main(["audit", "verify", "--expect", "a" * 64]) == 1
    assert f"does not hold {'a' * 64}" in capsys.readouterr().out
    assert main(["audit", "verify", "--expect", noted[:-1]]) == 2
    assert "copy it whole" in capsys.readouterr().err


async def test_an_emptied_log_is_a_fault(database: Database) -> None:
    """Emptied with the key, its tail forgotten too: the roles that were given tell of it."""
    async with database.write() as tx:
        await db.staff.add(tx, telegram_id=1, role="admin", area="FR", added_by=None, now=NOW)
        await audit.note(tx, actor="command line", action="add_staff", details={}, now=NOW)
        assert (await audit.verify(tx)).faults == ()
        await tx.execute(sa.delete(log))
        await forget_fact(tx, "audit_tail")
        (fault,) = (await audit.verify(tx)).faults
    assert str(fault) == "The log is empty, and yet roles were given: it was emptied."


async def test_a_log_rewritten_with_the_key_does_not_hold_the_head(database: Database) -> None:
    async with database.write() as tx:
        await audit.note(tx, actor="staff:1", action="broadcast", details={}, now=NOW)
        noted = (await audit.verify(tx)).last_hash
        await tx.execute(sa.delete(log))
        await forget_fact(tx, "audit_tail")
        await audit.note(tx, actor="staff:2", action="broadcast", details={}, now=NOW)
        assert (await audit.verify(tx)).faults == ()
        (fault,) = (await audit.verify(tx, noted=[noted])).faults
    assert fault.head == noted
