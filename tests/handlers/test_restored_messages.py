"""What left since a backup was made does not leave a second time, and what had not left is not lost."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.actions.planning import plan
from bot.campaign.campaign import Campaign
from bot.clock import MovableClock
from bot.delivery.calls import Call
from db.backup import backup
from db.engine import Database
from db.schema import deliveries
from db.suppression_key import open_suppression_key
from db.unfinished import NOTES
from tests.backups import file_of, put_back, reopened
from tests.conversation import CAMPAIGN, Conversation, paris
from tests.leaving import leaving
from tests.test_candidate_out import campaign_out

ZOE, KARIM = 7482913650, 7482913651

PLANNED = [  # the campaign; when it left, when the backup is put back, and what is due later: when, for how many
    pytest.param(
        CAMPAIGN, True, "2016-11-16T11:05", "2016-11-16T12:00", ("2016-11-17T08:05", 2), id="an event"
    ),
    pytest.param(
        CAMPAIGN, False, "2016-11-16T18:05", "2016-11-16T19:00", ("2016-11-18T18:05", 2), id="a step"
    ),
    pytest.param(
        campaign_out(),
        False,
        "2016-11-21T09:30",
        "2016-11-21T12:00",
        ("2016-11-22T09:30", 0),
        id="the last choice",
    ),
]


async def left_at(conversation: Conversation, moment: str) -> list[int]:
    """To whom something leaves at an instant, by itself."""
    conversation.clock = MovableClock(paris(moment), speed=0)
    async with conversation.database.write() as tx:
        await plan(tx, conversation.services.campaign, conversation.clock.now())
    return sorted(each.payload["chat_id"] for each in await leaving(conversation) if isinstance(each, Call))


@pytest.mark.parametrize("is_lost", [False, True], ids=["the replaced database is there", "it is lost"])
@pytest.mark.parametrize(("campaign", "has_event", "left", "restored", "later"), PLANNED)
async def test_what_the_calendar_planned_leaves_once(
    sqlite_database: Database,
    tmp_path: Path,
    campaign: Campaign,
    has_event: bool,
    left: str,
    restored: str,
    later: tuple[str, int],
    *,
    is_lost: bool,
) -> None:
    """It left for Zoé, and waited for Karim when the bot was stopped: where that is known, it leaves for him alone."""
    made_at = paris("2016-11-14T10:00")
    conversation = Conversation(sqlite_database, made_at, campaign=campaign)
    await conversation.add_event("lyon1", starts="2016-11-17T19:00")
    for number in (ZOE, KARIM):
        person = conversation.person(number)
        await person.sign_up()
        if has_event:
            await person.tap_data("1:rsvp:lyon1:yes")
    await left_at(conversation, "2016-11-14T10:00")  # what is owed since before they signed up
    async with sqlite_database.write() as tx:
        await tx.execute(sa.update(deliveries).values(state="sent", sent_at=made_at, changed_at=made_at))
    await open_suppression_key(sqlite_database, tmp_path / "suppression.key")
    await backup(sqlite_database, tmp_path / "copy.db", notes=tmp_path / NOTES, now=made_at)

    assert await left_at(conversation, left) == [ZOE, KARIM]
    stored = await conversation.person(ZOE).stored()
    assert stored is not None
    async with sqlite_database.write() as tx:
        sent = {"state": "sent", "message_id": 900, "sent_at": paris(left)}
        about = sa.update(deliveries).where(deliveries.c.state == "sending")
        await tx.execute(about.where(deliveries.c.person == stored.id).values(sent))
        await tx.execute(
            about.where(deliveries.c.person != stored.id).values(state="queued", lease_owner=None)
        )
    await sqlite_database.close()
    if is_lost:
        file_of(sqlite_database).unlink()
    done = await put_back(tmp_path / "copy.db", sqlite_database, now=paris(restored) - timedelta(minutes=5))
    assert done.outbox is not is_lost

    conversation.database = await reopened(file_of(sqlite_database), sqlite_database.key)
    assert await left_at(conversation, restored) == ([] if is_lost else [KARIM])
    assert await left_at(conversation, restored) == []
    assert len(await left_at(conversation, later[0])) == later[1]
    await conversation.database.close()
