"""Message name + language + values -> what Telegram shows: HTML and buttons.

A message is one file, `locales/templates/<feature>/<message>.html.j2`: its words and its buttons, so that one
who reads it sees what the person will see. In a template,

    {{ button(_("I'll come"), "rsvp", event.code, "yes") }}   adds a button to the current row;
    {{ grid(labels, 6, "knock", [walk.id], mode) }}           adds rows of six: each label with its own argument;
    {{ row() }}                                               begins another row;
    {{ link(_("Open the map"), url) }}                        adds a button that opens an address;
    {{ app(_("Open the console"), url) }}                     adds one that opens a Mini App;
    {{ ask_location(_("Share my location")) }}                asks through the reply keyboard;
    {{ words(question.text) }}                                what was written in several languages, in the reader's;
    {{ button(_("Yes"), "agree", "yes", mark("consents/team")) }}  says which words the button stands under.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from types import CodeType
from typing import Any, ClassVar, NamedTuple

import babel
from jinja2 import (
    BaseLoader,
    BytecodeCache,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    FunctionLoader,
    StrictUndefined,
    pass_context,
)
from jinja2.bccache import Bucket
from jinja2.ext import Extension
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from bot.campaign.campaign import Campaign
from bot.campaign.own_templates import OwnTemplate
from bot.frozen import Frozen
from bot.rules.surveys import words_in
from bot.words import filters
from bot.words.filters import filters_of
from bot.words.no_break import bound, with_plain_spaces
from bot.words.translating import TEXTS_KEPT, Kept, translating
from locales import FOLDER, LANGUAGES, TEMPLATES, catalogue, compiled
from locales.words import words_of

# Buttons outlive releases: a callback names the version of its grammar, so that an older one is recognised.
CALLBACK_VERSION = "1"
CALLBACK_LIMIT = 64  # bytes, Telegram's own


def callback(action: str, *arguments: object) -> str:
    """Callback data `1:action:argument…`, at most 64 bytes (ValueError beyond)."""
    return within_limit(":".join((CALLBACK_VERSION, action, *map(str, arguments))))


def within_limit(data: str) -> str:
    """The same; ValueError where it is too long."""
    if len(data.encode()) > CALLBACK_LIMIT:
        raise ValueError(f"Callback data is longer than {CALLBACK_LIMIT} bytes: {data}")
    return data


MARK = "="
"""Begins the mark of a button: no code and no answer does."""
MARK_DIGITS = 16


def mark_of(written: str) -> str:
    """What the buttons under a question say of its words (`Text.written`), so that a tap tells which were read."""
    return MARK + sha256(written.encode()).hexdigest()[:MARK_DIGITS]


def without_mark(arguments: Sequence[str]) -> tuple[list[str], str]:
    """What a button says, and the mark of the words that it stands under; "" where it bears none."""
    marks = [each for each in arguments if each.startswith(MARK)]
    return [each for each in arguments if each not in marks], marks[0] if len(marks) == 1 else ""


class Button(NamedTuple):
    """An inline button: `data` comes back when it is tapped, `url` opens, `app` opens within Telegram."""

    label: str
    data: str | None = None
    url: str | None = None
    app: str | None = None


class Text(Frozen):
    """A rendered message: Telegram HTML, inline buttons by row, and a location request if there is one.

    `written`: the HTML as templates and catalogues have it, before `bot.words.no_break`. The ledger of consents keeps
    the hash of this one, so that another custom of spaces is not another text.
    `speaks`: for the campaign, or of its events.
    """

    html: str
    written: str
    keyboard: tuple[tuple[Button, ...], ...] = ()
    location_request: str | None = None
    speaks: bool = False

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


def _button_json(button: Button) -> dict[str, Any]:
    if button.app is not None:
        return {"text": button.label, "web_app": {"url": button.app}}
    if button.url is not None:
        return {"text": button.label, "url": button.url}
    return {"text": button.label, "callback_data": button.data or ""}


def _plain(label: str) -> str:
    # gettext gives Markup under autoescape; a button shows plain text.
    return str(label.unescape()) if isinstance(label, Markup) else str(label)


class _Keyboard:
    """A keyboard that collects a template's buttons while it renders."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._rows: list[list[Button]] = [[]]
        self.location_request: str | None = None
        self.verbs = {name: getattr(self, name) for name in _VERBS}

    @property
    def rows(self) -> tuple[tuple[Button, ...], ...]:
        return tuple(tuple(row) for row in self._rows if row)

    def _label(self, label: str) -> str:
        return bound(_plain(label), self._language)

    # Each leaves nothing where it stands.

    def button(self, label: str, action: str, *arguments: object) -> str:
        self._rows[-1].append(Button(label=self._label(label), data=callback(action, *arguments)))
        return ""

    def grid(
        self,
        labels: Iterable[tuple[str, object]],
        columns: int,
        action: str,
        before: Sequence[object],
        *after: object,
    ) -> str:
        """Buttons by the dozen: of each its label and what is its own among the arguments, after those of all."""
        begin = callback(action, *before)
        end = "".join(f":{each}" for each in after)
        buttons = [
            Button(bound(label, self._language), within_limit(f"{begin}:{own}{end}")) for label, own in labels
        ]
        self._rows += [buttons[first : first + columns] for first in range(0, len(buttons), columns)]
        self._rows.append([])
        return ""

    def link(self, label: str, url: str) -> str:
        self._rows[-1].append(Button(label=self._label(label), url=url))
        return ""

    def app(self, label: str, url: str) -> str:
        self._rows[-1].append(Button(label=self._label(label), app=url))
        return ""

    def row(self) -> str:
        self._rows.append([])
        return ""

    def ask_location(self, label: str) -> str:
        self.location_request = self._label(label)
        return ""


