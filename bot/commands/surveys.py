"""`portevoix surveys …`: surveys from a file, all there are, and what was answered. See docs/surveys.md."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from pathlib import Path
from typing import Any

from bot.actions import audit, survey_results, surveys
from bot.actions.expressions import ExpressionOccasion
from bot.actions.survey_results import QuestionCount, Results
from bot.actions.surveys import Made, NewSurvey
from bot.campaign.campaign import Campaign
from bot.commands.arguments import SubCommands, content_of, group
from bot.commands.reading import campaign_of, read_once
from bot.commands.survey_file import read_survey
from bot.commands.tables import print_table
from bot.communes import load
from bot.rules.counting import counted_people
from bot.rules.small_counts import Headcount, Reader
from bot.rules.surveys import words_in
from bot.settings import Settings
from bot.startup import opened, present

BAR = 24
"""Characters of the longest bar."""
EVERYWHERE = Reader(known_in=None)
"""Who has the machine may read every count."""


def add_to(commands: SubCommands) -> None:
    surveys_ = group(commands, "surveys", "surveys, and what was answered")
    import_parser = surveys_.add_parser(
        "import",
        help="ask the survey of a file",
        description="Make the survey of a TOML file and send it to its audience, now or as soon as the law and the"
        " hours allow. A file with a fault is not imported at all; the same file twice asks once.",
    )
    import_parser.add_argument(
        "file", type=Path, metavar="FILE.toml", help="`portevoix docs surveys` tells what is in it"
    )
    import_parser.add_argument(
        "--dry-run", action="store_true", help="check it and count the people, and send nothing"
    )
    import_parser.set_defaults(run=import_)
    list_parser = surveys_.add_parser(
        "list", help="every survey", description="Print every survey, the newest first."
    )
    list_parser.add_argument("--json", action="store_true", help="a JSON array instead of a table")
    list_parser.set_defaults(run=list_)
    results_parser = surveys_.add_parser(
        "results",
        help="how many people chose what",
        description="Print how many people chose which option of a survey, as far as it was answered by now."
        " Percentages are of those whom a question was put to: they answered it, or left it out.",
    )
    results_parser.add_argument(
        "code", metavar="CODE", help="the survey’s code, as `portevoix surveys list` tells it"
    )
    results_parser.add_argument("--json", action="store_true", help="a JSON array instead of bars")
    results_parser.set_defaults(run=results)


def import_(arguments: Namespace, settings: Settings) -> int:
    campaign = campaign_of(settings)
    new = read_survey(content_of(arguments.file, "a TOML file"), arguments.file, campaign.languages)
    made = asyncio.run(_import(new, campaign, settings, dry_run=arguments.dry_run))
    if not made.is_new:
        print(f"The survey {new.code} is there already (message {made.broadcast}): nothing was changed.")
    elif made.broadcast is None:
        print(f"The survey {new.code} would go to {counted_people(made.people)}: nothing was sent.")
    else:
        print(f"The survey {new.code} goes to {counted_people(made.people)}, as message {made.broadcast}.")
        if made.awaits_approval:
            print(
                "It is for so many people that a second person has to let it go: the team was asked in the chat."
            )
    return 0


async def _import(new: NewSurvey, campaign: Campaign, settings: Settings, *, dry_run: bool) -> Made:
    async with opened(settings) as database:
        occasion = ExpressionOccasion(
            campaign=campaign, gazetteer=load(settings.data), now=await present(settings)
        )
        begin = database.read if dry_run else database.write
        async with begin() as tx:
            return await surveys.import_survey(tx, new, occasion, actor=audit.COMMAND_LINE, dry_run=dry_run)


def list_(arguments: Namespace, settings: Settings) -> int:
    language = campaign_of(settings).languages[0]
    found = read_once(settings, survey_results.listed)
    if arguments.json:
        print(json.dumps([_line(each, language) for each in found], ensure_ascii=False))
    elif not found:
        print("There is no survey yet.")
    else:
        rows = [
            (
                each.survey.code,
                words_in(each.survey.form.title, language),
                each.survey.state,
                f"{each.survey.closes_at:%Y-%m-%d %H:%M}",
                f"{each.survey.erase_at:%Y-%m-%d}",
                f"{each.people.total:,}",
            )
            for each in found
        ]
        print_table(("code", "title", "state", "closes (UTC)", "erased", "people"), rows)
    return 0


def _line(found: Results, language: str) -> dict[str, Any]:
    survey = found.survey
    return {
        "code": survey.code,
        "title": words_in(survey.form.title, language),
        "state": survey.state,
        "closes": survey.closes_at.isoformat(),
        "erase": survey.erase_at.isoformat(),
        "questions": len(survey.form.questions),
        "message": survey.broadcast,
        "people": found.people.total,
    }


def results(arguments: Namespace, settings: Settings) -> int:
    language = campaign_of(settings).languages[0]
    found = read_once(settings, lambda tx: survey_results.results(tx, arguments.code))
    if arguments.json:
        print(json.dumps(_rows(found), ensure_ascii=False))
    else:
        _print(found, language)
    return 0


def _rows(found: Results) -> list[dict[str, Any]]:
    """A row for each option; a question that was left out has one of no option."""
    rows: list[dict[str, Any]] = []
    for each in found.questions:
        name = each.question.id
        rows += [
            {"question": name, "option": option.id, "people": people.total} for option, people in each.options
        ]
        if each.skipped.total:
            rows.append({"question": name, "option": None, "people": each.skipped.total})
    return rows


def _print(found: Results, language: str) -> None:
    print(f"{words_in(found.survey.form.title, language)}: {counted_people(found.people.total)} answered.")
    for each in found.questions:
        counts = [people.total for _, people in each.options]
        asked = "" if each.asked is None else f" (answered or skipped by {counted_people(each.asked.total)})"
        print()
        print(f"{words_in(each.question.text, language)}{asked}")
        rows = [
            (
                f"  {words_in(option.text, language)}",
                f"{people.total:>9,}",
                _percent(each, people),
                "█" * round(BAR * people.total / max(1, *counts)),
            )
            for option, people in each.options
        ]
        if each.skipped.total:
            rows.append(("  (skipped)", f"{each.skipped.total:>9,}", _percent(each, each.skipped), ""))
        print_table(("  ", "   people", "", ""), rows)


def _percent(counted: QuestionCount, people: Headcount) -> str:
    percent = counted.percent(EVERYWHERE, people)
    return "" if percent is None else f"{percent:>3.0f}%"
