"""Message name + language + values -> what Telegram shows: HTML and buttons.

A message is one file, `locales/templates/<feature>/<message>.html.j2`: its words and its buttons, so that one
who reads it sees what the person will see. In a template,

    {{ button(_("I'll come"), "rsvp", event.code, "yes") }}   adds a button to the current row;
    {{ row() }}                                               begins another row;
    {{ link(_("Open the map"), url) }}                        adds a button that opens an address;
    {{ ask_location(_("Share my location")) }}                asks through the reply keyboard.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.lists import format_list
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context
from markupsafe import Markup

from bot.communes.consulates import city_of
from locales import LANGUAGES, TEMPLATES, catalogue
from locales.words import Formats, words_of

# Buttons outlive releases: a callback names the version of its grammar, so that an older one is recognised.
CALLBACK_VERSION = "1"
CALLBACK_LIMIT = 64  # bytes, Telegram's own
DATES_KEPT = 1024
TEXTS_KEPT = 4096


def callback(action: str, *arguments: object) -> str:
    """Callback data `1:action:argument…`, at most 64 bytes (ValueError beyond)."""
    data = ":".join((CALLBACK_VERSION, action, *map(str, arguments)))
    if len(data.encode()) > CALLBACK_LIMIT:
        raise ValueError(f"Callback data is longer than {CALLBACK_LIMIT} bytes: {data}")
    return data


@dataclass(frozen=True, kw_only=True)
class Button:
    """An inline button: `data` comes back when it is tapped, `url` opens."""

    label: str
    data: str | None = None
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Text:
    """A rendered message: Telegram HTML, inline buttons by row, and a location request if there is one."""

    html: str
    keyboard: tuple[tuple[Button, ...], ...] = ()
    location_request: str | None = None

    @cached_property
    def plain(self) -> str:
        """The words without HTML."""
        return str(Markup(self.html).unescape())

    @cached_property
    def markup(self) -> Mapping[str, Any]:
        """The Bot API's `reply_markup`; without buttons, an empty inline keyboard. Made once: many may share a text."""
        if self.location_request is not None:
            request = {"text": self.location_request, "request_location": True}
            return {"keyboard": [[request]], "resize_keyboard": True, "one_time_keyboard": True}
        return {"inline_keyboard": [[_button_json(button) for button in row] for row in self.keyboard]}


def _button_json(button: Button) -> dict[str, str]:
    if button.url is not None:
        return {"text": button.label, "url": button.url}
    return {"text": button.label, "callback_data": button.data or ""}


@dataclass
class _Keyboard:
    """What a template's buttons are collected in while it renders."""

    rows: list[list[Button]] = field(default_factory=lambda: [[]])
    location_request: str | None = None


def _plain(label: str) -> str:
    # gettext gives Markup under autoescape; a button shows plain text.
    return str(label.unescape()) if isinstance(label, Markup) else str(label)


@pass_context
def _button(context: Context, label: str, action: str, *arguments: object) -> str:
    context["_keyboard"].rows[-1].append(Button(label=_plain(label), data=callback(action, *arguments)))
    return ""


@pass_context
def _link(context: Context, label: str, url: str) -> str:
    context["_keyboard"].rows[-1].append(Button(label=_plain(label), url=url))
    return ""


@pass_context
def _row(context: Context) -> str:
    context["_keyboard"].rows.append([])
    return ""


@pass_context
def _ask_location(context: Context, label: str) -> str:
    context["_keyboard"].location_request = _plain(label)
    return ""


