"""The message that an organizer follows a broadcast by, while Telegram asks for silence."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.calls import Call
from bot.delivery.outcomes import Done, InDoubt, NotSent, Outcome
from bot.delivery.progress import ProgressBoard
from db import approvals, broadcast_accounts, broadcasts, progress_messages
from db.broadcast_accounts import Broadcast
from db.engine import Database
from db.facts import set_fact
from db.schema import deliveries, people
from simulator.reading import as_read
from tests.campaigning import staff, supporter
from tests.conversation import Conversation, paris, services

NOW = paris("2016-11-16T18:30")
UNTIL = paris("2016-11-16T18:42")


class Line:
    """A pacing that stands where the test puts it, and what was posted through it."""

    def __init__(self) -> None:
        self.pacing = self
        self.blocked_until: datetime | None = None
        self.asked_until: datetime | None = None
        self.unpaid = False
        self.called: list[str] = []
        self.told: list[str] = []
        self.answer: Outcome = Done(result=True)

    async def call(self, call: Call) -> Outcome:
        assert self.blocked_until is None, "an edit waits in the queue for its turn"
        self.called.append(call.payload["text"])
        return Done(result=True)

    async def tell(self, call: Call) -> Outcome:
        self.told.append(as_read(call.payload["text"]))
        return self.answer

    def ask(self, until: datetime | None) -> None:
        self.blocked_until = self.asked_until = until


async def a_broadcast(database: Database, key: str = "staff:1") -> int:
    """To ten people, followed by somebody in Paris who reads English."""
    values = {"key": key, "kind": "persuasion", "audience": {}, "area": "FR", "state": "active"}
    async with database.write() as tx:
        broadcast = await broadcasts.create(tx, values | {"starts_at": NOW, "created_at": NOW})
        assert broadcast is not None
        everybody = sa.select(people.c.id)
        await broadcasts.queue_deliveries(tx, broadcast=broadcast, people=everybody, due_at=NOW, now=NOW)
        await progress_messages.show_progress_on(tx, broadcast, chat=1, message=5)
    return broadcast


async def a_board(database: Database, language: str = "en") -> ProgressBoard:
    conversation = Conversation(database, NOW)
    await supporter(conversation, 1, "75056", language=language)
    await staff(conversation, 1, "organizer", "FR")
    board = ProgressBoard(database=database, texts=services().texts, languages=("fr", "en"))
    board._edited_at = float("-inf")
    return board


async def test_a_long_silence_is_told_once_and_then_it_goes_on(sqlite_database: Database) -> None:
    board, line = await a_board(sqlite_database), Line()
    await a_broadcast(sqlite_database)
    line.ask(UNTIL)
    for _ in range(3):
        await board.refresh(line)
        line.ask(UNTIL + timedelta(seconds=2))  # the others in flight were told the same
    (told,) = line.told
    assert "Telegram asks us to wait until Wednesday 16 November at 18:42 (your time)" in told
    line.ask(UNTIL + timedelta(minutes=20))  # much longer than was told
    await board.refresh(line)
    assert "19:02" in line.told[-1]
    line.ask(None)
    await board.refresh(line)
    (edited,) = map(as_read, line.called)
    assert "Going out…" in edited
    assert "Telegram made us wait until Wednesday 16 November at 19:02" in edited


async def test_where_even_the_word_is_refused_it_is_told_afterwards(sqlite_database: Database) -> None:
    board, line = await a_board(sqlite_database), Line()
    await a_broadcast(sqlite_database)
    line.answer = NotSent(reason="Too Many Requests", retry_after=700.0)
    for minutes in (0, 10, 20):
        line.ask(UNTIL + timedelta(minutes=minutes))
        await board.refresh(line)
    assert len(line.told) == 1
    line.ask(None)
    await board.refresh(line)
    assert "Telegram made us wait until" in line.called[-1]


async def test_a_short_silence_and_an_outage_only_stop_the_edits(sqlite_database: Database) -> None:
    board, line = await a_board(sqlite_database), Line()
    await a_broadcast(sqlite_database)
    line.blocked_until = UNTIL
    await board.refresh(line)
    assert (line.told, line.called) == ([], [])


async def test_only_what_is_leaving_is_told_and_the_latest_first(sqlite_database: Database) -> None:
    board, line = await a_board(sqlite_database), Line()
    numbers = [await a_broadcast(sqlite_database, f"staff:{number}") for number in range(5)]
    async with sqlite_database.write() as tx:
        await broadcasts.pause(tx, numbers[-1])
    line.ask(UNTIL)
    await board.refresh(line)
    told = [text.partition("\n")[0] for text in line.told]
    assert told == [f"<b>News and arguments (no. {number})</b>" for number in reversed(numbers[1:4])]


async def test_one_that_awaits_approval_is_not_shown_as_paused(sqlite_database: Database) -> None:
    board, line = await a_board(sqlite_database), Line()
    broadcast = await a_broadcast(sqlite_database)
    async with sqlite_database.write() as tx:
        await broadcasts.hold(tx, broadcast)
        asked = {"asked_by": 1, "asked_at": NOW, "expires_at": UNTIL, "details": {"asked": 2}}
        await approvals.ask(tx, what="broadcast", broadcast=broadcast, **asked)
    await board.refresh(line)
    assert "a second person has to approve it" in line.called[-1]
    assert "2 people who may approve it were asked" in line.called[-1]
    assert "Paused" not in line.called[-1]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "too few Telegram Stars to go on faster"), ("fr", "n’a plus assez d’étoiles Telegram")],
)
async def test_whoever_follows_is_told_that_the_stars_are_used_up(
    sqlite_database: Database, language: str, words: str
) -> None:
    board, line = await a_board(sqlite_database, language), Line()
    await a_broadcast(sqlite_database)
    line.unpaid = True
    await board.refresh(line)
    assert words in line.called[-1]
    board._edited_at = float("-inf")
    line.unpaid = False
    await board.refresh(line)
    assert words not in line.called[-1]


async def test_a_message_stays_as_it_is_when_somebody_is_known_no_more(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edit would say that somebody has just changed their mind; when something happens to it, it is true again."""
    monkeypatch.setattr("bot.delivery.progress.EDIT_SECONDS", 0)
    conversation, line = Conversation(sqlite_database, NOW), Line()
    known = await supporter(conversation, 10, "69123", consent_team=True)
    await staff(conversation, 1, "organizer", "69")
    board = ProgressBoard(database=sqlite_database, texts=services().texts, languages=("en",))
    broadcast = await a_broadcast(sqlite_database)
    await board.refresh(line)
    assert "of 1–10" in line.called[-1]
    async with sqlite_database.write() as tx:
        await tx.execute(sa.update(people).where(people.c.id == known).values(consent_team=False))
    await board.refresh(line)
    assert len(line.called) == 1
    async with sqlite_database.write() as tx:
        await broadcasts.pause(tx, broadcast)
    await board.refresh(line)
    assert "of &lt; 10" in line.called[-1]


