"""`portevoix simulator`: the local Telegram alone, for the bot of whoever likes."""

from __future__ import annotations

import os
import sys
from argparse import Namespace

from bot.commands.arguments import SubCommands, number
from bot.settings import Settings

SWITCHES = ("reads_all", "local_apps")
REPEATED = ("token", "name", "username")
PASSED_ON = (*REPEATED, "zone", "clock", "limits", "main_app")


def add_to(commands: SubCommands) -> None:
    parser = commands.add_parser(
        "simulator",
        help="a local Telegram alone, for any bot",
        description="Start a local Telegram with a chat page and no bot: `portevoix docs local-telegram`.",
    )
    parser.add_argument("--port", default="8081", metavar="N", help="where it listens (default: 8081)")
    parser.add_argument(
        "--token",
        action="append",
        metavar="TOKEN",
        help="the bot’s token (default: 12345:TEST); repeated, each is a bot of the same world",
    )
    parser.add_argument("--name", action="append", metavar="NAME", help="the bot’s name; one for each token")
    parser.add_argument(
        "--username", action="append", metavar="NAME", help="the bot’s username; one for each token"
    )
    parser.add_argument("--zone", metavar="ZONE", help="of the page’s clock (default: Europe/Paris)")
    parser.add_argument(
        "--clock", metavar="ISO@SPEED", help="where the clock starts: 2016-11-16T08:00:00+01:00@60"
    )
    parser.add_argument("--limits", choices=["telegram"], help="refuse whoever sends too fast, as Telegram")
    parser.add_argument(
        "--reads-all",
        action="store_true",
        help="turn privacy mode off, as BotFather does: the bot hears everything that is said in a group",
    )
    parser.add_argument(
        "--main-app", metavar="URL", help="the first bot’s main Mini App, which links ?startapp= open"
    )
    parser.add_argument(
        "--local-apps",
        action="store_true",
        help="let buttons open Mini Apps of this machine without https, which Telegram never does",
    )
    parser.set_defaults(run=simulate)


def simulate(arguments: Namespace, _settings: Settings) -> int:
    """Becomes the local Telegram: the two share no more than the command line, as the bot and Telegram do."""
    port = number("--port", arguments.port, least=0, most=65_535)
    given = {name: getattr(arguments, name) for name in PASSED_ON}
    options = [
        word
        for name, value in given.items()
        if value is not None
        for each in (value if name in REPEATED else [value])
        for word in (f"--{name.replace('_', '-')}", each)
    ]
    options += [f"--{name.replace('_', '-')}" for name in SWITCHES if getattr(arguments, name)]
    os.execv(sys.executable, [sys.executable, "-m", "simulator", "--port", str(port), *options])
