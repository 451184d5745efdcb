"""Single cards that are to be edited though their event is as it was: a note at it finds them, until they are true."""

from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa

import db.faces
import db.seats
from bot.rules.sending import INVITATION, SHIFT_OFFER
from db.faces import MARKED
from db.schema import deliveries, people, seats
from tests.cards import Shown, faces_of
from tests.conversation import paris

QUIET, LATER = paris("2016-11-19T10:00"), paris("2016-11-20T19:00")


async def noted(shown: Shown) -> datetime | None:
    async with shown.hall.database.read() as tx:
        return await tx.scalar(sa.select(seats.c.face_at).where(seats.c.event == shown.hall.event))


async def mark(shown: Shown, *persons: int) -> None:
    async with shown.hall.database.write() as tx:
        await db.faces.stand_otherwise(tx, shown.hall.event, persons)


async def test_an_event_is_noted_until_its_marked_cards_are_true(shown: Shown) -> None:
    assert await noted(shown) is None
    await mark(shown, 1, 2)
    assert await noted(shown) == MARKED
    assert await shown.faces.catch_up() == 2, "of nobody whose card was not marked"
    assert await noted(shown) is None
    await mark(shown, 1)
    assert await shown.faces.catch_up() == 1


async def test_who_has_no_other_card_marks_no_event(shown: Shown) -> None:
    async with shown.hall.database.write() as tx:
        await db.faces.stand_otherwise(tx, shown.hall.event, [1], but=10 + len(INVITATION) % 7)
    assert await noted(shown) is None


async def test_what_may_not_be_edited_now_is_not_forgotten(shown: Shown) -> None:
    await mark(shown, 1)
    shown.hall.conversation.clock.move(QUIET)
    assert await shown.faces.catch_up() == 0
    assert await noted(shown) == MARKED
    shown.hall.conversation.clock.move(LATER)
    assert await shown.faces.catch_up() == 1


async def test_who_cannot_be_reached_finds_their_card_true_once_they_can(shown: Shown) -> None:
    await shown.hall.block(1)
    await mark(shown, 1)
    assert await shown.faces.catch_up() == 0
    async with shown.hall.database.write() as tx:
        await tx.execute(sa.update(people).values(unreachable_at=None))
    assert await shown.faces.catch_up() == 1


async def test_a_card_that_somebody_opened_is_noted_as_well(shown: Shown) -> None:
    async with shown.hall.database.write() as tx:
        await tx.execute(sa.delete(deliveries))
        await db.faces.opened(tx, person=2, message=900, event=shown.hall.event, face=0)
    await mark(shown, 2)
    assert await noted(shown) == MARKED
    assert await shown.faces.catch_up() == 1
    assert await noted(shown) is None


@pytest.mark.parametrize("may_be_edited", [False, True])
async def test_what_an_older_version_marked_is_found_at_the_start(
    shown: Shown, *, may_be_edited: bool
) -> None:
    async with shown.hall.database.write() as tx:
        await db.seats.hold(tx, [shown.hall.event])  # there is a row
        await tx.execute(sa.update(deliveries).where(deliveries.c.person == 3).values(face=-1))
    faces = faces_of(shown.hall, shown.posts)
    if not may_be_edited:
        shown.hall.conversation.clock.move(QUIET)
        assert await faces.catch_up() == 0
        shown.hall.conversation.clock.move(LATER)
    assert await faces.catch_up() == 1


async def test_a_mark_that_comes_before_it_is_forgotten_stays_noted(shown: Shown) -> None:
    await mark(shown, 1)
    await shown.faces.catch_up()
    await mark(shown, 2)
    async with shown.hall.database.write() as tx:
        await db.faces.forget_marks(tx, [shown.hall.event])
    assert await noted(shown) == MARKED


async def test_a_shift_offer_that_is_over_is_noted(shown: Shown) -> None:
    await shown.invite(1, template=SHIFT_OFFER, add=False)
    async with shown.hall.database.write() as tx:
        await db.faces.shift_offer_over(tx, 1, f"event:{shown.hall.event}:{SHIFT_OFFER[-8:]}")
    assert await noted(shown) == MARKED
    assert await shown.faces.catch_up() == 1
    assert await noted(shown) is None


async def test_an_event_that_changes_after_a_mark_is_shown_to_all(shown: Shown) -> None:
    await mark(shown, 1)
    await shown.change(address="Place Bellecour")
    assert await shown.faces.catch_up() == 3
    assert await noted(shown) == shown.hall.now
