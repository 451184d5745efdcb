"""What forms hold, read as what is typed in the chat is read; and what is wrong with it, told beside the field.

What cannot be kept as it was typed stays in the draft under `typed`, by field, until it is mended: a reload loses none.
"""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from bot.actions.drafts import ChangedMeanwhile
from bot.delivery.calls import Call
from bot.departure.composable import Composable
from bot.departure.looks import looks
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.experiments import VERSIONS
from bot.rules.placeholders import PLACEHOLDERS
from bot.web.desk import Visit
from bot.web.refusals import BadForm
from bot.words.confirming import confirms
from bot.words.no_break import with_plain_spaces
from bot.words.shown_html import shown_html
from bot.words.telegram_html import with_typed_tags
from db.people import Person

MOST_TEXT = 8192
"""Characters of one field that are looked at; no message of Telegram holds more."""
TYPED = "typed"
WRONG = "wrong"
"""What an address says where another word was typed than the one that confirms."""


class NotConfirmed(PortevoixError):
    """What cannot be undone needs the word that is asked for."""

    default_message = "console/not_confirmed"


class Bubble(Frozen):
    """A message as Telegram shows it: its words and the labels below it, row by row.

    `variant`: the version, where several are compared.
    """

    language: str
    variant: str
    words: Markup
    keys: Sequence[Sequence[str]]
    has_photo: bool


def bubble(call: Call, language: str, variant: str = "") -> Bubble:
    rows = (call.payload.get("reply_markup") or {}).get("inline_keyboard", [])
    return Bubble(
        language=language,
        variant=variant,
        words=shown_html(call.payload.get("text") or call.payload.get("caption") or ""),
        keys=[[key["text"] for key in row] for row in rows],
        has_photo="photo" in call.payload,
    )


def plain(text: str) -> str:
    """A field as somebody would type it: browsers send line ends of their own."""
    return with_plain_spaces(text.replace("\r\n", "\n").replace("\0", "")).strip()[:MOST_TEXT]


def as_html(typed: str) -> str:
    """What was typed in a field as Telegram HTML, as a message that is typed in the chat: tags are tags."""
    return with_plain_spaces(with_typed_tags(html.escape(plain(typed), quote=False)))


def as_typed(written: str) -> str:
    """Telegram HTML as one would type it in a field."""
    return html.unescape(written)


def told(visit: Visit, fault: PortevoixError) -> Markup:
    """What is wrong, in the words of the chat."""
    return visit.told(fault.message, **fault.values)


def require_word(visit: Visit, word: str) -> None:
    """Raises NotConfirmed unless the word of this template was typed, in any language of the campaign."""
    if not is_typed(visit, word):
        raise NotConfirmed("The word was not typed.", word=visit.word(word))


def is_typed(visit: Visit, word: str) -> bool:
    """Whether the word of this template was typed, in any language of the campaign."""
    return confirms(visit.desk.texts, visit.author.campaign, visit.form.get("word", ""), word)


def without_the_word(visit: Visit, page: str, field: str = "word") -> Response:
    """Back to a page where the word was not typed, which says so beside its field."""
    return visit.go(f"{page}?{WRONG}={field}#{field}")


def word_faults(visit: Visit, **fields: str) -> dict[str, Markup]:
    """What to say beside the field in which another word was typed just now; `fields`: the word of each."""
    wrong = visit.request.query_params.get(WRONG, "")
    if wrong not in fields:
        return {}
    return {wrong: visit.told("console/not_confirmed", word=visit.word(fields[wrong]))}


def mark_of(data: Mapping[str, Any]) -> str:
    """By which a form says what it showed."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]


def require_same(visit: Visit, data: Mapping[str, Any]) -> None:
    """Raises ChangedMeanwhile where the draft is another one than the page showed: in another tab, or in the chat."""
    if visit.form.get("seen") != mark_of(data):
        raise ChangedMeanwhile("The draft was changed meanwhile.")


def mend_key(visit: Visit) -> str:
    """What makes a second thought about a message one: the same form sent twice is one. Raises BadForm."""
    once = visit.form.get("once", "")
    if not (once.isalnum() and once.isascii() and len(once) == 16):
        raise BadForm("This form has no number.")
    return f"mend:web:{once}"


def bubbles_of(visit: Visit, wording: Composable, versions: Sequence[Mapping[str, str]]) -> list[Bubble]:
    """Each version as it looks, in each language that it has."""
    composer, reader, found = visit.desk.composer, reader_of(visit), []
    for variant, version in zip(VERSIONS, versions, strict=False):
        texts = {code: text for code, text in version.items() if text}
        for code in texts:
            (call,) = looks(composer, wording, texts, reader, now=visit.now, languages=[code])
            found.append(bubble(call, code, variant if len(versions) > 1 else ""))
    return found


def wall_time(text: str) -> datetime:
    """What a date field sends (`2016-11-17T19:00`). Raises BadForm."""
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        raise BadForm("This is no date.", message="console/no_date") from None
    if wall.tzinfo is not None or not 2000 < wall.year < 2100:
        raise BadForm("This is no date.", message="console/no_date")
    return wall.replace(second=0, microsecond=0)


def keep_typed(data: Mapping[str, Any], fields: Sequence[str], faulty: Mapping[str, str]) -> dict[str, str]:
    """What is kept of faulty fields: of these `fields` as they are now, of all others as they were."""
    before: Mapping[str, str] = data.get(TYPED) or {}
    return {**{name: text for name, text in before.items() if name not in fields}, **faulty}


def is_fragment(visit: Visit) -> bool:
    """Whether a script asks for a part of the page."""
    return visit.request.headers.get("hx-request") == "true"


def reader_of(visit: Visit) -> Person:
    """Whom a preview is filled for: its author, with a name."""
    person = visit.author.person
    return person._replace(first_name=person.first_name or PLACEHOLDERS["first_name"].example)
