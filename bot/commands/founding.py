"""`portevoix init`: a campaign file of one's own, after a few questions."""

from __future__ import annotations

import asyncio
import shlex
from argparse import Namespace
from functools import partial
from pathlib import Path

from bot.campaign.calendar import HEADERS, as_row, calendar_entries
from bot.campaign.campaign import Campaign, parse_campaign
from bot.commands.arguments import CommandRefused, SubCommands, typed
from bot.commands.campaign import checked, over, valid
from bot.commands.founding_file import written
from bot.commands.founding_questions import QUESTIONS, BadAnswer, Founding, Prompt
from bot.commands.tables import print_table
from bot.communes import load
from bot.exporting.files import appearing_at
from bot.rules.territories import TERRITORIES
from bot.settings import Settings
from bot.startup import present
from locales import LANGUAGES

SHOWN = ("ballot", "step", "local time", "blocked")
"""The columns of the short calendar."""


def add_to(commands: SubCommands) -> None:
    parser = commands.add_parser(
        "init",
        help="begin a campaign of your own",
        description="Ask a few questions and write FOLDER/campaign.toml, which `portevoix check` accepts. What an"
        " option answers is not asked.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a folder, made if need be")
    for question in QUESTIONS:
        parser.add_argument(question.option, metavar="TEXT", help=question.text)
    parser.add_argument("--yes", action="store_true", help="take what is offered where there is an offer")
    parser.set_defaults(run=found)


def found(arguments: Namespace, settings: Settings) -> int:
    """Asks, writes the file, checks it and shows what it will send; a file that exists is never replaced."""
    file = arguments.folder / "campaign.toml"
    if file.exists():
        raise CommandRefused(f"{file} exists already: edit it, or choose another folder.")
    text = written(ask_all(arguments, Founding(gazetteer=partial(load, settings.data))))
    campaign, faults = parse_campaign(text, languages=LANGUAGES)
    if campaign is None:
        raise CommandRefused("These answers make no valid campaign: " + " ".join(map(str, faults)))
    _write(file, text)
    campaign = checked(file)
    if campaign is None:
        return 2
    for warning in over(campaign, asyncio.run(present(settings))):
        print(warning)
    print(valid(file, campaign, settings))
    _show(campaign)
    print(
        f"\n{file} is written. Next: read it through, translate its texts, name it to every command,\n\n"
        f"    export PORTEVOIX_CAMPAIGN={shlex.quote(str(arguments.folder.resolve()))}\n\n"
        "play it with `portevoix rehearse`, then start it with `portevoix run`."
    )
    return 0


def _show(campaign: Campaign) -> None:
    """The calendar of the first territory; the others differ by their day and hour alone."""
    home = campaign.home
    more = len(campaign.ballots[0].territories) > 1
    print(f"\nWhat it will send, by the time of {TERRITORIES[home].name}", end="")
    print(" (`portevoix calendar` has the others):" if more else ":")
    columns = [HEADERS.index(name) for name in SHOWN]
    rows = (as_row(entry) for entry in calendar_entries(campaign) if entry.territory == home)
    print_table(SHOWN, [[row[column] for column in columns] for row in rows])


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


def ask_all(arguments: Namespace, founding: Founding) -> dict[str, object]:
    """Every answer by its name. Raises CommandRefused for an option that is wrong or of no use, and where standard
    input ends before.
    """
    for question in QUESTIONS:
        given = getattr(arguments, question.name)
        if not question.concerns(founding):
            if given is not None:
                raise CommandRefused(f"{question.option} does not concern such a vote: leave it out.")
            continue
        offered = question.default(founding)
        if given is None and arguments.yes:
            given = offered
        founding.answers[question.name] = (
            _ask(question, offered, founding) if given is None else _read(question, given, founding)
        )
    return founding.answers


def _read(question: Prompt, given: str, founding: Founding) -> object:
    try:
        return question.answer(given.strip(), founding)
    except BadAnswer as fault:
        raise CommandRefused(f"{question.option}: {fault}") from None


def _ask(question: Prompt, offered: str | None, founding: Founding) -> object:
    prompt = f"{question.text} [{offered}]" if offered else question.text
    while True:
        said = typed(f"{prompt}: ")
        if said is None:
            raise CommandRefused(
                f"The answers ended too soon: run `portevoix init` in a terminal, or answer with {question.option}."
            )
        try:
            return question.answer(said or (offered or ""), founding)
        except BadAnswer as fault:
            print(fault)
