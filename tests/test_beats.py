"""What the bot does by itself beside sending: the purge of each day, and a look at who agreed to another text."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from bot.actions import audit, renewals, staff
from bot.actions.renewals import FACT, consent_texts
from bot.beats import DAY_TOLD, PARIS, DailyPurge, DayLine, Witness
from bot.rules.permissions import Role
from db.anchors import Anchor, append_anchor, read_anchors
from db.engine import Database
from db.facts import get_fact
from db.schema import broadcasts, consents, deliveries, people
from tests.bots import until
from tests.campaigning import rows
from tests.conversation import CAMPAIGN, Conversation, paris, services
from tests.exported import KEY


async def test_the_purge_of_a_day_runs_beside_the_ticks(sqlite_database: Database) -> None:
    """The beat returns at once; the work is done by another task, once a day."""
    conversation = Conversation(sqlite_database, paris("2016-11-16T10:00"))
    await conversation.person(7).send("/start")
    removed: list[str] = []
    daily = DailyPurge(
        database=sqlite_database,
        campaign=CAMPAIGN,
        key=KEY,
        clock=conversation.clock,
        also=lambda: removed.append("unfinished copies"),
    )
    working = asyncio.create_task(daily.run())
    await daily.beat()
    conversation.clock.move(conversation.clock.now() + timedelta(days=8))
    await daily.beat()

    async def is_erased() -> bool:
        return await rows(conversation, people) == []

    await until(is_erased, "the sign-up that was left in the middle is erased")
    assert "unfinished copies" in removed
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def test_a_day_that_begins_while_a_purge_rests_has_its_turn_after_it(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is neither forgotten nor purged twice."""
    monkeypatch.setattr("db.due_rows.PAGE", 1)
    conversation = Conversation(sqlite_database, paris("2016-11-16T10:00"))
    await conversation.person(7).send("/start")
    await conversation.person(8).send("/start")
    conversation.clock.move(conversation.clock.now() + timedelta(days=1))
    await conversation.person(9).send("/start")
    purges: list[str] = []
    rests, goes_on = asyncio.Event(), asyncio.Event()

    async def rest(_seconds: float) -> None:
        rests.set()
        await goes_on.wait()

    daily = DailyPurge(
        database=sqlite_database,
        campaign=CAMPAIGN,
        key=KEY,
        clock=conversation.clock,
        also=lambda: purges.append("begun"),
        rest=rest,
    )
    conversation.clock.move(paris("2016-11-23T12:00"))
    working = asyncio.create_task(daily.run())
    await daily.beat()
    await rests.wait()
    assert [each.telegram_id for each in await rows(conversation, people)] == [8, 9]
    conversation.clock.move(paris("2016-11-24T12:00"))
    await daily.beat()
    await daily.beat()
    assert purges == ["begun"]
    goes_on.set()

    async def is_erased() -> bool:
        return await rows(conversation, people) == []

    await until(is_erased, "what was due on the day that began meanwhile is erased")
    await daily.beat()
    assert purges == ["begun"] * 2
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def begun_witness(
    conversation: Conversation, file: Path, *, tells_log: bool = True, leads: bool = True
) -> Witness:
    """Looks at a log of one entry, of an admin who wrote to the bot; the first hour begins."""
    await conversation.person(7).send("/start")
    async with conversation.database.write() as tx:
        await staff.add(
            tx, telegram_id=7, role=Role.ADMIN, area="FR", actor="test", now=conversation.clock.now()
        )
    return Witness(
        database=conversation.database,
        campaign=replace(CAMPAIGN, tells_log=tells_log),
        anchors=file,
        clock=conversation.clock,
        leads=lambda: leads,
        queued=lambda: None,
    )


async def notices_in(conversation: Conversation) -> list[str]:
    found = [row.template.partition("/")[2] for row in await rows(conversation, broadcasts)]
    return [name for name in found if name.startswith("log_")]


async def test_the_head_of_the_log_is_noted_at_each_new_hour_and_told_once_a_day(
    database: Database, tmp_path: Path
) -> None:
    conversation, file = Conversation(database, paris("2016-11-16T08:30")), tmp_path / "anchors"
    witness = await begun_witness(conversation, file)
    working = asyncio.create_task(witness.run())

    async def hour(text: str, anchors: int) -> list[str]:
        conversation.clock.move(paris(text))
        async with database.write() as tx:
            await audit.note(tx, actor="test", action="purge", details={}, now=conversation.clock.now())
        for _ in range(3):
            await witness.beat()

        async def is_noted() -> bool:
            return len(read_anchors(file)) == anchors

        await until(is_noted, f"{anchors} heads stand in the file")
        return await notices_in(conversation)

    assert await hour("2016-11-16T08:30", 1) == []  # too early in the day
    assert await hour("2016-11-16T09:00", 2) == ["log_head"]
    assert await hour("2016-11-16T21:00", 3) == ["log_head"]
    assert await hour("2016-11-17T03:00", 4) == ["log_head"]  # at night
    assert await hour("2016-11-17T10:00", 5) == ["log_head", "log_head"]
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


