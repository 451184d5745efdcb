"""Experiments: which version somebody draws, kept with their delivery before anything leaves."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.frozen import Frozen
from bot.rules.experiments import HELD_OUT, HOLDOUT, VERSIONS, Experiment, lot_of
from bot.rules.sampling import MODULUS, Sampling
from db.facts import get_fact, set_fact
from db.schema import deliveries

KEY_FACT = "experiments:key"
"""The fact that holds the campaign's key: it lies in the encrypted database from the start, and moves with it."""


class Draw(Frozen):
    """An experiment, and the lot that people draw for it."""

    experiment: Experiment
    lot: Sampling


async def draw_for(tx: AsyncConnection, broadcast: int, experiment: Experiment | None) -> Draw | None:
    """The draw of a broadcast: the same whenever it is made, also once it was written anew. None: no experiment."""
    if experiment is None:
        return None
    return Draw(experiment=experiment, lot=lot_of(await key(tx), broadcast))


def new_key() -> dict[str, str]:
    """The fact that a new database begins with, as a row: a key that nobody chose."""
    return {"name": KEY_FACT, "value": secrets.token_hex(32)}


async def key(tx: AsyncConnection) -> str:
    """The campaign's key: versions, samples and who is left out of reminders are drawn by it."""
    return str(await get_fact(tx, KEY_FACT))


async def keep_key(tx: AsyncConnection, chosen: str) -> None:
    """A key of one's own, before anything is drawn: a rehearsal draws alike each time it is played."""
    await set_fact(tx, KEY_FACT, chosen)


def number_drawn(person: sa.ColumnElement[int], lot: Sampling) -> sa.ColumnElement[int]:
    """`Sampling.number`, in the same whole numbers."""
    first = (person % MODULUS * _whole(lot.factor) + _whole(lot.shift)) % MODULUS
    second = (first * first + _whole(lot.mixer)) % MODULUS
    return (second * second + first) % MODULUS


def _whole(number: int) -> sa.ColumnElement[int]:
    return sa.literal(number, sa.BigInteger)


def variant_drawn(person: sa.ColumnElement[int], draw: Draw) -> sa.ColumnElement[str]:
    """`Experiment.drawn`, of a column of people."""
    number, experiment = number_drawn(person, draw.lot), draw.experiment
    # PostgreSQL divides whole numbers into a whole one with a plain slash, as SQLite does; SQLAlchemy's // says so.
    version = number // 100 % experiment.versions
    which = (
        sa.case(
            *((version == at, sa.literal(VERSIONS[at])) for at in range(1, experiment.versions)),
            else_=sa.literal(VERSIONS[0]),
        )
        if experiment.versions > 1
        else sa.literal(VERSIONS[0])
    )
    return sa.case((number % 100 < experiment.holdout, sa.literal(HOLDOUT)), else_=which)


def state_drawn(variant: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """The state of the delivery of somebody who drew this."""
    return sa.case((variant == HOLDOUT, sa.literal(HELD_OUT)), else_=sa.literal("queued"))


async def variants_of(tx: AsyncConnection, numbers: Iterable[int]) -> dict[int, str]:
    """The version that each of these deliveries is, by delivery; those that were drawn."""
    query = sa.select(deliveries.c.id, deliveries.c.variant).where(
        deliveries.c.id.in_(list(numbers)), deliveries.c.variant.is_not(None)
    )
    return {row.id: row.variant for row in await tx.execute(query)}
