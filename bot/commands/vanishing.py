"""Addresses that a newer file has no more: told, and erased where that was asked for."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from bot.actions import audit, canvass_imports
from bot.actions.canvass_imports import Vanished
from bot.rules.counting import counted
from bot.settings import Settings
from bot.startup import opened, present

Communes = Mapping[str, Collection[int]]
"""The hashes of the keys of each commune in a file."""


def foretell(settings: Settings, communes: Communes) -> Vanished:
    """Says how many there are, and changes nothing."""

    async def looking() -> Vanished:
        async with opened(settings) as database:
            return await canvass_imports.vanished(database, communes)

    gone = asyncio.run(looking())
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

    async def erasing() -> int:
        now = await present(settings)
        async with opened(settings) as database:
            return await canvass_imports.forget_addresses(
                database, gone.numbers, file=file.name, actor=audit.COMMAND_LINE, now=now
            )

    print(f"{asyncio.run(erasing()):,} erased.")


def _is_sure() -> bool:
    if not sys.stdin.isatty():
        print("They stay: run it again with --yes to erase them.")
        return False
    return input("Erase them? Type yes: ").strip().casefold() in ("yes", "oui")
