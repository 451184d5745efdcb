"""The campaign file: `campaign.toml`, read, checked and frozen. docs/campaign-file.md tells every key."""

import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path

import campaigns
from bot.campaign.ballots import note_unknown_communes
from bot.campaign.model import Campaign, CampaignSender, Controller, Label, Practical
from bot.campaign.own_templates import OwnTemplate, read_own_templates
from bot.campaign.reading import read_campaign
from bot.campaign.toml import Fault, Source, text_of
from bot.errors import CampaignError
from bot.frozen import Frozen

__all__ = [
    "Campaign",
    "CampaignSender",
    "Controller",
    "Fault",
    "Label",
    "Practical",
    "StepFault",
    "check_campaign",
    "find_campaign_file",
    "load_campaign",
    "parse_campaign",
]


BY_VARIABLE = "set PORTEVOIX_CAMPAIGN to a campaign.toml or to the folder that holds it"


def find_campaign_file(path: Path, *, remedy: str = BY_VARIABLE) -> Path:
    """The file that a path means: a file, a folder that holds `campaign.toml`, or an example that came with
    the program.

    `remedy`: what to do where there is none. Raises CampaignError.
    """
    for candidate in (path, shipped_path(path)):
        if candidate.is_dir():
            candidate = candidate / "campaign.toml"
        if candidate.is_file():
            return candidate
    raise CampaignError(f"There is no campaign file at {path}: {remedy}.")


def shipped_path(path: Path) -> Path:
    """Where a path below `campaigns/` lies that came with the program; any other path as it is.

    What the documents say of the examples so holds in every folder, not only in a checkout.
    """
    if path.is_absolute() or path.parts[:1] != ("campaigns",):
        return path
    return Path(campaigns.__file__).parent.joinpath(*path.parts[1:])


class StepFault(Frozen):
    """A fault in the words of a step (by its name; None: with no step in particular), and what to do."""

    step: str | None
    problem: str
    remedy: str
    warning: bool = False


StepCheck = Callable[[Campaign], Iterable[StepFault]]
"""Tries the words of every step: see `bot.words.step_check`."""


def load_campaign(
    path: Path,
    *,
    templates: Collection[str] | None = None,
    languages: Collection[str] | None = None,
    communes: Collection[str] | None = None,
    check_steps: StepCheck | None = None,
) -> Campaign:
    """Reads a campaign file; raises CampaignError that lists every fault.

    `templates`, `languages` and `communes`: those that exist, when they are to be checked too.
    """
    campaign, faults = check_campaign(
        path, templates=templates, languages=languages, communes=communes, check_steps=check_steps
    )
    if campaign is None:
        broken = [str(fault) for fault in faults if not fault.warning]
        raise CampaignError("\n".join([f"The campaign file {path} has faults:", *broken]))
    return campaign


def check_campaign(
    path: Path,
    *,
    templates: Collection[str] | None = None,
    languages: Collection[str] | None = None,
    communes: Collection[str] | None = None,
    check_steps: StepCheck | None = None,
) -> tuple[Campaign | None, tuple[Fault, ...]]:
    """The campaign, None when it cannot be used, and all faults and warnings by line.

    Raises CampaignError when the file is missing, unreadable or no TOML.
    """
    file = find_campaign_file(path)
    try:
        content = file.read_bytes()
    except PermissionError:
        raise CampaignError(
            f"The campaign file {file} may not be read by the user who runs this: let everybody read it, `chmod a+r"
            f" {file}`; it holds no secret."
        ) from None
    except OSError as fault:
        raise CampaignError(f"The campaign file {file} cannot be read ({fault.strerror}).") from None
    try:
        return parse_campaign(
            text_of(content),
            templates=templates,
            languages=languages,
            communes=communes,
            own_templates=read_own_templates(file),
            check_steps=check_steps,
        )
    except CampaignError as fault:
        raise CampaignError(f"The campaign file {file} cannot be read, {fault.sentence}") from None


def parse_campaign(
    text: str,
    *,
    templates: Collection[str] | None = None,
    languages: Collection[str] | None = None,
    communes: Collection[str] | None = None,
    own_templates: tuple[OwnTemplate, ...] = (),
    check_steps: StepCheck | None = None,
) -> tuple[Campaign | None, tuple[Fault, ...]]:
    """As `check_campaign`, from the text of a file and the templates beside it."""
    source = Source(text)
    if templates is not None:
        templates = {*templates, *(own.name for own in own_templates if not own.is_part)}
    digest = hashlib.sha256(text.encode()).hexdigest()
    campaign = read_campaign(source, digest=digest, templates=templates, languages=languages)
    if campaign is not None:
        campaign = replace(campaign, own_templates=own_templates)
        is_broken = communes is not None and note_unknown_communes(source, communes)
        if check_steps is not None:
            is_broken = _note(source, campaign, check_steps) or is_broken
        if is_broken:
            campaign = None
    return campaign, tuple(sorted(source.faults, key=lambda fault: fault.line))


def _note(source: Source, campaign: Campaign, check_steps: StepCheck) -> bool:
    """Notes what is wrong with the words of the steps; whether anything is more than a warning."""
    places = {step.name: index for index, step in enumerate(campaign.steps)}
    found = tuple(check_steps(campaign))
    for fault in found:
        path = ("steps", places[fault.step], "template") if fault.step is not None else ("steps",)
        source.fault(path, fault.problem, fault.remedy, warning=fault.warning)
    return any(not fault.warning for fault in found)
