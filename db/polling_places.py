"""Polling places as they were imported, and which one of several people said is theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.rules.polling_places import PollingPlace
from db.batches import Columns, Statement, given_ids, given_texts, members
from db.schema import chosen_places, polling_places
from db.upsert import put

CHUNK = 500
_PLACE = [polling_places.c[field.name] for field in fields(PollingPlace)]
_COLUMNS = Columns(_PLACE)
_OF_COMMUNES = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}({_COLUMNS})) AS text) FROM polling_places
    WHERE commune IN {given_texts(s)}"""
    )
)
_CHOSEN = Statement(
    lambda s: (
        f"""
    SELECT CAST({s.collect}({s.array}(person, place)) AS text) FROM chosen_places
    WHERE person IN {given_ids(s)}"""
    )
)


async def of_communes(tx: AsyncConnection, communes: Iterable[str]) -> dict[str, list[PollingPlace]]:
    """The places of these communes, by commune, in the order of the file."""
    names = [column.name for column in _PLACE]
    rows = await _OF_COMMUNES.rows(tx, rows=[(code,) for code in communes])
    found: dict[str, list[PollingPlace]] = {}
    for row in sorted(rows):  # the id comes first
        place = PollingPlace(**dict(zip(names, _COLUMNS.read(row), strict=True)))
        found.setdefault(place.commune, []).append(place)
    return found


async def chosen_by(tx: AsyncConnection, people: Iterable[int]) -> dict[int, set[int]]:
    """The ids of the places that each of these people said is theirs."""
    found: dict[int, set[int]] = {}
    for person, place in await _CHOSEN.rows(tx, rows=members(people)):
        found.setdefault(person, set()).add(place)
    return found


async def choose(tx: AsyncConnection, *, person: int, place: PollingPlace) -> None:
    """This place is the person's, in place of any they chose before for the same rounds."""
    await put(tx, chosen_places, {"person": person, "ballot": place.ballot}, {"place": place.id})


async def forget_choice(tx: AsyncConnection, person: int) -> None:
    """The person votes somewhere else now."""
    await tx.execute(sa.delete(chosen_places).where(chosen_places.c.person == person))


_CHOSEN_BY = (
    sa.select(*(polling_places.c[name] for name in ("ballot", "commune", "name", "address")))
    .join(chosen_places, chosen_places.c.place == polling_places.c.id)
    .where(chosen_places.c.person == sa.bindparam("somebody"))
    .order_by(polling_places.c.ballot)
)


async def places_chosen_by(tx: AsyncConnection, person: int) -> list[dict[str, Any]]:
    """The places a person chose, for /mydata."""
    return [dict(row._mapping) for row in await tx.execute(_CHOSEN_BY, {"somebody": person})]


async def stored(tx: AsyncConnection) -> dict[str, PollingPlace]:
    """Every place, by its key."""
    query = sa.select(polling_places.c.key, *_PLACE).order_by(polling_places.c.id)
    found = {}
    for row in await tx.execute(query):
        values = dict(row._mapping)
        key = values.pop("key")
        found[key] = PollingPlace(**values)
    return found


async def add_many(tx: AsyncConnection, places: Mapping[str, PollingPlace]) -> None:
    """Adds places by their keys; their ids are given here."""
    rows = [_row(key, place) for key, place in places.items()]
    for start in range(0, len(rows), CHUNK):
        await tx.execute(sa.insert(polling_places), rows[start : start + CHUNK])


async def change_many(tx: AsyncConnection, places: Mapping[str, PollingPlace]) -> None:
    """Changes what is told of places that keep their key, and their number."""
    columns = [column.name for column in polling_places.c if column.name not in ("id", "key")]
    change = (
        sa.update(polling_places)
        .where(polling_places.c.key == sa.bindparam("which"))
        .values({name: sa.bindparam(f"new_{name}") for name in columns})
    )
    for key, place in places.items():
        row = _row(key, place)
        await tx.execute(change, {"which": key, **{f"new_{name}": row[name] for name in columns}})


async def remove_many(tx: AsyncConnection, ids: Sequence[int]) -> None:
    """Removes places; whoever had chosen one is asked again."""
    for start in range(0, len(ids), CHUNK):
        gone = polling_places.c.id.in_(ids[start : start + CHUNK])
        await tx.execute(sa.delete(polling_places).where(gone))


def _row(key: str, place: PollingPlace) -> dict[str, Any]:
    values = {field.name: getattr(place, field.name) for field in fields(PollingPlace) if field.name != "id"}
    return {"key": key, **values}
