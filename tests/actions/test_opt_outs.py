"""Importing an opt-out list: known people are stopped at once, the others cannot be invited again, all or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

import db.conversations
import db.suppressions
import db.volunteering
from bot.actions import audit, opt_outs
from bot.actions.opt_outs import ListEffects
from bot.rules.conversations import ConversationState
from bot.rules.suppression import SuppressionKey, suppression_of
from db.engine import Database
from db.schema import audit as audit_rows
from db.schema import consents, dialogs, people, staff, suppressions
from tests.conversation import Conversation, paris
from tests.talking import on_duty, talked

NOW = paris("2016-11-16T10:00")
KEY = SuppressionKey(links=(b"k" * 32,))
DIGEST = "ab" * 32
LIST = (1, 2, 3, 4, 77, 88)
EFFECTS = ListEffects(stopped=2, already_stopped=1, unfinished=1, unknown=2, already_suppressed=1)


@pytest.fixture
async def filled(database: Database) -> Database:
    """1 is a supporter, 2 asked for silence, 3 never finished, 4 neither but is of the team; 9 is not on the list."""
    moments = {"created_at": NOW, "seen_at": NOW}
    known = {"state": "registered", "registered_at": NOW, "consent_contact": True, "language": "fr"}
    rows: list[dict[str, Any]] = [
        {"telegram_id": 1, "pseudonym": "a", **known, **moments},
        {
            "telegram_id": 2,
            "pseudonym": "b",
            **known,
            **moments,
            "state": "stopped",
            "consent_contact": False,
        },
        {"telegram_id": 3, "pseudonym": "c", **moments},
        {"telegram_id": 4, "pseudonym": "d", **moments},
        {"telegram_id": 9, "pseudonym": "e", **known, **moments},
    ]
    async with database.write() as tx:
        for row in rows:
            await tx.execute(sa.insert(people).values(**row))
        await tx.execute(sa.insert(staff).values(telegram_id=4, role="admin", area="FR", added_at=NOW))
        await tx.execute(sa.insert(dialogs).values(person=3, flow="x", step="y", data={}, updated_at=NOW))
        await db.suppressions.add(tx, suppression_of(KEY, 88), NOW)
    return database


async def imported(database: Database) -> ListEffects:
    async with database.write() as tx:
        return await opt_outs.import_list(tx, LIST, key=KEY, digest=DIGEST, actor=audit.COMMAND_LINE, now=NOW)


async def states(database: Database) -> dict[int, str]:
    async with database.read() as tx:
        rows = await tx.execute(sa.select(people.c.telegram_id, people.c.state, people.c.consent_contact))
        return {row.telegram_id: f"{row.state} {int(row.consent_contact)}" for row in rows}


BEFORE = {1: "registered 1", 2: "stopped 0", 3: "new 0", 4: "new 0", 9: "registered 1"}


async def test_a_preview_counts_and_changes_nothing(filled: Database) -> None:
    async with filled.read() as tx:
        assert await opt_outs.preview(tx, LIST, key=KEY) == EFFECTS
    assert await states(filled) == BEFORE


async def test_the_known_are_stopped_and_nobody_is_invited_again(filled: Database) -> None:
    assert await imported(filled) == EFFECTS
    assert await states(filled) == {1: "stopped 0", 2: "stopped 0", 4: "stopped 0", 9: "registered 1"}
    async with filled.read() as tx:
        hashes = set((await tx.execute(sa.select(suppressions.c.hash))).scalars())
        (withdrawn,) = (await tx.execute(sa.select(consents))).all()
        (noted,) = (await tx.execute(sa.select(audit_rows))).all()
        assert (await audit.verify(tx)).faults == ()
        assert (await tx.execute(sa.select(dialogs))).first() is None
    assert hashes == {suppression_of(KEY, each) for each in LIST}
    assert (withdrawn.pseudonym, withdrawn.purpose, withdrawn.given) == ("a", "contact", False)
    assert (withdrawn.text_version, withdrawn.text_hash) == ("opt-out list", DIGEST)
    assert (noted.action, noted.details["stopped"], noted.details["file"]) == ("import_opt_outs", 2, DIGEST)
    assert "77" not in str(noted.details).replace(DIGEST, "")


async def test_importing_again_stops_nobody_twice(filled: Database) -> None:
    await imported(filled)
    again = replace(EFFECTS, stopped=0, already_stopped=3, unfinished=0, unknown=3, already_suppressed=6)
    assert await imported(filled) == again
    async with filled.read() as tx:
        assert len((await tx.execute(sa.select(consents))).all()) == 1


async def test_a_failure_leaves_everything_as_it_was(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_arguments: object) -> None:
        raise OSError("full")

    monkeypatch.setattr("db.opting_out.suppress", fail)
    with pytest.raises(OSError, match="full"):
        await imported(filled)
    assert await states(filled) == BEFORE
    async with filled.read() as tx:
        assert (await tx.execute(sa.select(audit_rows))).first() is None


async def test_a_long_list(filled: Database) -> None:
    """More than one statement takes."""
    ids = tuple(range(1, 3_001))
    async with filled.write() as tx:
        effects = await opt_outs.import_list(
            tx, ids, key=KEY, digest=DIGEST, actor=audit.COMMAND_LINE, now=NOW
        )
    assert (effects.stopped, effects.unknown) == (3, 2_995)


async def test_who_was_on_the_list_may_come_back_by_themselves(conversation: Conversation) -> None:
    zoe = conversation.person(10)
    await zoe.sign_up("Lyon")
    key = conversation.services.suppression_key
    async with conversation.database.write() as tx:
        await opt_outs.import_list(
            tx, (10,), key=key, digest=DIGEST, actor=audit.COMMAND_LINE, now=conversation.clock.now()
        )
    person = await zoe.stored()
    assert person is not None
    assert (person.state, person.consent_contact) == ("stopped", False)
    await zoe.sign_up("Lyon")
    person = await zoe.stored()
    assert person is not None
    assert person.is_registered
    async with conversation.database.read() as tx:
        assert not await db.suppressions.contains(tx, suppression_of(key, 10))


@pytest.fixture
def conversation(sqlite_database: Database) -> Conversation:
    return Conversation(sqlite_database, NOW)


async def test_whatever_else_somebody_on_the_list_had_agreed_to_is_over_too(
    conversation: Conversation,
) -> None:
    """What they offered, what they asked the team, and a consent that waits to be given anew, which lay restricted."""
    sophie = await on_duty(conversation, 77, "Sophie")
    zoe = conversation.person(10)
    await zoe.sign_up("Lyon")
    await talked(conversation, zoe, sophie)
    person = await zoe.stored()
    assert person is not None
    async with conversation.database.write() as tx:
        await db.volunteering.change(tx, person.id, NOW, contact=True, doors=True)
        changed = sa.update(people).where(people.c.id == person.id)
        await tx.execute(changed.values(consent_contact=False, renew_contact=True, state="restricted"))
        await opt_outs.import_list(
            tx,
            (10,),
            key=conversation.services.suppression_key,
            digest=DIGEST,
            actor=audit.COMMAND_LINE,
            now=conversation.clock.now(),
        )
        talk = await db.conversations.of_person(tx, person.id)
        assert talk is not None
        assert (talk.standing.state, await db.volunteering.of_person(tx, person.id)) == (
            ConversationState.CLOSED,
            None,
        )
        withdrawn = sa.select(consents.c.purpose).where(consents.c.text_version == opt_outs.LEDGER_VERSION)
        assert set(await tx.scalars(withdrawn)) == {"contact", "help"}
    person = await zoe.stored()
    assert person is not None
    assert (person.state, person.renew_contact) == ("restricted", False)