_VERBS = ("button", "grid", "link", "app", "row", "ask_location")


@pass_context
def _mark(context: Context, name: str) -> str:
    """The mark of the words of a template, with the values of the one that includes them."""
    template = context.environment.get_template(f"{name}.html.j2")
    silent = dict.fromkeys(_VERBS, lambda *_: "")
    return mark_of(_tidy(template.render({**context.get_all(), **silent})))


SPEAKING = frozenset({"check_ins", "events", "friends", "shifts", "step_replies", "steps", "surveys"})
"""The folders of messages that speak for the campaign or of what it arranges: in a quiet period none of them leaves."""


class Texts:
    """Renders messages in every language. `common` values (the campaign) are seen by every template.

    `own`: the step templates of the campaign, which come before those of the same name.
    """

    def __init__(self, common: Mapping[str, Any], *, own: Collection[OwnTemplate] = ()) -> None:
        self._environments = {code: _environment(code, common, form="html") for code in LANGUAGES}
        # Templates that a campaign brings along come from outside: they run in a sandbox.
        self._own = {f"steps/{template.name}" for template in own}
        self._sandboxes = {code: _sandbox(code, common, own) for code in LANGUAGES if own}
        # For values that can be hashed: what tells many people the same is rendered once.
        self.render_once = lru_cache(TEXTS_KEPT)(self.render)

    def render(self, name: str, language: str, **values: Any) -> Text:
        """The message `name` (`events/card`) in `language`; a missing value raises UndefinedError."""
        keyboard = _Keyboard(language)
        environments = self._sandboxes if name in self._own else self._environments
        template = environments[language].get_template(f"{name}.html.j2")
        written = _tidy(template.render({**keyboard.verbs, **values}))
        return Text(
            html=bound(written, language),
            written=written,
            keyboard=keyboard.rows,
            location_request=keyboard.location_request,
            speaks=name.partition("/")[0] in SPEAKING,
        )

    def plain(self, name: str, language: str, **values: Any) -> str:
        """The words without HTML, as people read them: for toasts, menus and captions."""
        return self.render(name, language, **values).plain

    def typed(self, name: str, language: str, **values: Any) -> str:
        """The words without HTML and with plain spaces, as people type them: for what is kept or compared."""
        return with_plain_spaces(self.plain(name, language, **values))

    def names(self) -> list[str]:
        """Every message there is, for the tests that render them all."""
        found = next(iter(self._environments.values())).list_templates(filter_func=_is_message)
        return [name.removesuffix(".html.j2") for name in found]


def campaign_texts(campaign: Campaign) -> Texts:
    """The texts of a campaign, its own templates included."""
    return Texts({"campaign": campaign}, own=campaign.own_templates)


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


