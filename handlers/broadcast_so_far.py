"""What of a message is written so far, and what goes together with it: its texts and photo, the fields that a neutral
reminder shows, the versions that are compared.
"""

from __future__ import annotations

from typing import Any

from bot.departure.composable import Draft
from bot.rules.broadcast_draft import leaves_at, others_of, texts_of
from bot.rules.event_draft import DraftQuestion
from bot.rules.experiments import VERSIONS, Outcome, goals_of
from bot.rules.neutrality import PracticalField
from handlers import text_lengths
from handlers.context import Context


def compared(context: Context) -> dict[str, Any]:
    """How many versions there are, of how many at most, and what percentage is left out."""
    versions = VERSIONS[: 1 + len(others_of(context.kept))]
    return {
        "versions": versions,
        "further": VERSIONS[len(versions) :],
        "holdout": context.kept.get("holdout") or 0,
    }


def goals_offered(context: Context, **said: Any) -> tuple[Outcome, ...]:
    """What the message may be meant to change, by the hour at which it is to leave as far as that was `said`."""
    at = leaves_at({**context.kept, **said}, now=context.now, zone=context.zone)
    return goals_of(votes_to_come=context.campaign.next_ballot(at) is not None)


def fields_offered(context: Context) -> list[str]:
    """The fields that there are to show of this campaign."""
    asked = bool(context.campaign.bring)
    return [field for field in PracticalField if asked or field is not PracticalField.BRING]


def fields_shown(context: Context) -> list[str]:
    """The fields chosen so far; all of them until something was."""
    shown = context.kept.get("shown")
    return [field for field in fields_offered(context) if shown is None or field in shown]


def with_text(context: Context, question: DraftQuestion, html: str) -> dict[str, Any]:
    """The draft's texts with one more: of the first version, or of another one."""
    data = context.kept
    if question.variant in ("", VERSIONS[0]):
        return {"texts": {**(data.get("texts") or {}), question.language: html}}
    others = [dict(version) for version in data.get("others") or ()]
    others[VERSIONS.index(question.variant) - 1][str(question.language)] = html
    return {"others": others}


def require_fit_with(context: Context, photo: str) -> None:
    """Raises BroadcastRefused where a text of any version has no room below the photo."""
    for texts in (texts_of(context.kept), *others_of(context.kept)):
        text_lengths.require_fit(context, wording(context, photo), texts)


def wording(context: Context, photo: str | None) -> Draft:
    return Draft(kind=context.kept["kind"], photo=photo)
