"""Folders of what nobody else may read."""

from __future__ import annotations

from pathlib import Path


def make_private(folder: Path) -> None:
    """Makes the folder and those above it that are not there, for their owner alone, whatever the umask: who may write
    in the one above can put another in its place. Raises OSError.
    """
    for each in reversed((folder, *folder.parents)):
        each.mkdir(mode=0o700, exist_ok=True)