class _CompiledOnce(BytecodeCache):
    """Compiling a template takes far longer than rendering it: it is done once in a process, for every environment of
    a language, and once for all processes where it can be kept.
    """

    compiled: ClassVar[dict[tuple[str, str], CodeType]] = {}

    def __init__(self, language: str, form: str) -> None:
        self._language, self._form = language, form  # what a filter makes of a constant is compiled in

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.compiled.get((self._name(bucket), bucket.checksum))
        if bucket.code is None and (found := compiled.find(self._name(bucket), self._source(bucket))):
            bucket.bytecode_from_string(found)

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None  # jinja2 has just compiled it
        self.compiled[self._name(bucket), bucket.checksum] = bucket.code
        compiled.keep(self._name(bucket), self._source(bucket), bucket.bytecode_to_string())

    def _name(self, bucket: Bucket) -> str:
        return f"{self._form}.{self._language}.{bucket.key}"

    def _source(self, bucket: Bucket) -> bytes:
        return bucket.checksum.encode() + _made_with(self._language)


@cache
def _made_with(language: str) -> bytes:
    """What else a compiled template depends on: this module and its filters, Babel, and the words of the language."""
    words = (FOLDER / language / "words.toml").read_bytes()
    code = Path(__file__).read_bytes() + Path(filters.__file__).read_bytes()
    return sha256(code + babel.__version__.encode() + words).digest()


def markdown_environment(code: str, common: Mapping[str, Any]) -> Environment:
    """The renderer of documents, which people print: dates and numbers as in messages, no HTML."""
    return _environment(code, common, autoescape=False, form="plain")


def page_environment(code: str, common: Mapping[str, Any], pages: BaseLoader) -> Environment:
    """The renderer of web pages, which stand apart from messages and may include them."""
    return _environment(code, common, first=pages, form="page")


def _sandbox(code: str, common: Mapping[str, Any], own: Collection[OwnTemplate]) -> Environment:
    """The sandbox of a campaign's own templates: no attribute that begins with `_`, nothing changed, bounded loops."""
    # Those of all languages first, so that the one of this language takes their place.
    ordered = sorted(own, key=lambda template: template.language is not None)
    found = {f"steps/{each.name}.html.j2": each for each in ordered if each.language in (None, code)}

    def load(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        template = found.get(name)
        return None if template is None else (template.source, template.file, lambda: True)

    return _environment(code, common, first=FunctionLoader(load), kind=ImmutableSandboxedEnvironment)


def _globals_of(environment: Environment) -> Callable[..., dict[str, Any]]:
    """What all templates of an environment share. Each rendering, and each template that it includes, copies it: as
    Jinja's own map over another that took a third of the time of a short message.
    """

    def shared(own: Mapping[str, Any] | None) -> dict[str, Any]:
        return {**environment.globals, **own} if own else environment.globals

    return shared


def _environment(
    code: str,
    common: Mapping[str, Any],
    *,
    autoescape: bool = True,
    first: BaseLoader | None = None,
    kind: type[Environment] = Environment,
    form: str = "",
) -> Environment:
    # One environment a language: a compiled template is bound to its catalogue and its date formats.
    shipped = FileSystemLoader(str(TEMPLATES))
    environment = kind(
        loader=shipped if first is None else ChoiceLoader([first, shipped]),
        # What runs in a sandbox is compiled otherwise, and is this campaign's alone.
        bytecode_cache=_CompiledOnce(code, form) if form else None,
        auto_reload=False,  # else each rendering asks the disk whether its files have changed
        cache_size=-1,  # all of them: those of a campaign are few, and to know which was used last takes a search
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", _KeepLines],
    )
    environment.make_globals = _globals_of(environment)  # type: ignore[method-assign]  # of this one
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(catalogue(code), newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    environment.globals.update(translating(catalogue(code), Markup if autoescape else str))
    environment.globals.update(common)
    environment.globals.update(language=code, languages=LANGUAGES, mark=_mark)
    environment.globals.update(words=lambda text: words_in(text, code), kept=Kept())
    environment.filters.update(filters_of(LANGUAGES[code].locale, words_of(code)))
    return environment
