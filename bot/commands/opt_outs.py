"""`portevoix opt-outs import`: people who said elsewhere that they want to hear nothing. See docs/opt-outs.md."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from bot.actions import audit, opt_outs
from bot.actions.opt_outs import ListEffects
from bot.commands.arguments import CommandRefused, SubCommands, content_of, group, typed
from bot.rules.counting import counted, counted_people
from bot.rules.opt_outs import OptOuts, read_opt_outs
from bot.settings import Settings
from bot.startup import opened, present, suppression_key

SHOWN_FAULTS = 20
DECLINED = 1


def add_to(commands: SubCommands) -> None:
    opt_outs_ = group(commands, "opt-outs", "people who want to hear nothing")
    parser = opt_outs_.add_parser(
        "import",
        help="stop everybody on a list, and invite none of them again",
        description=(
            "Stop everybody on a list of Telegram ids, one a line or in a CSV column, and invite none of them again."
            " It first tells what will happen, and asks. A list with a fault is not imported at all."
        ),
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="text or CSV, UTF-8")
    parser.add_argument("--column", metavar="NAME", help="the column of ids (default: telegram_id, id …)")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.set_defaults(run=import_)


def import_(arguments: Namespace, settings: Settings) -> int:
    """Tells what the list does, asks, and does it. Status 1 where the answer is no."""
    content = content_of(arguments.file, "a file of Telegram ids")
    told = read_opt_outs(_lines(content, arguments.file), column=arguments.column)
    _refuse_faults(told, arguments.file)
    print(
        f"{arguments.file} names {counted_people(len(told.ids))} (lines that repeat one: {told.repeated:,})."
    )
    _print_effects(asyncio.run(_preview(told.ids, settings)), done=False)
    if not arguments.yes and not _is_wanted():
        print("Nothing was changed.", file=sys.stderr)
        return DECLINED
    digest = hashlib.sha256(content).hexdigest()
    effects = asyncio.run(_import(told.ids, digest, settings))
    print("Done:")
    _print_effects(effects, done=True)
    return 0


def _lines(content: bytes, file: Path) -> list[str]:
    try:
        return content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise CommandRefused(
            f"{file}, line {line}: this is not UTF-8. Save the list as UTF-8 text or CSV."
        ) from None


def _refuse_faults(told: OptOuts, file: Path) -> None:
    if told.faults:
        for fault in told.faults[:SHOWN_FAULTS]:
            print(f"{file}, {fault}", file=sys.stderr)
        more = f" (the first {SHOWN_FAULTS} are above)" if len(told.faults) > SHOWN_FAULTS else ""
        raise CommandRefused(
            f"{file} has {counted(len(told.faults), 'fault')}{more}: nothing was imported. Correct the list."
        )
    if not told.ids:
        raise CommandRefused(f"{file} names nobody: write one Telegram id a line.")


def _stopped(count: int, *, done: bool) -> str:
    who, were = ("supporter", "was") if count == 1 else ("supporters", "were")
    return f"{who} {were if done else 'will be'} stopped at once"


def _print_effects(effects: ListEffects, *, done: bool) -> None:
    will, are = ("were", "were") if done else ("will be", "are")
    for count, what in (
        (effects.stopped, _stopped(effects.stopped, done=done)),
        (effects.already_stopped, "had asked for silence already"),
        (effects.unfinished, f"never finished signing up and {will} erased"),
        (effects.unknown, f"{are} unknown: only a keyed hash of each is kept"),
    ):
        print(f"{count:>9,}  {what}")
    print(f"None of them {'is' if done else 'will be'} invited again.", end=" ")
    print(f"{effects.already_suppressed:,} stood on the suppression list before.")


def _is_wanted() -> bool:
    said = typed("Go on? Type yes: ")
    if said is None:
        raise CommandRefused("Nobody answered: run this in a terminal, or with --yes.")
    return said.casefold() in ("yes", "oui")


async def _preview(ids: Sequence[int], settings: Settings) -> ListEffects:
    async with opened(settings) as database:
        key = await suppression_key(database, settings)
        async with database.read() as tx:
            return await opt_outs.preview(tx, ids, key=key)


async def _import(ids: Sequence[int], digest: str, settings: Settings) -> ListEffects:
    async with opened(settings) as database:
        key, now = await suppression_key(database, settings), await present(settings)
        async with database.write() as tx:
            return await opt_outs.import_list(
                tx, ids, key=key, digest=digest, actor=audit.COMMAND_LINE, now=now
            )
