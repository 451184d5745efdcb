"""The survey that a draft describes, wherever it was written: in the chat or in the console."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.actions.surveys import NewSurvey
from bot.rules.expressions import stored
from bot.rules.kinds import Kind
from bot.rules.survey_draft import KEPT_DAYS, form_of
from bot.rules.territories import at_wall, zone

FLOW = "survey"
"""The draft, as dialogs call it."""


def written(data: Mapping[str, Any], code: str, by_clock_of: str) -> NewSurvey:
    """What a draft says in which nothing is missing; its hours are those of its author’s zone."""
    closes_at = _instant(data["wall"], by_clock_of)
    return NewSurvey(
        code=code,
        kind=Kind(data["kind"]),
        form=form_of(data),
        audience=stored(data.get("audience")),
        closes_at=closes_at,
        erase_at=closes_at + timedelta(days=data.get("kept") or KEPT_DAYS),
        opens_at=_instant(data["opens"], by_clock_of) if data.get("opens") else None,
        knowing=bool(data.get("knowing")),
    )


def _instant(wall: str, by_clock_of: str) -> datetime:
    return at_wall(datetime.fromisoformat(wall), zone(by_clock_of))
