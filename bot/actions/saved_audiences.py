"""Audiences under a name: saved, listed and deleted, each noted in the audit log."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

import db.saved_audiences
from bot.actions import audit
from bot.actions.authority import Author, in_turn
from bot.actions.expressions import Asked, ExpressionOccasion, setting_of
from bot.errors import BadAudience, PortevoixError
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE, contains
from bot.rules.audience_limits import home_of
from bot.rules.expressions import Expression, text_of
from bot.rules.permissions import Action
from bot.rules.saved_audiences import SavedAudience, require_no_circle, users_of

SAVED, DELETED = "save_audience", "delete_audience"
"""What the audit log calls these acts."""


class NoSuchAudience(PortevoixError):
    """No audience has this name."""


class AudienceInUse(PortevoixError):
    """Another audience names the one that would be deleted."""


class Saved(Frozen):
    """An audience that was saved, and the one of that name which it replaces; None: there was none."""

    audience: SavedAudience
    before: SavedAudience | None


async def save(
    tx: AsyncConnection,
    name: str,
    asked: Asked,
    occasion: ExpressionOccasion,
    *,
    area: str | None,
    actor: str,
) -> Saved:
    """Saves an audience under a name, in place of the one that had it. Raises BadAudience.

    `area` None: that of the one that is replaced, else everywhere.
    """
    others = await db.saved_audiences.all_saved(tx)
    require_no_circle(name, asked.expression, others)
    await setting_of(tx, asked, occasion)
    before = others.get(name)
    area = area or (before.area if before is not None else EVERYWHERE)
    audience = SavedAudience(name=name, area=area, expression=asked.expression, saved_at=occasion.now)
    await db.saved_audiences.put(tx, audience)
    details = {"name": name, "area": area, "expression": text_of(asked.expression)}
    if before is not None:
        details |= {"before": text_of(before.expression), "area_before": before.area}
    await audit.note(tx, actor=actor, action=SAVED, details=details, now=occasion.now)
    return Saved(audience=audience, before=before)


async def save_for(
    tx: AsyncConnection, author: Author, name: str, expression: Expression, *, as_typed: str
) -> Saved:
    """Saves an audience that staff built, for an area that they look after. Raises NotAllowed and BadAudience.

    The name of an audience of another area, or of a wider one, stays that one's. `as_typed`: the name as it was typed.
    """
    author = await in_turn(tx, author)
    author.require(Action.BROADCAST)
    areas = author.areas(Action.BROADCAST)
    area = home_of(expression, areas)
    before = (await db.saved_audiences.all_saved(tx)).get(name)
    if before is not None and not any(contains(each, before.area) for each in areas):
        raise BadAudience(f"Another area has an audience “{name}”.", why="name_taken", word=as_typed)
    occasion = ExpressionOccasion(campaign=author.campaign, gazetteer=author.gazetteer, now=author.now)
    return await save(tx, name, Asked(expression=expression), occasion, area=area, actor=author.name)


async def delete(
    tx: AsyncConnection, name: str, occasion: ExpressionOccasion, *, actor: str
) -> SavedAudience:
    """Deletes a saved audience that no other names. Raises NoSuchAudience and AudienceInUse."""
    saved = await db.saved_audiences.all_saved(tx)
    if name not in saved:
        raise NoSuchAudience(
            f"No audience is saved as “{name}”: `portevoix audiences list` tells their names."
        )
    if users := users_of(name, saved):
        raise AudienceInUse(
            f"“{name}” is named by {', '.join(users)}: save {'them' if len(users) > 1 else 'it'} without it first."
        )
    await db.saved_audiences.remove(tx, name)
    details = {"name": name, "area": saved[name].area, "expression": text_of(saved[name].expression)}
    await audit.note(tx, actor=actor, action=DELETED, details=details, now=occasion.now)
    return saved[name]
