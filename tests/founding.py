"""How tests answer `portevoix init`."""

from __future__ import annotations

from pathlib import Path

from bot.rules.ballot_kinds import BallotKind

COMMON = {
    "--name": "Vote",
    "--sender": "Équipe",
    "--statement": "Nous vous écrivons.",
    "--controller": "Association",
    "--address": "1 rue X",
    "--privacy-contact": "a@example.org",
}
PUBLIC = {"--period": "avril"}


def options(kind: str, folder: Path, **more: str | None) -> list[str]:
    """The command that leaves no question open; None leaves an option out."""
    given = {"--kind": kind, **COMMON, **(PUBLIC if kind != BallotKind.MEMBERS else {})}
    given |= {f"--{name.replace('_', '-')}": value for name, value in more.items()}  # type: ignore[dict-item]
    chosen = (part for option, value in given.items() if value is not None for part in (option, value))
    return ["init", str(folder), "--yes", *chosen]
