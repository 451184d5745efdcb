"""When somebody gets a message that waits: Today, its page and its card say the same, and look at the whole queue."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from db.schema import deliveries, people
from tests.campaigning import staff, supporter
from tests.conversation import Conversation
from tests.drafting import send_broadcast
from tests.reading import Reader
from tests.web.browsing import signed_in


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_what_another_message_leaves_before_is_not_said_to_go_on_when_that_one_does(
    conversation: Conversation, language: str
) -> None:
    """Two messages that a cap holds for the same people until tomorrow morning: of each, one a day leaves."""
    for number in range(12):
        await supporter(conversation, 100 + number, "69123")
    talker = await staff(conversation, 8, "admin", "FR")
    for _ in range(2):
        await send_broadcast(talker)
    async with conversation.database.write() as tx:
        until = conversation.clock.now() + timedelta(hours=20)
        await tx.execute(sa.update(deliveries).values(state="withheld", reason="cap_day", due_at=until))
        # Of two people the second message alone is held.
        theirs = sa.select(deliveries.c.id).where(deliveries.c.broadcast == 1).limit(2)
        await tx.execute(sa.delete(deliveries).where(deliveries.c.id.in_(theirs)))
        await tx.execute(sa.update(people).where(people.c.telegram_id == 8).values(language=language))
    read = Reader(language)
    page = await signed_in(talker)
    await page.open("/console/")
    goes_on = {"en": r"then goes on:\s(\d+)", "fr": r"puis l’envoi continue\s:\s(\d+)"}[language]
    assert sorted(re.findall(goes_on, page.text)) == ["10", "2"], page.text
    for number, held, behind in ((1, "10", None), (2, "2", "10")):
        await page.open(f"/console/messages/{number}")
        (line,) = read.says("Held back until").findall(page.text)
        assert held in line.split(), line
        first = read.says("Held back: ").findall(page.text)
        assert len(first) == (behind is not None), page.text
    await talker.send("/broadcasts")
    await talker.tap(next(iter(talker.last.buttons)))
    held, first = (read.says(words).search(talker.last.text) for words in ("Held back until", "Held back: "))
    assert held, talker.last.text
    assert first, talker.last.text
