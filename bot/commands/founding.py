"""`portevoix init`: a campaign file of one's own, after a few questions."""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path

from bot.campaign.campaign import parse_campaign
from bot.commands.arguments import CommandRefused, SubCommands
from bot.commands.campaign import over
from bot.exporting.files import appearing_at
from bot.rules.typed import Meaning
from bot.settings import Settings
from bot.startup import present
from bot.words.vocabulary import vocabulary
from locales import LANGUAGES, SOURCE_LANGUAGE
from locales.words import words_of

MODEL = files("bot.commands") / "campaign.toml.template"
LANGUAGE_ORDER = ", ".join(LANGUAGES)


class BadAnswer(ValueError):
    """An answer that the question does not take, and what it takes; the question is put again."""


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A question, the value it sets in the file, and how an answer is read; an empty one means the default."""

    name: str
    text: str
    read: Callable[[str], object]
    default: str | None = None


def add_to(commands: SubCommands) -> None:
    parser = commands.add_parser(
        "init",
        help="begin a campaign of your own",
        description="Ask a few questions and write FOLDER/campaign.toml, which `portevoix check` accepts.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a folder, made if need be")
    parser.set_defaults(run=found)


def found(arguments: Namespace, settings: Settings) -> int:
    """Asks, writes the file and checks it; a file that exists is never replaced."""
    file = arguments.folder / "campaign.toml"
    if file.exists():
        raise CommandRefused(f"{file} exists already: edit it, or choose another folder.")
    text = written(ask_all())
    campaign, faults = parse_campaign(text, languages=LANGUAGES)
    if campaign is None:
        raise CommandRefused("These answers make no valid campaign: " + " ".join(map(str, faults)))
    _write(file, text)
    for warning in [*faults, *over(campaign, asyncio.run(present(settings)))]:
        print(warning)
    print(f"{file} is written. Read it through, then set PORTEVOIX_CAMPAIGN={arguments.folder}.")
    return 0


def _write(file: Path, text: str) -> None:
    """The bot’s own user can read it, whoever wrote it: a campaign file holds no secret. Raises CommandRefused."""
    is_new = not file.parent.exists()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if is_new:
            file.parent.chmod(0o755)
    except OSError as error:
        raise CommandRefused(
            f"{file.parent} cannot be made ({error.strerror}): choose another folder."
        ) from None
    with appearing_at(file) as stream:
        stream.write(text.encode())
    file.chmod(0o644)


def ask_all() -> dict[str, object]:
    """Every answer by its name. Raises CommandRefused where standard input ends before."""
    return {question.name: _ask(question) for question in QUESTIONS}


def _ask(question: Prompt) -> object:
    prompt = question.text if question.default is None else f"{question.text} [{question.default}]"
    while True:
        try:
            typed = input(f"{prompt}: ").strip() or (question.default or "")
        except EOFError:
            print()  # what is said next does not follow the question on its line
            raise CommandRefused(
                "The answers ended too soon: run `portevoix init` in a terminal, or give it one answer a line."
            ) from None
        try:
            return question.read(typed)
        except BadAnswer as fault:
            print(fault)


def written(answers: dict[str, object]) -> str:
    """The campaign file, with the answers in their places."""
    languages = answers["languages"]
    days = answers["ballots"]
    assert isinstance(languages, tuple)  # what `read` of the questions gives
    assert isinstance(days, tuple)
    words = {name: _words(str(answers[name]), languages) for name in ("name", "statement", "period")}
    if answers["funding"] == _FUNDING:
        words["funding"] = _each({language: words_of(language).funding for language in languages})
    else:
        words["funding"] = _words(str(answers["funding"]), languages)
    values = {
        "slug": _quoted(slug_of(str(answers["name"]))),
        "languages": ", ".join(map(_quoted, languages)),
        "ballots": "\n".join(_ballot(number, day, languages) for number, day in enumerate(days, start=1)),
        "day_before": str(answers["saturday"]),
        **{
            name: _quoted(str(answers[name]))
            for name in ("sender", "controller", "address", "privacy_contact")
        },
        **words,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], MODEL.read_text(encoding="utf-8"))


def slug_of(name: str) -> str:
    """`Élection 2027` -> `election-2027`."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "campaign"


