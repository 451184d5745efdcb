"""The campaign file: `campaign.toml`, read, checked and frozen. docs/campaign-file.md tells every key."""

import hashlib
from collections.abc import Collection
from pathlib import Path

import campaigns
from bot.campaign.model import Campaign, Controller, Label, Practical, Sender
from bot.campaign.reading import read_campaign
from bot.campaign.toml import Fault, Source
from bot.errors import CampaignError

__all__ = [
    "Campaign",
    "Controller",
    "Fault",
    "Label",
    "Practical",
    "Sender",
    "check_campaign",
    "find_campaign_file",
    "load_campaign",
    "parse_campaign",
]


def find_campaign_file(path: Path) -> Path:
    """The file that a path means: a file, a folder that holds `campaign.toml`, or an example that came with
    the program.

    Raises CampaignError.
    """
    candidates = [path]
    if not path.is_absolute() and path.parts[:1] == ("campaigns",):
        candidates.append(Path(campaigns.__file__).parent.joinpath(*path.parts[1:]))
    for candidate in candidates:
        if candidate.is_dir():
            candidate = candidate / "campaign.toml"
        if candidate.is_file():
            return candidate
    raise CampaignError(
        f"There is no campaign file at {path}: "
        "set PORTEVOIX_CAMPAIGN to a campaign.toml or to the folder that holds it."
    )


def load_campaign(
    path: Path, *, templates: Collection[str] | None = None, languages: Collection[str] | None = None
) -> Campaign:
    """Reads a campaign file; raises CampaignError that lists every fault.

    `templates` and `languages`: the templates and languages that exist, when they are to be checked too.
    """
    campaign, faults = check_campaign(path, templates=templates, languages=languages)
    if campaign is None:
        broken = [str(fault) for fault in faults if not fault.warning]
        raise CampaignError("\n".join([f"The campaign file {path} has faults:", *broken]))
    return campaign


def check_campaign(
    path: Path, *, templates: Collection[str] | None = None, languages: Collection[str] | None = None
) -> tuple[Campaign | None, tuple[Fault, ...]]:
    """The campaign, None when it cannot be used, and all faults and warnings by line.

    Raises CampaignError when the file is missing, unreadable or no TOML.
    """
    file = find_campaign_file(path)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise CampaignError(f"The campaign file {file} cannot be read as UTF-8 text: {fault}.") from None
    try:
        return parse_campaign(text, templates=templates, languages=languages)
    except CampaignError as fault:
        raise CampaignError(f"The campaign file {file} cannot be read, {fault.sentence}") from None


def parse_campaign(
    text: str, *, templates: Collection[str] | None = None, languages: Collection[str] | None = None
) -> tuple[Campaign | None, tuple[Fault, ...]]:
    """As `check_campaign`, from the text of a file."""
    source = Source(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    campaign = read_campaign(source, digest=digest, templates=templates, languages=languages)
    return campaign, tuple(sorted(source.faults, key=lambda fault: fault.line))
