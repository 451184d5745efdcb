"""A broadcast from its draft, and a draft from a broadcast: the same for the chat and the desk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.actions import broadcast_cards
from bot.actions.authority import Author
from bot.actions.broadcast_control import controlled
from bot.actions.broadcasts import NewBroadcast, require_written
from bot.rules.broadcast_draft import experiment_of, is_neutral, others_of, sending_time, texts_of
from bot.rules.expressions import stored
from bot.rules.kinds import Kind
from bot.rules.territories import zone as zone_named
from db.broadcast_accounts import Broadcast

FLOW = "broadcast"
"""The draft of a message, as dialogs call it."""


def written(data: Mapping[str, Any], *, key: str, now: datetime, zone: str) -> NewBroadcast:
    """The broadcast that a finished draft says (bot.rules.broadcast_draft); `zone` is its author's."""
    return NewBroadcast(
        key=key,
        kind=Kind(data["kind"]),
        audience=stored(data.get("audience")),
        when=sending_time(data, now=now, zone=zone),
        texts=texts_of(data),
        fields=data["fields"] if is_neutral(data) else None,
        photo=None if is_neutral(data) else data["photo"] or None,
        knowing=bool(data.get("knowing")),
        others=others_of(data),
        experiment=experiment_of(data),
    )


async def duplicable(tx: AsyncConnection, author: Author, broadcast: int) -> Broadcast:
    """One whose words and people make another message: of a question of former versions, of another kind.

    Raises NotAllowed, CandidateOut, BroadcastRefused.
    """
    author.require_standing()
    found = await controlled(tx, author, broadcast)
    require_written(found)
    return found


async def draft_of(tx: AsyncConnection, broadcast: Broadcast, author: Author) -> dict[str, Any]:
    """The draft that says what a broadcast says, but for when it leaves. The caller found it for its author."""
    texts, *others = await broadcast_cards.versions(tx, broadcast.id)
    experiment = broadcast.compares
    compared = {} if experiment is None else {"holdout": experiment.holdout, "goal": experiment.goal.value}
    return {
        "kind": broadcast.kind,
        "texts": {code: texts.get(code, "") for code in author.campaign.languages},
        "others": [dict(version) for version in others],
        **compared,
        "photo": broadcast.photo or "",
        "fields": broadcast.fields,
        "audience": broadcast.audience,
        "chosen": True,
    }


def replacing(broadcast: Broadcast, zone: str) -> dict[str, Any]:
    """What makes a draft of a broadcast take its place: its number, and when it leaves by its author's clock."""
    if broadcast.local_time:
        wall, whose = broadcast.starts_at, "each"
    else:
        wall = broadcast.starts_at.astimezone(zone_named(zone)).replace(second=0, microsecond=0)
        whose = "mine"
    return {"editing": broadcast.id, "wall": wall.replace(tzinfo=None).isoformat(), "whose": whose}
