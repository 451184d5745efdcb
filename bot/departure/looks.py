"""How a message that is being written will look, and whether it fits for everybody who would receive it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.actions.broadcasts import BroadcastRefused
from bot.delivery.calls import Call
from bot.departure.composable import Composable
from bot.departure.compose import Composer, compose_broadcast
from bot.errors import PortevoixError
from bot.rules.people import FIRST_NAME_LIMIT
from bot.rules.territories import TERRITORIES
from bot.words.telegram_html import CAPTION_LIMIT, TEXT_LIMIT, check_html
from db.events import Event, EventTexts
from db.people import Person
from db.surveys import Survey


def looks(
    composer: Composer,
    broadcast: Composable,
    texts: Mapping[str, str],
    reader: Person,
    *,
    now: datetime,
    languages: Iterable[str] | None = None,
    event: Event | None = None,
    event_texts: EventTexts | None = None,
    survey: Survey | None = None,
) -> list[Call]:
    """The message exactly as a reader will get it, once in each language (of the campaign, unless others are given).

    Raises LookupError where nothing words it.
    """
    return [
        compose_broadcast(
            composer,
            broadcast,
            texts,
            reader._replace(language=language),
            now=now,
            event=event,
            event_texts=event_texts,
            survey=survey,
        )
        for language in (composer.campaign.languages if languages is None else languages)
    ]


def longest_readers(composer: Composer, person: Person) -> list[Person]:
    """People for whom a message is as long as it can be: the longest name and commune, under each territory's hours."""
    longest = person._replace(first_name="M" * FIRST_NAME_LIMIT, commune=composer.gazetteer.longest_name)
    return [longest._replace(territory=territory) for territory in TERRITORIES]


def require_fit(
    composer: Composer, wording: Composable, texts: Mapping[str, str], author: Person, *, now: datetime
) -> None:
    """Raises BroadcastRefused, which names the language, where the whole message would be too long for somebody:
    signature and names included.
    """
    limit = TEXT_LIMIT if wording.photo is None else CAPTION_LIMIT
    # For whoever writes it first: what is too long for them is simply too long.
    for reader in (author, *longest_readers(composer, author)):
        calls = looks(composer, wording, texts, reader, now=now, languages=texts)
        for language, call in zip(texts, calls, strict=True):
            _require_length(call, limit, language, photo=wording.photo, filled=reader is not author)


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
