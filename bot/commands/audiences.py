"""`portevoix audiences …`: who is in an audience that is said as an expression, and audiences under a name."""

from __future__ import annotations

import asyncio
import json
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from textwrap import fill
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

import db.saved_audiences
from bot.actions import audit, expressions, saved_audiences
from bot.actions.expressions import Asked, Counted, ExpressionOccasion, Why
from bot.commands.arguments import AREA_HELP, SubCommands, area, group, number
from bot.commands.reading import campaign_of
from bot.commands.tables import print_table
from bot.communes import load
from bot.rules.belonging import DecidingLeaf
from bot.rules.expression_text import spotted
from bot.rules.expressions import text_of
from bot.rules.leaves import LEAVES, saved_name
from bot.rules.opt_outs import LARGEST_ID
from bot.rules.reaching import Held
from bot.rules.sending import USEFUL_FOR
from bot.settings import Settings
from bot.startup import opened, present
from db.engine import Database
from db.rolls import Rolls

T = TypeVar("T")
WIDTH = 80
Work = Callable[[AsyncConnection, ExpressionOccasion], Awaitable[T]]

_HELD = {
    Held.UNREACHABLE: "blocked the bot or closed their account",
    Held.CANDIDATE_OUT: "the candidate is out",
    Held.MUTED: "switched news off",
    Held.QUIET: "a quiet period keeps it from them",
    Held.HOURS: "no hour of theirs at which it may leave",
    Held.CAP: "had as many messages as the caps allow",
}


def add_to(commands: SubCommands) -> None:
    audiences = group(commands, "audiences", "who is in an audience, and audiences under a name")
    count_parser = audiences.add_parser(
        "count",
        help="how many are in an audience, and how many a message reaches",
        description="Count who is in an audience, how it grows with each condition, and whom a message of news that is"
        " sent now would reach while it is of use.",
    )
    _add_expression(count_parser)
    count_parser.add_argument("--json", action="store_true", help="a JSON object instead of a table")
    count_parser.set_defaults(run=count)
    why_parser = audiences.add_parser(
        "why",
        help="whether somebody is in an audience, and by which condition",
        description="Say whether somebody is in an audience, by which of its conditions, and whether news sent now"
        " would reach them.",
    )
    _add_expression(why_parser)
    why_parser.add_argument(
        "--telegram-id", required=True, metavar="N", help="Telegram’s number of the person"
    )
    why_parser.set_defaults(run=why)
    audiences.add_parser(
        "list", help="the saved audiences", description="Print the saved audiences, by name."
    ).set_defaults(run=list_saved)
    save_parser = audiences.add_parser(
        "save",
        help="save an audience under a name",
        description="Save an audience under a name, in place of the one that has it. Others name it as audience:NAME.",
    )
    save_parser.add_argument("name", metavar="NAME", help="a letter, then letters, digits, - and _")
    _add_expression(save_parser)
    save_parser.add_argument(
        "--area",
        metavar="CODE",
        help=f"nobody outside is in it: {AREA_HELP}; one that is replaced keeps its own",
    )
    save_parser.set_defaults(run=save)
    delete_parser = audiences.add_parser(
        "delete",
        help="delete a saved audience",
        description="Delete a saved audience that no other one names.",
    )
    delete_parser.add_argument("name", metavar="NAME", help="as `audiences list` tells it")
    delete_parser.set_defaults(run=delete)


def _add_expression(parser: ArgumentParser) -> None:
    parser.add_argument(
        "expression",
        metavar="EXPRESSION",
        help="conditions with and, or, not and parentheses; or its JSON tree",
    )
    # The table keeps its lines; so the description brings its own.
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.description = fill(parser.description or "", WIDTH)
    width = max(len(form.example) for form in LEAVES.values()) + 4
    rows = (
        fill(
            form.meaning,
            WIDTH,
            initial_indent=f"  {form.example}".ljust(width),
            subsequent_indent=" " * width,
        )
        for form in LEAVES.values()
    )
    ends = "`portevoix docs audiences` tells what they mean in full."
    parser.epilog = "\n".join(("conditions:", *rows, "", ends))


def count(arguments: Namespace, settings: Settings) -> int:
    asked = _asked(arguments.expression)
    found = asyncio.run(_counted(asked, settings))
    if arguments.json:
        print(json.dumps(_as_json(found), ensure_ascii=False))
    else:
        _print_count(found)
    return 0


