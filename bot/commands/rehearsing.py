"""`portevoix rehearse`: the whole campaign played against the local Telegram, checked and reported."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from argparse import Namespace
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bot.commands.arguments import CommandRefused, SubCommands, number
from bot.commands.reading import shown_campaign
from bot.commands.running import run_to_end
from bot.settings import Settings

MOST_SUPPORTERS = 1_000_000
BAR = 30
BROKEN = 1


def add_to(commands: SubCommands) -> None:
    parser = commands.add_parser(
        "rehearse",
        help="play the whole campaign with invented people",
        description="Play the whole campaign with invented people on a local Telegram, and report what everybody "
        "received. Exit status 1 if a rule was broken.",
    )
    # Read by us, so that what is wrong is one sentence.
    parser.add_argument(
        "--supporters", default="2000", metavar="N", help="how many people there are (default: 2000)"
    )
    parser.add_argument(
        "--seed", default="1", metavar="N", help="the same seed, the same people (default: 1)"
    )
    parser.add_argument(
        "--report",
        type=Path,
        default=Path("rehearsal.html"),
        metavar="FILE",
        help="where the page goes (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print a line for each message that left")
    parser.set_defaults(run=rehearse)


def rehearse(arguments: Namespace, settings: Settings) -> int:
    """Plays, checks and reports; exit status 1 if a rule was broken."""
    supporters = number("--supporters", arguments.supporters, least=1, most=MOST_SUPPORTERS)
    seed = number("--seed", arguments.seed, least=0, most=2**63)
    settings = replace(settings, named_campaign=shown_campaign(settings))
    new = _claim(arguments.report)
    # Imported here: the other commands need none of it, and answer sooner.
    from bot.logs import configure_logs
    from bot.rehearsal import report, run

    configure_logs(logging.ERROR)
    options = run.Options(
        supporters=supporters,
        seed=seed,
        progress=_Bar() if sys.stderr.isatty() else _silent,
        write=sys.stdout.write if arguments.json else None,
    )
    outcomes: list[run.RehearsalResult] = []

    async def play() -> None:
        playing = asyncio.ensure_future(run.rehearse(settings, options))
        # Else the local Telegram and the temporary folder would outlive us.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, playing.cancel)
        await asyncio.wait([playing])
        if playing.cancelled():
            raise CommandRefused("The rehearsal was stopped before its end; there is no report.")
        outcomes.append(playing.result())

    try:
        run_to_end(play())
    except BaseException:
        if new:
            arguments.report.unlink(missing_ok=True)
        raise
    (outcome,) = outcomes
    arguments.report.write_text(report.page(outcome), encoding="utf-8")
    for line in report.lines(outcome, arguments.report):
        print(line, file=sys.stderr if arguments.json else sys.stdout)
    return BROKEN if outcome.broken else 0


def _claim(file: Path) -> bool:
    """Whether the report's file is new. Raises CommandRefused where it cannot be written, before an hour was played."""
    new = not file.exists()
    try:
        file.open("ab").close()
    except OSError as error:
        raise CommandRefused(
            f"The report {file} cannot be written ({error.strerror}): name another file with --report."
        ) from None
    return new


def _silent(share: float, now: datetime, accepted: int) -> None:
    """Nobody looks."""


class _Bar:
    """How far it has come, on one line of a terminal."""

    def __call__(self, share: float, now: datetime, accepted: int) -> None:
        done = round(BAR * min(share, 1.0))
        bar = "█" * done + "░" * (BAR - done)
        end = "\n" if share >= 1 else ""
        print(
            f"\r{bar} {now:%Y-%m-%d %H:%M} UTC, {accepted:,} messages and edits ",
            end=end,
            file=sys.stderr,
            flush=True,
        )
