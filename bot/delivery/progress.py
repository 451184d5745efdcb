"""How far a broadcast has come, as the message that its author follows it by."""

from __future__ import annotations

from bot.texts import Text, Texts
from db.broadcast_accounts import Progress


def progress_text(texts: Texts, progress: Progress, *, language: str, zone: str) -> Text:
    """The same message that /broadcast shows; it has buttons as long as there is something to pause or cancel."""
    return texts.render("broadcasts/progress", language, progress=progress, zone=zone, asking=False)
