"""The word that confirms what cannot be undone, typed in any language of the campaign."""

from __future__ import annotations

import unicodedata

from bot.campaign.campaign import Campaign
from bot.words.texts import Texts


def confirms(texts: Texts, campaign: Campaign, typed: str, word: str) -> bool:
    """Whether the word of the template `word` was typed, whatever the case and accents; as no question."""
    words = (texts.typed(word, code) for code in campaign.languages)
    return "?" not in typed and _folded(typed) in map(_folded, words)


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if letter.isalnum())