@pytest.mark.parametrize(("tells_log", "leads"), [(False, True), (True, False)])
async def test_the_head_is_not_told_where_the_campaign_file_says_so_nor_by_who_does_not_lead(
    sqlite_database: Database, tmp_path: Path, tells_log: bool, leads: bool
) -> None:
    conversation = Conversation(sqlite_database, paris("2016-11-16T10:00"))
    witness = await begun_witness(conversation, tmp_path / "anchors", tells_log=tells_log, leads=leads)
    await witness.beat()
    assert await notices_in(conversation) == []


async def test_a_start_says_that_the_log_no_longer_fits_its_anchors(
    sqlite_database: Database, tmp_path: Path
) -> None:
    conversation, file = Conversation(sqlite_database, paris("2016-11-16T10:00")), tmp_path / "anchors"
    witness = await begun_witness(conversation, file)
    append_anchor(file, Anchor(at=conversation.clock.now(), count=9, hash="a" * 64))
    with capture_logs() as told:
        working = asyncio.create_task(witness.run())

        async def is_told() -> bool:
            return await notices_in(conversation) == ["log_broken"]

        await until(is_told, "the admins are told")
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    (line,) = [line for line in told if line["event"] == "audit_log_not_whole"]
    assert "does not hold entry number 9" in line["fault"]


async def test_a_head_that_cannot_be_noted_is_said_and_stops_nothing(
    sqlite_database: Database, tmp_path: Path
) -> None:
    conversation = Conversation(sqlite_database, paris("2016-11-16T10:00"))
    (tmp_path / "taken").write_text("a file where a folder should be")
    witness = await begun_witness(conversation, tmp_path / "taken" / "anchors")
    with capture_logs() as told:
        working = asyncio.create_task(witness.run())
        await witness.beat()

        async def is_said() -> bool:
            return any(line["event"] == "audit_head_not_noted" for line in told)

        await until(is_said, "it is said")
        assert not working.done()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_texts_are_compared_piece_by_piece_until_all_were(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewals, "CHUNK", 1)
    conversation = Conversation(sqlite_database, paris("2016-11-16T10:00"))
    zoe = conversation.person(7)
    await zoe.sign_up()
    async with sqlite_database.write() as tx:
        older = sa.update(consents).where(consents.c.purpose == "team")
        await tx.execute(older.values(text_hash="0" * 64))
    for _ in range(2):  # a restart finds nothing left to do
        await renewals.look_at_everybody(
            sqlite_database, consent_texts(services().texts), conversation.clock.now()
        )
    person = await zoe.stored()
    assert person is not None
    assert (person.renew_team, person.consent_team, person.consent_contact) == (True, False, True)
    async with sqlite_database.read() as tx:
        fact = await get_fact(tx, FACT)
    assert (fact["next"], fact["changed"]) == (None, 1)


async def test_each_day_is_told_once_when_it_is_over(database: Database) -> None:
    """What was sent, failed or is in doubt in that day of Paris, and what is held; not again after a restart."""
    conversation = Conversation(database, paris("2016-11-15T10:00"))
    await conversation.person(7).send("/start")
    (person,) = await rows(conversation, people)
    moments = {
        "2016-11-15T23:59": "sent",
        "2016-11-16T00:00": "failed",
        "2016-11-16T12:00": "sent",
        "2016-11-16T23:59": "in_doubt",
        "2016-11-17T00:00": "sent",
        "2016-11-14T00:00": "withheld",
    }
    async with database.write() as tx:
        for number, (moment, state) in enumerate(moments.items()):
            at = paris(moment)
            broadcast = {"key": str(number), "kind": "gotv", "state": "active", "audience": {}, "area": "FR"}
            made = await tx.execute(
                sa.insert(broadcasts)
                .values(**broadcast, starts_at=at, created_at=at)
                .returning(broadcasts.c.id)
            )
            delivery = {"broadcast": made.scalar_one(), "person": person.id, "state": state}
            await tx.execute(sa.insert(deliveries).values(**delivery, due_at=at, changed_at=at))

    async def told_at(moment: str) -> list[dict[str, object]]:
        """What a process that begins then tells."""
        conversation.clock.move(paris(moment))
        line = DayLine(database=database, clock=conversation.clock)
        with capture_logs() as told:
            working = asyncio.create_task(line.run())
            await line.beat()
            await until(lambda: _is_noted(database, moment), "the day is noted")
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
        return [{name: entry[name] for name in entry if name != "log_level"} for entry in told]

    assert await told_at("2016-11-16T10:00") == []  # what was before the first start is not ours to tell
    line = {"sent": 1, "failed": 1, "in_doubt": 1, "unreachable": 0, "expired": 0, "held": 1}
    assert await told_at("2016-11-17T00:01") == [{"event": "day", "day": "2016-11-16", **line}]
    assert await told_at("2016-11-17T10:00") == []


async def _is_noted(database: Database, moment: str) -> bool:
    async with database.read() as tx:
        day = (paris(moment).astimezone(PARIS) - timedelta(days=1)).date()
        return bool(await get_fact(tx, DAY_TOLD) == day.isoformat())
