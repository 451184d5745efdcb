"""How Alembic reads the schema when it writes a revision or looks for differences."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext

from db.schema import Instant


def _render_item(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """What a revision says must hold on both engines, and must not change when our own types do."""
    if isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, sa.JSON):
        context.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    if kind == "server_default" and isinstance(getattr(item, "arg", None), sa.sql.elements.False_):
        return "sa.false()"
    if kind == "server_default" and isinstance(getattr(item, "arg", None), sa.sql.elements.True_):
        return "sa.true()"
    return False


OPTIONS: dict[str, Any] = {
    "compare_type": True,
    "compare_server_default": True,
    # SQLite can change a table only by making it anew.
    "render_as_batch": True,
    "render_item": _render_item,
}
