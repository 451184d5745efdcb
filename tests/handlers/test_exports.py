"""/export in the chat: within the area, noted, made when it is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.actions import audit, exports, staff
from bot.rules.permissions import Role
from db.schema import audit as audit_rows
from tests.conversation import Conversation, Talker


@pytest.fixture
async def karim(conversation: Conversation) -> Talker:
    """The coordinator of the Rhône, where one supporter signed up; another one did in Paris."""
    async with conversation.database.write() as tx:
        await staff.add(
            tx,
            telegram_id=2,
            role=Role.COORDINATOR,
            area="69",
            actor=audit.COMMAND_LINE,
            now=conversation.clock.now(),
        )
    await conversation.person(10).sign_up("Lyon")
    await conversation.person(11).sign_up("Paris 15")
    return conversation.person(2)


async def actions_noted(conversation: Conversation) -> list[str]:
    async with conversation.database.read() as tx:
        return list((await tx.execute(sa.select(audit_rows.c.action).order_by(audit_rows.c.id))).scalars())


async def test_the_answers_of_the_area_as_a_file(
    conversation: Conversation, karim: Talker, tmp_path: Path
) -> None:
    await karim.send("/export")
    assert "Log of the team" not in str(karim.last.buttons)
    await karim.tap("Answers")
    await karim.tap("CSV")
    (document,) = karim.called("sendDocument")
    assert document.produce == "export"
    assert "personal data" in document.payload["caption"]
    file = await exports.Producer(conversation.database, tmp_path / "made")(document.produce_arguments)
    lines = file.read_text(encoding="utf-8").splitlines()
    # The language was not asked for, so each supporter gave: 4 consents, age, commune, confirmation.
    assert len(lines) == 1 + 7
    assert all(",10,Zoé," in line for line in lines[1:])
    assert await actions_noted(conversation) == ["add_staff", "export_responses"]


async def test_nothing_to_export_is_said(conversation: Conversation, karim: Talker) -> None:
    await karim.send("/export")
    await karim.tap("Messages sent")
    await karim.tap("XLSX")
    assert "nothing to export" in karim.last.text
    assert karim.called("sendDocument") == []
    assert await actions_noted(conversation) == ["add_staff"]


FORGED = (
    "export:FR",
    "export:75:responses:csv",
    "export:FR:audit:csv",
    "export:69:audit:csv",
    "export:69:x:csv",
)


@pytest.mark.parametrize(
    "data", [*FORGED, "export:69:responses:exe", "export:69:responses:parquet", "export:::"]
)
async def test_what_is_beyond_the_area_is_refused(
    conversation: Conversation, karim: Talker, data: str
) -> None:
    await karim.tap_data(f"1:{data}")
    assert karim.called("sendDocument") == []
    assert await actions_noted(conversation) == ["add_staff"]


async def test_a_supporter_gets_no_export(conversation: Conversation, karim: Talker) -> None:
    zoe = conversation.person(10)
    await zoe.send("/export")
    assert "for the campaign team" in zoe.last.text
    await zoe.tap_data("1:export:69:responses:csv")
    assert zoe.called("sendDocument") == []
