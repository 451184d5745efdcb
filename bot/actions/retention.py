"""Erasing every day what is kept no longer than the campaign file says (bot.rules.retention)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from time import monotonic

from sqlalchemy.ext.asyncio import AsyncConnection

import db.canvass_counts
import db.changes
import db.feedback
import db.purges
import db.retention
import db.surveys
from bot.actions import audit
from bot.actions.effects import measure
from bot.actions.erasure import sealing
from bot.campaign.campaign import Campaign
from bot.rules.permissions import Action
from bot.rules.retention import Cutoffs, cutoffs
from bot.rules.suppression import SuppressionKey
from db.due_rows import Condition, DueRows, Rest, erase_each, no_rest
from db.engine import Database

UPDATES_KEPT = timedelta(days=2)
"""Processed updates hold no text any more: their numbers are kept so long to recognise repeats, and what could not be
read or processed to find out why."""

NOTICES_KEPT = timedelta(days=30)
"""What the team was told of itself and decided names people by their Telegram number; the log says it for longer."""

CHANGES_AT_ONCE = 5_000
EVENTS_AT_ONCE = 50

LOG = "entries of the team’s log"

DAILY = "retention"
"""The actor in the audit log when the bot purges by itself."""


async def purge(
    database: Database,
    campaign: Campaign,
    *,
    key: SuppressionKey,
    actor: str,
    now: datetime,
    dry_run: bool = False,
    rest: Rest = no_rest,
) -> dict[str, int]:
    """Erases what is due at `now` piece by piece, and notes it; how much of each thing. A dry run only counts.

    `rest`: what leaves room for others between two pieces, where nobody waits for the end.
    """
    erased: dict[str, int] = {}
    run = db.purges.new_run(actor)
    due = cutoffs(now=now, ballots=campaign.ballots, retention=campaign.retention)
    if not dry_run:
        await _note_unnoted(database, now)
        await _count_surveys(database, now)
        await measure(database, campaign, now)  # what people did after messages, before their answers go
        await _keep_figures(database, due.events_ended, rest)
    things = _due(due, campaign, key, now)
    each = [_keeping(run, thing, some) for thing, rows in things.items() for some in rows]
    left = iter(
        [await some.count(database) for some in each]
        if dry_run
        else await erase_each(database, each, rest=rest)
    )
    erased |= {thing: sum(islice(left, len(rows))) for thing, rows in things.items()}
    if dry_run:
        async with database.read() as tx:
            erased[LOG] = await audit.count_forgotten(tx, due.noted_since)
    else:
        erased[LOG] = await _forget_log(database, due.noted_since, run=run, actor=actor, now=now, rest=rest)
        await _forget_changes(database, rest)
    if not dry_run:
        async with database.write() as tx:
            # First, as whoever forgets entries of the log does: of two purges each might wait for the other.
            await audit.take_turn(tx)
            await db.purges.ended(tx, now)
            taken = await db.purges.taken(tx, run)
            details = {thing: taken.get(thing, 0) for thing in erased}
            if any(details.values()):
                await audit.note(tx, actor=actor, action=Action.PURGE, details=details, now=now)
    return erased


def _keeping(run: str, thing: str, rows: DueRows) -> DueRows:
    """The same rows; of each piece it is kept how much it erased."""

    async def erase(tx: AsyncConnection, condition: Condition) -> int:
        erased = await rows.erase(tx, condition)
        if erased:
            await db.purges.add(tx, run, thing, erased)
        return erased

    return replace(rows, erase=erase)


async def _note_unnoted(database: Database, now: datetime) -> None:
    """Notes what purges before this one had erased that were killed, or as far as another one is."""
    async with database.read() as tx:
        if not await db.purges.unnoted(tx):
            return
    async with database.write() as tx:
        await audit.take_turn(tx)
        for run in await db.purges.unnoted(tx):
            if erased := await db.purges.taken(tx, run):  # else it is noted by whoever took it
                details = {**erased, "so_far": True}
                actor = db.purges.actor_of(run)
                await audit.note(tx, actor=actor, action=Action.PURGE, details=details, now=now)


async def _count_surveys(database: Database, now: datetime) -> None:
    """Of what people answered in surveys the counts are kept before it is erased. Counting a million only reads."""
    async with database.read() as tx:
        due = await db.surveys.due(tx, now)
    for survey in due:
        async with database.read() as tx:
            counted = {**await db.surveys.counts(tx, survey), **await db.surveys.put_to(tx, survey)}
        async with database.write() as tx:
            await db.surveys.keep_counts(tx, survey, counted)


async def _keep_figures(database: Database, ended: datetime, rest: Rest) -> None:
    """Of what people answered to events the figures are kept before it is erased, of some events at a time."""
    async with database.read() as tx:
        due = await db.feedback.without_figures(tx, ended)
    for start in range(0, len(due), EVENTS_AT_ONCE):
        some, began = due[start : start + EVENTS_AT_ONCE], monotonic()
        async with database.read() as tx:
            counted = {event: await db.feedback.counted(tx, event) for event in some}
        async with database.write() as tx:
            await db.feedback.keep_figures(tx, counted)
        if len(some) == EVENTS_AT_ONCE:
            await rest(monotonic() - began)


async def _forget_log(
    database: Database, until: datetime, *, run: str, actor: str, now: datetime, rest: Rest
) -> int:
    """The entries of the team's log whose term is over, some at a time."""
    erased = 0
    while True:
        async with database.write() as tx:
            began = monotonic()
            some = await audit.forget_some(tx, until, actor=actor, now=now)
            if some:
                await db.purges.add(tx, run, LOG, some)
        erased += some
        if not some:
            return erased
        await rest(monotonic() - began)