def _as_json(found: Counted) -> dict[str, object]:
    return {
        "expression": found.expression,
        "people": found.people,
        "reachable": found.reachable,
        "held": {reason.value: people for reason, people in found.held.items()},
        "steps": [vars(step) for step in found.steps],
    }


def _print_count(found: Counted) -> None:
    print(found.expression)
    rows = [(step.leaf, f"{step.people:,}", f"{step.alone:,}") for step in found.steps]
    print_table(("with each condition", "people", "alone"), rows)
    print()
    days = USEFUL_FOR.days
    print(f"{found.people:>9,}  {'person is' if found.people == 1 else 'people are'} in it")
    print(f"{found.reachable:>9,}  would get a message of news that is sent now, within its {days} days")
    for reason, people in found.held.items():
        print(f"{people:>9,}  would not: {_HELD[reason]}")


def why(arguments: Namespace, settings: Settings) -> int:
    asked = _asked(arguments.expression)
    who = number("--telegram-id", arguments.telegram_id, least=1, most=LARGEST_ID - 1)
    found = _reading(settings, lambda tx, occasion: expressions.why(tx, asked, occasion, telegram_id=who))
    for line in _told(who, found):
        print(line)
    return 0


def _told(who: int, found: Why) -> list[str]:
    if not found.is_supporter:
        return [
            f"{who} is in no audience: they have not signed up, asked for silence, or restricted their data."
        ]
    by = ", ".join(map(_reason, found.verdict.by))
    first = f"{who} is in it: {by}." if found.is_in else f"{who} is not in it, for this does not hold: {by}."
    reached = "would reach them" if found.held is None else f"would not reach them: {_HELD[found.held]}"
    return [first, f"A message of news that is sent now {reached}."]


def _reason(reason: DecidingLeaf) -> str:
    return (
        f"{reason.text} (they did not agree that their commune is used)" if reason.no_consent else reason.text
    )


def list_saved(arguments: Namespace, settings: Settings) -> int:
    async def work(tx: AsyncConnection, _: ExpressionOccasion) -> list[tuple[str, str, str, str]]:
        saved = await db.saved_audiences.all_saved(tx)
        return [
            (each.name, each.area, f"{each.saved_at:%Y-%m-%d %H:%M} UTC", text_of(each.expression))
            for each in saved.values()
        ]

    print_table(("name", "area", "saved", "expression"), _reading(settings, work))
    return 0


def save(arguments: Namespace, settings: Settings) -> int:
    name, asked = saved_name(arguments.name), _asked(arguments.expression)
    where = None if arguments.area is None else area(arguments.area, settings)

    async def work(tx: AsyncConnection, occasion: ExpressionOccasion) -> saved_audiences.Saved:
        return await saved_audiences.save(tx, name, asked, occasion, area=where, actor=audit.COMMAND_LINE)

    found = _writing(settings, work)
    instead = f", in place of: {text_of(found.before.expression)}" if found.before is not None else ""
    print(f"“{name}” is saved for {found.audience.area}: {text_of(asked.expression)}{instead}")
    return 0


def delete(arguments: Namespace, settings: Settings) -> int:
    name = saved_name(arguments.name)
    gone = _writing(
        settings, lambda tx, occasion: saved_audiences.delete(tx, name, occasion, actor=audit.COMMAND_LINE)
    )
    print(f"“{name}” is deleted; it was: {text_of(gone.expression)}")
    return 0


def _asked(typed: str) -> Asked:
    expression, spots = spotted(typed)
    return Asked(expression=expression, spots=spots)


async def _counted(asked: Asked, settings: Settings) -> Counted:
    async with _on_occasion(settings) as (database, occasion):
        return await expressions.count(Rolls(database), asked, occasion)


def _reading(settings: Settings, work: Work[T]) -> T:
    return asyncio.run(_run(settings, work, writes=False))


def _writing(settings: Settings, work: Work[T]) -> T:
    return asyncio.run(_run(settings, work, writes=True))


async def _run(settings: Settings, work: Work[T], *, writes: bool) -> T:
    async with (
        _on_occasion(settings) as (database, occasion),
        database.write() if writes else database.read() as tx,
    ):
        return await work(tx, occasion)


@asynccontextmanager
async def _on_occasion(settings: Settings) -> AsyncIterator[tuple[Database, ExpressionOccasion]]:
    campaign = campaign_of(settings)
    async with opened(settings) as database:
        now = await present(settings)
        yield database, ExpressionOccasion(campaign=campaign, gazetteer=load(settings.data), now=now)
