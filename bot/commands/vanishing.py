"""Addresses that a newer file has no more: told, and erased where that was asked for."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from bot.actions import audit, canvass_imports
from bot.actions.canvass_imports import Vanished
from bot.commands.arguments import typed
from bot.commands.reading import run_once
from bot.rules.counting import counted
from bot.settings import Settings
from bot.startup import present
from db.engine import Database

Communes = Mapping[str, Collection[int]]
"""The hashes of the keys of each commune in a file."""


def foretell(settings: Settings, communes: Communes) -> Vanished:
    """Says how many there are, and changes nothing."""

    gone = run_once(settings, lambda database: canvass_imports.vanished(database, communes))
    known = counted(len(gone.numbers), "address", "addresses")
    print(f"{known} of these communes vanished: the file has them no more.")
    if gone.noted:
        print(f"{gone.noted:,} more vanished, and stay until what was noted there is erased.")
    return gone


def erase(settings: Settings, communes: Communes, file: Path, *, asking: bool) -> None:
    """Erases them; asks first."""
    gone = foretell(settings, communes)
    if not gone.numbers or (asking and not _is_sure()):
        return

    async def erasing(database: Database) -> int:
        return await canvass_imports.forget_addresses(
            database, gone.numbers, file=file.name, actor=audit.COMMAND_LINE, now=await present(settings)
        )

    print(f"{run_once(settings, erasing):,} erased.")


def _is_sure() -> bool:
    if not sys.stdin.isatty():
        print("They stay: run it again with --yes to erase them.")
        return False
    return (typed("Erase them? Type yes: ") or "").casefold() in ("yes", "oui")
