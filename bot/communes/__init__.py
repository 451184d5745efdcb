"""The gazetteer of French communes on this machine: its data, how it is loaded and brought up to date."""

from functools import cache
from pathlib import Path

from bot.communes.store import read_table
from bot.rules.communes import Commune, Gazetteer, SearchResult

SHIPPED = Path(__file__).parent / "data" / "communes.bin"
"""The gazetteer that comes with Portevoix."""


@cache
def load(path: Path = SHIPPED) -> Gazetteer:
    """The gazetteer in a file, read once per process; raises `GazetteerUnreadable`."""
    return Gazetteer(read_table(path))


__all__ = ["SHIPPED", "Commune", "Gazetteer", "SearchResult", "load"]
