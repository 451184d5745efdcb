"""The command `portevoix`: its sub-commands, and how errors are told."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from getpass import getuser

from bot.commands import (
    audiences,
    campaign,
    communes,
    consents,
    database,
    docs,
    doctor,
    documents,
    exporting,
    founding,
    opt_outs,
    polling_places,
    rehearsing,
    running,
    staff,
    status,
)
from bot.commands.parsing import Parser
from bot.communes.errors import GazetteerError
from bot.errors import PortevoixError
from bot.settings import Settings, installed_version
from db.errors import DatabaseError

# In the order of --help: to try, to run, to prepare, to look at, to look after.
MODULES = (
    running,
    founding,
    campaign,
    rehearsing,
    status,
    doctor,
    staff,
    audiences,
    exporting,
    opt_outs,
    consents,
    documents,
    communes,
    polling_places,
    database,
    docs,
)

REFUSED = 2
INTERRUPTED = 130


def parser() -> Parser:
    """Every sub-command; each sets `run`, a function of the arguments and the settings."""
    root = Parser(
        prog="portevoix",
        description="Portevoix, a Telegram assistant that mobilizes a campaign’s supporters.",
        epilog="Settings are environment variables, PORTEVOIX_…: `portevoix docs settings` tells them all.",
    )
    root.add_argument("--version", action="version", version=f"portevoix {installed_version()}")
    commands = root.add_subparsers(title="commands", dest="command", required=True, metavar="COMMAND")
    for module in MODULES:
        module.add_to(commands)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a sub-command to its exit status; what is wrong is one sentence on standard error, status 2."""
    try:
        arguments = parser().parse_args(argv)
        status: int = arguments.run(arguments, Settings.from_environment())
        sys.stdout.flush()
    except (PortevoixError, DatabaseError) as error:
        return _refuse(error.sentence)
    except GazetteerError as error:
        return _refuse(str(error))
    except PermissionError as error:
        return _refuse(
            f"{error.filename or 'A file'} may not be opened by the user {_user()} (permission denied): run this as"
            " the user who runs the bot, or give that user access to it."
        )
    except BrokenPipeError:
        # Whoever read the output has enough; Python would complain again when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _user() -> str:
    try:
        return getuser()
    except (OSError, KeyError):  # one without a name, as in a container
        return str(os.geteuid())


def _refuse(sentence: str) -> int:
    print(f"portevoix: {sentence}", file=sys.stderr)
    return REFUSED


if __name__ == "__main__":
    sys.exit(main())
