"""Who left is betrayed by nothing that stays: no instant, no row, no hash to try out. They find their own proof."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import db.deliveries
from bot.actions import audit, proofs
from bot.rules.consent import Purpose
from bot.rules.suppression import suppression_of
from db.deliveries import Settled, Turn
from db.engine import FILE_NAME, Database, open_database
from db.schema import answer_counts, consents, deliveries, metadata, responses, suppressions
from db.upgrade import upgrade
from tests.conversation import CAMPAIGN, Conversation, Talker, paris
from tests.handlers.test_privacy import deliver

NOW = paris("2016-11-16T10:00").replace(microsecond=123_457)
SEVEN = 7_482_913_650


@pytest.fixture
def conversation(database: Database) -> Conversation:
    return Conversation(database, NOW)


@pytest.fixture
async def zoe(conversation: Conversation) -> Talker:
    """A supporter of Lyon who answered what there was to answer."""
    person = conversation.person(SEVEN)
    await person.sign_up()
    await conversation.add_event("lyon1")
    await deliver(conversation, person, 500, sent_at=NOW)
    await person.tap_data("1:rsvp:lyon1:yes")
    return person


async def leave(person: Talker) -> None:
    await person.send("/delete")
    await person.tap("Yes, erase everything")


async def cells(database: Database) -> list[tuple[str, Any]]:
    """Everything that is kept, by table and column."""
    found: list[tuple[str, Any]] = []
    async with database.read() as tx:
        for table in metadata.sorted_tables:
            for row in await tx.execute(sa.select(table)):
                found += [(f"{table.name}.{name}", value) for name, value in row._mapping.items()]
    return found


async def test_no_instant_leads_from_what_is_kept_to_who_left(
    conversation: Conversation, zoe: Talker
) -> None:
    """The clock of this test stands at an odd microsecond: it was in seven columns, and stays in no row of hers."""
    ours = {"events", "broadcasts"}
    before = {name for name, value in await cells(conversation.database) if value == NOW}
    assert len({name.partition(".")[0] for name in before} - ours) > 4
    async with conversation.database.write() as tx:
        leaving = sa.update(deliveries).where(deliveries.c.state == "sent").returning(deliveries.c.id)
        (sending,) = await tx.scalars(leaving.values(state="sending", lease_owner="me"))
    await leave(zoe)
    # The answer to what was being posted comes when nobody is left whom it is about.
    async with conversation.database.write() as tx:
        arrived = Turn(settled=[Settled(id=sending, state="sent", message_id=777)])
        await db.deliveries.take_turn(tx, arrived, owner="me", now=NOW)
        row = (await tx.execute(sa.select(deliveries).where(deliveries.c.id == sending))).one()
        assert (row.state, row.message_id, row.person) == ("sent", None, None)
    after = {name for name, value in await cells(conversation.database) if value == NOW}
    assert {name.partition(".")[0] for name in after} <= ours
    async with conversation.database.read() as tx:
        (mark,) = (await tx.execute(sa.select(suppressions))).all()
        days = set(await tx.scalars(sa.select(consents.c.at)))
    assert mark.day == date(2016, 11, 16)
    assert days == {datetime(2016, 11, 16, tzinfo=UTC)}


async def test_no_row_of_an_answer_stays_and_ten_who_leave_are_a_count(
    conversation: Conversation, zoe: Talker
) -> None:
    await leave(zoe)
    for number in range(9):
        assert await told(conversation.database) == set()
        person = conversation.person(100 + number)
        await person.sign_up()
        await leave(person)
    found = await told(conversation.database)
    assert ("2016-11-16", "delete", "", "yes", "69", 10) in found
    assert ("", "commune", "", "69", "R84", 10) in found
    # One of the ten alone had answered an invitation.
    assert not any(question == "rsvp" for _, question, *_ in found)
    async with conversation.database.read() as tx:
        assert (await tx.execute(sa.select(responses))).all() == []


async def told(database: Database) -> set[tuple[Any, ...]]:
    async with database.read() as tx:
        return {tuple(row) for row in await tx.execute(sa.select(answer_counts))}


async def test_nobody_is_tried_out_with_what_the_database_holds(
    conversation: Conversation, zoe: Talker
) -> None:
    """Whoever has the database and all that is in it still cannot tell whose mark it is."""
    await leave(zoe)
    held = await cells(conversation.database)
    marks = {value for name, value in held if name == "suppressions.hash"}
    assert marks == {suppression_of(conversation.services.suppression_key, SEVEN)}
    for key in keys_among(value for _, value in held):
        assert hmac.new(key, str(SEVEN).encode(), hashlib.sha256).hexdigest() not in marks


def keys_among(values: Iterator[Any]) -> Iterator[bytes]:
    """Whatever may serve as a key: what is written, as it stands and as hexadecimal digits."""
    for value in values:
        written = value if isinstance(value, str) else json.dumps(value, default=str)
        for word in (written, written.strip('"')):
            yield word.encode()
            try:
                yield bytes.fromhex(word)
            except ValueError:
                continue


async def test_what_was_erased_is_in_no_free_page_either(tmp_path: Path) -> None:
    """Whoever can decrypt the file finds nothing of her in it: here it is not encrypted at all."""
    file = tmp_path / FILE_NAME
    database = await open_database(f"sqlite+aiosqlite:///{file}", folder=tmp_path)
    await upgrade(database)
    conversation = Conversation(database, NOW)
    person = conversation.person(SEVEN)
    person._user["first_name"] = "Zénobie"
    await person.sign_up()
    stored = await person.stored()
    assert stored is not None
    await leave(person)
    await database.close()
    content = await asyncio.to_thread(file.read_bytes)
    assert "Zénobie".encode() not in content
    assert stored.pseudonym.encode() not in content


# -- the proof --


async def test_whoever_comes_back_finds_their_proof_and_nobody_else_does(
    conversation: Conversation, zoe: Talker
) -> None:
    await leave(zoe)
    shown = await zoe.send("/mydata")
    assert "The number of this chat" in shown.text
    assert "the sealed proof of your choices, until 16 November 2021" in shown.text
    assert "imported or invited again, until 16 November 2019" in shown.text
    (call,) = zoe.called("sendDocument")
    assert call.attachment is not None
    sealed = json.loads(call.attachment.content)["sealed"]
    assert [choice["purpose"] for choice in sealed["consents"]] == ["contact", "commune", "team", "keep"]
    assert {choice["day"] for choice in sealed["consents"]} == {"2016-11-16"}
    assert all(len(choice["text_hash"]) == 64 for choice in sealed["consents"])
    stranger = conversation.person(8)
    await stranger.send("/mydata")
    assert not any("sealed proof" in shown.text for shown in stranger.screen)


async def test_whoever_has_the_machine_can_show_it_and_that_is_noted(
    conversation: Conversation, zoe: Talker
) -> None:
    await leave(zoe)
    key = conversation.services.suppression_key
    async with conversation.database.write() as tx:
        found = await proofs.prove(tx, SEVEN, key=key, retention=CAMPAIGN.retention, now=NOW)
        other = await proofs.prove(tx, 8, key=key, retention=CAMPAIGN.retention, now=NOW)
    assert [choice.purpose for choice in found.sealed.consents if choice.given] == list(Purpose)
    assert other.sealed.is_empty
    held = await cells(conversation.database)
    assert [value for name, value in held if name == "audit.action"] == ["prove_consents", "prove_consents"]
    assert not any(str(SEVEN) in str(value) for _, value in held)


async def test_who_never_finished_signing_up_leaves_nothing(conversation: Conversation) -> None:
    person = conversation.person(SEVEN)
    await person.send("/start")
    await person.tap("yes, write to me")
    await person.send("/stop")
    async with conversation.database.read() as tx:
        assert (await tx.execute(sa.select(consents))).all() == []
        assert (await tx.execute(sa.select(responses))).all() == []


async def test_a_campaign_may_give_up_the_proof_and_says_so(database: Database) -> None:
    campaign = replace(CAMPAIGN, retention=replace(CAMPAIGN.retention, proof_days=0))
    conversation = Conversation(database, NOW, campaign=campaign)
    person = conversation.person(SEVEN)
    await person.sign_up()
    await person.send("/delete")
    assert "sealed proof" not in person.last.text
    await person.tap("Yes, erase everything")
    assert "sealed proof" not in person.last.text
    async with conversation.database.read() as tx:
        assert (await tx.execute(sa.select(consents))).all() == []


async def test_what_waited_for_somebody_who_left_does_not_leave(
    conversation: Conversation, zoe: Talker
) -> None:
    waiting = NOW + timedelta(days=1)
    await deliver(conversation, zoe, 501, sent_at=waiting)
    deliveries = metadata.tables["deliveries"]
    async with conversation.database.write() as tx:
        later = sa.update(deliveries).where(deliveries.c.message_id == 501)
        await tx.execute(later.values(state="queued", sent_at=None, message_id=None))
    await leave(zoe)
    async with conversation.database.read() as tx:
        columns = (deliveries.c.state, deliveries.c.reason, deliveries.c.due_at)
        rows = (await tx.execute(sa.select(*columns).order_by(deliveries.c.id))).all()
    assert rows[1] == ("cancelled", "erased", datetime(2016, 11, 17, tzinfo=UTC))


# -- before consent, and silence --


async def test_whose_link_somebody_came_by_is_not_kept_before_they_consent(
    conversation: Conversation, zoe: Talker
) -> None:
    """The button that consents carries it, also in another language; whoever says no was brought by nobody."""
    zoe_row = await zoe.stored()
    assert zoe_row is not None
    friend = conversation.person(8)
    await friend.send(f"/start r_{zoe_row.friend_code}")
    stored = await friend.stored()
    assert stored is not None
    assert stored.recruiter is None
    assert not any(
        zoe_row.friend_code in str(value)
        for name, value in await cells(conversation.database)
        if name != "people.friend_code"
    )
    await friend.tap("Français")
    await friend.tap("oui, écrivez-moi")
    stored = await friend.stored()
    assert stored is not None
    assert stored.recruiter == zoe_row.id
    await friend.send("/mydata")
    assert any("par le lien d’un sympathisant" in shown.text for shown in friend.screen)


async def test_who_stops_chooses_between_silence_and_erasure(conversation: Conversation, zoe: Talker) -> None:
    shown = await zoe.send("/stop")
    assert "won’t message you again" in shown.text
    assert set(shown.buttons) == {
        "Just stop the messages",
        "Free my seats at events",
        "Erase everything too",
        "Keep everything, use nothing of it",
    }
    await zoe.tap("Just stop the messages")
    assert "nothing is erased yet" in shown.text
    stored = await zoe.stored()
    assert stored is not None
    assert stored.state == "stopped"
    await zoe.send("/stop")
    await zoe.tap("Erase everything too")
    await zoe.tap("Yes, erase everything")
    assert await zoe.stored() is None


async def test_my_data_tells_of_former_roles_and_of_the_log_and_of_no_zeros(
    conversation: Conversation, zoe: Talker
) -> None:
    await zoe.send("/mydata")
    assert not any("\n0 " in shown.text for shown in zoe.screen)
    role = {"telegram_id": SEVEN, "role": "organizer", "area": "69", "added_at": NOW, "revoked_at": NOW}
    async with conversation.database.write() as tx:
        await tx.execute(sa.insert(metadata.tables["staff"]).values(**role))
        details = {"telegram_id": SEVEN, "role": "organizer"}
        await audit.note(tx, actor="staff:9", action="revoke_staff", details=details, now=NOW)
        await audit.note(tx, actor="staff:9", action="purge", details={"profiles": 1}, now=NOW)
    shown = await zoe.send("/mydata")
    text = shown.text.replace("\u00a0", " ")
    assert "1 role that you held in the team, kept for 1 year after it ended" in text
    assert "1 entry about you in the log of the team, kept for 3 years" in text
    call = zoe.called("sendDocument")[-1]
    assert call.attachment is not None
    held = json.loads(call.attachment.content)
    assert [role["role"] for role in held["roles"]] == ["organizer"]
    assert [(entry["action"], entry["by"]) for entry in held["team_log"]] == [("revoke_staff", "the team")]
