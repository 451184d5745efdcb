"""What the modules of commands share: groups of sub-commands, and arguments turned into values."""

from __future__ import annotations

from argparse import ArgumentParser, _SubParsersAction
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from bot.campaign.campaign import shipped_path
from bot.commands.places import called, meant, wide_area_named, wide_areas
from bot.communes import Commune, load
from bot.communes.unknown import HOW_TO_FIND, communes_near, instead_of, is_postcode, no_commune
from bot.errors import PortevoixError, UnknownArea
from bot.rules.areas import ABROAD_AREA, nearest_to, normal_area
from bot.rules.leaves import either
from bot.settings import Settings

# argparse gives the action that adds sub-commands no public name.
SubCommands: TypeAlias = "_SubParsersAction[ArgumentParser]"

AREA_HELP = "FR (everywhere, the default), abroad, a region (R84), a département (69) or a commune (69123)"
AREA_FORMS = "FR (everywhere), abroad, a region (R84), a département (69, 2A, 971) or a commune (69123)"
LONGEST_TOLD = 40
"""Characters of an argument that is no code which are told again."""


class CommandRefused(PortevoixError):
    """A command cannot do what its arguments say."""


def group(commands: SubCommands, name: str, help_: str) -> SubCommands:
    """A command that only holds others, such as `staff`."""
    parser = commands.add_parser(name, help=help_, description=help_[0].upper() + help_[1:] + ".")
    return parser.add_subparsers(title="commands", dest=f"{name}_command", required=True, metavar="COMMAND")


def typed(prompt: str) -> str | None:
    """What is typed after a prompt, without the blanks around it; None where the input ends."""
    try:
        return input(prompt).strip()
    except EOFError:
        print()  # what is said next does not follow the question on its line
        return None


def area(text: str, settings: Settings) -> str:
    """The area code of an argument. Raises CommandRefused for one that does not exist."""
    try:
        code = normal_area(text)
    except UnknownArea:
        raise CommandRefused(_no_area(text, settings)) from None
    if len(code) == 5 and code != ABROAD_AREA:
        return commune_of(code, settings).code
    return code


def commune_of(code: str, settings: Settings) -> Commune:
    """The commune of an argument. Raises CommandRefused."""
    gazetteer = load(settings.data)
    found = gazetteer.by_code(code.strip().upper())
    if found is None:
        typed = code.strip()[:LONGEST_TOLD] or "without a code"
        raise CommandRefused(no_commune(typed, gazetteer))
    return found


def _no_area(text: str, settings: Settings) -> str:
    """What is wrong with a text that is no area, in a sentence: the code of the place that it names, or what it may
    mean, and what an area is written as.
    """
    if (named := _area_named(text, settings)) is not None:
        return f"“{text}” is not the code of an area: {named}."
    gazetteer, typed = load(settings.data), text[:LONGEST_TOLD]
    communes = communes_near(typed, gazetteer)
    if communes and is_postcode(typed, communes):  # in Corsica they begin with no département
        perhaps = instead_of(typed, gazetteer)
    else:
        near = [called(code, gazetteer) for code in nearest_to(text)] or meant(text, gazetteer)
        perhaps = f"{either(near)} perhaps; " if near else ""
    return f"“{typed}” is not an area: {perhaps}write {AREA_FORMS}; {HOW_TO_FIND}."


def _area_named(text: str, settings: Settings) -> str | None:
    """The code of a place that was named instead, as `Rhône is 69`; None where no name is meant for certain."""
    gazetteer = load(settings.data)
    if (code := wide_area_named(text, gazetteer)) is not None:
        return f"{wide_areas(gazetteer)[code]} is {code}"
    found = gazetteer.search(text, limit=1)
    return f"{found.results[0].name} is {found.results[0].code}" if found.confident else None


def instant(text: str) -> datetime:
    """The instant of an argument: ISO 8601, a day meaning its start; UTC where no offset is given."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandRefused(
            f"“{text}” is not an instant: write 2016-11-20 or 2016-11-20T08:00:00+01:00."
        ) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def number(option: str, text: str, *, least: int, most: int) -> int:
    """The whole number of an argument."""
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise CommandRefused(f"{option} is “{text}”: write a whole number from {least} to {most:,}.")
    return int(text)


def content_of(file: Path, wanted: str) -> bytes:
    """The bytes of a file; `wanted` says which file to name instead. Raises CommandRefused."""
    try:
        return (file if file.exists() else shipped_path(file)).read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CommandRefused(f"{file} cannot be read ({reason}): name {wanted}.") from None
