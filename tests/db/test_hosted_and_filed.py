"""Events in files, in series and of hosts, on each engine: what their tables say is what was put there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

import db.broadcast_accounts
import db.broadcasts
import db.event_files
import db.events
import db.hosts
import db.series
from bot.actions import event_imports, event_words, hosts, series
from bot.actions.event_calendar import all_public
from bot.rules.series import Every
from db.engine import Database
from db.events import EventText
from db.schema import event_keys, events, people, rsvps
from tests.acting import LYON, NOW, appointed, made_world, new_event
from tests.matrix.events import filed


async def test_files_hosts_and_series(database: Database) -> None:
    """One world for all of it: making one takes longer than what is asked of it here."""
    async with database.write() as tx:
        world = await made_world(tx)
        admin = await appointed(world, "admin", "FR")

        # A file: with an invitation, and many without.
        rows = [
            filed(admin),
            *(filed(admin, key=f"k{number}", invite=None, line=number) for number in range(520)),
        ]
        ready = await event_imports.make_ready(tx, admin, rows)
        await event_imports.carry_out(tx, admin, ready, file="events.csv")
        with pytest.raises(event_imports.Overtaken):  # it was made ready before these events were there
            await event_imports.carry_out(tx, admin, ready, file="events.csv")
        again = await event_imports.plan(tx, admin, rows)
        assert {each.fate for each in again} == {event_imports.EventFate.SAME}
        assert len(await all_public(tx, LYON)) == 523
        known = await db.event_files.by_keys(tx, ["k", "x@portevoix"], {"x@portevoix": world.event.code})
        assert known["x@portevoix"].event.id == world.event.id
        moved = replace(rows[0], starts_at=rows[0].starts_at + timedelta(hours=1))
        await event_imports.carry_out(
            tx, admin, await event_imports.make_ready(tx, admin, [moved]), file="again"
        )
        assert (await db.event_files.by_keys(tx, ["k"], {}))["k"].event.starts_at == moved.starts_at

        # A calendar holds what was, too.
        past = replace(rows[1], key="past", starts_at=NOW - timedelta(days=9), history=True)
        assert [each.fate for each in await event_imports.plan(tx, admin, [past])] == [
            event_imports.EventFate.OVER
        ]

        # What the next file is silent about stays.
        told = replace(
            moved,
            texts={"fr": EventText(title="Réunion", description="Venez")},
            says=frozenset({"description_fr"}),
        )
        await event_imports.carry_out(
            tx, admin, await event_imports.make_ready(tx, admin, [told]), file="told"
        )
        assert (await event_imports.plan(tx, admin, [moved]))[0].fate == event_imports.EventFate.SAME
        (emptied,) = await event_imports.plan(tx, admin, [replace(told, texts=moved.texts)])
        assert emptied.changes == (("description_fr", "Venez", ""),)

        # The key of what was given up is taken again, with an invitation and without.
        filed_before = events.c.id.in_(sa.select(event_keys.c.event).where(event_keys.c.key.in_(["k", "k0"])))
        await tx.execute(sa.update(events).where(filed_before).values(state="dropped"))
        revived = [moved, rows[1]]
        await event_imports.carry_out(
            tx, admin, await event_imports.make_ready(tx, admin, revived), file="anew"
        )
        fates = {each.fate for each in await event_imports.plan(tx, admin, revived)}
        assert fates == {event_imports.EventFate.SAME}

        # Counts of answers, and a word to those who come.
        person = (await tx.execute(sa.select(people.c.id).where(people.c.telegram_id == 100))).scalar_one()
        await tx.execute(
            sa.insert(rsvps).values(event=world.event.id, person=person, answer="yes", guests=2, at=NOW)
        )
        assert (await db.event_files.counts(tx, world.event.id))[world.event.id]["guests"] == 2
        assert (await event_words.write(tx, admin, world.event.code, "Bonjour")).people.total == 1
        assert (
            await db.broadcasts.made_since(tx, f"event:{world.event.id}:word:", NOW - timedelta(days=1)) == 1
        )

        # A host, approved and trusted no longer.
        assert await db.hosts.waiting_of(tx, world.host) == 1
        await hosts.approve(tx, admin, world.proposal, and_trust=True)
        assert (await db.hosts.of_person(tx, world.host))["trusted_in"] == ["69"]
        await hosts.end_trust(tx, admin, world.proposal, world.host)
        assert await db.hosts.parts_of(tx, world.host) == {}

        # A series: one invitation, found from each date.
        walls = [datetime.fromisoformat(f"2016-11-{day}T19:00") for day in ("10", "17", "24")]
        made = await series.announce(
            tx, admin, new_event(admin), series.Repeats(every=Every.WEEK, walls=walls)
        )
        dates = await db.series.following(tx, made.event)
        assert len(dates) == 3
        found = await db.broadcast_accounts.invitation_to(tx, dates[2].id)
        assert found is not None
        assert (found.id, found.expires_at) == (made.invitation.broadcast, dates[2].starts_at)
        await db.events.hide(tx, dates[0].id)
        hidden = sa.select(sa.func.count()).select_from(events).where(events.c.state == "hidden")
        assert await tx.scalar(hidden) == 3
        await db.events.publish(tx, dates[0].id)
        await series.cancel_following(tx, admin, dates[1].code)
        assert [each.id for each in await db.series.following(tx, dates[0])] == [dates[0].id]
