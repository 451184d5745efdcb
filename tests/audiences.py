"""Targets as actions make them, for tests that have no author."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import communes
from bot.rules.audience_limits import common_area, limited_to
from bot.rules.belonging import Setting
from bot.rules.expression_text import expression_in
from bot.rules.expressions import leaves_of
from bot.rules.kinds import Kind
from bot.rules.sampling import sampling_of
from db.audiences import Target, people_in

GAZETTEER = communes.load()
NOW = datetime(2016, 11, 16, 9, tzinfo=UTC)


def target_in(text: str, areas: Iterable[str] = ("FR",), *, now: datetime = NOW) -> Target:
    """The audience that is written so, as far as these areas go."""
    meant = expression_in(text)
    radii = [leaf.arguments for leaf in leaves_of(meant) if leaf.name == "near"]
    within = {(code, int(km)): GAZETTEER.within(code, int(km)) for code, km in radii}
    limited, holding = limited_to(meant, areas)
    setting = Setting(now=now, sampling=sampling_of("primaire-2016"), within=within)
    return Target(meant=meant, expression=limited, setting=setting, area=common_area(holding))


async def ids_of(tx: AsyncConnection, target: Target, kind: Kind | None = None) -> set[int]:
    """The recipients."""
    return set(await tx.scalars(people_in(target, kind)))
