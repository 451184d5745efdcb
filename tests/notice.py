"""The whole notice of /privacy: the short one and every part behind its buttons, as one text."""

from __future__ import annotations

from bot.campaign.campaign import Campaign
from bot.words.telegram_html import check_html, parse_html
from bot.words.texts import Texts
from handlers.privacy import PARTS

MESSAGES = ("privacy/privacy", *(f"privacy/about/{part}" for part in PARTS))


def whole_notice(campaign: Campaign, language: str) -> str:
    """Without HTML; each of its messages was found to be one that Telegram takes."""
    texts = Texts({"campaign": campaign})
    found = [texts.render(name, language).html for name in MESSAGES]
    for html in found:
        check_html(html, 4096)
    return "\n\n".join(map(parse_html, found))
