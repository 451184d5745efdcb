"""Other words of an event that many were invited to: the old ones stand everywhere until a second person agreed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

import db.approvals
import db.broadcasts
import db.events
import db.faces
from bot.actions import announcing, broadcast_approvals, event_news, event_words, events, series
from bot.actions.approvals import ApprovalGone
from bot.actions.event_news import Told
from bot.actions.events import EventChange
from bot.rules.leaves import read_leaf
from db.engine import Database
from db.events import Event, EventText
from db.schema import broadcasts, deliveries
from tests.acting import LYON, NOW, new_event
from tests.actions.test_broadcast_races import NADIA, SOPHIE, author, team
from tests.matrix.events import THURSDAYS

__all__ = ["team"]
LATER = NOW + timedelta(minutes=5)
OTHERS = {"fr": EventText(title="Votez contre X", description="Tract")}
OLD = ("Réunion", "Venez")


async def invited(team: Database, *, in_series: bool = False) -> Event:
    """An event whose invitation was agreed to, and arrived everywhere."""
    sophie, nadia = await author(team, SOPHIE), await author(team, NADIA)
    new = replace(new_event(sophie), audience=read_leaf(f"in:{LYON}"))
    async with team.write() as tx:
        made = (
            await series.announce(tx, sophie, new, THURSDAYS)
            if in_series
            else await announcing.announce(tx, sophie, new)
        )
    async with team.write() as tx:
        await broadcast_approvals.decide(tx, nadia, 1, broadcast_approvals.ApprovalDecision.YES)
        sent = {"state": "sent", "message_id": deliveries.c.id + 1000, "sent_at": NOW}
        mine = deliveries.c.broadcast == made.invitation.broadcast
        await tx.execute(sa.update(deliveries).where(mine).values(**sent))
        assert made.invitation.broadcast in await db.broadcasts.finish_complete(tx, NOW)
    return made.event


async def change(team: Database, event: Event, wanted: EventChange, *, sequence: int = 0) -> Told:
    sophie = replace(await author(team, SOPHIE), now=LATER)
    async with team.write() as tx:
        return await events.change_event(tx, sophie, event.code, wanted, sequence=sequence)


async def words_of(team: Database, event: int) -> tuple[str, str]:
    async with team.read() as tx:
        found = (await db.events.texts_of(tx, event))["fr"]
    return found.title, found.description


async def untrue(team: Database, event: Event) -> int:
    """How many cards in chats are to be edited."""
    async with team.read() as tx:
        return len(await db.faces.untrue(tx, event.id, after=0, limit=100))


async def waiting(team: Database) -> list[int]:
    async with team.read() as tx:
        return [each.id for each in await db.approvals.waiting(tx, broadcast_approvals.WHAT, LATER)]


async def decide(team: Database, approval: int, *, granted: bool) -> None:
    nadia = replace(await author(team, NADIA), now=LATER)
    async with team.write() as tx:
        await broadcast_approvals.decide(
            tx,
            nadia,
            approval,
            broadcast_approvals.ApprovalDecision.YES if granted else broadcast_approvals.ApprovalDecision.NO,
        )


async def test_the_old_words_stand_until_a_second_person_agreed(team: Database) -> None:
    event = await invited(team)
    told = await change(team, event, EventChange(texts=OTHERS))
    assert (told.holds, told.awaits) == (True, True)
    assert (await words_of(team, event.id), await untrue(team, event)) == (OLD, 0)
    (approval,) = await waiting(team)
    nadia = replace(await author(team, NADIA), now=LATER)
    async with team.read() as tx:
        shown = await broadcast_approvals.shown_to(tx, nadia, approval, "fr")
        assert (await event_news.pending(tx, event, LATER)).holds
    assert shown.subject.event_texts["fr"] == OTHERS["fr"]
    await decide(team, approval, granted=True)
    assert await words_of(team, event.id) == ("Votez contre X", "Tract")
    assert await untrue(team, event) > 1


async def test_words_that_are_refused_are_never_shown(team: Database) -> None:
    event = await invited(team)
    await change(team, event, EventChange(texts=OTHERS))
    (approval,) = await waiting(team)
    await decide(team, approval, granted=False)
    assert (await words_of(team, event.id), await untrue(team, event)) == (OLD, 0)


async def test_when_and_where_show_at_once_and_the_words_are_asked_with_them(team: Database) -> None:
    event = await invited(team)
    await change(team, event, EventChange(texts=OTHERS))
    (before,) = await waiting(team)
    moved = EventChange(starts_at=event.starts_at + timedelta(hours=1))
    await change(team, event, moved)
    assert await words_of(team, event.id) == OLD
    assert await untrue(team, event) > 1
    with pytest.raises(ApprovalGone):  # it was shown at another hour
        await decide(team, before, granted=True)
    (approval,) = await waiting(team)
    await decide(team, approval, granted=True)
    assert await words_of(team, event.id) == ("Votez contre X", "Tract")


async def test_both_in_one_change(team: Database) -> None:
    event = await invited(team)
    told = await change(team, event, EventChange(address="Salle Rameau", texts=OTHERS))
    assert told.holds
    async with team.read() as tx:
        assert (await db.events.get_many(tx, [event.id]))[event.id].address == "Salle Rameau"
    assert await words_of(team, event.id) == OLD
    assert len(await waiting(team)) == 1


async def test_later_words_are_asked_together_with_those_that_wait(team: Database) -> None:
    event = await invited(team)
    await change(team, event, EventChange(texts=OTHERS))
    await change(team, event, EventChange(texts={"en": EventText(title="Meeting", description="Come")}))
    (approval,) = await waiting(team)
    await decide(team, approval, granted=True)
    async with team.read() as tx:
        found = await db.events.texts_of(tx, event.id)
    assert {language: text.title for language, text in found.items()} == {
        "fr": "Votez contre X",
        "en": "Meeting",
    }


async def test_all_dates_of_a_series_are_reworded_together(team: Database) -> None:
    event = await invited(team, in_series=True)
    sophie = replace(await author(team, SOPHIE), now=LATER)
    async with team.write() as tx:
        told = await series.change_following(tx, sophie, event.code, EventChange(texts=OTHERS), sequence=0)
        dates = (await series.of_event(tx, event.id) or (None, []))[1]
    assert (told.holds, len(dates)) == (True, 2)
    assert {await words_of(team, date.id) for date in dates} == {OLD}
    (approval,) = await waiting(team)
    await decide(team, approval, granted=True)
    assert {await words_of(team, date.id) for date in dates} == {("Votez contre X", "Tract")}


async def test_what_else_waits_about_the_event_is_not_asked_anew_by_words_that_were_agreed_to(
    team: Database,
) -> None:
    event = await invited(team)
    await change(team, event, EventChange(texts=OTHERS))
    (words,) = await waiting(team)
    sophie = replace(await author(team, SOPHIE), now=LATER)
    async with team.write() as tx:
        number = await tx.scalar(sa.select(broadcasts.c.id).where(broadcasts.c.key.like("event:%:reword:%")))
        assert number is not None
        await event_words.write(tx, sophie, event.code, "À demain")
        said = await tx.scalar(sa.select(broadcasts.c.id).where(broadcasts.c.key.like("event:%:word:%")))
        assert said is not None
        await broadcast_approvals.ask(tx, sophie, said)
    await decide(team, words, granted=True)
    (left,) = await waiting(team)
    await decide(team, left, granted=True)


async def test_of_an_event_that_few_were_invited_to_they_stand_at_once(team: Database) -> None:
    sophie = await author(team, SOPHIE)
    async with team.write() as tx:
        made = await announcing.announce(
            tx, sophie, replace(new_event(sophie), audience=read_leaf("in:13055"))
        )
    told = await change(team, made.event, EventChange(texts=OTHERS))
    assert (told.holds, await words_of(team, made.event.id)) == (False, ("Votez contre X", "Tract"))