async def settle(database: Database, broadcast: int, **values: object) -> None:
    """Every delivery of it is in this state, and nothing more is to come."""
    async with database.write() as tx:
        mine = deliveries.c.broadcast == broadcast
        await tx.execute(sa.update(deliveries).where(mine).values(**values))
        await broadcasts.finish_complete(tx, NOW)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The broadcasts whose account was read, one after the other; the board looks as often as it is asked to."""
    monkeypatch.setattr("bot.delivery.progress.EDIT_SECONDS", 0)
    found: list[int] = []
    progress = broadcast_accounts.progress

    async def noting(
        tx: AsyncConnection, broadcast: Broadcast, *given: Any
    ) -> broadcast_accounts.BroadcastProgress:
        found.append(broadcast.id)
        return await progress(tx, broadcast, *given)

    monkeypatch.setattr(broadcast_accounts, "progress", noting)
    return found


async def test_what_is_at_rest_is_read_again_only_where_something_happened_to_it(
    database: Database, read: list[int]
) -> None:
    board, line = await a_board(database), Line()
    one, other = [await a_broadcast(database, f"staff:{number}") for number in range(2)]
    for each in (one, other):
        await settle(database, each, state="sent", sent_at=NOW)
    await board.refresh(line)
    assert sorted(read) == [one, other]
    assert ["Finished." in as_read(text) for text in line.called] == [True, True]
    read.clear()
    await a_broadcast(database, "talk:1")  # something else was written
    async with database.write() as tx:
        await broadcasts.pause(tx, other + 1)
    await board.refresh(line)
    read.clear()
    await board.refresh(line)
    assert read == []
    # An answer, hours later: the one that is told of it is read, and no other.
    await settle(database, other, answered_at=NOW)
    await board.refresh(line)
    assert read == [other]
    assert len(line.called) == 4


async def test_whoever_restricts_their_data_is_counted_no_more_and_then_again(
    database: Database, read: list[int]
) -> None:
    """Also in a message that has long left: what is true at the end is what stands there."""
    board, line = await a_board(database), Line()
    await settle(database, await a_broadcast(database), state="sent", sent_at=NOW)
    for state, words in (
        ("registered", "Finished."),
        ("restricted", "There is nobody"),
        ("registered", "Finished."),
    ):
        async with database.write() as tx:
            await tx.execute(sa.update(people).values(state=state))
        await board.refresh(line)
        assert words in as_read(line.called[-1])
    assert len(read) == len(line.called) == 3


async def test_nothing_is_asked_where_this_process_wrote_nothing(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, read: list[int]
) -> None:
    """What another process did meanwhile is seen at the slow look."""
    board, line = await a_board(sqlite_database), Line()
    broadcast = await a_broadcast(sqlite_database)
    await board.refresh(line)
    await board.refresh(line)
    assert read == [broadcast]
    written = sqlite_database.written
    async with sqlite_database.write() as tx:
        await broadcasts.pause(tx, broadcast)
    sqlite_database.written = written  # as if another process had
    await board.refresh(line)
    assert read == [broadcast]
    monkeypatch.setattr("bot.delivery.progress.READ_AGAIN_SECONDS", 0)
    await board.refresh(line)
    assert "Paused." in line.called[-1]


async def test_an_edit_that_did_not_arrive_is_made_again(sqlite_database: Database, read: list[int]) -> None:
    class Breaks(Line):
        async def call(self, call: Call) -> Outcome:
            await super().call(call)
            return NotSent(reason="refused connection") if len(self.called) == 1 else Done(result=True)

    board, line = await a_board(sqlite_database), Breaks()
    await settle(sqlite_database, await a_broadcast(sqlite_database), state="sent", sent_at=NOW)
    for _ in range(3):
        await board.refresh(line)
    assert len(line.called) == len(read) == 2


async def test_what_is_paused_again_before_anything_left_says_so_again(
    database: Database, read: list[int]
) -> None:
    board, line = await a_board(database), Line()
    broadcast = await a_broadcast(database)
    for change, words in (
        (broadcasts.pause, "Paused."),
        (broadcasts.resume, "Going out"),
        (broadcasts.pause, "Paused."),
    ):
        async with database.write() as tx:
            await change(tx, broadcast)
        await board.refresh(line)
        assert words in line.called[-1]


async def test_what_was_paused_already_when_its_author_lost_its_area_says_so(
    database: Database, read: list[int]
) -> None:
    board, line = await a_board(database), Line()
    broadcast = await a_broadcast(database)
    async with database.write() as tx:
        await broadcasts.pause(tx, broadcast)
    await board.refresh(line)
    async with database.write() as tx:
        await set_fact(tx, broadcast_accounts.orphan_fact(broadcast), True)
    await board.refresh(line)
    assert "may not write to this area any more" in as_read(line.called[-1])


async def test_an_edit_of_which_nobody_knows_whether_it_arrived_is_undone_as_well(
    database: Database, read: list[int]
) -> None:
    """Where what it told of was undone before the next look: the chat may show it."""

    class Doubts(Line):
        async def call(self, call: Call) -> Outcome:
            await super().call(call)
            return InDoubt(reason="timeout") if "Paused." in self.called[-1] else Done(result=True)

    board, line = await a_board(database), Doubts()
    broadcast = await a_broadcast(database)
    await board.refresh(line)
    async with database.write() as tx:
        await broadcasts.pause(tx, broadcast)
    await board.refresh(line)
    async with database.write() as tx:
        await broadcasts.resume(tx, broadcast)
    await board.refresh(line)
    assert "Going out" in line.called[-1]
