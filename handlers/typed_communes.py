"""The communes that a text may mean: so many to choose from, and fewer where staff may have typed a date."""

from __future__ import annotations

from dataclasses import replace

from bot.communes import SearchResult
from bot.rules.communes.table import keys_of
from bot.rules.dates import is_date
from handlers.context import Context

SUGGESTIONS = 6
"""So many are put to the choice at most."""


def communes_typed(context: Context, typed: str) -> SearchResult:
    """What is found for it. Of a date it is only the commune that is called so: “Mer”, but not Dimancheville."""
    found = context.services.gazetteer.search(typed, limit=SUGGESTIONS)
    if not is_date(typed, context.vocabulary.dates):
        return found
    called_so = tuple(each for each in found.results if set(keys_of(each.name)) & set(keys_of(typed)))
    return replace(found, results=called_so, confident=len(called_so) == 1)
