"""Inline mode: `@bot lyo…` offers communes while one types. Nothing is kept of who asked."""

from __future__ import annotations

from telegram import InlineQuery

from bot.communes import Commune
from bot.delivery.calls import Call
from handlers.context import Services, language_for

OFFERED = 10
CACHE_SECONDS = 3600  # the same letters mean the same communes for everybody


def offer_communes(query: InlineQuery, services: Services) -> Call:
    """The communes that what was typed may mean; choosing one types its name with the département."""
    language = language_for((query.from_user.language_code or "").split("-")[0], services.campaign.languages)
    found = services.gazetteer.search(query.query, limit=OFFERED).results if query.query.strip() else ()
    answer = {
        "inline_query_id": query.id,
        "results": [_article(commune, services, language) for commune in found],
        "cache_time": CACHE_SECONDS,
    }
    return Call(method="answerInlineQuery", payload=answer)


def _article(commune: Commune, services: Services, language: str) -> dict[str, object]:
    text = services.texts.typed("inline/commune", language, commune=commune)
    return {
        "type": "article",
        "id": commune.code,
        "title": text,
        "description": services.texts.plain("inline/where", language, commune=commune),
        "input_message_content": {"message_text": text},
    }
