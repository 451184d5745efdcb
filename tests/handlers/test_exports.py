"""/export in the chat: within the area, noted, made when it is sent."""

from __future__ import annotations

import csv
import errno
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.actions import audit, downloads, exports
from bot.delivery.calls import Attachment, Call
from bot.export_files import ExportFiles
from bot.rules.permissions import Role
from db.schema import audit as audit_rows
from tests.campaigning import named, revoke
from tests.conversation import Conversation, Talker, paris


@pytest.fixture
async def karim(conversation: Conversation) -> Talker:
    """The coordinator of the Rhône, where one supporter signed up; another one did in Paris."""
    karim = await named(conversation, 2, Role.COORDINATOR, "69")
    await conversation.person(10).sign_up("Lyon")
    await conversation.person(11).sign_up("Paris 15")
    return karim


def files(
    conversation: Conversation, *, links_to: str | None = None, posted: list[Call] | None = None
) -> ExportFiles:
    """What makes the files that were ordered."""
    kept = posted if posted is not None else []

    async def post(call: Call) -> None:
        kept.append(call)

    services = conversation.services
    return ExportFiles(
        database=conversation.database,
        clock=conversation.clock,
        campaign=services.campaign,
        gazetteer=services.gazetteer,
        texts=services.texts,
        links_to=links_to,
        post=post,
    )


async def actions_noted(conversation: Conversation) -> list[str]:
    async with conversation.database.read() as tx:
        return list((await tx.execute(sa.select(audit_rows.c.action).order_by(audit_rows.c.id))).scalars())


async def test_the_answers_of_the_area_as_a_file(conversation: Conversation, karim: Talker) -> None:
    await karim.send("/export")
    assert "Log of the team" not in str(karim.last.buttons)
    await karim.tap("Answers")
    await karim.tap("CSV")
    (document,) = karim.called("sendDocument")
    assert document.produce == "export"
    assert "personal data" in document.payload["caption"]
    file = await files(conversation)(document.produce_arguments)
    assert isinstance(file, Attachment)
    lines = file.content.decode().splitlines()
    # The language was not asked for, so each supporter gave: 4 consents, age, commune, confirmation.
    assert len(lines) == 1 + 7
    assert all(",,Zoé," in line for line in lines[1:])  # Telegram's number is for the whole campaign
    assert await actions_noted(conversation) == ["add_staff", "export_responses"]


async def test_nothing_to_export_is_said(conversation: Conversation, karim: Talker) -> None:
    await karim.send("/export")
    await karim.tap("Messages sent")
    await karim.tap("XLSX")
    assert "nothing to export" in karim.last.text
    assert karim.called("sendDocument") == []
    assert await actions_noted(conversation) == ["add_staff"]
    await karim.tap("Back")
    assert "choose a format" in karim.last.text
    assert {"CSV", "XLSX", "24 h"} <= set(karim.last.buttons)


FORGED = (
    "export:FR",
    "export:75:responses",
    "export:75:responses:all:-:csv",
    "export:FR:audit:all:-:csv",
    "export:69:audit:all:-:csv",
    "export:69:audit",
    "export:69:x:all:-:csv",
    "export:69:responses:csv",
    "export:69:responses:all:csv",
    "export:69:responses:all:-:exe",
    "export:69:responses:all:-:parquet",
    "export:69:responses:all:-:osdi",
    "export:69:responses:all:-:csv:csv",
    "export:69:responses:all::csv",
    "export:69:responses:d8:-:csv",
    "export:69:responses:all:b9:csv",
    "export:69:responses:all:b:csv",
    "export:69:responses:all:e:csv",
    "export:69:responses:all:eparis:csv",
    "export:69:responses:all:e' OR 1=1:csv",
    "export:69:attendance:all:b1:csv",
    "export_events:75:attendance:all",
    "export_events:69:audit:all",
    "export:::",
)


@pytest.mark.parametrize("data", FORGED)
async def test_what_is_beyond_the_area_is_refused(
    conversation: Conversation, karim: Talker, data: str
) -> None:
    await conversation.add_event("paris", commune="75115")
    await karim.tap_data(f"1:{data}")
    assert karim.called("sendDocument") == []
    assert "paris" not in str([shown.buttons for shown in karim.screen])
    assert await actions_noted(conversation) == ["add_staff"]


async def test_a_supporter_gets_no_export(conversation: Conversation, karim: Talker) -> None:
    zoe = conversation.person(10)
    await zoe.send("/export")
    assert "for the campaign team" in zoe.last.text
    await zoe.tap_data("1:export:69:responses:all:-:csv")
    assert zoe.called("sendDocument") == []


