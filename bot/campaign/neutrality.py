"""What a neutral reminder takes from a campaign file: the address for finding one's polling place, and nothing else."""

from urllib.parse import urlsplit

from bot.campaign.model import Campaign
from bot.campaign.toml import Source
from bot.rules.neutrality import address_bears_a_name

POLLING_PLACE, WEBSITE = "polling_place", "website"


def check_neutrality(source: Source, campaign: Campaign) -> None:
    """Notes an address that speaks for the campaign, and warns of one on the campaign's own site."""
    address = campaign.links.get(POLLING_PLACE)
    if not address:
        return
    path, shown = ("links", POLLING_PLACE), "neutral reminders show it while nothing partisan may be said"
    if address_bears_a_name(address, campaign.own_names, campaign.sender.candidate):
        source.fault(
            path,
            f"links.{POLLING_PLACE} bears a name of the campaign, and {shown}",
            "write an official address, or remove it",
        )
    elif urlsplit(address).hostname == urlsplit(campaign.links.get(WEBSITE, "")).hostname:
        source.fault(
            path,
            f"links.{POLLING_PLACE} is on the campaign’s own site, and {shown}",
            "write an official address",
            warning=True,
        )
