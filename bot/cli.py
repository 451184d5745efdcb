"""The command `portevoix`: its sub-commands, and how errors are told."""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
import threading
from collections.abc import Sequence
from getpass import getuser
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path

from bot.commands.parsing import Parser
from bot.communes.errors import GazetteerError
from bot.errors import PortevoixError
from bot.settings import Settings, installed_version
from db.errors import broken_off, was_in_the_way

# In the order of --help: to try, to run, to prepare, to look at, to look after. Only the module of the command that is
# given is imported: all of them together take longer to load than most commands take to run.
MODULES = {
    "demo": "running",
    "run": "running",
    "simulator": "simulating",
    "init": "founding",
    "check": "campaign",
    "calendar": "campaign",
    "rehearse": "rehearsing",
    "status": "status",
    "doctor": "doctor",
    "staff": "staff",
    "audiences": "audiences",
    "surveys": "surveys",
    "events": "events",
    "effects": "effects",
    "export": "exporting",
    "opt-outs": "opt_outs",
    "consents": "consents",
    "documents": "documents",
    "communes": "communes",
    "polling-places": "polling_places",
    "canvass": "canvass",
    "db": "database",
    "backup": "database",
    "restore": "database",
    "purge": "database",
    "audit": "database",
    "docs": "docs",
}
"""The module of `bot.commands` that adds each command."""

LOADED_AT_ONCE = 1_000_000
"""Objects between two collections: more than the modules of a command make, and a start of the bot."""

REFUSED = 2
TRY_AGAIN = 75
"""EX_TEMPFAIL: `run` ends with it where a service manager does well to start it again, such as before a database that
is not up yet.
"""
INTERRUPTED = 130


def parser(command: str | None = None) -> Parser:
    """Every sub-command, or only those of the module of `command`.

    Each sets `run`, a function of the arguments and the settings.
    """
    root = Parser(
        prog="portevoix",
        description="Portevoix, a Telegram assistant that mobilizes a campaign’s supporters.",
        epilog="Settings are environment variables, PORTEVOIX_…: `portevoix docs settings` tells them all.",
    )
    root.add_argument("--version", action="version", version=f"portevoix {installed_version()}")
    commands = root.add_subparsers(title="commands", dest="command", required=True, metavar="COMMAND")
    for module in dict.fromkeys([MODULES[command]] if command in MODULES else MODULES.values()):
        import_module(f"bot.commands.{module}").add_to(commands)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a sub-command to its exit status; what is wrong is one sentence on standard error, status 2 (or 75)."""
    _take_any_bytes()
    # Nothing that is loaded is garbage, and the collector would walk through all of it again and again.
    gc.set_threshold(LOADED_AT_ONCE)
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] != ["run"]:  # which ends by itself in good order
        _take_term_for_ctrl_c()
    try:
        arguments = parser(words[0] if words else None).parse_args(words)
        status: int = arguments.run(arguments, Settings.from_environment())
        sys.stdout.flush()
    except PortevoixError as error:
        _refuse(error.sentence)
        return TRY_AGAIN if error.may_pass and words[:1] == ["run"] else REFUSED
    except GazetteerError as error:
        return _refuse(str(error))
    except PermissionError as error:
        return _refuse(
            f"{_closed(error.filename)} may not be opened by the user {_user()} (permission denied): run this as"
            " the user who runs the bot, or give that user access to it."
        )
    except UnicodeEncodeError as error:
        if not "\ud800" <= error.object[error.start] <= "\udfff":
            raise
        # What was typed stands for bytes that are no text, and something takes text alone.
        shown = error.object.encode("utf-8", "backslashreplace").decode()
        return _refuse(f"“{shown}” holds what is not UTF-8: write it anew, or choose another name.")
    except BrokenPipeError:
        # Whoever read the output has enough; Python would complain again when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        sentence = _foreseen(error)
        if sentence is None:
            raise
        _refuse(sentence)
        return TRY_AGAIN if words[:1] == ["run"] else REFUSED
    return status


def _take_term_for_ctrl_c() -> None:
    """Whatever was begun is cleared away: half of an export in a file of its own, say."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def _foreseen(error: BaseException | None) -> str | None:
    """What to do about an error that any command may meet, or about what caused it; None: about no other."""
    while error is not None:
        if _tells_of_a_full_disk(error):
            return (
                "There is no room left on the disk: delete old backups or what else is not needed, or get a larger"
                " disk, and do it again. What was not written whole is gone."
            )
        if was_in_the_way(error):
            return (
                "Somebody else was changing the same in the database, the bot itself perhaps: what this command was"
                " changing is undone. Do it again."
            )
        if sentence := broken_off(error):
            return sentence
        error = error.__cause__ or error.__context__
    return None


def _tells_of_a_full_disk(error: BaseException) -> bool:
    """Files tell it by a number, databases in words."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return "database or disk is full" in str(error) or "No space left on device" in str(error)


def _take_any_bytes() -> None:
    """Whatever is typed or printed is no fault of the program: what is not UTF-8, or cannot be shown, stays visible."""
    for stream, errors in ((sys.stdin, "surrogateescape"), (sys.stdout, "backslashreplace")):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=errors)


def _closed(name: object) -> str:
    """What is to be opened to others: the folder, where the file in it has a name that nobody gave it."""
    if not isinstance(name, str | bytes):
        return "A file"
    file = Path(os.fsdecode(name)).absolute()
    closed = (folder for folder in reversed(file.parents) if not os.access(folder, os.X_OK))
    folder = next(closed, None)
    if folder is None:
        return str(file)
    return f"The folder {folder if folder.exists() else folder.parent}"


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
