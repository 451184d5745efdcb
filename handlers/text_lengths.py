"""What staff write fits into one message for everybody who would receive it, signature and names included."""

from __future__ import annotations

from collections.abc import Mapping

from bot.actions.broadcasts import BroadcastRefused
from bot.delivery.calls import Call
from bot.departure.compose import Composable
from bot.errors import PortevoixError
from bot.words.telegram_html import CAPTION_LIMIT, TEXT_LIMIT, check_html
from handlers import desk
from handlers.context import Context


def require_fit(context: Context, wording: Composable, texts: Mapping[str, str]) -> None:
    """Raises BroadcastRefused, which names the language, where the whole message would be too long for somebody."""
    limit = TEXT_LIMIT if wording.photo is None else CAPTION_LIMIT
    # For whoever writes it first: what is too long for them is simply too long.
    for reader in (None, *desk.longest_readers(context)):
        calls = desk.previews(context, wording, dict(texts), languages=texts, reader=reader)
        for language, call in zip(texts, calls, strict=True):
            _require_length(call, limit, language, photo=wording.photo, filled=reader is not None)


def _require_length(call: Call, limit: int, language: str, *, photo: str | None, filled: bool) -> None:
    try:
        check_html(call.payload["text"] if photo is None else call.payload["caption"], limit)
    except PortevoixError as fault:
        if fault.message != "errors/text_too_long":
            raise
        raise BroadcastRefused(
            fault.sentence,
            message="errors/message_too_long",
            wanted=language,
            with_photo=photo is not None,
            filled=filled,
            **fault.values,
        ) from fault
