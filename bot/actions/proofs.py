"""What is kept of somebody who left, found by their Telegram number and the key: their mark, proof of consents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

import db.consents
import db.people
import db.suppressions
from bot.actions import audit
from bot.frozen import Frozen
from bot.rules.retention import Retention, proof_ends, suppression_ends
from bot.rules.suppression import SuppressionKey, proof_of, suppression_of
from db.consents import Consent, SealedConsent


class Sealed(Frozen):
    """The facts kept of somebody since they left. `left_on`: the day of their mark, None where there is none."""

    consents: Sequence[SealedConsent]
    left_on: date | None
    proof_until: date | None
    left_until: date | None

    @property
    def is_empty(self) -> bool:
        return not self.consents and self.left_on is None


async def sealed_of(
    tx: AsyncConnection, telegram_id: int, *, key: SuppressionKey, retention: Retention
) -> Sealed:
    """Everything kept under the seals of a Telegram number, and until when."""
    consents = await db.consents.sealed_under(tx, proof_of(key, telegram_id))
    left_on = await db.suppressions.left_on(tx, suppression_of(key, telegram_id))
    latest = max((consent.sealed_on for consent in consents), default=None)
    return Sealed(
        consents=consents,
        left_on=left_on,
        proof_until=proof_ends(latest, retention) if latest is not None else None,
        left_until=suppression_ends(left_on, retention) if left_on is not None else None,
    )


class Proof(Frozen):
    """The choices of somebody: in the ledger of today, and sealed since they left."""

    ledger: Sequence[Consent]
    sealed: Sealed


async def prove(
    tx: AsyncConnection, telegram_id: int, *, key: SuppressionKey, retention: Retention, now: datetime
) -> Proof:
    """The proof of somebody's consents, for whoever has the machine. That it was looked for is noted; not of whom."""
    person = await db.people.find(tx, telegram_id)
    ledger = await db.consents.of_person(tx, person.pseudonym) if person is not None else []
    proof = Proof(ledger=ledger, sealed=await sealed_of(tx, telegram_id, key=key, retention=retention))
    details = {"choices": len(ledger), "sealed": len(proof.sealed.consents)}
    await audit.note(tx, actor=audit.COMMAND_LINE, action="prove_consents", details=details, now=now)
    return proof
