"""`python -m simulator`: a local Telegram with a chat page."""

import argparse
import sys
from itertools import zip_longest
from pathlib import Path

from simulator.clock import Clock, parse_clock
from simulator.errors import PersonError
from simulator.limits import LIKE
from simulator.server import DEFAULT_PORT, DEFAULT_TOKEN, Account, StartError, make_world, serve


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    first, *others = _accounts(options)
    try:
        clock = parse_clock(options.clock) if options.clock else Clock()
        world = make_world(
            token=first.token,
            clock=clock,
            bot_name=first.name,
            bot_username=first.username,
            others=others,
            reads_all=first.reads_all,
            main_app=options.main_app,
            marks=[_mark(text) for text in options.mark],
            journal_file=options.journal,
            zone=options.zone,
            local_apps=options.local_apps,
            limits=options.limits or "",
        )
        serve(world, host=options.host, port=options.port, announce=_announce)
    except (StartError, PersonError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass
    return 0


def _announce(address: str) -> None:
    print(f"Chat page: {address}/\nBot API:   {address}/bot<token>/", flush=True)


def _accounts(options: argparse.Namespace) -> list[Account]:
    """The bots, each with the name and username that stand in the same place as its token."""
    given = zip_longest(options.token, options.name, options.username)
    accounts = []
    for number, (token, name, username) in enumerate(given, 1):
        last = f" {number}" if number > 1 else ""
        accounts.append(
            Account(
                token=token or DEFAULT_TOKEN,
                name=name or f"Test bot{last}",
                username=username or f"test_bot{last.strip()}",
                reads_all=options.reads_all,
            )
        )
    return accounts or [Account()]


def _mark(text: str) -> dict[str, str]:
    label, _, at = text.partition("=")
    return {"label": label, "at": at}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument(
        "--token",
        action="append",
        default=[],
        help=f"the bot's token (default: {DEFAULT_TOKEN}); repeated, each is a bot of the same world",
    )
    parser.add_argument("--name", action="append", default=[], help="the bot's name; as often as --token")
    parser.add_argument(
        "--username", action="append", default=[], help="the bot's username; as often as --token"
    )
    parser.add_argument(
        "--reads-all",
        action="store_true",
        help="turn privacy mode off, as BotFather does: the bot hears everything that is said in a group",
    )
    parser.add_argument(
        "--clock", metavar="ISO@SPEED", help="where the clock starts, as in 2016-11-16T08:00:00+01:00@60"
    )
    parser.add_argument(
        "--zone", default="Europe/Paris", help="the time zone of the page's clock (default: %(default)s)"
    )
    parser.add_argument(
        "--limits", choices=LIKE, help="refuse as Telegram does whoever sends too fast (default: no limit)"
    )
    parser.add_argument(
        "--main-app",
        default="",
        metavar="URL",
        help="the (first) bot's main Mini App: links ?startapp= open it",
    )
    parser.add_argument(
        "--local-apps",
        action="store_true",
        help="let buttons open Mini Apps of this machine without HTTPS, which Telegram never does",
    )
    parser.add_argument(
        "--journal",
        type=Path,
        metavar="FILE",
        help="write every message and act there, a JSON object a line, instead of keeping them in memory",
    )
    parser.add_argument(
        "--mark",
        action="append",
        default=[],
        metavar="LABEL=ISO",
        help="a bookmark of the clock; may be repeated",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
