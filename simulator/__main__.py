"""`python -m simulator`: a local Telegram with a chat page."""

import argparse
import sys
from pathlib import Path

from simulator.clock import Clock, parse_clock
from simulator.errors import PersonError
from simulator.limits import LIKE
from simulator.server import DEFAULT_PORT, DEFAULT_TOKEN, StartError, make_world, serve


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        clock = parse_clock(options.clock) if options.clock else Clock()
        world = make_world(
            token=options.token,
            clock=clock,
            bot_name=options.name,
            bot_username=options.username,
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


def _mark(text: str) -> dict[str, str]:
    label, _, at = text.partition("=")
    return {"label": label, "at": at}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--token", default=DEFAULT_TOKEN, help="the bot's token (default: %(default)s)")
    parser.add_argument("--name", default="Test bot", help="the bot's name")
    parser.add_argument("--username", default="test_bot", help="the bot's username")
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