async def made(conversation: Conversation, karim: Talker) -> list[dict[str, str]]:
    """The rows of the file that was just ordered."""
    (document,) = karim.called("sendDocument")
    file = await files(conversation)(document.produce_arguments)
    assert isinstance(file, Attachment)
    return list(csv.DictReader(file.content.decode().splitlines()))


async def test_narrowed_to_one_event_by_buttons(conversation: Conversation, karim: Talker) -> None:
    await conversation.add_event("lyon1")
    await conversation.add_event("lyon2", titles={"en": "Leaflets"})
    await conversation.add_event("paris", commune="75115")
    for code, telegram_id in (("lyon1", 10), ("lyon1", 11), ("lyon2", 10), ("paris", 11)):
        await conversation.person(telegram_id).tap_data(f"1:rsvp:{code}:yes")
    await karim.send("/export")
    await karim.tap("Event answers")
    await karim.tap("One event")
    labels = [label for label in karim.last.buttons if label != "Back"]
    assert [label.split(" – ")[0] for label in labels] == ["Leaflets", "Réunion publique"]
    await karim.tap("Réunion publique")
    assert "About: Réunion publique" in karim.last.text
    await karim.tap("30 days")
    assert {"✓ 30 days", "✓ Réunion publique"} <= set(karim.last.buttons)
    await karim.tap("CSV")
    rows = await made(conversation, karim)
    # Who came from Paris is known to the team there, and too few to be counted.
    assert [(row["event"], row["first_name"], row["telegram_id"]) for row in rows] == [("lyon1", "Zoé", "")]
    assert {row["answer"] for row in rows} == {"yes"}


async def test_narrowed_to_one_round_and_a_period(conversation: Conversation, karim: Talker) -> None:
    for ballot in (1, 2):
        await conversation.person(10).tap_data(f"1:step:{ballot}:pledge:will")
    await karim.send("/export")
    await karim.tap("Answers")
    await karim.tap("irst round")
    await karim.tap("24 h")
    await karim.tap("CSV")
    rows = await made(conversation, karim)
    assert {row["subject"] for row in rows} == {"1"}
    conversation.clock.move(paris("2016-11-18T10:00"))
    await karim.tap_data("1:export:69:responses:d1:b1:csv")
    assert karim.called("sendDocument") == []
    assert "nothing to export" in karim.last.text


async def test_the_layout_of_another_system(conversation: Conversation, karim: Talker) -> None:
    await karim.send("/export")
    await karim.tap("Supporters")
    await karim.tap("NationBuilder")
    (row,) = await made(conversation, karim)
    assert (row["first_name"], row["address_city"]) == ("Zoé", "Lyon")


async def test_who_refused_the_team_has_no_row_in_the_file_of_an_area(
    conversation: Conversation, karim: Talker
) -> None:
    """The only supporter of a commune: nothing in the file, the caption or the count tells of them."""
    marie = await named(conversation, 3, Role.COORDINATOR, "69266")
    alone = conversation.person(20)
    await alone.sign_up("Villeurbanne")
    await alone.tap_data("1:choice:team:no")
    await marie.tap_data("1:export:69266:responses:all:-:csv")
    assert "nothing to export" in marie.last.text
    assert marie.called("sendDocument") == []
    await karim.tap_data("1:export:69:responses:all:-:csv")
    (document,) = karim.called("sendDocument")
    assert "fewer than ten are left out" in document.payload["caption"]
    assert "69266" not in {row["commune"] for row in await made(conversation, karim)}


