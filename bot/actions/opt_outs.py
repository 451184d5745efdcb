"""Importing a list of people who do not want to hear from the campaign: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.opting_out
import db.people
import db.volunteering
from bot.actions import audit, conversations
from bot.frozen import Frozen
from bot.rules.permissions import Action
from bot.rules.restriction import RESTRICTED
from bot.rules.suppression import SuppressionKey, suppression_of
from bot.rules.volunteering import PURPOSE as HELP
from db.days import day_of
from db.erasing import Sealing
from db.opting_out import KnownOptOut, ListProof

LEDGER_VERSION = "opt-out list"
"""What stands in the consent ledger in the place of a text's version; its hash is the file's."""


class ListEffects(Frozen):
    """The effects of a list, done or to be done, in numbers of people.

    stopped: supporters who hear nothing any more. already_stopped: they had asked for silence themselves.
    unfinished: they never finished signing up, and are erased. unknown: only a keyed hash is kept.
    already_suppressed: those of all these whose hash was kept before.
    """

    stopped: int
    already_stopped: int
    unfinished: int
    unknown: int
    already_suppressed: int


class _Sorted(Frozen):
    """The people of a list by what becomes of them."""

    effects: ListEffects
    to_stop: Sequence[KnownOptOut]
    silent: Sequence[KnownOptOut]
    to_forget: Sequence[KnownOptOut]
    hashes: Sequence[str]


async def preview(tx: AsyncConnection, telegram_ids: Sequence[int], *, key: SuppressionKey) -> ListEffects:
    """The effects that importing the list would have; nothing is changed."""
    return (await _sort(tx, telegram_ids, key)).effects


async def import_list(
    tx: AsyncConnection,
    telegram_ids: Sequence[int],
    *,
    key: SuppressionKey,
    digest: str,
    actor: str,
    now: datetime,
) -> ListEffects:
    """Stops who is known, and keeps a keyed hash of everybody, so that nobody of them is invited again.

    `digest` is the SHA-256 of the file, the proof in the ledger and the log. Messages that wait for these people do
    not leave: it is asked again when they would.
    """
    people = await _sort(tx, telegram_ids, key)
    proof = ListProof(version=LEDGER_VERSION, digest=digest)
    await db.opting_out.silence(tx, people.to_stop, proof, now)
    await _end_what_was_begun(tx, [*people.to_stop, *people.silent], proof, now)
    # Who never finished signing up leaves no proof behind, whatever the campaign file says.
    await db.opting_out.forget(tx, people.to_forget, Sealing(key=key, today=day_of(now), keeps_proof=False))
    await db.opting_out.suppress(tx, people.hashes, day_of(now))
    details = {"file": digest, **asdict(people.effects)}
    await audit.note(tx, actor=actor, action=Action.IMPORT_OPT_OUTS, details=details, now=now)
    return people.effects


async def _end_what_was_begun(
    tx: AsyncConnection, known: Sequence[KnownOptOut], proof: ListProof, now: datetime
) -> None:
    """As with /stop: nothing is offered any more, and nobody of the team answers."""
    for person in await db.opting_out.with_something_begun(tx, known):
        offer = await db.volunteering.of_person(tx, person.id)
        if offer is not None:
            if offer.contact:
                await db.opting_out.withdraw_consents(tx, [person], HELP, proof, now)
            await db.volunteering.withdraw(tx, offer)
        stored = await db.people.get(tx, person.id)
        assert stored is not None  # in this very transaction they were found
        await conversations.end(tx, stored, "stopped", now)


async def _sort(tx: AsyncConnection, telegram_ids: Sequence[int], key: SuppressionKey) -> _Sorted:
    known = await db.opting_out.known(tx, telegram_ids)
    hashes = [suppression_of(key, telegram_id) for telegram_id in telegram_ids]
    quiet = ("stopped", RESTRICTED)
    silent = [person for person in known if person.state in quiet and not person.agreed]
    # As with /stop: of somebody who had not finished signing up nothing else is kept, unless they hold a role.
    unfinished = [person for person in known if not person.is_registered and not person.is_staff]
    settled = {person.id for person in (*silent, *unfinished)}
    to_stop = [person for person in known if person.id not in settled]
    silent = [person for person in silent if person not in unfinished]
    effects = ListEffects(
        stopped=len(to_stop),
        already_stopped=len(silent),
        unfinished=len(unfinished),
        unknown=len(telegram_ids) - len(known),
        already_suppressed=await db.opting_out.suppressed(tx, hashes),
    )
    return _Sorted(effects=effects, to_stop=to_stop, silent=silent, to_forget=unfinished, hashes=hashes)
