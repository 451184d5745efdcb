"""Places by their names, as people write them, and as they are called."""

from __future__ import annotations

import sys

from rapidfuzz import fuzz

from bot.campaign.campaign import Campaign, load_campaign
from bot.campaign.electorate import is_one_commune
from bot.communes import Gazetteer, load
from bot.errors import CampaignError
from bot.rules.areas import ABROAD_AREA, EVERYWHERE, contains
from bot.rules.ballot_kinds import BallotKind
from bot.rules.territories import TERRITORIES, territories_in
from bot.rules.typed import phrase
from bot.settings import Settings
from locales import LANGUAGES

MOST_MEANT = 3
ALIKE = 80
"""Of a hundred: how much alike two names are of which one may be meant for the other."""


def wide_areas(gazetteer: Gazetteer) -> dict[str, str]:
    """The names of départements and régions, by their codes."""
    regions = {f"R{code}": region.name for code, region in gazetteer.regions().items()}
    return {**{code: department.name for code, department in gazetteer.departments().items()}, **regions}


def wide_area_named(text: str, gazetteer: Gazetteer) -> str | None:
    """The code of the département or région of that name, with or without its accents, hyphens and capitals."""
    wanted = phrase(text)
    return next((code for code, name in wide_areas(gazetteer).items() if phrase(name) == wanted), None)


def meant(text: str, gazetteer: Gazetteer) -> list[str]:
    """What may be meant by a name that is none, with its code: départements and régions before communes."""
    wanted = phrase(text)
    wide = [
        f"{name} ({code})"
        for code, name in wide_areas(gazetteer).items()
        if (called := phrase(name)).startswith(f"{wanted} ") or fuzz.ratio(wanted, called) >= ALIKE
    ]
    communes = (f"{each.name} ({each.code})" for each in gazetteer.search(text, limit=MOST_MEANT).results)
    return [*wide, *communes][:MOST_MEANT]


def called(code: str, gazetteer: Gazetteer) -> str:
    """An area by its name and its code."""
    if code == EVERYWHERE:
        return "everywhere"
    if code == ABROAD_AREA:
        return "abroad"
    commune = gazetteer.by_code(code) if is_one_commune(code) else None
    name = commune.name if commune is not None else wide_areas(gazetteer).get(code)
    return code if name is None else f"{name} ({code})"


def warn_of_outside(code: str, settings: Settings) -> None:
    """Says on standard error where nobody of an area votes in the campaign that is named: a code was mistyped."""
    if settings.named_campaign is None:
        return
    try:
        campaign = load_campaign(settings.named_campaign, languages=LANGUAGES)
    except CampaignError:  # told by `check`
        return
    people = who_votes(campaign, settings)
    if people is None:
        return
    held = frozenset(campaign.ballots[0].territories)
    if territories_in(code) & held and any(
        contains(code, each) or contains(each, code) for each in campaign.areas
    ):
        return
    print(
        f"warning: {called(code, load(settings.data))} takes no part in this vote. Who votes: {people}.",
        file=sys.stderr,
    )


def who_votes(campaign: Campaign, settings: Settings) -> str | None:
    """Whose people vote; None among members, who are asked for no commune."""
    if campaign.kind is BallotKind.MEMBERS:
        return None
    held = campaign.ballots[0].territories
    if campaign.areas == (EVERYWHERE,) and len(held) < len(TERRITORIES):
        return ", ".join(TERRITORIES[code].name for code in held)
    gazetteer = load(settings.data)
    return ", ".join(called(code, gazetteer) for code in campaign.areas)
