"""The campaign file of 2016 with something changed, and the faults that are found in it."""

from bot.campaign.campaign import parse_campaign
from tests.frozen import FROZEN

PRIMARY_FILE = FROZEN / "campaign.toml"


PRIMARY = PRIMARY_FILE.read_text(encoding="utf-8")


def changed(old: str, new: str) -> str:
    """The file of 2016 with its first `old` replaced."""
    assert old in PRIMARY
    return PRIMARY.replace(old, new, 1)


def line_of(text: str, sought: str) -> int:
    """The number of the first line that holds a text."""
    return next(number for number, line in enumerate(text.splitlines(), start=1) if sought in line)


def faults_of(text: str, **checks: frozenset[str]) -> list[str]:
    campaign, faults = parse_campaign(text, **checks)
    assert campaign is None
    return [str(fault) for fault in faults if not fault.warning]