async def _forget_changes(database: Database, rest: Rest) -> None:
    """Of whom something changed: it served to count, and is told of nobody."""
    while True:
        async with database.write() as tx:
            began = monotonic()
            forgotten = await db.changes.forget_some(tx, most=CHANGES_AT_ONCE)
        if forgotten < CHANGES_AT_ONCE:
            return
        await rest(monotonic() - began)


def _due(due: Cutoffs, campaign: Campaign, key: SuppressionKey, now: datetime) -> dict[str, list[DueRows]]:
    ballots = [ballot.number for ballot in campaign.ballots]
    inactive_since = due.inactive_since if due.profiles else None
    sealed = sealing(key, campaign.retention, now)
    return {
        "unfinished sign-ups": db.retention.unfinished(due.unfinished_since, sealed),
        "answers to past events": db.retention.event_answers(due.events_ended, key),
        "vote plans and votes": db.retention.votes(ballots, key) if due.votes else [],
        "answers to surveys": db.retention.survey_replies(now, key),
        "visits at doors": db.canvass_counts.due() if due.doors else [],
        "conversations with the team": db.retention.conversations_over(due.closed_since, now),
        "offers to help": db.retention.offers(key) if due.votes else [],
        "profiles": db.retention.profiles(inactive_since, sealed) if inactive_since is not None else [],
        "answers that lead to nobody": db.retention.leftovers(key),
        "unfinished dialogs": db.retention.dialogs_left(due.unfinished_since, inactive_since=inactive_since),
        "processed updates": db.retention.processed_updates(now - UPDATES_KEPT),
        "expired download links": db.retention.expired_links(now),
        "ended console sessions": db.retention.sessions_over(now),
        "events and messages of the campaign": (
            db.retention.campaign(due.campaign_since) if due.campaign_since is not None else []
        ),
        "counts of answers under ten": db.retention.remainders() if due.campaign_since is not None else [],
        "roles and invitations that are over": db.retention.former_staff(due.withdrawn_since),
        "marks of people who left": db.retention.suppressions_before(due.left_since),
        "proofs of consent": db.retention.proofs(due.sealed_since),
        "notices to the team": db.retention.notices_told(now - NOTICES_KEPT),
        "approvals of the team": db.retention.approvals_over(now - NOTICES_KEPT),
    }
