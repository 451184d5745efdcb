"""Restores: what was comes back, nothing is sent twice, no erasure is undone, a bad backup changes nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.rules.suppression import SuppressionKey, suppression_of
from db.backup import restore
from db.carried_outbox import RESTORED_AT
from db.engine import FILE_NAME, Database
from db.erasing import Sealing, erase_person, erase_roles
from db.errors import MissingKey, WrongKey
from db.experiments import KEY_FACT as DRAWN_BY
from db.facts import get_fact, set_fact
from db.schema import (
    broadcasts,
    consents,
    console_sessions,
    deliveries,
    downloads,
    people,
    staff,
    staff_links,
    suppressions,
    updates,
    volunteering,
)
from db.suppression_key import (
    FINGERPRINT_FACT,
    KEY_FACT,
    change_suppression_key,
    open_suppression_key,
    write_suppression_key,
)
from db.unfinished import NOTES
from tests.backups import (
    NOW,
    backed_up,
    broadcast,
    contents,
    file_of,
    fill,
    names_in,
    person,
    put_back,
    reopened,
    settle,
)

HOUR = timedelta(hours=1)
TODAY = NOW.date()
SEALING = Sealing(key=SuppressionKey(links=(b"k" * 32,)), today=TODAY, keeps_proof=True)


async def test_a_restore_brings_back_what_was_and_keeps_what_it_replaced(
    sqlite_database: Database, tmp_path: Path
) -> None:
    await fill(sqlite_database, 20)
    before = await contents(sqlite_database)
    copy = await backed_up(sqlite_database, tmp_path)
    async with sqlite_database.write() as transaction:
        await transaction.execute(people.delete())
    await sqlite_database.close()

    first = await put_back(copy, sqlite_database)
    second = await put_back(copy, sqlite_database)

    assert (first.kept, second.kept) == (
        tmp_path / f"{FILE_NAME}.replaced",
        tmp_path / f"{FILE_NAME}.replaced-2",
    )
    restored = await reopened(file_of(sqlite_database), sqlite_database.key)
    after = await contents(restored)
    await restored.close()
    facts = dict(after.pop("facts"))
    assert facts.pop(FINGERPRINT_FACT)
    assert facts.keys() == {RESTORED_AT, DRAWN_BY}
    assert facts[RESTORED_AT] == NOW.isoformat()
    before.pop("facts")
    assert after == before
    kept = await reopened(tmp_path / f"{FILE_NAME}.replaced", sqlite_database.key)
    assert (await contents(kept))["people"] == []
    await kept.close()


async def test_a_restore_where_there_was_nothing(sqlite_database: Database, tmp_path: Path) -> None:
    await fill(sqlite_database)
    copy = await backed_up(sqlite_database, tmp_path)
    target = tmp_path / "new" / "machine" / FILE_NAME
    done = await restore(
        copy,
        file=target,
        key=sqlite_database.key,
        suppression_key_file=tmp_path / "new" / "keys" / "suppression.key",
        notes=target.parent / NOTES,
        settle=settle,
        now=NOW,
    )
    assert done.kept is None
    assert names_in(target.parent) == [FILE_NAME, f"{FILE_NAME}.lock"]
    restored = await reopened(target, sqlite_database.key)
    assert len((await contents(restored))["people"]) == 1
    await restored.close()


DELIVERIES = [  # state in the backup, due, state after the restore
    ("queued", NOW - HOUR, "in_doubt"),
    ("queued", NOW + HOUR, "queued"),
    ("leased", NOW - HOUR, "in_doubt"),
    ("withheld", NOW - HOUR, "in_doubt"),
    ("withheld", NOW + HOUR, "withheld"),
    ("sending", NOW + HOUR, "in_doubt"),  # it was leaving already
    ("sent", NOW - HOUR, "sent"),
    ("expired", NOW - HOUR, "expired"),
    ("in_doubt", NOW - HOUR, "in_doubt"),
]


async def test_after_a_restore_nothing_leaves_twice(sqlite_database: Database, tmp_path: Path) -> None:
    async with sqlite_database.write() as transaction:
        await transaction.execute(people.insert(), [person(n) for n in range(len(DELIVERIES))])
        await transaction.execute(
            broadcasts.insert(),
            [
                broadcast("active", state="active"),
                broadcast("past", state="scheduled"),
                broadcast("coming", state="scheduled", starts_at=NOW + HOUR),
            ],
        )
        await transaction.execute(
            deliveries.insert(),
            [
                {"broadcast": 1, "person": n + 1, "state": state, "due_at": due, "changed_at": NOW - HOUR}
                for n, (state, due, _) in enumerate(DELIVERIES)
            ],
        )
        reply = {"state": "answered", "replies": [{"method": "sendMessage"}], "received_at": NOW}
        await transaction.execute(updates.insert(), {"update_id": 5, "body": b"{}", **reply})
    copy = await backed_up(sqlite_database, tmp_path)
    await sqlite_database.close()
    done = await put_back(copy, sqlite_database)
    assert (done.in_doubt, done.paused) == (4, 1)
    restored = await reopened(file_of(sqlite_database), sqlite_database.key)
    async with restored.read() as transaction:
        states = (await transaction.scalars(sa.select(deliveries.c.state).order_by(deliveries.c.id))).all()
        plans = (await transaction.execute(sa.select(broadcasts.c.key, broadcasts.c.state))).all()
        update = (await transaction.execute(sa.select(updates.c.state, updates.c.body))).one()
        assert await get_fact(transaction, RESTORED_AT) == NOW.isoformat()
    await restored.close()
    assert states == [after for *_, after in DELIVERIES]
    assert set(plans) == {("active", "active"), ("past", "paused"), ("coming", "scheduled")}
    assert tuple(update) == ("done", None)


async def test_who_asked_for_silence_after_the_backup_keeps_it(
    sqlite_database: Database, tmp_path: Path
) -> None:
    await open_suppression_key(sqlite_database, tmp_path / "suppression.key")
    async with sqlite_database.write() as transaction:
        await transaction.execute(suppressions.insert(), {"hash": "before", "day": TODAY})
    copy = await backed_up(sqlite_database, tmp_path)
    async with sqlite_database.write() as transaction:
        await transaction.execute(suppressions.insert(), {"hash": "since", "day": TODAY})
    await sqlite_database.close()
    await put_back(copy, sqlite_database)
    restored = await reopened(file_of(sqlite_database), sqlite_database.key)
    assert set((await contents(restored))["suppressions"]) == {("before", TODAY), ("since", TODAY)}
    await restored.close()


async def test_going_back_undoes_no_erasure_and_no_withdrawal(
    sqlite_database: Database, tmp_path: Path
) -> None:
    """Since the backup: one was erased, one fell silent, one was erased and came back, a role was withdrawn."""
    key = SEALING.key
    agreed = {"state": "registered", "consent_contact": True, "consent_team": True}
    choice = {"purpose": "contact", "text_version": "1", "text_hash": "0", "language": "fr", "at": NOW}
    role = {"telegram_id": 5, "role": "admin", "area": "FR", "added_at": NOW}
    link = {"token_hash": "t", "role": "admin", "area": "FR", "created_at": NOW, "expires_at": NOW + HOUR}
    download = {
        **{"token_hash": "d", "telegram_id": 5, "export": {}, "language": "fr"},
        **{"created_at": NOW, "expires_at": NOW + HOUR},
    }
    session = {
        **{"opener_hash": "o", "cookie_hash": "c", "telegram_id": 5, "language": "fr"},
        **{"created_at": NOW, "opened_at": NOW, "expires_at": NOW + HOUR},
    }
    async with sqlite_database.write() as transaction:
        await set_fact(transaction, KEY_FACT, key.links[0].hex())  # as older databases had it
        rows = [person(number, **agreed) for number in range(4)]
        await transaction.execute(people.insert(), rows)
        await transaction.execute(consents.insert(), {"pseudonym": "p1", "given": True, **choice})
        await transaction.execute(staff.insert(), role)
        await transaction.execute(staff.insert(), {**role, "telegram_id": rows[0]["telegram_id"]})
        await transaction.execute(staff_links.insert(), link)
        await transaction.execute(downloads.insert(), download)
        await transaction.execute(console_sessions.insert(), session)
    copy = await backed_up(sqlite_database, tmp_path)
    async with sqlite_database.write() as transaction:
        erased = suppression_of(key, rows[0]["telegram_id"])
        await transaction.execute(suppressions.insert(), {"hash": erased, "day": TODAY})
        for number in (0, 2):
            await erase_person(transaction, number + 1, SEALING)
        await erase_roles(transaction, rows[0]["telegram_id"])
        await transaction.execute(people.insert(), person(2, **agreed) | {"pseudonym": "new"})
        silent = people.update().where(people.c.pseudonym == "p1")
        await transaction.execute(silent.values(state="stopped", consent_contact=False))
        await transaction.execute(consents.insert(), {"pseudonym": "p1", "given": False, **choice})
        await transaction.execute(staff.update().values(revoked_at=NOW))
        await transaction.execute(staff_links.update().values(used_at=NOW))
    await sqlite_database.close()
    done = await put_back(copy, sqlite_database)
    assert (done.erased, done.carried) == (2, True)
    restored = await reopened(file_of(sqlite_database), sqlite_database.key)
    async with restored.read() as transaction:
        found = (await transaction.execute(sa.select(people).order_by(people.c.id))).all()
        ledger = sa.select(consents.c.pseudonym, consents.c.given).order_by(consents.c.id)
        assert list(map(tuple, await transaction.execute(ledger))) == [("p1", True), ("p1", False)]
        assert list(await transaction.scalars(sa.select(staff.c.telegram_id))) == [5]
        assert list(await transaction.scalars(sa.select(staff.c.revoked_at))) == [NOW]
        assert list(await transaction.scalars(sa.select(staff_links.c.used_at))) == [NOW]
        assert list(await transaction.scalars(sa.select(downloads.c.id))) == []
        assert list(await transaction.scalars(sa.select(console_sessions.c.id))) == []
    await restored.close()
    assert [(row.pseudonym, row.state, row.consent_contact) for row in found] == [
        ("p1", "stopped", False),
        ("p3", "registered", True),
    ]


async def test_an_offer_to_help_that_was_taken_back_since_does_not_come_back(
    sqlite_database: Database, tmp_path: Path
) -> None:
    agreed = {"state": "registered", "consent_contact": True}
    choice = {"purpose": "help", "text_version": "1", "text_hash": "0", "language": "fr", "at": NOW}
    async with sqlite_database.write() as transaction:
        await transaction.execute(people.insert(), [person(number, **agreed) for number in range(2)])
        given = [{"pseudonym": f"p{number}", "given": True, **choice} for number in range(2)]
        await transaction.execute(consents.insert(), given)
        offers = [{"person": number, "doors": True, "contact": True, "at": NOW} for number in (1, 2)]
        await transaction.execute(volunteering.insert(), offers)
    copy = await backed_up(sqlite_database, tmp_path)
    async with sqlite_database.write() as transaction:
        await transaction.execute(consents.insert(), {"pseudonym": "p0", "given": False, **choice})
        await transaction.execute(volunteering.delete().where(volunteering.c.person == 1))
    await sqlite_database.close()
    await put_back(copy, sqlite_database)
    restored = await reopened(file_of(sqlite_database), sqlite_database.key)
    async with restored.read() as transaction:
        assert list(await transaction.scalars(sa.select(volunteering.c.person))) == [2]
    await restored.close()


async def marks_in(database: Database) -> set[str]:
    async with database.read() as transaction:
        return set(await transaction.scalars(sa.select(suppressions.c.hash)))


async def test_a_backup_of_before_a_change_of_the_key_is_understood(
    sqlite_database: Database, tmp_path: Path
) -> None:
    """The suppression key was changed since: the marks of the backup are sealed by the new link too."""
    keys = tmp_path / "suppression.key"
    old = await open_suppression_key(sqlite_database, keys)
    async with sqlite_database.write() as transaction:
        await transaction.execute(people.insert(), [person(number) for number in range(3)])
        await transaction.execute(suppressions.insert(), {"hash": suppression_of(old, 1), "day": TODAY})
    copy = await backed_up(sqlite_database, tmp_path)
    await change_suppression_key(sqlite_database, keys)
    new = await open_suppression_key(sqlite_database, keys)
    since = suppression_of(new, person(0)["telegram_id"])
    async with sqlite_database.write() as transaction:
        await transaction.execute(suppressions.insert(), {"hash": since, "day": TODAY})
        await erase_person(transaction, 1, SEALING)
    await sqlite_database.close()
    done = await put_back(copy, sqlite_database)
    assert (done.erased, done.foreign_marks) == (1, 0)
    restored = await reopened(file_of(sqlite_database), sqlite_database.key)
    assert await marks_in(restored) == {suppression_of(new, 1), since}
    await restored.close()


async def test_marks_of_another_key_are_counted_and_not_mixed_in(
    sqlite_database: Database, tmp_path: Path
) -> None:
    keys = tmp_path / "suppression.key"
    mine = await open_suppression_key(sqlite_database, keys)
    async with sqlite_database.write() as transaction:
        await transaction.execute(suppressions.insert(), {"hash": suppression_of(mine, 1), "day": TODAY})
    copy = await backed_up(sqlite_database, tmp_path)
    async with sqlite_database.write() as transaction:
        await set_fact(transaction, FINGERPRINT_FACT, "another")
        await transaction.execute(suppressions.insert(), {"hash": "f" * 64, "day": TODAY})
    await sqlite_database.close()
    assert (await put_back(copy, sqlite_database)).foreign_marks == 2
    restored = await reopened(file_of(sqlite_database), sqlite_database.key)
    assert await marks_in(restored) == {suppression_of(mine, 1)}
    await restored.close()


async def test_a_backup_of_another_key_is_refused(sqlite_database: Database, tmp_path: Path) -> None:
    keys = tmp_path / "suppression.key"
    await open_suppression_key(sqlite_database, keys)
    copy = await backed_up(sqlite_database, tmp_path)
    await sqlite_database.close()
    keys.rename(tmp_path / "kept.key")
    with pytest.raises(MissingKey, match="suppression key"):
        await put_back(copy, sqlite_database)
    write_suppression_key(keys, SuppressionKey(links=(b"o" * 32,)))
    with pytest.raises(WrongKey, match="put the right one there"):
        await put_back(copy, sqlite_database)


async def test_a_backup_whose_key_is_lost_comes_back_without_its_marks(
    sqlite_database: Database, tmp_path: Path
) -> None:
    keys = tmp_path / "suppression.key"
    key = await open_suppression_key(sqlite_database, keys)
    async with sqlite_database.write() as transaction:
        await transaction.execute(suppressions.insert(), {"hash": suppression_of(key, 1), "day": TODAY})
    copy = await backed_up(sqlite_database, tmp_path)
    await sqlite_database.close()
    keys.rename(tmp_path / "kept.key")
    done = await put_back(copy, sqlite_database, suppression_key_lost=True)
    assert (done.given_up, done.foreign_marks) == (1, 1)
    restored = await reopened(file_of(sqlite_database), sqlite_database.key)
    assert await marks_in(restored) == set()
    assert await open_suppression_key(restored, keys) != key
    await restored.close()
