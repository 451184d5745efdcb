"""The messages that asked say what was decided, and are edited once."""

from __future__ import annotations

import sqlalchemy as sa

from bot.delivery.calls import Call
from bot.delivery.decisions import DecisionBoard
from bot.delivery.outcomes import Done, Outcome
from db.schema import deliveries
from simulator.reading import as_read
from tests.approving import LYON
from tests.campaigning import staff, supporter
from tests.conversation import CAMPAIGN, Conversation, Talker
from tests.drafting import send_broadcast
from tests.leaving import let_leave
from tests.looking import look_at


class Posts:
    """A line whose edits are kept."""

    def __init__(self) -> None:
        self.pacing = self
        self.blocked_until = None
        self.posted: list[Call] = []

    async def call(self, call: Call) -> Outcome:
        self.posted.append(call)
        return Done(result=True)


async def test_every_message_that_asked_says_what_was_decided(
    asking: Conversation, organizer: Talker, karim: Talker, nadia: Talker
) -> None:
    await send_broadcast(organizer)
    await let_leave(asking, karim, nadia)
    line = Posts()
    board = DecisionBoard(database=asking.database, texts=asking.services.texts, languages=CAMPAIGN.languages)
    await look_at(asking.database, line, asking.clock.now(), board.look)
    assert line.posted == []  # it waits
    await nadia.tap("Approve")
    await look_at(asking.database, line, asking.clock.now(), board.look)
    assert line.posted == []  # one of them may be on its way
    async with asking.database.write() as tx:
        going = deliveries.c.state == "sending"
        number = deliveries.c.id + 1000
        await tx.execute(sa.update(deliveries).where(going).values(state="sent", message_id=number))
    await look_at(asking.database, line, asking.clock.now(), board.look)
    told = {call.payload["chat_id"]: as_read(call.payload["text"]) for call in line.posted}
    assert set(told) == {8, 9}
    assert "You approved" in told[9] or "approuv" in told[9]
    assert all(call.payload["reply_markup"] == {"inline_keyboard": []} for call in line.posted)
    await look_at(asking.database, line, asking.clock.now(), board.look)
    assert len(line.posted) == 2


async def test_what_was_decided_before_it_arrived_asks_nobody(
    asking: Conversation, organizer: Talker, karim: Talker, nadia: Talker
) -> None:
    await send_broadcast(organizer)
    await nadia.tap_data("1:broadcast:1")
    await nadia.tap("Approve")
    before = len(karim.screen)
    await let_leave(asking, karim)
    assert len(karim.screen) == before


async def test_the_question_before_cancelling_is_a_message_of_its_own(
    conversation: Conversation,
) -> None:
    """The board edits that of the progress every few seconds, and took the question away."""
    admin = await staff(conversation, 7, "admin", "FR")
    await supporter(conversation, 1, LYON)
    await send_broadcast(admin)
    followed = admin.last
    await admin.tap("Cancel")
    assert admin.last is not followed
    assert admin.called("editMessageText") == []
    assert "Cancel what hasn’t gone out yet?" in admin.last.text
    await admin.tap("Keep")
    assert "Nothing was cancelled" in admin.last.text
    await admin.tap_data(followed.buttons["Cancel"], on=followed)
    await admin.tap("Cancel for good")
    assert "Cancelled: nothing more goes out" in admin.last.text