def _quoted(text: str) -> str:
    # A JSON string without surrogate escapes is a TOML string.
    return json.dumps(text, ensure_ascii=False)


def _words(text: str, languages: tuple[str, ...]) -> str:
    """A text once for each language, to be translated in the file."""
    return _each(dict.fromkeys(languages, text))


def _each(texts: Mapping[str, str]) -> str:
    return "\n".join(f"{language} = {_quoted(text)}" for language, text in texts.items())


def _ballot(number: int, day: date, languages: tuple[str, ...]) -> str:
    names = ", ".join(
        f"{language} = {_quoted(words_of(language).round.replace('{number}', str(number)))}"
        for language in languages
    )
    return f"[[ballots]]\nday = {day.isoformat()}\nname = {{ {names} }}\n"


def _some_text(text: str) -> str:
    if not text:
        raise BadAnswer("This is needed: write something.")
    return text


def _contact(text: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+|https?://\S+", text):
        raise BadAnswer("Write an e-mail address such as data@example.org, or the address of a page.")
    return text


def _languages(text: str) -> tuple[str, ...]:
    codes = tuple(dict.fromkeys(text.replace(",", " ").lower().split()))
    unknown = [code for code in codes if code not in LANGUAGES]
    if unknown or not codes:
        raise BadAnswer(f"Choose among {LANGUAGE_ORDER}; the first is the fallback.")
    return codes


def _days(text: str) -> tuple[date, ...]:
    try:
        days = tuple(date.fromisoformat(word) for word in text.replace(",", " ").split())
    except ValueError as fault:
        raise BadAnswer(f"Write days such as 2027-04-11 ({fault}).") from None
    if not days or list(days) != sorted(set(days)):
        raise BadAnswer("Write one day or more, the earliest first, such as 2027-04-11 2027-04-25.")
    return days


_SATURDAY = ("971", "972", "973", "975", "977", "978", "987", "987-marquises", "987-gambier")


def _saturday(text: str) -> str:
    meaning = vocabulary(SOURCE_LANGUAGE).meaning({"y": "yes", "n": "no"}.get(text.lower(), text))
    if meaning not in (Meaning.YES, Meaning.NO):
        raise BadAnswer("Answer yes or no.")
    return json.dumps(list(_SATURDAY) if meaning is Meaning.YES else [])


_FUNDING = "donations and membership fees"
"""Stands for the words of each language of the campaign."""

QUESTIONS = (
    Prompt(name="name", text="The campaign’s name", read=_some_text),
    Prompt(
        name="languages",
        text=f"Its languages, the fallback first ({LANGUAGE_ORDER})",
        read=_languages,
        default="fr en",
    ),
    Prompt(name="sender", text="Who writes (the name under each message)", read=_some_text),
    Prompt(
        name="statement",
        text="One sentence that says who writes and why (translate it in the file)",
        read=_some_text,
    ),
    Prompt(name="controller", text="Who answers for the data (an association, a party)", read=_some_text),
    Prompt(name="address", text="Its postal address", read=_some_text),
    Prompt(name="privacy_contact", text="Where to write about one’s data", read=_contact),
    Prompt(
        name="funding",
        text="Where the money comes from (EU 2024/900)",
        read=_some_text,
        default=_FUNDING,
    ),
    Prompt(name="period", text="The period of the campaign, in words", read=_some_text),
    Prompt(name="ballots", text="The polling days, such as 2027-04-11 2027-04-25", read=_days),
    Prompt(
        name="saturday",
        text="Do the Americas and French Polynesia vote on the Saturday before?",
        read=_saturday,
        default="yes",
    ),
)
