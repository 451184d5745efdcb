"""Reading the command line: argparse, with each of its errors as one sentence, and options written in full."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import takewhile
from typing import Any, NoReturn

from bot.commands.arguments import CommandRefused

_SENTENCES = (
    (r"the following arguments are required: COMMAND", "This needs a command: `{prog} --help` lists them."),
    (
        r"the following arguments are required: (.+)",
        "This needs {0} too: `{prog} --help` tells what to write.",
    ),
    (r"argument (.+?): invalid choice: '(.*)' \(choose from (.+)\)", "{0} is “{1}”: write one of {2}."),
    (r"argument (.+?): expected .*", "{0} needs a value: `{prog} --help` tells which."),
    (r"argument (.+?): invalid int value: '(.*)'", "{0} is “{1}”: write a whole number."),
    (r"argument (.+?): invalid float value: '(.*)'", "{0} is “{1}”: write a number, such as 45.76."),
    (r"argument (.+?): ignored explicit argument .*", "{0} takes no value: write it alone."),
    (r"(.+)", "{0}: `{prog} --help` tells what to write."),
)
"""What argparse says, and the sentence that is shown instead; the first that fits."""
_UNKNOWN_COMMAND = re.compile(r"argument COMMAND: invalid choice: '(.*)' \(choose from (.+)\)")


class Parser(ArgumentParser):
    """A parser whose sub-commands are parsers of this kind too. Raises CommandRefused for whatever is wrong."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)

    def parse_known_args(self, args: Iterable[str] | None = None, namespace: Any = None) -> Any:
        words = list(sys.argv[1:] if args is None else args)
        # Looked for first: argparse would rather miss the option that was meant.
        self._refuse_unknown_options(words)
        known, unknown = super().parse_known_args(words, namespace)
        if unknown:
            raise CommandRefused(
                f"“{unknown[0]}” has no meaning here: leave it out, or see `{self.prog} --help`."
            )
        return known, unknown

    def _refuse_unknown_options(self, words: list[str]) -> None:
        options = [option for action in self._actions for option in action.option_strings]
        if any(isinstance(action, _SubParsersAction) for action in self._actions):
            words = list(takewhile(lambda word: word.startswith("-"), words))
        for word in takewhile(lambda word: word != "--", words):
            name = word.partition("=")[0]
            if name.startswith("--") and " " not in name and name not in options:
                raise CommandRefused(f"There is no option {name}: {self._meant(name, options)}")

    def _meant(self, word: str, known: Iterable[str]) -> str:
        close = get_close_matches(word, known, n=1)
        return f"did you mean {close[0]}?" if close else f"`{self.prog} --help` lists them."

    def error(self, message: str) -> NoReturn:
        if command := _UNKNOWN_COMMAND.fullmatch(message):
            word, known = command[1], command[2].replace("'", "").split(", ")
            raise CommandRefused(f"There is no command {word}: {self._meant(word, known)}")
        for said, sentence in _SENTENCES:
            if found := re.fullmatch(said, message, re.DOTALL):
                parts = [part.replace("'", "") for part in found.groups()]
                raise CommandRefused(sentence.format(*parts, prog=self.prog))
        raise AssertionError(message)  # the last one fits everything
