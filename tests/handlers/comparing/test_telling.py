"""What is told of versions once everybody was counted: on the card, to the author, to who drew, in no export."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

import db.exports
from bot.actions.effects import measure
from bot.delivery.calls import Call
from bot.rules.experiments import COUNTED_FOR
from db.exports import Selection
from db.schema import broadcasts, deliveries, events, responses
from tests.campaigning import rows, staff, supporter
from tests.comparing import LYON, NOW, organizer_of, send_two
from tests.conversation import Conversation, Talker
from tests.drafting import announce_event
from tests.leaving import leaving


async def finished(conversation: Conversation, did: dict[str, int], *, left: bool = True) -> None:
    """Everything left; so many of each group said yes, and a week is over."""
    async with conversation.database.write() as tx:
        queued = deliveries.c.state == "queued"
        values = {"state": "sent", "sent_at": NOW} if left else {"state": "cancelled"}
        await tx.execute(sa.update(deliveries).where(queued).values(**values))
        await tx.execute(sa.update(broadcasts).values(finished_at=NOW))
        found = (await tx.execute(sa.select(deliveries.c.person, deliveries.c.variant))).all()
        for variant, number in did.items():
            for row in [each for each in found if each.variant == variant][:number]:
                said = {"person": row.person, "question": "rsvp", "answer": "yes", "at": NOW}
                code = sa.select(events.c.code).scalar_subquery()
                await tx.execute(sa.insert(responses).values(subject=code, **said))
    conversation.clock.move(NOW + COUNTED_FOR + timedelta(minutes=1))
    await measure(conversation.database, conversation.services.campaign, conversation.clock.now())


async def an_event(conversation: Conversation) -> None:
    admin = await staff(conversation, 70, "admin", "FR")
    await announce_event(admin)
    async with conversation.database.write() as tx:
        await tx.execute(sa.delete(deliveries))
        await tx.execute(sa.delete(broadcasts))


async def card_of(talker: Talker) -> str:
    await talker.send("/broadcasts")
    await talker.tap(". Hello")
    return next(each.text for each in reversed(talker.screen) if "<b>Written by:</b>" in each.text)


@pytest.mark.parametrize(
    ("did", "sentence"),
    [
        (
            {"B": 99},
            "<b>Version B worked.</b> Said yes to the event: 100 of 100 people with version B, 0 of 100 who",
        ),
        ({"holdout": 99}, "<b>Version A backfired.</b>"),
        ({}, "<b>Too few people to tell.</b> It would take "),
    ],
)
async def test_the_card_says_it_in_a_sentence(
    conversation: Conversation, did: dict[str, int], sentence: str
) -> None:
    await an_event(conversation)
    organizer = await organizer_of(conversation)
    await send_two(organizer)
    assert "<b>Too early to tell.</b> I’ll count once the last message has gone out" in await card_of(
        organizer
    )
    await finished(conversation, did)
    assert sentence in await card_of(organizer)


async def test_whoever_looks_after_an_area_reads_no_rates(conversation: Conversation) -> None:
    await an_event(conversation)
    organizer = await organizer_of(conversation, "69")
    await send_two(organizer)
    await finished(conversation, {"B": 99})
    card = await card_of(organizer)
    assert (
        "<b>Version B worked.</b> That is unlikely to be chance. Version B did better than version A." in card
    )
    assert "of 100 people" not in card


async def test_everybody_can_read_what_they_drew(conversation: Conversation) -> None:
    organizer = await organizer_of(conversation, people=0)
    talker = conversation.person(100)
    person = await supporter(conversation, 100, LYON, language="en")
    await supporter(conversation, 101, LYON)
    await send_two(organizer)
    left_out = "you were not sent it. Some people, picked at random, were left out"
    for variant, state, others, said in (
        ("B", "sent", "sent", "yours was version B, picked at random"),
        ("holdout", "held_out", "sent", left_out),
        # Nobody can tell beforehand, nor of what never reached anybody.
        *(("holdout", "held_out", other, None) for other in ("queued", "cancelled")),
        *(("B", mine, mine, None) for mine in ("queued", "cancelled", "expired")),
        ("B", "expired", "sent", None),
    ):
        async with conversation.database.write() as tx:
            sent_at = {"sent": NOW}
            for mine, which, values in (
                (deliveries.c.person == person, state, {"variant": variant}),
                (deliveries.c.person != person, others, {}),
            ):
                change = sa.update(deliveries).where(mine)
                await tx.execute(change.values(state=which, sent_at=sent_at.get(which), **values))
        before = len(talker.screen)
        await talker.send("/mydata")
        told = "\n".join(each.text for each in talker.screen[before:])
        assert (said in told) if said else ("at random" not in told), (variant, state, others)
    why = await talker.send("/why")
    assert "version" not in why.text, "Nobody who was left out is told that they got it."


async def test_opening_an_event_is_noted_of_who_drew(conversation: Conversation) -> None:
    await an_event(conversation)
    organizer = await organizer_of(conversation, people=1)
    await send_two(organizer, share="")
    talker = conversation.person(100)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(deliveries).values(state="sent", sent_at=NOW))
        code = await tx.scalar(sa.select(events.c.code))
    for _ in range(2):
        await talker.send(f"/start ev_{code}")
    noted = [(row.question, row.subject, row.answer) for row in await rows(conversation, responses)]
    assert noted == [("opened", code, "yes")]


@pytest.mark.parametrize(
    ("sent", "state", "said"),
    [
        (False, "cancelled", "<b>It never left:</b> there is nothing to compare."),
        (True, "cancelled", "It was stopped on the way, and not everybody got it who was to."),
    ],
)
async def test_the_card_of_what_was_stopped_says_so(
    conversation: Conversation, state: str, said: str, *, sent: bool
) -> None:
    await an_event(conversation)
    organizer = await organizer_of(conversation)
    await send_two(organizer)
    await finished(conversation, {"B": 99} if sent else {}, left=sent)
    async with conversation.database.write() as tx:
        await tx.execute(sa.update(broadcasts).values(state=state))
    card = await card_of(organizer)
    assert said in card
    assert ("Version B worked." in card) is sent


async def test_the_author_hears_that_it_was_counted(conversation: Conversation) -> None:
    await an_event(conversation)
    organizer = await organizer_of(conversation)
    await send_two(organizer)
    await finished(conversation, {"B": 99})
    for _ in range(2):
        await measure(conversation.database, conversation.services.campaign, conversation.clock.now())
    calls = [each for each in await leaving(conversation) if isinstance(each, Call)]
    (told,) = [each for each in calls if "Did your message work?" in str(each.payload.get("text"))]
    assert told.chat == 7


async def test_nobody_who_exports_can_tell_beforehand_who_draws_what(conversation: Conversation) -> None:
    organizer = await organizer_of(conversation)
    await send_two(organizer)

    async def exported() -> set[tuple[str | None, str]]:
        async with conversation.database.read() as tx:
            found = db.exports.sent(Selection(area="FR", known_in=None, since=None, until=None))
            rows = (await tx.execute(found.query)).all()
        return {(row.variant, row.state) for row in rows}

    assert await exported() == {(None, "queued")}
    async with conversation.database.write() as tx:
        first = sa.select(sa.func.min(deliveries.c.id)).where(deliveries.c.state == "queued")
        one = sa.update(deliveries).where(deliveries.c.id == first.scalar_subquery())
        await tx.execute(one.values(state="sent", sent_at=NOW))
    told = await exported()
    assert ("holdout", "held_out") in told
    assert {("A", "queued"), ("B", "queued")} <= told