async def test_too_large_without_the_web_part_says_what_to_do(
    conversation: Conversation, karim: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.exports.CHAT_ROWS", 2)
    await karim.tap_data("1:export:69:responses:all:-:csv")
    assert "too much for a file in the chat" in karim.last.text
    assert karim.called("sendDocument") == []
    monkeypatch.undo()
    monkeypatch.setattr("bot.export_files.CHAT_BYTES", 100)
    await karim.tap_data("1:export:69:responses:all:-:csv")
    (document,) = karim.called("sendDocument")
    said = await files(conversation)(document.produce_arguments)
    assert isinstance(said, Call)
    assert (said.payload["chat_id"], said.method) == (2, "sendMessage")
    assert "too much for a file in the chat" in said.payload["text"]


async def test_too_large_with_the_web_part_gives_a_link(
    conversation: Conversation, karim: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known before, by its rows, or found out while the file is made."""
    address = "https://bot.example.org"
    monkeypatch.setattr(conversation, "services", replace(conversation.services, links_to=address))
    monkeypatch.setattr(conversation._dispatcher, "_services", conversation.services)
    monkeypatch.setattr("handlers.exports.CHAT_ROWS", 2)
    await karim.tap_data("1:export:69:responses:all:-:csv")
    assert f"{address}/download/" in karim.last.text
    assert karim.called("sendDocument") == []
    monkeypatch.setattr("handlers.exports.CHAT_ROWS", 100)
    monkeypatch.setattr("bot.export_files.CHAT_BYTES", 100)
    await karim.tap_data("1:export:69:responses:all:-:csv")
    (document,) = karim.called("sendDocument")
    said = await files(conversation, links_to=address)(document.produce_arguments)
    assert isinstance(said, Call)
    token = said.payload["text"].partition(f"{address}/download/")[2].split()[0]
    async with conversation.database.write() as tx:
        services = conversation.services
        _, order = await downloads.use(
            tx,
            token,
            campaign=services.campaign,
            gazetteer=services.gazetteer,
            now=conversation.clock.now(),
        )
    assert order.selection.area == "69"


async def test_a_role_withdrawn_before_the_file_was_made_gets_none(
    conversation: Conversation, karim: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read(*_arguments: object, **_options: object) -> int:
        raise AssertionError("Rows were read for somebody who may not have them.")

    await karim.tap_data("1:export:69:responses:all:-:csv")
    (document,) = karim.called("sendDocument")
    await revoke(conversation, 2)
    monkeypatch.setattr(exports, "write", read)
    said = await files(conversation)(document.produce_arguments)
    assert isinstance(said, Call)
    assert (said.payload["chat_id"], said.method, said.attachment) == (2, "sendMessage", None)
    assert "was not sent: your role no longer allows it" in said.payload["text"]
    async with conversation.database.read() as tx:
        noted = (await tx.execute(sa.select(audit_rows).order_by(audit_rows.c.id))).all()[-1]
        assert (await audit.verify(tx)).faults == ()
    assert (noted.actor, noted.action, noted.details["refused"]) == ("staff:2", "export_responses", True)


@pytest.mark.parametrize("links_to", [None, "https://bot.example.org"])
@pytest.mark.parametrize("most_bytes", [100, 50_000_000])
async def test_a_role_withdrawn_while_the_file_was_made_gets_none(
    conversation: Conversation,
    karim: Talker,
    monkeypatch: pytest.MonkeyPatch,
    links_to: str | None,
    most_bytes: int,
) -> None:
    write = exports.write

    async def withdrawn_meanwhile(*arguments: Any, **options: Any) -> int:
        await revoke(conversation, 2)
        return await write(*arguments, **options)

    monkeypatch.setattr(exports, "write", withdrawn_meanwhile)
    monkeypatch.setattr("bot.export_files.CHAT_BYTES", most_bytes)
    await karim.tap_data("1:export:69:responses:all:-:csv")
    (document,) = karim.called("sendDocument")
    said = await files(conversation, links_to=links_to)(document.produce_arguments)
    assert isinstance(said, Call)
    assert "your role no longer allows it" in said.payload["text"]
    assert (await actions_noted(conversation))[1:] == ["export_responses"] * 2


async def test_a_role_narrowed_meanwhile_gets_no_file_of_the_former_area(
    conversation: Conversation, karim: Talker
) -> None:
    await karim.tap_data("1:export:69:responses:all:-:csv")
    (document,) = karim.called("sendDocument")
    await revoke(conversation, 2)
    await named(conversation, 2, Role.COORDINATOR, "75")
    assert isinstance(await files(conversation)(document.produce_arguments), Call)


async def test_a_file_that_cannot_be_made_is_told(
    conversation: Conversation, karim: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_arguments: object, **_options: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(exports, "write", full)
    await karim.tap_data("1:export:69:responses:all:-:csv")
    (document,) = karim.called("sendDocument")
    with pytest.raises(OSError, match="No space"):
        await files(conversation)(document.produce_arguments)
    assert document.otherwise is not None
    assert "something went wrong with the file" in document.otherwise["text"]
    assert Call.from_json(document.to_json()) == document


async def test_progress_is_shown_in_the_message_that_promised_the_file(
    conversation: Conversation, karim: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.export_files.EDIT_SECONDS", 0)
    monkeypatch.setattr("db.exports.CHUNK", 3)
    await conversation.person(12).sign_up("Lyon")
    await karim.tap_data("1:export:69:responses:all:-:csv")
    (edit,) = karim.called("editMessageText")
    (document,) = karim.called("sendDocument")
    posted: list[Call] = []
    await files(conversation, posted=posted)(document.produce_arguments)
    edits = [call.payload for call in posted if call.method == "editMessageText"]
    assert {each["message_id"] for each in edits} == {edit.payload["message_id"]}
    assert "3 of 14 rows" in edits[0]["text"]
