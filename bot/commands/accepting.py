"""Going on knowingly where the campaign file that changed does something to people who are registered."""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from bot.actions import campaign_changes
from bot.actions.campaign_changes import Changes
from bot.actions.renewals import consent_texts
from bot.campaign.campaign import Campaign
from bot.commands.arguments import CommandRefused
from bot.rules.counting import counted_people
from bot.settings import Settings
from bot.startup import present
from bot.words.texts import campaign_texts
from db.engine import Database

ACCEPT = "accept"
"""The word that is typed to go on."""


def add_accept(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--accept",
        action="store_true",
        help="go on with what the changed campaign file does to people who are registered",
    )


async def tell(database: Database, campaign: Campaign, settings: Settings) -> bool:
    """Says what the file does to people, if anything; whether it does."""
    texts = consent_texts(campaign_texts(campaign))
    async with database.read() as tx:
        changes = await campaign_changes.changes(tx, campaign, texts, await present(settings))
    for sentence in sentences(changes):
        print(sentence, file=sys.stderr)
    return changes.concern_somebody


async def record(database: Database, campaign: Campaign) -> None:
    """Somebody goes on knowingly, or nobody is concerned."""
    async with database.write() as tx:
        await campaign_changes.accept(tx, campaign, consent_texts(campaign_texts(campaign)))


def sentences(changes: Changes) -> list[str]:
    """What the file does to whom."""
    told = []
    if changes.asked:
        told.append(
            f"{counted_people(changes.asked)} will be asked again for what they agreed to, since its words changed (the"
            f" sender, the controller, or the program’s own): {counted_people(changes.silent)} will hear nothing until"
            " they answer."
        )
    if changes.planned:
        told.append(
            f"The day or the hours of the vote changed for {counted_people(changes.planned)} who planned when to vote:"
            " the reminders to come tell the new ones. Write to them if the time they chose is gone."
        )
    return told


def ask() -> None:
    """On a terminal, for a typed word. Raises CommandRefused where it was not typed."""
    try:
        if sys.stdin.isatty() and input(f"Type {ACCEPT} to go on: ").strip().lower() == ACCEPT:
            return
    except EOFError:
        print()  # what is said next does not follow the question on its line
    raise CommandRefused(
        "Nothing was done: undo the change in the campaign file, or go on knowingly with `portevoix check --accept`"
        " (or `run --accept`)."
    )
