"""The catalogues, kept up to date: what `scripts/words` does, and what the tests ask of them.

    scripts/words            extracts the messages of the templates, brings every catalogue up to date, checks it
    scripts/words --check    only checks: status 1 where something is missing, fuzzy or left over

A language that was just added to `LANGUAGES` gets its catalogue here, with every message still to be translated.
"""

from __future__ import annotations

import io
import re
import sys
import tomllib
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from bot.errors import PortevoixError
from locales import DOMAIN, FOLDER, LANGUAGES, SOURCE_LANGUAGE
from locales.words import words_of

HOME = Path(str(FOLDER))
TRANSLATED = tuple(code for code in LANGUAGES if code != SOURCE_LANGUAGE)
WIDTH = 110
_SHOWN = 10


def catalogue_file(language: str) -> Path:
    return HOME / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def said_in_templates() -> Catalog:
    """Every message of the templates, extracted as pyproject.toml says."""
    project = tomllib.loads((HOME.parent / "pyproject.toml").read_text(encoding="utf-8"))
    said = Catalog(project="Portevoix", charset="utf-8")
    for mapping in project["tool"]["babel"]["mappings"]:
        options = dict(mapping)
        pattern, method = options.pop("pattern").removeprefix(f"{HOME.name}/"), options.pop("method")
        for _, _, message, _, context in extract_from_dir(str(HOME), [(pattern, method)], {pattern: options}):
            said.add(message, context=context)
    return said


def written(language: str) -> Catalog:
    """The catalogue as it stands in its file; an empty one where there is none yet."""
    file = catalogue_file(language)
    source = file.read_bytes() if file.exists() else b""
    return read_po(io.BytesIO(source), locale=language)


def brought_up_to_date(language: str, said: Catalog) -> bytes:
    """The file of a catalogue with every message that is said and no other, sorted, as translated so far."""
    catalogue = written(language)
    if not catalogue_file(language).exists():
        catalogue.header_comment = (
            f"# Translations of Portevoix, {language}.\n# Under the same licence as Portevoix."
        )
        catalogue.fuzzy = False
    # The date would change with every run and tells nothing: version control knows.
    said.creation_date = catalogue.creation_date
    # A sentence that only looks like an old one must not pass for translated.
    catalogue.update(said, no_fuzzy_matching=True)
    file = io.BytesIO()
    write_po(file, catalogue, width=WIDTH, sort_output=True, no_location=True, ignore_obsolete=True)
    return file.getvalue()


def faults(language: str, said: Catalog) -> list[str]:
    """What is wrong with a language, a sentence each; nothing where all is said in it."""
    catalogue = written(language)
    found = [fault for message in catalogue if message.id for fault in _faults_of(message)]
    known, wanted = ({message.id for message in each if message.id} for each in (catalogue, said))
    found += [f"not in the catalogue: {_first(each)}" for each in sorted(wanted - known, key=_first)]
    found += [f"said nowhere any more: {_first(each)}" for each in sorted(known - wanted, key=_first)]
    return found


def _faults_of(message: Message) -> Iterator[str]:
    sources, forms = _all(message.id), _all(message.string or "")
    if not all(forms):
        yield f"not translated: {sources[0]}"
        return
    if message.fuzzy:
        yield f"marked fuzzy: {sources[0]}"
    for form in forms:
        # A singular may leave out the number that the plural shows.
        if not _placeholders(sources[0]) <= _placeholders(form) <= _placeholders(sources[-1]):
            yield f"other placeholders than the source: {form}"
        if _tags(form) != _tags(sources[0]):
            yield f"other tags than the source: {form}"


def _all(text: str | Sequence[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _first(message: object) -> str:
    return message if isinstance(message, str) else str(message[0])  # type: ignore[index]  # a singular and its plural


def _placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", text))


def _tags(text: str) -> list[str]:
    return sorted(re.findall(r"</?[a-z]+", text))


def main(arguments: Sequence[str] | None = None) -> int:
    """Brings up to date unless `--check` is given, then checks; the exit status."""
    parser = ArgumentParser(
        prog="scripts/words", description="Bring the catalogues up to date and check every language."
    )
    parser.add_argument("--check", action="store_true", help="write nothing")
    only_check = parser.parse_args(arguments).check
    said = said_in_templates()
    broken = False
    for language in LANGUAGES:
        found = [*_faults_of_words(language)]
        if language in TRANSLATED:
            if not only_check:
                _write(language, said)
            found += faults(language, said)
        broken = broken or bool(found)
        print(f"{language}: {len(said)} messages, {_told(found)}")
    return int(broken)


def _write(language: str, said: Catalog) -> None:
    file = catalogue_file(language)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(brought_up_to_date(language, said))


def _faults_of_words(language: str) -> Iterator[str]:
    try:
        words_of(language)
    except PortevoixError as fault:
        yield fault.sentence


def _told(found: Sequence[str]) -> str:
    if not found:
        return "all is well."
    more = [f"  … and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return "\n".join([f"{len(found)} to mend:", *(f"  {fault}" for fault in found[:_SHOWN]), *more])


if __name__ == "__main__":
    sys.exit(main())
