"""choose people by expressions.

What a broadcast or a draft kept as one record of conditions (area, radius, language, rsvp, vote, volunteers) becomes
the tree that bot.rules.expressions reads. On the way back a broadcast keeps its area or its radius, so that nobody is
written to by a commune that they do not want used, and a draft asks whom it is for again.

Revision 0026, after 0022.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0022"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
broadcasts = sa.table(
    "broadcasts", sa.column("id"), sa.column("audience", Json), sa.column("area", sa.String)
)
dialogs = sa.table("dialogs", sa.column("person"), sa.column("flow", sa.String), sa.column("data", Json))
events = sa.table("events", sa.column("id"), sa.column("code", sa.String))

STATES = ("none", "unsure", "will", "later", "cannot", "voted")


def upgrade() -> None:
    codes = {row.id: row.code for row in op.get_bind().execute(sa.select(events.c.id, events.c.code))}
    _change(lambda audience, _: _tree(audience, codes) if audience else audience)


def downgrade() -> None:
    _change(_record)


def _change(changed: Callable[[Any, str], Any]) -> None:
    connection = op.get_bind()
    for row in connection.execute(sa.select(broadcasts)).all():
        values = {"audience": changed(row.audience, row.area)}
        if values["audience"] != row.audience:
            connection.execute(sa.update(broadcasts).where(broadcasts.c.id == row.id).values(values))
    drafts = sa.select(dialogs).where(dialogs.c.flow.in_(("new_event", "broadcast")))
    for row in connection.execute(drafts).all():
        data = dict(row.data or {})
        if not data.get("audience"):
            continue
        data["audience"] = changed(data["audience"], "")
        if data["audience"] is None:
            data["chosen"] = None
        connection.execute(sa.update(dialogs).where(dialogs.c.person == row.person).values(data=data))


def _tree(record: Mapping[str, Any], codes: Mapping[int, str]) -> Any:
    """The tree that means what the record meant; an event that is gone keeps its number for a code."""
    parts: list[Any] = []
    if record.get("area", "FR") != "FR":
        parts.append(f"in:{record['area']}")
    if radius := record.get("radius"):
        parts.append(f"near:{radius['commune']}:{radius['km']}")
    if language := record.get("language"):
        parts.append(f"language:{language}")
    if rsvp := record.get("rsvp"):
        code = codes.get(int(rsvp["event"]), str(rsvp["event"]))
        parts.append(_any([f"rsvp:{code}:{answer}" for answer in rsvp["answers"] or ["silent"]]))
    if vote := record.get("vote"):
        parts += _votes(vote["ballot"], set(vote.get("states", STATES)), vote.get("planned"))
    if record.get("volunteers"):
        parts.append("volunteer")
    return _all(parts) if parts else "in:FR"


def _votes(ballot: int, states: set[str], planned: bool | None) -> list[Any]:
    found: list[Any] = []
    left_out = [state for state in STATES if state not in states]
    if len(left_out) > len(STATES) // 2:
        found.append(_any([_last_word(ballot, state) for state in STATES if state in states]))
    elif left_out:
        found.append({"not": _any([_last_word(ballot, state) for state in left_out])})
    if planned is not None:
        found.append(f"plan:{ballot}:{'any' if planned else 'none'}")
    return found


def _last_word(ballot: int, state: str) -> Any:
    """What was told of the vote, and without that what was intended."""
    if state in ("voted", "later"):
        return f"vote:{ballot}:{state}"
    intention = "silent" if state == "none" else state
    intended = {"all": [f"vote:{ballot}:silent", f"intention:{ballot}:{intention}"]}
    return {"any": [f"vote:{ballot}:cannot", intended]} if state == "cannot" else intended


def _all(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else {"all": parts}


def _any(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else {"any": parts}


def _record(audience: Any, area: str) -> Any:
    if not area:
        return None
    if not audience:
        return audience
    leaves = list(_leaves(audience))
    around = next((leaf.split(":") for leaf in leaves if leaf.startswith("near:")), None)
    named = [leaf.removeprefix("in:") for leaf in leaves if leaf.startswith("in:") and leaf != "in:FR"]
    found: dict[str, Any] = {"area": area if area != "FR" or not named else named[0]}
    if around is not None:
        found["radius"] = {"commune": around[1], "km": int(around[2])}
    return found


def _leaves(tree: Any) -> list[str]:
    if isinstance(tree, str):
        return [tree]
    inside = next(iter(tree.values()))
    parts = inside if isinstance(inside, list) else [inside]
    return [leaf for part in parts for leaf in _leaves(part)]
