"""What staff write fits into one message for everybody who would receive it, signature and names included."""

from __future__ import annotations

from collections.abc import Mapping

from bot.departure import looks
from bot.departure.composable import Composable
from handlers import desk
from handlers.context import Context


def require_fit(context: Context, wording: Composable, texts: Mapping[str, str]) -> None:
    """Raises BroadcastRefused, which names the language, where the whole message would be too long for somebody."""
    looks.require_fit(
        desk.composer(context.services), wording, texts, desk.named_person(context), now=context.now
    )
