"""A message at everybody's own time is to come until its last territory, in the chat and on the console."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.words.no_break import with_plain_spaces
from db.schema import deliveries, people
from tests.campaigning import staff, supporter, supporters
from tests.conversation import Conversation, Talker, paris
from tests.drafting import write_broadcast
from tests.web.browsing import Browser, signed_in

NAME = "<b>Message no. 1: Hello</b>\nThursday 17 November at 08:00 local time"


async def told(talker: Talker, page: Browser) -> set[bool]:
    """Whether it is to come: in the chat, and within a day on the console."""
    in_chat = NAME in (await talker.send("/calendar")).text
    await page.open("/console/")
    return {in_chat, "Hello" in page.text.split("In the next 24 hours")[1].split("Where we stand")[0]}


@pytest.mark.parametrize(("role", "area"), [("admin", "FR"), ("coordinator", "R84")])
async def test_it_is_to_come_until_its_last_territory(
    conversation: Conversation, role: str, area: str
) -> None:
    """Of fewer than ten who wait staff of an area are not told: that would tell of each of them."""
    await supporters(conversation, range(100, 112), "69123")
    admin = await staff(conversation, 9, role, area)
    await write_broadcast(admin)
    await admin.tap("That’s it")
    await admin.send("17/11 8h")
    await admin.tap("own")
    await admin.send("SEND")
    numbers = sa.select(deliveries.c.id).order_by(deliveries.c.id)
    async with conversation.database.write() as tx:
        first, *others = await tx.scalars(numbers)
        left = sa.update(deliveries).values(state="sent", sent_at=paris("2016-11-17T08:00"))
        await tx.execute(left.where(deliveries.c.id == first))
        await tx.execute(sa.update(people).values(consent_team=False))
        # Eight o’clock in Guadeloupe.
        await tx.execute(
            sa.update(deliveries).where(deliveries.c.id != first).values(due_at=paris("2016-11-17T13:00"))
        )
    conversation.clock.move(paris("2016-11-17T08:30"))
    page = await signed_in(admin)
    assert await told(admin, page) == {True}
    async with conversation.database.write() as tx:
        await tx.execute(left.where(deliveries.c.id.in_(others[3:])))
    assert await told(admin, page) == {area == "FR"}
    async with conversation.database.write() as tx:
        await tx.execute(left)
    assert await told(admin, page) == {False}


@pytest.mark.parametrize(
    ("language", "in_chat", "on_page", "later"),
    [
        (
            "en",
            "Wallis and Futuna, New Caledonia, Réunion and 12 more",
            "New Caledonia (Wednesday 16 November at 22:00 for you)",
            "Guadeloupe (13:00 for you)",
        ),
        (
            "fr",
            "Wallis et Futuna, Nouvelle-Calédonie, La Réunion et 12 autres",
            "Nouvelle-Calédonie (mercredi 16 novembre à 22 h chez vous)",
            "Guadeloupe (13 h chez vous)",
        ),
    ],
)
async def test_where_it_is_still_to_come_is_named(
    conversation: Conversation, language: str, in_chat: str, on_page: str, later: str
) -> None:
    await supporter(conversation, 100, "69123")
    admin = await staff(conversation, 9, "admin", "FR")
    await write_broadcast(admin)
    await admin.tap("That’s it")
    await admin.send("17/11 8h")
    await admin.tap("own")
    await admin.send("SEND")
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(people).where(people.c.telegram_id == 9).values(language=language))
    page = await signed_in(admin)
    assert in_chat in with_plain_spaces((await admin.send("/calendar")).text)
    await page.open("/console/")
    assert on_page in with_plain_spaces(page.text)
    # Where its hour is over it is not to come any more: of whoever has it elsewhere one waits until eight o’clock.
    conversation.clock.move(paris("2016-11-17T09:00"))
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(people).values(consent_team=False))
        await tx.execute(sa.update(deliveries).values(due_at=paris("2016-11-17T13:00")))
    assert in_chat not in with_plain_spaces((await admin.send("/calendar")).text)
    page = await signed_in(admin)  # a day later
    await page.open("/console/")
    assert later in with_plain_spaces(page.text)
    assert on_page not in with_plain_spaces(page.text)
