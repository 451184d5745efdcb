"""The command line: every sub-command explains itself."""

from __future__ import annotations

import pytest

from bot.cli import main, parser


def leaves(root: object = None) -> list[list[str]]:
    """Every sub-command, as its words."""
    found: list[list[str]] = []
    pending = [([], parser())]
    while pending:
        words, each = pending.pop()
        subparsers = [action for action in each._actions if hasattr(action, "add_parser")]
        for action in subparsers:
            pending += [([*words, name], child) for name, child in action.choices.items()]  # type: ignore[union-attr]
        if not subparsers:
            found.append(words)
    return sorted(found)


@pytest.mark.parametrize("words", leaves(), ids=" ".join)
def test_every_command_explains_itself(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    assert ended.value.code == 0
    assert f"usage: portevoix {' '.join(words)}" in capsys.readouterr().out