class Texts:
    """Renders messages in every language. `common` values (the campaign) are seen by every template."""

    def __init__(self, common: Mapping[str, Any]) -> None:
        self._environments = {code: _environment(code, common) for code in LANGUAGES}
        # For values that can be hashed: what tells many people the same is rendered once.
        self.render_once = lru_cache(TEXTS_KEPT)(self.render)

    def render(self, name: str, language: str, **values: Any) -> Text:
        """The message `name` (`events/card`) in `language`; a missing value raises UndefinedError."""
        keyboard = _Keyboard()
        template = self._environments[language].get_template(f"{name}.html.j2")
        html = template.render(_keyboard=keyboard, **values)
        return Text(
            html=_tidy(html),
            keyboard=tuple(tuple(row) for row in keyboard.rows if row),
            location_request=keyboard.location_request,
        )

    def plain(self, name: str, language: str, **values: Any) -> str:
        """The same without HTML: for toasts, files and logs."""
        return self.render(name, language, **values).plain

    def names(self) -> list[str]:
        """Every message there is, for the tests that render them all."""
        found = next(iter(self._environments.values())).list_templates(filter_func=_is_message)
        return [name.removesuffix(".html.j2") for name in found]


def _is_message(name: str) -> bool:
    return name.endswith(".html.j2") and not name.split("/")[-1].startswith("_")


def _tidy(html: str) -> str:
    """Telegram shows line breaks as they are: keep paragraphs, drop what template tags left behind."""
    lines = (line.rstrip() for line in html.strip().splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


class _KeepLines(Extension):
    """Tags leave no empty lines behind, but the end of a sentence is not a tag to its reader: its line break stays."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return source.replace("endtrans %}", "endtrans +%}")


def markdown_environment(code: str, common: Mapping[str, Any]) -> Environment:
    """What renders documents for people who print them: the same formats, no HTML."""
    return _environment(code, common, autoescape=False)


def _environment(code: str, common: Mapping[str, Any], *, autoescape: bool = True) -> Environment:
    # One environment a language: a compiled template is bound to its catalogue and its date formats.
    environment = Environment(
        loader=FileSystemLoader(str(TEMPLATES)),
        auto_reload=False,  # else each rendering asks the disk whether its files have changed
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", _KeepLines],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(catalogue(code), newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    environment.globals.update(common)
    environment.globals.update(
        button=_button, link=_link, row=_row, ask_location=_ask_location, language=code, languages=LANGUAGES
    )
    environment.filters.update(_filters(LANGUAGES[code].locale, words_of(code).formats))
    return environment


def _filters(locale: str, formats: Formats) -> dict[str, Any]:
    """Filters: an aware instant with an IANA zone, or a plain date or time, in the language's own form."""

    # Many people are told of the same few days and hours, and Babel takes long over each.
    @lru_cache(DATES_KEPT)
    def day_words(local: date) -> str:
        return format_date(local, formats.day, locale)

    @lru_cache(DATES_KEPT)
    def hour_words(local: time) -> str:
        return format_time(local, formats.hour if local.minute else formats.full_hour, locale=locale)

    def day(moment: datetime | date, zone: str | None = None) -> str:
        local = moment.astimezone(ZoneInfo(zone)) if isinstance(moment, datetime) and zone else moment
        return day_words(local.date() if isinstance(local, datetime) else local)

    def day_and_month(moment: date) -> str:
        return format_date(moment, formats.short_day, locale)

    def hour(moment: datetime | time, zone: str | None = None) -> str:
        local = moment.astimezone(ZoneInfo(zone)) if isinstance(moment, datetime) and zone else moment
        return hour_words(local.time() if isinstance(local, datetime) else local)

    def moment_(moment: datetime, zone: str) -> str:
        return formats.moment.format(day=day(moment, zone), hour=hour(moment, zone))

    def stamp(moment: datetime, zone: str) -> str:
        return format_datetime(moment, "short", tzinfo=ZoneInfo(zone), locale=locale)

    def country(code: str) -> str:
        return str(Locale.parse(locale).territories.get(code, code))

    def zone_city(zone: str) -> str:
        return city_of(zone, locale)

    def number(value: float, pattern: str | None = None) -> str:
        return format_decimal(value, pattern, locale=locale)

    def listing(values: Iterable[object], style: Any = "standard") -> str:
        return format_list([str(value) for value in values], style=style, locale=locale)

    return {
        "country": country,
        "zone_city": zone_city,
        "day": day,
        "day_and_month": day_and_month,
        "hour": hour,
        "moment": moment_,
        "stamp": stamp,
        "number": number,
        "listing": listing,
    }
