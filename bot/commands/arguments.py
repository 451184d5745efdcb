"""What the modules of commands share: groups of sub-commands, and arguments turned into values."""

from __future__ import annotations

from argparse import ArgumentParser, _SubParsersAction
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from bot.campaign.campaign import shipped_path
from bot.commands.places import wide_area_named, wide_areas
from bot.communes import load
from bot.errors import PortevoixError, UnknownArea
from bot.rules.areas import ABROAD_AREA, normal_area
from bot.settings import Settings

# argparse gives the action that adds sub-commands no public name.
SubCommands: TypeAlias = "_SubParsersAction[ArgumentParser]"

AREA_HELP = "FR (everywhere, the default), abroad, a region (R84), a département (69) or a commune (69123)"


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
    """The area code of an argument. Raises UnknownArea, and CommandRefused for a commune that does not exist."""
    try:
        code = normal_area(text)
    except UnknownArea:
        if (named := _area_named(text, settings)) is None:
            raise
        raise CommandRefused(f"“{text}” is not the code of an area: {named}.") from None
    if len(code) == 5 and code != ABROAD_AREA and load(settings.data).by_code(code) is None:
        raise CommandRefused(
            f"There is no commune {code}: find its code with `portevoix communes search NAME`."
        )
    return code


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
